"""Where a project's stamps come from: its own gates, a clerk's hand, other real-name systems. No writes."""

from dataclasses import dataclass
from datetime import date

from django.db import connection

from registration.models import Project

_BY_SOURCE = """
SELECT CASE WHEN p.terminal_id = 0 THEN 'hand' WHEN t.source_id IS NULL THEN 'gate' ELSE 'system' END AS kind,
       coalesce(s.name, ''), count(*), count(DISTINCT p.worker_id)
FROM devices_passage p
LEFT JOIN devices_terminal t ON t.id = p.terminal_id AND t.project_id = p.project_id
LEFT JOIN registration_sourcesystem s ON s.id = t.source_id
WHERE p.project_id = %(project)s AND p.day BETWEEN %(first)s AND %(last)s AND NOT p.is_void AND NOT p.is_repeat
GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True)
class StampSource:
    """`kind` is gate, hand or system (with its name); counted stamps, and the people they tell of."""

    kind: str
    name: str
    stamps: int
    people: int
    percent: int


def stamp_sources(project: Project, first: date, last: date) -> list[StampSource]:
    """Counted stamps of a span of work dates by where they come from, with their share in percent; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_SOURCE, {"project": project.pk, "first": first, "last": last})
        rows = cursor.fetchall()
    total = sum(row[2] for row in rows)
    return [
        StampSource(kind, name, stamps, people, round(100 * stamps / total))
        for kind, name, stamps, people in rows
    ]
