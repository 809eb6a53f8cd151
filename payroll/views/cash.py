"""Cash by exception: the clerk's page beside the line, the worker's denial, and the worker's own word about cash."""

from typing import Any

from axes.helpers import get_client_ip_address
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from payroll.access import access_slip, worker_slips
from payroll.models import CashPayment, CashReport
from payroll.services import cash
from registration.http import ActorRequest, staff_view, worker_view
from registration.permissions import CLERK
from registration.services.signatures import png_from_data_url
from wagewatch.lib.errors import Malformed, RuleViolation
from wagewatch.lib.money import format_cny, parse_yuan


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*CLERK)
def pay(request: ActorRequest, reference: str) -> HttpResponse:
    """Send the code, then write the hand-over with signature and picture; or give denied cash back to the bank."""
    slip = access_slip(reference, request.actor, permission="cash.pay")
    error = ""
    if request.method == "POST":
        try:
            text = _act(request, reference)
        except (RuleViolation, Malformed) as problem:
            error = problem.message
        else:
            messages.success(request, text)
            if request.POST.get("act") != "code":
                return redirect("payroll:line", reference=reference)
    slip = access_slip(reference, request.actor, permission="cash.pay")
    return render(
        request,
        "payroll/cash.html",
        {
            "slip": slip,
            "payment": cash.cash_of(slip.sheet, slip.worker_id),
            "reasons": CashPayment.Reason.choices,
            "has_phone": bool(slip.worker.phone),
            "post": request.POST,
            "error": error,
        },
        status=400 if error else 200,
    )


def _act(request: ActorRequest, reference: str) -> str:
    act: dict[str, Any] = {"actor": request.actor, "now": timezone.now()}
    post = request.POST
    if post.get("act") == "code":
        cash.send_code(reference, address=get_client_ip_address(request) or "", **act)
        return _("The code is on its way to the worker's phone.")
    if post.get("act") == "withdraw":
        slip = access_slip(reference, request.actor, permission="cash.pay")
        payment = cash.cash_of(slip.sheet, slip.worker_id)
        if payment is None:
            raise RuleViolation("cash.not_denied", _("Nothing was paid in cash here."))
        cash.withdraw_cash(payment.pk, **act)
        return _("The slip is unpaid again: the bank can pay it.")
    picture, drawn = request.FILES.get("photo"), post.get("signature", "")
    made = cash.pay_in_cash(
        reference,
        reason=post.get("reason", ""),
        text=post.get("text", ""),
        code=post.get("code", ""),
        tail=post.get("tail", ""),
        photo=picture.read() if picture else b"",
        signature_png=png_from_data_url(drawn) if drawn else None,
        **act,
    )
    return _("Written: %(sum)s in cash. The inspector sees it now.") % {"sum": format_cny(made.amount_fen)}


@require_POST
@worker_view
def deny(request: ActorRequest, reference: str) -> HttpResponse:
    """The worker: I did not get this cash."""
    try:
        cash.deny_cash(reference, actor=request.actor, now=timezone.now())
    except RuleViolation as problem:
        messages.error(request, problem.message)
    else:
        messages.success(request, _("Noted. The inspector sees it now."))
    return redirect("payroll:worker-slip", reference=reference)


@require_http_methods(["GET", "HEAD", "POST"])
@worker_view
def report(request: ActorRequest) -> HttpResponse:
    """Were you asked for cash back? Only the inspector reads the answer."""
    months = list(worker_slips(request.actor)[:6])
    error = ""
    if request.method == "POST":
        try:
            slip = next((s for s in months if s.reference == request.POST.get("slip")), None)
            if slip is None:
                raise Malformed("report.month", _("Choose the month."))
            amount = request.POST.get("amount", "").strip()
            cash.report_cash(
                slip.project_id,
                slip.month,
                kind=request.POST.get("kind", ""),
                amount_fen=parse_yuan(amount) if amount else None,
                text=request.POST.get("text", ""),
                actor=request.actor,
                now=timezone.now(),
            )
        except (RuleViolation, Malformed) as problem:
            error = problem.message
        else:
            messages.success(request, _("The inspector has it. Your firm does not see it."))
            return redirect("payroll:worker-pay")
    return render(
        request,
        "payroll/worker_cash.html",
        {"months": months, "kinds": CashReport.Kind.choices, "post": request.POST, "error": error},
        status=400 if error else 200,
    )
