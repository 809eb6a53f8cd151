"""Attendance that changed after a sheet was sent: what changed, since when, by what; and saying why a slip stays."""

from decimal import Decimal, InvalidOperation

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from payroll.access import access_sheet
from payroll.late import explain
from payroll.models import LateDismissal, PaySheet
from payroll.services import late as services
from payroll.views.sheets import changes_of, may
from registration.access import not_permitted
from registration.http import ActorRequest, staff_view
from registration.permissions import CONTRACTOR
from registration.views.scope import set_scope
from wagewatch.lib.errors import Malformed, WagewatchError

PAGE = 50


class DismissForm(forms.Form):
    """Why the slip stays."""

    reason = forms.ChoiceField(
        label=_("Why the slip stays"),
        choices=LateDismissal.Reason.choices,
        widget=forms.Select(attrs={"class": "input"}),
    )
    note = forms.CharField(
        label=_("In a sentence"),
        max_length=200,
        help_text=_("The inspector reads this."),
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*CONTRACTOR)
def changes(request: ActorRequest, pk: int) -> HttpResponse:
    """The people of a sheet whose month at the gates changed; `?worker=` opens the form for one, POST decides."""
    sheet = access_sheet(pk, request.actor)
    set_scope(request, sheet.project)
    chosen = request.GET.get("worker", "")
    worker_id = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 18 else None
    may_prepare = may(sheet, request.actor, "sheet.prepare")
    form = DismissForm(request.POST if request.method == "POST" else None, auto_id="late_%s")
    if request.method == "POST":
        if not may_prepare:
            not_permitted("sheet.prepare")
        if form.is_valid() and _dismissed(request, pk, worker_id, form):
            messages.success(request, _("Recorded. The slip stays, and the inspector sees why."))
            return redirect("payroll:sheet-changes", pk=pk)
    found = changes_of(sheet)
    open_ones = [c for c in found if not c.dismissal_id]
    page = Paginator([*open_ones, *(c for c in found if c.dismissal_id)], PAGE).get_page(
        request.GET.get("page")
    )
    page.object_list = explain(sheet.project, list(page.object_list))
    context = {
        "sheet": sheet,
        "page": page,
        "open_count": len(open_ones),
        "owed_count": sum(c.difference > 0 for c in open_ones),
        "asked": next((c for c in open_ones if c.worker_id == worker_id), None) if may_prepare else None,
        "form": form,
        "may_prepare": may_prepare,
        "supplements": PaySheet.objects.filter(
            project=sheet.project,
            participation=sheet.participation_id,
            month=sheet.month,
            kind=PaySheet.Kind.SUPPLEMENT,
        ).order_by("number"),
    }
    return render(request, "payroll/sheet_changes.html", context, status=400 if form.errors else 200)


def _dismissed(request: ActorRequest, pk: int, worker_id: int | None, form: DismissForm) -> bool:
    """Decide about one person; a refusal becomes an error of the form."""
    try:
        services.dismiss_change(
            pk,
            worker_id or 0,
            quantity=_quantity(request.POST.get("quantity", "")),
            reason=form.cleaned_data["reason"],
            note=form.cleaned_data["note"],
            actor=request.actor,
            now=timezone.now(),
        )
    except WagewatchError as refusal:
        if refusal.status not in {400, 409}:
            raise
        form.add_error(None, refusal.message)
        return False
    return True


def _quantity(text: str) -> Decimal:
    try:
        quantity = Decimal(text)
    except InvalidOperation:
        quantity = Decimal("NaN")
    if not quantity.is_finite():
        raise Malformed("late.quantity", _("Open the person's row again and decide there."))
    return quantity
