"""A proceeding about the list of serious dishonesty as the firm sees it: its state, and what the firm may say."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from inspection.firm_access import access_listing
from inspection.list_rules import Stage, obstacle
from inspection.models import FirmWord, Listing, ListingStep
from inspection.services.firm_words import LONGEST, ask_removal, object_to_listing
from inspection.services.listing import REFUSALS, stage_of
from inspection.views.firm_forms import PAPER_FIELDS, SayForm
from inspection.views.firm_orders import firm_view
from registration.http import ActorRequest
from registration.views.chain_forms import say_at
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import WagewatchError

FIELDS = {
    "word": "text",
    "list.day": "on",
    "list.too_soon": "on",
    **PAPER_FIELDS,
}


class WordForm(SayForm):
    """An objection; for a request for removal also the day from which the months are counted."""

    def __init__(self, *args: Any, removal: bool) -> None:
        words = _("What was paid and corrected, and your pledge") if removal else _("What speaks against it")
        super().__init__(*args, words=words, paper=_("Proof: a paper or photo"), longest=LONGEST)
        if removal:
            self.fields["on"] = forms.DateField(
                label=_("Day on which everything was paid and corrected"),
                widget=forms.DateInput(attrs={"type": "date", "class": "input"}, format="%Y-%m-%d"),
            )
            self.order_fields(("on", "text", "paper"))


@never_cache
@require_http_methods(["GET", "POST"])
@firm_view
def proceeding(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Where a proceeding stands, each step with its reason, and the firm's objection or request for removal."""
    found = access_listing(pk, request.actor)
    now = timezone.now()
    today = site_date(now)
    stage = stage_of(found, today=today)
    removal = found.state == Listing.State.LISTED
    act = FirmWord.Kind.REMOVAL_ASKED if removal else FirmWord.Kind.OBJECTION
    posted = request.method == "POST"
    form = WordForm(request.POST, request.FILES, removal=removal) if posted else WordForm(removal=removal)
    if posted and form.is_valid():
        try:
            _say(pk, form, request, removal=removal)
        except WagewatchError as refusal:
            say_at(form, refusal, FIELDS)
        else:
            messages.success(request, _("Sent. The office answers it, and the answer stands here."))
            return redirect("supervised:listing", pk)
    context = {
        "listing": found,
        "stage": stage,
        "removal": removal,
        "form": form,
        "against": _against(stage, act),
        "events": _events(found),
        "today": today,
    }
    return render(request, "inspection/firm_listing.html", context, status=400 if form.errors else 200)


def _say(pk: int, form: WordForm, request: ActorRequest, *, removal: bool) -> None:
    data = form.cleaned_data
    said: dict[str, Any] = {
        "text": data["text"],
        "file": form.upload,
        "actor": request.actor,
        "now": timezone.now(),
    }
    if removal:
        ask_removal(pk, on=data["on"], **said)
    else:
        object_to_listing(pk, **said)


def _against(stage: Stage, act: str) -> str:
    """Why the firm cannot say anything now; a day that it gives itself decides only when it is sent."""
    found = obstacle(stage, act, stage.today)
    if found is None or found[0] == "list.too_soon":
        return ""
    code, facts = found
    if code == "list.not_now":
        return _("Nothing can be sent now: what you sent waits for its answer, or the proceeding is over.")
    return str(REFUSALS[code] % facts)


def _events(listing: Listing) -> list[dict[str, Any]]:
    """Steps of the office and words of the firm, newest first; which official wrote them is not the firm's."""
    steps = ListingStep.objects.filter(listing=listing).values("number", "kind", "on", "document", "reason")
    found: list[tuple[tuple[int, int, int], dict[str, Any]]] = [
        (
            (step["number"], 0, 0),
            {
                "time": step["on"].isoformat(),
                "strong": ListingStep.Kind(step["kind"]).label,
                "text": f" {step['document']}" if step["document"] else "",
                "note": step["reason"],
            },
        )
        for step in steps
    ]
    for word in FirmWord.objects.filter(listing=listing).select_related("by"):
        event = {
            "time": site_date(word.at).isoformat(),
            "strong": word.get_kind_display(),
            "note": f"{word.text}　{word.by.name}",
        }
        found.append(((word.after, 1, word.pk), event))
    return [event for _place, event in sorted(found, key=lambda one: one[0], reverse=True)]
