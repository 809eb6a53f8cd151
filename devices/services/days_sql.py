"""The rule of devices/rules.py as one statement for many workers and days at once."""

CLAIM = """
WITH busy AS (
  SELECT DISTINCT project_id FROM (
    SELECT project_id FROM devices_dirtyday WHERE %(project)s::bigint IS NULL OR project_id = %(project)s LIMIT %(limit)s
  ) d
), mine AS MATERIALIZED (
  SELECT project_id FROM busy WHERE pg_try_advisory_xact_lock(%(space)s, hashint8(project_id))
), taken AS (
  DELETE FROM devices_dirtyday d
  -- By row address: a join would need statistics, which a queue that fills and empties never has.
  WHERE d.ctid = ANY (ARRAY(
    SELECT ctid FROM (
      SELECT q.ctid, sum(cardinality(q.worker_ids)) OVER (ORDER BY q.project_id, q.day, q.id) - cardinality(q.worker_ids)
             AS before
      FROM devices_dirtyday q
      WHERE q.project_id IN (SELECT project_id FROM mine) AND q.day BETWEEN %(low)s AND %(high)s
    ) counted WHERE before < %(limit)s))
  RETURNING d.project_id, d.day, d.worker_ids
)
SELECT DISTINCT project_id, day, worker_id FROM taken, unnest(worker_ids) AS w (worker_id)
"""

# Every window below goes along one order of the rows or a part of it, and the sums need none of their own: what
# costs here is sorting, not reading.
# A changed day can move an exit out of, or into, the days beside it: those are computed again as well, and
# the days beside those are read. %(low)s and %(high)s bound what is read and let the planner skip partitions.
RECOMPUTE = """
WITH changed AS MATERIALIZED (
  SELECT DISTINCT project_id, worker_id, day
  FROM unnest(%(projects)s::bigint[], %(workers)s::bigint[], %(days)s::date[]) AS c (project_id, worker_id, day)
), target AS MATERIALIZED (
  SELECT DISTINCT project_id, worker_id, day + k AS day FROM changed, generate_series(-1, 1) k
), wide AS MATERIALIZED (
  SELECT DISTINCT project_id, worker_id, day + k AS day FROM changed, generate_series(-2, 2) k
), seen AS (
  SELECT p.project_id, p.worker_id, p.day, p.at, p.direction,
         lag(p.at) OVER (PARTITION BY p.project_id, p.worker_id, p.terminal_id, p.direction ORDER BY p.at) AS lane_before
  FROM wide w JOIN devices_passage p
    ON p.day = w.day AND p.project_id = w.project_id AND p.worker_id = w.worker_id
   AND p.day BETWEEN %(low)s AND %(high)s AND NOT p.is_void
), counted AS (
  SELECT project_id, worker_id, day, at, direction,
         lag(at) OVER d IS NULL AS is_first, lead(at) OVER d IS NULL AS is_last
  FROM seen WHERE lane_before IS NULL OR at - lane_before > interval '60 s'
  WINDOW d AS (PARTITION BY project_id, worker_id, day ORDER BY at, direction)
), known AS (
  SELECT project_id, worker_id, day, at, direction AS told,
         CASE WHEN direction <> 0 THEN direction WHEN is_first THEN 1 WHEN is_last THEN 2 END AS direction
  FROM counted
), ordered AS (
  SELECT *, lag(at) OVER w AS before_at, lag(direction) OVER w AS before_direction, lag(day) OVER w AS before_day
  FROM known WHERE direction IS NOT NULL
  WINDOW w AS (PARTITION BY project_id, worker_id ORDER BY at, told)
), owned AS (
  SELECT project_id, worker_id, at, told, direction,
         CASE WHEN direction = 2 AND before_direction = 1 AND before_day < day AND at - before_at <= interval '16 h'
              THEN before_day ELSE day END AS day
  FROM ordered
), stretched AS (
  SELECT *, lag(at) OVER o AS from_at, lag(direction) OVER o AS from_direction, lead(at) OVER o IS NULL AS is_last,
         min(at) FILTER (WHERE direction = 1) OVER d AS first_in,
         max(at) FILTER (WHERE direction = 2) OVER d AS last_out
  FROM owned
  WINDOW d AS (PARTITION BY project_id, worker_id, day), o AS (d ORDER BY at, told)
), summed AS (
  SELECT project_id, worker_id, day, min(first_in) AS first_in, max(last_out) AS last_out,
         coalesce(floor(extract(epoch FROM sum(at - from_at) FILTER (
           WHERE NOT (from_direction = 2 AND direction = 1) AND at - from_at <= interval '16 h'
             AND from_at >= first_in AND at <= last_out)) / 60), 0)::int AS minutes,
         coalesce(bool_or(NOT (from_direction = 2 AND direction = 1) AND at - from_at > interval '16 h'), false)
           AS too_long,
         max(direction) FILTER (WHERE is_last) AS last_direction,
         count(*) AS passages
  FROM stretched GROUP BY project_id, worker_id, day
), figures AS (
  SELECT s.project_id, s.worker_id, s.day, o.id AS posting_id, s.first_in, s.last_out, s.minutes,
         CASE WHEN s.minutes >= j.full_day_minutes THEN 1.0 WHEN s.minutes >= j.half_day_minutes THEN 0.5
              ELSE 0.0 END::numeric(3, 1) AS days,
         CASE WHEN s.first_in IS NOT NULL AND s.last_direction = 2 AND NOT s.too_long THEN 'closed' ELSE 'open' END
           AS state,
         least(s.passages, 32767)::smallint AS passages
  FROM summed s
  JOIN target t USING (project_id, worker_id, day)
  JOIN registration_project j ON j.id = s.project_id
  JOIN LATERAL (
    SELECT id FROM registration_posting o
    WHERE o.project_id = s.project_id AND o.worker_id = s.worker_id
    ORDER BY (o.joined_on <= s.day AND coalesce(o.left_on, 'infinity') >= s.day) DESC, o.joined_on DESC LIMIT 1
  ) o ON true
), gone AS (
  DELETE FROM devices_attendanceday a USING target t
  WHERE a.day = t.day AND a.project_id = t.project_id AND a.worker_id = t.worker_id
    AND a.day BETWEEN %(low)s AND %(high)s
    -- NOT IN is hashed whatever the planner expects; an anti join was a nested loop of n² steps here.
    AND (t.day, t.project_id, t.worker_id) NOT IN (SELECT day, project_id, worker_id FROM figures)
  RETURNING a.project_id, a.day
), written AS (
  INSERT INTO devices_attendanceday AS a
    (day, project_id, worker_id, posting_id, first_in, last_out, minutes, days, state, passages)
  SELECT day, project_id, worker_id, posting_id, first_in, last_out, minutes, days, state, passages
  FROM figures ORDER BY day, project_id, worker_id
  ON CONFLICT (day, project_id, worker_id) DO UPDATE SET
    posting_id = EXCLUDED.posting_id, first_in = EXCLUDED.first_in, last_out = EXCLUDED.last_out,
    minutes = EXCLUDED.minutes, days = EXCLUDED.days, state = EXCLUDED.state, passages = EXCLUDED.passages
  WHERE (a.posting_id, a.first_in, a.last_out, a.minutes, a.days, a.state, a.passages)
    IS DISTINCT FROM (EXCLUDED.posting_id, EXCLUDED.first_in, EXCLUDED.last_out, EXCLUDED.minutes,
                      EXCLUDED.days, EXCLUDED.state, EXCLUDED.passages)
  RETURNING a.project_id, a.day
)
SELECT project_id, day, count(*) FROM (SELECT * FROM written UNION ALL SELECT * FROM gone) x GROUP BY 1, 2
"""
