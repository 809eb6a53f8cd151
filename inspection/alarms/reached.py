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
  SELECT project_id, month, worker_id, min(participation_id) FILTER (WHERE NOT is_slip) AS participation_id,
         sum(worth_fen) AS worth_fen, bool_or(is_paid) AS is_paid
  FROM line GROUP BY 1, 2, 3
  HAVING NOT bool_and(is_slip)
), reached AS (
  SELECT n.project_id, n.month, count(*)::int AS attended, count(*) FILTER (WHERE n.is_paid)::int AS paid,
         sum(n.worth_fen) FILTER (WHERE NOT n.is_paid)::bigint AS unpaid_fen,
         mode() WITHIN GROUP (ORDER BY n.participation_id) FILTER (WHERE NOT n.is_paid) AS participation_id
  FROM person n
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
