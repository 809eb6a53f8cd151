"""Registered against carded, with definitions that cannot flatter.

Source 2 divided everybody ever registered by a count of one day and found 84 % where a survey found 44 %. Here:
*registered* is distinct people with a posting open on the day, on projects in a region with a scheme;
*carded* is those of them who hold a card of that city in their hands (collected or active); *on the way* is
applied to issued; the rest have none.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from django.db import connection

from registration.models import Project
from registration.services.citizen_cards import has_scheme


@dataclass(frozen=True)
class Carded:
    """One region's or firm's counts; people, not postings."""

    key: str
    name: str
    registered: int
    carded: int
    on_the_way: int

    @property
    def without(self) -> int:
        """Neither a card nor one on its way."""
        return self.registered - self.carded - self.on_the_way

    @property
    def percent(self) -> int:
        """Carded of registered, rounded down; 0 if nobody is registered."""
        return self.carded * 100 // self.registered if self.registered else 0


_BY = {
    "region": ("r.code", "r.name", "JOIN registration_region r ON r.code = j.region_id"),
    "organisation": (
        "o.id::text",
        "o.name",
        (
            "JOIN registration_participation x ON x.id = p.participation_id AND x.project_id = p.project_id"
            " JOIN registration_organisation o ON o.id = x.organisation_id"
        ),
    ),
    "all": ("''", "''", ""),
}
_COUNTS = """
WITH person AS (
  SELECT {key} AS key, {name} AS name, p.worker_id,
         bool_or(c.state IN ('collected', 'active')) AS carded, bool_or(c.id IS NOT NULL) AS has_any
  FROM registration_posting p
  JOIN registration_project j ON j.id = p.project_id
  {join}
  LEFT JOIN registration_citizencard c ON c.worker_id = p.worker_id AND c.state NOT IN ('lost', 'returned')
    AND c.region_id = substr(j.region_id, 1, 4) || '00'
  WHERE p.project_id = ANY(%(projects)s) AND p.joined_on <= %(on)s AND (p.left_on IS NULL OR p.left_on >= %(on)s)
    {narrow}
  GROUP BY 1, 2, 3
)
SELECT key, name, count(*), count(*) FILTER (WHERE carded), count(*) FILTER (WHERE has_any AND NOT carded)
FROM person GROUP BY 1, 2 ORDER BY 3 DESC, 2
"""


def registered_against_carded(
    projects: Collection[Project],
    *,
    on: date,
    by: Literal["region", "organisation", "all"] = "all",
    parts: Collection[int] | None = None,
) -> list[Carded]:
    """Counts of the projects that lie in regions with a scheme; one statement. Cards are taken as they are now.

    A person at work for two firms counts once with each of them, and once in `all`. `parts` narrows to the
    postings of some participations.
    """
    inside = [p.pk for p in projects if has_scheme(p.region_id, on=on)]
    if not inside:
        return []
    key, name, join = _BY[by]
    parameters: dict[str, Any] = {"projects": inside, "on": on}
    narrow = ""
    if parts is not None:
        narrow, parameters["parts"] = "AND p.participation_id = ANY(%(parts)s)", list(parts)
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS.format(key=key, name=name, join=join, narrow=narrow), parameters)
        return [Carded(*row) for row in cursor.fetchall()]
