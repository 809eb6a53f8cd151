"""D3: the due date, the levels, what is owed, and the estimate where nothing was made."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from devices.models import AttendanceDay
from inspection.models import Alarm
from registration.models import Posting
from tests.cast import make_posting
from tests.inspection.stage import (
    DUE,
    OCTOBER,
    attend,
    flips,
    rest_day,
    run,
    sent_sheet,
    set_parameter,
    set_parameters,
    set_slips,
)

SUN, ZHOU = 792_000, 714_000


@pytest.fixture
def stage(cast):
    set_parameters()
    return cast


@pytest.fixture
def sheet(stage):
    return sent_sheet(stage.sc_part, [(stage.sun_posting, SUN), (stage.zhou_posting, ZHOU)])


def only() -> Alarm:
    return Alarm.objects.get()


def test_is_silent_on_the_day_before_and_speaks_on_the_due_date(stage, sheet):
    assert run(DUE - timedelta(days=1)).found == 0
    assert Alarm.objects.count() == 0
    assert run(DUE).opened == 1
    alarm = only()
    assert (alarm.rule, alarm.period, alarm.level, alarm.due_on) == ("D3", "2026-10", 1, DUE)
    assert (alarm.amount_fen, alarm.people, alarm.participation_id) == (SUN + ZHOU, 2, stage.sc_part.pk)
    assert alarm.facts == {
        "estimated": False,
        "piece_people": 0,
        "parts": [
            {
                "participation": stage.sc_part.pk,
                "owed_fen": SUN + ZHOU,
                "people": 2,
                "returned": 0,
                "instructed": 0,
                "objected": 0,
                "waiting": 2,
                "state": "confirming",
                "sheet_people": 2,
                "estimated": False,
            }
        ],
    }


def test_the_site_day_counts_not_utc(stage, sheet):
    """At 00:30 in Jinhua it is still the day before in UTC."""
    assert run(DUE, hour=0).opened == 1


def test_without_a_sheet_the_due_date_moves_earlier_over_rest_days(stage):
    attend(stage.sun_posting, 20)
    rest_day(date(2026, 11, 13))
    assert run(date(2026, 11, 11)).found == 0
    assert run(date(2026, 11, 12)).opened == 1
    assert only().due_on == date(2026, 11, 12)


def test_levels_rise_at_30_and_60_days(stage, sheet):
    for day, level in ((0, 1), (29, 1), (30, 2), (59, 2), (60, 3)):
        run(DUE + timedelta(days=day))
        assert only().level == level
    assert [kind for kind, *_ in flips(only())] == ["opened", "raised", "raised"]


def test_the_nearest_region_sets_the_levels(stage, sheet):
    set_parameter("alarm.D3.days", {"yellow": 5, "orange": 12, "red": 40}, "330700")
    set_parameter("alarm.D3.days", {"yellow": 2, "orange": 10, "red": 20}, "330703")
    set_parameter("alarm.D3.days", {"yellow": 90, "orange": 91, "red": 92}, "330702")
    assert run(DUE + timedelta(days=1)).found == 0
    for day, level in ((2, 1), (9, 1), (10, 2), (20, 3)):
        run(DUE + timedelta(days=day))
        assert only().level == level


def test_a_region_changes_its_levels_from_a_day_on_and_the_alarm_goes_down(stage, sheet):
    run(DUE + timedelta(days=31))
    set_parameter(
        "alarm.D3.days",
        {"yellow": 0, "orange": 45, "red": 90},
        "330703",
        since=DUE + timedelta(days=32),
    )
    run(DUE + timedelta(days=32))
    assert flips(only()) == [("opened", 2, SUN + ZHOU, 2), ("lowered", 1, SUN + ZHOU, 2)]


def test_paid_slips_and_slips_without_money_are_not_owed(stage, sheet):
    set_slips(sheet, worker=stage.sun.pk, payment="paid", state="part_paid")
    run(DUE)
    assert (only().amount_fen, only().people) == (ZHOU, 1)
    set_slips(sheet, worker=stage.zhou.pk, net_fen=0, gross_fen=0)
    assert run(DUE + timedelta(days=1)).closed == 1


def test_closes_by_data_and_opens_again_when_money_comes_back(stage, sheet):
    run(DUE)
    set_slips(sheet, worker=stage.sun.pk, payment="paid", state="part_paid")
    run(DUE + timedelta(days=1))
    set_slips(sheet, payment="paid", state="settled")
    assert run(DUE + timedelta(days=2)).closed == 1
    assert only().state == "closed"
    assert run(DUE + timedelta(days=3)).changed == 0
    set_slips(sheet, worker=stage.zhou.pk, payment="returned", state="part_paid")
    assert run(DUE + timedelta(days=4)).opened == 1
    assert flips(only()) == [
        ("opened", 1, SUN + ZHOU, 2),
        ("changed", 1, ZHOU, 1),
        ("closed", 1, 0, 0),
        ("reopened", 1, ZHOU, 1),
    ]
    assert (only().state, only().closed_at) == ("open", None)


def test_a_leaver_and_a_supplement_sheet_have_their_own_due_dates(stage, sheet):
    set_slips(sheet, payment="paid", state="settled")
    sent_sheet(stage.sc_part, [(stage.sun_posting, 50_000)], kind="leaver", due_on=date(2026, 11, 6))
    sent_sheet(stage.sc_part, [(stage.zhou_posting, 30_000)], kind="supplement", due_on=date(2026, 12, 15))
    run(date(2026, 11, 6))
    assert (only().amount_fen, only().due_on) == (50_000, date(2026, 11, 6))
    run(date(2026, 12, 15))
    assert (only().amount_fen, only().people, only().due_on) == (80_000, 2, date(2026, 11, 6))


def test_estimates_by_day_hour_and_month_as_a_sheet_would(stage):
    """22.5 days × 360; 485 minutes × 3 at 28.50 an hour, from minutes; a month of 8,000 capped at itself."""
    attend(stage.sun_posting, Decimal("22.5"))
    Posting.objects.filter(pk=stage.zhou_posting.pk).update(pay_basis="hour", rate_fen=2850)
    attend(stage.zhou_posting, 3, minutes=485)
    monthly = make_posting(stage.wu, stage.gc_team, pin=8, rate_fen=800_000)
    Posting.objects.filter(pk=monthly.pk).update(pay_basis="month")
    attend(monthly, 26)
    run(DUE)
    # 3 × 485 min = 24.25 h × 28.50 = 691.125 yuan, half up
    expected = {stage.sc_part.pk: (810_000 + 69_113, 2), stage.gc_part.pk: (800_000, 1)}
    alarm = only()
    assert {p["participation"]: (p["owed_fen"], p["people"]) for p in alarm.facts["parts"]} == expected
    assert (alarm.amount_fen, alarm.people, alarm.facts["estimated"]) == (1_679_113, 3, True)


def test_the_estimate_equals_the_sheet_made_from_the_same_days(stage):
    from payroll.services import sheets

    Posting.objects.filter(pk=stage.zhou_posting.pk).update(pay_basis="month", rate_fen=655_555)
    attend(stage.sun_posting, Decimal("21.5"))
    attend(stage.zhou_posting, Decimal("13.5"))
    run(DUE)
    sheet = sheets.make_sheet_from_attendance(
        stage.project.pk, stage.sc_part.pk, OCTOBER, actor=stage.actor(stage.qian), now=stage.now
    )
    assert only().amount_fen == sheet.net_fen > 0
    assert run(DUE + timedelta(days=3)).changed == 0, "a draft is no sheet"
    sheets.submit_sheet(sheet.pk, actor=stage.actor(stage.qian), now=stage.now)
    run(DUE + timedelta(days=3))
    assert (only().amount_fen, only().facts["estimated"]) == (sheet.net_fen, False)


def test_piece_workers_without_a_sheet_count_though_their_sum_is_unknown(stage):
    Posting.objects.filter(pk=stage.sun_posting.pk).update(pay_basis="piece")
    attend(stage.sun_posting, 20)
    run(DUE)
    assert (only().amount_fen, only().people, only().facts["piece_people"]) == (0, 1, 1)


def test_a_leavers_settlement_does_not_silence_the_others(stage):
    attend(stage.sun_posting, 10)
    attend(stage.zhou_posting, 10)
    sent_sheet(stage.sc_part, [(stage.sun_posting, 360_000)], kind="leaver", payment="paid", state="settled")
    run(DUE)
    assert (only().amount_fen, only().people) == (340_000, 1)
    assert only().facts["parts"][0]["state"] == "none"


def test_people_left_out_of_the_sheet_are_owed(stage):
    attend(stage.sun_posting, 10)
    attend(stage.zhou_posting, 10)
    sent_sheet(stage.sc_part, [(stage.sun_posting, 360_000)], payment="paid", state="settled")
    run(DUE)
    assert (only().amount_fen, only().people) == (340_000, 1)
    assert only().facts["parts"][0]["state"] == "left_out"


def test_the_wage_month_begins_where_the_region_says(stage):
    """With start day 26, the 25th of September belongs to September and the 26th to October."""
    set_parameter("pay.month_start_day", 26, "330703")
    attend(stage.sun_posting, 1, month=date(2026, 9, 1), start=26)
    attend(stage.sun_posting, 1, month=OCTOBER, start=25)
    attend(stage.sun_posting, 1, month=OCTOBER, start=26)
    run(DUE)
    assert (only().period, only().amount_fen) == ("2026-10", 72_000)


def test_an_unsheeted_month_stays_open_for_years(stage):
    attend(stage.sun_posting, 10)
    run(DUE)
    assert run(date(2027, 11, 1)).closed == 0
    assert (only().state, only().level, only().amount_fen) == ("open", 3, 360_000)


def test_days_without_work_are_no_debt(stage):
    AttendanceDay.objects.create(
        day=OCTOBER,
        project=stage.project,
        worker_id=stage.sun.pk,
        posting_id=stage.sun_posting.pk,
        minutes=0,
        days=Decimal(0),
        state="open",
        passages=1,
    )
    assert run(DUE).found == 0


def test_each_project_has_its_own_alarm(stage, sheet):
    sent_sheet(stage.other_part, [(stage.wu_posting, 111_100)])
    assert run(DUE).opened == 2
    assert set(Alarm.objects.values_list("project_id", "amount_fen")) == {
        (stage.project.pk, SUN + ZHOU),
        (stage.other_project.pk, 111_100),
    }
