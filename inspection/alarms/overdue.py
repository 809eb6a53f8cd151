"""D3: wages not paid on the due date, one month later, two months later (Order 724, articles 13, 14, 31)."""

from django.utils.translation import gettext_lazy as _

from inspection.alarms.earned import EARNED
from inspection.alarms.rule import Rule, Setting

# Owed are the unpaid slips of sheets sent to the workers, and what people without a slip earned by
# attendance: leaving out the sheet, or people from it, must not silence the alarm. A settled sheet has no
# unpaid slip; when money comes back, payroll moves the sheet out of that state in the same transaction. Cash that
# the worker denies is owed, whatever the sheet's state: it is no payment until somebody proves it.
SQL = (
    "WITH "  # noqa: S608 constants only; every value is a parameter
    + EARNED
    + """, sheet_owed AS (
  SELECT s.project_id, s.participation_id, s.month, s.due_on,
         sum(p.net_fen)::bigint AS owed_fen, count(*) AS people,
         count(*) FILTER (WHERE p.payment = 'returned') AS returned,
         count(*) FILTER (WHERE p.payment = 'instructed') AS instructed,
         count(*) FILTER (WHERE p.confirmation = 'objected') AS objected,
         count(*) FILTER (WHERE p.confirmation = 'waiting') AS waiting,
         s.state, s.people AS sheet_people, false AS estimated, 0::bigint AS piece_people
  FROM payroll_paysheet s
  JOIN payroll_payslip p ON p.project_id = s.project_id AND p.month = s.month AND p.sheet_id = s.id
  WHERE s.state NOT IN ('draft', 'settled') AND s.due_on <= %(today)s AND p.payment NOT IN ('paid', 'cash') AND p.net_fen > 0
  GROUP BY s.id, s.project_id, s.participation_id, s.month, s.due_on, s.state, s.people
), denied_owed AS (
  SELECT s.project_id, s.participation_id, s.month, s.due_on, sum(c.amount_fen)::bigint AS owed_fen,
         count(*) AS people, 0::bigint AS returned, 0::bigint AS instructed, 0::bigint AS objected,
         0::bigint AS waiting, 'cash_denied' AS state, count(*) AS sheet_people, false AS estimated,
         0::bigint AS piece_people
  FROM payroll_cashpayment c
  JOIN payroll_paysheet s ON s.id = c.sheet_id AND s.project_id = c.project_id
  JOIN payroll_payslip p ON p.project_id = c.project_id AND p.month = c.month AND p.sheet_id = c.sheet_id
   AND p.worker_id = c.worker_id AND p.payment = 'cash'
  WHERE c.denied_at IS NOT NULL AND c.withdrawn_at IS NULL AND s.due_on <= %(today)s
  GROUP BY s.id, s.project_id, s.participation_id, s.month, s.due_on
), unsheeted_owed AS (
  SELECT u.project_id, u.participation_id, u.month, d.due_on, u.worth_fen AS owed_fen, u.people,
         0::bigint AS returned, 0::bigint AS instructed, 0::bigint AS objected, 0::bigint AS waiting,
         CASE WHEN EXISTS (
           SELECT 1 FROM payroll_paysheet s
           WHERE s.project_id = u.project_id AND s.participation_id = u.participation_id AND s.month = u.month
             AND s.kind = 'monthly' AND s.state <> 'draft') THEN 'left_out' ELSE 'none' END AS state,
         u.people AS sheet_people, true AS estimated, u.piece_people
  FROM unsheeted u
  JOIN registration_project pr ON pr.id = u.project_id
  JOIN pay_date d ON d.month = u.month AND d.pay_day = pr.pay_day
  WHERE d.due_on <= %(today)s
), owed AS (
  SELECT * FROM sheet_owed UNION ALL SELECT * FROM denied_owed UNION ALL SELECT * FROM unsheeted_owed
), by_project AS (
  SELECT o.project_id, o.month, min(o.due_on) AS due_on, sum(o.owed_fen)::bigint AS amount_fen,
         sum(o.people)::int AS people, bool_or(o.estimated) AS estimated, sum(o.piece_people) AS piece_people,
         jsonb_agg(jsonb_build_object(
           'participation', o.participation_id, 'owed_fen', o.owed_fen, 'people', o.people,
           'returned', o.returned, 'instructed', o.instructed, 'objected', o.objected,
           'waiting', o.waiting, 'state', o.state, 'sheet_people', o.sheet_people,
           'estimated', o.estimated) ORDER BY o.owed_fen DESC, o.participation_id) AS parts,
         (array_agg(o.participation_id ORDER BY o.owed_fen DESC, o.participation_id))[1] AS participation_id
  FROM owed o GROUP BY o.project_id, o.month
), ladder AS MATERIALIZED (
  SELECT place.region_id, (v.value ->> 'yellow')::int AS yellow, (v.value ->> 'orange')::int AS orange,
         (v.value ->> 'red')::int AS red
  FROM place
  CROSS JOIN LATERAL (SELECT wagewatch_parameter('alarm.D3.days', place.region_id, %(today)s) AS value) v
)
SELECT b.project_id, b.participation_id, to_char(b.month, 'YYYY-MM') AS period,
       CASE WHEN %(today)s - b.due_on >= ladder.red THEN 3
            WHEN %(today)s - b.due_on >= ladder.orange THEN 2
            ELSE 1 END AS level,
       b.due_on, b.amount_fen, b.people,
       jsonb_build_object('estimated', b.estimated, 'piece_people', b.piece_people, 'parts', b.parts) AS facts
FROM by_project b
JOIN registration_project pr ON pr.id = b.project_id
JOIN ladder ON ladder.region_id = pr.region_id
WHERE %(today)s - b.due_on >= ladder.yellow
"""
)

RULE = Rule(
    code="D3",
    title=_("Wages not paid on the due date"),
    explanation=_(
        "On the due date, moved earlier over rest days, part of the month's wages has not reached the "
        "workers' cards. Without a pay sheet the sum is estimated from attendance."
    ),
    law=_("Order 724, articles 13, 14 and 31"),
    sql=SQL,
    settings=(Setting("alarm.D3.days", "days", _("days after the due date")),),
    levels=(1, 2, 3),
    monthly=True,
    after=frozenset({"line.result", "sheet.submitted", "sheet.approved", "order.instructed", "cash.paid"}),
)
