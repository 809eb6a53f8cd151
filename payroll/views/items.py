"""Lines beside days × rate: writing them into a draft, taking them out, and why a slip is under the minimum."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from payroll.access import access_slip
from payroll.deductions import doubtful
from payroll.forms import ItemForm, LowPayForm
from payroll.models import PaySlip
from payroll.overtime import warnings_of
from payroll.pay_items import items_from
from payroll.pay_words import lines_of
from payroll.services import items
from payroll.services.minimum_wage import action_in, missing_for
from payroll.services.rule_items import rules_of
from payroll.views.sheets import may
from registration.access import not_permitted
from registration.http import ActorRequest, staff_view
from registration.permissions import CLERK
from wagewatch.lib.errors import Malformed, WagewatchError
from wagewatch.lib.money import format_cny


def slip_facts(slip: PaySlip) -> dict[str, Any]:
    """What pages show of a slip's lines: the lines, warnings of the law, the minimum wage."""
    found = items_from(slip.items)
    below = missing_for(slip.project, slip)
    warnings = warnings_of(found, rules_of(slip.project, slip.month).terms)
    warnings += [
        _("%(what)s is not among the deductions that the law names (1994 rules, article 15): it needs the worker's "
          "own agreement.") % {"what": item.reason or item.label}
        for item in doubtful(found)
    ]  # fmt: skip
    return {
        "lines": lines_of(slip),
        "warnings": warnings,
        "below": below,
        "below_action": action_in(slip.project, slip.month) if below else "",
    }


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*CLERK)
def add(request: ActorRequest, reference: str) -> HttpResponse:
    """A form for one more line of a draft."""
    slip = access_slip(reference, request.actor)
    if not may(slip.sheet, request.actor, "sheet.prepare"):
        not_permitted("sheet.prepare")
    form = ItemForm(
        request.POST if request.method == "POST" else None, initial={"kind": request.GET.get("kind", "")}
    )
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        try:
            changed = items.add_item(
                reference,
                kind=found["kind"],
                quantity=found["quantity"],
                unit=found["unit"],
                rate_fen=found["rate_fen"],
                amount_fen=found["amount_fen"],
                on_days=found["on_days"],
                reason=found["reason"],
                actor=request.actor,
                now=timezone.now(),
            )
        except WagewatchError as problem:
            form.add_error(None, problem.message.replace("%", "%%"))
        else:
            messages.success(
                request, _("Written: net pay is %(net)s now.") % {"net": format_cny(changed.net_fen)}
            )
            return redirect("payroll:line", reference=reference)
    return render(
        request,
        "payroll/item_add.html",
        {"slip": slip, "sheet": slip.sheet, "form": form} | slip_facts(slip),
        status=400 if form.errors else 200,
    )


@require_POST
@staff_view(*CLERK)
def remove(request: ActorRequest, reference: str) -> HttpResponse:
    """Take one line out of a draft."""
    place = request.POST.get("position", "")
    if not (place.isascii() and place.isdigit() and len(place) < 4):
        raise Malformed("item.position", _("This page is out of date. Open it again."))
    changed = items.remove_item(
        reference, int(place), request.POST.get("kind", ""), actor=request.actor, now=timezone.now()
    )
    messages.success(request, _("Taken out: net pay is %(net)s now.") % {"net": format_cny(changed.net_fen)})
    return redirect("payroll:line", reference=reference)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*CLERK)
def low_pay(request: ActorRequest, reference: str) -> HttpResponse:
    """Why a slip is under the minimum wage."""
    slip = access_slip(reference, request.actor)
    if not may(slip.sheet, request.actor, "sheet.prepare"):
        not_permitted("sheet.prepare")
    form = LowPayForm(
        request.POST if request.method == "POST" else None, initial={"reason": slip.low_pay_reason}
    )
    if request.method == "POST" and form.is_valid():
        try:
            items.explain_low_pay(
                reference, reason=form.cleaned_data["reason"], actor=request.actor, now=timezone.now()
            )
        except WagewatchError as problem:
            form.add_error(None, problem.message.replace("%", "%%"))
        else:
            messages.success(request, _("The reason stands on the line."))
            return redirect("payroll:line", reference=reference)
    return render(
        request,
        "payroll/item_low_pay.html",
        {"slip": slip, "sheet": slip.sheet, "form": form} | slip_facts(slip),
        status=400 if form.errors else 200,
    )
