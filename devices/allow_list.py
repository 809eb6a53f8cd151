"""Who the gates of a project let in, by the project's own numbers: no identity number travels."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import override

from registration.models import Posting
from registration.rules.entry import SHORT
from registration.services.entry import standings
from wagewatch.lib.dates import site_date
from wagewatch.lib.identity import mask_name

REMOVED_FOR = timedelta(days=400)
"""How long a number that left is still named, so that a terminal that was away removes it too."""


def allow_list(project_id: int, *, now: datetime) -> dict[str, Any]:
    """version, people [{pin, name, from, until}], denied [{pin, reason, text}] and the removed pins.

    `until` is the last day, or null. Who is denied entry by the region's conditions is not among the people;
    `reason` is the code of the first thing that denies, `text` a few Chinese words for the gate's display.
    Denied is not removed: a terminal may keep the face it learned, and the next list may let the person in.
    The version is a digest of the content: equal lists have equal versions, whoever changed what in between.
    """
    today = site_date(now)
    rows = (
        Posting.objects.filter(project_id=project_id)
        .filter(Q(left_on=None) | Q(left_on__gte=today - REMOVED_FOR))
        .order_by("pin")
        .values_list("pin", "worker__name", "joined_on", "left_on")
    )
    people, removed, denied = [], [], []
    found = standings(project_id, on=today, denials_only=True)
    barred = {s.pin: s.findings[0].code for s in found if not s.may_enter}
    with override("zh-hans"):
        texts = {code: str(SHORT[code]) for code in set(barred.values())}
    for pin, name, joined_on, left_on in rows:
        if left_on is not None and left_on < today:
            removed.append(pin)
        elif pin in barred:
            denied.append({"pin": pin, "reason": barred[pin], "text": texts[barred[pin]]})
        else:
            until = left_on.isoformat() if left_on else None
            people.append(
                {"pin": pin, "name": mask_name(name), "from": joined_on.isoformat(), "until": until}
            )
    version = hashlib.sha256(repr((people, removed, denied)).encode()).hexdigest()[:16]
    return {"version": version, "people": people, "denied": denied, "removed": removed}
