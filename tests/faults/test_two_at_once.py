"""Two managers, two clicks, one moment: one winner, and a clear word for the other."""

import threading
from collections.abc import Callable

import pytest

from tests.journeys.stage import Stack, wait_for
from tests.journeys.visitor import Page, Visitor, words

pytestmark = pytest.mark.fault


def _at_once(*acts: Callable[[], Page]) -> list[Page]:
    start = threading.Barrier(len(acts))
    answers: list[Page] = []

    def run(act: Callable[[], Page]) -> None:
        start.wait(10)
        answers.append(act())

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == len(acts)
    return sorted(answers, key=lambda page: page.status)


def test_one_of_two_approvers_and_one_of_two_instructions_wins(stack: Stack) -> None:
    fault = stack.county["fault"]
    sheet, net_fen = fault["sheets"][1], fault["net_fen"][1]
    people = stack.one("SELECT people FROM payroll_paysheet WHERE id = %s", sheet)
    he, other = Visitor(stack.url).sign_in("he"), Visitor(stack.url).sign_in("he2")
    approve, instruct = f"/pay/sheets/{sheet}/approve/", f"/pay/sheets/{sheet}/instruct/"
    for visitor in (he, other):
        assert str(people) in words(visitor.get(approve).text)

    won, lost = _at_once(lambda: he.post(approve, {}), lambda: other.post(approve, {}))
    assert (won.status, lost.status) == (302, 409)
    assert "sheet.already_approved" in lost.text
    assert "已经审批过" in words(lost.text)
    approvals = stack.sql("SELECT people, net_fen FROM payroll_approval WHERE sheet_id = %s", sheet)
    assert approvals == [(people, net_fen)]

    stack.deposit(fault["account"], net_fen, "two-at-once")
    wait_for(
        "the deposit is in the project's ledger",
        lambda: stack.sql(
            "SELECT 1 FROM payroll_accountentry WHERE project_id = %s AND amount_fen = %s",
            fault["project"],
            net_fen,
        ),
    )
    won, lost = _at_once(
        lambda: he.post(instruct, {}), lambda: other.post(instruct, {}), lambda: he.post(instruct, {})
    )[0::2]
    assert (won.status, lost.status) == (302, 409)
    assert "order.nothing" in lost.text
    assert "已经指令银行，没有重复发送" in words(lost.text)

    orders = stack.sql(
        "SELECT id, line_count, total_fen FROM payroll_paymentorder WHERE sheet_id = %s", sheet
    )
    assert [row[1:] for row in orders] == [(people, net_fen)]
    wait_for(
        "the bank's results are in",
        lambda: stack.one("SELECT state FROM payroll_paymentorder WHERE id = %s", orders[0][0]) == "done",
    )
    booked = stack.bank_books(
        "SELECT end_to_end_id, count(*) FROM lines WHERE state = 'booked' AND end_to_end_id LIKE ? GROUP BY 1",
        f"{fault['project']}-{sheet}-%",
    )
    assert len(booked) == people
    assert {count for _line, count in booked} == {1}
