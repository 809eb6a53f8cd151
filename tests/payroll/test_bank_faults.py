"""A bank that answers late, twice, out of order, partly, never: the real simulator process, its faults switched."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection

from payroll.bank.transport import HttpTransport
from payroll.models import AccountEntry, BankMessage, PaymentLine, PaymentOrder, PaySheet
from payroll.services import bank_results, messages, orders, sending
from tests.cast import Cast
from tests.payroll import stage
from tests.payroll.test_bank_terms import answer, by_hand
from tests.payroll.test_orders import FUNDS, balances_hold
from tests.payroll.test_races import KEY, bank_process, real_cast

__all__ = ["bank_process", "real_cast"]


class Line(HttpTransport):
    """The connection, with the switches of the simulator."""

    def faults(self, **switches: object) -> None:
        import json

        self._json("POST", "/faults", json.dumps(switches).encode())


def until(line: Line, cast: Cast, done: Callable[[], bool], seconds: float = 12) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        messages.fetch_messages(line, now=cast.now + timedelta(hours=1))
        if done():
            return
        time.sleep(0.1)
    raise AssertionError("the bank never answered")


def instructed(cast: Cast, address: str, **switches: object) -> tuple[Line, PaymentOrder]:
    """An order that the bank has, with these faults switched on before it came."""
    line = Line(address, KEY)
    stage.account(cast)
    line.open_account(stage.ACCOUNT_NUMBER, "专户")
    line.deposit(stage.ACCOUNT_NUMBER, FUNDS, reference="A1", payer_name="多湖置业", text="人工费")
    until(line, cast, lambda: AccountEntry.objects.exists())
    order = stage.instructed(cast, stage.approved_sheet(cast))
    line.faults(**switches)
    assert orders.send_ready_orders(line, now=cast.now) == 1
    return line, order


def settled() -> bool:
    return PaySheet.objects.get().state == "settled"


@pytest.mark.parametrize(
    "fault", [{"late": 1}, {"twice": True}, {"out_of_order": True}, {"partial": True}, {}]
)
def test_pays_once_whatever_the_bank_does(
    real_cast: Cast, bank_process: str, fault: dict[str, object]
) -> None:
    line, order = instructed(real_cast, bank_process, **fault)
    until(line, real_cast, settled)
    time.sleep(0.5)  # what comes late or twice
    messages.fetch_messages(line, now=real_cast.now + timedelta(hours=1))
    order.refresh_from_db()
    assert order.state == "done"
    assert AccountEntry.objects.filter(kind="wages").count() == 2
    balances_hold(real_cast)


def test_a_silent_bank_is_asked_and_the_report_brings_the_result(real_cast: Cast, bank_process: str) -> None:
    line, order = instructed(real_cast, bank_process, silent=True)
    time.sleep(0.8)
    messages.fetch_messages(line, now=real_cast.now)
    assert set(PaymentLine.objects.values_list("state", flat=True)) == {"sent"}
    later = real_cast.now + timedelta(hours=25)
    assert PaymentOrder.objects.filter(sending.overdue_orders(later)).get().pk == order.pk
    line.faults(silent=False)
    assert sending.ask_about_overdue(line, now=later) == 1
    until(line, real_cast, settled)
    balances_hold(real_cast)


def test_a_refused_file_and_a_short_account_free_all_wages(real_cast: Cast, bank_process: str) -> None:
    line, order = instructed(real_cast, bank_process, reject_file=1)
    until(line, real_cast, lambda: set(PaymentLine.objects.values_list("state", flat=True)) == {"returned"})
    assert not AccountEntry.objects.filter(kind="wages").exists()
    line.faults(short_of_funds=1)
    he = real_cast.actor(real_cast.he)
    workers = [real_cast.sun.pk, real_cast.zhou.pk]
    second = orders.resend_returned(order.sheet_id, worker_ids=workers, actor=he, now=real_cast.now)
    orders.send_ready_orders(line, now=real_cast.now)
    until(
        line, real_cast, lambda: PaymentLine.objects.filter(order=second.pk, reason_code="AM04").count() == 2
    )
    orders.resend_returned(order.sheet_id, worker_ids=workers, actor=he, now=real_cast.now)
    orders.send_ready_orders(line, now=real_cast.now)
    until(line, real_cast, settled)
    assert AccountEntry.objects.filter(kind="wages").count() == 2
    balances_hold(real_cast)


TAKER = """
import os, signal, sys
import django
django.setup()
from datetime import datetime
from payroll.models import BankMessage
from payroll.services import messages, results
at = sys.argv[2]
def die(*given, **named):
    os.kill(os.getpid(), signal.SIGKILL)
if at == "before":
    results._write_lines = die
else:
    results._follow = die
messages.take_message(int(sys.argv[1]), now=datetime.fromisoformat(sys.argv[3]))
"""


@pytest.mark.parametrize("at", ["before", "after"])
@pytest.mark.parametrize("form", ["xlsx", "txt"])
def test_killed_while_a_result_is_taken_in_leaves_nothing_half_done(
    real_cast: Cast, form: str, at: str
) -> None:
    order = by_hand(real_cast, form=form)
    message = BankMessage.objects.create(
        name="r", content=answer(order, form), sha256=b"x" * 32, received_at=real_cast.now, kind="result",
        source="bank", summary={"order": order.pk, "project": order.project_id},
    )  # fmt: skip
    url = re.sub(r"//([^/]*)/[^?]*", rf"//\1/{connection.settings_dict['NAME']}", os.environ["DATABASE_URL"])
    killed = subprocess.run(
        [sys.executable, "-c", TAKER, str(message.pk), at, real_cast.now.isoformat()],
        env={**os.environ, "DATABASE_URL": url}, cwd=settings.BASE_DIR, timeout=60,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    message.refresh_from_db()
    assert (message.state, set(PaymentLine.objects.values_list("state", flat=True))) == ("received", {"sent"})
    assert not AccountEntry.objects.filter(kind="wages").exists()
    messages.process_waiting(now=real_cast.now)
    assert set(PaymentLine.objects.values_list("state", flat=True)) == {"paid"}
    balances_hold(real_cast)
    assert bank_results.undecided_lines(real_cast.actor(real_cast.he)).count() == 0
