"""The worker's word on the slip: confirmed with a signature, or objected to; and the answer to that."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from payroll import records
from payroll.access import access_objection, access_sheet, access_slip, slip_key
from payroll.models import Objection, PaySheet, PaySlip
from payroll.services.attendance_lines import month_days_of
from payroll.services.sheets import FIGURES, reprice, tell_workers
from payroll.services.signatures import keep_signature
from payroll.services.totals import refresh_state, refresh_totals
from registration.access import not_permitted
from registration.actors import Actor
from registration.models import Project, Worker
from registration.services.testimony import keep_photo, keep_voice
from wagewatch.evidence import services as evidence
from wagewatch.evidence.models import Entry
from wagewatch.lib.dates import month_range
from wagewatch.lib.errors import RuleViolation
from wagewatch.lib.money import LARGEST_FEN

Confirmation = PaySlip.Confirmation


def _own_slip(reference: str, version: int, actor: Actor) -> PaySlip:
    """The worker's own slip, locked, if it still shows what the worker saw."""
    if actor.kind != "worker":
        access_slip(reference, actor)
        not_permitted("slip.confirm")
    slip = access_slip(reference, actor, for_write=True)
    if slip.confirmation == Confirmation.CONFIRMED:
        raise RuleViolation(
            "slip.already_confirmed", _("You have confirmed this month already. There is nothing more to do.")
        )
    if slip.version != version:
        raise RuleViolation(
            "slip.changed",
            _("The numbers were corrected while you were looking. Please look at them again."),
        )
    return slip


@transaction.atomic
def confirm_slip(
    reference: str, *, signature_png: bytes | None, version: int, actor: Actor, now: datetime
) -> Entry:
    """The worker confirms days and amount of one slip (art. 31); returns the evidence entry.

    `version` is the one the worker saw. A `signature_png` of None stands for a worker who cannot draw and
    confirmed by name. Raises RuleViolation `slip.already_confirmed`, `slip.changed`,
    `slip.objection_open`, `signature.blank`; Malformed `signature.unreadable`; NotFound for others' slips.
    """
    slip = _own_slip(reference, version, actor)
    return write_confirmation(slip, signature_png, actor=actor, now=now)


def write_confirmation(slip: PaySlip, signature_png: bytes | None, *, actor: Actor, now: datetime) -> Entry:
    """The confirmation itself, for a slip that the caller has locked and whose worker is known to be there."""
    if slip.confirmation == Confirmation.OBJECTED and open_objections(slip).exists():
        raise RuleViolation(
            "slip.objection_open",
            _("You said the amount is wrong. Wait for the answer, then look at it again."),
        )
    signature = keep_signature(Worker.objects.get(pk=slip.worker_id), signature_png, now=now)
    slip.confirmation, slip.confirmed_at = Confirmation.CONFIRMED, now
    slip.signature_id = signature.pk
    slip.save(update_fields=["confirmation", "confirmed_at", "signature_id"])
    return evidence.append(
        records.CONFIRMED,
        project_id=slip.project_id,
        subject=records.slip_subject(slip),
        record=records.confirmed_record(slip, bytes(signature.sha256)),
        actor=actor,
        now=now,
    )


def open_objections(slip: PaySlip) -> QuerySet[Objection]:
    """What the worker said against this slip and nobody has answered yet."""
    return Objection.objects.filter(
        project=slip.project_id, sheet=slip.sheet_id, worker=slip.worker_id, state=Objection.State.OPEN
    )


@transaction.atomic
def object_to_slip(
    reference: str,
    *,
    reason: str,
    claimed_fen: int | None = None,
    text: str = "",
    wrong_days: Collection[date] = (),
    photo: bytes = b"",
    voice: bytes = b"",
    version: int,
    actor: Actor,
    now: datetime,
) -> Objection:
    """The worker says the slip is wrong: why, and what it should be. The others' pay goes on.

    `wrong_days` are days of the slip's month that were tapped; `photo` and `voice` files as the phone made
    them. Raises RuleViolation `slip.already_confirmed`, `slip.changed`, `slip.objection_open`,
    `slip.approved`, `objection.reason`, `objection.amount`, `objection.day`; Malformed for a photo or a
    recording that is none.
    """
    slip = _own_slip(reference, version, actor)
    shown = Shown(wrong_days, photo, voice)
    return write_objection(
        slip, reason=reason, claimed_fen=claimed_fen, text=text, shown=shown, actor=actor, now=now
    )


@dataclass(frozen=True)
class Shown:
    """What a worker shows with an objection: days that were tapped, a photo, a recording; files as they came."""

    wrong_days: Collection[date] = ()
    photo: bytes = b""
    voice: bytes = b""


NOTHING_SHOWN = Shown()


def write_objection(
    slip: PaySlip,
    *,
    reason: str,
    claimed_fen: int | None,
    text: str,
    shown: Shown = NOTHING_SHOWN,
    actor: Actor,
    now: datetime,
) -> Objection:
    """The objection itself, for a slip that the caller has locked and whose worker is known to be there."""
    if slip.is_approved:
        raise RuleViolation(
            "slip.approved",
            _("This amount is on its way to the bank. Ask the clerk for the rest, or call 12333."),
        )
    if reason not in Objection.Reason.values or reason == Objection.Reason.NOT_ME:
        raise RuleViolation("objection.reason", _("Choose what is wrong."))
    if claimed_fen is not None and not 0 <= claimed_fen <= LARGEST_FEN:
        raise RuleViolation("objection.amount", _("Write the amount you should get, in yuan."))
    first, last = month_range(slip.month)
    if any(not first <= day <= last for day in shown.wrong_days):
        raise RuleViolation("objection.day", _("Tap days of this month only."))
    if open_objections(slip).exists():
        raise RuleViolation(
            "slip.objection_open",
            _("You said the amount is wrong. Wait for the answer, then look at it again."),
        )
    return keep_objection(
        slip, reason=reason, claimed_fen=claimed_fen, text=text, shown=shown, actor=actor, now=now
    )


def keep_objection(
    slip: PaySlip,
    *,
    reason: str,
    claimed_fen: int | None,
    text: str,
    shown: Shown = NOTHING_SHOWN,
    actor: Actor,
    now: datetime,
) -> Objection:
    """Write an objection and its evidence; the caller has checked that there may be one."""
    slip.confirmation = Confirmation.OBJECTED
    slip.save(update_fields=["confirmation"])
    objection = Objection.objects.create(
        project_id=slip.project_id,
        sheet_id=slip.sheet_id,
        worker_id=slip.worker_id,
        month=slip.month,
        reason=reason,
        claimed_fen=claimed_fen,
        text=text.strip()[:500],
        wrong_days=sorted(day.isoformat() for day in set(shown.wrong_days)),
        photo=keep_photo(shown.photo, actor=actor, now=now),
        voice=keep_voice(shown.voice, actor=actor, now=now),
        raised_at=now,
    )
    evidence.append(
        records.OBJECTED,
        project_id=slip.project_id,
        subject=records.objection_subject(objection),
        record=records.objected_record(objection),
        actor=actor,
        now=now,
    )
    return objection


@transaction.atomic
def answer_objection(
    objection_id: int,
    *,
    accept: bool,
    answer: str,
    days: Decimal | None = None,
    rate_fen: int | None = None,
    gross_fen: int | None = None,
    deduction_fen: int | None = None,
    deduction_note: str | None = None,
    actor: Actor,
    now: datetime,
) -> Objection:
    """The clerk answers. Accepted: the slip changes, gets a new version and goes back to the worker.
    Not accepted: the slip stays objected (mediation), and the worker may still confirm it.

    Raises RuleViolation `objection.answered`, `objection.answer` (no words), `objection.no_change`,
    `slip.*` for figures that cannot be.
    """
    objection = access_objection(objection_id, actor)
    sheet = access_sheet(objection.sheet_id, actor, permission="sheet.answer", for_write=True)
    objection = Objection.objects.select_for_update(of=("self",)).get(pk=objection.pk)
    if objection.state != Objection.State.OPEN:
        raise RuleViolation(
            "objection.answered", _("This objection has been answered already. Reload the page to see it.")
        )
    if not answer.strip():
        raise RuleViolation("objection.answer", _("Write an answer: the worker will read it."))
    slip = PaySlip.objects.select_for_update(no_key=True).get(
        month=objection.month,
        project_id=objection.project_id,
        sheet_id=objection.sheet_id,
        worker_id=objection.worker_id,
    )
    if accept:
        _change_slip(
            slip,
            sheet,
            days=days,
            rate_fen=rate_fen,
            gross_fen=gross_fen,
            deduction_fen=deduction_fen,
            deduction_note=deduction_note,
            now=now,
        )
    objection.state = Objection.State.ACCEPTED if accept else Objection.State.REJECTED
    objection.answer, objection.answered_by_id, objection.answered_at = answer.strip()[:500], actor.id, now
    objection.save(update_fields=["state", "answer", "answered_by", "answered_at"])
    tell_workers(
        sheet,
        [objection.worker_id],
        now=now,
        kind="slip.changed" if accept else "slip.answered",
        round_=objection.pk,
    )
    return objection


def _change_slip(
    slip: PaySlip,
    sheet: PaySheet,
    *,
    days: Decimal | None,
    rate_fen: int | None,
    gross_fen: int | None,
    deduction_fen: int | None,
    deduction_note: str | None,
    now: datetime,
) -> None:
    before = slip.net_fen, slip.days, slip.rate_fen, slip.gross_fen
    reprice(
        slip,
        month_days=month_days_of(Project.objects.get(pk=sheet.project_id), sheet.month),
        days=days,
        rate_fen=rate_fen,
        gross_fen=gross_fen,
        deduction_fen=deduction_fen,
        deduction_note=deduction_note,
    )
    if before == (slip.net_fen, slip.days, slip.rate_fen, slip.gross_fen):
        raise RuleViolation(
            "objection.no_change",
            _("To agree, change the days, the rate or the deduction; otherwise answer without a change."),
        )
    slip.version += 1
    slip.confirmation, slip.sent_at = Confirmation.WAITING, now
    slip.save(update_fields=[*FIGURES, "version", "confirmation", "sent_at"])
    refresh_totals(sheet)
    refresh_state(sheet)


def receipt_entry(reference: str, actor: Actor) -> Entry | None:
    """The evidence entry of a confirmed slip, for its owner's receipt."""
    access_slip(reference, actor)
    key = slip_key(reference)
    return (
        Entry.objects.filter(
            kind=records.CONFIRMED, project_id=key.project_id, subject=f"payslip:{reference}"
        )
        .order_by("-recorded_at")
        .first()
    )
