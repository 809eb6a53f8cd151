"""The worker's own papers on the phone: trainings, certificates, the citizen card."""

from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from registration.http import ActorRequest, worker_view
from registration.models import Certificate, CitizenCard, Posting, TrainingAttendance
from registration.rules.citizen_cards import ENDED, STEPS
from registration.services.citizen_cards import cards_of
from registration.services.entry import standing_of
from registration.views.standing_words import shown
from wagewatch.lib.dates import site_date
from wagewatch.templatetags.ww import worker_day

MOST = 50
State = CitizenCard.State


@never_cache
@require_GET
@worker_view
def worker_trainings(request: ActorRequest) -> HttpResponseBase:
    """My trainings and certificates, and whether the gates let me in."""
    today = site_date(timezone.now())
    attended = (
        TrainingAttendance.objects.filter(worker=request.worker)
        .select_related("training__project")
        .order_by("-training__held_on", "-pk")[:MOST]
    )
    certificates = (
        Certificate.objects.filter(worker=request.worker).defer("number").order_by("-issued_on", "-pk")[:MOST]
    )
    current = list(
        Posting.objects.filter(worker=request.worker, left_on=None)
        .select_related("project")
        .order_by("-joined_on")[:3]
    )
    context = {
        "attended": attended,
        "certificates": certificates,
        "sites": [{"project": p.project, "standing": shown(standing_of(p, on=today))} for p in current],
        "today": today,
    }
    return render(request, "registration/worker_trainings.html", context)


@never_cache
@require_GET
@worker_view
def worker_citizen_card(request: ActorRequest) -> HttpResponseBase:
    """My citizen card: how far it is, and what comes next."""
    assert request.worker is not None  # noqa: S101 - worker_view let us in
    cards = cards_of(request.worker)
    context = {"cards": [{"card": card, "steps": _steps(card)} for card in cards]}
    return render(request, "registration/worker_citizen_card.html", context)


def _steps(card: CitizenCard) -> list[dict[str, Any]]:
    """The way of a card for the phone: done with its day, or still to come. MADE is the centre's own affair."""
    words = {
        State.APPLIED: gettext("Your firm applied for it"),
        State.SUBMITTED: gettext("The card centre has the papers"),
        State.ISSUED: gettext("Your firm has the card"),
        State.COLLECTED: gettext("You have the card"),
        State.ACTIVE: gettext("The bank function is open"),
    }
    days = {step.state: step for step in card.steps.all()}
    rows = [
        {
            "text": words[State(state)],
            "note": worker_day(days[state].on) if state in days else "",
            "done": state in days,
        }
        for state in STEPS
        if state in words and (state in days or card.state not in ENDED)
    ]
    if card.state in ENDED:
        text = gettext("The card is lost") if card.state == State.LOST else gettext("The card was given back")
        rows.append({"text": text, "note": worker_day(card.state_on), "done": True})
    elif card.due_on and rows:
        waiting = next((row for row in rows if not row["done"]), None)
        if waiting:
            waiting["note"] = gettext("by %(day)s") % {"day": worker_day(card.due_on)}
    return rows
