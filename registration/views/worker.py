"""The worker's own pages: who I am here, and what was agreed."""

from typing import Any

from django.db.models import F
from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from registration.http import ActorRequest, worker_view
from registration.models import CitizenCard, Posting
from registration.rules.card_word import CardWord
from registration.services.acknowledging import waiting_for_worker
from registration.services.card_words import current_card
from registration.views.worker_contracts import contract_cards


def _postings(request: ActorRequest) -> list[Posting]:
    return list(
        Posting.objects.filter(worker=request.worker)
        .select_related("project", "team", "participation__organisation")
        .order_by(F("left_on").desc(nulls_first=True), "-joined_on", "pk")[:50]
    )


@never_cache
@require_GET
@worker_view
def me(request: ActorRequest) -> HttpResponseBase:
    """Name, phone, card, where I work and worked; help; sign-out."""
    card = current_card(request.worker.pk) if request.worker else None
    context = {
        "worker": request.worker,
        "card": card,
        "asked_card": card if card and card.word == CardWord.ASKED else None,
        "postings": _postings(request),
        "asked_postings": waiting_for_worker(request.worker.pk) if request.worker else [],
        "has_citizen_card": CitizenCard.objects.filter(worker=request.worker).exists(),
    }
    return render(request, "registration/worker_me.html", context)


@never_cache
@require_GET
@worker_view
def contract(request: ActorRequest) -> HttpResponseBase:
    """What is agreed: contracts to sign, in force and former; employer, trade, rate, pay day."""
    postings = _postings(request)
    context: dict[str, Any] = {
        "current": [p for p in postings if p.left_on is None],
        "worker": request.worker,
    }
    if request.worker is not None:
        context |= contract_cards(request.worker)
        told = {one["contract"].posting_id for one in context["contracts"]}
        context["current"] = [p for p in context["current"] if p.pk not in told]
    return render(request, "registration/worker_contract.html", context)
