"""Pauses: what firms ask for (enterprise side), what offices decide (supervision side)."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from inspection.access import access_pause, pauses_for, pauses_of_firms
from inspection.alarms.catalogue import RULES
from inspection.http import inspector_view
from inspection.models import Pause
from inspection.services.life import LONGEST
from inspection.services.pauses import ask_pause, decide_pause, end_pause, pausable
from inspection.views.told import told_view
from registration.access import access_project, not_found, projects_for
from registration.actors import Actor
from registration.http import ActorRequest
from registration.models import Project
from registration.views.chain_forms import WrittenField, choice, say_at
from registration.views.stored_files import stored_file
from registration.views.training_forms import day_field, scan_field
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import WagewatchError

PER_PAGE = 50
FIELDS = {
    "pause.rules": "rules",
    "pause.asked": "rules",
    "pause.reason": "reason",
    "pause.text": "text",
    "pause.starts_on": "starts_on",
    "pause.ends_on": "ends_on",
    "file": "paper",
    "picture": "paper",
}


class PauseForm(forms.Form):
    """What a contractor asks for."""

    rules = forms.MultipleChoiceField(
        label=gettext_lazy("Which rules are to rest"),
        help_text=gettext_lazy("Late wages never rest."),
        widget=forms.CheckboxSelectMultiple,
    )
    reason = forms.ChoiceField(label=gettext_lazy("Reason"), choices=Pause.Reason.choices, widget=choice())
    starts_on = day_field(gettext_lazy("First day"))
    ends_on = day_field(gettext_lazy("Last day"))
    text = WrittenField(
        label=gettext_lazy("What rests, and who ordered it"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"class": "input", "rows": 4}),
    )
    paper = scan_field(gettext_lazy("The order or notice, scanned"))

    def __init__(self, *args: Any, rules: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rules"].choices = [  # type: ignore[attr-defined]
            (code, RULES[code].title if code in RULES else code) for code in rules if code in RULES
        ]


def rule_names(pause: Pause) -> list[Any]:
    """The titles of a pause's rules."""
    return [RULES[code].title if code in RULES else code for code in pause.rules]


@require_GET
@told_view
def firm_pauses(request: ActorRequest) -> HttpResponseBase:
    """What the own firms asked for, and the projects for which they may ask."""
    found = (
        pauses_of_firms(request.actor).select_related("project", "decided_by").order_by("-asked_at", "-pk")
    )
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [{"pause": one, "rules": rule_names(one)} for one in page.object_list],
        "projects": projects_for(request.actor, permission="pause.ask").order_by("name")[:200],
        "today": site_date(timezone.now()),
    }
    return render(request, "inspection/firm_pauses.html", context)


@require_http_methods(["GET", "POST"])
@told_view
def firm_pause_new(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """Ask for a pause on a project."""
    project: Project = access_project(project_pk, request.actor, permission="pause.ask")
    now = timezone.now()
    rules = pausable(project.region_id, site_date(now))
    posted = request.method == "POST"
    form = PauseForm(request.POST, request.FILES, rules=rules) if posted else PauseForm(rules=rules)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        paper = data.pop("paper")
        try:
            ask_pause(
                project.pk,
                **data,
                file=(paper.name, paper.read()) if paper else None,
                actor=request.actor,
                now=now,
            )
        except WagewatchError as refusal:
            say_at(form, refusal, FIELDS)
        else:
            messages.success(request, _("Sent. You are told as soon as the office has decided."))
            return redirect("warnings:pauses")
    return render(
        request,
        "inspection/firm_pause_new.html",
        {"project": project, "form": form},
        status=400 if form.errors else 200,
    )


TABS: dict[str, Any] = {
    "asked": gettext_lazy("To decide"),
    "running": gettext_lazy("Approved"),
    "past": gettext_lazy("Over or refused"),
}


def grouped(actor: Actor, today: date) -> dict[str, QuerySet[Pause]]:
    """Pauses within reach: to decide, running, over."""
    every = pauses_for(actor).select_related("project__region", "organisation")
    approved = every.filter(state=Pause.State.APPROVED)
    return {
        "asked": every.filter(state=Pause.State.ASKED).order_by("asked_at", "pk"),
        "running": approved.filter(ends_on__gte=today).order_by("ends_on", "pk"),
        "past": (
            approved.filter(ends_on__lt=today)
            | every.filter(state__in=(Pause.State.REFUSED, Pause.State.ENDED))
        ).order_by("-asked_at", "-pk"),
    }


def shown(request: ActorRequest) -> str:
    """Which of them the address asks for."""
    show = request.GET.get("show", "asked")
    return show if show in TABS else "asked"


@require_GET
@inspector_view
def pauses(request: ActorRequest) -> HttpResponseBase:
    """Pauses within reach: to decide, running, over."""
    today = site_date(timezone.now())
    groups = grouped(request.actor, today)
    show = shown(request)
    page = Paginator(groups[show], PER_PAGE).get_page(request.GET.get("page"))
    tabs = [
        {
            "url": f"?show={key}",
            "label": label,
            "count": groups[key].count() if key != "past" else None,
            "current": key == show,
        }
        for key, label in TABS.items()
    ]
    rows = [{"pause": one, "rules": rule_names(one)} for one in page.object_list]
    return render(
        request,
        "inspection/pauses.html",
        {"page": page, "rows": rows, "tabs": tabs, "show": show, "today": today},
    )


@never_cache
@require_http_methods(["GET", "POST"])
@inspector_view
def pause(request: ActorRequest, pk: int) -> HttpResponseBase:
    """One pause: approve, refuse, end."""
    found = access_pause(pk, request.actor)
    now = timezone.now()
    error, note = "", request.POST.get("note", "")
    if request.method == "POST":
        act = request.POST.get("act")
        try:
            if act == "end":
                end_pause(pk, actor=request.actor, now=now)
                words = _("Ended. The deadlines run on.")
            elif act in {"approve", "refuse"}:
                decide_pause(pk, approve=act == "approve", note=note, actor=request.actor, now=now)
                words = _("Decided. The contractor is told.")
            else:
                not_found()
        except WagewatchError as refusal:
            if refusal.status not in {400, 409}:
                raise
            error = refusal.message
        else:
            messages.success(request, words)
            return redirect("inspection:pause", pk)
    today = site_date(now)
    context = {
        "pause": found,
        "rules": rule_names(found),
        "error": error,
        "note": note,
        "runs": found.state == Pause.State.APPROVED and found.ends_on >= today,
        "days": (found.ends_on - found.starts_on).days + 1,
    }
    return render(request, "inspection/pause.html", context, status=409 if error else 200)


@require_GET
@inspector_view
def pause_file(request: ActorRequest, pk: int) -> HttpResponseBase:
    """The order or notice that came with the request."""
    return stored_file(access_pause(pk, request.actor).file)
