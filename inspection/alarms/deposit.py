"""A3, A4, A5: the wage deposit: not lodged, guarantee ending, not refilled (Order 724, article 32).

The same truth as payroll.deposit_rules.state_of, over all projects at once; a test holds both together.
"""

from django.utils.translation import gettext_lazy as _

from inspection.alarms.parts import (
    LEADER,
    RUNNING,
    calendar,
    calendar_after,
    first,
    places,
    step,
    worked_since,
)
from inspection.alarms.rule import Rule, Setting

_PAPERS = "('lodged', 'topped_up', 'replaced')"

# Works whose deposit is nothing are left out: small ones, and those of firms with clean years, by the table and
# the record of the day of the contract. Without a record nobody is exempt.
NOT_LODGED = f"""
WITH {places(ladder="alarm.A3.wd")}, asked AS (
  SELECT pr.id AS project_id, gc.id AS participation_id, pr.contract_sum_fen, gc.organisation_id, place.ladder,
         coalesce(pr.started_on, pr.contract_signed_on) AS since,
         coalesce(pr.contract_signed_on, pr.started_on) AS judged_on,
         wagewatch_parameter('deposit.table', pr.region_id, coalesce(pr.contract_signed_on, pr.started_on)) AS t
  FROM registration_project pr
  JOIN place ON place.region_id = pr.region_id
  {LEADER}
  WHERE {RUNNING} AND coalesce(pr.started_on, pr.contract_signed_on) IS NOT NULL
    AND pr.contract_sum_fen > 0
    AND NOT EXISTS (SELECT FROM payroll_depositentry e WHERE e.project_id = pr.id)
), due AS (
  SELECT a.*, l.level, last.day AS last_day FROM asked a
  {calendar("start", "a.since")}
  {calendar_after("last", "start", first("a.ladder"))}
  CROSS JOIN LATERAL (SELECT {step(worked_since("start"), "a.ladder", ">")} AS level) l
  WHERE l.level IS NOT NULL
)
SELECT d.project_id, d.participation_id, d.since::text AS period, d.level,
       d.last_day AS due_on, 0::bigint AS amount_fen, 0 AS people,
       jsonb_build_object('since', d.since) AS facts
FROM due d
LEFT JOIN LATERAL (
  SELECT r.kind, r.since, r.well_kept FROM payroll_arrearsrecord r
  WHERE r.organisation_id = d.organisation_id AND r.since <= d.judged_on
  ORDER BY r.made_at DESC, r.id DESC LIMIT 1
) r ON true
WHERE NOT coalesce(
  (r.kind = 'clean' OR r.kind = 'arrears'
     AND (r.since + make_interval(years => (d.t ->> 'raised_within_years')::int))::date <= d.judged_on)
  AND (d.contract_sum_fen < coalesce((d.t ->> 'small_under_fen')::bigint, 0)
         AND (r.since + make_interval(years => coalesce((d.t ->> 'small_clean_years')::int, 1)))::date <= d.judged_on
       OR r.well_kept
         AND (r.since + make_interval(years => (d.t ->> 'exempt_after_years')::int))::date <= d.judged_on), false)
"""  # noqa: S608 constants only; every value is a parameter

_LATEST = f"""latest AS (
  SELECT DISTINCT ON (e.project_id) e.project_id, e.kind, e.balance_fen, e.due_fen
  FROM payroll_depositentry e ORDER BY e.project_id, e.number DESC
), paper AS (
  SELECT DISTINCT ON (e.project_id) e.project_id, e.number, e.expires_on, e.form
  FROM payroll_depositentry e WHERE e.kind IN {_PAPERS} ORDER BY e.project_id, e.number DESC
), released AS (
  SELECT project_id FROM (
    SELECT DISTINCT ON (r.project_id) r.project_id, r.kind
    FROM payroll_depositruling r WHERE r.kind IN ('use', 'released') ORDER BY r.project_id, r.number DESC
  ) r WHERE r.kind = 'released'
)"""  # noqa: S608

ENDING = f"""
WITH {places(ladder="alarm.A4.days")}, {_LATEST}
SELECT pr.id AS project_id, gc.id AS participation_id, paper.expires_on::text AS period, l.level,
       paper.expires_on AS due_on, latest.balance_fen AS amount_fen, 0 AS people,
       jsonb_build_object('expires_on', paper.expires_on, 'form', paper.form, 'over', %(today)s > paper.expires_on)
         AS facts
FROM paper
JOIN latest ON latest.project_id = paper.project_id AND latest.kind <> 'returned'
JOIN registration_project pr ON pr.id = paper.project_id
JOIN place ON place.region_id = pr.region_id
{LEADER}
CROSS JOIN LATERAL (
  SELECT CASE WHEN %(today)s > paper.expires_on THEN 3
              ELSE {step("paper.expires_on - %(today)s", "place.ladder", "<=")} END AS level) l
WHERE {RUNNING} AND l.level IS NOT NULL
  AND NOT EXISTS (SELECT FROM released r WHERE r.project_id = pr.id)
"""  # noqa: S608

NOT_REFILLED = f"""
WITH {places(ladder="alarm.A5.wd")}, {_LATEST}, used AS (
  SELECT e.project_id, min(e.happened_on) AS used_on, -sum(e.amount_fen) AS used_fen
  FROM payroll_depositentry e JOIN paper ON paper.project_id = e.project_id AND e.number > paper.number
  WHERE e.kind = 'paid_out' GROUP BY e.project_id
)
SELECT pr.id AS project_id, gc.id AS participation_id, used.used_on::text AS period, l.level,
       last.day AS due_on,
       (latest.due_fen - latest.balance_fen)::bigint AS amount_fen, 0 AS people,
       jsonb_build_object('used_on', used.used_on, 'used_fen', used.used_fen,
         'balance_fen', latest.balance_fen, 'due_fen', latest.due_fen) AS facts
FROM used
JOIN latest ON latest.project_id = used.project_id AND latest.kind <> 'returned'
JOIN registration_project pr ON pr.id = used.project_id
JOIN place ON place.region_id = pr.region_id
{LEADER}
{calendar("start", "used.used_on")}
{calendar_after("last", "start", first("place.ladder"))}
CROSS JOIN LATERAL (
  SELECT {step(worked_since("start"), "place.ladder", ">")} AS level) l
WHERE {RUNNING} AND l.level IS NOT NULL AND latest.balance_fen < latest.due_fen
  AND NOT EXISTS (SELECT FROM released r WHERE r.project_id = pr.id)
"""  # noqa: S608

RULES = (
    Rule(
        code="A3",
        title=_("Wage deposit not lodged"),
        explanation=_(
            "The works began, and the general contractor has lodged no wage deposit within the working days set "
            "for the region. Works that are exempt by the region's table and the firm's record are left out."
        ),
        law=_("Order 724, articles 32 and 55; measures on wage deposits of 2021"),
        sql=NOT_LODGED,
        settings=(Setting("alarm.A3.wd", "wd", _("working days after the works began")),),
        reads=("deposit.table",),
        levels=(2,),
        after=frozenset({"deposit.entry", "firm.arrears"}),
    ),
    Rule(
        code="A4",
        title=_("Deposit guarantee ends"),
        explanation=_(
            "The guarantee or insurance that stands for the wage deposit ends soon; once it has ended, nothing "
            "covers the wages and the alarm is red."
        ),
        law=_("Order 724, articles 32 and 55"),
        sql=ENDING,
        settings=(Setting("alarm.A4.days", "days", _("days before the guarantee ends"), falling=True),),
        levels=(1, 3),
        after=frozenset({"deposit.entry", "deposit.ruling"}),
    ),
    Rule(
        code="A5",
        title=_("Wage deposit not refilled"),
        explanation=_(
            "Wages were paid from the deposit by order, and the general contractor has not filled it up within "
            "the working days set for the region."
        ),
        law=_("Order 724, article 32; measures on wage deposits of 2021"),
        sql=NOT_REFILLED,
        settings=(Setting("alarm.A5.wd", "wd", _("working days after the deposit was used")),),
        levels=(3,),
        after=frozenset({"deposit.entry", "deposit.ruling"}),
    ),
)
