"""What the gates of the live site photographed: some people of the last day, and those who were turned away."""

from datetime import datetime, timedelta

from devices.models import Passage, RefusedEntry
from devices.services.photos import keep_photo
from devices.simulators.callers import picture_of
from inspection.demo.people import SiteState
from wagewatch.lib.dates import SITE_TZ

PASSAGES, DAYS = 24, 7
"""Passages with a picture; days within which everybody who was turned away has one."""


def take_pictures(site: SiteState, *, now: datetime) -> int:
    """Keep the pictures as the gates send them; how many there are."""
    since = now.astimezone(SITE_TZ).date() - timedelta(days=DAYS)
    gates = {gate.id: gate for gate in site.gates.values()}
    where = {"project": site.project, "terminal_id__in": list(gates), "day__gte": since}
    refused = list(RefusedEntry.objects.filter(**where).values_list("terminal_id", "event_id", "worker_id"))
    passed = list(
        Passage.objects.filter(**where)
        .order_by("-at", "worker_id")
        .values_list("terminal_id", "event_id", "worker_id")[:PASSAGES]
    )
    kept = 0
    for number, (terminal, event, worker) in enumerate([*refused, *passed]):
        picture = picture_of(f"{worker or event}")
        answer = keep_photo(
            gates[terminal], picture, serial="", event_id=event, nonce=f"demo-photo-{number:06d}", now=now
        )
        kept += answer["kept"]
    return kept
