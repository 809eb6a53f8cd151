"""Other real-name systems of a general contractor: let one in and see its secret once, watch it, shut it out."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from devices.push_words import problem_rows, problem_words
from devices.services.sources import REQUESTS_A_MINUTE
from registration.access import not_permitted, organisations_with
from registration.http import ActorRequest, staff_view
from registration.models import Organisation, Project, Push
from registration.permissions import GC, PERMISSIONS
from registration.services import sources as services
from registration.services.sources import Made
from registration.templatetags.named import named
from wagewatch.lib.errors import WagewatchError

PAGE = 30
RECENT = timedelta(days=30)


class ScopeForm(forms.Form):
    """For which projects a system may push."""

    scope = forms.ChoiceField(
        label=gettext_lazy("For which projects"),
        choices=[
            ("all", gettext_lazy("All projects that our firm leads, also later ones")),
            ("some", gettext_lazy("Only the projects ticked below")),
        ],
        initial="some",
        widget=forms.RadioSelect,
    )
    projects = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Projects"),
        queryset=Project.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, firm_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["projects"]
        chosen.queryset = services.led_projects(firm_id).order_by("name")
        chosen.label_from_instance = named


class SourceForm(ScopeForm):
    """What the clerk decides about another system."""

    name = forms.CharField(
        label=gettext_lazy("Name of the system"),
        max_length=40,
        help_text=gettext_lazy(
            "As people on site call it. It stands beside every stamp that comes from there."
        ),
    )
    field_order = ("name", "scope", "projects")


def _asked_projects(form: ScopeForm) -> list[int] | None:
    """The projects ticked; None for all."""
    if form.cleaned_data["scope"] == "all":
        return None
    return [project.pk for project in form.cleaned_data["projects"]]


def _firm(request: ActorRequest) -> Organisation:
    """The firm for which the clerk lets systems in; the one asked for, or the first."""
    mine = organisations_with(request.actor, PERMISSIONS["source.manage"])
    if not mine:
        not_permitted("source.manage")
    asked = request.GET.get("firm", "")
    pk = (
        int(asked)
        if asked.isascii() and asked.isdigit() and len(asked) < 18 and int(asked) in mine
        else mine[0]
    )
    return Organisation.objects.get(pk=pk)


@require_safe
@staff_view(*GC)
def sources(request: ActorRequest) -> HttpResponseBase:
    """The systems of the clerk's firms."""
    if not organisations_with(request.actor, PERMISSIONS["source.manage"]):
        not_permitted("source.manage")
    since = timezone.now() - RECENT
    found = list(services.sources_for(request.actor).order_by("-is_active", "name", "pk"))
    counts = {
        (row["source"], row["kind"]): row
        for row in Push.objects.filter(source__in=found, received_at__gte=since)
        .values("source", "kind")
        .annotate(kept=Sum("kept"), unchanged=Sum("unchanged"), refused=Sum("refused"))
    }
    rows = [
        {
            "source": one,
            "people": counts.get((one.pk, Push.Kind.PEOPLE.value)),
            "stamps": counts.get((one.pk, Push.Kind.ATTENDANCE.value)),
        }
        for one in found
    ]
    return render(request, "devices/sources.html", {"rows": rows})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*GC)
def new(request: ActorRequest) -> HttpResponseBase:
    """The form, and after it the key, shown this once."""
    firm = _firm(request)
    form = SourceForm(request.POST or None, firm_id=firm.pk)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.let_in(
                firm.pk,
                form.cleaned_data["name"],
                project_ids=_asked_projects(form),
                actor=request.actor,
                now=timezone.now(),
            )
        except WagewatchError as refusal:
            form.add_error("projects" if refusal.code == "source.projects" else "name", refusal.message)
        else:
            return _key(request, made)
    status = 400 if form.errors else 200
    return render(request, "devices/source_new.html", {"form": form, "firm": firm}, status=status)


def _key(request: HttpRequest, made: Made, *, rotated: bool = False) -> HttpResponse:
    key = [
        (_("Address"), request.build_absolute_uri("/api/v1/push/")),
        (_("Key number"), made.source.key_id),
        (_("Secret"), made.secret),
    ]
    context = {"source": made.source, "key": key, "rotated": rotated}
    return render(request, "devices/source_key.html", context)


@require_safe
@staff_view(*GC)
def source(request: ActorRequest, pk: int) -> HttpResponseBase:
    """One system: its projects, what it pushed, and why rows were refused."""
    found = services.access_source(pk, request.actor)
    pushes = found.pushes.select_related("project").defer("results").order_by("-received_at", "-pk")
    page = Paginator(pushes, PAGE).get_page(request.GET.get("page"))
    problems: dict[str, int] = {}
    recent = found.pushes.filter(received_at__gte=timezone.now() - RECENT, refused__gt=0)
    for one in recent.order_by("-received_at").values_list("problems", flat=True)[:500]:
        for code, count in one.items():
            problems[code] = problems.get(code, 0) + count
    context = {
        "source": found,
        "projects": services.projects_of_source(found).order_by("name"),
        "page": page,
        "rows": [(push, problem_rows(push.problems)) for push in page],
        "problems": problem_rows(problems),
        "whole": problem_words(found.last_refusal) if found.last_refusal else "",
    }
    return render(request, "devices/source.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*GC)
def scope(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Change the projects for which a system may push."""
    found = services.access_source(pk, request.actor)
    listed = list(found.listed_projects.values_list("project_id", flat=True))
    initial = {"scope": "all" if found.all_projects else "some", "projects": listed}
    form = ScopeForm(request.POST or None, firm_id=found.organisation_id, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_scope(
                pk, project_ids=_asked_projects(form), actor=request.actor, now=timezone.now()
            )
        except WagewatchError as refusal:
            form.add_error("projects" if refusal.code == "source.projects" else None, refusal.message)
        else:
            messages.success(
                request, _("Saved. %(name)s pushes for these projects from now on.") % {"name": found.name}
            )
            return redirect("devices:source", pk)
    status = 400 if form.errors else 200
    return render(request, "devices/source_scope.html", {"form": form, "source": found}, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*GC)
def rotate(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Ask, then give another secret, shown this once."""
    found = services.access_source(pk, request.actor)
    if request.method == "POST":
        made = services.rotate_secret(pk, actor=request.actor, now=timezone.now())
        return _key(request, made, rotated=True)
    context = {
        "title": _("A new secret for %(name)s?") % {"name": found.name},
        "text": _("The secret of today is good for 24 more hours, so that the other side can change over."),
        "facts": [(_("Key number"), found.key_id)],
        "action": request.path,
        "confirm": _("Make a new secret"),
        "back": reverse("devices:source", args=[pk]),
        "fields": {},
    }
    return render(request, "components/confirm.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*GC)
def revoke(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Ask, then shut out."""
    found = services.access_source(pk, request.actor)
    if request.method == "POST":
        services.shut_out(pk, actor=request.actor, now=timezone.now())
        messages.success(
            request, _("%(name)s is shut out. Its key is refused from now on.") % {"name": found.name}
        )
        return redirect("devices:source", pk)
    context = {
        "title": _("Shut out %(name)s?") % {"name": found.name},
        "text": _(
            "Its key is refused from now on. What it pushed stays. This cannot be undone: let it in anew."
        ),
        "facts": [(_("Key number"), found.key_id)],
        "action": request.path,
        "confirm": _("Shut out"),
        "back": reverse("devices:source", args=[pk]),
        "fields": {},
    }
    return render(request, "components/confirm.html", context)


@require_safe
def example(request: HttpRequest) -> HttpResponseBase:
    """How another system pushes: rules, a worked example to copy, the client. For anybody who builds one."""
    from devices.push_example import CURL, PYTHON

    context = {
        "address": request.build_absolute_uri("/").rstrip("/"),
        "python": PYTHON,
        "curl": CURL,
        "limit": REQUESTS_A_MINUTE,
    }
    return render(request, "devices/push_example.html", context)
