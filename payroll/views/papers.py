"""Slips and sheets as PDF: for the worker, and for the contractors of the sheet."""

from django.http import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from devices.models import AttendanceDay
from payroll import labels
from payroll.access import access_sheet, access_slip
from payroll.models import PaySlip, Signature
from payroll.papers import Proof, sheet_paper, slip_paper
from payroll.views.rows import board_of
from payroll.views.worker import receipt_address, receipt_entry
from payroll.wage_months import days_of_sheet
from registration.http import ActorRequest, staff_view, worker_view
from registration.permissions import CONTRACTOR
from registration.views.file_answers import file_answer
from wagewatch.lib.dates import SITE_TZ


def _slip_answer(request: ActorRequest, slip: PaySlip, made_by: str) -> HttpResponseBase:
    entry = receipt_entry(slip)
    proof = (
        Proof(str(entry.pk), entry.recorded_at, receipt_address(request, entry))
        if entry is not None and slip.confirmation == "confirmed"
        else None
    )
    drawn = Signature.objects.filter(pk=slip.signature_id or 0, worker=slip.worker_id).first()
    first, last = days_of_sheet(slip.sheet)
    data = slip_paper(
        slip,
        worked=AttendanceDay.objects.filter(
            project=slip.project_id, worker_id=slip.worker_id, day__range=(first, last)
        )
        .order_by("day")
        .values_list("day", "days"),
        signature=bytes(drawn.image) if drawn and drawn.image else None,
        proof=proof,
        payment=_payment(slip),
        made_by=made_by,
        now=timezone.now(),
    )
    return file_answer(data, f"pay-slip-{slip.month:%Y-%m}-{slip.sheet_id}", "pdf")


def _payment(slip: PaySlip) -> str:
    words = str(labels.PAYMENTS[slip.payment][0] or slip.get_payment_display())
    if slip.paid_at:
        words += slip.paid_at.astimezone(SITE_TZ).strftime(" %Y-%m-%d %H:%M")
    if slip.paid_card_tail:
        words += "　" + _("card ending %(tail)s") % {"tail": slip.paid_card_tail}
    return words


@never_cache
@require_safe
@worker_view
def my_slip(request: ActorRequest, reference: str) -> HttpResponseBase:
    """My own slip as PDF."""
    return _slip_answer(request, access_slip(reference, request.actor), "")


@never_cache
@require_safe
@staff_view(*CONTRACTOR)
def line(request: ActorRequest, reference: str) -> HttpResponseBase:
    """A worker's slip as PDF, to hand over (Order 724, article 15)."""
    return _slip_answer(request, access_slip(reference, request.actor), request.user.name)


@never_cache
@require_safe
@staff_view(*CONTRACTOR)
def sheet(request: ActorRequest, pk: int) -> HttpResponseBase:
    """The sheet as PDF, to print and keep."""
    found = access_sheet(pk, request.actor)
    data = sheet_paper(found, board_of(found).rows, made_by=request.user.name, now=timezone.now())
    return file_answer(data, f"pay-sheet-{found.month:%Y-%m}-{found.pk}", "pdf")
