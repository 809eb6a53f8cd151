"""The library of random checks: an office's items, certificates, recusals, on one page with a form each."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from inspection.check_access import access_office
from inspection.http import inspector_view
from inspection.models import CheckRecusal, InspectorCertificate
from inspection.services import check_library as library
from registration.http import ActorRequest
from registration.views.chain_forms import choice, say_at
from registration.views.training_forms import day_field, text_field
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import WagewatchError
from wagewatch.lib.texts import whole_number


class ItemForm(forms.Form):
    """One more item."""

    title = text_field(gettext_lazy("What is looked at"), 80)
    text = text_field(gettext_lazy("How it is looked at"), 300, required=False)
    law = text_field(gettext_lazy("Article"), 120)
    FIELDS = {"check.item": "title", "check.item_again": "title"}


class _OfColleague(forms.Form):
    user_id = forms.ChoiceField(label=gettext_lazy("Inspector"), widget=choice())

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user_id"].choices = people  # type: ignore[attr-defined]


class CertificateForm(_OfColleague):
    """A certificate."""

    number = text_field(gettext_lazy("Number of the certificate"), 40, autocomplete="off")
    valid_from = day_field(gettext_lazy("Good from"))
    valid_until = day_field(gettext_lazy("Good until"))
    FIELDS = {
        "check.certificate_user": "user_id",
        "check.certificate_days": "valid_until",
        "check.certificate": "number",
        "check.certificate_again": "number",
    }


class RecusalForm(_OfColleague):
    """A firm to whose sites a colleague does not go."""

    uscc = text_field(gettext_lazy("Credit code of the firm"), 18, autocomplete="off")
    reason = text_field(gettext_lazy("Why"), 200)
    FIELDS = {
        "check.certificate_user": "user_id",
        "check.recusal_firm": "uscc",
        "check.recusal_reason": "reason",
        "check.recusal_again": "uscc",
    }


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@inspector_view
def check_library(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Items, inspectors, recusals of an office. `act`: start, item, end, certificate, recusal."""
    office = access_office(pk, request.actor)
    today = site_date(timezone.now())
    people = [(str(user.pk), user.name) for user in library.colleagues(office)]
    act = request.POST.get("act", "") if request.method == "POST" else ""
    bound: dict[str, forms.Form] = {
        "item": ItemForm(request.POST if act == "item" else None, prefix="item"),
        "certificate": CertificateForm(
            request.POST if act == "certificate" else None,
            prefix="certificate",
            people=people,
            initial={"valid_from": today},
        ),
        "recusal": RecusalForm(request.POST if act == "recusal" else None, prefix="recusal", people=people),
    }
    if act in ("start", "end"):
        if act == "start":
            library.start_items(pk, actor=request.actor, now=timezone.now())
        else:
            library.end_item(whole_number(request.POST.get("item", "")) or 0, actor=request.actor)
        messages.success(request, _("The list is changed. Draws that were made keep theirs."))
        return redirect("inspection:check-library", pk)
    form = bound.get(act)
    if form is not None and form.is_valid():
        try:
            _writers()[act](pk, form.cleaned_data, request.actor)
        except WagewatchError as refusal:
            say_at(form, refusal, form.FIELDS)  # type: ignore[attr-defined]
        else:
            messages.success(request, _("On record."))
            return redirect("inspection:check-library", pk)
    return render(
        request,
        "inspection/check_library.html",
        {
            "office": office,
            "items": library.items_of(office),
            "certificates": InspectorCertificate.objects.filter(authority=office)
            .select_related("user")
            .order_by("-valid_until", "pk"),
            "recusals": CheckRecusal.objects.filter(authority=office)
            .select_related("user", "organisation")
            .order_by("-made_at"),
            "forms": bound,
            "today": today,
        },
        status=400 if any(one.errors for one in bound.values()) else 200,
    )


def _writers() -> dict[str, Callable[[int, dict[str, Any], Any], Any]]:
    return {
        "item": lambda pk, data, actor: library.add_item(pk, **data, actor=actor),
        "certificate": lambda pk, data, actor: library.record_certificate(
            pk, **{**data, "user_id": int(data["user_id"])}, actor=actor
        ),
        "recusal": lambda pk, data, actor: library.record_recusal(
            pk, **{**data, "user_id": int(data["user_id"])}, actor=actor, now=timezone.now()
        ),
    }
