"""Citizen cards of a project: who has one, what is overdue, steps for many or one, the card centre's file."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from registration.access import access_project, not_found, participations_for, postings_for
from registration.http import ActorRequest, staff_view
from registration.models import CitizenCard, Participation, Project
from registration.permissions import CLERK, CONTRACTOR, PERMISSIONS
from registration.rules.citizen_cards import IN_HAND, NEXT
from registration.services import citizen_cards as services
from registration.services.card_statistics import registered_against_carded
from registration.services.citizen_card_import import import_results
from registration.services.citizen_cards import Done, Row
from registration.views.scope import set_scope
from registration.views.training_forms import SHEETS, day_field, text_field
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import WagewatchError
from wagewatch.lib.identity import mask_name

PAGE = 50
State = CitizenCard.State
TABS = (
    ("overdue", _("Overdue")),
    ("none", _("Without a card")),
    ("way", _("On the way")),
    ("issued", _("To hand out")),
    ("hand", _("In hand")),
    ("ended", _("Lost or returned")),
    ("all", _("All")),
)
_TAB_STATES: dict[str, tuple[str, ...]] = {
    "way": (State.APPLIED, State.SUBMITTED, State.MADE),
    "issued": (State.ISSUED,),
    "hand": tuple(IN_HAND),
    "ended": (State.LOST, State.RETURNED),
}
BULK = ("apply", State.SUBMITTED, State.MADE, State.ISSUED, State.COLLECTED, State.ACTIVE, State.RETURNED)


def _door(
    request: ActorRequest, project_pk: int, permission: str = "person.view"
) -> tuple[Project, list[Participation]]:
    """The project and its parts within reach. 404 where the region has no citizen cards."""
    project = access_project(project_pk, request.actor, permission=permission)
    if not services.has_scheme(project.region_id, on=site_date(timezone.now())):
        not_found()
    set_scope(request, project)
    return project, list(participations_for(request.actor, project, permission=permission))


def _in_tab(row: Row, tab: str, today: Any) -> bool:
    if tab == "all":
        return True
    if tab == "overdue":
        return row.is_overdue(today)
    if tab == "none":
        return row.card is None
    return row.card is not None and row.card.state in _TAB_STATES[tab]


@require_GET
@staff_view(*CONTRACTOR)
def citizen_cards(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """People at work and their cards, what is overdue first; steps for the ticked ones."""
    project, parts = _door(request, project_pk)
    today = site_date(timezone.now())
    rows = services.card_rows(project, parts, on=today)
    counts = {tab: sum(_in_tab(row, tab, today) for row in rows) for tab, _label in TABS}
    show = request.GET.get("show", "")
    if show not in counts:
        show = "overdue" if counts["overdue"] else "all"
    page = Paginator([row for row in rows if _in_tab(row, show, today)], PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "project": project,
        "page": page,
        "show": show,
        "tabs": [
            {"url": f"?show={tab}", "label": label, "count": counts[tab], "current": tab == show}
            for tab, label in TABS
        ],
        "rows": [
            {
                "posting": row.posting,
                "card": row.card,
                "due_on": row.due_on,
                "overdue": row.is_overdue(today),
                "next": _next_words(row.card),
            }
            for row in page
        ],
        "stats": _stats(project, parts, today, counts["overdue"]),
        "deadlines": services.deadlines_for(project.region_id, on=today),
        "today": today,
        "acts": [("apply", _("Apply for a card")), *((s, services.WORDS[s]) for s in BULK if s != "apply")],
        "may_manage": request.actor.has_role(*PERMISSIONS[services.PERMISSION]),
    }
    return render(request, "registration/citizen_cards.html", context)


def _stats(project: Project, parts: list[Participation], today: Any, overdue: int) -> list[dict[str, Any]]:
    found = registered_against_carded([project], on=today, parts=[part.pk for part in parts])
    registered, carded, way, without = (
        (found[0].registered, found[0].carded, found[0].on_the_way, found[0].without)
        if found
        else (0, 0, 0, 0)
    )
    percent = found[0].percent if found else 0
    return [
        {"label": _("Registered"), "figure": registered, "note": _("people at work today")},
        {
            "label": _("Carded"),
            "figure": carded,
            "note": gettext("%(percent)s %% of them hold their card") % {"percent": percent},
        },
        {"label": _("On the way"), "figure": way, "note": _("applied for, not yet in hand")},
        {"label": _("Without a card"), "figure": without, "note": _("the gates let them in all the same")},
        {
            "label": _("Overdue steps"),
            "figure": overdue,
            "note": _("by the deadlines of this city"),
            "icon": "yellow" if overdue else "",
        },
    ]


def _next_words(card: CitizenCard | None) -> str:
    """What has to be done next, in a few words."""
    if card is None:
        return gettext("apply for the card")
    return {
        State.APPLIED: gettext("hand it in at the card centre"),
        State.SUBMITTED: gettext("the card centre issues it"),
        State.MADE: gettext("the card centre issues it"),
        State.ISSUED: gettext("give it to the worker"),
        State.COLLECTED: gettext("have the bank function opened"),
        State.LOST: gettext("apply for a new card"),
    }.get(State(card.state), "")


def _ticked(request: ActorRequest) -> set[int]:
    return {int(text) for text in request.POST.getlist("who") if text.isdecimal() and len(text) < 18}


def _say(request: ActorRequest, done: Done) -> None:
    if done.taken:
        text = ngettext("%(number)d card moved on.", "%(number)d cards moved on.", done.taken)
        messages.success(request, text % {"number": done.taken})
    for refusal in done.refused[:10]:
        messages.warning(request, f"{mask_name(refusal.name)}: {refusal.message}")
    if len(done.refused) > 10:
        text = ngettext(
            "And %(number)d more card stayed.", "And %(number)d more cards stayed.", len(done.refused) - 10
        )
        messages.warning(request, text % {"number": len(done.refused) - 10})


class DayForm(forms.Form):
    """The day of a step."""

    on = day_field(_("Day"))


@require_POST
@staff_view(*CLERK)
def citizen_cards_step(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """The same step for everybody who is ticked."""
    project, _parts = _door(request, project_pk, services.PERMISSION)
    form, who, act = DayForm(request.POST), _ticked(request), request.POST.get("act", "")
    if not who:
        messages.warning(request, gettext("Tick the people first."))
    elif act not in BULK or not form.is_valid():
        messages.warning(request, gettext("Choose what was done, and the day."))
    else:
        day, now = form.cleaned_data["on"], timezone.now()
        try:
            if act == "apply":
                done = services.apply_for_cards(project.pk, who, on=day, actor=request.actor, now=now)
            else:
                done = services.take_steps(project.pk, who, act, on=day, actor=request.actor, now=now)
        except WagewatchError as error:
            if error.status not in {400, 409}:
                raise
            messages.warning(request, error.message)
        else:
            _say(request, done)
    back = redirect("registration:citizen-cards", project.pk)
    if request.POST.get("show") in dict(TABS):
        back["Location"] += f"?show={request.POST['show']}"
    return back


class StepForm(forms.Form):
    """One step of one card."""

    to = forms.ChoiceField(label=_("What was done"), widget=forms.Select(attrs={"class": "input"}))
    on = day_field(_("Day"))
    number = text_field(_("Card number"), 40, required=False, autocomplete="off")
    note = text_field(_("Remark"), 200, required=False)

    def __init__(self, *args: Any, card: CitizenCard, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [(s, services.WORDS[s]) for s in NEXT[card.state]]  # type: ignore[attr-defined]
        if card.number_tail:
            text = _("Ends in %(tail)s. Leave it empty to keep it.")
            self.fields["number"].help_text = text % {"tail": card.number_tail}
        else:
            self.fields["number"].help_text = _("Needed once the worker holds the card.")


_FIELDS = {
    "card.step": "to",
    "card.step_taken": "to",
    "card.day": "on",
    "card.number_missing": "number",
    "card.number_taken": "number",
    "card.citizen_number": "number",
}


@require_http_methods(["GET", "POST"])
@staff_view(*CONTRACTOR)
def citizen_card(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """One card: its steps with their days, and the next one."""
    permission = services.PERMISSION if request.method == "POST" else "person.view"
    project, parts = _door(request, project_pk, permission)
    card = (
        services.cards_within(project, parts)
        .filter(pk=pk)
        .select_related("worker", "region", "organisation")
        .first()
    )
    if card is None:
        not_found()
    today = site_date(timezone.now())
    form = StepForm(request.POST or None, card=card, initial={"on": today})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            services.take_step(
                project.pk,
                card.pk,
                data["to"],
                on=data["on"],
                number=data["number"],
                note=data["note"],
                actor=request.actor,
                now=timezone.now(),
            )
        except WagewatchError as error:
            if error.status not in {400, 409}:
                raise
            form.add_error(_FIELDS.get(error.code), error.message)
        else:
            messages.success(request, gettext("The step is on record."))
            return redirect("registration:citizen-card", project.pk, card.pk)
    posting = postings_for(request.actor, project).filter(worker=card.worker).order_by("-joined_on").first()
    context = {
        "project": project,
        "card": card,
        "posting": posting,
        "steps": list(card.steps.select_related("user").order_by("-at", "-pk")),
        "form": form,
        "steps_left": bool(NEXT[card.state]),
        "today": today,
        "overdue": card.due_on is not None and card.due_on < today,
        "next": _next_words(card),
        "may_manage": request.actor.has_role(*PERMISSIONS[services.PERMISSION]),
    }
    return render(request, "registration/citizen_card.html", context, status=400 if form.errors else 200)


class ImportForm(forms.Form):
    """The card centre's file."""

    file = forms.FileField(
        label=_("The card centre's file"),
        help_text=_(".xlsx, .xls, .ods or .csv with the columns 身份证号 and 卡号; 发卡日期 is read too."),
        widget=forms.FileInput(attrs={"accept": SHEETS, "class": "input"}),
        error_messages={"required": _("Choose a file first.")},
    )


@require_http_methods(["GET", "POST"])
@staff_view(*CLERK)
def citizen_cards_import(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """Take in the card centre's file; the answer names every row that was not taken, and why."""
    project, _parts = _door(request, project_pk, services.PERMISSION)
    form = ImportForm(request.POST or None, request.FILES or None)
    done = None
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            done = import_results(
                project.pk, file.read(), file.name or "", actor=request.actor, now=timezone.now()
            )
        except WagewatchError as error:
            if error.status not in {400, 409, 503}:
                raise
            form.add_error("file", error.message)
    context = {"project": project, "form": form, "done": done}
    return render(
        request, "registration/citizen_cards_import.html", context, status=400 if form.errors else 200
    )
