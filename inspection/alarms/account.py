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

# The owner's payment guarantee is an alarm of its own beside the papers above: another firm must act.
GUARANTEE = f"""
WITH {places(ladder="alarm.A6.guarantee_days", since="guarantee.asked_since", small="guarantee.small_under_fen")},
given AS (
  SELECT g.project_id, bool_or(%(today)s BETWEEN g.valid_from AND g.valid_until) AS holds,
         max(g.valid_until) FILTER (WHERE g.valid_until < %(today)s) AS over_on,
         min(g.valid_from) FILTER (WHERE g.valid_from > %(today)s) AS begins_on
  FROM payroll_paymentguarantee g
  WHERE NOT EXISTS (SELECT FROM payroll_paymentguarantee r
                    WHERE r.project_id = g.project_id AND r.replaces = g.number)
  GROUP BY g.project_id
)
SELECT pr.id AS project_id, ow.id AS participation_id, 'guarantee' AS period, l.level, d.due_on,
       0::bigint AS amount_fen, 0 AS people,
       jsonb_strip_nulls(jsonb_build_object('guarantee', CASE WHEN g.over_on IS NOT NULL THEN 'over' ELSE 'none' END,
         'signed_on', s.signed_on, 'over_on', g.over_on, 'begins_on', g.begins_on)) AS facts
FROM registration_project pr
JOIN place ON place.region_id = pr.region_id
LEFT JOIN LATERAL (SELECT min(p.id) AS id FROM registration_participation p
  WHERE p.project_id = pr.id AND p.role = 'owner' AND p.left_on IS NULL) ow ON true
LEFT JOIN given g ON g.project_id = pr.id
CROSS JOIN LATERAL (SELECT coalesce(pr.contract_signed_on, pr.started_on) AS signed_on) s
CROSS JOIN LATERAL (SELECT greatest(s.signed_on + {first("place.ladder")}, g.over_on) AS due_on) d
CROSS JOIN LATERAL (
  SELECT {step(f"%(today)s - d.due_on + {first('place.ladder')}", "place.ladder", ">")} AS level) l
WHERE {RUNNING} AND l.level IS NOT NULL AND g.holds IS NOT TRUE
  AND place.since #>> '{{}}' <> '' AND s.signed_on >= nullif(place.since #>> '{{}}', '')::date
  AND pr.contract_sum_fen >= (place.small #>> '{{}}')::bigint
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
        title=_("Clerk, subcontract or payment guarantee missing"),
        explanation=_(
            "The general contractor has named no labour-wage clerk; a subcontractor works on site without a "
            "contract on record, which must say how wages are paid on its behalf; or no guarantee of the owner's "
            "payment holds. The guarantee is an alarm of its own, since the owner must act. The region says from "
            "which day and contract sum on it is asked for; one that has ended counts from the day after."
        ),
        law=_("Order 724, articles 24, 28 and 57"),
        sql=f"SELECT * FROM ({PAPERS}) papers UNION ALL SELECT * FROM ({GUARANTEE}) guarantee",  # noqa: S608
        settings=(
            Setting("alarm.A6.days", "days", _("days after the firm entered the site")),
            Setting(
                "alarm.A6.guarantee_days", "days", _("days after the contract was signed, for the guarantee")
            ),
        ),
        reads=("guarantee.asked_since", "guarantee.small_under_fen"),
        after=frozenset({"guarantee.entry"}),
    ),
)
