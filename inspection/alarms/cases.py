"""E2 and E3: complaints that are open, and orders to pay that lapsed over an amount that is a crime not to pay."""

from django.utils.translation import gettext_lazy as _

from inspection.alarms.parts import calendar, calendar_after, places, step
from inspection.alarms.rule import Rule, Setting

E2_SQL = f"""
WITH {places(ladder="alarm.E2.people", accept="case.accept_within_wd")}, open_one AS (
  SELECT coalesce(k.project_id, c.project_id) AS project_id, coalesce(k.people, 1) AS people,
         coalesce(k.mass, false) AS mass, k.id IS NULL AS untouched, k.due_on, k.due_for = 'accept' AS unaccepted,
         (c.made_at AT TIME ZONE 'Asia/Shanghai')::date AS received_on
  FROM registration_complaint c LEFT JOIN inspection_case k ON k.complaint_id = c.id
  WHERE CASE WHEN k.id IS NULL THEN c.state <> 'answered' ELSE k.state NOT IN ('closed', 'refused') END
  UNION ALL
  SELECT k.project_id, k.people, true, false, k.due_on, k.due_for = 'accept', k.received_on
  FROM inspection_case k WHERE k.complaint_id IS NULL AND k.mass AND k.state NOT IN ('closed', 'refused')
)
SELECT o.project_id, NULL::bigint AS participation_id, 'open' AS period,
       CASE WHEN bool_or(o.mass) THEN 3 ELSE {step("sum(o.people)", "place.ladder")} END AS level,
       min(CASE WHEN o.untouched THEN last.day ELSE o.due_on END) AS due_on, 0::bigint AS amount_fen,
       sum(o.people)::int AS people,
       jsonb_build_object('complaints', count(*), 'waiting', count(*) FILTER (WHERE o.untouched OR o.unaccepted),
         'since', min(o.received_on), 'mass', bool_or(o.mass)) AS facts
FROM open_one o
JOIN registration_project pr ON pr.id = o.project_id
JOIN place ON place.region_id = pr.region_id
{calendar("start", "o.received_on")}
{calendar_after("last", "start", "(place.accept #>> '{}')::int")}
GROUP BY o.project_id, place.ladder
HAVING bool_or(o.mass) OR {step("sum(o.people)", "place.ladder")} IS NOT NULL
"""  # noqa: S608 constants only; every value is a parameter

E3_SQL = f"""
WITH {places(one="crime.one", many="crime.many")}
SELECT k.project_id, NULL::bigint AS participation_id, 'orders' AS period, 3 AS level, min(o.deadline_on) AS due_on,
       sum(o.rest_fen)::bigint AS amount_fen, sum(o.rest_people)::int AS people,
       jsonb_build_object('orders', count(*), 'number', min(o.number), 'most_fen', max(o.rest_most_fen),
         'most_months', max(o.most_months), 'referred', count(k.referred_on)) AS facts
FROM inspection_correctionorder o
JOIN inspection_case k ON k.id = o.case_id
JOIN registration_project pr ON pr.id = k.project_id
JOIN place ON place.region_id = pr.region_id
WHERE o.deadline_on < %(today)s AND o.corrected_on IS NULL AND o.withdrawn_on IS NULL AND o.rest_fen > 0
  AND ((o.most_months >= (place.one ->> 'months')::int AND o.rest_most_fen >= (place.one ->> 'fen')::bigint)
    OR (o.rest_people >= (place.many ->> 'people')::int AND o.rest_fen >= (place.many ->> 'fen')::bigint))
GROUP BY k.project_id
"""  # noqa: S608

RULES = (
    Rule(
        code="E2",
        title=_("Complaints are open"),
        explanation=_(
            "People complained about the site, and the office has not finished. A crowd, or as many people as the "
            "region sets, makes it red."
        ),
        law=_("Order 724, articles 10 and 29"),
        sql=E2_SQL,
        settings=(Setting("alarm.E2.people", "people", _("people who complain")),),
        reads=("case.accept_within_wd",),
        levels=(2, 3),
        after=frozenset({"complaint.filed", "case.step"}),
    ),
    Rule(
        code="E3",
        title=_("An order to pay lapsed, and the amount is a crime not to pay"),
        explanation=_(
            "An order to pay wages was served, its time is over, and what is still unpaid reaches the amount from "
            "which the region calls it a crime. Amount and lapsed order are both there: the police may be asked."
        ),
        law=_("Criminal Law, article 276-1; interpretation of 2013, article 3"),
        sql=E3_SQL,
        reads=("crime.one", "crime.many"),
        levels=(3,),
        after=frozenset({"case.step"}),
    ),
)
