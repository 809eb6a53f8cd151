"""The gate as a guard watches it: who passed and who was refused in the last minutes, and the list of refusals.

Read only, a fixed number of statements whatever the number of people.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from devices.models import RefusedEntry
from devices.rules import work_date
from registration.models import Participation, Posting, Project

SHOWN = 40
MINUTES = 15
"""How far back the live page looks."""

FEED = """
(SELECT p.at, false AS refused, p.direction, '' AS reason, false AS let_in, w.name, w.id_tail, t.name AS team,
       org.name AS firm, g.name AS gate, p.terminal_id = 0 AS by_hand, p.worker_id
FROM devices_passage p
JOIN LATERAL (
  SELECT participation_id, team_id FROM registration_posting o
  WHERE o.project_id = p.project_id AND o.worker_id = p.worker_id ORDER BY o.joined_on DESC LIMIT 1
) o ON o.participation_id = ANY(%(parts)s)
JOIN registration_worker w ON w.id = p.worker_id
JOIN registration_team t ON t.id = o.team_id AND t.project_id = p.project_id
JOIN registration_participation c ON c.id = o.participation_id AND c.project_id = p.project_id
JOIN registration_organisation org ON org.id = c.organisation_id
LEFT JOIN devices_terminal g ON g.id = p.terminal_id AND g.project_id = p.project_id
WHERE p.project_id = %(project)s AND p.day BETWEEN %(yesterday)s AND %(today)s AND p.at > %(since)s
  AND NOT p.is_repeat AND NOT p.is_void
ORDER BY p.at DESC LIMIT %(limit)s)
UNION ALL
(SELECT r.at, true, r.direction, r.reason, r.was_let_in, coalesce(w.name, ''), coalesce(w.id_tail, ''), '', '', g.name,
       false, r.worker_id
FROM devices_refusedentry r
LEFT JOIN registration_worker w ON w.id = r.worker_id
LEFT JOIN devices_terminal g ON g.id = r.terminal_id AND g.project_id = r.project_id
WHERE r.project_id = %(project)s AND r.day BETWEEN %(yesterday)s AND %(today)s AND r.at > %(since)s
  AND r.at <= %(now)s
  AND (%(everybody)s OR EXISTS (SELECT FROM registration_posting o WHERE o.project_id = r.project_id
         AND o.worker_id = r.worker_id AND o.participation_id = ANY(%(parts)s)))
ORDER BY r.at DESC LIMIT %(limit)s)
ORDER BY 1 DESC LIMIT %(limit)s
"""


@dataclass(frozen=True)
class Seen:
    """One line of the live page; `name` is empty for a stranger."""

    at: datetime
    refused: bool
    direction: int
    reason: str
    let_in: bool
    name: str
    id_tail: str
    team: str
    firm: str
    gate: str | None
    by_hand: bool
    worker_id: int | None


def last_minutes(
    project: Project, parts: Sequence[int], *, everybody: bool, now: datetime, minutes: int = MINUTES
) -> list[Seen]:
    """Passages and refusals of the last minutes, the newest first. Strangers only for those who see everybody."""
    today = work_date(now, project.day_starts_at)
    with connection.cursor() as cursor:
        cursor.execute(
            FEED,
            {
                "project": project.pk,
                "parts": list(parts),
                "everybody": everybody,
                "today": today,
                "yesterday": today - timedelta(days=1),
                "since": now - timedelta(minutes=minutes),
                "now": now,
                "limit": SHOWN,
            },
        )
        return [Seen(*row) for row in cursor.fetchall()]


def refusals(
    project: Project, participations: QuerySet[Participation], *, everybody: bool
) -> QuerySet[RefusedEntry]:
    """Entries refused on a project: all of them, or those of the people of these parts."""
    found = RefusedEntry.objects.filter(project=project)
    if everybody:
        return found
    own: Any = Posting.objects.filter(
        project=project, worker_id=OuterRef("worker_id"), participation__in=participations
    )
    return found.filter(Exists(own))
