"""Writing an uploaded pay sheet: the good rows become the month's draft, all of them or none.

A few rows are written while the clerk waits, many by the worker process. A writer that is killed has written nothing
and leaves state applying; the next call begins again.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from payroll.access import access_upload
from payroll.models import PaySheet, PaySlip, SheetUpload
from payroll.pay_items import earned_of, items_from
from payroll.services.sheets import open_sheet, part_for_sheet
from payroll.services.totals import refresh_totals
from payroll.services.upload_reading import MOST_TRIES, TELL_EVERY, listed_elsewhere
from payroll.services.who import user_of
from registration.actors import Actor
from registration.services.progress import teller
from wagewatch.lib.errors import NotFound, NotPermitted, RuleViolation, TryLater, WagewatchError
from wagewatch.lib.locks import only_one

State = SheetUpload.State
WRITE_INLINE = 500
"""Up to so many people are written while the clerk waits, more by the worker process."""


def _silent(_done: int) -> None:
    """Progress nobody looks at."""


def people_to_write(upload: SheetUpload) -> int:
    """How many rows of a compared upload can be taken."""
    counts = upload.reading.get("counts", {})
    return int(counts.get("same", 0) + counts.get("different", 0))


@transaction.atomic
def apply_sheet_upload(upload_id: int, *, actor: Actor, now: datetime) -> PaySheet:
    """Make the month's draft from the good rows of an upload; refused rows stay out.

    Raises RuleViolation `upload.applied`, `upload.applying`, `upload.no_rows`, `upload.listed`, `sheet.exists`.
    """
    return _write(upload_id, State.STAGED, actor, now, _silent)


@transaction.atomic
def begin_writing(upload_id: int, *, actor: Actor, now: datetime) -> SheetUpload:
    """Hand a compared upload over to be written by the worker process, in the name of the actor. Raises as
    `apply_sheet_upload` does for what is known at once."""
    upload = access_upload(upload_id, actor, with_rows=False)
    part_for_sheet(upload.project_id, upload.participation_id, actor=actor)
    upload = _locked(upload.pk, State.STAGED)
    if not people_to_write(upload):
        raise _no_rows()
    upload.state, upload.applied_by_id, upload.applied_at = State.APPLYING, user_of(actor), now
    upload.read_tries, upload.error_text = 0, ""
    upload.reading = upload.reading | {"language": get_language() or "zh-hans"}
    upload.save(update_fields=["state", "applied_by", "applied_at", "read_tries", "error_text", "reading"])
    teller("sheet", upload.pk)(0)
    return upload


def write_sheet_upload(upload_id: int, *, actor: Actor, now: datetime) -> None:
    """Write an upload that was handed over to be written; one writer at a time, a second call does nothing.

    What cannot be written goes back to the clerk (staged) with the reason, in the language of who asked; so does one
    at which `MOST_TRIES` writers died.
    """
    with only_one("sheet", upload_id) as alone:
        upload = SheetUpload.objects.defer("content", "samples", "rows").filter(pk=upload_id).first()
        if not alone or upload is None or upload.state != State.APPLYING:
            return
        with translation.override(upload.reading.get("language", "zh-hans")):
            if upload.read_tries >= MOST_TRIES:
                _give_back(
                    upload, _("Writing broke off several times. Try again, and tell us if it happens again.")
                )
                return
            _handed_over(upload).update(read_tries=upload.read_tries + 1)
            try:
                with transaction.atomic():
                    _write(upload_id, State.APPLYING, actor, now, teller("sheet", upload_id))
            except TryLater:
                return
            except (NotFound, NotPermitted):
                _give_back(upload, _("Whoever asked for it may not write this sheet any more."))
            except WagewatchError as problem:
                _give_back(upload, problem.message)
            except Exception:
                _give_back(upload, _("Writing broke off. Try again, and tell us if it happens again."))
                raise


def _handed_over(upload: SheetUpload) -> Any:
    return SheetUpload.objects.filter(pk=upload.pk, project=upload.project_id, state=State.APPLYING)


def _give_back(upload: SheetUpload, text: str) -> None:
    _handed_over(upload).update(state=State.STAGED, applied_by=None, applied_at=None, error_text=text)


def _locked(upload_id: int, state: str) -> SheetUpload:
    """The upload, locked, if it is in this state."""
    upload = (
        SheetUpload.objects.select_for_update(of=("self",))
        .select_related("team")
        .defer("content", "samples")
        .get(pk=upload_id)
    )
    if upload.state == State.APPLYING != state:
        raise RuleViolation(
            "upload.applying", gettext_lazy("This sheet is being written. Wait until it is done.")
        )
    if upload.state != state:
        raise RuleViolation(
            "upload.applied",
            gettext_lazy("This upload has been dealt with already. Nothing was written twice."),
        )
    return upload


def _no_rows() -> RuleViolation:
    return RuleViolation(
        "upload.no_rows", gettext_lazy("No row can be taken. Correct the file and upload it again.")
    )


def _write(upload_id: int, state: str, actor: Actor, now: datetime, tell: Callable[[int], None]) -> PaySheet:
    """The draft and the upload's new state, in the caller's transaction. Locks: project, upload."""
    upload = access_upload(upload_id, actor, with_rows=False)
    project, part = part_for_sheet(upload.project_id, upload.participation_id, actor=actor)
    upload = _locked(upload.pk, state)
    good = [row for row in upload.rows if row["verdict"] != "refused"]
    if not good:
        raise _no_rows()
    listed = listed_elsewhere(project, part, upload.month)
    if any(row["worker"] in listed for row in good):
        raise RuleViolation(
            "upload.listed",
            gettext_lazy(
                "People of this file stand on another sheet of the month by now. Compare the file anew, then write it."
            ),
        )
    sheet = open_sheet(
        project, part, upload.month, PaySheet.Source.UPLOAD, team=upload.team, actor=actor, now=now
    )
    for done in range(0, len(good), TELL_EVERY):
        tell(done)
        PaySlip.objects.bulk_create([_slip(sheet, row) for row in good[done : done + TELL_EVERY]])
    refresh_totals(sheet)
    upload.state, upload.sheet, upload.content, upload.samples = State.APPLIED, sheet, None, None
    upload.error_text, upload.applied_by_id, upload.applied_at = "", user_of(actor), now
    upload.save(
        update_fields=["state", "sheet", "content", "samples", "error_text", "applied_by", "applied_at"]
    )
    return sheet


def _slip(sheet: PaySheet, row: dict[str, Any]) -> PaySlip:
    notes = [m["text"] for m in row["messages"] if m["kind"] == "diff"]
    items = items_from(row.get("items", ()))
    return PaySlip(
        month=sheet.month,
        project_id=sheet.project_id,
        sheet_id=sheet.pk,
        worker_id=row["worker"],
        posting_id=row["posting"],
        team_name=row["team"],
        pay_basis=row["basis"],
        rate_fen=row["rate_fen"],
        days=Decimal(row["days"]),
        gate_days=Decimal(row["gate_days"]),
        items=[item.as_json() for item in items],
        extra_fen=earned_of(items),
        gross_fen=row["gross_fen"],
        deduction_fen=row["deduction_fen"],
        deduction_note=row["deduction_note"],
        net_fen=row["net_fen"],
        note="；".join(notes)[:200],
    )
