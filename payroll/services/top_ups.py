"""The general contractor asks the owner for more labour cost; the owner's clerk reads, answers, orders the transfer.

Measures of 2021 (No. 53): when the account does not cover the coming payroll, the general contractor asks and
the owner tops up. A request ends when the money has come, not by a click.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max, Sum
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from payroll.access import access_money, access_top_up, leads_project, owns_project
from payroll.allocation_records import (
    ANSWERED,
    ASKED,
    answered_record,
    answered_subject,
    asked_record,
    asked_subject,
)
from payroll.models import AccountEntry, SubLedger, TopUpRequest
from payroll.services.allocation_facts import Allocation, load_allocation
from payroll.services.who import user_of
from registration.access import not_permitted
from registration.actors import Actor
from registration.models import Membership, Participation, Project, Role
from registration.services.messages import queue_many
from registration.services.parameters import load_calendar, parameter
from wagewatch.evidence.services import append
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation

State = TopUpRequest.State
Basis = TopUpRequest.Basis
LONGEST_PROMISE = timedelta(days=60)


@dataclass(frozen=True)
class Proposal:
    """What could be asked for today, and the figures it rests on; fen."""

    payroll_fen: int
    free_fen: int
    agreed_fen: int
    received_fen: int
    by_payroll_fen: int
    by_agreed_fen: int

    @property
    def best(self) -> tuple[str, int]:
        """The larger of the two, with its basis."""
        if self.by_payroll_fen >= self.by_agreed_fen:
            return Basis.PAYROLL, self.by_payroll_fen
        return Basis.AGREED, self.by_agreed_fen


def proposal_of(allocation: Allocation) -> Proposal:
    """Coming payroll less what is free, and agreed less received."""
    money, account = allocation.money, allocation.account
    return Proposal(
        money.needed_fen,
        money.free_fen,
        account.agreed_fen,
        account.received_fen,
        money.lacking_fen,
        account.short_fen,
    )


@transaction.atomic
def ask_top_up(
    project_id: int, *, basis: str, amount_fen: int, text: str = "", actor: Actor, now: datetime
) -> TopUpRequest:
    """Ask the owner for labour cost. Raises RuleViolation `top_up.open`, Malformed `top_up.amount`, `top_up.basis`,
    `top_up.text` (another amount needs its reason), NotFound, NotPermitted."""
    project = _locked(project_id, actor)
    if not leads_project(actor, project, permission="allocation.ask"):
        not_permitted("allocation.ask")
    if basis not in Basis.values:
        raise Malformed("top_up.basis", _("Choose what the amount rests on."))
    if amount_fen <= 0:
        raise Malformed("top_up.amount", _("Write an amount above zero."))
    if basis == Basis.OTHER and not text.strip():
        raise Malformed("top_up.text", _("Write what the amount rests on."))
    close_covered([project.pk], now=now)
    today = site_date(now)
    found = proposal_of(load_allocation(project, today=today))
    last = TopUpRequest.objects.filter(project=project).aggregate(last=Max("number"))["last"] or 0
    try:
        with transaction.atomic():
            request = TopUpRequest.objects.create(
                project=project,
                number=last + 1,
                basis=basis,
                amount_fen=amount_fen,
                payroll_fen=found.payroll_fen,
                balance_fen=found.free_fen,
                agreed_fen=found.agreed_fen,
                received_fen=found.received_fen,
                entries_before=_entries(project.pk),
                text=text.strip()[:300],
                asked_by_id=user_of(actor),
                asked_at=now,
                reply_by=_reply_by(project, today),
            )
    except IntegrityError as problem:
        raise RuleViolation(
            "top_up.open", _("A request to the owner is open already. Wait for it, or take it back first.")
        ) from problem
    append(
        ASKED,
        project_id=project.pk,
        subject=asked_subject(request),
        record=asked_record(request),
        actor=actor,
        now=now,
    )
    _text_owner(request, now, "asked")
    return request


@transaction.atomic
def read_top_up(project_id: int, number: int, *, actor: Actor, now: datetime) -> TopUpRequest:
    """The owner's clerk says that the request was seen. A second time changes nothing."""
    request = _for_owner(project_id, number, actor)
    if request.state == State.ASKED:
        request.state, request.read_by_id, request.read_at = State.READ, actor.id, now
        request.save(update_fields=["state", "read_by", "read_at"])
    return request


@transaction.atomic
def answer_top_up(
    project_id: int, number: int, *, promised_on: date | None, answer: str, actor: Actor, now: datetime
) -> TopUpRequest:
    """The owner's clerk answers: paid by a day, or not, with the reason. A refusal leaves the request open.

    Raises Malformed `top_up.day`, `top_up.answer`, RuleViolation `top_up.closed`, NotFound, NotPermitted.
    """
    request = _for_owner(project_id, number, actor)
    today = site_date(now)
    if promised_on is not None and not today <= promised_on <= today + LONGEST_PROMISE:
        raise Malformed("top_up.day", _("Write a day from today on, within two months."))
    if promised_on is None and len(answer.strip()) < 4:
        raise Malformed("top_up.answer", _("Write why nothing is paid. Contractor and authority read it."))
    request.state = State.PROMISED if promised_on else State.REFUSED
    request.promised_on, request.answer = promised_on, answer.strip()[:300]
    request.answered_by_id, request.answered_at = actor.id, now
    if request.read_at is None:
        request.read_by_id, request.read_at = actor.id, now
    request.save(
        update_fields=["state", "promised_on", "answer", "answered_by", "answered_at", "read_by", "read_at"]
    )
    append(
        ANSWERED,
        project_id=project_id,
        subject=answered_subject(request),
        record=answered_record(request),
        actor=actor,
        now=now,
    )
    return request


@transaction.atomic
def order_transfer(
    project_id: int,
    number: int,
    *,
    reference: str,
    amount_fen: int,
    on: date,
    actor: Actor,
    now: datetime,
) -> TopUpRequest:
    """The owner's clerk records the order given to the owner's bank. Only the account's book closes the request.

    Raises Malformed `top_up.reference`, `top_up.amount`, `top_up.day`, RuleViolation `top_up.closed`.
    """
    request = _for_owner(project_id, number, actor)
    if not reference.strip():
        raise Malformed("top_up.reference", _("Write the number of the transfer order."))
    if amount_fen <= 0:
        raise Malformed("top_up.amount", _("Write an amount above zero."))
    if not site_date(request.asked_at) <= on <= site_date(now) + timedelta(days=7):
        raise Malformed("top_up.day", _("The day of the transfer cannot be right."))
    request.state, request.transfer_reference = State.ORDERED, reference.strip()[:60]
    request.transfer_fen, request.transfer_on, request.ordered_at = amount_fen, on, now
    if request.read_at is None:
        request.read_by_id, request.read_at = actor.id, now
    request.save(
        update_fields=[
            "state", "transfer_reference", "transfer_fen", "transfer_on", "ordered_at", "read_by", "read_at",
        ]
    )  # fmt: skip
    return request


@transaction.atomic
def withdraw_top_up(project_id: int, number: int, *, actor: Actor, now: datetime) -> TopUpRequest:
    """The general contractor takes the request back. Raises RuleViolation `top_up.closed`, NotPermitted."""
    project = _locked(project_id, actor)
    if not leads_project(actor, project, permission="allocation.ask"):
        not_permitted("allocation.ask")
    request = _open(access_top_up(project_id, number, actor))
    _close(request, State.WITHDRAWN, now)
    return request


def close_covered(project_ids: list[int], *, now: datetime) -> int:
    """Close the requests whose amount the owner has allocated since; called where money is booked."""
    closed = 0
    for request in TopUpRequest.objects.select_for_update(of=("self",), no_key=True).filter(
        project__in=project_ids, state__in=TopUpRequest.OPEN
    ):
        if received_since(request) >= request.amount_fen:
            _close(request, State.ARRIVED, now)
            closed += 1
    return closed


def _close(request: TopUpRequest, state: str, now: datetime) -> None:
    """End a request; a project has one open at most, so that this is no loop over rows."""
    request.state, request.closed_at = state, now
    request.save(update_fields=["state", "closed_at"])


def received_since(request: TopUpRequest) -> int:
    """What the owner allocated after the request was made; fen."""
    found = AccountEntry.objects.filter(
        project=request.project_id, kind=AccountEntry.Kind.ALLOCATION, number__gt=request.entries_before
    ).aggregate(total=Sum("amount_fen"))
    return found["total"] or 0


def remind_owners(*, now: datetime) -> int:
    """Remind owners' clerks of requests past their deadline that nobody answered, and of promised days that have
    passed, every few days (parameter allocation.remind_every_days). Returns how many messages were queued."""
    today = site_date(now)
    late = TopUpRequest.objects.select_related("project").filter(
        state__in=TopUpRequest.OPEN, reply_by__lt=today
    )
    return sum(_remind(request, today, now) for request in late.order_by("project_id", "number"))


@transaction.atomic
def _remind(request: TopUpRequest, today: date, now: datetime) -> int:
    """One reminder in its own transaction, so that a message that cannot be written stops no other."""
    held = (
        TopUpRequest.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        .filter(pk=request.pk, project=request.project_id, state__in=TopUpRequest.OPEN)
        .first()
    )
    if held is None or not is_overdue(held, today) or not _may_remind(held, request.project, today):
        return 0
    held.reminders, held.reminded_on = held.reminders + 1, today
    held.save(update_fields=["reminders", "reminded_on"])
    return _text_owner(held, now, f"reminder.{today.isoformat()}")


def is_overdue(request: TopUpRequest, today: date) -> bool:
    """Whether the owner should have answered, or paid on the promised day, and did not."""
    if request.state in (State.ASKED, State.READ):
        return request.reply_by < today
    if request.state == State.PROMISED:
        return request.promised_on is not None and request.promised_on < today
    return False


def _may_remind(request: TopUpRequest, project: Project, today: date) -> bool:
    every = int(parameter("allocation.remind_every_days", region_code=project.region_id, on=today, default=2))
    return request.reminded_on is None or (today - request.reminded_on).days >= every


def _reply_by(project: Project, today: date) -> date:
    count = int(parameter("allocation.reply_within_wd", region_code=project.region_id, on=today, default=3))
    return load_calendar().add_working(today, count)


def _entries(project_id: int) -> int:
    return SubLedger.objects.filter(project=project_id).values_list("entry_count", flat=True).first() or 0


def _locked(project_id: int, actor: Actor) -> Project:
    access_money(project_id, actor)
    return Project.objects.select_for_update(no_key=True, of=("self",)).get(pk=project_id)


def _for_owner(project_id: int, number: int, actor: Actor) -> TopUpRequest:
    request = access_top_up(project_id, number, actor)
    if not owns_project(actor, project_id):
        not_permitted("allocation.answer")
    return _open(request)


def _open(request: TopUpRequest) -> TopUpRequest:
    held = TopUpRequest.objects.select_for_update(of=("self",), no_key=True).get(
        pk=request.pk, project=request.project_id
    )
    if not held.is_open:
        raise RuleViolation("top_up.closed", _("This request is closed. Reload the page."))
    return held


def _text_owner(request: TopUpRequest, now: datetime, occasion: str) -> int:
    """A text message to the owner's clerks who left a phone number; no name, no amount."""
    owners = Participation.objects.filter(project=request.project_id, role=Participation.Role.OWNER).values(
        "organisation"
    )
    clerks = Membership.objects.filter(
        organisation__in=owners, role=Role.OWNER_CLERK, is_active=True, user__is_active=True
    ).select_related("user")
    with override("zh-hans"):
        if occasion == "asked":
            words = gettext("[%(brand)s] A contractor asks for labour cost. Sign in and answer.")
        else:
            words = gettext("[%(brand)s] A request for labour cost waits for your answer or your transfer.")
        text = words % {"brand": settings.WAGEWATCH_BRAND}
    key = f"top-up:{request.project_id}.{request.number}:{occasion}"
    messages = [(str(m.user.phone), text, f"{key}:{m.user_id}") for m in clerks if m.user.phone]
    return queue_many(messages, kind="top_up", now=now)
