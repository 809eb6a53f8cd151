"""The months of people at the gates against their days: a check, and the mending of what it finds.

The database keeps the totals itself (devices/models/totals.py). What could still part them is a hand in the
database: rows written past the triggers, or into a partition by its own name. The night looks.
"""

from datetime import date

from django.db import connection, transaction

# One statement is one moment: days and totals of an unfinished roll-up are either both seen or neither.
APART = """
WITH summed AS (
  SELECT day - extract(day FROM day)::int + 1 AS month, project_id, worker_id, posting_id, sum(days) AS days,
         count(*) FILTER (WHERE days = 0.5) AS half_days, sum(minutes) AS minutes, count(*) AS dates
  FROM devices_attendanceday
  WHERE day >= %(first)s AND day < %(beyond)s AND (%(project)s::bigint IS NULL OR project_id = %(project)s)
  GROUP BY 1, 2, 3, 4
), kept AS (
  SELECT * FROM devices_monthtotal
  WHERE month >= %(first)s AND month < %(beyond)s AND (%(project)s::bigint IS NULL OR project_id = %(project)s)
), apart AS (
  SELECT month, project_id, worker_id, posting_id, coalesce(s.days, 0) - coalesce(k.days, 0) AS days,
         coalesce(s.half_days, 0) - coalesce(k.half_days, 0) AS half_days,
         coalesce(s.minutes, 0) - coalesce(k.minutes, 0) AS minutes, coalesce(s.dates, 0) - coalesce(k.dates, 0) AS dates
  FROM summed s FULL JOIN kept k USING (month, project_id, worker_id, posting_id)
  WHERE s.month IS NULL OR k.month IS NULL
     OR (s.days, s.half_days, s.minutes, s.dates) <> (k.days, k.half_days, k.minutes, k.dates)
)
"""
COUNT = APART + "SELECT count(*), count(DISTINCT project_id) FROM apart"  # noqa: S608 constants only
# The difference is added, not the sum written: what days add meanwhile is added beside it, whoever comes first.
MEND = (
    APART  # noqa: S608 constants only
    + """, mended AS (
  INSERT INTO devices_monthtotal AS t (month, project_id, worker_id, posting_id, days, half_days, minutes, dates)
  SELECT month, project_id, worker_id, posting_id, days, half_days, minutes, dates FROM apart ORDER BY 1, 2, 3, 4
  ON CONFLICT (month, project_id, worker_id, posting_id) DO UPDATE SET
    days = t.days + excluded.days, half_days = t.half_days + excluded.half_days,
    minutes = t.minutes + excluded.minutes, dates = t.dates + excluded.dates
  RETURNING project_id
)
SELECT count(*), count(DISTINCT project_id) FROM mended
"""
)
EMPTY = """
DELETE FROM devices_monthtotal WHERE month >= %(first)s AND month < %(beyond)s AND dates = 0
  AND (%(project)s::bigint IS NULL OR project_id = %(project)s)
"""


def totals_apart(first: date, beyond: date, *, project_id: int | None = None) -> tuple[int, int]:
    """How many totals of the months from `first` to before `beyond` (both a day 1) are not the sum of their days,
    and of how many projects. Locks nothing."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"first": first, "beyond": beyond, "project": project_id})
        rows, projects = cursor.fetchone()
    return int(rows), int(projects)


@transaction.atomic
def mend_totals(first: date, beyond: date, *, project_id: int | None = None) -> tuple[int, int]:
    """Put right what `totals_apart` finds; returns the same figures. Days may be written meanwhile."""
    span = {"first": first, "beyond": beyond, "project": project_id}
    with connection.cursor() as cursor:
        cursor.execute(MEND, span)
        rows, projects = cursor.fetchone()
        if rows:
            cursor.execute(EMPTY, span)
    return int(rows), int(projects)
