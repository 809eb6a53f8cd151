"""Wage deposits: the contractor's entries and the authority's rulings, refusals, wrong roles, two at once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import InternalError, ProgrammingError

from payroll.models import ArrearsRecord, DepositEntry, DepositRuling
from payroll.services.deposit_facts import Deposit, load_deposit
from payroll.services.deposit_rulings import record_arrears, rule_on_deposit
from payroll.services.deposits import EntryFacts, enter_deposit
from registration.models import Authority, Project, Role, User
from tests.cast import Cast, build_cast, make_project, make_user
from tests.inspection.stage import sent_sheet
from tests.payroll.deposit_papers import CASH, DUE, deposit_scan
from wagewatch.evidence.models import Entry
from wagewatch.evidence.registry import kind_named
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation

WAN = 1_000_000
LATER = timedelta(minutes=5)
GUARANTEE = replace(CASH, form="guarantee", paper_number="BH-77", expires_on=date(2027, 4, 10))


def enter(
    cast: Cast, facts: EntryFacts, *, who: User | None = None, now: datetime | None = None, **more: Any
) -> DepositEntry:
    actor = cast.actor(who or cast.zhao)
    return enter_deposit(
        more.get("project", cast.project).pk, facts, scan=more.get("scan", deposit_scan()), actor=actor, now=now or cast.now
    )  # fmt: skip


def rule(
    cast: Cast, kind: str, amount: int = 0, *, who: User | None = None, now: datetime | None = None
) -> DepositRuling:
    return rule_on_deposit(
        cast.project.pk, kind, document="金人社监〔2026〕31号", reason="拖欠木工一班九月工资", amount_fen=amount,
        actor=cast.actor(who or cast.li), now=now or cast.now,
    )  # fmt: skip


def deposit(cast: Cast, today: date | None = None) -> Deposit:
    return load_deposit(
        Project.objects.select_related("region").get(pk=cast.project.pk), today=today or cast.today
    )


def finish(cast: Cast) -> None:
    Project.objects.filter(pk=cast.project.pk).update(state="done", done_on=date(2026, 9, 20))


def ask_back(cast: Cast) -> DepositEntry:
    return enter(cast, EntryFacts("asked_back", cast.today, notice_from=date(2026, 10, 1)), scan=None)


def test_nothing_lodged_is_late_after_twenty_working_days(cast: Cast) -> None:
    found = deposit(cast)
    assert (found.due.amount_fen, found.state.code, found.state.due_on) == (DUE, "late", date(2026, 4, 29))


def test_a_cash_deposit_is_kept_with_its_paper_and_its_proof(cast: Cast) -> None:
    entry = enter(cast, CASH)
    assert (entry.number, entry.amount_fen, entry.balance_fen, entry.due_fen) == (1, DUE, DUE, DUE)
    assert entry.file is not None
    assert entry.file.name == "保函.png"
    assert deposit(cast).state.code == "lodged"
    log = Entry.objects.get(kind="deposit.entry")
    kind = kind_named("deposit.entry")
    assert kind is not None
    assert kind.load_many([log.subject])[log.subject]["balance_fen"] == DUE
    assert list(kind.expected_subjects(cast.project.pk) if kind.expected_subjects else []) == [log.subject]


def test_an_entry_cannot_be_changed_or_deleted(cast: Cast) -> None:
    enter(cast, CASH)
    for act in (
        lambda: DepositEntry.objects.update(balance_fen=1),
        lambda: DepositEntry.objects.all().delete(),
    ):
        with pytest.raises(InternalError), transaction.atomic():
            act()
    assert DepositEntry.objects.get().balance_fen == DUE


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (replace(CASH, amount_fen=0), "deposit.amount"),
        (replace(CASH, form="shares"), "deposit.form"),
        (replace(CASH, issuer="  "), "deposit.issuer"),
        (replace(CASH, paper_number=""), "deposit.paper"),
        (replace(CASH, happened_on=date(2026, 11, 17)), "deposit.day"),
        (replace(CASH, kind="melted"), "deposit.kind"),
        (replace(GUARANTEE, expires_on=None), "deposit.too_short"),
        (replace(GUARANTEE, expires_on=date(2027, 4, 9)), "deposit.too_short"),
        (replace(CASH, kind="topped_up"), "deposit.none"),
        (replace(CASH, kind="paid_out"), "deposit.none"),
        (replace(CASH, kind="asked_back"), "deposit.none"),
    ],
)
def test_refuses_what_cannot_be_right(cast: Cast, facts: EntryFacts, code: str) -> None:
    with pytest.raises((Malformed, RuleViolation)) as problem:
        enter(cast, facts)
    assert problem.value.code == code
    assert not DepositEntry.objects.exists()
    assert not Entry.objects.filter(kind="deposit.entry").exists()


def test_refuses_a_lodging_without_its_paper(cast: Cast) -> None:
    with pytest.raises(Malformed, match=r"deposit\.scan"):
        enter(cast, CASH, scan=None)
    assert not DepositEntry.objects.exists()


def test_a_guarantee_of_exactly_a_year_is_long_enough(cast: Cast) -> None:
    assert enter(cast, GUARANTEE).expires_on == date(2027, 4, 10)


def test_only_the_general_contractor_enters(cast: Cast) -> None:
    for who in (cast.qian, cast.ye, cast.li):
        with pytest.raises(NotPermitted):
            enter(cast, CASH, who=who)
    for who in (cast.kong, cast.officer):
        with pytest.raises(NotFound):
            enter(cast, CASH, who=who)
    assert not DepositEntry.objects.exists()
    assert enter(cast, CASH, who=cast.he).made_by == cast.he


def test_only_the_labour_authority_of_the_place_rules(cast: Cast) -> None:
    enter(cast, CASH)
    housing = Authority.objects.create(name="金东区建设局", kind="housing", region_id="330703")
    builder = make_user("build", "卜工", Role.INSPECTOR, housing)
    for who in (cast.zhao, cast.ye, cast.qian, builder):
        with pytest.raises(NotPermitted):
            rule(cast, "use", WAN, who=who)
    with pytest.raises(NotFound):
        rule(cast, "use", WAN, who=cast.wang)
    assert not DepositRuling.objects.exists()


def test_an_order_is_paid_and_the_deposit_filled_up(cast: Cast) -> None:
    enter(cast, CASH)
    order = rule(cast, "use", 50 * WAN)
    assert order.due_on == date(2026, 11, 23)
    assert deposit(cast).state.code == "in_use"
    with pytest.raises(RuleViolation, match=r"deposit\.under_order"):
        enter(cast, replace(CASH, kind="topped_up", happened_on=cast.today, amount_fen=WAN))
    paid = enter(cast, EntryFacts("paid_out", cast.today))
    assert (paid.amount_fen, paid.balance_fen, paid.ruling_number) == (-50 * WAN, 322 * WAN, 1)
    assert (paid.issuer, paid.paper_number) == (CASH.issuer, CASH.paper_number)
    found = deposit(cast).state
    assert (found.code, found.due_on, found.short_fen) == ("to_refill", date(2026, 11, 30), 50 * WAN)
    filled = enter(cast, replace(CASH, kind="topped_up", happened_on=cast.today, amount_fen=50 * WAN))
    assert filled.balance_fen == DUE
    assert deposit(cast).state.code == "lodged"


def test_refuses_an_order_above_the_cover_and_a_second_order(cast: Cast) -> None:
    enter(cast, CASH)
    with pytest.raises(RuleViolation, match=r"deposit\.too_much"):
        rule(cast, "use", DUE + 1)
    rule(cast, "use", DUE)
    with pytest.raises(RuleViolation, match=r"deposit\.order_open"):
        rule(cast, "use", 1)
    assert DepositRuling.objects.count() == 1


def test_a_lifted_order_cannot_be_paid(cast: Cast) -> None:
    enter(cast, CASH)
    rule(cast, "use", WAN)
    assert rule(cast, "lifted").answers == 1
    with pytest.raises(RuleViolation, match=r"deposit\.no_order"):
        enter(cast, EntryFacts("paid_out", cast.today))
    with pytest.raises(RuleViolation, match=r"deposit\.no_open_order"):
        rule(cast, "lifted")
    assert deposit(cast).state.balance_fen == DUE


def test_cash_becomes_a_guarantee_that_covers_no_less(cast: Cast) -> None:
    enter(cast, CASH)
    change = replace(GUARANTEE, kind="replaced", happened_on=cast.today, expires_on=date(2027, 11, 16))
    with pytest.raises(RuleViolation, match=r"deposit\.less"):
        enter(cast, replace(change, amount_fen=DUE - 1))
    with pytest.raises(RuleViolation, match=r"deposit\.same_form"):
        enter(cast, replace(change, kind="topped_up"))
    changed = enter(cast, change)
    assert (changed.amount_fen, changed.balance_fen, changed.form) == (0, DUE, "guarantee")


def test_refuses_a_second_lodging_and_a_day_before_the_last_entry(cast: Cast) -> None:
    enter(cast, CASH)
    with pytest.raises(RuleViolation, match=r"deposit\.known"):
        enter(cast, CASH)
    with pytest.raises(RuleViolation, match=r"deposit\.day"):
        enter(cast, replace(CASH, kind="topped_up", happened_on=date(2026, 4, 9)))
    assert DepositEntry.objects.count() == 1


def test_the_return_needs_the_end_of_works_the_notice_and_no_arrears(cast: Cast) -> None:
    enter(cast, CASH)
    with pytest.raises(RuleViolation, match=r"deposit\.unfinished"):
        ask_back(cast)
    with pytest.raises(RuleViolation, match=r"deposit\.not_asked"):
        rule(cast, "released")
    finish(cast)
    with pytest.raises(Malformed, match=r"deposit\.notice"):
        enter(cast, EntryFacts("asked_back", cast.today, notice_from=date(2026, 9, 19)), scan=None)
    ask_back(cast)
    with pytest.raises(RuleViolation, match=r"deposit\.asked"):
        ask_back(cast)
    sheet = sent_sheet(
        cast.sc_part, [(cast.sun_posting, 36000)], month=date(2026, 9, 1), due_on=date(2026, 10, 15)
    )
    with pytest.raises(RuleViolation, match=r"deposit\.obstacles"):
        rule(cast, "released")
    assert not DepositRuling.objects.exists()
    refused = rule(cast, "refused")
    assert (refused.answers, refused.reason) == (2, "拖欠木工一班九月工资")
    assert deposit(cast).state.refusal is not None
    with connection.cursor() as cursor:
        cursor.execute("UPDATE payroll_payslip SET payment = 'paid' WHERE sheet_id = %s", [sheet.pk])
    ask_back(cast)
    released = rule(cast, "released")
    assert (released.amount_fen, released.answers) == (DUE, 3)
    back = enter(cast, EntryFacts("returned", cast.today))
    assert (back.amount_fen, back.balance_fen) == (-DUE, 0)
    assert deposit(cast).state.code == "returned"
    with pytest.raises(RuleViolation, match=r"deposit\.returned"):
        enter(cast, replace(CASH, happened_on=cast.today))


def test_no_money_goes_back_without_the_authority(cast: Cast) -> None:
    enter(cast, CASH)
    finish(cast)
    ask_back(cast)
    with pytest.raises(RuleViolation, match=r"deposit\.no_release"):
        enter(cast, EntryFacts("returned", cast.today))
    assert deposit(cast).state.balance_fen == DUE


def test_a_firms_record_decides_later_contracts_only(cast: Cast) -> None:
    li = cast.actor(cast.li)
    record_arrears(cast.gc.pk, "arrears", date(2026, 6, 1), "金劳监令〔2026〕7号", actor=li, now=cast.now)
    assert deposit(cast).due.amount_fen == DUE, "the contract of March was signed before"
    record_arrears(
        cast.gc.pk, "arrears", date(2026, 1, 9), "金劳监令〔2026〕2号", actor=li, now=cast.now + LATER
    )
    assert deposit(cast).due.amount_fen == 558 * WAN
    record_arrears(
        cast.gc.pk, "clean", date(2022, 1, 1), "查询监管平台无欠薪", well_kept=True, actor=li, now=cast.now + 2 * LATER
    )  # fmt: skip
    assert deposit(cast).due.exempt
    assert Entry.objects.filter(kind="firm.arrears").count() == 3
    for who, refusal in ((cast.zhao, NotFound), (cast.wang, NotFound)):
        with pytest.raises(refusal):
            record_arrears(
                cast.gc.pk, "clean", date(2022, 1, 1), "我们没有欠薪", actor=cast.actor(who), now=cast.now
            )
    assert ArrearsRecord.objects.count() == 3


def test_earlier_works_of_the_firm_in_the_city_count(cast: Cast) -> None:
    make_project("JH330702009", "金华二中", "330702", cast.owner, cast.gc)
    Project.objects.filter(code="JH330702009").update(contract_signed_on=date(2025, 5, 1))
    assert deposit(cast).others == 1
    Project.objects.filter(code="JH330702009").update(done_on=date(2026, 3, 1))
    assert deposit(cast).others == 0
    Project.objects.filter(code="JH330702009").update(done_on=None, region_id="320100")
    assert deposit(cast).others == 0


def test_each_sides_database_role_writes_its_own_part(cast: Cast) -> None:
    def as_role(role: str, act: Any) -> None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL ROLE {role}")
            act()
            with connection.cursor() as cursor:
                cursor.execute("RESET ROLE")

    as_role("wagewatch_enterprise", lambda: enter(cast, CASH))
    as_role("wagewatch_supervision", lambda: rule(cast, "use", WAN))
    with pytest.raises(ProgrammingError, match="permission denied"):
        as_role("wagewatch_enterprise", lambda: rule(cast, "lifted"))
    with pytest.raises(ProgrammingError, match="permission denied"):
        as_role("wagewatch_supervision", lambda: enter(cast, EntryFacts("paid_out", cast.today)))
    assert (DepositEntry.objects.count(), DepositRuling.objects.count()) == (1, 1)


def test_the_queries_do_not_grow_with_projects(cast: Cast, django_assert_num_queries: Any) -> None:
    from payroll.services.deposit_facts import load_deposits

    projects = list(Project.objects.select_related("region"))
    load_deposits(projects, today=cast.today)  # parameters and calendar are remembered from now on
    with django_assert_num_queries(5):
        load_deposits(projects[:1], today=cast.today)
    with django_assert_num_queries(5):
        load_deposits(projects, today=cast.today)


@pytest.mark.django_db(transaction=True)
def test_two_lodgings_at_once_leave_one() -> None:
    cast = build_cast()
    together = Barrier(2)

    def lodge() -> str:
        try:
            together.wait(10)
            enter(cast, CASH)
        except RuleViolation as refusal:
            return refusal.code
        finally:
            connection.close()
        return "kept"

    with ThreadPoolExecutor(2) as pool:
        results = sorted(f.result() for f in [pool.submit(lodge) for _ in range(2)])
    assert results == ["deposit.known", "kept"]
    assert DepositEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_order_is_paid_once() -> None:
    cast = build_cast()
    enter(cast, CASH)
    rule(cast, "use", 50 * WAN)
    together = Barrier(2)

    def pay() -> str:
        try:
            together.wait(10)
            enter(cast, EntryFacts("paid_out", cast.today))
        except RuleViolation as refusal:
            return refusal.code
        finally:
            connection.close()
        return "paid"

    with ThreadPoolExecutor(2) as pool:
        results = sorted(f.result() for f in [pool.submit(pay) for _ in range(2)])
    assert results == ["deposit.no_order", "paid"]
    assert deposit(cast).state.balance_fen == 322 * WAN
