"""B1, B2: the owner's labour-cost allocation that did not come, or not in the agreed share (Order 724, 24 and 57)."""

from django.utils.translation import gettext_lazy as _

from inspection.alarms.parts import LEADER, RUNNING, places, step
from inspection.alarms.rule import Rule, Setting

# As payroll.allocation_rules: the newest version of the plan that has begun holds for a month; what a person named
# counts for that month up to its sum, the rest of the money fills the oldest gap first. A month whose progress nobody
# measured has no sum, and is told as such. Loans are no allocation.
# Each thing is read once and joined by project; only projects whose money does not reach for all months, or where a
# month has no sum, are gone through month by month (`behind`).
_STANDING = """
version AS MATERIALIZED (
  -- A version holds from its first month until a newer one begins; `until` is that month.
  SELECT a.*, min(a.starts_on) OVER (PARTITION BY a.project_id ORDER BY a.number
           ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS until,
         least(date_trunc('month', %(today)s::date), date_trunc('month', coalesce(pr.done_on, %(today)s)))::date AS last_month
  FROM payroll_allocationplan a JOIN registration_project pr ON pr.id = a.project_id
  WHERE {which}
), bounds AS MATERIALIZED (
  SELECT DISTINCT ON (p.project_id) p.project_id,
         ((least((p.starts_on - interval '1 month')::date + p.day - 1, p.starts_on - 1) + 1)::timestamp
           AT TIME ZONE 'Asia/Shanghai') AS counts_from
  FROM version p ORDER BY p.project_id, p.starts_on, p.number DESC
), due_month AS (
  SELECT v.project_id, m.month::date AS month, v.number, v.basis, v.percent, v.amount_fen, v.contract_sum_fen,
         v.starts_on, v.ends_on,
         least(m.month::date + v.day - 1, (m.month + interval '1 month')::date - 1) AS due_on
  FROM version v
  CROSS JOIN LATERAL generate_series(v.starts_on::timestamp,
    least(v.last_month, v.ends_on, (v.until - interval '1 month')::date)::timestamp, interval '1 month') m(month)
), progress AS (
  SELECT DISTINCT ON (x.project_id, x.month) x.project_id, x.month, x.amount_fen
  FROM payroll_progresspayment x ORDER BY x.project_id, x.month, x.number DESC
), priced AS (
  SELECT d.project_id, d.month, d.due_on, d.basis,
         CASE d.basis
           WHEN 'amount' THEN d.amount_fen
           WHEN 'progress' THEN round(g.amount_fen * d.percent / 100)::bigint
           ELSE w.total_fen / w.months + CASE WHEN w.place < w.total_fen %% w.months THEN 1 ELSE 0 END
         END AS due_fen
  FROM due_month d
  LEFT JOIN progress g ON g.project_id = d.project_id AND g.month = d.month AND d.basis = 'progress'
  CROSS JOIN LATERAL (
    SELECT round(d.contract_sum_fen * d.percent / 100)::bigint AS total_fen,
           ((extract(year FROM coalesce(d.ends_on, d.starts_on)) - extract(year FROM d.starts_on)) * 12
            + extract(month FROM coalesce(d.ends_on, d.starts_on)) - extract(month FROM d.starts_on) + 1)::int AS months,
           ((extract(year FROM d.month) - extract(year FROM d.starts_on)) * 12
            + extract(month FROM d.month) - extract(month FROM d.starts_on))::int AS place) w
  WHERE d.due_on <= %(today)s
), money AS MATERIALIZED (
  SELECT e.project_id, sum(e.amount_fen)::bigint AS fen
  FROM bounds b
  JOIN payroll_accountentry e ON e.project_id = b.project_id AND e.kind = 'allocation' AND e.amount_fen > 0
   AND e.at >= b.counts_from
  GROUP BY 1
), choice AS (
  SELECT DISTINCT ON (x.project_id, x.entry_number) x.project_id, x.entry_number, x.month
  FROM payroll_allocationchoice x ORDER BY x.project_id, x.entry_number, x.number DESC
), named AS (
  SELECT c.project_id, c.month, sum(e.amount_fen) AS fen
  FROM choice c
  JOIN bounds b ON b.project_id = c.project_id
  JOIN payroll_accountentry e ON e.project_id = c.project_id AND e.number = c.entry_number
   AND e.kind = 'allocation' AND e.amount_fen > 0 AND e.at >= b.counts_from
  WHERE c.month IS NOT NULL
  GROUP BY 1, 2
), by_hand AS MATERIALIZED (
  SELECT p.*, least(coalesce(p.due_fen, 0), coalesce(n.fen, 0))::bigint AS hand_fen
  FROM priced p LEFT JOIN named n ON n.project_id = p.project_id AND n.month = p.month
), behind AS (
  SELECT t.project_id, coalesce(m.fen, 0) - t.hand_fen AS free_fen
  FROM (SELECT h.project_id, sum(h.due_fen) AS due_fen, sum(h.hand_fen) AS hand_fen, bool_or(h.due_fen IS NULL) AS unknown
        FROM by_hand h GROUP BY 1) t
  LEFT JOIN money m ON m.project_id = t.project_id
  WHERE t.unknown OR coalesce(t.due_fen, 0) > coalesce(m.fen, 0)
), standing AS (
  SELECT h.project_id, h.month, h.due_on, h.basis, h.due_fen,
         CASE WHEN h.due_fen IS NULL THEN 0 ELSE least(h.due_fen - h.hand_fen, greatest(0,
           sum(coalesce(h.due_fen, 0) - h.hand_fen) OVER (PARTITION BY h.project_id ORDER BY h.month)
           - b.free_fen)) END::bigint AS short_fen
  FROM behind b JOIN by_hand h ON h.project_id = b.project_id
)
"""
STANDING = _STANDING.replace("{which}", RUNNING)
STANDING_OF = _STANDING.replace("{which}", "a.project_id = ANY(%(projects)s)")
"""The same for given projects, done or not."""

# One alarm a month of the plan, so that each gap is followed up by itself. Nobody having measured is no more than
# yellow: what is missing is not known.
LATE = f"""
WITH {places(days="alarm.B1.days")}, {STANDING}
SELECT s.project_id, gc.id AS participation_id, to_char(s.month, 'YYYY-MM') AS period,
       CASE WHEN s.due_fen IS NULL THEN least(l.level, 1) ELSE l.level END AS level, s.due_on,
       s.short_fen AS amount_fen, 0 AS people,
       jsonb_build_object('agreed_fen', s.due_fen, 'received_fen', coalesce(s.due_fen, 0) - s.short_fen,
         'unmeasured', s.due_fen IS NULL) AS facts
FROM standing s
JOIN registration_project pr ON pr.id = s.project_id
JOIN place ON place.region_id = pr.region_id
{LEADER}
CROSS JOIN LATERAL (SELECT {step("%(today)s - s.due_on", "place.days")} AS level) l
WHERE (s.short_fen > 0 OR s.due_fen IS NULL) AND l.level IS NOT NULL
"""  # noqa: S608 constants only; every value is a parameter

# The share over all months so far, after the same days of grace: each month a little too little adds up unseen.
SHARE = f"""
WITH {places(days="alarm.B1.days", percent="alarm.B2.percent")}, {STANDING}, grace AS MATERIALIZED (
  SELECT pr.id AS project_id, coalesce((place.days ->> 'yellow')::int, 0) AS days
  FROM registration_project pr JOIN place ON place.region_id = pr.region_id
), sums AS (
  SELECT s.project_id, min(s.month) AS first_month, count(*) AS months,
         count(*) FILTER (WHERE s.short_fen > 0) AS short_months,
         sum(s.due_fen)::bigint AS agreed_fen, sum(s.short_fen)::bigint AS short_fen,
         min(s.due_on) FILTER (WHERE s.short_fen > 0) AS due_on
  FROM standing s
  JOIN grace ON grace.project_id = s.project_id
  WHERE s.due_fen > 0 AND s.due_on <= %(today)s - grace.days
  GROUP BY s.project_id
)
SELECT s.project_id, gc.id AS participation_id, 'standing' AS period, l.level, s.due_on, s.short_fen AS amount_fen,
       0 AS people,
       jsonb_build_object('agreed_fen', s.agreed_fen, 'received_fen', s.agreed_fen - s.short_fen,
         'months', s.months, 'short_months', s.short_months, 'percent', p.percent, 'since', s.first_month) AS facts
FROM sums s
JOIN registration_project pr ON pr.id = s.project_id
JOIN place ON place.region_id = pr.region_id
LEFT JOIN LATERAL (
  SELECT CASE WHEN v.basis <> 'amount' THEN v.percent END AS percent
  FROM payroll_allocationplan v WHERE v.project_id = s.project_id ORDER BY v.number DESC LIMIT 1) p ON true
{LEADER}
CROSS JOIN LATERAL (
  SELECT {step("100.0 * (s.agreed_fen - s.short_fen) / s.agreed_fen", "place.percent", "<")} AS level) l
WHERE l.level IS NOT NULL
"""  # noqa: S608

RULES = (
    Rule(
        code="B1",
        title=_("Labour cost not allocated"),
        explanation=_(
            "The day on which the owner had to allocate the month's labour cost has passed, and part of it has not "
            "reached the special account; or nobody has measured the progress of which it is a share."
        ),
        law=_("Order 724, articles 24, 29 and 57"),
        sql=LATE,
        settings=(Setting("alarm.B1.days", "days", _("days after the agreed day")),),
        levels=(1, 2, 3),
        monthly=True,
        after=frozenset({"account.booked", "allocation.plan", "allocation.progress", "allocation.receipt"}),
    ),
    Rule(
        code="B2",
        title=_("Less labour cost than agreed"),
        explanation=_(
            "Over all months so far the owner has allocated a smaller share of the labour cost than the contract "
            "agrees: every month a little too little adds up."
        ),
        law=_("Order 724, article 24"),
        sql=SHARE,
        settings=(
            Setting("alarm.B2.percent", "percent", _("per cent of the agreed sum received"), falling=True),
        ),
        reads=("alarm.B1.days",),
        levels=(1,),
        after=frozenset({"account.booked", "allocation.plan", "allocation.progress", "allocation.receipt"}),
    ),
)
