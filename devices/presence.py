"""What the site screens show, read in few statements whatever the number of rows. No writes here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from devices.models import RefusedEntry, Terminal
from devices.rules import LONGEST_STRETCH, work_date
from registration.models import Participation, Project, Worker

SILENT_AFTER = timedelta(minutes=10)
SKEW_SHOWN_MS = 120_000
QUEUE_SHOWN = 200

# The last stamp of each person within 16 h says whether they are in. Where gates do not tell the direction,
# an odd number of stamps does.
INSIDE = """
WITH last AS (
  SELECT DISTINCT ON (project_id, worker_id) project_id, worker_id, at, terminal_id,
         direction = 1 OR (direction = 0 AND count(*) OVER (PARTITION BY project_id, worker_id) %% 2 = 1) AS is_in
  FROM devices_passage
  WHERE day BETWEEN %(yesterday)s AND %(today)s AND project_id = ANY(%(projects)s)
    AND at > %(since)s AND NOT is_repeat AND NOT is_void
  ORDER BY project_id, worker_id, at DESC
)
SELECT l.project_id, l.worker_id, w.name, w.id_tail, o.participation_id, o.team_id, t.name, org.name, l.at, g.name
FROM last l
JOIN LATERAL (
  SELECT participation_id, team_id FROM registration_posting o
  WHERE o.project_id = l.project_id AND o.worker_id = l.worker_id ORDER BY o.joined_on DESC LIMIT 1
) o ON o.participation_id = ANY(%(parts)s)
JOIN registration_worker w ON w.id = l.worker_id
JOIN registration_team t ON t.id = o.team_id AND t.project_id = l.project_id
JOIN registration_participation p ON p.id = o.participation_id AND p.project_id = l.project_id
JOIN registration_organisation org ON org.id = p.organisation_id
LEFT JOIN devices_terminal g ON g.id = l.terminal_id AND g.project_id = l.project_id
WHERE l.is_in
ORDER BY org.name, t.name, l.at, l.worker_id
"""

LATEST = """
SELECT p.at, p.direction, w.name, w.id_tail, t.name AS team, g.name AS terminal
FROM devices_passage p
JOIN LATERAL (
  SELECT participation_id, team_id FROM registration_posting o
  WHERE o.project_id = p.project_id AND o.worker_id = p.worker_id ORDER BY o.joined_on DESC LIMIT 1
) o ON o.participation_id = ANY(%(parts)s)
JOIN registration_worker w ON w.id = p.worker_id
JOIN registration_team t ON t.id = o.team_id AND t.project_id = p.project_id
LEFT JOIN devices_terminal g ON g.id = p.terminal_id AND g.project_id = p.project_id
WHERE p.project_id = %(project)s AND p.day BETWEEN %(yesterday)s AND %(today)s AND NOT p.is_repeat AND NOT p.is_void
ORDER BY p.at DESC LIMIT %(limit)s
"""

COUNTS = """
SELECT x.project_id, sum(x.came), sum(x.refused) FROM (
  SELECT project_id, count(DISTINCT worker_id) AS came, 0 AS refused FROM devices_passage
  WHERE project_id = ANY(%(projects)s) AND day = %(today)s AND NOT is_void GROUP BY 1
  UNION ALL
  SELECT project_id, 0, count(*) FROM devices_refusedentry
  WHERE project_id = ANY(%(projects)s) AND day = %(today)s GROUP BY 1
) x GROUP BY 1
"""


@dataclass(frozen=True)
class Inside:
    """Somebody who is on site now."""

    project_id: int
    worker_id: int
    name: str
    id_tail: str
    participation_id: int
    team_id: int
    team: str
    organisation: str
    since: datetime
    terminal: str | None


@dataclass(frozen=True)
class TeamInside:
    """How many of a team are on site."""

    team_id: int
    team: str
    organisation: str
    count: int


@dataclass(frozen=True)
class Health:
    """A terminal and what is wrong with it, if anything: silent, clock, queue, revoked or nothing."""

    terminal: Terminal
    trouble: str
    skew_seconds: int


def _rows(sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def inside(
    projects: Iterable[Project], participations: QuerySet[Participation], *, now: datetime
) -> list[Inside]:
    """Who is on these sites now, of the given participations; by firm, team and time."""
    sites = list(projects)
    if not sites:
        return []
    today = max(work_date(now, site.day_starts_at) for site in sites)
    return [
        Inside(*row)
        for row in _rows(
            INSIDE,
            projects=[site.pk for site in sites],
            parts=list(participations.values_list("pk", flat=True)),
            today=today,
            yesterday=today - timedelta(days=1),
            since=now - LONGEST_STRETCH,
        )
    ]


def by_team(people: Sequence[Inside]) -> list[TeamInside]:
    """Teams with somebody on site, in the order of the list."""
    counts: dict[int, int] = {}
    first: dict[int, Inside] = {}
    for person in people:
        counts[person.team_id] = counts.get(person.team_id, 0) + 1
        first.setdefault(person.team_id, person)
    return [TeamInside(key, first[key].team, first[key].organisation, n) for key, n in counts.items()]


def came_and_refused(project_ids: Sequence[int], today: date) -> dict[int, tuple[int, int]]:
    """People seen and entries refused on a work date, by project."""
    rows = _rows(COUNTS, projects=list(project_ids), today=today)
    return {project: (int(came), int(refused)) for project, came, refused in rows}


def latest_passages(
    project: Project, participations: QuerySet[Participation], *, now: datetime, limit: int = 12
) -> list[dict[str, Any]]:
    """The newest passages of today and yesterday, newest first."""
    today = work_date(now, project.day_starts_at)
    rows = _rows(
        LATEST,
        project=project.pk,
        parts=list(participations.values_list("pk", flat=True)),
        today=today,
        yesterday=today - timedelta(days=1),
        limit=limit,
    )
    names = ("at", "direction", "name", "id_tail", "team", "terminal")
    return [dict(zip(names, row, strict=True)) for row in rows]


def refused_today(project: Project, *, today: date, limit: int = 12) -> list[dict[str, Any]]:
    """Entries refused on a work date, newest first, with the masked name where the person is known."""
    entries = list(RefusedEntry.objects.filter(project=project, day=today).order_by("-at")[:limit])
    people = _names([e.worker_id for e in entries if e.worker_id])
    gates = dict(Terminal.objects.filter(project=project).values_list("pk", "name"))
    return [
        {"entry": e, "name": people.get(e.worker_id or 0), "terminal": gates.get(e.terminal_id)}
        for e in entries
    ]


def _names(worker_ids: Sequence[int]) -> dict[int, str]:
    return dict(Worker.objects.filter(pk__in=worker_ids).values_list("pk", "name"))


def terminals_health(project: Project, *, now: datetime) -> list[Health]:
    """The terminals of a project, those with trouble first, those out of use last."""
    found = []
    for terminal in Terminal.objects.filter(project=project).order_by("name", "pk"):
        skew = terminal.clock_skew_ms or 0
        trouble = ""
        if not terminal.is_active:
            trouble = "revoked"
        elif terminal.agent_id is not None:
            pass  # it speaks when somebody passes; its agent is the one that must be heard
        elif terminal.source_id is not None:
            pass  # another system's gate speaks when that system pushes, not every minute
        elif terminal.last_seen_at is None or now - terminal.last_seen_at > SILENT_AFTER:
            trouble = "silent"
        elif abs(skew) >= SKEW_SHOWN_MS:
            trouble = "clock"
        elif (terminal.queue_length or 0) >= QUEUE_SHOWN:
            trouble = "queue"
        found.append(Health(terminal, trouble, abs(round(skew / 1000))))
    order = {"silent": 0, "clock": 1, "queue": 2, "": 3, "revoked": 4}
    return sorted(found, key=lambda health: order[health.trouble])
