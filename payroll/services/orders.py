"""Instructing the bank: one file per order, stored before it is sent, and never two live lines for a slip."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from payroll import records
from payroll.access import access_sheet
from payroll.bank import codes
from payroll.bank.pain001 import Account, LineOut, OrderOut, write_pain001
from payroll.bank.profiles import DEMO_BANK
from payroll.bank.transport import BankTransport, HttpTransport
from payroll.models import PaymentLine, PaymentOrder, PaySheet, PaySlip, SubLedger
from payroll.services.accounts import reserved_fen
from payroll.services.totals import refresh_state
from payroll.services.who import user_of
from registration.actors import Actor
from registration.models import BankCard, Participation
from wagewatch.evidence import services as evidence
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation, TryLater, WagewatchError
from wagewatch.lib.money import format_cny

NEEDS_OTHER_CARD = frozenset({codes.Action.CORRECT_CARD, codes.Action.NEW_CARD})
NEEDS_PERSON = frozenset({codes.Action.VISIT_BANK, codes.Action.COMPARE_NAME, codes.Action.CASE_WORKER,
                          codes.Action.MANUAL, codes.Action.LOOK_UP_ORIGINAL, codes.Action.STOP_BATCH})  # fmt: skip
"""After these a payment goes out again only when a person names it (or the card was changed)."""


@dataclass
class Payable:
    """Approved slips that can be instructed now, with the card of each, and why others cannot."""

    slips: list[tuple[PaySlip, BankCard, int]] = field(default_factory=list)
    """Slip, current card, attempt number."""
    without_card: list[int] = field(default_factory=list)
    same_card: list[int] = field(default_factory=list)

    @property
    def total_fen(self) -> int:
        return sum(slip.net_fen for slip, _card, _attempt in self.slips)


def payable(sheet: PaySheet, worker_ids: list[int] | None = None, *, lock: bool = False) -> Payable:
    """What an order for this sheet would hold: approved, above 0, not instructed, or returned and put right.

    `worker_ids` names returned payments to send again with the same card (the worker went to the bank).
    """
    slips = PaySlip.objects.filter(
        month=sheet.month,
        project=sheet.project_id,
        sheet=sheet.pk,
        is_approved=True,
        net_fen__gt=0,
        payment__in=[PaySlip.Payment.NONE, PaySlip.Payment.RETURNED],
    ).order_by("worker_id")
    if worker_ids is not None:
        slips = slips.filter(worker__in=worker_ids)
    if lock:
        slips = slips.select_for_update(no_key=True)
    rows = list(slips)
    workers = [slip.worker_id for slip in rows]
    cards = {
        card.worker_id: card
        for card in BankCard.objects.filter(worker__in=workers, is_current=True).select_related("worker")
    }
    last: dict[int, PaymentLine] = {
        line.worker_id: line
        for line in PaymentLine.objects.filter(
            project=sheet.project_id, sheet=sheet.pk, worker__in=workers
        ).order_by("attempt")
    }
    found = Payable()
    for slip in rows:
        card, line = cards.get(slip.worker_id), last.get(slip.worker_id)
        if card is None:
            found.without_card.append(slip.worker_id)
        elif line is not None and not _put_right(line, card, named=worker_ids is not None):
            found.same_card.append(slip.worker_id)
        else:
            found.slips.append((slip, card, line.attempt + 1 if line else 1))
    return found


def _put_right(line: PaymentLine, card: BankCard, *, named: bool) -> bool:
    if line.card_number != card.number:
        return True
    action = codes.meaning(line.reason_code).action
    if action in NEEDS_OTHER_CARD:
        return False
    return named or action not in NEEDS_PERSON


@transaction.atomic(durable=True)
def instruct_bank(
    sheet_id: int, *, worker_ids: list[int] | None = None, actor: Actor, now: datetime
) -> PaymentOrder:
    """Make one payment order from a sheet's approved slips; the file is sent after the commit.

    Raises RuleViolation `order.nothing`, `account.none`, `account.short` (with the figures), `order.twice`.
    """
    sheet = access_sheet(sheet_id, actor, permission="payment.instruct", for_write=True)
    ledger = (
        SubLedger.objects.select_for_update(no_key=True, of=("self",))
        .select_related("account__bank", "project")
        .filter(project=sheet.project_id)
        .first()
    )
    if ledger is None:
        raise RuleViolation(
            "account.none",
            _("This project has no special wage account yet. Open one at a bank and record it (article 26)."),
        )
    found = payable(sheet, worker_ids, lock=True)
    if not found.slips:
        raise _nothing(sheet, found)
    _check_balance(ledger, found.total_fen)
    order, lines = _write_order(sheet, ledger, found, actor, now)
    try:
        with transaction.atomic():
            order.save()
            for line in lines:
                line.order_id = order.pk
            PaymentLine.objects.bulk_create(lines, batch_size=1000)
    except IntegrityError as problem:
        raise RuleViolation(
            "order.twice",
            _("One of these wages is with the bank already. Nothing was sent; reload the page."),
        ) from problem
    PaySlip.objects.filter(
        month=sheet.month,
        project=sheet.project_id,
        sheet=sheet.pk,
        worker__in=[slip.worker_id for slip, _c, _a in found.slips],
    ).update(payment=PaySlip.Payment.INSTRUCTED, return_code="", return_text="")
    refresh_state(sheet)
    evidence.append(
        records.INSTRUCTED,
        project_id=sheet.project_id,
        subject=records.order_subject(order),
        record=records.instructed_record(order, lines),
        actor=actor,
        now=now,
    )
    transaction.on_commit(_ask_to_send, robust=True)
    return order


def resend_returned(
    sheet_id: int, *, worker_ids: list[int] | None = None, actor: Actor, now: datetime
) -> PaymentOrder:
    """Instruct again what came back: a new attempt with the corrected card. Same errors as `instruct_bank`."""
    return instruct_bank(sheet_id, worker_ids=worker_ids, actor=actor, now=now)


def _ask_to_send() -> None:
    from payroll.tasks import send_orders

    send_orders.delay()


def _nothing(sheet: PaySheet, found: Payable) -> RuleViolation:
    last = PaymentOrder.objects.filter(project=sheet.project_id, sheet=sheet.pk).order_by("-pk").first()
    if found.same_card:
        return RuleViolation(
            "order.same_card",
            ngettext_lazy(
                "The bank returned %(count)s payment. Have the card corrected first; then send it again.",
                "The bank returned %(count)s payments. Have the cards corrected first; then send them again.",
                "count",
            ),
            count=len(found.same_card),
        )
    if found.without_card:
        return RuleViolation(
            "order.no_card",
            ngettext_lazy(
                "%(count)s person has no wage card yet. Record the card first.",
                "%(count)s people have no wage card yet. Record the cards first.",
                "count",
            ),
            count=len(found.without_card),
        )
    if last is not None:
        return RuleViolation(
            "order.nothing",
            _("%(name)s has instructed the bank already. Nothing was sent a second time."),
            name=last.instructed_by.name,
        )
    return RuleViolation("order.not_approved", _("Nothing on this sheet is approved yet. Approve it first."))


def _check_balance(ledger: SubLedger, total_fen: int) -> None:
    reserved = reserved_fen(ledger.project_id)
    free = ledger.balance_fen - reserved
    if total_fen > free:
        raise RuleViolation(
            "account.short",
            _(
                "The special account has %(free)s free (balance %(balance)s, on its way %(reserved)s); "
                "this order needs %(total)s. %(missing)s are missing: ask the owner to allocate labour cost."
            ),
            free=format_cny(free),
            balance=format_cny(ledger.balance_fen),
            reserved=format_cny(reserved),
            total=format_cny(total_fen),
            missing=format_cny(total_fen - free),
        )


def _write_order(
    sheet: PaySheet, ledger: SubLedger, found: Payable, actor: Actor, now: datetime
) -> tuple[PaymentOrder, list[PaymentLine]]:
    account = ledger.account
    count = PaymentOrder.objects.filter(project=sheet.project_id, sheet=sheet.pk).count() + 1
    message_id = f"WW{now:%Y%m%d%H%M%S}-{sheet.pk}-{count}"
    initiator = (
        Participation.objects.filter(project=sheet.project_id, role="general_contractor")
        .values_list("organisation__name", flat=True)
        .first()
    )
    lines = [
        PaymentLine(
            project_id=sheet.project_id,
            end_to_end_id=f"{sheet.project_id}-{sheet.pk}-{slip.worker_id}-{attempt}",
            sheet_id=sheet.pk,
            worker_id=slip.worker_id,
            month=slip.month,
            attempt=attempt,
            amount_fen=slip.net_fen,
            card_number=str(card.number),
            card_tail=card.tail,
        )
        for slip, card, attempt in found.slips
    ]
    file = write_pain001(
        OrderOut(
            message_id=message_id,
            created_at=now,
            execute_on=site_date(now),
            payer=Account(
                name=account.name,
                number=str(account.number),
                bank_code=account.bank.bank_code or DEMO_BANK.clearing_code,
                bank_name=account.bank.name,
            ),
            lines=tuple(
                LineOut(
                    end_to_end_id=line.end_to_end_id,
                    amount_fen=line.amount_fen,
                    payee=Account(
                        name=card.worker.name,
                        number=str(card.number),
                        bank_code=card.bank_code,
                        bank_name=card.bank_name,
                    )
                    if card.bank_code
                    else Account(name=card.worker.name, number=str(card.number), bank_code=""),
                    remittance=f"{sheet.month:%Y-%m} 工资",
                )
                for line, (_slip, card, _attempt) in zip(lines, found.slips, strict=True)
            ),
            initiator_name=initiator or "",
            version=DEMO_BANK.order_version,
            batch_booking=DEMO_BANK.batch_booking,
        )
    )
    order = PaymentOrder(
        project_id=sheet.project_id,
        sheet_id=sheet.pk,
        account=account,
        message_id=message_id,
        file=file,
        sha256=hashlib.sha256(file).digest(),
        line_count=len(lines),
        total_fen=found.total_fen,
        instructed_by_id=user_of(actor),
        instructed_at=now,
    )
    return order, lines


def bank_transport() -> BankTransport:
    """The connection to the bank named by the settings."""
    return HttpTransport(settings.WAGEWATCH_BANK_URL, settings.WAGEWATCH_BANK_KEY)


def send_ready_orders(transport: BankTransport, *, now: datetime) -> int:
    """Send every order that is ready; returns how many the bank took.

    The file goes out outside of any transaction. A crash after sending leaves the order ready: it is sent
    again with the same bytes and MsgId, which the bank answers as a duplicate, and nothing is paid twice.
    """
    sent = 0
    waiting = PaymentOrder.objects.filter(state=PaymentOrder.State.READY).order_by("instructed_at")
    for order_id, project_id in list(waiting.values_list("pk", "project_id")):
        try:
            sent += _send_one(transport, order_id, project_id, now)
        except TryLater:
            break  # the bank is away for all of them
    return sent


def _send_one(transport: BankTransport, order_id: int, project_id: int, now: datetime) -> bool:
    with connection.cursor() as cursor:
        # Held by the session, so that it ends with a killed process; a second sender passes by.
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('payroll.order'), %s)", [order_id % 2**31])
        if not cursor.fetchone()[0]:
            return False
    try:
        rows = PaymentOrder.objects.filter(pk=order_id, project_id=project_id, state=PaymentOrder.State.READY)
        order = rows.first()
        if order is None:
            return False
        rows.update(send_tries=order.send_tries + 1)
        try:
            transport.send(order.message_id, order.file)
        except WagewatchError as problem:
            # Unknown or refused, the bank's own report decides: lines are freed by it and by nothing else.
            rows.update(last_error=problem.code)
            if isinstance(problem, TryLater):
                raise
            return False
        return bool(rows.update(state=PaymentOrder.State.SENT, sent_at=now, last_error=""))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('payroll.order'), %s)", [order_id % 2**31])
