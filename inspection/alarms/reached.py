"""D4: how many of those who worked in a month have been paid for it (Order 724, article 31)."""

from django.utils.translation import gettext_lazy as _

from inspection.alarms.earned import EARNED
from inspection.alarms.parts import step
from inspection.alarms.rule import Rule, Setting

# Heads, not money: D3 asks what is owed, this asks who got nothing, whatever the sheets say. Cash by exception counts
# unless the worker denies it. Days of grace after
# the due date let the bank's results come in.
SQL = f"""
WITH {EARNED}, person AS (
  SELECT e.project_id, e.month, e.worker_id, min(e.participation_id) AS participation_id, sum(e.worth_fen) AS worth_fen
  FROM earned e GROUP BY 1, 2, 3
), paid AS (
  SELECT DISTINCT p.project_id, p.month, p.worker_id FROM payroll_payslip p
  WHERE p.payment IN ('paid', 'cash') AND p.month >= (SELECT min(month) FROM person)
    AND p.month < date_trunc('month', %(today)s::date)::date
    AND NOT (p.payment = 'cash' AND EXISTS (
      SELECT FROM payroll_cashpayment c
      WHERE c.project_id = p.project_id AND c.sheet_id = p.sheet_id AND c.worker_id = p.worker_id
        AND c.denied_at IS NOT NULL AND c.withdrawn_at IS NULL))
), reached AS (
  SELECT n.project_id, n.month, count(*)::int AS attended, count(paid.worker_id)::int AS paid,
         sum(n.worth_fen) FILTER (WHERE paid.worker_id IS NULL)::bigint AS unpaid_fen,
         mode() WITHIN GROUP (ORDER BY n.participation_id) FILTER (WHERE paid.worker_id IS NULL) AS participation_id
  FROM person n
  LEFT JOIN paid ON paid.project_id = n.project_id AND paid.month = n.month AND paid.worker_id = n.worker_id
  GROUP BY 1, 2
), share AS MATERIALIZED (
  SELECT place.region_id, wagewatch_parameter('alarm.D4.percent', place.region_id, %(today)s) AS percent,
         wagewatch_parameter('alarm.D4.days', place.region_id, %(today)s) AS days
  FROM place
)
SELECT r.project_id, r.participation_id, to_char(r.month, 'YYYY-MM') AS period, least(l.level, g.level) AS level,
       d.due_on, r.unpaid_fen AS amount_fen, r.attended - r.paid AS people,
       jsonb_build_object('attended', r.attended, 'paid', r.paid, 'estimated', true) AS facts
FROM reached r
JOIN registration_project pr ON pr.id = r.project_id
JOIN share ON share.region_id = pr.region_id
JOIN pay_date d ON d.month = r.month AND d.pay_day = pr.pay_day
CROSS JOIN LATERAL (SELECT {step("100.0 * r.paid / r.attended", "share.percent", "<")} AS level) l
CROSS JOIN LATERAL (SELECT {step("%(today)s - d.due_on", "share.days")} AS level) g
WHERE r.paid < r.attended AND l.level IS NOT NULL AND g.level IS NOT NULL
"""  # noqa: S608 constants only; every value is a parameter

RULE = Rule(
    code="D4",
    title=_("Fewer people paid than worked"),
    explanation=_(
        "Some days after the due date, fewer people have been paid for a month than the gates saw at work in it."
    ),
    law=_("Order 724, article 31"),
    sql=SQL,
    settings=(
        Setting("alarm.D4.percent", "percent", _("per cent of the people paid"), falling=True),
        Setting("alarm.D4.days", "days", _("days after the due date")),
    ),
    levels=(1, 3),
    monthly=True,
    after=frozenset({"line.result", "cash.paid"}),
)
