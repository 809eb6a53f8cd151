"""A1, A2, A6: the special account, its filing, and the papers that must be there (Order 724, articles 24-28)."""

from django.utils.translation import gettext_lazy as _

from inspection.alarms.parts import LEADER, RUNNING, first, places, step
from inspection.alarms.rule import Rule, Setting

NO_ACCOUNT = f"""
WITH {places(ladder="alarm.A1.days", small="account.small_under_fen")}
SELECT pr.id AS project_id, gc.id AS participation_id, pr.contract_signed_on::text AS period, l.level,
       pr.contract_signed_on + {first("place.ladder")} AS due_on, 0::bigint AS amount_fen, 0 AS people,
       jsonb_build_object('signed_on', pr.contract_signed_on) AS facts
FROM registration_project pr
JOIN place ON place.region_id = pr.region_id
{LEADER}
CROSS JOIN LATERAL (
  SELECT {step("%(today)s - pr.contract_signed_on", "place.ladder", ">")} AS level) l
WHERE {RUNNING} AND l.level IS NOT NULL AND pr.contract_sum_fen >= (place.small #>> '{{}}')::bigint
  AND NOT EXISTS (SELECT FROM payroll_subledger s WHERE s.project_id = pr.id)
"""  # noqa: S608 constants only; every value is a parameter

NOT_FILED = f"""
WITH {places(ladder="alarm.A2.days")}
SELECT pr.id AS project_id, gc.id AS participation_id, a.opened_on::text AS period, l.level,
       a.opened_on + {first("place.ladder")} AS due_on, 0::bigint AS amount_fen, 0 AS people,
       jsonb_build_object('opened_on', a.opened_on) AS facts
FROM payroll_specialaccount a
JOIN payroll_subledger s ON s.account_id = a.id
JOIN registration_project pr ON pr.id = s.project_id
JOIN place ON place.region_id = pr.region_id
{LEADER}
CROSS JOIN LATERAL (SELECT {step("%(today)s - a.opened_on", "place.ladder", ">")} AS level) l
WHERE {RUNNING} AND l.level IS NOT NULL AND a.filed_on IS NULL
"""  # noqa: S608

# A firm that has only just come is given the region's days; one that left is not asked any more.
PAPERS = f"""
WITH {places(ladder="alarm.A6.days")}, lacking AS (
  SELECT p.project_id, 'clerk' AS what, 1 AS firms,
         coalesce(p.entered_on, pr.started_on, pr.contract_signed_on) AS since, p.id AS participation_id
  FROM registration_participation p JOIN registration_project pr ON pr.id = p.project_id
  WHERE p.role = 'general_contractor' AND p.clerk_id IS NULL AND p.clerk_name = '' AND p.left_on IS NULL
  UNION ALL
  SELECT p.project_id, 'contract', 1, coalesce(p.entered_on, pr.started_on, pr.contract_signed_on), p.id
  FROM registration_participation p JOIN registration_project pr ON pr.id = p.project_id
  WHERE p.role = 'subcontractor' AND p.contract_signed_on IS NULL AND p.left_on IS NULL
)
SELECT k.project_id, min(k.participation_id) AS participation_id, 'standing' AS period,
       max(l.level) AS level, min(k.since) + {first("place.ladder")} AS due_on, 0::bigint AS amount_fen, 0 AS people,
       jsonb_build_object('no_clerk', count(*) FILTER (WHERE k.what = 'clerk'),
         'no_contract', count(*) FILTER (WHERE k.what = 'contract'),
         'firms', jsonb_agg(k.participation_id ORDER BY k.participation_id)) AS facts
FROM lacking k
JOIN registration_project pr ON pr.id = k.project_id
JOIN place ON place.region_id = pr.region_id
CROSS JOIN LATERAL (SELECT {step("%(today)s - k.since", "place.ladder", ">")} AS level) l
WHERE {RUNNING} AND l.level IS NOT NULL
GROUP BY k.project_id, place.ladder
"""  # noqa: S608

RULES = (
    Rule(
        code="A1",
        title=_("No special wage account"),
        explanation=_(
            "The general contractor must open the project's special wage account within the days set for the "
            "region after the contract was signed. Works below the region's contract sum need none."
        ),
        law=_("Order 724, articles 26 and 55; measures on special accounts of 2021"),
        sql=NO_ACCOUNT,
        settings=(Setting("alarm.A1.days", "days", _("days after the contract was signed")),),
        reads=("account.small_under_fen",),
        levels=(2,),
    ),
    Rule(
        code="A2",
        title=_("Special account not filed"),
        explanation=_(
            "The account is open, but it has not been filed with the authority within the days set for the region."
        ),
        law=_("Measures on special accounts of 2021; order 724, article 55"),
        sql=NOT_FILED,
        settings=(Setting("alarm.A2.days", "days", _("days after the account was opened")),),
    ),
    Rule(
        code="A6",
        title=_("Clerk or subcontract missing"),
        explanation=_(
            "The general contractor has named no labour-wage clerk, or a subcontractor works on site without a "
            "contract on record, which must say how wages are paid on its behalf."
        ),
        law=_("Order 724, articles 28 and 57"),
        sql=PAPERS,
        settings=(Setting("alarm.A6.days", "days", _("days after the firm entered the site")),),
    ),
)
