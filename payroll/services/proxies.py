"""A worker's word given at the site's tablet, beside the clerk: for those without a phone or who cannot read.

The clerk brings the tablet, the worker answers: a confirmation stands only with the worker's own signature and
picture, an objection with the picture. A worker with a phone is told at once and can say "this was not me".
"""

import hashlib
import secrets
import unicodedata
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from payroll import confirming_records, records
from payroll.access import access_sheet, access_slip
from payroll.models import Objection, PaySheet, PaySlip, ProxyWord
from payroll.services.confirmations import (
    keep_objection,
    open_objections,
    write_confirmation,
    write_objection,
)
from payroll.services.pictures import proof_picture
from payroll.services.sheets import tell_workers
from payroll.services.who import user_of
from registration.access import not_found, not_permitted
from registration.actors import Actor
from registration.models import Project, Worker
from registration.services.card_reads import discard_card_read, waiting_reads
from wagewatch.evidence import services as evidence
from wagewatch.lib.errors import RuleViolation

TAIL = 4


def tail_of(text: str) -> str:
    """As people type it: full-width digits and a small x are the same."""
    return unicodedata.normalize("NFKC", text).strip().upper()


def find_on_sheet(sheet: PaySheet, tail: str) -> list[PaySlip]:
    """The slips of a sheet that wait for an answer and whose worker's ID number ends in these four characters.

    Raises RuleViolation `proxy.tail`, `proxy.nobody`.
    """
    wanted = tail_of(tail)
    if len(wanted) != TAIL:
        raise RuleViolation("proxy.tail", _("Write the last four characters of the ID number."))
    found = list(
        PaySlip.objects.filter(
            month=sheet.month,
            project=sheet.project_id,
            sheet=sheet.pk,
            worker__id_tail=wanted,
            confirmation__in=[PaySlip.Confirmation.WAITING, PaySlip.Confirmation.OBJECTED],
        ).select_related("worker")
    )
    if not found:
        raise RuleViolation(
            "proxy.nobody",
            _("Nobody on this sheet who still has to answer has an ID number with this end. Check it."),
        )
    return found


def find_by_card(sheet: PaySheet, project: Project, *, now: datetime) -> list[tuple[int, PaySlip]]:
    """Identity cards that lie on the site's reader now and belong to somebody who still has to answer:
    (number of the read, slip)."""
    reads = {one.person["id_number"]: one.read.pk for one in waiting_reads(project, now=now)}
    if not reads:
        return []
    slips = PaySlip.objects.filter(
        month=sheet.month,
        project=sheet.project_id,
        sheet=sheet.pk,
        worker__id_tail__in=[number[-TAIL:] for number in reads],
        confirmation__in=[PaySlip.Confirmation.WAITING, PaySlip.Confirmation.OBJECTED],
    ).select_related("worker")
    return [(reads[s.worker.id_number], s) for s in slips if str(s.worker.id_number) in reads]


@transaction.atomic
def answer_on_site(
    reference: str,
    *,
    answer: str,
    tail: str = "",
    read_id: int | None = None,
    photo: bytes,
    signature_png: bytes | None = None,
    reason: str = "",
    claimed_fen: int | None = None,
    text: str = "",
    device: str,
    version: int,
    actor: Actor,
    now: datetime,
) -> ProxyWord:
    """Write what the worker answered at the tablet: confirmed with a signature, or objected.

    Who it is is proved by `read_id` (a card on the reader now, used up by this) or by `tail`, typed. Raises
    RuleViolation `proxy.tail`, `proxy.nobody` (another person), `proxy.photo`, `proxy.signature`,
    `slip.already_confirmed`, `slip.changed`, `slip.objection_open`, `slip.approved`, `objection.…`,
    `signature.blank`; Malformed `picture.…`; NotFound, NotPermitted.
    """
    slip = access_slip(reference, actor, permission="sheet.proxy")
    sheet = access_sheet(slip.sheet_id, actor, permission="sheet.proxy", for_write=True)
    slip = access_slip(reference, actor, permission="sheet.proxy", for_write=True)
    worker = Worker.objects.get(pk=slip.worker_id)
    clerk = user_of(actor)
    if slip.confirmation in (PaySlip.Confirmation.DRAFT, PaySlip.Confirmation.CONFIRMED):
        raise RuleViolation(
            "slip.already_confirmed", _("This month is confirmed already, or was not sent yet.")
        )
    if slip.version != version:
        raise RuleViolation("slip.changed", _("The numbers were corrected meanwhile. Show them once more."))
    proof = _prove(slip, worker, sheet, tail=tail, read_id=read_id, actor=actor, now=now)
    if not photo:
        raise RuleViolation("proxy.photo", _("Take a picture of the worker with the slip on the screen."))
    picture = proof_picture(photo)
    if answer == ProxyWord.Answer.CONFIRMED:
        if signature_png is None:
            raise RuleViolation("proxy.signature", _("The worker has to sign with the finger."))
        write_confirmation(slip, signature_png, actor=actor, now=now)
    else:
        write_objection(slip, reason=reason, claimed_fen=claimed_fen, text=text, actor=actor, now=now)
    word = ProxyWord.objects.create(
        project_id=slip.project_id,
        sheet_id=slip.sheet_id,
        worker_id=slip.worker_id,
        month=slip.month,
        version=slip.version,
        answer=ProxyWord.Answer.CONFIRMED
        if answer == ProxyWord.Answer.CONFIRMED
        else ProxyWord.Answer.OBJECTED,
        proof=proof,
        photo=picture,
        photo_sha256=hashlib.sha256(picture).digest(),
        signature_id=slip.signature_id if answer == ProxyWord.Answer.CONFIRMED else None,
        device=device.strip()[:120],
        clerk_id=clerk,
        at=now,
    )
    evidence.append(
        confirming_records.PROXY,
        project_id=word.project_id,
        subject=confirming_records.proxy_subject(word),
        record=confirming_records.proxy_record(word),
        actor=actor,
        now=now,
    )
    tell_workers(sheet, [slip.worker_id], now=now, kind="slip.proxy", round_=word.pk)
    return word


def _prove(
    slip: PaySlip,
    worker: Worker,
    sheet: PaySheet,
    *,
    tail: str,
    read_id: int | None,
    actor: Actor,
    now: datetime,
) -> str:
    if read_id is not None:
        project = Project.objects.get(pk=slip.project_id)
        on_reader = {one.read.pk: one.person["id_number"] for one in waiting_reads(project, now=now)}
        if on_reader.get(read_id) != worker.id_number:
            raise RuleViolation(
                "proxy.nobody", _("The card on the reader is not this person's. Lay it down again.")
            )
        discard_card_read(slip.project_id, read_id, actor=actor, now=now)
        return ProxyWord.Proof.CARD
    if not secrets.compare_digest(tail_of(tail).encode(), worker.id_tail.encode()):
        raise RuleViolation(
            "proxy.tail", _("These are not the last four characters of this person's ID number.")
        )
    return ProxyWord.Proof.TYPED


@transaction.atomic
def deny_proxy(reference: str, *, actor: Actor, now: datetime) -> Objection | None:
    """ "This was not me": the worker takes back what was answered in their name; the slip is objected again.

    The objection is open also when the slip was approved or paid meanwhile: then the money is on its way to the
    worker's own card, and the answer is about the rest. Raises NotFound when nobody answered at a tablet,
    RuleViolation `proxy.denied` the second time.
    """
    if actor.kind != "worker":
        access_slip(reference, actor)
        not_permitted("slip.confirm")
    slip = access_slip(reference, actor, for_write=True)
    word = (
        ProxyWord.objects.select_for_update(of=("self",))
        .filter(project=slip.project_id, sheet=slip.sheet_id, worker=slip.worker_id)
        .order_by("-at")
        .first()
    )
    if word is None:
        not_found()
    if word.denied_at is not None:
        raise RuleViolation("proxy.denied", _("You have said so already. The clerk and the inspector know."))
    word.denied_at = now
    word.save(update_fields=["denied_at"])
    evidence.append(
        confirming_records.PROXY_DENIED,
        project_id=word.project_id,
        subject=confirming_records.proxy_subject(word),
        record=confirming_records.proxy_denied_record(word),
        actor=actor,
        now=now,
    )
    if slip.confirmation == PaySlip.Confirmation.CONFIRMED:
        evidence.append(
            records.CONFIRMED,
            project_id=slip.project_id,
            subject=records.slip_subject(slip),
            record=records.withdrawn_record(slip),
            actor=actor,
            now=now,
        )
    if open_objections(slip).exists():
        return None
    return keep_objection(
        slip, reason=Objection.Reason.NOT_ME, claimed_fen=None, text="", actor=actor, now=now
    )
