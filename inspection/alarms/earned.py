"""What people earned by attendance without a slip, as SQL that several rules begin with.

Priced as payroll.services.attendance_lines prices a sheet: per posting, rounded once, hours from minutes, a
month wage by the region's paid days and never more than itself. Piece work has no rate per day: those
people count, their sum does not.
"""

# Wage months as payroll.wage_months: the part's own start day counts before the project's and that before the region's,
# and a month begins the day after the one before ended. Where that is the 1st, a person's month is one row that the
# database keeps (devices.models.totals); only sites with other months (`by_span`) are summed from their days.
# A person is unsheeted when no sheet that was sent to the workers holds a slip of theirs for the month and
# employer. It is asked per person, so that neither a leaver's settlement nor a sheet that leaves people out
# silences the rest. The slips are read into a relation of their own (`sheeted`), which has no index: so the two are
# compared by hashing whatever the planner takes the people of a project for, and only the few that are left are priced.
# Months older than half a year are read only where an alarm about them is still open.
WORTH = """CASE po.pay_basis
           WHEN 'piece' THEN 0
           WHEN 'month' THEN least(po.rate_fen, round(po.rate_fen * w.days / w.month_days))
           WHEN 'hour' THEN round(po.rate_fen * round(w.minutes / 60.0, 2))
           ELSE round(po.rate_fen * w.days) END"""
"""What a month `w` of `worked` is worth by its posting `po`, in fen."""

EARNED = """
place AS MATERIALIZED (
  SELECT r.region_id,
         coalesce((wagewatch_parameter('pay.month_start_day', r.region_id, %(today)s) #>> '{}')::int, 1) AS start_day,
         coalesce((wagewatch_parameter('pay.month_days', r.region_id, %(today)s) #>> '{}')::numeric, 21.75) AS month_days
  FROM (SELECT DISTINCT region_id FROM registration_project) r
), watched AS MATERIALIZED (
  SELECT (date_trunc('month', %(today)s::date) - interval '6 months')::date AS first_month,
         date_trunc('month', %(today)s::date)::date AS this_month
), own_days AS MATERIALIZED (
  SELECT DISTINCT project_id FROM payroll_wagemonthstart
), old_month AS MATERIALIZED (
  SELECT DISTINCT al.project_id, to_date(al.period, 'YYYY-MM') AS month
  FROM inspection_alarm al, watched
  WHERE al.state = 'open' AND al.rule IN ('D1', 'D3', 'D4') AND al.facts ->> 'estimated' = 'true'
    AND to_date(al.period, 'YYYY-MM') < watched.first_month
), since AS MATERIALIZED (
  SELECT least(watched.first_month, (SELECT min(month) FROM old_month)) AS month FROM watched
), by_span AS MATERIALIZED (
  SELECT pr.id AS project_id FROM registration_project pr JOIN place ON place.region_id = pr.region_id
  WHERE place.start_day > 1 OR EXISTS (SELECT FROM own_days o WHERE o.project_id = pr.id)
), attended_day AS (
  SELECT a.project_id, a.posting_id, a.worker_id, a.days, a.minutes, a.day, NULL::date AS only_month
  FROM by_span b
  JOIN devices_attendanceday a ON a.project_id = b.project_id
   AND a.day >= (date_trunc('month', %(today)s::date) - interval '7 months')::date
   AND a.day < date_trunc('month', %(today)s::date)::date
  UNION ALL
  SELECT a.project_id, a.posting_id, a.worker_id, a.days, a.minutes, a.day, old.month
  FROM old_month old
  JOIN by_span b ON b.project_id = old.project_id
  JOIN devices_attendanceday a ON a.project_id = old.project_id
    AND a.day >= (old.month - interval '1 month')::date AND a.day < (old.month + interval '1 month')::date
), own_month AS MATERIALIZED (
  SELECT pa.project_id, pa.id AS participation_id, m.month::date AS month, place.month_days,
         coalesce(mine.start_day, theirs.start_day, place.start_day) AS start_day
  FROM own_days o
  JOIN registration_project pr ON pr.id = o.project_id
  JOIN place ON place.region_id = pr.region_id
  JOIN registration_participation pa ON pa.project_id = o.project_id
  CROSS JOIN watched
  CROSS JOIN LATERAL generate_series((watched.this_month - interval '24 months')::timestamp,
    (watched.this_month + interval '1 month')::timestamp, interval '1 month') m(month)
  LEFT JOIN LATERAL (
    SELECT w.start_day FROM payroll_wagemonthstart w
    WHERE w.project_id = pa.project_id AND w.participation_id = pa.id AND w.from_month <= m.month
    ORDER BY w.from_month DESC LIMIT 1) mine ON true
  LEFT JOIN LATERAL (
    SELECT w.start_day FROM payroll_wagemonthstart w
    WHERE w.project_id = pa.project_id AND w.participation_id IS NULL AND w.from_month <= m.month
    ORDER BY w.from_month DESC LIMIT 1) theirs ON true
), own_span AS MATERIALIZED (
  SELECT e.project_id, e.participation_id, e.month, e.month_days, e.last_day,
         lag(e.last_day) OVER (PARTITION BY e.project_id, e.participation_id ORDER BY e.month) + 1 AS first_day
  FROM (SELECT q.*, CASE WHEN q.start_day = 1 THEN (q.month + interval '1 month')::date - 1
                         ELSE q.month + q.start_day - 2 END AS last_day FROM own_month q) e
), dated AS (
  SELECT a.project_id, a.posting_id, a.worker_id, a.days, a.minutes, a.only_month, s.month_days, s.month
  FROM attended_day a
  JOIN own_days o ON o.project_id = a.project_id
  JOIN registration_posting po ON po.id = a.posting_id AND po.project_id = a.project_id
  JOIN own_span s ON s.project_id = a.project_id AND s.participation_id = po.participation_id
   AND a.day BETWEEN s.first_day AND s.last_day
  WHERE a.days > 0 OR a.minutes > 0
  UNION ALL
  SELECT a.project_id, a.posting_id, a.worker_id, a.days, a.minutes, a.only_month, place.month_days,
         (date_trunc('month', a.day) + CASE WHEN place.start_day > 1 AND extract(day FROM a.day) >= place.start_day
                                       THEN interval '1 month' ELSE interval '0' END)::date AS month
  FROM attended_day a
  JOIN registration_project pr ON pr.id = a.project_id
  JOIN place ON place.region_id = pr.region_id
  WHERE (a.days > 0 OR a.minutes > 0) AND NOT EXISTS (SELECT FROM own_days o WHERE o.project_id = a.project_id)
), worked AS (
  SELECT t.project_id, t.posting_id, t.worker_id, t.month, place.month_days, t.days, t.minutes
  FROM devices_monthtotal t
  JOIN registration_project pr ON pr.id = t.project_id
  JOIN place ON place.region_id = pr.region_id
  WHERE t.month >= (date_trunc('month', %(today)s::date) - interval '6 months')::date
    AND t.month < date_trunc('month', %(today)s::date)::date
    AND (t.days > 0 OR t.minutes > 0) AND t.project_id NOT IN (SELECT project_id FROM by_span)
  UNION ALL
  SELECT t.project_id, t.posting_id, t.worker_id, t.month, place.month_days, t.days, t.minutes
  FROM old_month old
  JOIN devices_monthtotal t ON t.project_id = old.project_id AND t.month = old.month
  JOIN registration_project pr ON pr.id = t.project_id
  JOIN place ON place.region_id = pr.region_id
  WHERE (t.days > 0 OR t.minutes > 0) AND t.project_id NOT IN (SELECT project_id FROM by_span)
  UNION ALL
  SELECT d.project_id, d.posting_id, d.worker_id, d.month, d.month_days, sum(d.days), sum(d.minutes)
  FROM dated d, watched
  WHERE d.month < watched.this_month
    AND ((d.only_month IS NULL AND d.month >= watched.first_month) OR d.month = d.only_month)
  GROUP BY 1, 2, 3, 4, 5
), sheeted AS MATERIALIZED (
  SELECT p.project_id, s.participation_id, p.month, p.worker_id
  FROM payroll_payslip p
  JOIN payroll_paysheet s ON s.id = p.sheet_id AND s.project_id = p.project_id AND s.state <> 'draft'
  WHERE p.month >= (SELECT month FROM since) AND p.month < date_trunc('month', %(today)s::date)::date
), earned AS (
  SELECT w.project_id, po.participation_id, w.month, w.worker_id, sum({worth})::bigint AS worth_fen,
         bool_and(po.pay_basis = 'piece') AS is_piece
  FROM worked w
  JOIN registration_posting po ON po.id = w.posting_id AND po.project_id = w.project_id
  WHERE NOT EXISTS (
    SELECT FROM sheeted s
    WHERE s.project_id = w.project_id AND s.month = w.month AND s.worker_id = w.worker_id
      AND s.participation_id = po.participation_id)
  GROUP BY 1, 2, 3, 4
), unsheeted AS (
  SELECT project_id, participation_id, month, sum(worth_fen)::bigint AS worth_fen,
         count(*) AS people, count(*) FILTER (WHERE is_piece) AS piece_people
  FROM earned
  GROUP BY 1, 2, 3
)
""".replace("{worth}", WORTH)
