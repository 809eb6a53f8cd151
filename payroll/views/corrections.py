"""Correcting a slip that was sent: up by a sheet of its own, down as the worker agrees."""

from axes.helpers import get_client_ip_address
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from payroll.access import access_slip
from payroll.forms import CorrectionForm
from payroll.services import advances, corrections
from payroll.views.advances import signed
from payroll.views.sheets import may
from registration.access import not_permitted
from registration.http import ActorRequest, staff_view
from registration.permissions import CLERK
from wagewatch.lib.errors import Malformed, WagewatchError


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*CLERK)
def correct(request: ActorRequest, reference: str) -> HttpResponse:
    """Correct a slip that was sent: up by a sheet of its own, down as the worker agrees here."""
    slip = access_slip(reference, request.actor)
    if not may(slip.sheet, request.actor, "sheet.prepare"):
        not_permitted("sheet.prepare")
    form = CorrectionForm(request.POST if request.method == "POST" else None, initial={"direction": "up"})
    sent = False
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        figures = {"amount_fen": found["amount_fen"], "reason": found["reason"]}
        try:
            if found["amount_fen"] is None:
                raise Malformed("correction.amount", _("Write the amount in yuan, above 0."))
            if "send_code" in request.POST:
                advances.send_advance_code(
                    slip.project_id,
                    slip.worker_id,
                    address=get_client_ip_address(request) or "",
                    actor=request.actor,
                    now=timezone.now(),
                )
                sent = True
            elif found["direction"] == "up":
                sheet = corrections.correct_upwards(
                    reference, actor=request.actor, now=timezone.now(), **figures
                )
                messages.success(
                    request, _("It stands on a correction sheet now. Look at it, then send it to the worker.")
                )
                return redirect("payroll:sheet", pk=sheet.pk)
            else:
                corrections.correct_downwards(
                    reference,
                    signature_png=signed(request),
                    code=found["code"],
                    actor=request.actor,
                    now=timezone.now(),
                    **figures,
                )
                messages.success(request, _("The worker's agreement is recorded. The next slip deducts it."))
                return redirect(reverse("payroll:line", kwargs={"reference": reference}))
        except WagewatchError as problem:
            form.add_error(None, problem.message.replace("%", "%%"))
    return render(
        request,
        "payroll/correct.html",
        {"slip": slip, "sheet": slip.sheet, "form": form, "sent": sent},
        status=400 if form.errors else 200,
    )
