"""Registering a project and correcting its facts."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from registration.access import access_project, chain_reach, not_permitted
from registration.http import ActorRequest, staff_view
from registration.models import Project, Region
from registration.permissions import GC
from registration.services.firms import FirmFacts
from registration.services.projects import edit_project, own_firms, register_own_project
from registration.views.chain_forms import NewProjectForm, ProjectForm, say_at
from registration.views.scope import set_scope
from wagewatch.lib.errors import WagewatchError
from wagewatch.lib.money import fen_to_decimal


def region_choice(code: str, fallback: str) -> dict[str, Any]:
    """What the page shows to choose a county step by step: `line` the regions chosen so far, `below` the
    next ones, `chosen` the region once it has no parts. Works by plain links and a GET form."""
    at = Region.objects.filter(code=code).first() if code else None
    if at is None and code != "-":
        at = Region.objects.filter(code=fallback).first()
    line: list[Region] = []
    step = at
    while step is not None:
        line.insert(0, step)
        step = step.parent
    below = list(Region.objects.filter(parent=at).order_by("code"))
    return {"line": line, "below": below, "chosen": at if at and not below else None}


@require_http_methods(["GET", "POST"])
@staff_view(*GC)
def new(request: ActorRequest) -> HttpResponseBase:
    """Choose where, then write the facts; one's own firm becomes the general contractor."""
    firms = own_firms(request.actor)
    home = firms[0].region_id[:4] + "00" if firms else ""
    region = region_choice((request.POST or request.GET).get("region", "").replace("\x00", "")[:6], home)
    form = NewProjectForm(
        request.POST or None, firms=[(firm.pk, firm.name) for firm in firms], initial={"state": "building"}
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        owner = FirmFacts(data["owner_uscc"], data["owner_name"]) if data["owner_uscc"] else None
        try:
            made = register_own_project(
                data["firm"],
                data["code"].strip(),
                form.facts,
                region_code=region["chosen"].pk if region["chosen"] else "",
                sector=data["sector"],
                owner=owner,
                actor=request.actor,
                now=timezone.now(),
            )
        except WagewatchError as refusal:
            say_at(form, refusal, form.FIELDS)
        else:
            messages.success(
                request, _("%(name)s is registered. Now add the firms that work on it.") % {"name": made.name}
            )
            return redirect("registration:chain", made.pk)
    context = {"form": form, "region": region, "only_firm": firms[0].name if len(firms) == 1 else ""}
    return render(request, "registration/project_new.html", context, status=400 if form.errors else 200)


def _initial(project: Project) -> dict[str, Any]:
    sum_yuan = f"{fen_to_decimal(project.contract_sum_fen):.2f}" if project.contract_sum_fen else ""
    names = ("name", "name_en", "address", "state", "contract_signed_on", "started_on", "done_on", "pay_day")
    return {name: getattr(project, name) for name in names} | {"contract_sum": sum_yuan}


@require_http_methods(["GET", "POST"])
@staff_view(*GC)
def edit(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Correct the facts; who corrected what stays in the history shown below."""
    project = access_project(pk, request.actor)
    if not chain_reach(request.actor, project, permission="project.register").leads:
        not_permitted("project.register")
    set_scope(request, project)
    form = ProjectForm(request.POST or None, initial=_initial(project))
    if request.method == "POST" and form.is_valid():
        try:
            edit_project(pk, form.facts, actor=request.actor, now=timezone.now())
        except WagewatchError as refusal:
            say_at(form, refusal, form.FIELDS)
        else:
            messages.success(request, _("The facts of the project are corrected."))
            return redirect("registration:project", pk)
    history = project.history.select_related("history_user").order_by("-history_id")[:10]
    context = {"form": form, "project": project, "history": history}
    return render(request, "registration/project_edit.html", context, status=400 if form.errors else 200)


def leads(request: ActorRequest, project: Project) -> bool:
    """Whether the reader may correct the project's facts."""
    return chain_reach(request.actor, project, permission="project.register").leads
