"""A pay sheet the contractor made itself: taken in, its columns named, put aside. Reading and writing it are elsewhere:
upload_reading and upload_writing.
"""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from payroll.access import access_upload
from payroll.models import SheetUpload
from payroll.services.sheets import part_for_sheet, team_for_sheet
from payroll.services.upload_reading import CONTEXT, read_sheet_file
from payroll.services.who import user_of
from payroll.sheet_parts import SEVERAL
from payroll.sheet_tables import IMPORTED, names_enough
from registration.actors import Actor
from registration.models import Organisation
from registration.services.column_mappings import Kind, check_choices, forget, remember_choices
from registration.services.rosters import STUCK_AFTER
from registration.services.undecided import note_of, overdue
from wagewatch.lib.crypto import encrypt_bytes
from wagewatch.lib.errors import Malformed, RuleViolation
from wagewatch.lib.sheets import ColumnOut, SheetOut, safe_filename, write_workbook

State = SheetUpload.State
UNDECIDED = (State.NAMING, State.STAGED)
OPEN = frozenset((State.READING, State.NAMING, State.STAGED))
"""Nobody has decided yet."""


@transaction.atomic
def keep_sheet_file(
    project_id: int,
    participation_id: int,
    month: date,
    *,
    filename: str,
    data: bytes,
    team_id: int | None = None,
    actor: Actor,
    now: datetime,
) -> SheetUpload:
    """Keep an uploaded pay sheet (encrypted) to be read. The same file again is read anew, not kept twice.

    Raises NotFound and NotPermitted.
    """
    project, part = part_for_sheet(project_id, participation_id, actor=actor)
    team = team_for_sheet(part, team_id)
    digest = hashlib.sha256(data).digest()
    same = SheetUpload.objects.select_for_update().filter(
        project=project,
        participation=part,
        team=team,
        month=month,
        sha256=digest,
        state__in=[State.READING, State.NAMING, State.STAGED],
    )
    upload = same.order_by("-pk").first()
    if upload is not None and upload.state == State.READING:
        return upload
    upload = upload or SheetUpload(project=project, participation=part, team=team, month=month, sha256=digest)
    upload.filename, upload.size = safe_filename(filename), len(data)
    upload.content = encrypt_bytes(data, context=CONTEXT)
    upload.uploaded_by_id = user_of(actor)
    _to_be_read(upload, now)
    upload.save()
    return upload


def receive_sheet_file(
    project_id: int,
    participation_id: int,
    month: date,
    *,
    filename: str,
    data: bytes,
    team_id: int | None = None,
    actor: Actor,
    now: datetime,
) -> SheetUpload:
    """Keep an uploaded pay sheet and read it at once; see `keep_sheet_file` and `read_sheet_file`."""
    upload = keep_sheet_file(
        project_id,
        participation_id,
        month,
        filename=filename,
        data=data,
        team_id=team_id,
        actor=actor,
        now=now,
    )
    read_sheet_file(upload.pk)
    upload.refresh_from_db()
    return upload


def _to_be_read(upload: SheetUpload, now: datetime) -> None:
    """Put an upload (back) to being read, in the language of who asks for it."""
    upload.state, upload.read_tries, upload.rows_total, upload.rows = State.READING, 0, 0, []
    upload.reading, upload.samples, upload.error_text = {"language": get_language() or "zh-hans"}, None, ""
    upload.uploaded_at = now
    upload.save()


@transaction.atomic
def read_sheet_again(upload_id: int, *, actor: Actor, now: datetime) -> SheetUpload:
    """Let a file whose reading broke off be read once more, or one that was compared be compared anew.

    RuleViolation `upload.applied` when it was dealt with, `upload.applying`, `upload.gone`.
    """
    upload = _open_upload(upload_id, actor)
    _to_be_read(upload, now)
    return upload


@transaction.atomic
def choose_columns(
    upload_id: int, chosen: Mapping[int, Mapping[int, str]], *, actor: Actor, now: datetime
) -> SheetUpload:
    """Say which column is which, remember it for the contractor, and put the upload back to being read.

    `chosen`: place of the sheet in `reading["tables"]` to column to field ("" not used). Raises Malformed
    `mapping.unknown`, `mapping.twice` and `mapping.required`, RuleViolation `upload.…`, NotFound.
    """
    organisation_id = _lock_contractor(upload_id, actor)
    upload = _open_upload(upload_id, actor)
    tables = upload.reading.get("tables", [])
    check_choices(tables, chosen, IMPORTED, SEVERAL)
    if not any(names_enough(list(chosen.get(place, {}).values())) for place in range(len(tables))):
        text = gettext_lazy("Say which column holds the name, and which one the gross or the net pay.")
        raise Malformed("mapping.required", text)
    remember_choices(organisation_id, Kind.PAY, tables, chosen, user_id=user_of(actor), now=now)
    _to_be_read(upload, now)
    return upload


@transaction.atomic
def forget_columns(upload_id: int, *, actor: Actor, now: datetime) -> SheetUpload:
    """Forget what was chosen for the tables of this file, and put the upload back to being read."""
    organisation_id = _lock_contractor(upload_id, actor)
    upload = _open_upload(upload_id, actor)
    forget(organisation_id, Kind.PAY, {table["layout"] for table in upload.reading.get("tables", [])})
    _to_be_read(upload, now)
    return upload


def _lock_contractor(upload_id: int, actor: Actor) -> int:
    """The contractor whose file it is, locked before project and upload."""
    organisation_id = access_upload(upload_id, actor, with_rows=False).participation.organisation_id
    return Organisation.objects.select_for_update().get(pk=organisation_id).pk


def _open_upload(upload_id: int, actor: Actor) -> SheetUpload:
    """An upload with its file about which nobody has decided yet, locked after its project."""
    upload = access_upload(upload_id, actor, with_rows=False)
    part_for_sheet(upload.project_id, upload.participation_id, actor=actor)
    upload = SheetUpload.objects.select_for_update(of=("self",)).get(pk=upload.pk)
    _check_open(upload.state)
    if upload.content is None:
        raise RuleViolation("upload.gone", gettext_lazy("The file is not kept any more. Upload it again."))
    return upload


def _check_open(state: str) -> None:
    if state == State.APPLYING:
        raise RuleViolation(
            "upload.applying", gettext_lazy("This sheet is being written. Wait until it is done.")
        )
    if state not in OPEN:
        raise RuleViolation(
            "upload.applied",
            gettext_lazy("This upload has been dealt with already. Nothing was written twice."),
        )


def stuck_sheet_files(*, now: datetime) -> list[tuple[int, str]]:
    """Uploads (id, state) that wait for a reader or writer that was killed or never came."""
    long_ago = now - STUCK_AFTER
    waits = Q(state=State.READING, uploaded_at__lt=long_ago) | Q(
        state=State.APPLYING, applied_at__lt=long_ago
    )
    return list(SheetUpload.objects.filter(waits).order_by("pk").values_list("pk", "state")[:20])


@transaction.atomic
def discard_sheet_upload(upload_id: int, *, actor: Actor, now: datetime) -> None:
    """Put an upload aside that is being read or waits. RuleViolation `upload.applied` when it was dealt with already,
    `upload.applying`."""
    upload = access_upload(upload_id, actor, with_rows=False)
    mine = SheetUpload.objects.filter(pk=upload.pk, project=upload.project_id)
    _check_open(mine.select_for_update().values_list("state", flat=True).get())
    mine.update(state=State.DISCARDED, content=None, samples=None)


def forget_undecided_sheets(*, now: datetime) -> int:
    """Delete file, samples and rows of pay sheets that were read and never decided about (`upload.undecided_days`); how
    many. Whoever decides in the same moment wins."""
    late = overdue(SheetUpload.objects.filter(state__in=UNDECIDED), now=now)
    return sum(_forget(pk, project_id, note_of(days, now)) for pk, project_id, days in late)


@transaction.atomic
def _forget(pk: int, project_id: int, note: dict[str, object]) -> bool:
    """One of them, in a transaction of its own: their rows are large."""
    mine = SheetUpload.objects.select_for_update().filter(pk=pk, project=project_id, state__in=UNDECIDED)
    upload = mine.defer("content", "samples", "rows").first()
    if upload is None:
        return False
    upload.state, upload.content, upload.samples, upload.rows = State.DISCARDED, None, None, []
    upload.reading = note
    upload.save(update_fields=["state", "content", "samples", "rows", "reading"])
    return True


def refused_rows_workbook(upload: SheetUpload) -> bytes:
    """The refused rows as .xlsx with the reasons beside them; without ID and card numbers."""
    rows = [row for row in upload.rows if row["verdict"] == "refused"]
    columns = [
        ColumnOut(_("Sheet")),
        ColumnOut(_("Row"), "number", 8),
        ColumnOut(_("Name")),
        ColumnOut(_("ID ends in"), width=10),
        ColumnOut(_("Days"), width=8),
        ColumnOut(_("Gross pay"), "money"),
        ColumnOut(_("Deductions"), "money"),
        ColumnOut(_("Net pay"), "money"),
        ColumnOut(_("What is wrong"), width=70),
    ]
    return write_workbook(
        [
            SheetOut(
                _("Refused rows"),
                columns,
                [
                    (
                        row["sheet"],
                        row["line"],
                        row["name"],
                        row["tail"],
                        row["days"],
                        row["gross_fen"],
                        row["deduction_fen"],
                        row["net_fen"],
                        " ".join(m["text"] for m in row["messages"] if m["kind"] == "stop"),
                    )
                    for row in rows
                ],
            )
        ]
    )
