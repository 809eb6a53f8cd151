"""20,000 lines of a bank's statement are taken in by the worker process, through a kill -9 of it: all of them, once."""

import re
import time
from datetime import datetime

import pytest

from tests.journeys.stage import Stack, wait_for
from tests.journeys.visitor import Visitor
from wagewatch.lib.dates import SITE_TZ

pytestmark = pytest.mark.fault
LINES = 20_000
PATIENCE = 240.0
ACCOUNT = "SELECT a.id FROM payroll_specialaccount a JOIN payroll_subledger s ON s.account_id = a.id WHERE s.project_id = %s"
TOLD = "SELECT count(*) FROM payroll_statementline WHERE bank_reference LIKE 'KX%%'"
BALANCE = "SELECT balance_fen FROM payroll_subledger WHERE project_id = %s"
STATE = "SELECT state FROM payroll_statementupload WHERE id = %s"


def test_a_large_statement_survives_a_kill_of_the_worker(stack: Stack) -> None:
    project = stack.county["books"]["project"]
    account, before = stack.one(ACCOUNT, project), int(stack.one(BALANCE, project))
    today = datetime.now(SITE_TZ).date()
    rows = "".join(f"{today},,1.{n % 100:02d},,金华多湖置业有限公司,人工费,KX{n}\r\n" for n in range(LINES))
    data = f"交易日期,借方发生额,贷方发生额,余额,对方户名,摘要,流水号\r\n{rows}".encode()
    hang = Visitor(stack.url).sign_in("hang")
    page = f"/pay/accounts/{account}/statements/"
    hang.get(page)
    asked = time.monotonic()
    sent = hang.post(page, {}, {"file": ("明细.csv", data)})
    assert sent.status == 302
    assert time.monotonic() - asked < 5
    upload = int(re.findall(r"\d+", sent.location)[-1])
    matched = "SELECT lines_total FROM payroll_statementupload WHERE id = %s"
    wait_for("the file is read", lambda: stack.one(matched, upload) == LINES, PATIENCE, pause=0.02)
    stack.kill("worker")
    assert stack.one(STATE, upload) == "reading"
    assert (stack.one(TOLD), stack.one(BALANCE, project)) == (0, before), "nothing of it may be there"
    assert hang.get(sent.location).status == 200
    assert hang.post(page, {}, {"file": ("明细.csv", data)}).location == sent.location

    # As if a minute had passed: beat's next round finds it.
    stack.sql(
        "UPDATE payroll_statementupload SET uploaded_at = uploaded_at - interval '2 minutes' WHERE id = %s",
        upload,
    )
    stack.run("worker")
    wait_for("all is taken in", lambda: stack.one(STATE, upload) == "done", PATIENCE)
    gained = sum(100 + n % 100 for n in range(LINES))
    assert (stack.one(TOLD), stack.one(BALANCE, project)) == (LINES, before + gained)
    assert hang.get(sent.location).location.startswith("/pay/statements/")
