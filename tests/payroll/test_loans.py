"""The special loan for wages: granted, drawn for what the account lacks, booked by the bank, repaid, never hidden."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import transaction

from payroll.bank.camt053 import Detail, Statement
from payroll.bank.camt053 import Entry as Booked
from payroll.models import AccountEntry, BankMessage, LoanDraw, LoanFacility, LoanRepayment, SubLedger
from payroll.services import accounts, loans, statement_matching
from payroll.services.allocation_facts import load_allocation
from payroll.services.loans import Terms
from registration.services import parameters
from tests.cast import Cast, build_cast
from tests.payroll import stage
from tests.payroll.test_allocations import agree
from tests.payroll.test_races import at_once
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation

pytestmark = pytest.mark.django_db
WAGES = 1_506_000
BOOKED = {"status": "BOOK", "currency": "CNY", "booked_on": None, "value_on": None, "reversal": False}


def facility(cast: Cast, limit_fen: int = 2_000_000) -> LoanFacility:
    asked = loans.ask_facility(
        cast.project.pk,
        amount_fen=5_000_000,
        guarantor="金华融资担保有限公司",
        reason="业主拖欠人工费",
        actor=cast.actor(cast.he),
        now=cast.now,
    )
    return loans.answer_facility(
        asked.pk,
        Terms(limit_fen, "DK-2026-11", date(2026, 11, 1), date(2027, 5, 1)),
        actor=cast.actor(cast.officer),
        now=cast.now,
    )


def draw(cast: Cast, sheet, fen: int) -> LoanDraw:
    return loans.ask_draw(sheet.pk, amount_fen=fen, actor=cast.actor(cast.he), now=cast.now)


def confirm(cast: Cast, number: int = 1) -> LoanDraw:
    return loans.answer_draw(
        cast.project.pk, number, confirm=True, actor=cast.actor(cast.officer), now=cast.now
    )


def bank_books(cast: Cast, fen: int, words: str, reference: str, days: int = 0) -> None:
    """One line of a statement, as the bank sends it."""
    account = SubLedger.objects.get(project=cast.project).account
    moment = cast.now + timedelta(days=days)
    message = BankMessage.objects.create(
        account=account, name=reference, content=b"x", sha256=reference.encode().ljust(32), received_at=moment
    )
    detail = Detail("", abs(fen), bank_reference=reference, remittance=words, payer_name="金华商贸银行")
    entry = Booked(reference=reference, bank_reference=reference, amount_fen=fen, details=(detail,), **BOOKED)
    statement = Statement(
        "camt.054", "1", reference, reference, None, moment, stage.ACCOUNT_NUMBER, "CNY", None, None, (), (entry,)
    )  # fmt: skip
    with transaction.atomic():
        statement_matching.apply_statement(statement, account, message, now=moment)


@pytest.fixture
def sheet(cast: Cast):
    parameters.forget()
    stage.account(cast, 500_000)
    return stage.approved_sheet(cast)


def test_drawn_for_what_the_account_lacks_and_booked_once(cast: Cast, sheet) -> None:
    facility(cast)
    assert loans.proposed_fen(sheet, cast.today) == WAGES - 500_000
    taken = draw(cast, sheet, WAGES - 500_000)
    assert taken.reference == f"ZXD{cast.project.pk}-1"
    with pytest.raises(RuleViolation) as refusal:
        draw(cast, sheet, 1)
    assert refusal.value.code == "loan.not_needed"
    assert confirm(cast).state == "confirmed"
    assert AccountEntry.objects.count() == 1  # a promise is not money
    for reference in ("B1", "B1-again"):
        bank_books(cast, taken.amount_fen, f"工资专项贷款 {taken.reference}", reference)
    entry = AccountEntry.objects.get(kind="loan")
    assert (entry.amount_fen, entry.bank_reference) == (taken.amount_fen, f"L:{taken.reference}")
    taken.refresh_from_db()
    assert (taken.state, taken.outstanding_fen) == ("arrived", 1_006_000)
    assert SubLedger.objects.get().balance_fen == WAGES


def test_a_loan_never_fills_an_allocation(cast: Cast, sheet) -> None:
    agree(cast)
    before = load_allocation(cast.project, today=cast.today)
    facility(cast)
    taken = draw(cast, sheet, 1_000_000)
    confirm(cast)
    bank_books(cast, 1_000_000, taken.reference, "B1")
    after = load_allocation(cast.project, today=cast.today)
    assert (after.account.short_fen, after.account.days_late) == (
        before.account.short_fen,
        before.account.days_late,
    )
    assert (before.loan_fen, after.loan_fen) == (0, 1_000_000)


def test_another_amount_under_our_reference_is_no_loan_and_no_allocation(cast: Cast, sheet) -> None:
    facility(cast)
    taken = draw(cast, sheet, 1_000_000)
    confirm(cast)
    bank_books(cast, 999_999, taken.reference, "B1")
    assert AccountEntry.objects.get(number=2).kind == "other_in"
    taken.refresh_from_db()
    assert taken.state == "confirmed"


def test_repaid_out_of_later_allocations_and_wages_first(cast: Cast, sheet) -> None:
    facility(cast)
    taken = draw(cast, sheet, 1_006_000)
    confirm(cast)
    bank_books(cast, 1_006_000, taken.reference, "B1")
    he = cast.actor(cast.he)

    def repay(entry: int, fen: int) -> LoanRepayment:
        return loans.order_repayment(
            cast.project.pk, 1, entry_number=entry, amount_fen=fen, actor=he, now=cast.now
        )

    with pytest.raises(RuleViolation) as refusal:
        repay(1, 100)
    assert refusal.value.code == "loan.entry"  # that money came before the loan
    bank_books(cast, 800_000, "十一月人工费", "A2", days=1)
    with pytest.raises(RuleViolation) as refusal:
        repay(3, 800_001)
    assert refusal.value.code == "loan.too_much"
    order = repay(3, 600_000)
    with pytest.raises(RuleViolation) as refusal:
        repay(3, 200_001)
    assert refusal.value.code == "loan.too_much"
    bank_books(cast, -600_000, f"还款 {order.reference}", "B3", days=2)
    entry = AccountEntry.objects.get(kind="loan_back")
    assert (entry.amount_fen, entry.balance_fen) == (-600_000, WAGES + 200_000)
    taken.refresh_from_db()
    order.refresh_from_db()
    assert (taken.repaid_fen, taken.outstanding_fen, order.state) == (600_000, 406_000, "booked")
    ledger = SubLedger.objects.get()
    accounts.book(ledger, [accounts.Movement("X", "other_out", -100_000, cast.now, "误扣")])
    with pytest.raises(RuleViolation) as refusal:
        repay(3, 150_000)
    assert refusal.value.code == "loan.wages_first"


def test_no_more_than_lacking_nor_than_the_limit(cast: Cast, sheet) -> None:
    with pytest.raises(RuleViolation) as refusal:
        draw(cast, sheet, 100)
    assert refusal.value.code == "loan.none"
    facility(cast, 300_000)
    assert loans.proposed_fen(sheet, cast.today) == 300_000
    with pytest.raises(RuleViolation) as refusal:
        draw(cast, sheet, 1_006_001)
    assert refusal.value.code == "loan.more_than_lacking"
    with pytest.raises(RuleViolation) as refusal:
        draw(cast, sheet, 300_001)
    assert refusal.value.code == "loan.limit"
    assert not LoanDraw.objects.exists()


def test_a_declined_draw_frees_the_limit(cast: Cast, sheet) -> None:
    facility(cast, 300_000)
    draw(cast, sheet, 300_000)
    officer = cast.actor(cast.officer)
    with pytest.raises(Malformed):
        loans.answer_draw(cast.project.pk, 1, confirm=False, actor=officer, now=cast.now)
    loans.answer_draw(cast.project.pk, 1, confirm=False, answer="担保未到位", actor=officer, now=cast.now)
    with pytest.raises(RuleViolation) as refusal:
        confirm(cast)
    assert refusal.value.code == "loan.answered"
    assert draw(cast, sheet, 300_000).number == 2


def test_who_may(cast: Cast, sheet) -> None:
    granted = facility(cast)
    for who, error in ((cast.zhao, NotPermitted), (cast.ye, NotFound), (cast.kong, NotFound)):
        with pytest.raises(error):
            loans.ask_draw(sheet.pk, amount_fen=100, actor=cast.actor(who), now=cast.now)
    draw(cast, sheet, 100)
    for who, error in ((cast.he, NotPermitted), (cast.li, NotPermitted), (cast.kong, NotFound)):
        with pytest.raises(error):
            loans.answer_draw(cast.project.pk, 1, confirm=True, actor=cast.actor(who), now=cast.now)
    with pytest.raises(RuleViolation):
        loans.answer_facility(granted.pk, Terms(), actor=cast.actor(cast.officer), now=cast.now)
    assert LoanDraw.objects.get().state == "asked"


@pytest.mark.django_db(transaction=True)
def test_two_draws_at_once_stay_within_the_limit(transactional_db: None, tmp_path: Path) -> None:
    cast = build_cast()
    parameters.forget()
    stage.account(cast, 6_000)
    sheet = stage.approved_sheet(cast)
    facility(cast, 1_000_000)
    take = lambda: draw(cast, sheet, 700_000)  # noqa: E731
    assert at_once(take, take) == ["loan.limit", "ok"]
    assert [d.amount_fen for d in LoanDraw.objects.all()] == [700_000]
