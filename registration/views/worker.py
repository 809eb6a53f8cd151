"""The worker's own pages: who I am here, and what was agreed."""

from django.db.models import F
from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from registration.http import ActorRequest, worker_view
from registration.models import BankCard, Posting
from registration.services.acknowledging import waiting_for_worker


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
    card = BankCard.objects.filter(worker=request.worker, is_current=True).first()
    context = {
        "worker": request.worker,
        "card": card,
        "postings": _postings(request),
        "asked_postings": waiting_for_worker(request.worker.pk) if request.worker else [],
    }
    return render(request, "registration/worker_me.html", context)


@never_cache
@require_GET
@worker_view
def contract(request: ActorRequest) -> HttpResponseBase:
    """What is agreed: employer, trade, rate, pay day."""
    postings = _postings(request)
    context = {"current": [p for p in postings if p.left_on is None], "worker": request.worker}
    return render(request, "registration/worker_contract.html", context)
