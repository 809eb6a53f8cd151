"""Attendance days from passages: only what changed is computed again, many workers in one statement."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import QuerySet

from devices.models import AttendanceDay, DirtyDay
from devices.services import days_sql, seals

CHUNK = 25_000
"""Person-days per transaction. Each is computed with the days beside it, so larger spans cost less a day; only
a batch that touches sealed dates ever waits for it, some seconds at most."""
_FIRST, _LAST = date(1, 1, 1), date(9999, 12, 31)

Changed = tuple[int, date, int]
"""project id, work date, worker id."""


def roll_up(*, now: datetime, limit: int = 200_000) -> int:
    """Compute the attendance days whose passages changed; returns how many dirty days were done.

    Projects that another process is rolling up are left to it. Safe to call at any time, and as often as liked.
    """
    done = 0
    while done < limit:
        claimed = _roll_up_some(now=now, limit=min(CHUNK, limit - done))
        if not claimed:
            break
        done += claimed
    return done


@transaction.atomic
def _roll_up_some(*, now: datetime, limit: int) -> int:
    claimed = _claim(limit=limit)
    changed = recompute(claimed)
    seals.reseal(changed, now=now)
    return len(claimed)


def roll_up_project(project_id: int, low: date, high: date) -> list[tuple[int, date]]:
    """Compute a project's dirty days of a span at once; the caller holds the project's lock.

    Returns (project, day) of what changed. Call inside a transaction.
    """
    changed: list[tuple[int, date]] = []
    while claimed := _claim(project_id=project_id, low=low, high=high):
        changed += recompute(claimed)
    return changed


def _claim(
    *, project_id: int | None = None, low: date = _FIRST, high: date = _LAST, limit: int = CHUNK
) -> list[Changed]:
    """Take dirty days of projects that nobody else is rolling up, under the project's lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            days_sql.CLAIM,
            {"project": project_id, "low": low, "high": high, "limit": limit, "space": seals.LOCK_SPACE},
        )
        return cursor.fetchall()


def recompute(changed: Sequence[Changed]) -> list[tuple[int, date]]:
    """Write the attendance days of these (project, day, worker) and the days beside them.

    Returns (project, day) of the rows that are different now. Call inside a transaction, with the lock.
    """
    if not changed:
        return []
    projects, days, workers = (list(column) for column in zip(*changed, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            days_sql.RECOMPUTE,
            {
                "projects": projects,
                "workers": workers,
                "days": days,
                "low": min(days) - timedelta(days=2),
                "high": max(days) + timedelta(days=2),
            },
        )
        return [(project_id, day) for project_id, day, _rows in cursor.fetchall()]


@transaction.atomic
def mark_dirty(project_id: int, worker_ids: Sequence[int], first: date, last: date) -> None:
    """Have days computed again, for example after the hours of a full day or a posting's dates were corrected."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO devices_dirtyday (project_id, day, worker_ids) "
            "SELECT project_id, day, array_agg(DISTINCT worker_id) FROM devices_passage "
            "WHERE project_id = %s AND worker_id = ANY(%s) AND day BETWEEN %s AND %s GROUP BY project_id, day",
            [project_id, list(worker_ids), first, last],
        )


def attendance_days(project_id: int, first: date, last: date) -> QuerySet[AttendanceDay]:
    """The attendance days of a project in a span of work dates, both ends included: what wages are made from.

    In SQL: devices_attendanceday where project_id, day between; sum(days) per worker_id or posting_id.
    """
    return AttendanceDay.objects.filter(project_id=project_id, day__range=(first, last))


def is_rolled_up(project_id: int, first: date, last: date) -> bool:
    """Whether nothing waits to be rolled up in a span; a pay sheet made before that may lack days."""
    return not DirtyDay.objects.filter(project_id=project_id, day__range=(first, last)).exists()
