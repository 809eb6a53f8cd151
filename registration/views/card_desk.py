"""Register by identity card: wait for a card on the site's reader, look at the person, add the work, register."""

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec
from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import push_url, reselect, retarget

from registration.access import access_project, not_found, participations_for, postings_for, teams_for
from registration.http import ActorRequest, staff_view
from registration.models import IdKind, Participation, PayBasis, PieceUnit, Posting, Project, Worker
from registration.permissions import CLERK
from registration.rules.card_read import LOCKED, has_unreadable_name, remarks
from registration.rules.ethnic_groups import ethnic_group
from registration.rules.person_values import PersonValues, read_person, read_posting
from registration.rules.roster_row import Message
from registration.rules.trades import TRADES
from registration.services.card_reads import (
    Waiting,
    access_card_read,
    discard_card_read,
    enter_by_card,
    merged,
    readers_of,
    waiting_reads,
)
from registration.services.entering import EntryRefused, find_worker
from registration.views.roster_rows import say
from registration.views.scope import set_scope
from registration.views.standing_words import say_standing
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import NotFound, WagewatchError
from wagewatch.lib.identity import mask_name

EMPLOYS = (
    Participation.Role.GENERAL_CONTRACTOR,
    Participation.Role.SUBCONTRACTOR,
    Participation.Role.AGENCY,
)
READER_STATES = {
    "starting": _("is being opened"),
    "ready": _("is ready"),
    "silent": _("does not answer: is it switched on?"),
    "lost": _("is not connected: look at the cable"),
    "broken": _("needs repair: tell whoever looks after the site's PC"),
    "stopped": _("was stopped on the site's PC"),
}
_FIELD = {"basis": "pay_basis", "card": "card_number", "bank": "bank_name", "rate_fen": "rate"}
"""Fields of a roster's row to those of this form."""


def _text(label: Any, *, size: int, required: bool = False, **attrs: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"class": "input", "autocomplete": "off", **attrs})
    return forms.CharField(label=label, max_length=size, required=required, widget=widget)


class WorkForm(forms.Form):
    """What the card does not say. `name` is there only if the card's own cannot be written."""

    name = _text(pgettext_lazy("roster field", "Name"), size=60)
    participation = forms.ModelChoiceField(
        label=_("For which company"),
        queryset=Participation.objects.none(),
        empty_label=None,
        widget=forms.Select(attrs={"class": "input"}),
    )
    team = _text(_("Team"), size=60, list="teams")
    trade = _text(_("Trade"), size=40, list="trades")
    pay_basis = forms.ChoiceField(
        label=_("Paid by"), choices=PayBasis.choices, widget=forms.Select(attrs={"class": "input"})
    )
    rate = _text(_("Rate in yuan"), size=20, inputmode="decimal")
    piece_unit = forms.ChoiceField(
        label=_("What is a piece"),
        choices=[("", _("only for piece work")), *PieceUnit.choices],
        required=False,
        widget=forms.Select(attrs={"class": "input"}),
    )
    joined_on = _text(_("Joined on"), size=20, type="date")
    phone = _text(_("Mobile number"), size=30, inputmode="tel")
    card_number = _text(_("Wage card"), size=40, inputmode="numeric")
    bank_name = _text(pgettext_lazy("roster field", "Bank"), size=60)

    def __init__(self, *args: Any, parts: QuerySet[Participation], asks_name: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["participation"]
        field.queryset = parts  # type: ignore[attr-defined]
        field.label_from_instance = lambda part: part.organisation.name  # type: ignore[attr-defined]
        if not asks_name:
            del self.fields["name"]

    def blame(self, field: str, text: str) -> None:
        """An error beside the field it belongs to, or above all if it belongs to the card."""
        field = _FIELD.get(field, field)
        self.add_error(field if field in self.fields else None, text)


def _words(message: Message) -> str:
    return say(msgspec.structs.asdict(message))


def _door(request: ActorRequest, project_pk: int) -> Project:
    project = access_project(project_pk, request.actor, permission="person.edit")
    set_scope(request, project)
    return project


def _parts(request: ActorRequest, project: Project) -> QuerySet[Participation]:
    return (
        participations_for(request.actor, project, permission="person.edit")
        .filter(role__in=EMPLOYS)
        .select_related("organisation")
        .order_by("-role", "pk")
    )


def _desk_context(request: ActorRequest, project: Project) -> dict[str, Any]:
    reader = request.GET.get("reader", "").replace("\x00", "")[:60]
    readers = readers_of(project)
    return {
        "project": project,
        "reader": reader,
        "reads": waiting_reads(project, reader=reader, now=timezone.now()),
        "readers": [
            {
                "name": one.name,
                "ready": one.state == "ready",
                "words": READER_STATES.get(one.state, one.state),
            }
            for one in readers
        ],
        "stays": "stay" in request.GET,
    }


def _state(context: dict[str, Any]) -> str:
    """A short digest of what the desk shows: while it is the same, a question has an empty answer."""
    shown = (
        [one.read.pk for one in context["reads"]],
        [(one["name"], str(one["words"])) for one in context["readers"]],
    )
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:12]


def _only_read(context: dict[str, Any]) -> str:
    """The address of the one read that waits; '' if none or several do, or the clerk wants to stay."""
    if len(context["reads"]) != 1 or context["stays"]:
        return ""
    return reverse("registration:card-read", args=[context["project"].pk, context["reads"][0].read.pk])


@never_cache
@require_GET
@staff_view(*CLERK)
def desk(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """Wait for a card. A single one that waits is opened at once; of several the clerk chooses."""
    context = _desk_context(request, _door(request, project_pk))
    if address := _only_read(context):
        return redirect(address)
    context["state"] = _state(context)
    return render(request, "registration/contractor_card_desk.html", context)


@never_cache
@require_GET
@staff_view(*CLERK)
def waiting(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """The part of the desk that asks three times a second; the answer is empty while nothing is new.

    When a single card waits, the answer is the whole page of its person, put in place of the desk: sending the
    browser there would cost the clerk another half second.
    """
    project = _door(request, project_pk)
    context = _desk_context(request, project)
    if address := _only_read(context):
        found = access_card_read(
            project.pk, context["reads"][0].read.pk, actor=request.actor, now=timezone.now()
        )
        response = _show(request, project, found, _form(request, project, found))
        response["HX-Reswap"] = "outerHTML show:window:top"
        return push_url(retarget(reselect(response, "main"), "main"), address)
    context["state"] = _state(context)
    if request.GET.get("state") == context["state"]:
        return HttpResponse(status=204)
    return render(request, "registration/contractor_card_waiting.html", context)


def _facts(waiting: Waiting) -> list[tuple[Any, Any]]:
    """What the card says, in words."""
    person, data = waiting.person, waiting.data
    sexes = {"1": gettext("Male"), "2": gettext("Female")}
    until = person["id_valid_until"] or (gettext("without end") if data.get("long_term") else "—")
    rows = [
        (pgettext("identity card", "Number"), person["id_number"]),
        (gettext("Document"), IdKind(person["id_kind"]).label),
        (gettext("Sex"), sexes.get(person["sex"], "—")),
        (gettext("Born"), person["birth_date"] or "—"),
        (gettext("Ethnic group"), ethnic_group(person["ethnicity"])),
        (gettext("Nationality"), person["nationality"]),
        (gettext("English name"), person["english_name"] if person["english_name"] != person["name"] else ""),
        (gettext("Address"), person["address"]),
        (gettext("Issued by"), person["id_issuer"]),
        (gettext("Valid"), f"{person['id_valid_from'] or '—'} — {until}"),
    ]
    return [(name, value) for name, value in rows if value]


def _found(request: ActorRequest, project: Project, person: PersonValues | None) -> dict[str, Any]:
    """The person on record, and their open work on this project if the clerk may see it."""
    worker: Worker | None = find_worker(person) if person else None
    here: Posting | None = None
    if worker is not None:
        here = (
            postings_for(request.actor, project)
            .filter(worker=worker, left_on=None)
            .select_related("team")
            .first()
        )
    return {"worker": worker, "here": here}


def _read_context(
    request: ActorRequest, project: Project, waiting: Waiting, form: WorkForm
) -> dict[str, Any]:
    today = site_date(timezone.now())
    typed = {"name": "某某"} if has_unreadable_name(waiting.data) else {}
    person, said = read_person(merged(waiting, typed), today=today)
    of_card = [m for m in said if m.field in LOCKED and m.kind != "note"]
    return {
        "project": project,
        "waiting": waiting,
        "form": form,
        "facts": _facts(waiting),
        "stops": [_words(m) for m in of_card if m.kind == "stop"],
        "warnings": [_words(m) for m in [*of_card, *remarks(waiting.data, today=today)] if m.kind == "warn"],
        "trades": TRADES,
        "teams": teams_for(request.actor, project)
        .order_by("name")
        .values_list("name", flat=True)
        .distinct()[:200],
        **_found(request, project, person),
    }


@never_cache
@require_http_methods(["GET", "POST"])
@staff_view(*CLERK)
def card_read(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """The person of a card, locked as the card says, and the form of their work."""
    project = _door(request, project_pk)
    now = timezone.now()
    try:
        waiting = access_card_read(project.pk, pk, actor=request.actor, now=now)
    except NotFound:
        messages.warning(
            request, gettext("This card read is used or more than ten minutes old. Lay the card down again.")
        )
        return redirect(reverse("registration:card-desk", args=[project.pk]) + "?stay=1")
    form = _form(request, project, waiting)
    if request.method == "POST" and form.is_valid() and _register(request, project, waiting, form):
        return redirect("registration:card-desk", project.pk)
    return _show(request, project, waiting, form)


def _form(request: ActorRequest, project: Project, waiting: Waiting) -> WorkForm:
    return WorkForm(
        request.POST or None,
        parts=_parts(request, project),
        asks_name=has_unreadable_name(waiting.data),
        initial={"joined_on": site_date(timezone.now()).isoformat(), "pay_basis": PayBasis.DAY},
    )


def _show(request: ActorRequest, project: Project, waiting: Waiting, form: WorkForm) -> HttpResponse:
    context = _read_context(request, project, waiting, form)
    response = render(
        request, "registration/contractor_card_read.html", context, status=400 if form.errors else 200
    )
    response["Cache-Control"] = "no-store"
    return response


def _register(request: ActorRequest, project: Project, waiting: Waiting, form: WorkForm) -> bool:
    """Write; False with all the errors beside their fields."""
    now = timezone.now()
    data = form.cleaned_data
    today = site_date(now)
    posting, said = read_posting(data, today=today)
    person, of_person = read_person(merged(waiting, data), today=today)
    if posting is None or person is None:
        _blame(form, [*said, *of_person])
        return False
    try:
        entered = enter_by_card(
            project.pk,
            waiting.read.pk,
            data["participation"].pk,
            data,
            posting,
            actor=request.actor,
            now=now,
        )
    except EntryRefused as refusal:
        form.blame(refusal.field, str(refusal.message))
        return False
    except WagewatchError as refusal:
        if refusal.status not in {400, 409}:
            raise
        form.add_error(None, str(refusal.message))
        return False
    _tell(request, entered.posting, found_again=entered.found_again, warnings=entered.warnings)
    return True


def _blame(form: WorkForm, said: Iterable[Message]) -> None:
    for message in said:
        if message.kind == "stop":
            form.blame(message.field, _words(message))


def _tell(request: ActorRequest, posting: Posting, *, found_again: bool, warnings: Iterable[Message]) -> None:
    """What happened, and what to look at."""
    facts = {"name": mask_name(posting.worker.name), "team": posting.team.name, "pin": posting.pin}
    if found_again:
        text = gettext("%(name)s was found again and now works in %(team)s; number at the gate %(pin)s.")
    else:
        text = gettext("%(name)s is registered in %(team)s; number at the gate %(pin)s.")
    messages.success(request, text % facts)
    for warning in warnings:
        messages.warning(request, f"{facts['name']}{gettext(': ')}{_words(warning)}")
    say_standing(request, posting, posting.worker.name)


@never_cache
@require_GET
@staff_view(*CLERK)
def photo(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """The picture of a read that waits."""
    found = access_card_read(project_pk, pk, actor=request.actor, now=timezone.now())
    if not found.read.photo:
        not_found()
    return HttpResponse(
        bytes(found.read.photo), content_type="image/jpeg", headers={"Cache-Control": "no-store"}
    )


@require_POST
@staff_view(*CLERK)
def discard(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """Not this person: forget the read."""
    project = _door(request, project_pk)
    discard_card_read(project.pk, pk, actor=request.actor, now=timezone.now())
    messages.success(request, gettext("The card read is forgotten; nobody was registered."))
    return redirect("registration:card-desk", project.pk)
