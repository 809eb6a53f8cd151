"""Simulated history: the same seed gives the same months, nothing stays, and lines add up."""

from datetime import date

from inspection.models import RiskScore
from inspection.risk.replay import lines_of, recall_by_fate, replay
from inspection.risk.simulation import simulate
from payroll.models import PaySlip
from registration.models import Project
from registration.seed.parameters import parameter_rows
from tests.cast import make_regions
from wagewatch.lib.dates import Calendar

MONTHS = [date(2026, month, 1) for month in range(3, 9)]
SEED = {row.key: row.value for row in parameter_rows() if row.region is None}


def test_the_same_seed_gives_the_same_months():
    one, two, other = (simulate(8, MONTHS, Calendar(), seed=seed) for seed in (3, 3, 4))
    assert one == two
    assert one != other


def test_the_account_is_never_overdrawn_and_wages_leave_it_once():
    for story in simulate(40, MONTHS, Calendar(), seed=5):
        balance = 0
        for entry in story.entries:
            balance += entry.amount_fen
            assert balance >= 0, (story.number, story.fate, entry)
        paid = sum(s.net_fen for m in story.months for s in m.slips if s.paid_at is not None)
        assert -sum(e.amount_fen for e in story.entries if e.kind == "wages") == paid


def test_defaults_follow_from_what_went_wrong():
    stories = simulate(200, MONTHS, Calendar(), seed=5)
    failed = {s.fate for s in stories if any(m.is_default for m in s.months)}
    assert {"contractor_fails", "owner_dries"} <= failed
    sound = [s for s in stories if s.fate == "sound"]
    assert sum(any(m.is_default for m in s.months) for s in sound) * 8 < len(sound)


def test_a_replay_leaves_nothing_and_its_lines_add_up(db):
    make_regions()
    periods = replay(
        projects=24,
        months=MONTHS,
        calendar=Calendar(),
        seed=11,
        variants={"all": SEED["risk.factors"]},
        nearness=SEED["risk.nearness"],
        every=4,
    )
    assert (Project.objects.count(), PaySlip.objects.count(), RiskScore.objects.count()) == (0, 0, 0)
    assert periods
    for line in lines_of(periods, "all", (1, 40, 101)):
        assert line.defaults + line.sound == len(periods)
        assert 0 <= line.caught <= line.defaults
        assert line.caught <= line.fired
    everything, _watch, nothing = lines_of(periods, "all", (1, 40, 101))
    assert everything.recall >= 0.8
    assert (nothing.fired, nothing.precision, nothing.lead_days) == (0, 0.0, None)
    assert sum(n for _hit, n in recall_by_fate(periods, "all", 40).values()) == everything.defaults
