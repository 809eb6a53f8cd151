"""Instructing the bank: one file per order, stored before it is sent, and never two live lines for a slip."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from payroll import records
from payroll.access import access_sheet
from payroll.bank import codes
from payroll.bank.batch import write_batch
from payroll.bank.booking import booking_day
from payroll.bank.pain001 import Account, LineOut, OrderOut, write_pain001
from payroll.bank.profiles import BankProfile
from payroll.bank.schemas import check_message, refuse_faults
from payroll.models import PaymentLine, PaymentOrder, PaySheet, PaySlip, SubLedger
from payroll.services.account_opening import check_serves
from payroll.services.accounts import check_payees, reserved_fen
from payroll.services.results import SETTLED
from payroll.services.sending import ask_to_send, bank_transport, send_ready_orders
from payroll.services.terms import profile_of
from payroll.services.totals import refresh_state
from payroll.services.who import user_of
from registration.actors import Actor
from registration.models import BankCard, Participation
from registration.rules.card_word import CardWord, card_word, may_receive
from registration.services.parameters import load_calendar
from wagewatch.evidence import services as evidence
from wagewatch.lib.copying import write_rows
from wagewatch.lib.dates import SITE_TZ, site_date
from wagewatch.lib.errors import RuleViolation
from wagewatch.lib.money import format_cny

__all__ = ["Payable", "bank_transport", "instruct_bank", "payable", "resend_returned", "send_ready_orders"]
NEEDS_OTHER_CARD = frozenset({codes.Action.CORRECT_CARD, codes.Action.NEW_CARD})
NEEDS_PERSON = frozenset({codes.Action.VISIT_BANK, codes.Action.COMPARE_NAME, codes.Action.CASE_WORKER,
                          codes.Action.MANUAL, codes.Action.LOOK_UP_ORIGINAL, codes.Action.STOP_BATCH})  # fmt: skip
"""After these a payment goes out again only when a person names it (or the card was changed)."""


class Wage(NamedTuple):
    """What of a slip an order needs; reading whole slips, cards and people would cost more than all the rest."""

    worker_id: int
    month: date
    net_fen: int


class Card(NamedTuple):
    """A worker's current card, the name that the bank compares, and what `BankCard.word` rests on."""

    worker_id: int
    number: str
    tail: str
    bank_name: str
    bank_code: str
    name: str
    replaced: bool
    said: bool | None

    @property
    def word(self) -> CardWord:
        return card_word(replaced=self.replaced, said=self.said)


@dataclass
class Payable:
    """Approved slips that can be instructed now, with the card of each, and why others cannot."""

    slips: list[tuple[Wage, Card, int]] = field(default_factory=list)
    """Slip, current card, attempt number."""
    without_card: list[int] = field(default_factory=list)
    same_card: list[int] = field(default_factory=list)
    card_asked: list[int] = field(default_factory=list)
    """The worker has not said yet that the card, which took another one's place, is theirs."""
    card_denied: list[int] = field(default_factory=list)
    too_large: list[int] = field(default_factory=list)
    """Above what the bank takes in one payment."""

    @property
    def total_fen(self) -> int:
        return sum(slip.net_fen for slip, _card, _attempt in self.slips)


def payable(sheet: PaySheet, worker_ids: list[int] | None = None, *, lock: bool = False) -> Payable:
    """What an order for this sheet would hold: approved, above 0, not instructed, or returned and put right.

    `worker_ids` names returned payments to send again with the same card (the worker went to the bank). A card
    that took another one's place gets nothing before the worker has said that it is theirs.
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
    rows = [Wage(*row) for row in slips.values_list("worker_id", "month", "net_fen")]
    workers = [slip.worker_id for slip in rows]
    current = BankCard.objects.with_word().filter(worker__in=workers, is_current=True)
    names = ("worker_id", "number", "tail", "bank_name", "bank_code", "worker__name", "replaced", "said")
    cards = {row[0]: Card(*row) for row in current.values_list(*names)}
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
        elif line is not None and not put_right(line, card.number, named=worker_ids is not None):
            found.same_card.append(slip.worker_id)
        elif not may_receive(card.word):
            asked = card.word == CardWord.ASKED
            (found.card_asked if asked else found.card_denied).append(slip.worker_id)
        else:
            found.slips.append((slip, card, line.attempt + 1 if line else 1))
    return found


def put_right(line: PaymentLine, card: str, *, named: bool) -> bool:
    """Whether a returned payment may go out again to the card of this number; `named`: a person asked for it by name.
    What the bank called refused and then paid waits until a person has asked the bank."""
    if line.bank_status in SETTLED and not line.reason_code:
        return named
    if line.card_number != card:
        return True
    action = codes.meaning(line.reason_code).action
    if action in NEEDS_OTHER_CARD:
        return False
    return named or action not in NEEDS_PERSON


@transaction.atomic(durable=True)
def instruct_bank(
    sheet_id: int, *, worker_ids: list[int] | None = None, actor: Actor, now: datetime
) -> PaymentOrder:
    """Make the payment orders of a sheet's approved slips, one where the bank's limits allow; the files go out
    after the commit. Returns the first order.

    Raises RuleViolation `order.nothing`, `order.too_large`, `order.card_asked`, `order.card_denied`, `account.none`, `account.short` (with the figures),
    `order.twice`; Malformed `bank.…` for what the bank's file cannot carry.
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
    check_serves(ledger)
    found = payable(sheet, worker_ids, lock=True)
    profile = profile_of(ledger.account.bank, site_date(now))
    _keep_to_ceiling(found, profile)
    if not found.slips:
        raise _nothing(sheet, found, profile)
    check_payees(sheet.project_id, [slip.worker_id for slip, _card, _attempt in found.slips])
    _check_balance(ledger, found.total_fen)
    orders = [_place_order(sheet, ledger, part, profile, actor, now) for part in _files(found, profile)]
    PaySlip.objects.filter(
        month=sheet.month,
        project=sheet.project_id,
        sheet=sheet.pk,
        worker__in=[slip.worker_id for slip, _c, _a in found.slips],
    ).update(payment=PaySlip.Payment.INSTRUCTED, return_code="", return_text="")
    refresh_state(sheet)
    transaction.on_commit(ask_to_send, robust=True)
    return orders[0]


def _place_order(
    sheet: PaySheet, ledger: SubLedger, found: Payable, profile: BankProfile, actor: Actor, now: datetime
) -> PaymentOrder:
    """One file with its order, lines and evidence."""
    order, lines = _write_order(sheet, ledger, found, profile, actor, now)
    try:
        with transaction.atomic():
            order.save()
            for line in lines:
                line.order_id = order.pk
            write_rows(lines)
    except IntegrityError as problem:
        raise RuleViolation(
            "order.twice",
            _("One of these wages is with the bank already. Nothing was sent; reload the page."),
        ) from problem
    evidence.append(
        records.INSTRUCTED,
        project_id=sheet.project_id,
        subject=records.order_subject(order),
        record=records.instructed_record(order, lines),
        actor=actor,
        now=now,
    )
    return order


def _keep_to_ceiling(found: Payable, profile: BankProfile) -> None:
    """Leave out what the bank does not take in one payment; the others go on."""
    largest = min(
        (c for c in (profile.line_ceiling_fen, profile.file_ceiling_fen) if c is not None), default=None
    )
    if largest is not None:
        found.too_large = [slip.worker_id for slip, _c, _a in found.slips if slip.net_fen > largest]
        found.slips = [row for row in found.slips if row[0].net_fen <= largest]


def _files(found: Payable, profile: BankProfile) -> Iterator[Payable]:
    """The payments in as many files as the bank's limits on rows and sum ask for."""
    part = Payable()
    for row in found.slips:
        full = profile.line_limit is not None and len(part.slips) >= profile.line_limit
        over = (
            profile.file_ceiling_fen is not None
            and part.total_fen + row[0].net_fen > profile.file_ceiling_fen
        )
        if part.slips and (full or over):
            yield part
            part = Payable()
        part.slips.append(row)
    yield part


def resend_returned(
    sheet_id: int, *, worker_ids: list[int] | None = None, actor: Actor, now: datetime
) -> PaymentOrder:
    """Instruct again what came back: a new attempt with the corrected card. Same errors as `instruct_bank`."""
    return instruct_bank(sheet_id, worker_ids=worker_ids, actor=actor, now=now)


def _nothing(sheet: PaySheet, found: Payable, profile: BankProfile) -> RuleViolation:
    if found.too_large:
        return RuleViolation(
            "order.too_large",
            ngettext_lazy(
                "%(count)s wage is above %(ceiling)s, the most this bank takes in one payment. Agree another "
                "limit or route with the bank.",
                "%(count)s wages are above %(ceiling)s, the most this bank takes in one payment. Agree another "
                "limit or route with the bank.",
                "count",
            ),
            count=len(found.too_large),
            ceiling=format_cny(min(c for c in (profile.line_ceiling_fen, profile.file_ceiling_fen) if c)),
        )
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
    if found.card_denied:
        return RuleViolation(
            "order.card_denied",
            ngettext_lazy(
                "%(count)s worker says that the card on record is not theirs. Record the right card first.",
                "%(count)s workers say that the card on record is not theirs. Record the right cards first.",
                "count",
            ),
            count=len(found.card_denied),
        )
    if found.card_asked:
        return RuleViolation(
            "order.card_asked",
            ngettext_lazy(
                "%(count)s worker has not said yet that the new card is theirs. They do so on their phone, or at "
                "the tablet on the site.",
                "%(count)s workers have not said yet that the new card is theirs. They do so on their phone, or "
                "at the tablet on the site.",
                "count",
            ),
            count=len(found.card_asked),
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
    sheet: PaySheet, ledger: SubLedger, found: Payable, profile: BankProfile, actor: Actor, now: datetime
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
            card_number=card.number,
            card_tail=card.tail,
        )
        for slip, card, attempt in found.slips
    ]
    execute_on = booking_day(now, profile, load_calendar())
    file = write_order_file(
        OrderOut(
            message_id=message_id,
            created_at=now,
            execute_on=execute_on,
            payer=Account(
                name=account.name,
                number=str(account.number),
                bank_code=profile.clearing_code,
                bank_name=account.bank.name,
            ),
            lines=tuple(
                LineOut(
                    end_to_end_id=line.end_to_end_id,
                    amount_fen=line.amount_fen,
                    payee=Account(
                        name=card.name,
                        number=card.number,
                        bank_code=card.bank_code,
                        bank_name=card.bank_name if card.bank_code else "",
                    ),
                    remittance=f"{sheet.month:%Y-%m} 工资",
                )
                for line, (_slip, card, _attempt) in zip(lines, found.slips, strict=True)
            ),
            initiator_name=initiator or "",
            version=profile.order_version,
            currency=profile.currency,
            batch_booking=profile.batch_booking,
        ),
        profile,
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
        form=profile.form,
        by_hand=profile.by_hand,
        execute_on=execute_on,
        answer_due_at=_answer_due(execute_on, profile, now),
    )
    return order, lines


def write_order_file(order: OrderOut, profile: BankProfile) -> bytes:
    """The order in the form this bank takes: a message or a table, behind one door. No message leaves that breaks the
    official schema (Malformed `bank.schema`)."""
    if profile.shape is not None:
        return write_batch(order, profile.shape)
    data = write_pain001(order)
    refuse_faults(check_message(data))
    return data


def _answer_due(execute_on: date, profile: BankProfile, now: datetime) -> datetime:
    """Until when the bank should have answered: its hours count from the day it books."""
    opening = datetime.combine(execute_on, time(), SITE_TZ)
    return max(now, opening) + timedelta(hours=profile.answer_hours)
