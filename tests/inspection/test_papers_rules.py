"""A1 to A6: account, filing, deposit, papers: the last day, the day after, other regions, closing by data."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.urls import reverse

from inspection.access import told_alarms
from inspection.models import Alarm
from inspection.services.audience import firms_told
from inspection.services.notices import tell_alarms
from payroll.models import ArrearsRecord, DepositEntry, SpecialAccount
from payroll.services.deposit_facts import load_deposits
from payroll.services.guarantee_facts import load_guarantee
from registration.models import Parameter, Participation, Project
from registration.seed.deposits import NATION
from tests.inspection.stage import at, flips, rest_day, run, set_parameter, set_parameters
from tests.payroll.guarantee_papers import PAPER, end_early, give_guarantee
from tests.payroll.stage import account

SIGNED = date(2026, 3, 2)
STARTED = date(2026, 4, 1)
"""A Wednesday; the 20th working day after it is Wednesday the 29th of April."""


@pytest.fixture
def stage(cast):
    set_parameters()
    Project.objects.filter(pk=cast.other_project.pk).update(state="done")
    return cast


def only() -> Alarm:
    return Alarm.objects.get()


def entry(stage, number, kind, on, *, amount=0, balance=0, due=372_000_000, expires=None, form="cash"):
    return DepositEntry.objects.create(
        project=stage.project,
        number=number,
        kind=kind,
        form=form,
        happened_on=on,
        amount_fen=amount,
        balance_fen=balance,
        due_fen=due,
        issuer="金华商贸银行",
        paper_number="B-1",
        expires_on=expires,
        made_at=at(on),
    )


def test_asks_for_the_account_on_the_31st_day(stage):
    last = SIGNED + timedelta(days=30)
    assert run(last, "A1").found == 0
    assert run(last + timedelta(days=1), "A1").opened == 1
    alarm = only()
    assert (alarm.period, alarm.level, alarm.due_on, alarm.participation_id) == (
        "2026-03-02",
        2,
        last,
        stage.gc_part.pk,
    )
    assert alarm.facts == {"signed_on": "2026-03-02"}
    account(stage)
    assert run(last + timedelta(days=2), "A1").closed == 1


def test_regions_set_their_own_days_and_levels_for_the_account(stage):
    set_parameter("alarm.A1.days", {"yellow": 10, "orange": 20, "red": 40}, "330703")
    for days, level in ((10, None), (11, 1), (20, 1), (21, 2), (40, 2), (41, 3)):
        run(SIGNED + timedelta(days=days), "A1")
        assert Alarm.objects.values_list("level", flat=True).first() == level
    assert only().due_on == SIGNED + timedelta(days=10)


def test_small_works_factories_and_finished_works_need_no_account(stage):
    day = SIGNED + timedelta(days=60)
    set_parameter("account.small_under_fen", stage.project.contract_sum_fen + 1, "330703")
    assert run(day, "A1").found == 0
    set_parameter("account.small_under_fen", stage.project.contract_sum_fen, "330703", since=SIGNED)
    assert run(day, "A1").found == 1
    Project.objects.filter(pk=stage.project.pk).update(sector="manufacturing")
    assert run(day, "A1").closed == 1


def test_asks_for_the_filing_on_the_31st_day_after_the_opening(stage):
    account(stage)
    opened = date(2026, 3, 20)
    assert run(opened + timedelta(days=30), "A2").found == 0
    assert run(opened + timedelta(days=31), "A2").opened == 1
    assert (only().level, only().due_on, only().period) == (1, opened + timedelta(days=30), "2026-03-20")
    SpecialAccount.objects.update(filed_on=opened + timedelta(days=40))
    assert run(opened + timedelta(days=41), "A2").closed == 1


def test_asks_for_the_deposit_after_twenty_working_days(stage):
    assert run(date(2026, 4, 29), "A3").found == 0
    rest_day(date(2026, 4, 6))
    assert run(date(2026, 4, 30), "A3").found == 0, "a holiday moves the last day"
    assert run(date(2026, 5, 1), "A3").opened == 1
    assert (only().level, only().due_on, only().facts) == (2, date(2026, 4, 30), {"since": "2026-04-01"})
    entry(stage, 1, "lodged", date(2026, 5, 4), amount=372_000_000, balance=372_000_000)
    assert run(date(2026, 5, 5), "A3").closed == 1


@pytest.mark.parametrize(
    ("record", "contract_fen"),
    [
        (None, 100_000_000),
        (("clean", date(2025, 3, 2), False), 100_000_000),
        (("clean", date(2025, 3, 3), False), 100_000_000),
        (("clean", date(2025, 3, 2), False), 300_000_000),
        (("clean", date(2023, 3, 2), True), 18_600_000_000),
        (("clean", date(2023, 3, 3), True), 18_600_000_000),
        (("clean", date(2023, 3, 2), False), 18_600_000_000),
        (("arrears", date(2024, 3, 2), False), 100_000_000),
        (("arrears", date(2024, 3, 3), False), 100_000_000),
        (("listed", date(2020, 3, 2), True), 100_000_000),
        (("clean", date(2026, 3, 3), True), 100_000_000),
    ],
)
def test_exempts_whom_the_deposit_rules_exempt(stage, record, contract_fen):
    set_parameter("deposit.table", NATION, "330703")
    Project.objects.filter(pk=stage.project.pk).update(contract_sum_fen=contract_fen)
    if record:
        kind, since, well_kept = record
        ArrearsRecord.objects.create(
            organisation=stage.gc,
            kind=kind,
            since=since,
            well_kept=well_kept,
            reason="查询",
            made_at=stage.now,
        )
    day = date(2026, 6, 1)
    (deposit,) = load_deposits([Project.objects.get(pk=stage.project.pk)], today=day)
    assert (run(day, "A3").found == 1) == (deposit.state.code == "late")
    assert deposit.state.code in {"late", "exempt"}


def test_a_guarantee_warns_before_its_end_and_turns_red_after_it(stage):
    ends = date(2026, 12, 31)
    entry(
        stage, 1, "lodged", STARTED, amount=372_000_000, balance=372_000_000, expires=ends, form="guarantee"
    )
    assert run(ends - timedelta(days=31), "A4").found == 0
    run(ends - timedelta(days=30), "A4")
    assert (only().level, only().amount_fen, only().due_on) == (1, 372_000_000, ends)
    run(ends, "A4")
    assert only().level == 1
    run(ends + timedelta(days=1), "A4")
    assert only().level == 3
    assert only().facts == {"expires_on": "2026-12-31", "form": "guarantee", "over": True}
    entry(stage, 2, "replaced", ends, balance=372_000_000, expires=date(2028, 1, 1), form="guarantee")
    assert run(ends + timedelta(days=2), "A4").closed == 1


def test_the_deposit_must_be_full_again_ten_working_days_after_its_use(stage):
    used = date(2026, 6, 1)
    entry(stage, 1, "lodged", STARTED, amount=372_000_000, balance=372_000_000)
    entry(stage, 2, "paid_out", used, amount=-22_000_000, balance=350_000_000)
    assert run(date(2026, 6, 15), "A5").found == 0
    assert run(date(2026, 6, 16), "A5").opened == 1
    alarm = only()
    assert (alarm.level, alarm.amount_fen, alarm.due_on, alarm.period) == (
        3,
        22_000_000,
        date(2026, 6, 15),
        "2026-06-01",
    )
    assert alarm.facts == {
        "used_on": "2026-06-01",
        "used_fen": 22_000_000,
        "balance_fen": 350_000_000,
        "due_fen": 372_000_000,
    }
    entry(stage, 3, "topped_up", date(2026, 6, 17), amount=22_000_000, balance=372_000_000)
    assert run(date(2026, 6, 18), "A5").closed == 1


def papers_in_order(stage) -> None:
    """Clerk and subcontract are on record, so that A6 has only the guarantee to ask for."""
    Participation.objects.filter(pk=stage.gc_part.pk).update(clerk_name="赵春燕")
    Participation.objects.filter(pk=stage.sc_part.pk).update(contract_signed_on=STARTED)


def test_asks_for_clerk_and_subcontract_a_week_after_the_start(stage):
    give_guarantee(stage)
    assert run(STARTED + timedelta(days=7), "A6").found == 0
    run(STARTED + timedelta(days=8), "A6")
    assert only().facts == {
        "no_clerk": 1,
        "no_contract": 1,
        "firms": sorted([stage.gc_part.pk, stage.sc_part.pk]),
    }
    Participation.objects.filter(pk=stage.gc_part.pk).update(clerk_name="赵春燕")
    run(STARTED + timedelta(days=9), "A6")
    assert only().facts["no_clerk"] == 0
    Participation.objects.filter(pk=stage.sc_part.pk).update(contract_signed_on=STARTED)
    assert run(STARTED + timedelta(days=10), "A6").closed == 1
    assert [kind for kind, *_ in flips(only())] == ["opened", "closed"]


def test_asks_for_the_owners_guarantee_after_the_regions_days(stage):
    papers_in_order(stage)
    assert run(SIGNED + timedelta(days=30), "A6").found == 0
    assert run(SIGNED + timedelta(days=31), "A6").opened == 1
    alarm = only()
    assert (alarm.period, alarm.level, alarm.due_on, alarm.participation_id, alarm.facts) == (
        "guarantee",
        1,
        SIGNED + timedelta(days=30),
        stage.owner_part.pk,
        {"guarantee": "none", "signed_on": "2026-03-02"},
    )
    give_guarantee(stage)
    assert run(SIGNED + timedelta(days=32), "A6").closed == 1
    assert [kind for kind, *_ in flips(only())] == ["opened", "closed"]


def test_a_guarantee_that_ended_counts_from_the_day_after(stage):
    papers_in_order(stage)
    first = replace(PAPER, valid_until=date(2026, 9, 30))
    give_guarantee(stage, first)
    assert run(date(2026, 9, 30), "A6").found == 0
    assert run(date(2026, 10, 1), "A6").opened == 1
    assert (only().due_on, only().facts["guarantee"], only().facts["over_on"]) == (
        date(2026, 9, 30),
        "over",
        "2026-09-30",
    )
    later = replace(PAPER, paper_number="BH-2", valid_from=date(2026, 10, 20))
    give_guarantee(stage, later)
    assert run(date(2026, 10, 19), "A6").found == 1
    assert only().facts["begins_on"] == "2026-10-20"
    assert run(date(2026, 10, 20), "A6").closed == 1


def test_an_entry_that_was_replaced_covers_nothing(stage):
    papers_in_order(stage)
    give_guarantee(stage)
    assert run(stage.today, "A6").found == 0
    end_early(stage)
    assert run(stage.today, "A6").opened == 1
    assert only().facts["over_on"] == "2026-11-15"


def test_regions_say_of_which_contracts_they_ask_a_guarantee(stage):
    papers_in_order(stage)
    day = SIGNED + timedelta(days=60)
    sum_fen = stage.project.contract_sum_fen
    for key, value, found in (
        ("guarantee.small_under_fen", sum_fen + 1, 0),
        ("guarantee.small_under_fen", sum_fen, 1),
        ("guarantee.asked_since", "2026-03-03", 0),
        ("guarantee.asked_since", "", 0),
        ("guarantee.asked_since", "2026-03-02", 1),
        ("alarm.A6.guarantee_days", {"yellow": 60}, 0),
        ("alarm.A6.guarantee_days", {"orange": 59}, 1),
        ("alarm.A6.guarantee_days", {}, 0),
    ):
        Parameter.objects.filter(region="330703").delete()
        set_parameter(key, value, "330703")
        assert run(day, "A6").found == found, (key, value)
        state = load_guarantee(Project.objects.get(pk=stage.project.pk), today=day).state
        if key.startswith("guarantee."):
            assert state.lacks == bool(found), (key, value)


def test_works_that_are_done_and_factories_need_no_guarantee(stage):
    papers_in_order(stage)
    day = SIGNED + timedelta(days=60)
    for change in ({"state": "done"}, {"sector": "manufacturing", "state": "active"}):
        Project.objects.filter(pk=stage.project.pk).update(**change)
        assert run(day, "A6").found == 0


def test_the_owner_is_told_of_its_missing_guarantee_and_others_are_not_disturbed(stage):
    day = STARTED + timedelta(days=8)
    run(day, "A6")
    alarm = Alarm.objects.get(period="guarantee")
    papers = Alarm.objects.get(period="standing")
    told = firms_told([alarm, papers])
    assert told[alarm.pk] == {stage.zhao.pk, stage.he.pk, stage.ye.pk}
    assert stage.ye.pk not in told[papers.pk]
    tell_alarms(now=at(day))
    assert set(told_alarms(stage.actor(stage.ye))) == {alarm}
    assert alarm not in told_alarms(stage.actor(stage.qian))
    page = stage.client(stage.ye).get(reverse("warnings:alarm", args=[alarm.pk])).content.decode()
    assert "建设单位没有提供工程款支付担保" in page
    assert reverse("payroll:guarantee", args=[stage.project.pk]) in page


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_alarm_of_papers_has_a_page(stage, language):
    ends = date(2026, 12, 1)
    stage_account = account(stage)
    entry(
        stage, 1, "lodged", STARTED, amount=372_000_000, balance=372_000_000, expires=ends, form="guarantee"
    )
    entry(stage, 2, "paid_out", date(2026, 10, 1), amount=-22_000_000, balance=350_000_000)
    for code, count in (("A2", 1), ("A4", 1), ("A5", 1), ("A6", 2)):
        assert run(stage.today, code).found == count, code
    client = stage.client(stage.li)
    client.cookies["django_language"] = language
    for alarm in Alarm.objects.all():
        page = client.get(reverse("inspection:alarm", args=[alarm.pk]))
        assert page.status_code == 200, alarm.rule
        assert page.context["facts"], alarm.rule
    page = client.get(reverse("inspection:alarms") + "?group=A").content.decode()
    assert page.count("/supervision/alarms/") >= 4
    assert stage_account.project_id == stage.project.pk
