"""The special loan for wages: asked for, granted, drawn for an approved sheet, repaid out of later allocations.

The bank pays wages first when the account cannot (source 1, 3.2.3), and the owner's default stays what it is: a
loan fills no allocation. The money itself is booked where all money is, from the bank's statement.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max, Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from payroll.access import access_draw, access_facility, access_money, access_sheet, leads_project
from payroll.allocation_records import DRAWN, draw_record, draw_subject
from payroll.bank.transport import HttpTransport
from payroll.models import (
    AccountEntry,
    LoanDraw,
    LoanFacility,
    LoanRepayment,
    PaySheet,
    SubLedger,
)
from payroll.services.accounts import Movement
from payroll.services.allocation_facts import money_of
from payroll.services.loan_facts import approved_fen, repaid_from, shortage_fen, used_fen, with_figures
from payroll.services.who import user_of
from registration.access import not_found, not_permitted, organisations_with
from registration.actors import Actor
from registration.models import Project
from registration.permissions import PERMISSIONS
from wagewatch.evidence.services import append
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation, TryLater
from wagewatch.lib.money import format_cny

Row = TypeVar("Row", LoanDraw, LoanRepayment)
log = structlog.get_logger(__name__)
_REFERENCE = re.compile(r"ZX([DH])(\d{1,18})-(\d{1,9})(?!\d)")
"""Our reference in the bank's words: D for a draw, H for a repayment, then project and number."""


@transaction.atomic
def ask_facility(
    project_id: int, *, amount_fen: int, guarantor: str, reason: str, actor: Actor, now: datetime
) -> LoanFacility:
    """Ask the account's bank for a credit line for wages, with its guarantor.

    Raises RuleViolation `account.none`, `loan.asked`; Malformed `loan.amount`, `loan.guarantor`, `loan.reason`.
    """
    project = _led(project_id, actor)
    ledger = SubLedger.objects.select_related("account").filter(project=project).first()
    if ledger is None:
        raise RuleViolation(
            "account.none", _("A wage loan is paid into the special wage account. Open that one first.")
        )
    if amount_fen <= 0:
        raise Malformed("loan.amount", _("Write an amount above zero."))
    if not guarantor.strip():
        raise Malformed("loan.guarantor", _("Write who guarantees the loan."))
    if not reason.strip():
        raise Malformed("loan.reason", _("Write what the loan is needed for."))
    try:
        with transaction.atomic():
            return LoanFacility.objects.create(
                project=project,
                bank_id=ledger.account.bank_id,
                asked_fen=amount_fen,
                guarantor=guarantor.strip()[:120],
                reason=reason.strip()[:300],
                asked_by_id=user_of(actor),
                asked_at=now,
            )
    except IntegrityError as problem:
        raise RuleViolation("loan.asked", _("An application is with the bank already.")) from problem


@dataclass(frozen=True)
class Terms:
    """What a bank grants; `limit_fen` 0 declines."""

    limit_fen: int = 0
    contract_number: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    answer: str = ""


@transaction.atomic
def answer_facility(pk: int, terms: Terms, *, actor: Actor, now: datetime) -> LoanFacility:
    """The bank's officer grants the credit line or declines it. Raises RuleViolation `loan.answered`, Malformed
    `loan.limit`, `loan.term`, `loan.contract`, `loan.answer`; NotFound, NotPermitted."""
    facility = _for_bank(access_facility(pk, actor), actor)
    if facility.state != LoanFacility.State.ASKED:
        raise RuleViolation("loan.answered", _("This application has been answered already."))
    facility.answered_by_id, facility.answered_at = user_of(actor), now
    facility.answer = terms.answer.strip()[:300]
    if terms.limit_fen <= 0:
        if not facility.answer:
            raise Malformed("loan.answer", _("Write why nothing is lent; the contractor reads it."))
        facility.state = LoanFacility.State.DECLINED
    else:
        if terms.limit_fen > facility.asked_fen:
            raise Malformed("loan.limit", _("The limit is more than was asked for."))
        if terms.valid_from is None or terms.valid_until is None or terms.valid_until < terms.valid_from:
            raise Malformed("loan.term", _("Write from when until when the loan can be drawn."))
        if not terms.contract_number.strip():
            raise Malformed("loan.contract", _("Write the number of the loan contract."))
        facility.state, facility.limit_fen = LoanFacility.State.GRANTED, terms.limit_fen
        facility.valid_from, facility.valid_until = terms.valid_from, terms.valid_until
        facility.contract_number = terms.contract_number.strip()[:60]
    facility.save()
    return facility


@transaction.atomic
def ask_draw(sheet_id: int, *, amount_fen: int, actor: Actor, now: datetime) -> LoanDraw:
    """Ask for money for a sheet's approved wages, never more than the account lacks and the limit leaves.

    Two at once cannot exceed the limit: project and credit line are locked. Raises RuleViolation `loan.none`,
    `loan.not_needed`, `loan.more_than_lacking`, `loan.limit`; Malformed `loan.amount`; NotFound, NotPermitted.
    """
    sheet = access_sheet(sheet_id, actor, permission="payment.instruct", for_write=True)
    if amount_fen <= 0:
        raise Malformed("loan.amount", _("Write an amount above zero."))
    today = site_date(now)
    facility = (
        LoanFacility.objects.select_for_update(of=("self",), no_key=True)
        .filter(
            project=sheet.project_id,
            state=LoanFacility.State.GRANTED,
            valid_from__lte=today,
            valid_until__gte=today,
        )
        .order_by("valid_until", "pk")
        .last()
    )
    if facility is None:
        raise RuleViolation("loan.none", _("No bank has granted a wage loan for this project for today."))
    lacking = shortage_fen(sheet)
    if lacking == 0:
        raise RuleViolation(
            "loan.not_needed", _("The account covers the approved wages of this sheet. No loan is needed.")
        )
    if amount_fen > lacking:
        raise RuleViolation(
            "loan.more_than_lacking",
            _("The account lacks %(lacking)s for this sheet. No more can be drawn."),
            lacking=format_cny(lacking),
        )
    _check_limit(facility, amount_fen)
    last = LoanDraw.objects.filter(project=sheet.project_id).aggregate(last=Max("number"))["last"] or 0
    return LoanDraw.objects.create(
        project_id=sheet.project_id,
        facility=facility,
        number=last + 1,
        sheet=sheet,
        amount_fen=amount_fen,
        asked_by_id=user_of(actor),
        asked_at=now,
    )


@transaction.atomic
def answer_draw(
    project_id: int, number: int, *, confirm: bool, answer: str = "", actor: Actor, now: datetime
) -> LoanDraw:
    """The bank's officer confirms a draw, so that the bank pays it out under its reference, or declines it.

    Raises RuleViolation `loan.answered`, `loan.limit`, `loan.none` after the term; Malformed `loan.answer`.
    """
    facility = _for_bank(access_draw(project_id, number, actor).facility, actor)
    draw = _locked(LoanDraw, project_id, number)
    if draw.state != LoanDraw.State.ASKED:
        raise RuleViolation("loan.answered", _("This draw has been answered already."))
    if not confirm and not answer.strip():
        raise Malformed("loan.answer", _("Write why nothing is lent; the contractor reads it."))
    if confirm:
        if facility.valid_until is None or facility.valid_until < site_date(now):
            raise RuleViolation("loan.none", _("The loan's term has ended. Decline the draw."))
        _check_limit(facility, 0)
    draw.state = LoanDraw.State.CONFIRMED if confirm else LoanDraw.State.DECLINED
    draw.answer, draw.answered_by_id, draw.answered_at = answer.strip()[:300], user_of(actor), now
    draw.save(update_fields=["state", "answer", "answered_by", "answered_at"])
    if confirm:
        append(
            DRAWN,
            project_id=project_id,
            subject=draw_subject(draw),
            record=draw_record(draw),
            actor=actor,
            now=now,
        )
        if settings.DEMO:
            transaction.on_commit(lambda: _in_demo(draw), robust=True)
    return draw


@transaction.atomic
def order_repayment(
    project_id: int, number: int, *, entry_number: int, amount_fen: int, actor: Actor, now: datetime
) -> LoanRepayment:
    """Order the bank to take money back for a draw, out of one allocation that came after the loan.

    Wages first: what approved sheets still need stays on the account. Raises RuleViolation `loan.not_owed`,
    `loan.entry`, `loan.too_much`, `loan.wages_first`; Malformed `loan.amount`; NotFound, NotPermitted.
    """
    project = _led(project_id, actor)
    if amount_fen <= 0:
        raise Malformed("loan.amount", _("Write an amount above zero."))
    draw = _locked(LoanDraw, project.pk, number)
    ordered = _ordered(Q(draw=draw.pk), project.pk)
    if draw.state != LoanDraw.State.ARRIVED or draw.outstanding_fen - ordered <= 0:
        raise RuleViolation("loan.not_owed", _("Nothing is owed for this draw."))
    entry = repayable_entries(draw).filter(number=entry_number).first()
    if entry is None:
        raise RuleViolation("loan.entry", _("Choose an allocation of the owner that came after the loan."))
    most = min(draw.outstanding_fen - ordered, entry.amount_fen - repaid_from(project.pk, entry_number))
    if amount_fen > most:
        raise RuleViolation(
            "loan.too_much",
            _("Out of this allocation %(most)s can be repaid at most."),
            most=format_cny(max(0, most)),
        )
    spare = spare_fen(project.pk)
    if amount_fen > spare:
        raise RuleViolation(
            "loan.wages_first",
            _("Approved wages come first: %(spare)s may leave the account for the loan."),
            spare=format_cny(max(0, spare)),
        )
    last = LoanRepayment.objects.filter(project=project).aggregate(last=Max("number"))["last"] or 0
    repayment = LoanRepayment.objects.create(
        project=project,
        number=last + 1,
        draw=draw,
        entry_number=entry_number,
        amount_fen=amount_fen,
        ordered_by_id=user_of(actor),
        ordered_at=now,
    )
    if settings.DEMO:
        transaction.on_commit(lambda: _in_demo(repayment), robust=True)
    return repayment


@transaction.atomic
def withdraw_repayment(project_id: int, number: int, *, actor: Actor, now: datetime) -> LoanRepayment:
    """Take back a repayment that the bank has not booked. Raises RuleViolation `loan.booked`."""
    project = _led(project_id, actor)
    repayment = _locked(LoanRepayment, project.pk, number)
    if repayment.state != LoanRepayment.State.ORDERED:
        raise RuleViolation("loan.booked", _("The bank has booked this repayment already."))
    repayment.state = LoanRepayment.State.WITHDRAWN
    repayment.save(update_fields=["state"])
    return repayment


def repayable_entries(draw: LoanDraw) -> QuerySet[AccountEntry]:
    """The owner's allocations that came after a draw's money, oldest first."""
    arrival = AccountEntry.objects.filter(
        project=draw.project_id, kind=AccountEntry.Kind.LOAN, bank_reference=booking_reference(draw)
    ).values("number")[:1]
    return AccountEntry.objects.filter(
        project=draw.project_id, kind=AccountEntry.Kind.ALLOCATION, number__gt=arrival
    ).order_by("number")


def spare_fen(project_id: int) -> int:
    """What may leave the account for a loan: free money less approved wages and repayments on their way."""
    return money_of([project_id])[project_id].free_fen - approved_fen(project_id) - _ordered(Q(), project_id)


def booking_reference(row: LoanDraw | LoanRepayment) -> str:
    """Under which reference the account's book holds a draw or a repayment, once."""
    return f"L:{row.reference}"


_BOOKED: dict[str, tuple[type[LoanDraw] | type[LoanRepayment], list[str], int, str]] = {
    "D": (LoanDraw, [LoanDraw.State.ASKED, LoanDraw.State.DECLINED], 1, AccountEntry.Kind.LOAN),
    "H": (LoanRepayment, [LoanRepayment.State.WITHDRAWN], -1, AccountEntry.Kind.LOAN_BACK),
}
"""What each letter of our reference names: rows, the states in which no money is expected, its direction, its kind."""


def recognise(words: str, amount_fen: int, projects: Iterable[int], at: datetime) -> Movement | None:
    """The movement of a booking whose words carry our reference and whose amount is ours; None for anything else,
    also for money under our reference that is more or less than we know of."""
    found = _REFERENCE.search(words)
    if found is None or int(found[2]) not in set(projects):
        return None
    project_id = int(found[2])
    model, unsettled, sign, kind = _BOOKED[found[1]]
    row = model.objects.filter(project=project_id, number=int(found[3])).exclude(state__in=unsettled).first()
    if row is None or amount_fen != sign * row.amount_fen:
        return None
    return Movement(booking_reference(row), kind, amount_fen, at, row.reference)


def loan_project(words: str) -> int | None:
    """The project that our reference in a booking's words names."""
    found = _REFERENCE.search(words)
    return int(found[2]) if found else None


def reference_in(words: str) -> str:
    """Our reference in a booking's words; empty without one."""
    found = _REFERENCE.search(words)
    return found[0] if found else ""


def follow_loans(project_id: int, movements: Sequence[Movement]) -> None:
    """Draws have arrived and repayments are made when, and only when, the account's book holds them."""
    for movement in movements:
        found = _REFERENCE.search(movement.reference) if movement.reference.startswith("L:") else None
        if found is None:
            continue
        (_arrived if found[1] == "D" else _repaid)(project_id, int(found[3]), movement.at)


def _arrived(project_id: int, number: int, at: datetime) -> None:
    draw = _locked(LoanDraw, project_id, number)
    if draw.state == LoanDraw.State.CONFIRMED:
        draw.state, draw.arrived_at = LoanDraw.State.ARRIVED, at
        draw.save(update_fields=["state", "arrived_at"])


def _repaid(project_id: int, number: int, at: datetime) -> None:
    repayment = _locked(LoanRepayment, project_id, number)
    if repayment.state != LoanRepayment.State.ORDERED:
        return
    repayment.state, repayment.booked_at = LoanRepayment.State.BOOKED, at
    repayment.save(update_fields=["state", "booked_at"])
    draw = LoanDraw.objects.select_for_update(of=("self",), no_key=True).get(
        project=project_id, pk=repayment.draw_id
    )
    draw.repaid_fen += repayment.amount_fen
    draw.save(update_fields=["repaid_fen"])


def proposed_fen(sheet: PaySheet, on: date) -> int:
    """What a draw for a sheet would be: what the account lacks, within the limit; 0 without a loan."""
    rows = LoanFacility.objects.filter(project=sheet.project_id, state=LoanFacility.State.GRANTED)
    left = max((f.left_fen for f in with_figures(rows) if f.usable(on)), default=0)
    return min(shortage_fen(sheet), left)


def _led(project_id: int, actor: Actor) -> Project:
    access_money(project_id, actor)
    project = Project.objects.select_for_update(no_key=True, of=("self",)).get(pk=project_id)
    if not leads_project(actor, project, permission="loan.ask"):
        not_permitted("loan.ask")
    return project


def _locked(model: type[Row], project_id: int, number: int) -> Row:
    """A draw or a repayment of a project by its number, locked; NotFound."""
    row = (
        model._default_manager.select_for_update(of=("self",), no_key=True)
        .filter(project=project_id, number=number)
        .first()
    )
    if row is None:
        not_found()
    return row


def _for_bank(facility: LoanFacility, actor: Actor) -> LoanFacility:
    if facility.bank_id not in organisations_with(actor, PERMISSIONS["loan.grant"]):
        not_permitted("loan.grant")
    Project.objects.select_for_update(no_key=True, of=("self",)).get(pk=facility.project_id)
    return LoanFacility.objects.select_for_update(of=("self",), no_key=True).get(
        pk=facility.pk, project=facility.project_id
    )


def _check_limit(facility: LoanFacility, more_fen: int) -> None:
    left = facility.limit_fen - used_fen(facility)
    if more_fen > left:
        raise RuleViolation(
            "loan.limit",
            _("The limit leaves %(left)s. Draw less, or repay first."),
            left=format_cny(max(0, left)),
        )


def _ordered(where: Q, project_id: int) -> int:
    found = LoanRepayment.objects.filter(
        where, project=project_id, state=LoanRepayment.State.ORDERED
    ).aggregate(total=Sum("amount_fen"))
    return found["total"] or 0


def _in_demo(row: LoanDraw | LoanRepayment) -> None:
    """The demo's bank lends, or takes its money back, in the same moment: a real one does so from its own loan system.
    Nothing happens while the simulator does not run."""
    from payroll.services.sending import bank_transport

    bank = bank_transport()
    if not isinstance(bank, HttpTransport):
        return
    account = SubLedger.objects.select_related("account__bank").get(project=row.project_id).account
    number, lender = str(account.number), account.bank.name
    try:
        if isinstance(row, LoanDraw):
            text = f"工资专项贷款 {row.reference}"
            bank.deposit(number, row.amount_fen, reference=row.reference, payer_name=lender, text=text)
        else:
            text = f"归还工资专项贷款 {row.reference}"
            bank.collect(number, row.amount_fen, reference=row.reference, payee_name=lender, text=text)
    except TryLater as problem:
        log.debug("loan.simulator_silent", project=row.project_id, code=problem.code)
