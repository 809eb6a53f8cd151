"""What beat runs: orders to the bank, messages from it. Each may run twice at once or die in the middle."""

import structlog
from celery import shared_task
from django.utils import timezone

from payroll.services.messages import fetch_messages
from payroll.services.orders import bank_transport, send_ready_orders
from wagewatch.lib.errors import TryLater

log = structlog.get_logger(__name__)


@shared_task
def send_orders() -> int:
    """Send the orders that are ready."""
    return send_ready_orders(bank_transport(), now=timezone.now())


@shared_task
def fetch_bank_messages() -> int:
    """Take in what the bank has for us."""
    try:
        return fetch_messages(bank_transport(), now=timezone.now())
    except TryLater as problem:
        log.warning("bank.away", code=problem.code)
        return 0
