"""Pictures that gates take: kept encrypted beside their passage or refused entry, for as many days as the region says."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from devices.access import access_site, sees_everybody
from devices.errors import TooLarge
from devices.models import GatePhoto, Passage, RefusedEntry
from devices.services.terminals import KnownTerminal, device_of, note_contact
from registration.access import access_project, not_found, not_permitted, participations_for
from registration.actors import Actor
from registration.models import Posting, Project, SensitiveView, StoredFile
from registration.permissions import CLERK
from registration.services.contract_moves import user_of
from registration.services.files import content_type, store_file
from registration.services.parameters import parameter
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation

MAX_BYTES = 300_000
FAR_BACK = 31
"""Days within which the event of a picture is looked for; the newest two first, as nearly all are of today."""
DELETED_AT_ONCE = 500
Found = tuple[Any, int | None]


def too_large() -> TooLarge:
    """What is said of a picture beyond the limit."""
    return TooLarge("photo.too_large", _("Send at most 300 kB as one picture."), limit=MAX_BYTES)


@transaction.atomic
def keep_photo(
    terminal: KnownTerminal, data: bytes, *, serial: str, event_id: str, nonce: str, now: datetime
) -> dict[str, Any]:
    """Keep the picture of an event of a terminal, or of an agent's device. The same event again changes nothing.

    `kept` false with a reason for what is not worth sending again (`picture`), and for an event that has not come
    yet (`event_unknown`), which is. Raises TooLarge, Malformed `photo.event`, NotPermitted `device.unknown` or for
    a revoked terminal, NotSigned on a replay.
    """
    if len(data) > MAX_BYTES:
        raise too_large()
    if not 1 <= len(event_id) <= 64 or not event_id.isprintable():
        raise Malformed("photo.event", _("Name the event of the picture by its id."))
    place = terminal if serial in ("", terminal.serial) else device_of(terminal, serial)
    note_contact(terminal, nonce, keep_queue=True, now=now)
    if GatePhoto.objects.filter(
        project_id=place.project_id, terminal_id=place.id, event_id=event_id
    ).exists():
        return {"kept": True, "reason": ""}
    found = _event_of(place, event_id, now)
    if found is None:
        return {"kept": False, "reason": "event_unknown"}
    try:
        with transaction.atomic():
            if content_type(data) == "application/pdf":
                return {"kept": False, "reason": "picture"}
            file = store_file(
                "gate", data, kind=StoredFile.Kind.PHOTO, actor=Actor("terminal", terminal.id), now=now
            )
    except Malformed:
        return {"kept": False, "reason": "picture"}
    day, worker_id = found
    _made, is_new = GatePhoto.objects.get_or_create(
        project_id=place.project_id,
        terminal_id=place.id,
        event_id=event_id,
        defaults={"day": day, "worker_id": worker_id, "file": file, "received_at": now},
    )
    if not is_new:
        file.delete()  # another connection was quicker with the same picture
    return {"kept": True, "reason": ""}


def _event_of(place: KnownTerminal, event_id: str, now: datetime) -> Found | None:
    """Day and person of a passage or a refused entry."""
    today = site_date(now)
    for first, last in ((1, -1), (FAR_BACK, 2)):
        around = {
            "project_id": place.project_id,
            "terminal_id": place.id,
            "event_id": event_id,
            "day__range": (today - timedelta(days=first), today - timedelta(days=last)),
        }
        for model in (Passage, RefusedEntry):
            found: Found | None = model.objects.filter(**around).values_list("day", "worker_id").first()
            if found is not None:
                return found
    return None


def photos_of(project: Project, keys: list[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """Pictures by terminal and event id. One query."""
    wanted = set(keys)
    rows = GatePhoto.objects.filter(
        project=project,
        terminal_id__in={terminal for terminal, _event in wanted},
        event_id__in={event for _terminal, event in wanted},
    ).values_list("terminal_id", "event_id", "pk")
    return {(terminal, event): pk for terminal, event, pk in rows if (terminal, event) in wanted}


@transaction.atomic
def open_photo(
    project_id: int, worker_id: int, photo_id: int, *, purpose: str = "", actor: Actor, now: datetime
) -> StoredFile:
    """The picture of a registered person at a gate: for the clerks of the person's own firm and those above it,
    for others who may see full data only after their purpose is written down.

    Raises RuleViolation `unmask.purpose`, NotPermitted, NotFound.
    """
    project = access_project(project_id, actor)
    return _open_persons(project, worker_id, photo_id, purpose=purpose, actor=actor, now=now)


@transaction.atomic
def open_refused_photo(
    project_id: int, photo_id: int, *, purpose: str = "", actor: Actor, now: datetime
) -> StoredFile:
    """The picture of somebody who was refused: as `open_photo` for a registered person; a stranger's only for who
    watches the whole site, since a stranger belongs to no part of it.

    Raises RuleViolation `unmask.purpose`, NotPermitted, NotFound.
    """
    project, parts = access_site(project_id, actor)
    photo = GatePhoto.objects.select_related("file").filter(pk=photo_id, project=project).first()
    if photo is None or not _is_of_refusal(photo):
        not_found()
    if photo.worker_id is not None:
        return _open_persons(project, photo.worker_id, photo_id, purpose=purpose, actor=actor, now=now)
    if not sees_everybody(actor, project, parts):
        not_found()
    if not participations_for(actor, project, permission="person.unmask").exists():
        not_permitted("person.unmask")
    _write_down(project, None, purpose=purpose, actor=actor, now=now)
    return photo.file


def _is_of_refusal(photo: GatePhoto) -> bool:
    return RefusedEntry.objects.filter(
        project=photo.project_id, day=photo.day, terminal_id=photo.terminal_id, event_id=photo.event_id
    ).exists()


def _open_persons(
    project: Project, worker_id: int, photo_id: int, *, purpose: str, actor: Actor, now: datetime
) -> StoredFile:
    postings = Posting.objects.filter(project=project, worker_id=worker_id)
    if not postings.filter(participation__in=participations_for(actor, project, permission="person.view")):
        not_found()
    if not postings.filter(participation__in=participations_for(actor, project, permission="person.unmask")):
        not_permitted("person.unmask")
    photo = (
        GatePhoto.objects.select_related("file")
        .filter(pk=photo_id, project=project, worker_id=worker_id)
        .first()
    )
    if photo is None:
        not_found()
    _write_down(project, worker_id, purpose=purpose, actor=actor, now=now)
    return photo.file


def _write_down(
    project: Project, worker_id: int | None, *, purpose: str, actor: Actor, now: datetime
) -> None:
    """Who looked and what for; clerks work with these people every day and are not asked."""
    if actor.has_role(*CLERK):
        return
    if actor.kind != "user" or actor.id is None:
        not_permitted("person.unmask")
    if not purpose.strip():
        raise RuleViolation("unmask.purpose", _("Say what you need the full data for."))
    SensitiveView.objects.create(
        user_id=user_of(actor),
        worker_id=worker_id,
        project=project,
        fields="gate photo",
        purpose=purpose.strip()[:200],
        at=now,
    )


def forget_photos(*, now: datetime) -> int:
    """Delete pictures older than their region allows (`attendance.photo_days`); how many. Called by beat."""
    gone = 0
    regions: dict[str, list[int]] = {}
    for project_id, region in Project.objects.filter(
        pk__in=GatePhoto.objects.values("project_id")
    ).values_list("pk", "region_id"):
        regions.setdefault(region, []).append(project_id)
    for region, projects in regions.items():
        days = int(parameter("attendance.photo_days", region_code=region, on=site_date(now), default=30))
        old = GatePhoto.objects.filter(
            project_id__in=projects, received_at__lt=now - timedelta(days=days)
        ).order_by("received_at")
        while rows := list(old.values_list("pk", "file_id")[:DELETED_AT_ONCE]):
            with transaction.atomic():
                GatePhoto.objects.filter(pk__in=[pk for pk, _file in rows], project_id__in=projects).delete()
                StoredFile.objects.filter(pk__in=[file for _pk, file in rows]).delete()
            gone += len(rows)
    return gone
