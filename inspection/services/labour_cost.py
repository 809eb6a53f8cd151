"""What the labour cost of many projects adds up to until a day, as the alarms B1 and B2 reckon it: one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection

from inspection.alarms.allocation import STANDING_OF

SUMS = f"""
WITH {STANDING_OF}, agreed AS (
  SELECT h.project_id, sum(coalesce(h.due_fen, 0))::bigint AS fen FROM by_hand h GROUP BY 1
), gap AS (
  SELECT s.project_id, sum(s.short_fen)::bigint AS fen,
         min(s.due_on) FILTER (WHERE s.short_fen > 0 OR s.due_fen IS NULL) AS since
  FROM standing s GROUP BY 1
)
SELECT b.project_id, coalesce(a.fen, 0), coalesce(m.fen, 0), coalesce(g.fen, 0), g.since
FROM bounds b
LEFT JOIN agreed a ON a.project_id = b.project_id
LEFT JOIN money m ON m.project_id = b.project_id
LEFT JOIN gap g ON g.project_id = b.project_id
"""  # noqa: S608 constants only; every value is a parameter


@dataclass(frozen=True, slots=True)
class LabourCost:
    """A project's labour cost in fen: agreed and received until the day, missing, and since when."""

    agreed_fen: int = 0
    received_fen: int = 0
    short_fen: int = 0
    since: date | None = None
    """Day on which the oldest allocation that is missing, or that nobody measured, was due."""
    has_plan: bool = False

    def days_late(self, today: date) -> int:
        """How long the oldest gap stands."""
        return (today - self.since).days if self.since else 0


def labour_costs(project_ids: Sequence[int], *, today: date) -> dict[int, LabourCost]:
    """The labour cost of projects; those without a plan are all zero."""
    with connection.cursor() as cursor:
        cursor.execute(SUMS, {"projects": list(project_ids), "today": today})
        known = {
            pk: LabourCost(agreed, received, short, since, has_plan=True)
            for pk, agreed, received, short, since in cursor.fetchall()
        }
    none = LabourCost()
    return {pk: known.get(pk, none) for pk in project_ids}
