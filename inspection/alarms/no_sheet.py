"""D1: no pay sheet some days after the end of the month (Order 724, articles 31 and 56)."""

from django.utils.translation import gettext_lazy as _

from inspection.alarms.earned import EARNED
from inspection.alarms.rule import Rule, Setting

# The sheet of one team answers for that team alone: the others are still missing.
# A month stays in the rule until its sheet is sent, not only until the next month begins.
SQL = (
    "WITH "  # noqa: S608 constants only; every value is a parameter
    + EARNED
    + """, missing AS (
  SELECT u.* FROM unsheeted u
  WHERE NOT EXISTS (
    SELECT 1 FROM payroll_paysheet s
    WHERE s.project_id = u.project_id AND s.participation_id = u.participation_id AND s.month = u.month
      AND s.kind = 'monthly' AND s.state <> 'draft' AND s.team_id IS NULL)
), day_set AS MATERIALIZED (
  SELECT place.region_id,
         (wagewatch_parameter('alarm.D1.day_of_month', place.region_id, %(today)s) ->> 'yellow')::int AS day
  FROM place
)
SELECT m.project_id,
       (array_agg(m.participation_id ORDER BY m.worth_fen DESC, m.participation_id))[1] AS participation_id,
       to_char(m.month, 'YYYY-MM') AS period, 1 AS level, NULL::date AS due_on,
       sum(m.worth_fen)::bigint AS amount_fen, sum(m.people)::int AS people,
       jsonb_build_object('estimated', true, 'piece_people', sum(m.piece_people),
         'parts', jsonb_agg(jsonb_build_object(
           'participation', m.participation_id, 'owed_fen', m.worth_fen, 'people', m.people, 'estimated', true)
           ORDER BY m.worth_fen DESC, m.participation_id)) AS facts
FROM missing m
JOIN registration_project pr ON pr.id = m.project_id
JOIN day_set ON day_set.region_id = pr.region_id
WHERE %(today)s > (m.month + interval '1 month')::date + day_set.day - 1
GROUP BY m.project_id, m.month
"""
)

RULE = Rule(
    code="D1",
    title=_("No pay sheet made"),
    explanation=_(
        "People worked in a month, and their employer has not sent them a pay sheet by the day of the next "
        "month that is set for the region."
    ),
    law=_("Order 724, articles 31 and 56"),
    sql=SQL,
    settings=(
        Setting("alarm.D1.day_of_month", "day", _("day of the next month by which the sheet is sent")),
    ),
    monthly=True,
    after=frozenset({"sheet.submitted"}),
)
