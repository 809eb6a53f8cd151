"""C2 to C5: papers, silent sites, odd attendance, ages and trades."""

from datetime import date, datetime, timedelta

import pytest

from devices.models import AttendanceDay, DayCorrection, Passage
from inspection.models import Alarm
from registration.models import (
    Certificate,
    LabourContract,
    Posting,
    Project,
    Training,
    TrainingAttendance,
    Worker,
)
from tests.cast import JOINED, make_posting, make_worker
from tests.inspection.stage import at, rest_day, run, set_parameter, set_parameters

MONDAY = date(2026, 11, 16)


@pytest.fixture
def stage(cast):
    set_parameters()
    Project.objects.filter(pk=cast.other_project.pk).update(state="done")
    for key in ("C2", "C4", "C5"):
        set_parameter(f"alarm.{key}.people", {"yellow": 1}, "330703")
    set_parameter("entry.training", {"level": "deny", "kinds": ["003001", "003002"], "within_days": 365})
    set_parameter("entry.stale", {"level": "deny", "days": 365})
    set_parameter("entry.age", {"minor": "warn", "limits": [{"level": "warn", "male": 60, "female": 55}]})
    return cast


def only() -> Alarm:
    return Alarm.objects.get()


def contract(stage, posting, number, **more):
    values = {
        "project_id": posting.project_id,
        "posting": posting,
        "participation_id": posting.participation_id,
        "worker_id": posting.worker_id,
        "number": number,
        "state": "in_force",
        "period": "1",
        "starts_on": JOINED,
        "signed_on": JOINED,
        "made_at": stage.now,
    }
    return LabourContract.objects.create(**values | more)


def train(stage, worker, held_on, kind="003001"):
    training = Training.objects.create(
        project=stage.project, kind=kind, name="三级教育", held_on=held_on, minutes=60, recorded_at=stage.now
    )
    TrainingAttendance.objects.create(project=stage.project, training=training, worker=worker)


def day_of(posting, day, *, hours=(7, 17), state="closed", days=1):
    AttendanceDay.objects.create(
        day=day,
        project_id=posting.project_id,
        worker_id=posting.worker_id,
        posting_id=posting.pk,
        minutes=480,
        days=days,
        state=state,
        passages=2,
        first_in=at(day, hours[0]) if hours[0] is not None else None,
        last_out=at(day, hours[1]) if hours[1] is not None else None,
    )


def test_papers_are_asked_a_week_after_joining(stage):
    assert run(JOINED + timedelta(days=6), "C2").found == 0
    assert run(JOINED + timedelta(days=7), "C2").opened == 1
    assert (only().people, only().level) == (2, 1)
    assert only().facts == {"no_contract": 2, "no_training": 2, "stale": 0}
    contract(stage, stage.sun_posting, "C1")
    train(stage, stage.sun, JOINED)
    train(stage, stage.zhou, JOINED - timedelta(days=365))
    run(MONDAY, "C2")
    assert (only().people, only().facts) == (1, {"no_contract": 1, "no_training": 0, "stale": 0})
    contract(stage, stage.zhou_posting, "C2", period="0", ends_on=MONDAY)
    assert run(MONDAY, "C2").closed == 1
    assert run(MONDAY + timedelta(days=1), "C2").opened == 1, "the contract ended yesterday"


def test_a_training_too_long_ago_or_of_another_kind_does_not_count(stage):
    for posting, number in ((stage.sun_posting, "C1"), (stage.zhou_posting, "C2")):
        contract(stage, posting, number)
    train(stage, stage.sun, JOINED - timedelta(days=366))
    train(stage, stage.zhou, JOINED, kind="003004")
    run(MONDAY, "C2")
    assert only().facts == {"no_contract": 0, "no_training": 2, "stale": 0}


def test_data_older_than_a_year_counts(stage):
    for posting, number in ((stage.sun_posting, "C1"), (stage.zhou_posting, "C2")):
        contract(stage, posting, number)
    train(stage, stage.sun, JOINED)
    train(stage, stage.zhou, JOINED)
    registered = date(2026, 8, 1)
    assert run(registered + timedelta(days=365), "C2").found == 0
    run(registered + timedelta(days=366), "C2")
    assert only().facts["stale"] == 2
    Worker.objects.filter(pk=stage.sun.pk).update(updated_at=at(MONDAY))
    run(registered + timedelta(days=366), "C2")
    assert (only().people, only().facts["stale"]) == (1, 1)


def test_a_site_is_silent_on_the_third_working_day_without_attendance(stage):
    thursday = date(2026, 11, 12)
    day_of(stage.sun_posting, thursday)
    for day, found in (
        (date(2026, 11, 15), 0),
        (MONDAY, 0),
        (MONDAY + timedelta(days=1), 0),
        (MONDAY + timedelta(days=2), 1),
    ):
        assert run(day, "C3").found == found, day
    assert (only().period, only().people, only().facts) == (
        "2026-11-12",
        2,
        {"last_day": "2026-11-12", "since": "2026-11-12"},
    )
    rest_day(MONDAY)
    assert run(MONDAY + timedelta(days=2), "C3").closed == 1, "a holiday does not count"
    run(MONDAY + timedelta(days=3), "C3")
    day_of(stage.sun_posting, MONDAY + timedelta(days=3))
    assert run(MONDAY + timedelta(days=3), "C3").closed == 1


def test_a_stopped_site_may_be_silent_and_one_that_never_spoke_is_seen(stage):
    run(MONDAY, "C3")
    assert only().facts == {"last_day": None, "since": str(JOINED - timedelta(days=1))}
    Project.objects.filter(pk=stage.project.pk).update(state="stopped")
    assert run(MONDAY, "C3").closed == 1


def test_odd_attendance_of_the_week_is_counted_by_person(stage):
    tuesday = MONDAY + timedelta(days=1)
    day_of(stage.sun_posting, MONDAY - timedelta(days=1), hours=(3, 22))
    assert run(tuesday, "C4").found == 0, "that was last week"
    day_of(stage.sun_posting, MONDAY, hours=(3, 19))
    assert run(tuesday, "C4").found == 0, "sixteen hours are a stay"
    day_of(stage.zhou_posting, MONDAY, hours=(7, None), state="open")
    run(tuesday, "C4", hour=0)
    assert (only().people, only().facts) == (1, {"stay": 1, "sites": 0, "record": 0})
    DayCorrection.objects.create(
        project=stage.project,
        worker=stage.zhou,
        day=MONDAY,
        kind="leave",
        reason="unknown",
        note="班长说下班时闸机断电",
        made_by=stage.qian,
        made_at=stage.now,
    )
    assert run(tuesday, "C4").closed == 1


def test_two_sites_at_once_and_one_record_for_two_people(stage):
    there = make_posting(stage.sun, stage.other_team, pin=44)
    day_of(stage.sun_posting, MONDAY, hours=(7, 12))
    day_of(there, MONDAY, hours=(11, 17))
    for worker in (stage.sun, stage.zhou):
        Passage.objects.create(
            day=MONDAY,
            project_id=stage.project.pk,
            worker_id=worker.pk,
            at=at(MONDAY, 7),
            direction=1,
            terminal_id=stage.terminal.pk,
            batch_pk=1,
            event_id="same",
        )
    run(MONDAY, "C4", hour=20)
    mine = Alarm.objects.get(project=stage.project)
    assert (mine.people, mine.facts) == (2, {"stay": 0, "sites": 1, "record": 2})
    set_parameter("odd.two_sites", {"minutes": 61}, "330703")
    run(MONDAY, "C4", hour=20)
    mine.refresh_from_db()
    assert mine.facts["sites"] == 0


def test_age_and_trade_by_the_conditions_of_entry(stage):
    """Sun is 47 and Zhou 39; the youngest age is red whatever a region says."""
    assert run(MONDAY, "C5").found == 0
    young, _card = make_worker("小毛", birth=MONDAY.replace(year=2010) + timedelta(days=1), seq=701)
    posting = make_posting(young, stage.team, pin=70)
    run(MONDAY, "C5")
    assert (only().level, only().facts) == (3, {"young": 1, "minor": 0, "old": 0, "certificate": 0})
    run(MONDAY + timedelta(days=1), "C5")
    assert (only().level, only().facts["minor"]) == (1, 1), "sixteen today, protected until eighteen"
    Posting.objects.filter(pk=posting.pk).update(left_on=MONDAY)
    assert run(MONDAY + timedelta(days=1), "C5").closed == 1


def test_an_age_limit_of_a_trade_denies_in_its_region_only(stage):
    Posting.objects.filter(pk=stage.sun_posting.pk).update(trade="架子工")
    limits = [{"level": "deny", "male": 45, "female": 40, "trades": ["架子"]}]
    set_parameter("entry.age", {"minor": "warn", "limits": limits}, "330702")
    assert run(MONDAY, "C5").found == 0
    set_parameter("entry.age", {"minor": "warn", "limits": limits}, "330703")
    run(MONDAY, "C5")
    assert (only().level, only().facts["old"]) == (2, 1)


def test_a_special_operation_needs_a_valid_certificate(stage):
    Posting.objects.filter(pk=stage.sun_posting.pk).update(trade="电焊工")
    set_parameter("entry.certificate", {"level": "warn", "trades": [["架子"], ["焊"]]})
    run(MONDAY, "C5")
    assert (only().level, only().facts["certificate"]) == (1, 1)
    Certificate.objects.create(
        worker=stage.sun,
        kind="special",
        trade="焊接与热切割",
        number="T1",
        number_index=b"c" * 32,
        number_tail="T1",
        issuer="应急管理局",
        issued_on=JOINED,
        expires_on=MONDAY,
        recorded_at=datetime.combine(MONDAY, datetime.min.time(), stage.now.tzinfo),
    )
    assert run(MONDAY, "C5").closed == 1
    assert run(MONDAY + timedelta(days=1), "C5").opened == 1
