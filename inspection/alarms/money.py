"""B3, B4: an account too small for the coming wages, and money that left it for something else."""

from django.utils.translation import gettext_lazy as _

from inspection.alarms.parts import LEADER, places, step
from inspection.alarms.rule import Rule, Setting

# Needed is what sent sheets still owe and is due soon or overdue. Money that is with the bank has not left the
# balance yet, so it counts on both sides.
TOO_LITTLE = f"""
WITH {places(percent="alarm.B3.percent", ahead="alarm.B3.days")}, need AS (
  SELECT s.project_id, max(s.month) AS month, min(s.due_on) AS due_on, sum(p.net_fen)::bigint AS fen,
         count(DISTINCT p.worker_id)::int AS people
  FROM payroll_paysheet s
  JOIN payroll_payslip p ON p.project_id = s.project_id AND p.month = s.month AND p.sheet_id = s.id
  JOIN registration_project pr ON pr.id = s.project_id
  JOIN place ON place.region_id = pr.region_id
  WHERE s.state NOT IN ('draft', 'settled') AND p.payment NOT IN ('paid', 'cash') AND p.net_fen > 0
    AND s.due_on <= %(today)s + (place.ahead ->> 'yellow')::int
  GROUP BY 1
)
SELECT n.project_id, gc.id AS participation_id, to_char(n.month, 'YYYY-MM') AS period, l.level, n.due_on,
       (n.fen - s.balance_fen)::bigint AS amount_fen, n.people,
       jsonb_build_object('need_fen', n.fen, 'balance_fen', s.balance_fen) AS facts
FROM need n
JOIN payroll_subledger s ON s.project_id = n.project_id
JOIN registration_project pr ON pr.id = n.project_id
JOIN place ON place.region_id = pr.region_id
{LEADER}
CROSS JOIN LATERAL (SELECT {step("100.0 * s.balance_fen / n.fen", "place.percent", "<")} AS level) l
WHERE l.level IS NOT NULL AND s.balance_fen < n.fen
"""  # noqa: S608 constants only; every value is a parameter

# Money that came back from the same party afterwards is set off; what nobody brought back stays.
FOREIGN = f"""
WITH spent AS (
  SELECT e.project_id, e.cause, min(e.at) AS first_at, -sum(e.amount_fen) AS fen, count(*) AS times
  FROM payroll_accountentry e
  WHERE e.kind = 'other_out' AND e.at >= %(now)s - interval '24 months' GROUP BY 1, 2
), missing AS (
  SELECT s.project_id, s.cause, s.first_at, s.times, s.fen - coalesce((
           SELECT sum(b.amount_fen) FROM payroll_accountentry b
           WHERE b.project_id = s.project_id AND b.cause = s.cause AND b.amount_fen > 0 AND b.at >= s.first_at), 0) AS fen
  FROM spent s
)
SELECT m.project_id, gc.id AS participation_id,
       to_char(min(m.first_at) AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS period, 3 AS level, NULL::date AS due_on,
       sum(m.fen)::bigint AS amount_fen, 0 AS people,
       jsonb_build_object('times', sum(m.times), 'first_on', (min(m.first_at) AT TIME ZONE 'Asia/Shanghai')::date,
         'to', (array_agg(m.cause ORDER BY m.fen DESC, m.cause))[1], 'parties', count(*)) AS facts
FROM missing m
JOIN registration_project pr ON pr.id = m.project_id
{LEADER}
WHERE m.fen > 0
GROUP BY m.project_id, gc.id
"""  # noqa: S608

RULES = (
    Rule(
        code="B3",
        title=_("Too little money for the wages"),
        explanation=_(
            "The balance of the special account is below what the sent pay sheets need, some days before they are "
            "due or after."
        ),
        law=_("Order 724, articles 29 and 31; measures on special accounts of 2021"),
        sql=TOO_LITTLE,
        settings=(
            Setting("alarm.B3.percent", "percent", _("per cent of the wages covered"), falling=True),
            Setting("alarm.B3.days", "days", _("days before the due date on which the balance is looked at")),
        ),
        levels=(1, 2),
        monthly=True,
        after=frozenset({"account.booked", "sheet.submitted"}),
    ),
    Rule(
        code="B4",
        title=_("Money left the account for something else"),
        explanation=_(
            "Money was paid from the special account to somebody who is on no pay sheet. The account is for wages "
            "alone; the alarm closes when the same party has paid the money back."
        ),
        law=_("Order 724, articles 33 and 55"),
        sql=FOREIGN,
        levels=(3,),
        after=frozenset({"account.booked"}),
    ),
)
