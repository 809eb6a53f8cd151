"""E1: the notice board that article 34 of order 724 asks for is missing, or the one that hangs is out of date."""

from django.utils.translation import gettext_lazy as _

from inspection.alarms.parts import LEADER, RUNNING, first, places, step
from inspection.alarms.rule import Rule, Setting

# The newest look that says something decides: a blurred picture proves neither that a board hangs nor that none does.
SQL = f"""
WITH {places(ladder="alarm.E1.days")}, look AS (
  SELECT DISTINCT ON (project_id) project_id, verdict, board_number, made_on, seen_on
  FROM payroll_boardcheck WHERE verdict IN ('fresh', 'stale', 'missing')
  ORDER BY project_id, number DESC
), board AS (
  SELECT project_id, max(number) AS newest FROM payroll_noticeboard GROUP BY project_id
)
SELECT pr.id AS project_id, gc.id AS participation_id, 'standing' AS period, l.level,
       CASE WHEN look.verdict = 'missing' THEN look.seen_on ELSE s.since + {first("place.ladder")} END AS due_on,
       0::bigint AS amount_fen, 0 AS people,
       jsonb_build_object(
         'kind', CASE WHEN look.verdict = 'missing' THEN 'missing' WHEN look.project_id IS NULL THEN 'unseen'
                      ELSE 'stale' END,
         'since', s.since, 'made_on', look.made_on, 'seen_on', look.seen_on, 'number', look.board_number,
         'newest', board.newest) AS facts
FROM registration_project pr
JOIN place ON place.region_id = pr.region_id
{LEADER}
LEFT JOIN look ON look.project_id = pr.id
LEFT JOIN board ON board.project_id = pr.id
CROSS JOIN LATERAL (SELECT coalesce(look.made_on, pr.started_on) AS since) s
CROSS JOIN LATERAL (
  SELECT CASE WHEN look.verdict = 'missing' THEN {step(f"{first('place.ladder')}", "place.ladder")}
              ELSE {step("%(today)s - s.since", "place.ladder", ">")} END AS level) l
WHERE {RUNNING} AND pr.state = 'building' AND l.level IS NOT NULL
"""  # noqa: S608 constants only; every value is a parameter

RULE = Rule(
    code="E1",
    title=_("Notice board missing or out of date"),
    explanation=_(
        "No photo has shown the site's notice board within the days set for the region after the works began, the "
        "board that hangs was made longer ago than that, or an inspector found none. The code on the board tells "
        "project, version and month; the newest look counts."
    ),
    law=_("Order 724, articles 34 and 56"),
    sql=SQL,
    settings=(Setting("alarm.E1.days", "days", _("days after the board that hangs was made")),),
    after=frozenset({"board.check"}),
)
