"""People whom the conditions of entry keep out, for the guard: who, why, and whether they came in all the same.

Read, never written, and no part of taking passages in: somebody who was on site was on site, and is owed for it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Min

from devices.models import Passage
from devices.models.passages import Direction
from registration.models import Posting, Project
from registration.rules.entry import Finding
from registration.services.entry import standings


@dataclass(frozen=True)
class Barred:
    """One person kept out today; `came_at` is their first passage of the work date, if they came in all the same."""

    worker_id: int
    pin: int
    name: str
    id_tail: str
    team: str
    organisation: str
    findings: tuple[Finding, ...]
    came_at: datetime | None

    @property
    def words(self) -> str:
        """What keeps them out, in a few words."""
        return "、".join(str(finding.short) for finding in self.findings)


def barred_today(project: Project, parts: Collection[int], *, today: date) -> list[Barred]:
    """People of these parts who may not enter on a work date; those who came in all the same first.

    A fixed number of statements; by what is on record now, so that a training recorded at noon clears the
    morning of the same day.
    """
    kept_out = {
        s.worker_id: s for s in standings(project.pk, on=today, parts=parts, denials_only=True) if s.findings
    }
    if not kept_out:
        return []
    people: list[Any] = list(
        Posting.objects.filter(project=project, pk__in=[s.posting_id for s in kept_out.values()])
        .select_related("worker", "team", "participation__organisation")
        .defer("worker__id_number", "worker__phone", "worker__address")
        .order_by("team__name", "pin")
    )
    came = dict(
        Passage.objects.filter(project=project, day=today, worker_id__in=list(kept_out))
        .exclude(direction=Direction.OUT)
        .order_by()
        .values_list("worker_id")
        .annotate(first=Min("at"))
    )
    rows = [
        Barred(
            p.worker_id,
            p.pin,
            p.worker.name,
            p.worker.id_tail,
            p.team.name,
            str(p.participation.organisation),
            kept_out[p.worker_id].findings,
            came.get(p.worker_id),
        )
        for p in people
        if p.joined_on <= today
    ]
    return sorted(rows, key=lambda row: row.came_at is None)
