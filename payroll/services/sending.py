"""Sending orders: the stored bytes, again and again with growing pauses, until the bank has them or a person is asked."""

import random
from collections.abc import Collection
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payroll.access import access_order
from payroll.bank.backoff import wait_before
from payroll.bank.transport import BankTransport, HttpTransport
from payroll.models import PaymentOrder
from payroll.services.accounts import ALIVE
from registration.access import not_permitted
from registration.actors import Actor
from registration.permissions import PERMISSIONS
from registration.services.parameters import parameter
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation, TryLater, WagewatchError
from wagewatch.lib.locks import only_one

log = structlog.get_logger(__name__)
State = PaymentOrder.State
ASK_AGAIN = timedelta(hours=1)
_chance = random.SystemRandom()


def bank_transport() -> BankTransport:
    """The connection to the bank named by the settings."""
    return HttpTransport(settings.WAGEWATCH_BANK_URL, settings.WAGEWATCH_BANK_KEY)


def send_ready_orders(
    transport: BankTransport,
    *,
    now: datetime,
    only: Collection[int] | None = None,
    without: Collection[int] = (),
) -> int:
    """Send every order that is ready and due; returns how many the bank took.

    `only` and `without` name banks. The file goes out outside of any transaction. A crash after sending leaves
    the order ready: it is sent again with the same bytes and MsgId, which the bank answers as a duplicate, and
    nothing is paid twice.
    """
    sent = 0
    waiting = (
        PaymentOrder.objects.filter(
            Q(next_try_at=None) | Q(next_try_at__lte=now), state=State.READY, by_hand=False
        )
        .exclude(account__bank__in=without)
        .order_by("instructed_at")
    )
    if only is not None:
        waiting = waiting.filter(account__bank__in=only)
    for order_id, project_id in list(waiting.values_list("pk", "project_id")):
        try:
            sent += _send_one(transport, order_id, project_id, now)
        except TryLater:
            break  # the bank is away for all of them
    return sent


def _send_one(transport: BankTransport, order_id: int, project_id: int, now: datetime) -> bool:
    with only_one("payroll.order", order_id) as alone:
        rows = PaymentOrder.objects.filter(pk=order_id, project_id=project_id, state=State.READY)
        order = rows.first() if alone else None
        if order is None:
            return False
        rows.update(send_tries=order.send_tries + 1)
        try:
            transport.send(order.message_id, order.file)
        except WagewatchError as problem:
            # Unknown or refused, the bank's own report decides: lines are freed by it and by nothing else.
            _failed(order, problem, now)
            if isinstance(problem, TryLater):
                raise
            return False
        return bool(rows.update(state=State.SENT, sent_at=now, last_error="", next_try_at=None))


def _failed(order: PaymentOrder, problem: WagewatchError, now: datetime) -> None:
    """Plan the next try, or after the last one leave the order to a person."""
    tries = order.send_tries + 1
    rows = PaymentOrder.objects.filter(pk=order.pk, project_id=order.project_id, state=State.READY)
    limit = parameter("pay.send_tries", region_code="", on=site_date(now), default=12)
    if tries >= limit:
        log.error("order.stuck", order=order.pk, tries=tries, code=problem.code)
        rows.update(state=State.STUCK, last_error=problem.code, next_try_at=None)
        return
    rows.update(last_error=problem.code, next_try_at=now + wait_before(tries, _chance.random()))


@transaction.atomic
def try_again(order_id: int, *, actor: Actor, now: datetime) -> PaymentOrder:
    """Have a file sent again at once: the same bytes and number, so nothing is paid twice.

    Raises NotPermitted, RuleViolation `order.not_waiting` when the bank has it or a person carries it.
    """
    order = access_order(order_id, actor)
    if not actor.has_role(*PERMISSIONS["order.carry"]):
        not_permitted("order.carry")
    order = PaymentOrder.objects.select_for_update(no_key=True).get(pk=order.pk, project=order.project_id)
    if order.state not in (State.READY, State.STUCK) or order.by_hand:
        raise RuleViolation("order.not_waiting", _("The bank has this file already. Reload the page."))
    order.state, order.next_try_at, order.send_tries = State.READY, None, 0
    order.save(update_fields=["state", "next_try_at", "send_tries"])
    transaction.on_commit(ask_to_send, robust=True)
    return order


@transaction.atomic
def fetch_file(order_id: int, *, actor: Actor, now: datetime) -> PaymentOrder:
    """Give the order's file to the person who carries it to the bank, or to the bank's officer.

    The first time the order counts as sent. Raises NotFound, NotPermitted, RuleViolation `order.not_by_hand`
    for an order that goes over a connection.
    """
    order = access_order(order_id, actor)
    if not actor.has_role(*PERMISSIONS["order.carry"]):
        not_permitted("order.carry")
    order = PaymentOrder.objects.select_for_update(no_key=True).get(pk=order.pk, project=order.project_id)
    if not order.by_hand:
        raise RuleViolation(
            "order.not_by_hand", _("This order goes to the bank over its connection; nobody carries it.")
        )
    if order.state == State.READY:
        order.state, order.sent_at, order.fetched_by_id = State.SENT, now, actor.id
        order.save(update_fields=["state", "sent_at", "fetched_by"])
    return order


def overdue_orders(now: datetime) -> Q:
    """Orders that the bank has not fully answered within its time."""
    return Q(state=State.SENT, answer_due_at__lt=now)


def ask_about_overdue(
    transport: BankTransport,
    *,
    now: datetime,
    only: Collection[int] | None = None,
    without: Collection[int] = (),
) -> int:
    """Ask the bank for a report on accounts with orders that wait too long, at most once an hour.

    Only over connections that can ask; elsewhere the next statement is awaited. Returns how many were asked.
    """
    ask = getattr(transport, "request_report", None)
    if ask is None:
        return 0
    orders = PaymentOrder.objects.filter(
        overdue_orders(now), Q(asked_at=None) | Q(asked_at__lt=now - ASK_AGAIN), by_hand=False
    ).exclude(account__bank__in=without)
    if only is not None:
        orders = orders.filter(account__bank__in=only)
    asked = 0
    for order in orders.select_related("account").defer("file").order_by("pk")[:100]:
        if not order.lines.filter(project=order.project_id, state__in=ALIVE).exists():
            continue
        try:
            ask(str(order.account.number))
        except WagewatchError as problem:
            log.warning("bank.enquiry", order=order.pk, code=problem.code)
            break
        PaymentOrder.objects.filter(pk=order.pk, project=order.project_id).update(asked_at=now)
        asked += 1
    return asked


def ask_to_send() -> None:
    """Have the ready orders sent now and not at the next beat."""
    from payroll.tasks import send_orders

    send_orders.delay()
