"""Result files that people bring from a bank, and what a person decides where no program can."""

import hashlib
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from payroll import records
from payroll.access import access_order, orders_for
from payroll.bank import codes
from payroll.models import BankMessage, LineDecision, PaymentLine, PaymentOrder, PaySheet
from payroll.services.accounts import ALIVE
from payroll.services.messages import RESULT, take_message
from payroll.services.results import Word, apply_word, rename_reason
from payroll.services.terms import learn_text
from payroll.services.who import user_of
from registration.access import not_found, not_permitted
from registration.actors import Actor
from registration.models import Project
from registration.permissions import PERMISSIONS
from wagewatch.evidence import services as evidence
from wagewatch.lib.errors import Malformed, NotPermitted, RuleViolation
from wagewatch.lib.sheets import MAX_BYTES, safe_filename

READABLE = tuple(code for code, meaning in codes.REASONS.items() if meaning.action is not codes.Action.MANUAL)
CHOICES = tuple(
    code
    for code in READABLE
    if codes.REASONS[code].action not in (codes.Action.STOP_BATCH, codes.Action.LOOK_UP_ORIGINAL)
)
"""What a person can say a wording means."""
DECIDED = "DCSN"
"""Our mark on lines whose result a person decided."""


def speaks_for_bank(actor: Actor, order: PaymentOrder) -> bool:
    """Whether the actor is an officer of the bank that keeps the order's account."""
    return any(d.role == "bank_officer" and d.organisation_id == order.account.bank_id for d in actor.duties)


def receive_result(
    order_id: int, *, filename: str, data: bytes, actor: Actor, now: datetime
) -> tuple[BankMessage, bool]:
    """Take in a bank's result table for one order; (message, whether it was new). The same file again changes
    nothing, unless the bank now says what before only the contractor had handed in.

    Raises NotFound, NotPermitted, RuleViolation `result.other_order` and `result.not_sent`, Malformed
    `file.empty` and `file.too_large`. What cannot be read is kept, with the reason in `error_text`.
    """
    order = access_order(order_id, actor)
    if not actor.has_role(*PERMISSIONS["order.carry"]):
        not_permitted("order.carry")
    if not data:
        raise Malformed("file.empty", _("The file is empty. Download it from the bank once more."))
    if len(data) > MAX_BYTES:
        raise Malformed(
            "file.too_large", _("The file is larger than %(limit)s MB. Ask the bank to split it."),
            limit=MAX_BYTES // 1024 // 1024,
        )  # fmt: skip
    if order.form == "pain001":
        raise RuleViolation(
            "result.over_wire", _("This bank answers over its connection; no file is needed.")
        )
    if order.state == PaymentOrder.State.READY:
        raise RuleViolation(
            "result.not_sent",
            _("This order's file was not fetched yet, so the bank cannot have answered it."),
        )
    source = "bank" if speaks_for_bank(actor, order) else "contractor"
    if order.form == "pain001" and source != "bank":
        raise NotPermitted("result.bank_only", _("The bank's own officer uploads its messages."))
    with transaction.atomic():
        message, new = BankMessage.objects.get_or_create(
            sha256=hashlib.sha256(data).digest(),
            defaults={
                "name": safe_filename(filename)[:200],
                "account_id": order.account_id,
                "content": data,
                "received_at": now,
                "kind": "" if order.form == "pain001" else RESULT,
                "source": source,
                "summary": {"order": order.pk, "project": order.project_id},
                "uploaded_by_id": user_of(actor),
            },
        )
        message = BankMessage.objects.select_for_update().get(pk=message.pk)
        if message.summary.get("order", order.pk) != order.pk:
            raise RuleViolation(
                "result.other_order",
                _("This file was taken in before, for another order. Check which result you chose."),
            )
        promoted = message.source == "contractor" and source == "bank"
        if promoted or message.state == BankMessage.State.UNREADABLE:
            message.source, message.state, message.uploaded_by_id = (
                source,
                BankMessage.State.RECEIVED,
                user_of(actor),
            )
            message.save(update_fields=["source", "state", "uploaded_by"])
            new = True
        if new:
            message = take_message(message.pk, now=now)
    return message, new


def undecided_lines(actor: Actor) -> QuerySet[PaymentLine]:
    """Payments within reach whose result needs a person: refused in words nobody can map, or in no known state."""
    known = [*codes.STATUSES, DECIDED, "BOOK", "RTRN", ""]
    return (
        PaymentLine.objects.filter(order__in=orders_for(actor).values("pk"))
        .filter(
            Q(state=PaymentLine.State.RETURNED) & ~Q(reason_code__in=READABLE)
            | Q(state__in=ALIVE) & ~Q(bank_status__in=known)
            | Q(state__in=ALIVE, bank_status="RJCT")
        )
        .select_related("worker", "order__account__bank", "project")
        .defer("card_number", "order__file", "worker__id_number", "worker__phone", "worker__address")
        .order_by("order_id", "end_to_end_id")
    )


def access_line(reference: str, actor: Actor) -> PaymentLine:
    """One payment line within reach by its end-to-end number, or NotFound."""
    line = (
        PaymentLine.objects.filter(end_to_end_id=reference, order__in=orders_for(actor).values("pk"))
        .select_related("worker", "order__account__bank", "sheet", "project")
        .first()
    )
    if line is None:
        not_found()
    return line


@transaction.atomic
def decide_line(
    reference: str, *, outcome: str, code: str, note: str, remember: bool = False, actor: Actor, now: datetime
) -> PaymentLine:
    """Say what the bank's words about one payment mean; recorded with who and why.

    A line that may still be paid is decided by the bank's officer alone; a contractor only says what the words
    of a refusal mean. `remember` adds the wording to the bank's terms (officers only).
    Raises NotFound, NotPermitted, Malformed `decision.…`, RuleViolation `decision.settled`, `decision.bank_only`.
    """
    line = access_line(reference, actor)
    if not actor.has_role(*PERMISSIONS["order.decide"]):
        not_permitted("order.decide")
    is_bank = speaks_for_bank(actor, line.order)
    if outcome not in LineDecision.Outcome.values:
        raise Malformed("decision.outcome", _("Choose what became of the payment."))
    if outcome == LineDecision.Outcome.REFUSED and code not in CHOICES:
        raise Malformed("decision.code", _("Choose what the bank's words mean."))
    if not note.strip():
        raise Malformed("decision.note", _("Write how you know, for example whom you asked at the bank."))
    Project.objects.select_for_update(no_key=True).get(pk=line.project_id)
    PaySheet.objects.select_for_update(no_key=True, of=("self",)).get(
        pk=line.sheet_id, project=line.project_id
    )
    line.refresh_from_db()
    returned = line.state == PaymentLine.State.RETURNED
    if line.state == PaymentLine.State.PAID or (returned and outcome == LineDecision.Outcome.PAID):
        raise RuleViolation(
            "decision.settled",
            _("This payment has its result already; a bank statement alone can change it."),
        )
    if not returned and not is_bank:
        raise RuleViolation(
            "decision.bank_only",
            _("This payment may still be on its way: only the bank's officer or its statement decides."),
        )
    verbatim = line.reason_text
    decision = LineDecision.objects.create(
        project_id=line.project_id, order_id=line.order_id, worker_id=line.worker_id, end_to_end_id=reference,
        outcome=outcome, code=code if outcome == "refused" else "", verbatim=verbatim, note=note.strip()[:200],
        made_by_id=user_of(actor), made_at=now,
    )  # fmt: skip
    if returned:
        rename_reason(line, code)
        evidence.append(
            records.RESULT,
            project_id=line.project_id,
            subject=records.line_subject(line),
            record=records.result_record(line),
            actor=actor,
            now=now,
        )
    else:
        paid = outcome == LineDecision.Outcome.PAID
        state = PaymentLine.State.PAID if paid else PaymentLine.State.RETURNED
        apply_word(line, Word(state, DECIDED, decision.code, verbatim, now, False), now=now)
    if remember and is_bank and outcome == "refused" and verbatim:
        learn_text(line.order.account.bank, verbatim, code, actor=actor, now=now)
    line.refresh_from_db()
    return line
