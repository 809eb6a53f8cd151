"""Is this your card? The worker answers on the phone, or at the site's tablet with a picture."""

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from registration.card_records import answer_subject
from registration.http import ActorRequest, worker_view
from registration.models import BankCard, CardAnswer
from registration.rules.card_word import CardWord
from registration.services.card_words import answer_card, asks_for_picture, current_card
from wagewatch.evidence.models import Entry
from wagewatch.lib.errors import Malformed, RuleViolation


def _own(request: ActorRequest) -> BankCard | None:
    return current_card(request.worker.pk) if request.worker else None


def _number(text: str) -> int:
    """The card's row as the page named it; 0, which is nobody's, for nonsense."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _answer(request: ActorRequest, *, is_own: bool) -> str:
    """Write the answer; what to tell where it was refused, empty when all is well."""
    photo = request.FILES.get("photo")
    try:
        answer_card(
            _number(request.POST.get("card", "")),
            is_own=is_own,
            reason=request.POST.get("reason", ""),
            text=request.POST.get("text", ""),
            picture=photo.read() if photo else b"",
            visit=request.tablet_visit,
            actor=request.actor,
            now=timezone.now(),
        )
    except (RuleViolation, Malformed) as problem:
        return problem.message
    return ""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@worker_view
def card(request: ActorRequest) -> HttpResponseBase:
    """The card on record, large; POST says that it is mine."""
    error = ""
    if request.method == "POST":
        error = _answer(request, is_own=True)
        if not error:
            messages.success(request, _("Thank you. Your wages go to this card."))
            return redirect("registration:worker-card")
    own = _own(request)
    newest = CardAnswer.objects.filter(card=own).order_by("-pk").first() if own else None
    context = {
        "card": own,
        "former": BankCard.objects.filter(worker=request.worker, is_current=False).order_by("-pk").first(),
        "picture": own is not None
        and own.word in (CardWord.ASKED, CardWord.NOT_OWN)
        and asks_for_picture(own, at_tablet=request.tablet_visit is not None, now=timezone.now()),
        "entry": Entry.objects.filter(subject=answer_subject(newest)).order_by("-pk").first()
        if newest
        else None,
        "error": error,
    }
    return render(request, "registration/worker_card.html", context, status=400 if error else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@worker_view
def deny(request: ActorRequest) -> HttpResponseBase:
    """Not my card, and why; no wages go to it from now on."""
    error = ""
    if request.method == "POST":
        error = _answer(request, is_own=False)
        if not error:
            messages.success(request, _("Written down. No wages go to this card; the clerk sees it."))
            return redirect("registration:worker-card")
    own = _own(request)
    if own is None:
        return redirect("registration:worker-card")
    context = {
        "card": own,
        "reasons": CardAnswer.Reason.choices,
        "reason": request.POST.get("reason", ""),
        "text": request.POST.get("text", ""),
        "error": error,
    }
    return render(request, "registration/worker_card_deny.html", context, status=400 if error else 200)
