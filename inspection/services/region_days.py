"""Count what each region looked like at the end of a day, from the append-only flips of its alarms."""

from datetime import date

from django.db import connection, transaction

# An alarm stands as its newest flip before the day's end said. Days of the past never change, so counting one
# again gives the same row.
COUNT = """
WITH asked AS (
  SELECT d::date AS day, ((d::date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai') AS ends
  FROM generate_series(%(first)s::timestamp, %(last)s::timestamp, interval '1 day') d
), standing AS (
  SELECT DISTINCT ON (asked.day, f.alarm_id) asked.day, f.alarm_id, f.project_id, f.kind, f.level, f.amount_fen, f.people
  FROM asked JOIN inspection_alarmflip f ON f.at < asked.ends
  ORDER BY asked.day, f.alarm_id, f.at DESC, f.id DESC
), moved AS (
  SELECT asked.day, f.project_id, f.kind FROM asked
  JOIN inspection_alarmflip f ON f.at < asked.ends AND f.at >= asked.ends - interval '1 day'
  WHERE f.kind IN ('opened', 'reopened', 'closed')
), fact AS (
  SELECT s.day, s.project_id, a.rule, s.level, s.amount_fen, s.people, 0 AS opened, 0 AS closed
  FROM standing s JOIN inspection_alarm a ON a.id = s.alarm_id AND a.project_id = s.project_id
  WHERE s.kind <> 'closed'
  UNION ALL
  SELECT day, project_id, '', 0, 0, 0, (kind <> 'closed')::int, (kind = 'closed')::int FROM moved
), by_project AS (
  SELECT day, project_id, coalesce(sum(amount_fen) FILTER (WHERE rule = 'D3'), 0) AS owed,
         coalesce(max(people) FILTER (WHERE rule = 'D3'), 0) AS people,
         count(*) FILTER (WHERE level = 3) AS red, count(*) FILTER (WHERE level = 2) AS orange,
         count(*) FILTER (WHERE level = 1) AS yellow, sum(opened) AS opened, sum(closed) AS closed
  FROM fact GROUP BY 1, 2
), counted AS (
  SELECT asked.day, pr.region_id, pr.sector, coalesce(sum(b.owed), 0)::bigint AS owed,
         coalesce(sum(b.people), 0)::int AS people, count(*) FILTER (WHERE b.owed > 0)::int AS owing,
         coalesce(sum(b.red), 0)::int AS red, coalesce(sum(b.orange), 0)::int AS orange,
         coalesce(sum(b.yellow), 0)::int AS yellow, coalesce(sum(b.opened), 0)::int AS opened,
         coalesce(sum(b.closed), 0)::int AS closed
  FROM asked CROSS JOIN registration_project pr
  LEFT JOIN by_project b ON b.day = asked.day AND b.project_id = pr.id
  GROUP BY 1, 2, 3
)
INSERT INTO inspection_regionday AS t
  (day, region_id, sector, owed_fen, owed_people, owing, red, orange, yellow, opened, closed)
SELECT * FROM counted
ON CONFLICT (day, region_id, sector) DO UPDATE SET
  owed_fen = excluded.owed_fen, owed_people = excluded.owed_people, owing = excluded.owing, red = excluded.red,
  orange = excluded.orange, yellow = excluded.yellow, opened = excluded.opened, closed = excluded.closed
WHERE (t.owed_fen, t.owed_people, t.owing, t.red, t.orange, t.yellow, t.opened, t.closed)
  IS DISTINCT FROM (excluded.owed_fen, excluded.owed_people, excluded.owing, excluded.red, excluded.orange,
                    excluded.yellow, excluded.opened, excluded.closed)
"""


@transaction.atomic
def count_region_days(first: date, last: date) -> int:
    """Write RegionDay for every region and sector that has projects, from one site day to another; returns how
    many rows changed. People are counted once a project, by its largest month."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"first": first, "last": last})
        return cursor.rowcount
