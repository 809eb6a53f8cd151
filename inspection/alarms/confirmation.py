"""D2: slips that workers have not confirmed, and objections that stay open (Order 724, articles 31 and 56)."""

from django.utils.translation import gettext_lazy as _

from inspection.alarms.parts import first, places, step
from inspection.alarms.rule import Rule, Setting

# A slip that was approved as not confirmed is with the bank already and D3 follows it; an objection holds its
# slip whatever the rest of the sheet does.
SQL = f"""
WITH {places(ladder="alarm.D2.days")}, waiting AS (
  SELECT s.project_id, s.participation_id, s.month, p.worker_id, p.net_fen, 'waiting' AS what,
         (p.sent_at AT TIME ZONE 'Asia/Shanghai')::date AS since
  FROM payroll_paysheet s
  JOIN payroll_payslip p ON p.project_id = s.project_id AND p.month = s.month AND p.sheet_id = s.id
  WHERE s.state NOT IN ('draft', 'settled') AND p.confirmation = 'waiting' AND NOT p.is_approved
    AND p.payment <> 'paid' AND p.sent_at IS NOT NULL
  UNION ALL
  SELECT s.project_id, s.participation_id, s.month, p.worker_id, p.net_fen, 'objected',
         (o.raised_at AT TIME ZONE 'Asia/Shanghai')::date
  FROM payroll_objection o
  JOIN payroll_paysheet s ON s.id = o.sheet_id AND s.project_id = o.project_id
  JOIN payroll_payslip p ON p.project_id = s.project_id AND p.month = s.month AND p.sheet_id = s.id
   AND p.worker_id = o.worker_id
  WHERE o.state = 'open'
), late AS (
  SELECT w.*, l.level, {first("place.ladder")} AS days
  FROM waiting w
  JOIN registration_project pr ON pr.id = w.project_id
  JOIN place ON place.region_id = pr.region_id
  CROSS JOIN LATERAL (SELECT {step("%(today)s - w.since", "place.ladder")} AS level) l
  WHERE l.level IS NOT NULL
)
SELECT l.project_id, mode() WITHIN GROUP (ORDER BY l.participation_id) AS participation_id,
       to_char(l.month, 'YYYY-MM') AS period, max(l.level) AS level, min(l.since + l.days) AS due_on,
       sum(l.net_fen)::bigint AS amount_fen, count(DISTINCT l.worker_id)::int AS people,
       jsonb_build_object('waiting', count(*) FILTER (WHERE l.what = 'waiting'),
         'objected', count(*) FILTER (WHERE l.what = 'objected'), 'since', min(l.since)) AS facts
FROM late l GROUP BY l.project_id, l.month
"""  # noqa: S608 constants only; every value is a parameter

RULE = Rule(
    code="D2",
    title=_("Workers have not confirmed"),
    explanation=_(
        "Pay slips were sent, and for the days set for the region workers have not confirmed them or objections "
        "have had no answer. Nobody's silence counts as a yes."
    ),
    law=_("Order 724, articles 31 and 56"),
    sql=SQL,
    settings=(Setting("alarm.D2.days", "days", _("days after the slip was sent or the objection raised")),),
    monthly=True,
    after=frozenset({"slip.confirmed", "slip.objected", "sheet.approved"}),
)
