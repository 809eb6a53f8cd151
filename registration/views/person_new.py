"""Register one person in the browser: first the document, then the rest; who is on record is found again."""

import base64
import binascii
import datetime
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from registration.access import access_project, participations_for, teams_for
from registration.http import ActorRequest, staff_view
from registration.models import Participation, PayBasis, Project, RegisteredBy, SkillGrade, Worker, WorkRole
from registration.permissions import CLERK
from registration.rules.person_values import Document, PersonValues, read_document, read_person, read_posting
from registration.rules.roster_row import Message
from registration.rules.trades import TRADES
from registration.services.entering import EntryRefused, enter
from registration.services.entry import preview_findings
from registration.services.portability import Recall, recall_person
from registration.services.portraits import LARGEST_BYTES, make_portrait
from registration.views.person_forms import CardForm, PersonForm, WorkForm
from registration.views.scope import set_scope
from registration.views.standing_words import say_standing, shown_findings
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed
from wagewatch.lib.identity import mask_name

MILD = frozenset(("phone.none", "card.none"))
"""Warnings that need no second look: what is missing can be added later."""
IDENTITY_FIELDS = (
    "sex",
    "birth_date",
    "english_name",
    "ethnicity",
    "origin_code",
    "household",
    "education",
    "politics",
    "skill_grade",
    "id_issuer",
    "id_valid_until",
)
DOCUMENT_FIELDS = ("id_kind", "id_number", "name", "nationality")


def employers(request: ActorRequest, project: Project) -> QuerySet[Participation]:
    """The companies of the project for which the actor may register people."""
    parts = participations_for(request.actor, project, permission="person.edit")
    return parts.filter(left_on=None).select_related("organisation").order_by("-role", "pk")


@never_cache
@require_http_methods(["GET", "POST"])
@staff_view(*CLERK)
def person_new(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """One person, in two steps on one address; numbers and names travel in the body only."""
    project = access_project(project_pk, request.actor, permission="person.edit")
    set_scope(request, project)
    if request.method == "GET":
        return _first(request, project, CardForm(initial={"id_kind": "01"}))
    card = CardForm(request.POST)
    document, said = read_document(request.POST, today=site_date(timezone.now()))
    card.put(said)
    if document is None or not card.is_valid():
        return _first(request, project, card, status=400)
    recall = recall_person(
        project.pk,
        document.id_kind,
        document.id_number,
        document.nationality,
        document.name,
        actor=request.actor,
        now=timezone.now(),
    )
    if recall.state in {"differs", "too_often"}:
        card.refuse("name", _wrong_name(recall))
        return _first(request, project, card, status=409)
    return _second(request, project, card, document, recall)


def _wrong_name(recall: Recall) -> str:
    if recall.state == "too_often":
        return gettext(
            "Too many different names for this number. Ask the person for the card, and try again in an hour."
        )
    text = gettext("This ID number is on record for %(name)s. Check name and number against the card.")
    return text % {"name": recall.masked_name}


def _first(request: ActorRequest, project: Project, form: CardForm, *, status: int = 200) -> HttpResponseBase:
    context = {"project": project, "form": form, "step": 1}
    return render(request, "registration/contractor_person_new.html", context, status=status)


def _second(
    request: ActorRequest, project: Project, card: CardForm, document: Document, recall: Recall
) -> HttpResponseBase:
    """The rest of the form, filled or empty; registers when it was sent and nothing is wrong."""
    saving = request.POST.get("step") == "save"
    sent = request.POST if saving else None
    parts = employers(request, project)
    person = PersonForm(
        sent,
        request.FILES if saving else None,
        document=document,
        known=recall.worker,
        initial={"skill_grade": SkillGrade.NONE},
    )
    today = site_date(timezone.now())
    work = WorkForm(
        sent,
        parts=parts,
        pay_day=project.pay_day,
        initial={"pay_basis": PayBasis.DAY, "joined_on": today, "work_role": WorkRole.WORKER},
    )
    photo, kept = _photo(request, person) if saving else (b"", "")
    doubts: list[str] = []
    if saving:
        answer, doubts = _save(request, project, person, work, photo, recall.worker)
        if answer is not None:
            return answer
    context = {
        "project": project,
        "step": 2,
        "card": card,
        "document": document,
        "recall": recall,
        "person": person,
        "work": work,
        "findings": _findings(request, project, document, recall, today),
        "teams": teams_for(request.actor, project).order_by("name").values_list("name", flat=True).distinct(),
        "trades": TRADES,
        "kept_photo": kept,
        "doubts": doubts,
        "seen": "|".join(doubts),
        "identity_fields": [person[field] for field in IDENTITY_FIELDS if field in person.fields],
        "hidden": [(name, request.POST.get(name, "")) for name in DOCUMENT_FIELDS],
    }
    wrong = saving and bool(person.errors or work.errors)
    return render(request, "registration/contractor_person_new.html", context, status=400 if wrong else 200)


def _findings(
    request: ActorRequest, project: Project, document: Document, recall: Recall, today: datetime.date
) -> list[dict[str, Any]]:
    """What stands against entry as far as it can be told before the person is registered."""
    if recall.works_here or document.birth_date is None:
        return []
    found = preview_findings(
        project,
        on=today,
        birth_date=document.birth_date,
        sex=document.sex,
        trade=request.POST.get("trade", "")[:40],
        joined_on=today,
        worker_id=recall.worker.pk if recall.worker else None,
    )
    return shown_findings(found)


def _photo(request: ActorRequest, form: PersonForm) -> tuple[bytes, str]:
    """The portrait sent now, or the one that came back with the form, and how it is kept in the form: a
    browser does not send a chosen file twice."""
    file = request.FILES.get("photo")
    try:
        if file is not None:
            portrait = make_portrait(file.read())
        elif kept := request.POST.get("kept_photo", "")[: LARGEST_BYTES * 2]:
            portrait = make_portrait(base64.b64decode(kept, validate=True))
        else:
            return b"", ""
    except binascii.Error:
        return b"", ""
    except Malformed as refusal:
        form.refuse("photo", refusal.message)
        return b"", ""
    return portrait, base64.b64encode(portrait).decode()


def _save(
    request: ActorRequest,
    project: Project,
    person: PersonForm,
    work: WorkForm,
    photo: bytes,
    known: Worker | None,
) -> tuple[HttpResponseBase | None, list[str]]:
    """Register; or the doubts that must be looked at once more; errors are put into the forms."""
    now = timezone.now()
    today = site_date(now)
    typed: dict[str, Any] = {**request.POST.dict(), "photo": photo, "photo_source": "file"}
    if known is not None:  # not asked again
        typed |= {"sex": str(known.sex), "birth_date": known.birth_date}
    values, said = read_person(typed, today=today)
    posting, of_work = read_posting(typed, today=today)
    person.put(said)
    work.put(of_work)
    forms_fit = person.is_valid() & work.is_valid()
    if values is None or posting is None or not forms_fit:
        return None, []
    doubts = _doubts([*said, *of_work])
    if doubts and request.POST.get("seen", "") != "|".join(doubts):
        return None, doubts
    try:
        entered = enter(
            project.pk,
            work.cleaned_data["part"].pk,
            values,
            posting,
            by=RegisteredBy.FORM,
            actor=request.actor,
            now=now,
        )
    except EntryRefused as refusal:
        form = work if refusal.field in work.fields else person
        form.refuse(refusal.field, refusal.message)
        return None, []
    _say(request, values, entered.found_again, entered.posting.pin, entered.warnings)
    say_standing(request, entered.posting, values.name)
    if "next" in request.POST:
        return redirect("registration:person-new", project.pk), []
    return redirect("registration:person", project.pk, entered.posting.worker_id), []


def _doubts(said: Iterable[Message]) -> list[str]:
    return [
        gettext(m.text) % m.facts if m.facts else gettext(m.text)
        for m in said
        if m.kind == "warn" and m.code not in MILD
    ]


def _say(
    request: ActorRequest, person: PersonValues, found_again: bool, pin: int, warnings: Iterable[Message]
) -> None:
    facts = {"name": mask_name(person.name), "pin": pin}
    if found_again:
        text = gettext("%(name)s was on record and works here now. Number at the gate: %(pin)s.")
    else:
        text = gettext("%(name)s is registered. Number at the gate: %(pin)s.")
    messages.success(request, text % facts)
    for one in warnings:
        messages.warning(request, gettext(one.text) % one.facts if one.facts else gettext(one.text))
