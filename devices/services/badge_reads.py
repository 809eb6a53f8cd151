"""What a batch says of badges: who it was, whether the badge is reported lost, and who was seen with which."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from django.db import connection

from devices.models import RefusedEntry, SiteBadge
from devices.models.passages import Direction
from devices.protocols.cards import badge_key
from devices.rules import work_date
from devices.services.terminals import KnownTerminal
from devices.wire import Event
from registration.models import Posting
from wagewatch.lib.happenings import happened

Events = Sequence[tuple[int, Event]]
_USES = """
INSERT INTO devices_badgeuse (project_id, number, worker_id, terminal_id, first_at, last_at)
SELECT %(project)s, u.number, p.worker_id, %(terminal)s, min(u.at), max(u.at)
FROM unnest(%(numbers)s::text[], %(pins)s::int[], %(at)s::timestamptz[]) AS u (number, pin, at)
JOIN registration_posting p ON p.project_id = %(project)s AND p.pin = u.pin
GROUP BY u.number, p.worker_id ORDER BY u.number, p.worker_id
ON CONFLICT (project_id, number, worker_id) DO UPDATE SET
  first_at = least(devices_badgeuse.first_at, excluded.first_at),
  last_at = greatest(devices_badgeuse.last_at, excluded.last_at), terminal_id = excluded.terminal_id
"""


class Lost(NamedTuple):
    """Somebody showed a badge after it was reported lost; `worker_id` is who had carried it."""

    event: Event
    number: str
    worker_id: int


def sort_out(project_id: int, events: Events) -> tuple[Events, list[Lost]]:
    """The events with people in place of the badges that the project has handed out, and those with lost badges.

    By the moment of the event: what a badge did before it was lost is its carrier's. A badge that the project does
    not know stays what it is, a card of nobody.
    """
    shown = {
        index: number
        for index, event in events
        if (text := event.badge or (event.card or "")) and (number := badge_key(text))
    }
    if not shown:
        return events, []
    rows: dict[str, list[SiteBadge]] = {}
    for badge in SiteBadge.objects.filter(project_id=project_id, number__in=set(shown.values())).order_by(
        "issued_at", "pk"
    ):
        rows.setdefault(badge.number, []).append(badge)
    if not rows:
        return events, []
    pins = dict(
        Posting.objects.filter(
            project_id=project_id, worker__in={one.worker_id for found in rows.values() for one in found}
        )
        .order_by("joined_on")
        .values_list("worker_id", "pin")
    )
    good: list[tuple[int, Event]] = []
    lost: list[Lost] = []
    for index, event in events:
        badges = rows.get(shown.get(index, ""), [])
        if badges and (gone := _lost_at(badges, event.at)) is not None:
            lost.append(Lost(event, gone.number, gone.worker_id))
        elif event.pin is None and (carried := _carried_at(badges, event.at)) is not None:
            pin = pins.get(carried.worker_id)
            named = msgspec.structs.replace(event, pin=pin, card=None, badge=carried.number)
            good.append((index, named if pin is not None else event))
        else:
            good.append((index, event))
    return good, lost


def _carried_at(badges: list[SiteBadge], at: datetime) -> SiteBadge | None:
    for badge in reversed(badges):
        if badge.issued_at <= at and (badge.ended_at is None or at < badge.ended_at):
            return badge
    return None


def _lost_at(badges: list[SiteBadge], at: datetime) -> SiteBadge | None:
    """The lost badge that was shown, unless it was somebody's at that moment."""
    newest = badges[-1]
    is_lost = newest.state == SiteBadge.State.LOST and newest.ended_at is not None and at >= newest.ended_at
    return newest if is_lost else None


def refuse_lost(
    place: KnownTerminal,
    found: Sequence[Lost],
    batch_pk: int,
    *,
    latest: datetime,
    directions: dict[str | None, int],
) -> list[dict[str, str]]:
    """Keep who came with a lost badge; what the answer says of each."""
    if not found:
        return []
    happened("gate.refused")
    RefusedEntry.objects.bulk_create(
        [
            RefusedEntry(
                day=work_date(min(event.at, latest), place.day_starts_at),
                project_id=place.project_id,
                terminal_id=place.id,
                event_id=event.id,
                at=min(event.at, latest),
                direction=directions.get(event.direction, Direction.UNKNOWN),
                reason=RefusedEntry.Reason.BADGE_LOST,
                worker_id=worker_id,
                person_key=number,
                was_let_in=event.admitted,
                batch_pk=batch_pk,
            )
            for event, number, worker_id in found
        ],
        ignore_conflicts=True,
    )
    return [{"id": one.event.id, "reason": RefusedEntry.Reason.BADGE_LOST.value} for one in found]


def note_uses(place: KnownTerminal, events: Events, *, earliest: datetime, latest: datetime) -> None:
    """Remember who was seen with which badge, for the clerk's page and for odd attendance."""
    seen = [
        (number, event.pin, event.at)
        for _index, event in events
        if event.badge and event.admitted and event.pin is not None and earliest <= event.at <= latest
        if (number := badge_key(event.badge))
    ]
    if not seen:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _USES,
            {
                "project": place.project_id,
                "terminal": place.id,
                "numbers": [one[0] for one in seen],
                "pins": [one[1] for one in seen],
                "at": [one[2] for one in seen],
            },
        )
