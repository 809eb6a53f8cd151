"""D4: how many of those who worked in a month have been paid for it (Order 724, article 31)."""

from django.utils.translation import gettext_lazy as _

from inspection.alarms.earned import EARNED, WORTH
from inspection.alarms.parts import step
from inspection.alarms.rule import Rule, Setting

# Heads, not money: D3 asks what is owed, this asks who got nothing, whatever the sheets say. Cash by exception counts
# unless the worker denies it. Only those without any money are priced, and only where there are some is everybody
# counted. Days of grace after the due date let the bank's results come in.
SQL = f"""
WITH {EARNED}, paid AS MATERIALIZED (
  SELECT p.project_id, p.month, p.worker_id
  FROM payroll_payslip p
  JOIN payroll_paysheet s ON s.id = p.sheet_id AND s.project_id = p.project_id AND s.state <> 'draft'
  WHERE p.month >= (SELECT month FROM since) AND p.month < date_trunc('month', %(today)s::date)::date
    AND (p.payment = 'paid' OR p.payment = 'cash' AND NOT EXISTS (
      SELECT FROM payroll_cashpayment c
      WHERE c.project_id = p.project_id AND c.sheet_id = p.sheet_id AND c.worker_id = p.worker_id
        AND c.denied_at IS NOT NULL AND c.withdrawn_at IS NULL))
), unpaid AS (
  SELECT w.project_id, w.month, w.worker_id, min(po.participation_id) AS participation_id, sum({WORTH}) AS worth_fen
  FROM worked w
  JOIN registration_posting po ON po.id = w.posting_id AND po.project_id = w.project_id
  WHERE NOT EXISTS (
    SELECT FROM paid p WHERE p.project_id = w.project_id AND p.month = w.month AND p.worker_id = w.worker_id)
  GROUP BY 1, 2, 3
), without AS (
  SELECT project_id, month, count(*)::int AS people, sum(worth_fen)::bigint AS unpaid_fen,
         mode() WITHIN GROUP (ORDER BY participation_id) AS participation_id
  FROM unpaid GROUP BY 1, 2
), reached AS (
  SELECT t.project_id, t.month, t.participation_id, t.unpaid_fen, t.people, count(DISTINCT w.worker_id)::int AS attended
  FROM without t JOIN worked w ON w.project_id = t.project_id AND w.month = t.month
  GROUP BY 1, 2, 3, 4, 5
), share AS MATERIALIZED (
  SELECT place.region_id, wagewatch_parameter('alarm.D4.percent', place.region_id, %(today)s) AS percent,
         wagewatch_parameter('alarm.D4.days', place.region_id, %(today)s) AS days
  FROM place
)
SELECT r.project_id, r.participation_id, to_char(r.month, 'YYYY-MM') AS period, least(l.level, g.level) AS level,
       d.due_on, r.unpaid_fen AS amount_fen, r.people,
       jsonb_build_object('attended', r.attended, 'paid', r.attended - r.people, 'estimated', true) AS facts
FROM reached r
JOIN registration_project pr ON pr.id = r.project_id
JOIN share ON share.region_id = pr.region_id
JOIN pay_date d ON d.month = r.month AND d.pay_day = pr.pay_day
CROSS JOIN LATERAL (SELECT {step("100.0 * (r.attended - r.people) / r.attended", "share.percent", "<")} AS level) l
CROSS JOIN LATERAL (SELECT {step("%(today)s - d.due_on", "share.days")} AS level) g
WHERE l.level IS NOT NULL AND g.level IS NOT NULL
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
