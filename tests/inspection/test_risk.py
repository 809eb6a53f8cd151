"""The risk score: points by rule, facts as of an instant, what is stored."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection.models import ProjectStat, RiskScore
from inspection.risk.facts import facts_of
from inspection.risk.rules import Facts, nearness, score, share_of
from inspection.services.risk import score_risk
from inspection.services.stats import rebuild_stat
from payroll.models import AllocationPlan, ArrearsRecord, PaySlip
from tests.inspection.stage import DUE, OCTOBER, at, attend, sent_sheet, set_parameter, set_slips
from tests.payroll.stage import account

SUN, ZHOU = 792_000, 714_000
FACTORS = {
    "balance": {"weight": 35, "from": 100, "full": 30},
    "allocation": {"weight": 20, "from": 3, "full": 30},
    "sheet": {"weight": 15, "from": 10, "full": 2},
    "confirmation": {"weight": 10, "from": 4, "full": 10},
    "attendance": {"weight": 15, "from": 20, "full": 60},
    "late": {"weight": 40, "from": 0, "full": 30},
    "firms": {"weight": 15, "from": 0, "full": 2},
}
NEAR = {"full": 7, "none": 20}


def facts(**changed):
    plain = {
        "project_id": 1,
        "region_id": "330703",
        "today": date(2026, 11, 10),
        "due_on": DUE,
        "need_fen": 1_000_000,
        "is_estimated": False,
        "balance_fen": 1_000_000,
        "allocation_days": 0,
        "allocation_short_fen": 0,
        "sheet_sent": True,
        "people": 20,
        "wait_days": 0.0,
        "attended_now": 18.0,
        "attended_before": 18.0,
        "late_days": 0,
        "firm_count": 0,
    }
    return Facts(**{**plain, **changed})


def points(**changed):
    return {r.code: r.points for r in score(facts(**changed), FACTORS, NEAR).reasons}


def test_a_sound_project_has_no_points():
    assert score(facts(), FACTORS, NEAR).points == 0


def test_each_factor_counts_in_proportion_between_its_marks():
    assert points(balance_fen=650_000) == {"balance": 18}
    assert points(balance_fen=300_000) == {"balance": 35}
    assert points(balance_fen=None) == {"balance": 35}
    assert points(allocation_days=3) == {}
    assert points(allocation_days=30, allocation_short_fen=5) == {"allocation": 20}
    assert points(sheet_sent=False) == {"sheet": 13}
    assert points(wait_days=7.0) == {"confirmation": 5}
    assert points(attended_now=9.0) == {"attendance": 11}
    assert points(late_days=15) == {"late": 20}
    assert points(firm_count=1) == {"firms": 8}


def test_an_empty_account_counts_by_how_near_the_pay_day_is():
    found = [
        points(balance_fen=0, today=DUE - timedelta(days=days)).get("balance", 0) for days in (20, 14, 7, 0)
    ]
    assert found == [0, 16, 35, 35]


def test_a_small_crew_that_halves_says_nothing():
    assert points(attended_before=2.0, attended_now=0.0) == {}


def test_the_sum_ends_at_a_hundred_and_the_largest_reason_stands_first():
    found = score(
        facts(balance_fen=0, allocation_days=40, late_days=40, firm_count=3, attended_now=0.0), FACTORS, NEAR
    )
    assert found.points == 100
    assert [r.code for r in found.reasons] == ["late", "balance", "allocation", "attendance", "firms"]


@given(st.floats(-1e6, 1e6), st.floats(-1e3, 1e3), st.floats(-1e3, 1e3))
def test_a_share_lies_between_nothing_and_all(value, start, full):
    assert 0.0 <= share_of(value, start, full) <= 1.0


def test_without_a_pay_day_nothing_is_near():
    assert nearness(None, NEAR) == 0.0


@pytest.fixture
def stage(cast):
    set_parameter("risk.factors", FACTORS)
    set_parameter("risk.nearness", NEAR)
    set_parameter("risk.keep_days", 400)
    cast.sheet = sent_sheet(cast.sc_part, [(cast.sun_posting, SUN), (cast.zhou_posting, ZHOU)])
    return cast


def of(project, day, hour=9):
    (found,) = facts_of(at(day, hour), project_ids=[project.pk])
    return found


def test_the_facts_of_a_sent_sheet(stage):
    attend(stage.sun_posting, 20)
    found = of(stage.project, date(2026, 11, 9))
    assert (found.due_on, found.need_fen, found.is_estimated) == (DUE, SUN + ZHOU, False)
    assert (found.balance_fen, found.gap_fen, found.sheet_sent) == (None, SUN + ZHOU, True)
    assert (found.wait_days, found.late_days, found.people) == (6.0, 0, 1)


def test_facts_are_as_of_the_instant(stage):
    """What was sent, confirmed and paid later was not known before."""
    attend(stage.sun_posting, 20)
    set_slips(stage.sheet, payment="paid", paid_at=at(date(2026, 11, 20)), confirmed_at=at(date(2026, 11, 5)))
    early = of(stage.project, date(2026, 11, 2))
    assert (early.need_fen, early.sheet_sent, early.is_estimated) == (0, False, True)
    before = of(stage.project, date(2026, 11, 12))
    assert (before.need_fen, before.wait_days, before.late_days) == (SUN + ZHOU, 2.0, 0)
    late = of(stage.project, date(2026, 11, 18))
    # October is overdue, and November's wages are taken as high.
    assert (late.need_fen, late.late_days) == (2 * (SUN + ZHOU), 5)
    after = of(stage.project, date(2026, 11, 22))
    assert (after.need_fen, after.late_days) == (SUN + ZHOU, 7)


def test_one_small_objected_slip_is_no_default(stage):
    PaySlip.objects.filter(sheet_id=stage.sheet.pk, worker_id=stage.sun.pk).update(
        gross_fen=20_000, net_fen=20_000
    )
    set_slips(stage.sheet, worker=stage.zhou.pk, payment="paid", paid_at=at(DUE))
    assert of(stage.project, date(2026, 11, 20)).late_days == 0


def test_a_month_without_a_sheet_is_late_from_its_pay_day(stage):
    attend(stage.sun_posting, 20, month=date(2026, 11, 1))
    set_slips(stage.sheet, payment="paid", paid_at=at(DUE), state="settled")
    # November is due on 15 December, and nobody made its sheet.
    assert of(stage.project, date(2026, 12, 15)).late_days == 0
    assert of(stage.project, date(2026, 12, 18)).late_days == 3


def test_an_allocation_that_did_not_come(stage):
    attend(stage.sun_posting, 20)
    AllocationPlan.objects.create(
        project=stage.project,
        number=1,
        basis="amount",
        amount_fen=2_000_000,
        day=5,
        starts_on=date(2026, 10, 1),
        reason="合同",
        made_at=at(date(2026, 9, 1)),
    )
    found = of(stage.project, date(2026, 11, 9))
    assert (found.allocation_days, found.allocation_short_fen) == (35, 4_000_000)


def test_firms_count_by_records_and_by_other_late_projects(stage):
    attend(stage.sun_posting, 20)
    sheet = sent_sheet(stage.other_part, [(stage.wu_posting, 500_000)])
    assert sheet.pk
    # The owner is the same on both projects, and the other one is late from its due date on.
    assert of(stage.project, DUE).firm_count == 0
    ArrearsRecord.objects.create(
        organisation=stage.gc, kind="arrears", since=date(2025, 12, 1), reason="x", made_at=at(OCTOBER)
    )
    assert of(stage.project, DUE).firm_count == 1
    assert of(stage.project, DUE + timedelta(days=8)).firm_count == 2


def test_scores_are_kept_daily_and_the_newest_stands_with_the_figures(stage):
    attend(stage.sun_posting, 20)
    account(stage)
    rebuild_stat(now=at(DUE))
    assert score_risk(now=at(date(2026, 11, 12))) == 1
    assert score_risk(now=at(date(2026, 11, 12), 20)) == 1
    stored = RiskScore.objects.get()
    stat = ProjectStat.objects.get(project=stage.project)
    assert (stored.day, stored.score, stored.need_fen) == (date(2026, 11, 12), stat.risk, SUN + ZHOU)
    assert sum(r["points"] for r in stored.reasons) == stored.score == 44
    assert [r["code"] for r in stat.risk_reasons] == ["balance", "confirmation"]
    score_risk(now=at(date(2026, 11, 13)))
    assert RiskScore.objects.count() == 2


def test_a_project_that_rests_loses_its_score(stage):
    attend(stage.sun_posting, 20)
    rebuild_stat(now=at(DUE))
    score_risk(now=at(date(2026, 11, 12)))
    set_slips(stage.sheet, payment="paid", paid_at=at(DUE), state="settled")
    score_risk(now=at(date(2027, 2, 10)))
    stat = ProjectStat.objects.get(project=stage.project)
    assert (stat.risk, stat.risk_reasons, stat.risk_at) == (None, None, None)


def test_the_nearest_region_sets_the_weights(stage):
    attend(stage.sun_posting, 20)
    set_parameter("risk.factors", {"late": {"weight": 50, "from": 0, "full": 10}}, region="330703")
    rebuild_stat(now=at(DUE))
    score_risk(now=at(DUE + timedelta(days=10)))
    assert [(r["code"], r["points"]) for r in RiskScore.objects.get(project=stage.project).reasons] == [
        ("late", 50)
    ]
