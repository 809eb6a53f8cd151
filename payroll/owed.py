"""Which slips are still owed: neither on the card, nor in cash that the worker has not denied."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from payroll.models import CashPayment, PaySlip


def reached() -> Q:
    """The money has reached the worker: on the card, or in cash that the worker has not denied. Of slips."""
    denied = CashPayment.objects.filter(
        project=OuterRef("project"),
        sheet=OuterRef("sheet"),
        worker=OuterRef("worker"),
        denied_at__isnull=False,
        withdrawn_at=None,
    )
    return Q(payment=PaySlip.Payment.PAID) | Q(Q(payment=PaySlip.Payment.CASH), ~Exists(denied))


def still_owed(slips: QuerySet[PaySlip]) -> QuerySet[PaySlip]:
    """Of these slips, those whose money has not reached the worker; as alarm D3 counts them."""
    return slips.exclude(reached())
