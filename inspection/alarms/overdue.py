"""D3: wages not paid on the due date, one month later, two months later (Order 724, articles 13, 14, 31)."""

from django.utils.translation import gettext_lazy as _

from inspection.alarms.rule import Rule

# Owed are the unpaid slips of sheets sent to the workers, and, where a subcontractor made no sheet,
# what its people earned by attendance: leaving out the sheet must not silence the alarm.
SQL = """
WITH sheet_owed AS (
  SELECT s.project_id, s.participation_id, s.month, s.due_on,
         sum(p.net_fen)::bigint AS owed_fen, count(*) AS people,
         count(*) FILTER (WHERE p.payment = 'returned') AS returned,
         count(*) FILTER (WHERE p.payment = 'instructed') AS instructed,
         count(*) FILTER (WHERE p.confirmation = 'objected') AS objected,
         count(*) FILTER (WHERE p.confirmation = 'waiting') AS waiting,
         s.state, s.people AS sheet_people, false AS estimated
  FROM payroll_paysheet s
  JOIN payroll_payslip p ON p.project_id = s.project_id AND p.month = s.month AND p.sheet_id = s.id
  WHERE s.state NOT IN ('draft', 'settled') AND s.due_on <= %(today)s AND p.payment <> 'paid' AND p.net_fen > 0
  GROUP BY s.id, s.project_id, s.participation_id, s.month, s.due_on, s.state, s.people
), worked AS (
  SELECT a.project_id, po.participation_id, date_trunc('month', a.day)::date AS month,
         sum(round(a.days * po.rate_fen / CASE po.pay_basis WHEN 'month' THEN 21.75 ELSE 1 END)
             * CASE WHEN po.pay_basis = 'hour' THEN 8 ELSE 1 END)::bigint AS owed_fen,
         count(DISTINCT a.worker_id) AS people
  FROM devices_attendanceday a
  JOIN registration_posting po ON po.id = a.posting_id AND po.project_id = a.project_id
  WHERE a.day >= (date_trunc('month', %(today)s::date) - interval '24 months')::date
    AND a.day < date_trunc('month', %(today)s::date)::date AND a.days > 0 AND po.pay_basis <> 'piece'
  GROUP BY 1, 2, 3
), unsheeted AS (
  SELECT w.project_id, w.participation_id, w.month, d.due_on, w.owed_fen, w.people,
         0::bigint AS returned, 0::bigint AS instructed, 0::bigint AS objected,
         0::bigint AS waiting, 'none' AS state, w.people AS sheet_people, true AS estimated
  FROM worked w
  JOIN registration_project pr ON pr.id = w.project_id
  JOIN pay_date d ON d.month = w.month AND d.pay_day = pr.pay_day
  WHERE d.due_on <= %(today)s AND NOT EXISTS (
    SELECT 1 FROM payroll_paysheet s
    WHERE s.project_id = w.project_id AND s.participation_id = w.participation_id AND s.month = w.month
      AND s.state <> 'draft')
), owed AS (
  SELECT * FROM sheet_owed UNION ALL SELECT * FROM unsheeted
), by_project AS (
  SELECT o.project_id, o.month, min(o.due_on) AS due_on, sum(o.owed_fen)::bigint AS amount_fen,
         sum(o.people)::int AS people, bool_or(o.estimated) AS estimated,
         jsonb_agg(jsonb_build_object(
           'participation', o.participation_id, 'owed_fen', o.owed_fen, 'people', o.people,
           'returned', o.returned, 'instructed', o.instructed, 'objected', o.objected,
           'waiting', o.waiting, 'state', o.state, 'sheet_people', o.sheet_people,
           'estimated', o.estimated) ORDER BY o.owed_fen DESC) AS parts,
         (array_agg(o.participation_id ORDER BY o.owed_fen DESC))[1] AS participation_id
  FROM owed o GROUP BY o.project_id, o.month
)
SELECT b.project_id, b.participation_id, to_char(b.month, 'YYYY-MM') AS period,
       CASE WHEN %(today)s - b.due_on >= (wagewatch_parameter('alarm.D3.days', pr.region_id, %(today)s)->>'red')::int THEN 3
            WHEN %(today)s - b.due_on >= (wagewatch_parameter('alarm.D3.days', pr.region_id, %(today)s)->>'orange')::int THEN 2
            ELSE 1 END AS level,
       b.due_on, b.amount_fen, b.people,
       jsonb_build_object('estimated', b.estimated, 'parts', b.parts) AS facts
FROM by_project b
JOIN registration_project pr ON pr.id = b.project_id
WHERE %(today)s - b.due_on >= (wagewatch_parameter('alarm.D3.days', pr.region_id, %(today)s)->>'yellow')::int
"""

RULE = Rule(
    code="D3",
    title=_("Wages not paid on the due date"),
    explanation=_(
        "On the due date, moved earlier over rest days, part of the month's wages has not reached the "
        "workers' cards. Without a pay sheet the sum is estimated from attendance."
    ),
    law=_("Order 724, articles 13, 14 and 31"),
    sql=SQL,
    parameters=("alarm.D3.days",),
)
