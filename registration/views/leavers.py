"""A team or a firm leaves together; a wrong last day is taken back."""

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from registration.access import access_project
from registration.http import ActorRequest, staff_view
from registration.join_forms import TogetherForm
from registration.models import LeftReason, Project
from registration.permissions import CLERK, CONTRACTOR
from registration.services import leaving
from registration.views.scope import set_scope
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation


def _people(number: int) -> str:
    return ngettext("%(number)d person", "%(number)d people", number) % {"number": number}


def _choices(request: ActorRequest, project: Project) -> list[Any]:
    """Firms with their teams, each with how many are at work; `p:3` or `t:7`."""
    rows = (
        leaving.open_postings(project, request.actor)
        .values_list("participation_id", "participation__organisation__name", "team_id", "team__name")
        .annotate(number=Count("pk"))
        .order_by("participation__organisation__name", "participation_id", "team__name")
    )
    firms: dict[int, tuple[str, list[tuple[str, str]], int]] = {}
    for part, firm, team, name, number in rows:
        named, teams, total = firms.get(part, (firm, [], 0))
        teams.append((f"t:{team}", f"{name}（{_people(number)}）"))
        firms[part] = (named, teams, total + number)
    return [
        (firm, [(f"p:{part}", _("Everybody of %(firm)s") % {"firm": firm} + f"（{_people(total)}）"), *teams])
        for part, (firm, teams, total) in firms.items()
    ]


@require_http_methods(["GET", "POST"])
@staff_view(*CLERK)
def together(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """End the work of a team or of a firm's people; asks once more with the number of people."""
    project = access_project(project_pk, request.actor, permission="person.edit")
    set_scope(request, project)
    today = site_date(timezone.now())
    wanted = request.GET.get("whom", "")
    form = TogetherForm(
        request.POST or None,
        whom=_choices(request, project),
        initial={"left_on": today, "reason": LeftReason.DONE, "whom": wanted},
    )
    count = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        kind, _colon, number = data["whom"].partition(":")
        whom = {"part_id" if kind == "p" else "team_id": int(number)}
        if request.POST.get("sure") != "1":
            going = leaving.open_postings(project, request.actor, **whom)
            count = going.filter(joined_on__lte=data["left_on"]).count()
            settle_by = leaving.settle_day(project, data["left_on"])
            return _together(request, project, form, count=count, settle_by=settle_by)
        try:
            done = leaving.leave_together(
                project.pk,
                data["left_on"],
                reason=data["reason"],
                actor=request.actor,
                now=timezone.now(),
                **whom,
            )
        except RuleViolation as refusal:
            form.add_error("left_on", refusal.message)
        else:
            text = _("%(people)s left on %(day)s. Their wages are due on %(due)s.")
            due = leaving.settle_day(project, data["left_on"])
            messages.success(request, text % {"people": _people(done), "day": data["left_on"], "due": due})
            return redirect("registration:people", project.pk)
    return _together(request, project, form)


def _together(request: ActorRequest, project: Project, form: TogetherForm, **more: Any) -> HttpResponseBase:
    context = {"project": project, "form": form, **more}
    return render(request, "registration/contractor_leave.html", context, status=400 if form.errors else 200)


@require_POST
@staff_view(*CONTRACTOR)
def undo(request: ActorRequest, project_pk: int, worker_pk: int) -> HttpResponseBase:
    """Take back a last day registered today by mistake."""
    try:
        leaving.undo_leave(
            worker_pk, project_pk, why=request.POST.get("why", ""), actor=request.actor, now=timezone.now()
        )
    except RuleViolation as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("The last day was taken back. This person is at work again."))
    return redirect("registration:person", project_pk, worker_pk)
