"""Badges as the clerk's page shows them, and the cards that the gates did not know lately. No writes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from devices.models import BadgeUse, RefusedEntry, SiteBadge, Terminal
from devices.protocols.cards import badge_key
from devices.rules import work_date
from registration.models import Participation, Posting, Project
from wagewatch.lib.dates import site_date

State = SiteBadge.State
SEEN_FOR = timedelta(minutes=30)
"""How long a card that no gate knew is offered to the clerk."""
SEEN_AT_MOST = 5
LOOKED_AT = 40


def badges_for(project: Project, parts: QuerySet[Participation]) -> QuerySet[SiteBadge]:
    """The badges of a project's people in these parts; `is_here` says whether the person still works there."""
    theirs = Posting.objects.filter(project=project, worker_id=OuterRef("worker_id"), participation__in=parts)
    return (
        SiteBadge.objects.filter(Exists(theirs), project=project)
        .select_related("worker", "issued_by", "ended_by")
        .defer("worker__id_number", "worker__phone", "worker__address")
    )


def still_here(project: Project, now: datetime) -> Exists:
    """Whether the carrier of a badge works on the project today or later."""
    return Exists(
        Posting.objects.filter(
            Q(left_on=None) | Q(left_on__gte=site_date(now)), project=project, worker_id=OuterRef("worker_id")
        )
    )


@dataclass(frozen=True)
class Row:
    """A badge with its person's gate number and team, and when it was last seen at which gate."""

    badge: SiteBadge
    pin: int | None
    team: str
    seen_at: datetime | None
    gate: str


def rows_of(project: Project, badges: Collection[SiteBadge]) -> list[Row]:
    """What the page says of each badge; three statements."""
    workers = {one.worker_id for one in badges}
    posts = {
        worker: (pin, team)
        for worker, pin, team in Posting.objects.filter(project=project, worker__in=workers)
        .order_by("joined_on")
        .values_list("worker_id", "pin", "team__name")
    }
    uses = {
        (use.number, use.worker_id): use
        for use in BadgeUse.objects.filter(
            project=project, number__in={one.number for one in badges}, worker_id__in=workers
        )
    }
    gates = dict(Terminal.objects.filter(project=project).values_list("pk", "name"))
    rows = []
    for badge in badges:
        pin, team = posts.get(badge.worker_id, (None, ""))
        use = uses.get((badge.number, badge.worker_id))
        seen_at = use.last_at if use else None
        rows.append(Row(badge, pin, team, seen_at, gates.get(use.terminal_id, "") if use else ""))
    return rows


@dataclass(frozen=True)
class Stranger:
    """A card that a gate did not know: a badge's number, when, where."""

    number: str
    at: datetime
    gate: str


def cards_unknown_lately(project: Project, *, now: datetime) -> list[Stranger]:
    """Badges that nobody carries and that somebody held to a gate in the last half hour, the newest first."""
    today = work_date(now, project.day_starts_at)
    found = RefusedEntry.objects.filter(
        project=project,
        day__range=(today - timedelta(days=1), today),
        reason=RefusedEntry.Reason.UNREGISTERED,
        worker_id=None,
        at__range=(now - SEEN_FOR, now),
    ).order_by("-at")[:LOOKED_AT]
    gates = dict(Terminal.objects.filter(project=project).values_list("pk", "name"))
    cards: dict[str, Stranger] = {}
    for entry in found:
        number = badge_key(str(entry.person_key or ""))
        if number and number not in cards:
            cards[number] = Stranger(number, entry.at, gates.get(entry.terminal_id, ""))
    taken = set(
        SiteBadge.objects.filter(
            project=project, number__in=list(cards), state__in=[State.ISSUED, State.LOST]
        ).values_list("number", flat=True)
    )
    return [one for number, one in cards.items() if number not in taken][:SEEN_AT_MOST]
