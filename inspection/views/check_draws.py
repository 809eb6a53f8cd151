"""Draws of random checks: what is drawn from, one draw with its seed, publication."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from inspection.check_access import access_draw, access_office, offices_of
from inspection.draw import replay
from inspection.http import inspector_view
from inspection.models import CheckDraw, CheckPublication, RandomCheck
from inspection.services import check_draws as services
from inspection.services.check_library import Reach, certified, items_of, targets_of
from registration.http import ActorRequest
from registration.models import Authority, Region, Sector
from registration.views.chain_forms import choice, say_at
from registration.views.training_forms import day_field, text_field
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation, WagewatchError

State = RandomCheck.State
BADGES = {
    State.PLANNED: "",
    State.SUBMITTED: "line",
    State.CONFIRMED: "done",
    State.DROPPED: "",
}


class DrawForm(forms.Form):
    """What to draw."""

    title = text_field(gettext_lazy("Name of the draw"), 80)
    region = forms.ChoiceField(label=gettext_lazy("Region"), widget=choice())
    sector = forms.ChoiceField(
        label=gettext_lazy("Line of works"),
        choices=[("", gettext_lazy("All")), *Sector.choices],
        required=False,
        widget=choice(),
    )
    count = forms.IntegerField(
        label=gettext_lazy("How many projects"),
        min_value=1,
        max_value=500,
        widget=forms.NumberInput(attrs={"class": "input"}),
    )
    from_on = day_field(gettext_lazy("First day of the checks"))
    until_on = day_field(gettext_lazy("Last day of the checks"))

    FIELDS = {
        "check.title": "title",
        "check.count": "count",
        "check.days": "until_on",
        "check.no_targets": "region",
    }

    def __init__(self, *args: Any, regions: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].choices = regions  # type: ignore[attr-defined]


def rows_of(checks: Any) -> list[dict[str, Any]]:
    """Checks with the badge of their state and how many items are not in order."""
    return [
        {
            "check": check,
            "badge": BADGES[State(check.state)],
            "faults": sum(row["answer"] == "bad" for row in check.results),
        }
        for check in checks
    ]


def _regions(office: Authority) -> list[tuple[str, str]]:
    places = Region.objects.filter(code__startswith=office.region.prefix).order_by("code")
    return [(place.code, place.label) for place in places]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@inspector_view
def draw_new(request: ActorRequest, pk: int) -> HttpResponseBase:
    """What to draw from and how; POST draws, once and on record."""
    office = access_office(pk, request.actor)
    now = timezone.now()
    today = site_date(now)
    sent = request.POST if request.method == "POST" else None
    form = DrawForm(sent, regions=_regions(office), initial={"from_on": today})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        place = Region.objects.get(pk=data["region"])
        plan = services.Plan(
            data["title"],
            data["count"],
            data["from_on"],
            data["until_on"],
            Reach(place.prefix, data["sector"]),
        )
        try:
            made = services.make_draw(pk, plan, actor=request.actor, now=now)
        except WagewatchError as refusal:
            say_at(form, refusal, DrawForm.FIELDS)
        else:
            messages.success(request, _("Drawn and put on record. The projects are not told."))
            return redirect("inspection:check-draw", made.pk)
    library = targets_of(office, Reach(office.region.prefix))
    return render(
        request,
        "inspection/check_draw_new.html",
        {
            "form": form,
            "office": office,
            "targets": len(library),
            "heavy": sum(weight > 1 for _project, weight in library),
            "holders": len(certified(office, on=today)),
            "items": len(items_of(office)),
        },
        status=400 if form.errors else 200,
    )


def _repeats(draw: CheckDraw) -> bool:
    """Whether the draw's own seed and lists give its outcome."""
    found = [
        {"code": d.code, "inspectors": list(d.inspectors)} for d in replay(services.published_file(draw))
    ]
    return bool(found == draw.outcome)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@inspector_view
def check_draw(request: ActorRequest, pk: int) -> HttpResponseBase:
    """One draw: its checks, seed and lists; POST publishes it once all checks are done."""
    draw = access_draw(pk, request.actor)
    refusal = None
    if request.method == "POST":
        try:
            services.publish_draw(pk, actor=request.actor, now=timezone.now())
        except RuleViolation as error:
            refusal = error
        else:
            messages.success(request, _("Published: draw, seed, lists and results."))
            return redirect("inspection:check-draw", pk)
    rows = list(draw.checks.select_related("project__region", "first", "second").order_by("place"))
    publication = CheckPublication.objects.filter(draw=draw).first()
    return render(
        request,
        "inspection/check_draw.html",
        {
            "draw": draw,
            "rows": rows_of(rows),
            "done": sum(check.state in (State.CONFIRMED, State.DROPPED) for check in rows),
            "due_on": services.publish_due_on(draw, rows),
            "publication": publication,
            "may_publish": offices_of(request.actor).filter(pk=draw.authority_id).exists(),
            "repeats": _repeats(draw),
            "refusal": refusal,
            "today": site_date(timezone.now()),
        },
        status=409 if refusal else 200,
    )


@require_GET
@inspector_view
def check_draw_file(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Seed, lists and outcome as JSON."""
    draw = access_draw(pk, request.actor)
    return draw_file(draw)


def draw_file(draw: CheckDraw) -> JsonResponse:
    """Seed, lists and outcome as JSON."""
    return JsonResponse(
        services.published_file(draw),
        json_dumps_params={"ensure_ascii": False, "indent": 1},
        headers={"Content-Disposition": f'attachment; filename="draw-{draw.pk}.json"'},
    )
