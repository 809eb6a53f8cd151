"""kill -9 of the Celery worker at the three moments that could lose or double a payment."""

import pytest

from tests.journeys.stage import Stack, wait_for
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.fault


def _kill_when(stack: Stack, method: str, path: str) -> list[str]:
    """From now on: when the bank has answered such a request, the worker dies before it hears the answer."""
    seen: list[str] = []

    def cut(asked: str, where: str) -> bool:
        if seen or asked != method or not _fits(where, path):
            return bool(seen)
        seen.append(where)
        stack.kill("worker")
        return True

    stack.wire.cut = cut
    return seen


def _fits(where: str, path: str) -> bool:
    return where == path if path == "/messages" else path in where


def test_every_wage_is_booked_once_whenever_the_worker_dies(stack: Stack) -> None:
    fault = stack.county["fault"]
    project, account = fault["project"], fault["account"]
    sheet, net_fen = fault["sheets"][0], fault["net_fen"][0]
    people = stack.one("SELECT people FROM payroll_paysheet WHERE id = %s", sheet)
    he = Visitor(stack.url).sign_in("he")
    he.get("/today/")
    assert he.post(f"/pay/sheets/{sheet}/approve/", {}).status == 302
    stack.deposit(account, net_fen, "worker-killed")
    wait_for(
        "the deposit is in the project's ledger",
        lambda: stack.sql(
            "SELECT 1 FROM payroll_accountentry WHERE project_id = %s AND amount_fen = %s", project, net_fen
        ),
    )

    # The bank has the file, the worker does not know it.
    seen = _kill_when(stack, "POST", "/messages")
    answer = he.post(f"/pay/sheets/{sheet}/instruct/", {})
    assert answer.status == 302, answer.text[:2000]
    wait_for("the order reaches the bank", lambda: seen)
    order, state = stack.sql("SELECT id, state FROM payroll_paymentorder WHERE sheet_id = %s", sheet)[0]
    assert state == "ready"
    in_bank = "SELECT count(*) FROM lines WHERE end_to_end_id LIKE ? AND repeated = 0"
    wait_for("the bank reads it", lambda: stack.bank_books(in_bank, f"{project}-{sheet}-%") == [(people,)])

    # It is sent again, and the worker dies with the bank's answer in its hands.
    seen = _kill_when(stack, "GET", "/messages/")
    stack.run("worker")
    wait_for("an answer of the bank is fetched", lambda: seen, 60)

    # It is stored and worked off, and the worker dies before it can tell the bank.
    seen = _kill_when(stack, "POST", "/acknowledge")
    stack.run("worker")
    wait_for("an answer is acknowledged", lambda: seen, 60)
    stack.wire.clear()
    stack.run("worker")
    wait_for(
        "all results are in",
        lambda: stack.one("SELECT state FROM payroll_paymentorder WHERE id = %s", order) == "done",
        60,
    )

    sent = [status for method, path, status in stack.wire.calls if (method, path) == ("POST", "/messages")]
    assert len(sent) >= 2, "the order was not sent a second time: nothing was tried"
    booked = stack.bank_books(
        "SELECT end_to_end_id, sum(amount_fen) FROM lines"
        " WHERE state = 'booked' AND end_to_end_id LIKE ? GROUP BY 1 HAVING count(*) = 1",
        f"{project}-{sheet}-%",
    )
    assert len(booked) == people
    assert sum(fen for _line, fen in booked) == net_fen
    assert stack.sql(
        "SELECT payment, count(*), sum(net_fen) FROM payroll_payslip"
        " WHERE project_id = %s AND sheet_id = %s GROUP BY 1",
        project,
        sheet,
    ) == [("paid", people, net_fen)]
    wait_for(
        "our book agrees with the bank's to the fen",
        lambda: (
            stack.one("SELECT balance_fen FROM payroll_subledger WHERE project_id = %s", project)
            == stack.bank("GET", f"/accounts/{account}")["balance_fen"]
        ),
    )
    told = stack.sql(
        "SELECT subject, count(*) FROM evidence_entry"
        " WHERE project_id = %s AND kind = 'line.result' AND subject LIKE %s GROUP BY 1",
        project,
        f"%{project}-{sheet}-%",
    )
    assert len(told) == people, told[:3]
    assert {count for _subject, count in told} == {1}
