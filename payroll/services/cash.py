"""Wages in cash, by exception (Order 724 art. 11, 31): proved by the worker, seen by the inspector, never twice.

The special account gives no cash, so nothing is booked on it. A slip is paid in cash or by the bank: whoever
comes second finds it paid, because both take the same locks (project, sheet, slip).
"""

import hashlib
import secrets
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from payroll import confirming_records
from payroll.access import access_sheet, access_slip, worker_slips
from payroll.models import CashPayment, CashReport, PaymentLine, PaySheet, PaySlip
from payroll.services.pictures import proof_picture
from payroll.services.proxies import tail_of
from payroll.services.sheets import tell_workers
from payroll.services.signatures import keep_signature
from payroll.services.totals import refresh_state
from payroll.services.who import user_of
from registration.access import not_found, not_permitted
from registration.actors import Actor
from registration.models import Project, Worker
from registration.services.codes import request_code, try_code
from registration.services.parameters import parameter
from registration.services.signatures import check_signature
from wagewatch.evidence import services as evidence
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation
from wagewatch.lib.money import LARGEST_FEN

Payment = PaySlip.Payment


def _purpose(slip: PaySlip) -> str:
    return f"cash:{slip.sheet_id}.{slip.worker_id}"


def _check_payable(slip: PaySlip) -> None:
    if slip.payment == Payment.CASH:
        raise RuleViolation("cash.paid", _("This wage was paid in cash already. Nothing was written twice."))
    if slip.payment not in (Payment.NONE, Payment.RETURNED):
        raise RuleViolation(
            "cash.at_bank", _("This wage is with the bank or was paid. Cash would be the second time.")
        )
    if not slip.is_approved:
        raise RuleViolation(
            "cash.not_approved", _("Cash follows the approval too. Have the sheet approved first.")
        )
    if slip.net_fen <= 0:
        raise RuleViolation("cash.nothing", _("There is nothing to pay on this slip."))
    alive = PaymentLine.objects.filter(
        project=slip.project_id, sheet=slip.sheet_id, worker=slip.worker_id
    ).exclude(state=PaymentLine.State.RETURNED)
    if alive.exists():
        raise RuleViolation(
            "cash.at_bank", _("This wage is with the bank or was paid. Cash would be the second time.")
        )


def send_code(reference: str, *, address: str, actor: Actor, now: datetime) -> None:
    """Send the one-time code to the worker's phone. Raises RuleViolation `cash.…`, `cash.no_phone`, `code.…`."""
    slip = access_slip(reference, actor, permission="cash.pay")
    _check_payable(slip)
    phone = Worker.objects.get(pk=slip.worker_id).phone
    if not phone:
        raise RuleViolation("cash.no_phone", _("No phone is on file. Use the end of the ID number instead."))
    request_code(str(phone), address=address, now=now, purpose=_purpose(slip))


def pay_in_cash(
    reference: str,
    *,
    reason: str,
    text: str,
    code: str = "",
    tail: str = "",
    photo: bytes,
    signature_png: bytes | None,
    actor: Actor,
    now: datetime,
) -> CashPayment:
    """Write that a slip was paid in cash. A worker with a phone proves it by the code, others by the ID's end.

    Raises RuleViolation `cash.paid`, `cash.at_bank`, `cash.not_approved`, `cash.nothing`, `cash.reason`,
    `cash.text`, `cash.photo`, `cash.signature`, `cash.tail`, `code.wrong`, `code.spent`, `signature.blank`;
    Malformed `picture.…`. A wrong code counts as a try although nothing else is written.
    """
    made = _pay(reference, reason, text, code, tail, photo, signature_png, actor, now)
    if isinstance(made, RuleViolation):
        raise made
    return made


@transaction.atomic
def _pay(
    reference: str,
    reason: str,
    text: str,
    code: str,
    tail: str,
    photo: bytes,
    signature_png: bytes | None,
    actor: Actor,
    now: datetime,
) -> CashPayment | RuleViolation:
    slip = access_slip(reference, actor, permission="cash.pay")
    sheet = access_sheet(slip.sheet_id, actor, permission="cash.pay", for_write=True)
    slip = access_slip(reference, actor, permission="cash.pay", for_write=True)
    clerk = user_of(actor)
    _check_payable(slip)
    if reason not in CashPayment.Reason.values:
        raise RuleViolation("cash.reason", _("Choose why the bank cannot pay this wage."))
    if not text.strip():
        raise RuleViolation("cash.text", _("Write in a few words why: the inspector reads it."))
    if not photo:
        raise RuleViolation("cash.photo", _("Take a picture of the hand-over."))
    picture = proof_picture(photo)
    if signature_png is None:
        raise RuleViolation("cash.signature", _("The worker has to sign with the finger."))
    worker = Worker.objects.get(pk=slip.worker_id)
    check_signature(signature_png)
    if worker.phone:
        answer = try_code(str(worker.phone), code.strip(), purpose=_purpose(slip), now=now)
        if answer.refusal is not None:
            return answer.refusal
    elif not secrets.compare_digest(tail_of(tail).encode(), worker.id_tail.encode()):
        raise RuleViolation(
            "cash.tail", _("These are not the last four characters of this person's ID number.")
        )
    made = CashPayment.objects.create(
        project_id=slip.project_id,
        sheet_id=slip.sheet_id,
        worker_id=slip.worker_id,
        month=slip.month,
        amount_fen=slip.net_fen,
        reason=reason,
        text=text.strip()[:300],
        proof=CashPayment.Proof.CODE if worker.phone else CashPayment.Proof.TYPED,
        signature=keep_signature(worker, signature_png, now=now),
        photo=picture,
        photo_sha256=hashlib.sha256(picture).digest(),
        clerk_id=clerk,
        at=now,
    )
    slip.payment, slip.paid_at = Payment.CASH, now
    slip.paid_card_tail = slip.return_code = slip.return_text = ""
    slip.save(update_fields=["payment", "paid_at", "paid_card_tail", "return_code", "return_text"])
    refresh_state(sheet)
    _keep(made, actor, now)
    tell_workers(sheet, [slip.worker_id], now=now, kind="slip.cash", round_=made.pk)
    return made


def _keep(payment: CashPayment, actor: Actor, now: datetime) -> None:
    evidence.append(
        confirming_records.CASH,
        project_id=payment.project_id,
        subject=confirming_records.cash_subject(payment),
        record=confirming_records.cash_record(payment),
        actor=actor,
        now=now,
    )


def deny_days(project: Project, now: datetime) -> int:
    """For how many days a worker can say that the cash was never handed over."""
    return int(
        parameter("cash.deny_within_days", region_code=project.region_id, on=site_date(now), default=30)
    )


@transaction.atomic
def deny_cash(reference: str, *, actor: Actor, now: datetime) -> CashPayment:
    """The worker says that this cash was never received. Raises RuleViolation `cash.denied`, `cash.too_late`."""
    if actor.kind != "worker":
        access_slip(reference, actor)
        not_permitted("slip.confirm")
    slip = access_slip(reference, actor)
    payment = (
        CashPayment.objects.select_for_update(of=("self",))
        .filter(project=slip.project_id, sheet=slip.sheet_id, worker=slip.worker_id, withdrawn_at=None)
        .first()
    )
    if payment is None:
        not_found()
    if payment.denied_at is not None:
        raise RuleViolation("cash.denied", _("You have said so already. The inspector sees it."))
    if now > payment.at + timedelta(days=deny_days(slip.project, now)):
        raise RuleViolation(
            "cash.too_late", _("The days to say so are over here. Call 12333; the inspector can help.")
        )
    payment.denied_at = now
    payment.save(update_fields=["denied_at"])
    _keep(payment, actor, now)
    return payment


@transaction.atomic
def withdraw_cash(payment_id: int, *, actor: Actor, now: datetime) -> CashPayment:
    """After the worker's denial: the slip is unpaid again and the bank can pay it. RuleViolation `cash.not_denied`."""
    sheet_id = CashPayment.objects.filter(pk=payment_id).values_list("sheet_id", flat=True).first()
    if sheet_id is None:
        not_found()
    sheet = access_sheet(sheet_id, actor, permission="cash.pay", for_write=True)
    payment = CashPayment.objects.select_for_update(of=("self",)).get(pk=payment_id)
    if payment.denied_at is None or payment.withdrawn_at is not None:
        raise RuleViolation(
            "cash.not_denied", _("Only cash that the worker denies goes back to the bank, and only once.")
        )
    payment.withdrawn_at, payment.withdrawn_by_id = now, user_of(actor)
    payment.save(update_fields=["withdrawn_at", "withdrawn_by"])
    PaySlip.objects.filter(
        month=payment.month,
        project=payment.project_id,
        sheet=payment.sheet_id,
        worker=payment.worker_id,
        payment=Payment.CASH,
    ).update(payment=Payment.NONE, paid_at=None)
    refresh_state(sheet)
    _keep(payment, actor, now)
    return payment


@transaction.atomic
def report_cash(
    project_id: int,
    month: date,
    *,
    kind: str,
    amount_fen: int | None,
    text: str,
    actor: Actor,
    now: datetime,
) -> CashReport:
    """What the worker says of cash in a month of their own. Raises RuleViolation `report.kind`, `report.amount`."""
    if actor.kind != "worker" or actor.id is None:
        not_permitted("slip.confirm")
    if not worker_slips(actor).filter(project=project_id, month=month).exists():
        not_found()
    if kind not in CashReport.Kind.values:
        raise RuleViolation("report.kind", _("Choose what happened."))
    if amount_fen is not None and not 0 < amount_fen <= LARGEST_FEN:
        raise RuleViolation("report.amount", _("Write the amount in yuan, or leave it empty."))
    made = CashReport.objects.create(
        project_id=project_id,
        worker_id=actor.id,
        month=month,
        kind=kind,
        amount_fen=amount_fen,
        text=text.strip()[:500] or None,
        at=now,
    )
    evidence.append(
        confirming_records.REPORT,
        project_id=project_id,
        subject=confirming_records.report_subject(made),
        record=confirming_records.report_record(made),
        actor=actor,
        now=now,
    )
    return made


def cash_of(sheet: PaySheet, worker_id: int) -> CashPayment | None:
    """The latest cash payment of a slip, without its picture."""
    return (
        CashPayment.objects.filter(project=sheet.project_id, sheet=sheet.pk, worker=worker_id)
        .select_related("clerk")
        .defer("photo")
        .order_by("-at", "-pk")
        .first()
    )
