"""What the authority tells the workers of its region: who helps, news, jobs, trainings, health alerts."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from inspection.http import inspector_view
from registration.access import not_found
from registration.http import ActorRequest
from registration.models import Bulletin
from registration.services import bulletins
from registration.views.chain_forms import WrittenField
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation

PER_PAGE = 50


def _text(label: Any, length: int, *, required: bool = False, rows: int = 0) -> forms.CharField:
    widget: forms.Widget = (
        forms.Textarea(attrs={"class": "input", "rows": rows})
        if rows
        else forms.TextInput(attrs={"class": "input"})
    )
    return WrittenField(label=label, max_length=length, required=required, widget=widget)


def _day(label: Any, *, required: bool) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=required,
        widget=forms.DateInput(attrs={"type": "date", "class": "input"}, format="%Y-%m-%d"),
    )


class BulletinForm(forms.Form):
    """One thing that workers are told."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=Bulletin.Kind.choices,
        widget=forms.Select(attrs={"class": "input"}),
    )
    office = forms.ChoiceField(
        label=gettext_lazy("Line on the sites' notice boards"),
        choices=[("", gettext_lazy("None")), *Bulletin.Office.choices],
        required=False,
        widget=forms.Select(attrs={"class": "input"}),
        help_text=gettext_lazy("Article 34 wants these offices with their telephone on every site's board."),
    )
    region = forms.ChoiceField(label=gettext_lazy("Region"), widget=forms.Select(attrs={"class": "input"}))
    trade = _text(gettext_lazy("Only for the trade (empty: everybody)"), 40)
    title = _text(gettext_lazy("Title"), 60, required=True)
    text = _text(gettext_lazy("What workers read: short sentences"), 600, rows=4)
    title_en = _text(gettext_lazy("Title in English"), 80)
    text_en = _text(gettext_lazy("The same in English"), 800, rows=3)
    call = _text(gettext_lazy("Public telephone number"), 30)
    place = _text(gettext_lazy("Place"), 120)
    valid_from = _day(gettext_lazy("First day"), required=True)
    valid_to = _day(gettext_lazy("Last day (empty: until changed)"), required=False)

    def __init__(self, *args: Any, regions: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].choices = regions  # type: ignore[attr-defined]


@never_cache
@require_GET
@inspector_view
def bulletin_list(request: ActorRequest) -> HttpResponseBase:
    """What is published for this region, the newest first."""
    page = Paginator(bulletins.bulletins_within(request.actor), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "inspection/bulletins.html", {"page": page, "today": site_date(timezone.now())})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@inspector_view
def bulletin_new(request: ActorRequest) -> HttpResponseBase:
    """Publish something."""
    return _edit(request, None)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@inspector_view
def bulletin_edit(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Change it, or end it by its last day."""
    found = bulletins.bulletins_within(request.actor).filter(pk=pk).first()
    if found is None:
        not_found()
    return _edit(request, found)


def _edit(request: ActorRequest, found: Bulletin | None) -> HttpResponseBase:
    regions = [(r.code, r.label) for r in bulletins.regions_within(request.actor)]
    initial: dict[str, Any] = {"valid_from": site_date(timezone.now()), "kind": Bulletin.Kind.NEWS}
    if found is not None:
        initial = {name: getattr(found, name) for name in bulletins.FIELDS} | {"region": found.region_id}
    form = BulletinForm(request.POST if request.method == "POST" else None, regions=regions, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        region = str(values.pop("region"))
        act: dict[str, Any] = {"actor": request.actor, "now": timezone.now()}
        try:
            if found is None:
                bulletins.publish(values, region, **act)
            else:
                bulletins.change(found.pk, values, region, **act)
        except RuleViolation as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _("Published. Workers see it under Help."))
            return redirect("inspection:bulletins")
    return render(
        request,
        "inspection/bulletin_edit.html",
        {"form": form, "bulletin": found},
        status=400 if form.errors else 200,
    )
