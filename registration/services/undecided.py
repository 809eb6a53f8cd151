"""Uploads about which nobody decides: after the region's days their file goes, that they were there stays."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import models, transaction

from registration.models import RosterUpload
from registration.services.parameters import parameter
from registration.services.roster_ready import forget_rows
from wagewatch.lib.dates import site_date

State = RosterUpload.State
UNDECIDED = (State.NAMING, State.STAGED)
KEPT_DAYS = "upload.undecided_days"


def overdue(waiting: "models.QuerySet[models.Model]", *, now: datetime) -> Iterator[tuple[int, int, int]]:
    """(id, project, days) of the uploads among these that waited longer than their region keeps them."""
    rows = waiting.order_by("uploaded_at").values_list(
        "pk", "project_id", "project__region_id", "uploaded_at"
    )
    for pk, project_id, region, uploaded_at in rows:
        days = int(parameter(KEPT_DAYS, region_code=region, on=site_date(now), default=90))
        if uploaded_at < now - timedelta(days=days):
            yield pk, project_id, days


def note_of(days: int, now: datetime) -> dict[str, object]:
    """What an upload's `reading` keeps about it, for its page."""
    return {"forgotten": {"on": site_date(now).isoformat(), "days": days}}


def forget_undecided_rosters(*, now: datetime) -> int:
    """Delete file and staged rows of rosters that were read and never decided about (`upload.undecided_days`); how many.
    Whoever decides in the same moment wins."""
    late = overdue(RosterUpload.objects.filter(state__in=UNDECIDED), now=now)
    return sum(_forget(pk, project_id, note_of(days, now)) for pk, project_id, days in late)


@transaction.atomic
def _forget(pk: int, project_id: int, note: dict[str, object]) -> bool:
    """One of them, in a transaction of its own: their rows are many."""
    mine = RosterUpload.objects.select_for_update().filter(pk=pk, project=project_id, state__in=UNDECIDED)
    upload = mine.defer("content", "samples").first()
    if upload is None:
        return False
    forget_rows(upload)
    upload.state, upload.content, upload.samples = State.DISCARDED, None, None
    upload.reading = upload.reading | note
    upload.save(update_fields=["state", "content", "samples", "reading"])
    return True
