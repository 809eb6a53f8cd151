"""The worker says what is wrong: taps days, names a sum, shows a photo, speaks."""

from datetime import date

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from payroll import labels
from payroll.access import access_slip
from payroll.models import PaySlip
from payroll.services import confirmations
from payroll.views.worker import version_of
from payroll.views.worker_days import days_of_month
from payroll.views.worker_queue import answer_once, key_of
from registration.http import ActorRequest, worker_view
from registration.services.testimony import LARGEST_PHOTO, LARGEST_VOICE
from wagewatch.lib.errors import RuleViolation, WagewatchError
from wagewatch.lib.money import parse_yuan

_AT_THE_FIELD = ("objection.", "money.", "voice.", "photo.", "picture.", "file.")


def uploaded(request: ActorRequest, name: str, most: int) -> bytes:
    """A file of a form, read up to one byte beyond what is allowed; empty where none was chosen."""
    file = request.FILES.get(name)
    return file.read(most + 1) if file is not None else b""


def _wrong_days(request: ActorRequest) -> list[date]:
    try:
        return [date.fromisoformat(text) for text in request.POST.getlist("day")[:31]]
    except ValueError:
        raise RuleViolation("objection.day", _("Tap days of this month only.")) from None


def _object(request: ActorRequest, slip: PaySlip) -> None:
    claimed = request.POST.get("claimed", "").strip()
    wrong = _wrong_days(request)
    reason = request.POST.get("reason", "") or ("days" if wrong else "")
    confirmations.object_to_slip(
        slip.reference,
        reason=reason,
        claimed_fen=parse_yuan(claimed) if claimed else None,
        text=request.POST.get("text", ""),
        wrong_days=wrong,
        photo=uploaded(request, "photo", LARGEST_PHOTO),
        voice=uploaded(request, "voice", LARGEST_VOICE),
        version=version_of(request),
        actor=request.actor,
        now=timezone.now(),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@worker_view
def object_(request: ActorRequest, reference: str) -> HttpResponse:
    """Say what is wrong: tap the days, choose what, name a sum; a photo, a voice note, words."""
    slip = access_slip(reference, request.actor)
    error = ""
    if request.method == "POST":
        go = reverse("payroll:worker-receipt", kwargs={"reference": reference})
        key = key_of(request)
        if key is not None:
            return answer_once(
                request, key, lambda: _object(request, slip), kind="object", reference=reference, go=go
            )
        try:
            _object(request, slip)
        except WagewatchError as problem:
            if not problem.code.startswith(_AT_THE_FIELD):
                raise
            error = problem.message
        else:
            return redirect(go)
    return render(
        request,
        "payroll/worker_object.html",
        {
            "slip": slip,
            "cells": days_of_month(slip),
            "picked": set(request.POST.getlist("day")),
            "reasons": {key: text for key, text in labels.REASONS.items() if key != "not_me"},
            "error": error,
            "reason": request.POST.get("reason", "") or request.GET.get("reason", ""),
            "claimed": request.POST.get("claimed", ""),
            "text": request.POST.get("text", ""),
        },
        status=400 if error else 200,
    )
