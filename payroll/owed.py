"""Which slips are still owed: neither on the card, nor in cash that the worker has not denied."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from payroll.models import CashPayment, PaySlip


def still_owed(slips: QuerySet[PaySlip]) -> QuerySet[PaySlip]:
    """Of these slips, those whose money has not reached the worker; as alarm D3 counts them."""
    denied = CashPayment.objects.filter(
        project=OuterRef("project"),
        sheet=OuterRef("sheet"),
        worker=OuterRef("worker"),
        denied_at__isnull=False,
        withdrawn_at=None,
    )
    return slips.exclude(payment=PaySlip.Payment.PAID).exclude(
        Q(payment=PaySlip.Payment.CASH) & ~Exists(denied)
    )
