"""Trainings of a project: the list, who still lacks safety training, one training with its people."""

import datetime
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from registration.access import access_project, participations_for, postings_for, teams_for
from registration.http import ActorRequest, staff_view
from registration.models import Posting, Project, Training, TrainingAttendance
from registration.permissions import CLERK, CONTRACTOR, PERMISSIONS
from registration.rules.people_list import Line, read_text
from registration.services import trainings as services
from registration.services.entry import standings
from registration.services.people_lists import Found, find_people, read_file
from registration.services.trainings import Result, Scan
from registration.views.scope import set_scope
from registration.views.standing_words import shown
from registration.views.stored_files import stored_file
from registration.views.training_forms import AddForm, FactsForm, TrainingForm
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import WagewatchError

PAGE = 50
MOST_TICKS = 400
"""People on one page to tick; larger teams are taken by list."""
SAFETY = ("entry.training", "entry.stale")
_KEPT = "training_refused"


def _door(request: ActorRequest, project_pk: int, permission: str = "person.view") -> Project:
    project = access_project(project_pk, request.actor, permission=permission)
    set_scope(request, project)
    return project


def lacking(request: ActorRequest, project: Project) -> dict[int, dict[str, Any]]:
    """Worker id to standing of those at work who lack safety training, among the parts the actor sees."""
    parts = participations_for(request.actor, project, permission="person.view").values_list("pk", flat=True)
    return {
        standing.worker_id: shown(standing)
        for standing in standings(project.pk, on=site_date(timezone.now()), parts=parts)
        if any(finding.code in SAFETY for finding in standing.findings)
    }


def _people(request: ActorRequest, project: Project) -> QuerySet[Posting]:
    return (
        postings_for(request.actor, project)
        .filter(left_on=None)
        .select_related("worker", "team", "participation__organisation")
        .defer("worker__id_number", "worker__phone", "worker__address")
        .order_by("team__name", "pin", "pk")
    )


@require_GET
@staff_view(*CONTRACTOR)
def trainings(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """Trainings of the project, newest first, and how many people still lack safety training."""
    project = _door(request, project_pk)
    found = services.trainings_for(request.actor, project).select_related("participation__organisation")
    kind = request.GET.get("kind", "")
    if kind in Training.Kind.values:
        found = found.filter(kind=kind)
    page = Paginator(found.order_by("-held_on", "-pk"), PAGE).get_page(request.GET.get("page"))
    counts: dict[int, dict[str, Any]] = {
        row["training"]: dict(row)
        for row in TrainingAttendance.objects.filter(project=project, training__in=[t.pk for t in page])
        .filter(worker__in=postings_for(request.actor, project).values("worker"))
        .order_by()
        .values("training")
        .annotate(people=Count("pk"), failed=Count("pk", filter=Q(passed=False)))
    }
    rows = [
        {
            "training": t,
            "people": counts.get(t.pk, {}).get("people", 0),
            "failed": counts.get(t.pk, {}).get("failed", 0),
        }
        for t in page
    ]
    context = {
        "project": project,
        "page": page,
        "rows": rows,
        "kinds": Training.Kind.choices,
        "kind": kind,
        "lacking": len(lacking(request, project)),
        "may_record": request.actor.has_role(*PERMISSIONS[services.PERMISSION]),
    }
    return render(request, "registration/trainings.html", context)


@require_GET
@staff_view(*CONTRACTOR)
def trainings_lacking(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """Who lacks safety training; one click leads to the form with these people ticked."""
    project = _door(request, project_pk)
    without = lacking(request, project)
    people = _people(request, project).filter(worker__in=list(without))
    team = request.GET.get("team", "")
    if team.isdecimal() and len(team) < 18:
        people = people.filter(team_id=int(team))
    page = Paginator(people, PAGE).get_page(request.GET.get("page"))
    context = {
        "project": project,
        "page": page,
        "rows": [{"posting": p, "standing": without[p.worker_id]} for p in page],
        "total": len(without),
        "teams": teams_for(request.actor, project).order_by("name"),
        "team": team,
        "may_record": request.actor.has_role(*PERMISSIONS[services.PERMISSION]),
    }
    return render(request, "registration/trainings_lacking.html", context)


def _ticks(request: ActorRequest, project: Project, ticked: set[int]) -> dict[str, Any]:
    """People to tick: of one team, those who lack training, or all; the choice stands in the address."""
    show = request.GET.get("show", "")
    team = request.GET.get("team", "")
    without = lacking(request, project)
    people = _people(request, project)
    if team.isdecimal() and len(team) < 18:
        people = people.filter(team_id=int(team))
    if show == "lacking":
        people = people.filter(worker__in=list(without))
    listed = list(people[: MOST_TICKS + 1])
    return {
        "people": [
            {
                "posting": p,
                "standing": without.get(p.worker_id),
                "ticked": p.worker_id in ticked
                or (request.method == "GET" and show == "lacking")
                or (request.method == "GET" and bool(team) and show != "all"),
            }
            for p in listed[:MOST_TICKS]
        ],
        "more": len(listed) > MOST_TICKS,
        "most": MOST_TICKS,
        "show": show,
        "team": team,
        "teams": teams_for(request.actor, project).order_by("name"),
        "lacking": len(without),
    }


def _ticked(request: ActorRequest) -> set[int]:
    return {int(text) for text in request.POST.getlist("who") if text.isdecimal() and len(text) < 18}


def _lines(form: AddForm) -> list[Line]:
    """Lines of the pasted list and of the file. Raises Malformed for a file that cannot be read."""
    lines = read_text(form.cleaned_data["people"])
    if file := form.cleaned_data["list_file"]:
        lines += read_file(file.read(), file.name or "")
    return lines


def _named(
    request: ActorRequest, project: Project, form: AddForm, day: datetime.date
) -> tuple[dict[int, Result], Found] | None:
    """Everybody ticked or listed, with their results, and the lines that name nobody; None with an error on the form.

    Ticked people passed; a list may say otherwise. People who left before `day` were not there.
    """
    try:
        lines = _lines(form)
    except WagewatchError as error:
        field = "people" if error.code == "list.too_long" else "list_file"
        form.add_error(field, error.message)
        return None
    parts = participations_for(request.actor, project, permission=services.PERMISSION)
    found = find_people(lines, project, parts, day=day) if lines else Found()
    people = {worker: Result() for worker in _ticked(request)}
    for worker, line in found.people.items():
        people[worker] = Result(line.passed is not False, line.score)
    return people, found


def _keep_refused(request: ActorRequest, training: Training, found: Found) -> None:
    """Lines that named nobody are shown once on the training's page; masked, as everything in a session."""
    if found.refused:
        rows = [[r.line, r.shown, r.problem.message] for r in found.refused[:300]]
        request.session[_KEPT] = {"training": training.pk, "rows": rows, "count": len(found.refused)}


def _scan(form: FactsForm) -> Scan | None:
    file = form.cleaned_data.get("scan")
    return Scan(file.name or "scan", file.read()) if file else None


_FIELDS: Mapping[str, str] = {
    "training.kind": "kind",
    "training.name": "name",
    "training.day": "held_on",
    "training.minutes": "minutes",
    "training.nobody": "people",
    "file.kind": "scan",
    "file.too_large": "scan",
    "picture.broken": "scan",
    "picture.too_large": "scan",
}


def _beside_field(form: FactsForm, error: WagewatchError) -> None:
    """Put a refusal beside its field; what concerns no field is raised again."""
    if error.status not in {400, 409}:
        raise error
    field = _FIELDS.get(error.code)
    form.add_error(field if field in form.fields else None, error.message)


@require_http_methods(["GET", "POST"])
@staff_view(*CLERK)
def training_new(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """Record a training with the people who were there: ticked, pasted or from a file."""
    project = _door(request, project_pk, services.PERMISSION)
    form = TrainingForm(
        request.POST or None, request.FILES or None, actor=request.actor, project=project,
        today=site_date(timezone.now()),
    )  # fmt: skip
    named = None
    if request.method == "POST" and form.is_valid():
        named = _named(request, project, form, form.cleaned_data["held_on"])
    if named is not None:
        people, found = named
        if not people and found.refused:
            for row in found.refused[:20]:
                form.add_error("people", f"{row.line}: {row.shown} — {row.problem.message}")
        else:
            try:
                recorded = services.record_training(
                    project.pk,
                    form.facts,
                    people,
                    participation_id=form.part_id,
                    scan=_scan(form),
                    actor=request.actor,
                    now=timezone.now(),
                )
            except WagewatchError as error:
                _beside_field(form, error)
            else:
                _keep_refused(request, recorded.training, found)
                _say_added(request, recorded.added)
                return redirect("registration:training", project.pk, recorded.training.pk)
    context = {"project": project, "form": form, **_ticks(request, project, _ticked(request))}
    return render(request, "registration/training_new.html", context, status=400 if form.errors else 200)


def _say_added(request: ActorRequest, number: int) -> None:
    text = ngettext("Recorded for %(number)d person.", "Recorded for %(number)d people.", number)
    messages.success(request, text % {"number": number})


def _one(
    request: ActorRequest, project_pk: int, pk: int, *, for_write: bool = True
) -> tuple[Project, Training]:
    project = _door(request, project_pk, services.PERMISSION if for_write else "person.view")
    needs = services.PERMISSION if for_write else ""
    return project, services.access_training(pk, project, request.actor, permission=needs)


def _may_change(request: ActorRequest, project: Project, training: Training) -> bool:
    try:
        services.access_training(training.pk, project, request.actor, permission=services.PERMISSION)
    except WagewatchError:
        return False
    return True


def _training_page(
    request: ActorRequest, project: Project, training: Training, form: AddForm | None = None
) -> HttpResponseBase:
    may_change = _may_change(request, project, training)
    rows = (
        TrainingAttendance.objects.filter(project=project, training=training)
        .filter(worker__in=postings_for(request.actor, project).values("worker"))
        .select_related("worker")
        .defer("worker__id_number", "worker__phone", "worker__address")
        .order_by("worker__name", "pk")
    )
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    teams = dict(
        postings_for(request.actor, project)
        .filter(worker__in=[row.worker_id for row in page])
        .order_by("joined_on")
        .values_list("worker_id", "team__name")
    )
    kept = request.session.get(_KEPT)
    refused = kept if kept and kept["training"] == training.pk else None
    if refused:
        del request.session[_KEPT]
    context = {
        "project": project,
        "training": training,
        "page": page,
        "rows": [{"row": row, "team": teams.get(row.worker_id, "")} for row in page],
        "may_change": may_change,
        "form": form or AddForm(),
        "refused": refused,
    }
    if may_change:
        context |= _ticks(request, project, _ticked(request) if form else set())
    status = 400 if form is not None and form.errors else 200
    return render(request, "registration/training.html", context, status=status)


@require_GET
@staff_view(*CONTRACTOR)
def training(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """One training: what it was, who was there with their results, the signed sheet."""
    project, found = _one(request, project_pk, pk, for_write=False)
    return _training_page(request, project, found)


@require_POST
@staff_view(*CLERK)
def training_add(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """More people, or other results for people who are named already."""
    project, found = _one(request, project_pk, pk)
    form = AddForm(request.POST, request.FILES)
    if not form.is_valid() or (named := _named(request, project, form, found.held_on)) is None:
        return _training_page(request, project, found, form)
    people, listed = named
    if not people and not listed.refused:
        form.add_error("people", gettext("Tick people, paste a list or choose a file."))
        return _training_page(request, project, found, form)
    added = services.add_people(project.pk, found.pk, people, actor=request.actor, now=timezone.now())
    _keep_refused(request, found, listed)
    if people:
        _say_added(request, added)
    return redirect("registration:training", project.pk, found.pk)


@require_POST
@staff_view(*CLERK)
def training_result(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """Remove the ticked people, or set their result to passed or not passed."""
    project, found = _one(request, project_pk, pk)
    who, act, now = _ticked(request), request.POST.get("act", ""), timezone.now()
    if not who:
        messages.warning(request, gettext("Tick the people first."))
    elif act == "remove":
        number = services.remove_people(project.pk, found.pk, who, actor=request.actor, now=now)
        text = ngettext("%(number)d person taken off.", "%(number)d people taken off.", number)
        messages.success(request, text % {"number": number})
    elif act in {"passed", "failed"}:
        people = {worker: Result(act == "passed") for worker in who}
        services.add_people(project.pk, found.pk, people, actor=request.actor, now=now)
        messages.success(request, gettext("The results are changed."))
    return redirect("registration:training", project.pk, found.pk)


@require_http_methods(["GET", "POST"])
@staff_view(*CLERK)
def training_edit(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """Correct what the training was."""
    project, found = _one(request, project_pk, pk)
    form = FactsForm(request.POST or None, request.FILES or None, training=found)
    if request.method == "POST" and form.is_valid():
        try:
            services.correct_training(
                project.pk, found.pk, form.facts, scan=_scan(form), actor=request.actor, now=timezone.now()
            )
        except WagewatchError as error:
            _beside_field(form, error)
        else:
            messages.success(request, gettext("The training is corrected."))
            return redirect("registration:training", project.pk, found.pk)
    context = {"project": project, "training": found, "form": form}
    return render(request, "registration/training_edit.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@staff_view(*CLERK)
def training_delete(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """Take a training back that was recorded by mistake, after asking."""
    project, found = _one(request, project_pk, pk)
    if request.method == "POST":
        services.delete_training(project.pk, found.pk, actor=request.actor, now=timezone.now())
        messages.success(request, gettext("The training is taken back. The history keeps what stood there."))
        return redirect("registration:trainings", project.pk)
    people = TrainingAttendance.objects.filter(project=project, training=found).count()
    context = {
        "title": gettext("Take this training back?"),
        "text": gettext("The gates refuse people who have no other safety training from the next list on."),
        "facts": [
            (gettext("Training"), found.name),
            (gettext("Day"), found.held_on.isoformat()),
            (gettext("Number of people"), people),
        ],
        "action": request.path,
        "confirm": gettext("Take it back"),
        "back": reverse("registration:training", args=[project.pk, found.pk]),
    }
    return render(request, "components/confirm.html", context)


@require_GET
@staff_view(*CONTRACTOR)
def training_record(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """The signed sheet as it was uploaded."""
    _project, found = _one(request, project_pk, pk, for_write=False)
    return stored_file(found.record)
