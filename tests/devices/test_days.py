"""Attendance days: exact values, and the SQL against the rule in plain Python."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices import rules
from devices.models import AttendanceDay, DirtyDay, Passage
from devices.services.days import attendance_days, is_rolled_up, mark_dirty, roll_up
from registration.models import Project
from tests.cast import Cast
from tests.devices.post import Gate, event
from wagewatch.lib.dates import SITE_TZ

D = date(2026, 11, 10)
Row = tuple[date, int, Decimal, str, int]


def punches(*times: str) -> list[dict[str, object]]:
    """Events of Sun: "10 07:00 in" is the tenth of November."""
    return [
        event(1, f"2026-11-{day}T{clock}:00+08:00", {"in": "in", "out": "out", "?": None}[word])
        for day, clock, word in (text.split() for text in times)
    ]


def rows(cast: Cast) -> list[Row]:
    roll_up(now=cast.now)
    assert not DirtyDay.objects.exists()
    found = AttendanceDay.objects.filter(worker_id=cast.sun.pk).order_by("day")
    return [(r.day, r.minutes, r.days, r.state, r.passages) for r in found]


FULL, HALF, NONE = Decimal("1.0"), Decimal("0.5"), Decimal("0.0")


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (["10 07:00 in", "10 11:30 out", "10 13:00 in", "10 17:30 out"], [(D, 540, FULL, "closed", 4)]),
        (["10 07:00 in", "10 14:59 out"], [(D, 479, HALF, "closed", 2)]),
        (["10 07:00 in", "10 15:00 out"], [(D, 480, FULL, "closed", 2)]),
        (["10 07:00 in", "10 09:59 out"], [(D, 179, NONE, "closed", 2)]),
        (["10 07:00 in"], [(D, 0, NONE, "open", 1)]),
        (["10 07:00 in", "10 11:00 out", "10 13:00 in"], [(D, 240, HALF, "open", 3)]),
        (["10 17:00 out"], [(D, 0, NONE, "open", 1)]),
        (["10 07:00 in", "10 13:00 in", "10 17:00 out"], [(D, 600, FULL, "closed", 3)]),
        (["10 19:00 in", "11 06:00 out"], [(D, 660, FULL, "closed", 2)]),
        (
            ["10 19:00 in", "11 00:30 out", "11 01:00 in", "11 06:00 out", "11 19:00 in", "12 06:00 out"],
            [(D, 630, FULL, "closed", 4), (date(2026, 11, 11), 660, FULL, "closed", 2)],
        ),
        (["10 07:00 in", "10 23:00 out"], [(D, 960, FULL, "closed", 2)]),
        (["10 06:00 in", "10 22:01 out"], [(D, 0, NONE, "open", 2)]),
        (
            ["10 10:00 in", "11 05:00 out"],
            [(D, 0, NONE, "open", 1), (date(2026, 11, 11), 0, NONE, "open", 1)],
        ),
        (["10 07:00 ?", "10 12:00 ?", "10 17:00 ?"], [(D, 600, FULL, "closed", 2)]),
        (["10 07:00 ?", "10 07:01 ?", "10 17:00 ?"], [(D, 600, FULL, "closed", 2)]),
        (["11 03:59 in", "11 12:00 out"], [(D, 481, FULL, "closed", 2)]),
        (["11 04:00 in", "11 12:00 out"], [(date(2026, 11, 11), 480, FULL, "closed", 2)]),
    ],
)
def test_makes_days_of_passages(cast: Cast, gate: Gate, times: list[str], expected: list[Row]) -> None:
    gate.post(*punches(*times))
    assert rows(cast) == expected


def test_a_late_exit_closes_the_day_it_belongs_to(cast: Cast, gate: Gate) -> None:
    gate.post(*punches("10 19:00 in"))
    assert rows(cast) == [(D, 0, NONE, "open", 1)]
    gate.post(*punches("11 06:00 out"))
    assert rows(cast) == [(D, 660, FULL, "closed", 2)]


def test_a_late_entry_takes_the_exit_away_from_the_next_day(cast: Cast, gate: Gate) -> None:
    gate.post(*punches("11 06:00 out"))
    assert rows(cast) == [(date(2026, 11, 11), 0, NONE, "open", 1)]
    gate.post(*punches("10 19:00 in"))
    assert rows(cast) == [(D, 660, FULL, "closed", 2)]


def test_uses_the_hours_of_the_project(cast: Cast, gate: Gate) -> None:
    gate.post(*punches("10 07:00 in", "10 14:00 out"))
    assert rows(cast)[0][2] == HALF
    Project.objects.filter(pk=cast.project.pk).update(full_day_minutes=420)
    mark_dirty(cast.project.pk, [cast.sun.pk], D, D)
    assert not is_rolled_up(cast.project.pk, D, D)
    assert rows(cast)[0][2] == FULL
    assert is_rolled_up(cast.project.pk, D, D)


def test_lists_the_days_of_a_month_for_payroll(cast: Cast, gate: Gate) -> None:
    gate.post(*punches("10 07:00 in", "10 17:00 out", "11 07:00 in", "11 17:00 out"))
    roll_up(now=cast.now)
    found = attendance_days(cast.project.pk, date(2026, 11, 1), D)
    assert [(r.posting_id, r.first_in, r.last_out) for r in found] == [
        (
            cast.sun_posting.pk,
            datetime(2026, 11, 9, 23, 0, tzinfo=UTC),
            datetime(2026, 11, 10, 9, 0, tzinfo=UTC),
        )
    ]


def test_rolling_up_twice_changes_nothing(cast: Cast, gate: Gate) -> None:
    gate.post(*punches("10 07:00 in", "10 17:00 out"))
    before = rows(cast)
    assert roll_up(now=cast.now) == 0
    mark_dirty(cast.project.pk, [cast.sun.pk], D, D)
    assert roll_up(now=cast.now) == 1
    assert rows(cast) == before


moments = st.integers(0, 4 * 24 * 60).map(
    lambda m: datetime(2026, 11, 9, 4, tzinfo=SITE_TZ) + timedelta(minutes=m)
)
passage_lists = st.lists(
    st.tuples(moments, st.integers(0, 2), st.integers(1, 2)), max_size=14, unique_by=lambda p: (p[0], p[1])
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(found=passage_lists, parts=st.integers(1, 4), seed=st.integers(0, 99))
def test_the_statement_equals_the_rule_in_whatever_order_passages_arrive(
    cast: Cast, found: list[tuple[datetime, int, int]], parts: int, seed: int
) -> None:
    Passage.objects.filter(project_id=cast.project.pk).delete()
    AttendanceDay.objects.filter(project_id=cast.project.pk).delete()
    arriving = found[:]
    random.Random(seed).shuffle(arriving)
    for part in range(parts):
        some = arriving[part::parts]
        Passage.objects.bulk_create(
            Passage(
                day=(at - timedelta(hours=4)).date(),
                project_id=cast.project.pk,
                worker_id=cast.sun.pk,
                at=at,
                direction=direction,
                terminal_id=terminal,
                batch_pk=0,
                event_id="x",
            )
            for at, direction, terminal in some
        )
        DirtyDay.objects.bulk_create(
            [
                DirtyDay(project_id=cast.project.pk, worker_ids=[cast.sun.pk], day=day)
                for day in {(at - timedelta(hours=4)).date() for at, _, _ in some}
            ]
        )
        roll_up(now=cast.now)
    expected = rules.attendance(
        [
            rules.Seen((at - timedelta(hours=4)).date(), at, direction, terminal)
            for at, direction, terminal in found
        ],
        full_minutes=480,
        half_minutes=180,
    )
    written = {
        r.day: rules.Figures(r.day, r.first_in, r.last_out, r.minutes, r.days, r.state, r.passages)
        for r in AttendanceDay.objects.filter(worker_id=cast.sun.pk)
    }
    assert written == expected
