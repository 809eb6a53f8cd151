"""Mediation of one slip: the worker's page on the phone, and the clerk's page beside the line."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from payroll import labels
from payroll.access import access_slip
from payroll.models import Mediation, Objection, PaySlip
from payroll.services import mediations
from registration.access import not_found
from registration.http import ActorRequest, staff_view, worker_view
from registration.permissions import CLERK
from registration.services.parameters import load_calendar
from registration.services.signatures import png_from_data_url
from wagewatch.lib.dates import parse_date, site_date
from wagewatch.lib.errors import Malformed, RuleViolation
from wagewatch.lib.money import parse_yuan


def mediation_of(slip: PaySlip) -> Mediation | None:
    """The latest mediation about a slip."""
    return (
        Mediation.objects.filter(project=slip.project_id, sheet=slip.sheet_id, worker=slip.worker_id)
        .select_related("objection", "firm_signed_by", "asked_by")
        .defer("firm_drawing")
        .order_by("-asked_at", "-pk")
        .first()
    )


def _found(slip: PaySlip) -> tuple[Mediation | None, Objection | None]:
    """The mediation to show, and the objection that may begin one (then there is none about it yet)."""
    mediation, question = mediation_of(slip), mediations.open_question(slip)
    if question is not None and mediation is not None and mediation.objection_id == question.pk:
        question = None
    if mediation is None and question is None:
        not_found()
    return mediation, question


def _signature(request: ActorRequest) -> bytes | None:
    drawn = request.POST.get("signature", "")
    return png_from_data_url(drawn) if drawn else None


def _facts(slip: PaySlip, mediation: Mediation | None, question: Objection | None) -> dict[str, Any]:
    today = site_date(timezone.now())
    return {
        "slip": slip,
        "mediation": None if question else mediation,
        "objection": question or (mediation.objection if mediation else None),
        "reasons": labels.REASONS,
        "today": today,
        "working_days": load_calendar().working_days_between(site_date(mediation.asked_at), today)
        if mediation and not question
        else 0,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@worker_view
def worker_page(request: ActorRequest, reference: str) -> HttpResponse:
    """Ask for mediation, say one's side, sign what was agreed or say no."""
    slip = access_slip(reference, request.actor)
    mediation, question = _found(slip)
    error = ""
    if request.method == "POST":
        try:
            _worker_act(request, reference, None if question else mediation)
        except (RuleViolation, Malformed) as problem:
            error = problem.message
        else:
            return redirect("payroll:worker-mediation", reference=reference)
    context = _facts(slip, mediation, question) | {
        "error": error,
        "name": request.worker.name if request.worker else "",
    }
    return render(request, "payroll/worker_mediation.html", context, status=400 if error else 200)


def _worker_act(request: ActorRequest, reference: str, mediation: Mediation | None) -> None:
    act: dict[str, Any] = {"actor": request.actor, "now": timezone.now()}
    if mediation is None:
        mediations.ask_for_mediation(reference, statement=request.POST.get("statement", ""), **act)
    elif request.POST.get("act") == "refuse":
        mediations.refuse_proposal(mediation.pk, **act)
    elif mediation.state == Mediation.State.PROPOSED:
        drawn = _signature(request)
        if drawn is None:
            raise RuleViolation("signature.blank", _("Nothing was signed yet. Write your name in the field."))
        mediations.sign_agreement(mediation.pk, signature_png=drawn, **act)
    else:
        mediations.state_ones_side(mediation.pk, statement=request.POST.get("statement", ""), **act)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*CLERK)
def clerk_page(request: ActorRequest, reference: str) -> HttpResponse:
    """Ask for mediation, say the firm's side, write and sign the outcome."""
    slip = access_slip(reference, request.actor, permission="sheet.answer")
    mediation, question = _found(slip)
    error = ""
    if request.method == "POST":
        try:
            text = _clerk_act(request, reference, None if question else mediation)
        except (RuleViolation, Malformed) as problem:
            error = problem.message
        else:
            messages.success(request, text)
            return redirect("payroll:mediation", reference=reference)
    context = _facts(slip, mediation, question) | {"error": error, "post": request.POST}
    return render(request, "payroll/mediation.html", context, status=400 if error else 200)


def _clerk_act(request: ActorRequest, reference: str, mediation: Mediation | None) -> str:
    act: dict[str, Any] = {"actor": request.actor, "now": timezone.now()}
    post = request.POST
    if mediation is None:
        mediations.ask_for_mediation(reference, statement=post.get("statement", ""), **act)
        return _("Mediation is open. The worker was told.")
    if post.get("act") != "outcome":
        mediations.state_ones_side(mediation.pk, statement=post.get("statement", ""), **act)
        return _("Your side is written down.")
    agreed = post.get("verdict") == "agreed"
    if post.get("verdict") not in ("agreed", "not_agreed"):
        raise RuleViolation("mediation.verdict", _("Choose whether it was agreed."))
    made = mediations.record_outcome(
        mediation.pk,
        held_on=parse_date(post["held_on"]) if post.get("held_on") else None,
        persons=post.get("persons", ""),
        agreed_fen=parse_yuan(post.get("agreed", "")) if agreed else None,
        outcome=post.get("outcome", ""),
        signature_png=_signature(request),
        **act,
    )
    if made.state == Mediation.State.PROPOSED:
        return _("Signed by you. It holds when the worker has signed on the phone.")
    return _("Written: not agreed. The worker was told of arbitration; the inspector sees it.")
