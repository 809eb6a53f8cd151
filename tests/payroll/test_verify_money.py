"""The checks of all money: silent on true books, and each broken promise is named, its row and nothing else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pgtrigger
import pytest
from django.core.management import call_command
from django.db import connection

from payroll.models import DepositEntry, LoanDraw, MoneyCheck, TopUpRequest
from payroll.money_checks import CHECKS
from payroll.services import loans
from payroll.services.money_check import check_money, run_nightly
from registration.services import parameters
from tests.cast import Cast, make_card_number
from tests.payroll import stage
from tests.payroll.deposit_papers import lodge_cash
from tests.payroll.test_allocations import agree, ask
from tests.payroll.test_loans import bank_books, confirm, draw, facility
from tests.payroll.test_orders import Counter, exchange, funded

pytestmark = pytest.mark.django_db


@contextmanager
def behind_the_back() -> Iterator[Callable[..., int]]:
    """SQL with every trigger of the tables ignored, as somebody with the database in hand would."""
    with pgtrigger.ignore(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

        def run(sql: str, *values: object) -> int:
            cursor.execute(sql, list(values))
            return cursor.rowcount

        yield run


@pytest.fixture
def books(cast: Cast, tmp_path: Path) -> Cast:
    """Money of every kind: paid and returned wages, a second attempt, a deposit, a loan drawn and repaid, a plan."""
    parameters.forget()
    bank = Counter(tmp_path, cast.now)
    funded(cast, bank)
    lodge_cash(cast)
    stage.change_card(cast.zhou, "6222020000000001111", cast.now)  # this bank returns it
    sheet = stage.approved_sheet(cast)
    stage.instructed(cast, sheet)
    exchange(bank)
    stage.change_card(cast.zhou, make_card_number(998), cast.now)
    stage.instructed(cast, sheet)
    exchange(bank)
    agree(cast)
    ask(cast, amount_fen=100)
    loans_sheet = _second_sheet(cast)
    facility(cast)
    fen = loans.proposed_fen(loans_sheet, cast.today) or 0
    if fen:
        taken = draw(cast, loans_sheet, min(fen, 500_000))
        confirm(cast)
        bank_books(cast, taken.amount_fen, taken.reference, "B1", days=1)
    bank_books(cast, 20_000_000, "人工费", "A9", days=2)
    if fen:
        order = loans.order_repayment(
            cast.project.pk,
            1,
            entry_number=_entries(),
            amount_fen=200_000,
            actor=cast.actor(cast.he),
            now=cast.now + timedelta(days=3),
        )
        bank_books(cast, -200_000, order.reference, "B2", days=4)
    bank.bank.close()
    return cast


def _entries() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(number) FROM payroll_accountentry")
        return cursor.fetchone()[0]


def _second_sheet(cast: Cast):
    """September's, larger than what is left, so that a loan is needed."""
    from datetime import date

    from payroll.models import SubLedger
    from payroll.services import approvals, confirmations, sheets
    from payroll.services.accounts import Movement, book

    month = date(2026, 9, 1)
    stage.attend(cast.sun_posting, 20, month=month)
    made = sheets.make_sheet_from_attendance(
        cast.project.pk, cast.sc_part.pk, month, actor=cast.actor(cast.qian), now=cast.now
    )
    sheet = stage.submit(cast, made)
    slip = stage.slip_of(sheet, cast.sun)
    confirmations.confirm_slip(
        slip.reference, signature_png=stage.signature(), version=slip.version, actor=cast.actor(cast.sun), now=cast.now
    )  # fmt: skip
    approvals.approve_sheet(sheet.pk, actor=cast.actor(cast.he), now=cast.now)
    ledger = SubLedger.objects.get(project=cast.project)
    book(ledger, [Movement("OUT", "other_out", 100_000 - ledger.balance_fen, cast.now, "转出")])
    sheet.refresh_from_db()
    return sheet


def codes() -> set[str]:
    return set(check_money().counts)


def test_true_books_are_silent(books: Cast) -> None:
    assert LoanDraw.objects.get().repaid_fen == 200_000
    assert TopUpRequest.objects.get().state == "arrived"
    assert DepositEntry.objects.exists()
    report = check_money()
    assert (report.counts, report.findings) == ({}, [])
    assert report.rows > 8
    out = StringIO()
    call_command("verify_money", stdout=out, language="en")
    assert "Everything agrees." in out.getvalue()


BREAKS = {
    "ledger.sum": "UPDATE payroll_subledger SET balance_fen = balance_fen + 1",
    "ledger.count": "UPDATE payroll_subledger SET entry_count = entry_count + 1",
    "ledger.chain": "UPDATE payroll_accountentry SET balance_fen = balance_fen + 1 WHERE number = 2",
    "line.entry": "UPDATE payroll_accountentry SET bank_reference = 'elsewhere' WHERE kind = 'allocation'",
    "wages.line": "UPDATE payroll_accountentry SET kind = 'other_out' WHERE kind = 'wages' AND number = (SELECT max(number) FROM payroll_accountentry WHERE kind = 'wages')",
    "return.line": "UPDATE payroll_paymentline SET bank_status = 'RTRN' WHERE state = 'returned' AND bank_status <> 'RTRN'",
    "slip.paid": "UPDATE payroll_payslip SET payment = 'none' WHERE payment = 'paid' AND month = '2026-10-01'",
    "slip.instructed": "UPDATE payroll_paymentline SET state = 'sent' WHERE state = 'returned'",
    "slip.twice": "UPDATE payroll_paymentline SET state = 'paid' WHERE state = 'returned'",
    "order.total": "UPDATE payroll_paymentorder SET total_fen = total_fen - 1",
    "sheet.total": "UPDATE payroll_paysheet SET net_fen = net_fen + 100 WHERE month = '2026-10-01'",
    "slip.net": "UPDATE payroll_payslip SET deduction_fen = deduction_fen + 5 WHERE month = '2026-10-01'",
    "deposit.chain": "UPDATE payroll_depositentry SET balance_fen = balance_fen - 7",
    "loan.booked": "UPDATE payroll_loandraw SET amount_fen = amount_fen + 1",
    "loan.owed": "UPDATE payroll_loandraw SET repaid_fen = repaid_fen - 1",
    "loan.limit": "UPDATE payroll_loanfacility SET limit_fen = 1000",
    "allocation.used": "UPDATE payroll_loanrepayment SET entry_number = 2",
    "allocation.arrived": "UPDATE payroll_topuprequest SET amount_fen = 99000000000",
}


def test_every_check_has_its_break() -> None:
    assert set(BREAKS) == {check.code for check in CHECKS}


@pytest.mark.parametrize("code", list(BREAKS))
def test_names_what_is_broken(books: Cast, code: str) -> None:
    with behind_the_back() as run:
        if code == "slip.twice":
            run("DROP INDEX IF EXISTS line_never_paid_twice")
        if code == "slip.instructed":
            run("DROP INDEX IF EXISTS line_never_paid_twice")
        if code == "slip.net":
            run("ALTER TABLE payroll_payslip DROP CONSTRAINT slip_adds_up")
        assert run(BREAKS[code]) > 0
    assert code in codes()
    out = StringIO()
    with pytest.raises(SystemExit) as stop:
        call_command("verify_money", stdout=out, language="en")
    assert stop.value.code == 1
    assert f"[{code}]" in out.getvalue()
    assert f"project {books.project.pk}" in out.getvalue()


def test_a_vanished_entry_and_a_fen_on_a_paid_line_are_named(books: Cast) -> None:
    with behind_the_back() as run:
        assert run("DELETE FROM payroll_accountentry WHERE kind = 'wages' AND number = 2")
    assert {"ledger.sum", "ledger.count", "ledger.chain", "wages.line"} <= codes()
    with behind_the_back() as run:
        assert run("UPDATE payroll_paymentline SET amount_fen = amount_fen + 1 WHERE state = 'paid'")
    assert {"wages.line", "slip.paid", "order.total"} <= codes()


LINES = {
    "a line that adds more than the slip says": """UPDATE payroll_payslip SET items =
        '[{"kind": "meals", "amount_fen": 300, "origin": "hand"}]' WHERE month = '2026-10-01'""",
    "an added sum without a line": "UPDATE payroll_payslip SET extra_fen = 100 WHERE month = '2026-10-01'",
    "a deduction line of another sum": """UPDATE payroll_payslip SET deduction_fen = 5, net_fen = net_fen - 5, items =
        '[{"kind": "less_court", "amount_fen": 4, "reason": "x", "origin": "hand"}]' WHERE month = '2026-10-01'""",
}


@pytest.mark.parametrize("what", list(LINES))
def test_lines_that_do_not_add_up_to_a_slip_are_named(books: Cast, what: str) -> None:
    with behind_the_back() as run:
        run("ALTER TABLE payroll_payslip DROP CONSTRAINT slip_adds_up")
        assert run(LINES[what]) > 0
    assert "slip.net" in codes()


def test_one_project_alone_can_be_checked(books: Cast) -> None:
    with behind_the_back() as run:
        run(BREAKS["ledger.sum"])
    assert check_money(project_id=books.other_project.pk).counts == {}
    assert check_money(project_id=books.project.pk).counts == {"ledger.sum": 1}


def test_the_night_keeps_its_result_and_inspectors_see_their_own(books: Cast) -> None:
    assert run_nightly(now=books.now).found == 0
    client = books.client(books.li)
    assert "不符" not in client.get("/supervision/money/").content.decode()
    with behind_the_back() as run:
        run(BREAKS["ledger.sum"])
    kept = run_nightly(now=books.now + timedelta(days=1))
    assert (kept.found, kept.is_broken, MoneyCheck.objects.count()) == (1, True, 2)
    for page in ("/supervision/", "/supervision/money/", "/supervision/money/check/"):
        assert "/supervision/money/check/" in client.get(page).content.decode()
    row = f"balance of project {books.project.pk}"
    assert row in client.get("/supervision/money/check/").content.decode()
    assert row not in books.client(books.wang).get("/supervision/money/check/").content.decode()
