"""What people earned by attendance without a slip, as SQL that several rules begin with.

Priced as payroll.services.attendance_lines prices a sheet: per posting, rounded once, hours from minutes, a
month wage by the region's paid days and never more than itself. Piece work has no rate per day: those
people count, their sum does not.
"""

# A person is unsheeted when no sheet that was sent to the workers holds a slip of theirs for the month and
# employer. It is asked per person, so that neither a leaver's settlement nor a sheet that leaves people out
# silences the rest. Months older than half a year are read only where an alarm about them is still open.
EARNED = """
place AS MATERIALIZED (
  SELECT r.region_id,
         coalesce((wagewatch_parameter('pay.month_start_day', r.region_id, %(today)s) #>> '{}')::int, 1) AS start_day,
         coalesce((wagewatch_parameter('pay.month_days', r.region_id, %(today)s) #>> '{}')::numeric, 21.75) AS month_days
  FROM (SELECT DISTINCT region_id FROM registration_project) r
), watched AS MATERIALIZED (
  SELECT (date_trunc('month', %(today)s::date) - interval '6 months')::date AS first_month,
         date_trunc('month', %(today)s::date)::date AS this_month
), attended_day AS (
  SELECT a.project_id, a.posting_id, a.worker_id, a.days, a.minutes, a.day, NULL::date AS only_month
  FROM devices_attendanceday a
  WHERE a.day >= (date_trunc('month', %(today)s::date) - interval '7 months')::date
    AND a.day < date_trunc('month', %(today)s::date)::date
  UNION ALL
  SELECT a.project_id, a.posting_id, a.worker_id, a.days, a.minutes, a.day, old.month
  FROM (SELECT DISTINCT al.project_id, to_date(al.period, 'YYYY-MM') AS month
        FROM inspection_alarm al, watched
        WHERE al.state = 'open' AND al.rule IN ('D1', 'D3', 'D4') AND al.facts ->> 'estimated' = 'true'
          AND to_date(al.period, 'YYYY-MM') < watched.first_month) old
  JOIN devices_attendanceday a ON a.project_id = old.project_id
    AND a.day >= (old.month - interval '1 month')::date AND a.day < (old.month + interval '1 month')::date
), dated AS (
  SELECT a.project_id, a.posting_id, a.worker_id, a.days, a.minutes, a.only_month, place.month_days,
         (date_trunc('month', a.day) + CASE WHEN place.start_day > 1 AND extract(day FROM a.day) >= place.start_day
                                       THEN interval '1 month' ELSE interval '0' END)::date AS month
  FROM attended_day a
  JOIN registration_project pr ON pr.id = a.project_id
  JOIN place ON place.region_id = pr.region_id
  WHERE a.days > 0 OR a.minutes > 0
), worked AS (
  SELECT d.project_id, d.posting_id, d.worker_id, d.month, d.month_days,
         sum(d.days) AS days, sum(d.minutes) AS minutes
  FROM dated d, watched
  WHERE d.month < watched.this_month
    AND ((d.only_month IS NULL AND d.month >= watched.first_month) OR d.month = d.only_month)
  GROUP BY 1, 2, 3, 4, 5
), earned AS (
  SELECT w.project_id, po.participation_id, w.month, w.worker_id,
         sum(CASE po.pay_basis
               WHEN 'piece' THEN 0
               WHEN 'month' THEN least(po.rate_fen, round(po.rate_fen * w.days / w.month_days))
               WHEN 'hour' THEN round(po.rate_fen * round(w.minutes / 60.0, 2))
               ELSE round(po.rate_fen * w.days) END)::bigint AS worth_fen,
         bool_and(po.pay_basis = 'piece') AS is_piece
  FROM worked w
  JOIN registration_posting po ON po.id = w.posting_id AND po.project_id = w.project_id
  GROUP BY 1, 2, 3, 4
), unsheeted AS (
  SELECT e.project_id, e.participation_id, e.month, sum(e.worth_fen)::bigint AS worth_fen,
         count(*) AS people, count(*) FILTER (WHERE e.is_piece) AS piece_people
  FROM earned e
  WHERE NOT EXISTS (
    SELECT 1 FROM payroll_payslip p
    JOIN payroll_paysheet s ON s.id = p.sheet_id AND s.project_id = p.project_id
    WHERE p.project_id = e.project_id AND p.month = e.month AND p.worker_id = e.worker_id
      AND s.participation_id = e.participation_id AND s.state <> 'draft')
  GROUP BY 1, 2, 3
)
"""
