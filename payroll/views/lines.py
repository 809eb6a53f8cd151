"""One worker's line of a sheet: what the gates say, what was confirmed, correcting a draft, answering."""

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from payroll import labels
from payroll.access import access_slip, sheets_for, testimony_of
from payroll.forms import AnswerForm, LineForm, PieceForm
from payroll.late import explain
from payroll.models import Objection, PaymentLine, PaySlip
from payroll.services import confirmations, sheets
from payroll.views.items import slip_facts
from payroll.views.sheets import changes_of, may
from payroll.views.worker_days import days_of_month
from registration.access import not_permitted
from registration.http import ActorRequest, staff_view
from registration.permissions import CONTRACTOR
from registration.views.stored_files import stored_file
from wagewatch.lib.errors import WagewatchError
from wagewatch.lib.money import format_cny


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*CONTRACTOR)
def line(request: ActorRequest, reference: str) -> HttpResponse:
    """The line; POST corrects it while the sheet is a draft, or answers the open objection."""
    slip = access_slip(reference, request.actor)
    objections = list(
        Objection.objects.filter(project=slip.project_id, sheet=slip.sheet_id, worker=slip.worker_id)
        .select_related("answered_by")
        .order_by("-raised_at")
    )
    is_open = next((o for o in objections if o.state == Objection.State.OPEN), None)
    form: Form | None = None
    status = 200
    if slip.sheet.state == "draft" and may(slip.sheet, request.actor, "sheet.prepare"):
        form = _line_form(request, slip)
    elif is_open and sheets_for(request.actor, permission="sheet.answer").filter(pk=slip.sheet_id).exists():
        form = _answer_form(request, slip)
    if request.method == "POST" and form is None and not may(slip.sheet, request.actor, "sheet.answer"):
        not_permitted("sheet.answer")
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            text = _answer(request, is_open, form) if is_open else _correct(request, slip, form)
        except WagewatchError as problem:
            form.add_error(None, problem.message.replace("%", "%%"))
        else:
            messages.success(request, text)
            return redirect("payroll:sheet", pk=slip.sheet_id)
    if form is not None and form.errors:
        status = 400
    return render(
        request,
        "payroll/line.html",
        {
            "slip": slip,
            "sheet": slip.sheet,
            "form": form,
            "open_objection": is_open,
            "objections": objections,
            "reasons": labels.REASONS,
            "cells": days_of_month(slip),
            "change": next(
                iter(explain(slip.project, changes_of(slip.sheet, worker_id=slip.worker_id))), None
            ),
            "may_cash": slip.payment == "cash"
            or (
                slip.is_approved
                and slip.net_fen > 0
                and slip.payment in ("none", "returned")
                and may(slip.sheet, request.actor, "cash.pay")
            ),
            "unit": labels.UNITS[slip.pay_basis],
            "rate_unit": labels.RATES[slip.pay_basis],
            "confirmation": labels.CONFIRMATIONS[slip.confirmation],
            "payment": labels.PAYMENTS[slip.payment],
            "may_edit": isinstance(form, LineForm),
            "may_correct": slip.sheet.state != "draft" and may(slip.sheet, request.actor, "sheet.prepare"),
            "line_states": labels.LINE_STATES,
            "payments": PaymentLine.objects.filter(
                project=slip.project_id, sheet=slip.sheet_id, worker=slip.worker_id
            )
            .defer("card_number")
            .order_by("-attempt"),
        }
        | slip_facts(slip),
        status=status,
    )


def _line_form(request: ActorRequest, slip: PaySlip) -> Form:
    kind = PieceForm if slip.pay_basis == "piece" else LineForm
    initial: dict[str, Any] = {
        "days": slip.days,
        "note": "" if slip.note == "piece" else slip.note,
        "gross_fen": slip.base_fen,
    }
    return kind(request.POST if request.method == "POST" else None, initial=initial)


def _answer_form(request: ActorRequest, slip: PaySlip) -> Form:
    initial: dict[str, Any] = {
        "days": slip.days,
        "rate_fen": slip.rate_fen,
        "deduction_fen": slip.deduction_fen,
        "deduction_note": slip.deduction_note,
    }
    return AnswerForm(request.POST if request.method == "POST" else None, initial=initial)


def _correct(request: ActorRequest, slip: PaySlip, form: Form) -> str:
    found = form.cleaned_data
    changed = sheets.edit_line(
        slip.reference,
        days=found["days"],
        gross_fen=found.get("gross_fen"),
        note=found["note"],
        actor=request.actor,
        now=timezone.now(),
    )
    return _("Corrected: net pay is %(net)s now.") % {"net": format_cny(changed.net_fen)}


def _answer(request: ActorRequest, objection: Objection, form: Form) -> str:
    found = form.cleaned_data
    accept = found["verdict"] == "accept"
    slip = PaySlip.objects.get(
        month=objection.month,
        project=objection.project_id,
        sheet=objection.sheet_id,
        worker=objection.worker_id,
    )
    changes = {
        name: found[name]
        for name in ("days", "rate_fen", "deduction_fen")
        if found[name] is not None and found[name] != getattr(slip, name)
    }
    if found["deduction_note"] != slip.deduction_note:
        changes["deduction_note"] = found["deduction_note"]
    confirmations.answer_objection(
        objection.pk,
        accept=accept,
        answer=found["answer"],
        **(changes if accept else {}),
        actor=request.actor,
        now=timezone.now(),
    )
    if accept:
        return _("The slip was changed and sent back to the worker.")
    return _("The answer was sent. The worker can still confirm, or go to mediation.")


@require_safe
@staff_view(*CONTRACTOR)
def said(request: ActorRequest, reference: str, pk: int, what: str) -> HttpResponse:
    """The photo or the voice note of an objection to this line."""
    slip = access_slip(reference, request.actor)
    return stored_file(testimony_of(slip, pk, what))
