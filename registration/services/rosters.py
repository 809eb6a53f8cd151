"""Rosters: take a file in, say which column is which, give it up. Reading and writing it are elsewhere:
roster_staging and roster_apply.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from registration.access import access_participation, access_project, not_found, not_permitted
from registration.actors import Actor
from registration.models import Organisation, Participation, RosterUpload
from registration.rules.roster_row import Defaults
from registration.services.column_mappings import Kind, check_choices, forget, remember_choices
from registration.services.roster_ready import forget_rows
from registration.services.roster_tables import IMPORTED, REQUIRED
from wagewatch.lib.crypto import encrypt_bytes
from wagewatch.lib.errors import Malformed, RuleViolation
from wagewatch.lib.sheets import safe_filename

INLINE_BYTES = 60_000
"""Files up to this size (some 500 rows) are read at once, larger ones by the worker process."""
APPLY_INLINE = 2_000
"""Up to so many people are written while the clerk waits, more by the worker process."""
STUCK_AFTER = timedelta(seconds=45)
State = RosterUpload.State
_OPEN = frozenset((State.READING, State.NAMING, State.STAGED))


@transaction.atomic
def receive_roster(
    project_id: int,
    participation_id: int,
    filename: str,
    data: bytes,
    *,
    defaults: Defaults,
    actor: Actor,
    now: datetime,
) -> RosterUpload:
    """Keep the file (encrypted) to be read. Raises NotFound, NotPermitted."""
    project = access_project(project_id, actor, permission="roster.upload")
    part = access_participation(participation_id, project, actor, permission="roster.upload")
    if actor.id is None:
        not_permitted("roster.upload")
    return RosterUpload.objects.create(
        project=project,
        participation=part,
        filename=safe_filename(filename)[:200],
        sha256=hashlib.sha256(data).digest(),
        size=len(data),
        content=encrypt_bytes(data, context="roster.file"),
        reading={"defaults": msgspec.to_builtins(defaults)},
        uploaded_by_id=actor.id,
        uploaded_at=now,
    )


@transaction.atomic
def read_again(
    project_id: int, upload_id: int, *, defaults: Defaults, actor: Actor, now: datetime
) -> RosterUpload:
    """Put an upload back to reading, with other choices for what the file does not say."""
    upload = _open_upload(project_id, upload_id, actor)
    upload.reading = {"defaults": msgspec.to_builtins(defaults)}
    return _put_back(upload, now)


@transaction.atomic
def choose_columns(
    project_id: int,
    upload_id: int,
    chosen: Mapping[int, Mapping[int, str]],
    *,
    actor: Actor,
    now: datetime,
) -> RosterUpload:
    """Say which column is which, remember it for the contractor, and put the upload back to reading.

    `chosen`: place of the sheet in `reading["sheets"]` to column to field ("" not used). Raises Malformed
    `mapping.unknown`, `mapping.twice` and `mapping.required`, RuleViolation `roster.done`, NotFound.
    """
    organisation_id = _lock_contractor(project_id, upload_id, actor)
    upload = _open_upload(project_id, upload_id, actor)
    if actor.id is None:
        not_permitted("roster.upload")
    sheets = upload.reading.get("sheets", [])
    check_choices(sheets, chosen, IMPORTED)
    if not any(set(REQUIRED) <= set(chosen.get(place, {}).values()) for place in range(len(sheets))):
        text = _("Say which column holds the name and which one the ID number.")
        raise Malformed("mapping.required", text)
    remember_choices(organisation_id, Kind.ROSTER, sheets, chosen, user_id=actor.id, now=now)
    return _put_back(upload, now)


@transaction.atomic
def forget_columns(project_id: int, upload_id: int, *, actor: Actor, now: datetime) -> RosterUpload:
    """Forget what was chosen for the tables of this file, and put the upload back to reading."""
    organisation_id = _lock_contractor(project_id, upload_id, actor)
    upload = _open_upload(project_id, upload_id, actor)
    forget(organisation_id, Kind.ROSTER, {sheet["layout"] for sheet in upload.reading.get("sheets", [])})
    return _put_back(upload, now)


def _lock_contractor(project_id: int, upload_id: int, actor: Actor) -> int:
    """The contractor whose file it is, locked before the upload (organisation, project, ...)."""
    upload = access_upload(project_id, upload_id, actor)
    part = Participation.objects.get(pk=upload.participation_id, project_id=project_id)
    return Organisation.objects.select_for_update().get(pk=part.organisation_id).pk


def _open_upload(project_id: int, upload_id: int, actor: Actor) -> RosterUpload:
    upload = access_upload(project_id, upload_id, actor, for_write=True)
    if upload.state == State.APPLYING:
        raise RuleViolation("roster.applying", _("This roster is being written. Wait until it is done."))
    if upload.state not in _OPEN:
        raise RuleViolation("roster.done", _("This file was dealt with already. Upload it again."))
    return upload


def _put_back(upload: RosterUpload, now: datetime) -> RosterUpload:
    upload.state, upload.uploaded_at = State.READING, now
    upload.reading = {"defaults": upload.reading["defaults"]}
    upload.error_code = upload.error_text = ""
    upload.rows_total = upload.rows_done = 0
    upload.save(
        update_fields=[
            "state", "reading", "uploaded_at", "error_code", "error_text", "rows_total", "rows_done",
        ]
    )  # fmt: skip
    return upload


@transaction.atomic
def discard_roster(project_id: int, upload_id: int, *, actor: Actor, now: datetime) -> RosterUpload:
    """Give an upload up: file and staged rows are deleted, nothing else was changed."""
    upload = _open_upload(project_id, upload_id, actor)
    forget_rows(upload)
    upload.state, upload.content, upload.samples = State.DISCARDED, None, None
    upload.save(update_fields=["state", "content", "samples"])
    return upload


@transaction.atomic
def begin_applying(project_id: int, upload_id: int, *, actor: Actor, now: datetime) -> RosterUpload:
    """Hand a staged roster over to be written by the worker process, in the name of the actor.

    Raises NotFound, NotPermitted, and RuleViolation `roster.applying`, `roster.applied`, `roster.not_ready`.
    """
    upload = access_upload(project_id, upload_id, actor, for_write=True)
    if upload.state == State.APPLYING:
        raise RuleViolation("roster.applying", _("This roster is being written. Wait until it is done."))
    if upload.state == State.APPLIED:
        raise RuleViolation("roster.applied", _("This roster was written already; nothing was done twice."))
    if upload.state != State.STAGED:
        raise RuleViolation("roster.not_ready", _("This roster is not ready to be written. Upload it again."))
    upload.state, upload.applied_by_id, upload.applied_at = State.APPLYING, actor.id, now
    upload.error_code = upload.error_text = ""
    upload.save(update_fields=["state", "applied_by", "applied_at", "error_code", "error_text"])
    return upload


def give_back(upload_id: int, *, code: str, text: str) -> None:
    """Writing was refused or broke off and nothing was written: back to the clerk, with the reason."""
    RosterUpload.objects.filter(pk=upload_id, state=State.APPLYING).update(
        state=State.STAGED, applied_by=None, applied_at=None, error_code=code, error_text=text
    )


def access_upload(project_id: int, upload_id: int, actor: Actor, *, for_write: bool = False) -> RosterUpload:
    """An upload of a part of the project that the actor may upload for; NotFound otherwise."""
    project = access_project(project_id, actor, permission="roster.upload")
    found = RosterUpload.objects.filter(pk=upload_id, project=project).defer("content", "samples")
    if for_write:
        found = found.select_for_update(of=("self",))
    upload = found.first()
    if upload is None:
        not_found()
    access_participation(upload.participation_id, project, actor, permission="roster.upload")
    return upload


def stuck_uploads(*, now: datetime) -> list[tuple[int, str]]:
    """Uploads (id, state) that wait for a reader or writer that was killed or never came."""
    long_ago = now - STUCK_AFTER
    waits = Q(state=State.READING, uploaded_at__lt=long_ago, content__isnull=False)
    waits |= Q(state=State.APPLYING, applied_at__lt=long_ago)
    return list(RosterUpload.objects.filter(waits).order_by("pk").values_list("pk", "state")[:20])
