"""Evidence of attendance: sealed when nothing can change any more, sealed again when it did, tampering found."""

from datetime import UTC, date, datetime, timedelta

from devices.models import AttendanceDay, Batch, DaySeal, DirtyDay, Passage
from devices.services import seals
from devices.services.days import roll_up
from tests.cast import Cast
from tests.devices.post import Gate, event
from wagewatch.evidence.audit import Problem, audit
from wagewatch.evidence.models import Entry
from wagewatch.evidence.sequencing import sequence

D = date(2026, 11, 10)
OVER = datetime(2026, 11, 11, 13, 0, tzinfo=UTC)
"""21:00 on the eleventh: 41 h after the tenth began."""


def worked(gate: Gate) -> None:
    gate.post(event(1, "2026-11-10T07:00:00+08:00"), event(1, "2026-11-10T17:00:00+08:00", "out"))


def findings(cast: Cast) -> list[tuple[str, str]]:
    sequence(cast.now)
    return [(f.problem, f.subject) for f in audit().findings]


def test_seals_a_day_that_is_over_and_rolled_up(cast: Cast, gate: Gate) -> None:
    worked(gate)
    assert seals.seal_days(now=OVER) == 0  # not rolled up yet
    roll_up(now=cast.now)
    assert seals.seal_days(now=OVER - timedelta(seconds=1)) == 0
    assert seals.seal_days(now=OVER) == 1
    assert seals.seal_days(now=OVER) == 0
    entry = Entry.objects.get()
    assert (entry.kind, entry.subject, entry.project_id) == (
        "attendance.day",
        f"attendance:{cast.project.pk}:2026-11-10",
        cast.project.pk,
    )
    assert findings(cast) == []


def test_a_late_event_seals_the_day_again_at_once(cast: Cast, gate: Gate) -> None:
    worked(gate)
    roll_up(now=cast.now)
    seals.seal_days(now=OVER)
    before = DaySeal.objects.get().digest
    gate.post(event(1, "2026-11-10T18:30:00+08:00", "out"))
    assert not DirtyDay.objects.exists()
    assert AttendanceDay.objects.get().minutes == 690
    assert DaySeal.objects.get().digest != before
    assert Entry.objects.count() == 2
    assert findings(cast) == []


def test_a_late_event_of_the_next_morning_seals_the_night_shift_again(cast: Cast, gate: Gate) -> None:
    gate.post(event(1, "2026-11-10T19:00:00+08:00"))
    roll_up(now=cast.now)
    seals.seal_days(now=OVER)
    gate.post(event(1, "2026-11-11T06:00:00+08:00", "out"))
    assert AttendanceDay.objects.get(day=D).minutes == 660
    seals.seal_days(now=cast.now)  # the eleventh itself
    assert findings(cast) == []


def test_the_same_events_again_leave_the_seal_alone(cast: Cast, gate: Gate) -> None:
    worked(gate)
    roll_up(now=cast.now)
    seals.seal_days(now=OVER)
    worked(gate)
    assert Entry.objects.count() == 1


def test_old_stamps_that_came_just_now_are_work_for_the_seal_task_and_no_finding(
    cast: Cast, gate: Gate
) -> None:
    worked(gate)
    roll_up(now=cast.now)
    assert findings(cast) == []
    Batch.objects.update(received_at=cast.now - seals.SEAL_GRACE)
    assert findings(cast) == [(Problem.RECORD_UNRECORDED, f"attendance:{cast.project.pk}:2026-11-10")]
    seals.seal_days(now=cast.now)
    assert findings(cast) == []


def test_a_day_too_old_for_the_seal_task_is_sealed_as_it_arrives(cast: Cast, gate: Gate) -> None:
    gate.post(event(1, "2026-09-10T07:00:00+08:00"), event(1, "2026-09-10T17:00:00+08:00", "out"))
    roll_up(now=cast.now)
    assert DaySeal.objects.get().day == date(2026, 9, 10)
    Batch.objects.update(received_at=cast.now - seals.SEAL_GRACE)
    assert findings(cast) == []


def test_finds_rows_changed_behind_the_systems_back(cast: Cast, gate: Gate) -> None:
    worked(gate)
    roll_up(now=cast.now)
    seals.seal_days(now=OVER)
    subject = f"attendance:{cast.project.pk}:2026-11-10"
    AttendanceDay.objects.update(minutes=60)
    assert findings(cast) == [(Problem.RECORD_CHANGED, subject)]
    AttendanceDay.objects.update(minutes=600)
    assert findings(cast) == []
    Passage.objects.filter(direction=2).update(event_id="forged")
    assert findings(cast) == [(Problem.RECORD_CHANGED, subject)]
    Passage.objects.all().delete()
    AttendanceDay.objects.all().delete()
    assert findings(cast) == [(Problem.RECORD_GONE, subject)]


def test_finds_a_day_put_in_past_the_services(cast: Cast, gate: Gate) -> None:
    Passage.objects.create(
        day=D, project=cast.project, worker_id=cast.sun.pk, at=cast.now - timedelta(days=6), direction=1,
        terminal_id=cast.terminal.pk, batch_pk=1, event_id="forged",
    )  # fmt: skip
    assert findings(cast) == [(Problem.RECORD_UNRECORDED, f"attendance:{cast.project.pk}:2026-11-10")]
