"""Who the gates of a project let in, by the project's own numbers: no identity number travels."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from registration.models import Posting
from wagewatch.lib.dates import site_date
from wagewatch.lib.identity import mask_name

REMOVED_FOR = timedelta(days=400)
"""How long a number that left is still named, so that a terminal that was away removes it too."""


def allow_list(project_id: int, *, now: datetime) -> dict[str, Any]:
    """version, people [{pin, name, from, until}] and the removed pins. `until` is the last day, or null.

    The version is a digest of the content: equal lists have equal versions, whoever changed what in between.
    """
    today = site_date(now)
    rows = (
        Posting.objects.filter(project_id=project_id)
        .filter(Q(left_on=None) | Q(left_on__gte=today - REMOVED_FOR))
        .order_by("pin")
        .values_list("pin", "worker__name", "joined_on", "left_on")
    )
    people, removed = [], []
    for pin, name, joined_on, left_on in rows:
        if left_on is not None and left_on < today:
            removed.append(pin)
        else:
            until = left_on.isoformat() if left_on else None
            people.append(
                {"pin": pin, "name": mask_name(name), "from": joined_on.isoformat(), "until": until}
            )
    version = hashlib.sha256(repr((people, removed)).encode()).hexdigest()[:16]
    return {"version": version, "people": people, "removed": removed}
