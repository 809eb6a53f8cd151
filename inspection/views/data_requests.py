"""Data for other departments, and looks at personal data that should be asked about."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inspection.access import settable_regions
from inspection.data_fields import FIELDS, names_people
from inspection.http import inspector_view, text_of
from inspection.looks import is_odd, limits_of, looks_of, warnings_for
from inspection.models import DataRequest
from inspection.services.data_requests import ask_for_data, decide_request, requests_for, take_out
from inspection.services.listing import labour_office
from registration.access import not_found
from registration.actors import Actor
from registration.http import ActorRequest
from registration.views.chain_forms import WrittenField, choice, say_at, text
from registration.views.file_answers import CONTENT_TYPES
from wagewatch.lib.dates import SITE_TZ, parse_date, parse_month, site_date
from wagewatch.lib.errors import Malformed, WagewatchError
from wagewatch.lib.texts import whole_number

PER_PAGE = 50


class MonthField(forms.CharField):
    """A month as 2026-10; cleaned to its first day."""

    widget = forms.TextInput(attrs={"class": "input", "type": "month", "placeholder": "2026-10"})

    def clean(self, value: Any) -> Any:
        written = super().clean(value)
        try:
            return parse_month(written)
        except WagewatchError:
            raise forms.ValidationError(gettext_lazy("Write the month as 2026-10.")) from None


class RequestForm(forms.Form):
    """What a department asks for."""

    department = WrittenField(label=gettext_lazy("Department that asks"), max_length=120, widget=text())
    contact = WrittenField(label=gettext_lazy("Person in the department"), max_length=40, widget=text())
    purpose = WrittenField(
        label=gettext_lazy("What the data is for"),
        max_length=300,
        widget=text(),
        help_text=gettext_lazy("It may be used for nothing else."),
    )
    basis = WrittenField(
        label=gettext_lazy("Legal ground or number of the letter"), max_length=120, widget=text()
    )
    content = forms.MultipleChoiceField(
        label=gettext_lazy("Fields"),
        choices=[(one.code, one.label) for one in FIELDS.values()],
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "Only what the purpose needs. People are named by masked name, never in full."
        ),
    )
    first_month = MonthField(label=gettext_lazy("From month"), max_length=7)
    last_month = MonthField(label=gettext_lazy("To month"), max_length=7)

    FIELD_OF = {
        "data.department": "department",
        "data.contact": "contact",
        "data.purpose": "purpose",
        "data.basis": "basis",
        "data.fields": "content",
        "data.region": "region_code",
        "data.months": "last_month",
    }

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        regions = [(one.code, one.name) for one in settable_regions(actor)]
        self.fields["region_code"] = forms.ChoiceField(
            label=gettext_lazy("Region"), choices=regions, widget=choice()
        )
        self.order_fields(("department", "contact", "purpose", "basis", "content", "region_code"))


@require_GET
@inspector_view
def data_requests(request: ActorRequest) -> HttpResponseBase:
    """Requests of the own office, those that wait for a second person first."""
    labour_office(request.actor)
    found = requests_for(request.actor).order_by("-made_at", "-pk")
    waiting = found.filter(state=DataRequest.State.ASKED).count()
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "waiting": waiting, "now": timezone.now()}
    return render(request, "inspection/data_requests.html", context)


@require_http_methods(["GET", "POST"])
@inspector_view
def data_request_new(request: ActorRequest) -> HttpResponseBase:
    """Write down what a department asks for."""
    labour_office(request.actor)
    form = RequestForm(request.POST or None, actor=request.actor)
    if request.method == "POST" and form.is_valid():
        try:
            facts = dict(form.cleaned_data)
            made = ask_for_data(fields=facts.pop("content"), **facts, actor=request.actor, now=timezone.now())
        except WagewatchError as refusal:
            say_at(form, refusal, form.FIELD_OF)
        else:
            messages.success(
                request,
                _("Kept as %(number)s. Somebody else in your office decides about it.")
                % {"number": made.number},
            )
            return redirect("inspection:data-request", made.pk)
    context = {"form": form}
    return render(request, "inspection/data_request_new.html", context, status=400 if form.errors else 200)


def _one(pk: int, actor: Actor) -> DataRequest:
    labour_office(actor)
    found = requests_for(actor).filter(pk=pk).first()
    if found is None:
        not_found()
    return found


def _show(request: ActorRequest, found: DataRequest, error: str = "", status: int = 200) -> HttpResponseBase:
    now = timezone.now()
    context = {
        "one": found,
        "labels": [FIELDS[code].label for code in found.fields if code in FIELDS],
        "of_people": names_people(found.fields),
        "extracts": found.extracts.select_related("taken_by").order_by("-taken_at"),
        "mine": found.made_by_id == request.actor.id,
        "expired": found.expires_at is not None and found.expires_at <= now,
        "error": error,
        "decision": request.POST.get("decision", ""),
    }
    return render(request, "inspection/data_request.html", context, status=status)


@require_GET
@inspector_view
def data_request(request: ActorRequest, pk: int) -> HttpResponseBase:
    """One request: scope, who wrote it, who decided, every file that left."""
    return _show(request, _one(pk, request.actor))


@require_POST
@inspector_view
def data_request_decide(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Approve or refuse as the second person."""
    found = _one(pk, request.actor)
    try:
        decide_request(
            pk,
            approve=request.POST.get("act") == "approve",
            decision=request.POST.get("decision", ""),
            actor=request.actor,
            now=timezone.now(),
        )
    except WagewatchError as refusal:
        if refusal.status not in {400, 409}:
            raise
        return _show(request, found, str(refusal.message), refusal.status)
    messages.success(request, _("The decision is on record."))
    return redirect("inspection:data-request", pk)


@require_POST
@inspector_view
def data_request_file(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Take the file out; that it left is on record."""
    found = _one(pk, request.actor)
    file_format = "csv" if request.POST.get("format") == "csv" else "xlsx"
    try:
        made, data = take_out(pk, file_format=file_format, actor=request.actor, now=timezone.now())
    except WagewatchError as refusal:
        if refusal.status not in {400, 409}:
            raise
        return _show(request, found, str(refusal.message), refusal.status)
    return HttpResponse(
        data,
        content_type="text/csv; charset=utf-8" if file_format == "csv" else CONTENT_TYPES["xlsx"],
        headers={"Content-Disposition": f'attachment; filename="{made.number}.{file_format}"'},
    )


@require_GET
@inspector_view
def looks(request: ActorRequest) -> HttpResponseBase:
    """Days on which somebody looked at many people's data or at odd hours; one such day look by look."""
    office = labour_office(request.actor)
    now = timezone.now()
    limits = limits_of(office.region_id, on=site_date(now))
    context: dict[str, Any] = {"limits": limits}
    if (who := whole_number(text_of(request, "user"), digits=9)) is not None:
        try:
            day = parse_date(text_of(request, "day"))
        except Malformed:
            not_found()
        every = list(looks_of(request.actor, who, day)[: PER_PAGE * 10])
        if not every:
            not_found()
        rows = [{"look": one, "odd": is_odd(one.at.astimezone(SITE_TZ).hour, limits)} for one in every]
        context |= {"rows": rows, "who": every[0].user, "day": day}
        return render(request, "inspection/looks_day.html", context)
    context["warnings"] = warnings_for(request.actor, limits, now=now)
    return render(request, "inspection/looks.html", context)
