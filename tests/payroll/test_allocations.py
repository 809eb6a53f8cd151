"""The agreed allocation, what came of it, requests to the owner, their answers and reminders."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from payroll.models import AllocationChoice, AllocationPlan, ProgressPayment, TopUpRequest
from payroll.services import accounts, allocations, top_ups
from payroll.services.allocation_facts import load_allocation
from payroll.services.allocations import PlanFacts
from registration.models import Parameter, SmsMessage
from registration.services import parameters
from tests.cast import Cast
from tests.payroll import stage
from wagewatch.evidence.models import Entry
from wagewatch.evidence.receipts import rebuilt_record, record_matches
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation

pytestmark = pytest.mark.django_db
AUG, SEP, OCT = (date(2026, m, 1) for m in (8, 9, 10))
PLAN = PlanFacts("amount", 20, AUG, "施工合同第 12.3 条", amount_fen=100_000_000)


@pytest.fixture(autouse=True)
def _fresh_parameters() -> None:
    parameters.forget()


def agree(cast: Cast, facts: PlanFacts = PLAN, who=None):
    return allocations.agree_plan(cast.project.pk, facts, actor=cast.actor(who or cast.zhao), now=cast.now)


def receive(cast: Cast, ledger, fen: int, days_ago: int, reference: str) -> None:
    moment = cast.now - timedelta(days=days_ago)
    accounts.book(ledger, [accounts.Movement(reference, "allocation", fen, moment, "金华多湖置业有限公司")])


def ask(cast: Cast, **options):
    given = {"basis": "agreed", "amount_fen": 200_000_000} | options
    return top_ups.ask_top_up(cast.project.pk, **given, actor=cast.actor(cast.zhao), now=cast.now)


def test_agreed_and_received(cast: Cast) -> None:
    ledger = stage.account(cast)
    plan = agree(cast)
    receive(cast, ledger, 100_000_000, 80, "A1")
    receive(cast, ledger, 40_000_000, 50, "A2")
    found = load_allocation(cast.project, today=cast.today)
    assert (found.account.agreed_fen, found.account.short_fen) == (300_000_000, 160_000_000)
    assert (found.account.days_late, found.account.oldest_short.period.month) == (57, SEP)
    entry = Entry.objects.get(kind="allocation.plan")
    assert record_matches(entry, rebuilt_record(entry))
    assert str(plan) == f"{cast.project.pk}/1"


def test_refuses_more_than_a_month_between_allocations(cast: Cast) -> None:
    with pytest.raises(RuleViolation) as refusal:
        agree(cast, replace(PLAN, interval_months=2))
    assert refusal.value.code == "allocation.interval"
    assert "24" in str(refusal.value.message)
    assert not AllocationPlan.objects.exists()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"day": 32}, "allocation.day"),
        ({"basis": "else"}, "allocation.basis"),
        ({"amount_fen": 0}, "allocation.amount"),
        ({"reason": "  "}, "allocation.reason"),
        ({"basis": "progress", "percent": Decimal(0)}, "allocation.percent"),
        ({"basis": "contract", "percent": Decimal(20)}, "allocation.ends_on"),
        ({"ends_on": date(2026, 7, 1)}, "allocation.ends_on"),
        ({"interval_months": 0}, "allocation.interval_form"),
    ],
)
def test_refuses_what_cannot_be_right(cast: Cast, change: dict, code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        agree(cast, replace(PLAN, **change))
    assert refusal.value.code == code
    assert not AllocationPlan.objects.exists()


def test_refuses_a_ratio_below_the_regions_least(cast: Cast) -> None:
    Parameter.objects.create(
        region_id="330700",
        key="allocation.ratio_percent",
        valid_from=date(2020, 5, 1),
        value={"building": 20},
        source="市通知",
    )
    parameters.forget()
    with pytest.raises(RuleViolation) as refusal:
        agree(cast, replace(PLAN, basis="progress", percent=Decimal("19.5")))
    assert refusal.value.code == "allocation.ratio"
    too_little = replace(PLAN, ends_on=date(2028, 7, 1))  # 24 months of a million of 186 million
    with pytest.raises(RuleViolation):
        agree(cast, too_little)
    agree(cast, replace(PLAN, basis="progress", percent=Decimal(20)))
    assert AllocationPlan.objects.get().percent == 20


def test_arrears_are_not_agreed_away(cast: Cast) -> None:
    agree(cast)
    for worse in (
        replace(PLAN, amount_fen=50_000_000),
        replace(PLAN, day=25),
        replace(PLAN, starts_on=SEP, amount_fen=50_000_000),
    ):
        with pytest.raises(RuleViolation) as refusal:
            agree(cast, worse)
        assert refusal.value.code == "allocation.past"
    assert AllocationPlan.objects.count() == 1
    agree(cast, replace(PLAN, starts_on=date(2026, 12, 1), amount_fen=50_000_000, reason="补充协议 2 号"))
    found = load_allocation(cast.project, today=date(2026, 12, 21))
    assert (found.account.agreed_fen, len(found.plans)) == (450_000_000, 2)


def test_progress_payments_may_only_rise(cast: Cast) -> None:
    agree(cast, replace(PLAN, basis="progress", percent=Decimal(20)))
    zhao = cast.actor(cast.zhao)

    def measure(fen: int):
        return allocations.record_progress(
            cast.project.pk, SEP, fen, note="计量单 9 号", actor=zhao, now=cast.now
        )

    measure(600_000_000)
    with pytest.raises(RuleViolation) as refusal:
        measure(500_000_000)
    assert refusal.value.code == "progress.less"
    measure(700_000_000)
    assert [p.amount_fen for p in ProgressPayment.objects.order_by("number")] == [600_000_000, 700_000_000]
    found = load_allocation(cast.project, today=cast.today)
    assert found.account.agreed_fen == 140_000_000
    assert found.account.oldest_short.is_unmeasured  # August


def test_a_receipt_by_hand_and_back(cast: Cast) -> None:
    ledger = stage.account(cast)
    agree(cast)
    receive(cast, ledger, 100_000_000, 20, "A1")
    zhao = cast.actor(cast.zhao)
    with pytest.raises(RuleViolation) as refusal:
        allocations.choose_month(
            cast.project.pk, 1, date(2025, 1, 1), reason="业主来函", actor=zhao, now=cast.now
        )
    assert refusal.value.code == "choice.month"
    with pytest.raises(Malformed):
        allocations.choose_month(cast.project.pk, 1, OCT, reason="", actor=zhao, now=cast.now)
    assert not AllocationChoice.objects.exists()
    allocations.choose_month(cast.project.pk, 1, OCT, reason="业主来函写明", actor=zhao, now=cast.now)
    standings = load_allocation(cast.project, today=cast.today).account.standings
    assert [s.received_fen for s in standings] == [0, 0, 100_000_000, 0]
    allocations.choose_month(cast.project.pk, 1, None, reason="写错了月份", actor=zhao, now=cast.now)
    standings = load_allocation(cast.project, today=cast.today).account.standings
    assert [s.received_fen for s in standings] == [100_000_000, 0, 0, 0]


def test_only_the_general_contractor_agrees_and_outsiders_see_nothing(cast: Cast) -> None:
    for who, error in ((cast.ye, NotPermitted), (cast.qian, NotPermitted), (cast.kong, NotFound), (cast.wang, NotFound)):  # fmt: skip
        with pytest.raises(error):
            agree(cast, who=who)
    assert not AllocationPlan.objects.exists()


def test_the_owner_reads_answers_orders_and_the_money_closes_it(cast: Cast) -> None:
    cast.ye.phone = "13857900001"
    cast.ye.save()
    ledger = stage.account(cast)
    agree(cast)
    request = ask(cast)
    assert (request.state, request.agreed_fen, request.received_fen) == ("asked", 300_000_000, 0)
    assert request.reply_by == date(2026, 11, 19)
    assert SmsMessage.objects.filter(kind="top_up").count() == 1
    ye = cast.actor(cast.ye)
    key = (cast.project.pk, 1)
    assert top_ups.read_top_up(*key, actor=ye, now=cast.now).state == "read"
    promised = top_ups.answer_top_up(
        *key, promised_on=date(2026, 11, 20), answer="已报董事会", actor=ye, now=cast.now
    )
    assert promised.state == "promised"
    ordered = top_ups.order_transfer(
        *key, reference="ZF-881", amount_fen=200_000_000, on=cast.today, actor=ye, now=cast.now
    )
    assert (ordered.state, ordered.transfer_reference) == ("ordered", "ZF-881")
    receive(cast, ledger, 150_000_000, 0, "A1")
    assert top_ups.close_covered([cast.project.pk], now=cast.now) == 0
    receive(cast, ledger, 50_000_000, 0, "A2")
    assert top_ups.close_covered([cast.project.pk], now=cast.now) == 1
    request.refresh_from_db()
    assert request.state == "arrived"
    with pytest.raises(RuleViolation) as refusal:
        top_ups.answer_top_up(*key, promised_on=None, answer="没有钱了", actor=ye, now=cast.now)
    assert refusal.value.code == "top_up.closed"
    for entry in Entry.objects.filter(kind__startswith="allocation.a"):
        assert record_matches(entry, rebuilt_record(entry))


def test_one_request_at_a_time(cast: Cast) -> None:
    agree(cast)
    ask(cast)
    with pytest.raises(RuleViolation) as refusal:
        ask(cast)
    assert refusal.value.code == "top_up.open"
    assert TopUpRequest.objects.count() == 1
    top_ups.withdraw_top_up(cast.project.pk, 1, actor=cast.actor(cast.he), now=cast.now)
    assert ask(cast, basis="other", text="春节前备付").number == 2


def test_a_refusal_stays_open_and_a_silent_owner_is_reminded(cast: Cast) -> None:
    cast.ye.phone = "13857900001"
    cast.ye.save()
    agree(cast)
    ask(cast)
    SmsMessage.objects.all().delete()
    later = cast.now + timedelta(days=3)
    assert top_ups.remind_owners(now=later) == 0  # the deadline is this day
    assert top_ups.remind_owners(now=later + timedelta(days=1)) == 1
    assert top_ups.remind_owners(now=later + timedelta(days=2)) == 0
    assert top_ups.remind_owners(now=later + timedelta(days=3)) == 1
    request = TopUpRequest.objects.get()
    assert (request.reminders, request.reminded_on) == (2, date(2026, 11, 22))
    refused = top_ups.answer_top_up(
        cast.project.pk, 1, promised_on=None, answer="工程量有争议", actor=cast.actor(cast.ye), now=later
    )
    assert (refused.state, refused.is_open) == ("refused", True)


def test_nobody_but_the_owner_answers(cast: Cast) -> None:
    agree(cast)
    ask(cast)
    for who, error in ((cast.zhao, NotPermitted), (cast.li, NotPermitted), (cast.kong, NotFound)):
        with pytest.raises(error):
            top_ups.read_top_up(cast.project.pk, 1, actor=cast.actor(who), now=cast.now)
    assert TopUpRequest.objects.get().state == "asked"
