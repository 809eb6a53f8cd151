"""People on a project: the list, one person, and what a clerk may do for them."""

import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q, Subquery
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from registration.access import access_project, access_worker, postings_for, projects_for, teams_for
from registration.contract_page import person_contracts
from registration.finding import Finding, find_people
from registration.history_of_person import history_of_person
from registration.http import ActorRequest, staff_view
from registration.models import (
    BankCard,
    LeftReason,
    Participation,
    Posting,
    Project,
    Worker,
    WorkerPhoto,
)
from registration.permissions import CONTRACTOR, PERMISSIONS
from registration.person_changes import changes_of_person
from registration.roster_files import SECRETS, roster_sheet
from registration.services import people as services
from registration.services.card_words import current_card, held_cards, newest_answer
from registration.services.leaving import leave, left_registered_at
from registration.views.file_answers import file_answer
from registration.views.person_papers import barred, page_standings, papers_of
from registration.views.scope import set_scope
from registration.views.searching import searched
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import WagewatchError

PAGE = 50
STATES = (
    ("working", pgettext_lazy("people", "At work")),
    ("left", pgettext_lazy("people", "Left")),
    ("barred", _("May not enter")),
    ("no_card", _("Without a wage card")),
    ("card", _("New card not confirmed")),
    ("no_phone", _("Without a phone number")),
    ("denied", _("Says it is not them")),
    ("unanswered", _("Not acknowledged yet")),
)
PURPOSES = (
    ("contract", _("To write the labour contract")),
    ("card", _("To correct the wage card")),
    ("gate", _("To check who stands at the gate")),
    ("dispute", _("To settle a dispute about wages")),
    ("authority", _("Asked for by an authority")),
)


def filtered(request: ActorRequest, project: Project, words: str) -> Finding:
    """The postings of the page's filters: what is looked for, ?team=, ?state=."""
    chosen = request.POST if request.method == "POST" else request.GET
    card = BankCard.objects.filter(worker=OuterRef("worker"), is_current=True)
    found = postings_for(request.actor, project).annotate(
        card_tail=Subquery(card.values("tail")[:1]), card_bank=Subquery(card.values("bank_name")[:1])
    )
    if (team := chosen.get("team", "")).isdecimal() and len(team) < 18:
        found = found.filter(team_id=int(team))
    state = chosen.get("state", "working")
    if state == "left":
        found = found.filter(left_on__isnull=False)
    elif state != "all":
        found = found.filter(left_on=None)
    if state == "no_card":
        found = found.filter(~Exists(card))
    elif state == "card":
        found = found.filter(Exists(held_cards()))
    elif state == "no_phone":
        found = found.filter(worker__phone_index=None)
    elif state == "denied":
        found = found.filter(denied_at__isnull=False)
    elif state == "unanswered":
        found = found.filter(acknowledged_at=None, denied_at=None).exclude(registered_by="self")
    elif state == "barred":
        found = found.filter(pk__in=barred(request, project))
    found = (
        found.select_related("worker", "team", "participation__organisation")
        .defer(*SECRETS)
        .order_by("team__name", "pin", "pk")
    )
    return find_people(found, words)


@never_cache
@require_http_methods(["GET", "POST"])
@staff_view(*CONTRACTOR)
def people(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """The people of a project: masked, filtered by the address."""
    project = access_project(project_pk, request.actor, permission="person.view")
    words, elsewhere = searched(request)
    if elsewhere is not None:
        return elsewhere
    set_scope(request, project)
    found = filtered(request, project, words)
    page = Paginator(found.postings, PAGE).get_page(request.GET.get("page"))
    chosen = request.POST if request.method == "POST" else request.GET
    context = {
        "project": project,
        "page": page,
        "words": words,
        "is_close": found.is_close,
        "teams": teams_for(request.actor, project).order_by("name"),
        "states": STATES,
        "state": chosen.get("state", "working"),
        "team": chosen.get("team", ""),
        "today": site_date(timezone.now()),
        "standings": page_standings(project, page),
        "several": postings_for(request.actor, project).values("participation").distinct()[:2].count() > 1,
        "may_upload": request.actor.has_role(*PERMISSIONS["roster.upload"]),
        "may_edit": request.actor.has_role(*PERMISSIONS["person.edit"]),
        "filtered": any(chosen.get(key) for key in ("q", "team", "state")),
    }
    return render(request, "registration/contractor_people.html", context)


@require_GET
@staff_view(*CONTRACTOR)
def export(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """The filtered list as .xlsx, masked as on the page."""
    project = access_project(project_pk, request.actor, permission="person.view")
    words, elsewhere = searched(request)
    if elsewhere is not None:
        return elsewhere
    postings = filtered(request, project, words).postings
    return file_answer(roster_sheet(postings, full=False), f"people-{project.pk}", "xlsx")


def _person_context(request: ActorRequest, project: Project, worker: Worker) -> dict[str, Any]:
    here = list(
        postings_for(request.actor, project)
        .filter(worker=worker)
        .select_related("team", "participation__organisation")
        .order_by("-joined_on")
    )
    may_edit = request.actor.has_role(*PERMISSIONS["person.edit"])
    newest = here[0] if here else None
    left_at = left_registered_at(newest) if newest and newest.left_on else None
    history = history_of_person(worker.pk)
    return {
        "may_undo_leave": may_edit
        and left_at is not None
        and site_date(left_at) == site_date(timezone.now()),
        "project": project,
        "worker": worker,
        "postings": here,
        "history": history,
        "worked_elsewhere": any(stint.project_id != project.pk for stint in history.stints),
        "own_stints": _own_stints(request, worker),
        "changes": changes_of_person(worker, here, _firms(project)),
        "has_photo": WorkerPhoto.objects.filter(worker=worker).exists(),
        "open": next((p for p in here if p.left_on is None), None),
        **person_contracts(project, here),
        "card": current_card(worker.pk),
        "card_answer": newest_answer(worker.pk),
        "old_cards": list(BankCard.objects.filter(worker=worker, is_current=False).order_by("-pk")[:10]),
        "purposes": PURPOSES if request.actor.has_role(*PERMISSIONS["person.unmask"]) else (),
        "may_edit": may_edit,
        "card_form": CardForm(),
        "leave_form": LeaveForm(initial={"left_on": site_date(timezone.now())}),
        "papers": papers_of(request, project, worker, here),
    }


def _own_stints(request: ActorRequest, worker: Worker) -> set[int]:
    """The person's postings, on any project, for the actor's companies or on projects they lead: there the
    team is named too."""
    mine = request.actor.organisation_ids
    seen = projects_for(request.actor, permission="person.view")
    led = Participation.objects.filter(
        organisation__in=mine, role=Participation.Role.GENERAL_CONTRACTOR, project__in=seen
    ).values("project")
    own = Posting.objects.filter(
        Q(participation__organisation__in=mine) | Q(project__in=led), worker=worker, project__in=seen
    )
    return set(own.values_list("pk", flat=True))


def _firms(project: Project) -> list[int]:
    """Whose people are named beside a change: the companies of the project."""
    return list(Participation.objects.filter(project=project).values_list("organisation_id", flat=True))


def _door(request: ActorRequest, project_pk: int, worker_pk: int) -> tuple[Project, Worker]:
    project = access_project(project_pk, request.actor, permission="person.view")
    worker = access_worker(worker_pk, project, request.actor)
    set_scope(request, project)
    return project, worker


class CardForm(forms.Form):
    """A wage card."""

    number = forms.CharField(
        label=_("Card number"),
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "input"}),
    )
    bank_name = forms.CharField(
        label=pgettext_lazy("roster field", "Bank"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"class": "input"}),
    )


class LeaveForm(forms.Form):
    """The last day on the project, and why."""

    left_on = forms.DateField(
        label=_("Last day on the project"),
        widget=forms.DateInput(attrs={"type": "date", "class": "input"}, format="%Y-%m-%d"),
    )
    reason = forms.ChoiceField(
        label=pgettext_lazy("leaving", "Why"),
        choices=LeftReason.choices,
        required=False,
        widget=forms.Select(attrs={"class": "input"}),
    )


@require_GET
@staff_view(*CONTRACTOR)
def person(request: ActorRequest, project_pk: int, worker_pk: int) -> HttpResponseBase:
    """One person: facts masked, work, cards."""
    project, worker = _door(request, project_pk, worker_pk)
    return render(request, "registration/contractor_person.html", _person_context(request, project, worker))


@never_cache
@require_POST
@staff_view(*CONTRACTOR)
def unmasked(request: ActorRequest, project_pk: int, worker_pk: int) -> HttpResponseBase:
    """The same page with full data, once, after the purpose was written down."""
    project, worker = _door(request, project_pk, worker_pk)
    purpose = dict(PURPOSES).get(request.POST.get("purpose", ""))
    full = services.unmask(
        worker.pk,
        project.pk,
        request.POST.get("purpose", "") if purpose else "",
        actor=request.actor,
        now=timezone.now(),
    )
    context = _person_context(request, project, worker) | {"full": full, "purpose": purpose}
    response = render(request, "registration/contractor_person.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "POST"])
@staff_view(*CONTRACTOR)
def card(request: ActorRequest, project_pk: int, worker_pk: int) -> HttpResponseBase:
    """Another wage card, for instance after the bank returned a payment."""
    project, worker = _door(request, project_pk, worker_pk)
    form = CardForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = services.change_card(
                worker.pk, project, data["number"], data["bank_name"], actor=request.actor, now=timezone.now()
            )
        except WagewatchError as refusal:
            if refusal.status not in {400, 409}:
                raise
            form.add_error("number", refusal.message)
        else:
            text = gettext("Wages now go to the card ending %(tail)s.") % {"tail": made.tail}
            messages.success(request, text)
            return redirect("registration:person", project.pk, worker.pk)
    context = _person_context(request, project, worker) | {"card_form": form, "asks": "card"}
    return render(request, "registration/contractor_person.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@staff_view(*CONTRACTOR)
def leaving(request: ActorRequest, project_pk: int, worker_pk: int) -> HttpResponseBase:
    """End the work of a person on the project."""
    project, worker = _door(request, project_pk, worker_pk)
    today: datetime.date = site_date(timezone.now())
    asked_day = request.GET.get("day", "")[:10]
    form = LeaveForm(request.POST or None, initial={"left_on": asked_day or today, "reason": LeftReason.DONE})
    if request.method == "POST" and form.is_valid():
        try:
            posting = leave(
                worker.pk,
                project.pk,
                form.cleaned_data["left_on"],
                reason=form.cleaned_data["reason"] or LeftReason.OTHER,
                actor=request.actor,
                now=timezone.now(),
            )
        except WagewatchError as refusal:
            if refusal.status != 409:
                raise
            form.add_error("left_on", refusal.message)
        else:
            text = gettext(
                "Last day on the project: %(day)s. The gates refuse entry after that; all wages are due on %(due)s."
            )
            messages.success(request, text % {"day": posting.left_on, "due": posting.settle_by})
            return redirect(reverse("registration:person", args=[project.pk, worker.pk]))
    context = _person_context(request, project, worker) | {"leave_form": form, "asks": "leave"}
    return render(request, "registration/contractor_person.html", context, status=400 if form.errors else 200)
