"""The list of serious dishonesty for inspectors: proceedings, a new one, its steps."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from inspection.http import inspector_view
from inspection.list_rules import Sum, obstacle, possible, reaches_amount
from inspection.models import FirmWord, Listing, ListingStep
from inspection.services.listing import (
    REASON,
    REFUSALS,
    amounts_of,
    give_notice,
    labour_office,
    owed_by,
    stage_of,
    take_step,
)
from inspection.views.case_fields import area
from inspection.views.credit import firms_of
from payroll.services.deposit_rulings import may_rule
from registration.access import not_found, not_permitted
from registration.actors import Actor
from registration.http import ActorRequest
from registration.services.firms import seen_firm
from registration.views.chain_forms import WrittenField, choice, say_at, text
from registration.views.stored_files import stored_file
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import WagewatchError

PER_PAGE = 50
Kind = ListingStep.Kind
ACTS: dict[str, Any] = {
    Kind.OBJECTION: gettext_lazy("Enter an objection"),
    Kind.ANSWERED: gettext_lazy("Answer the objection"),
    Kind.EXTENDED: gettext_lazy("Extend the time to decide"),
    Kind.LISTED: gettext_lazy("Put the firm on the list"),
    Kind.SPARED: gettext_lazy("Close without listing"),
    Kind.REMOVAL_ASKED: gettext_lazy("Enter the request for removal"),
    Kind.REMOVED: gettext_lazy("Remove from the list"),
    Kind.REFUSED: gettext_lazy("Refuse the removal"),
}
DAYS: dict[str, Any] = {
    Kind.OBJECTION: gettext_lazy("Day on which it came in"),
    Kind.REMOVAL_ASKED: gettext_lazy("Day on which everything was paid and corrected"),
}
DECISIONS = {Kind.LISTED, Kind.SPARED, Kind.REMOVED, Kind.REFUSED}
EFFECTS: dict[str, Any] = {
    Kind.LISTED: gettext_lazy(
        "The firm is published for three years, its wage deposits rise, and its projects are not ready for a permit."
    ),
    Kind.REMOVED: gettext_lazy(
        "The firm leaves the public list. Its deposits stay raised as those of a firm that was in arrears."
    ),
}


def _day(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date", "class": "input"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget)


class NoticeForm(forms.Form):
    """The notice that a firm is about to be listed."""

    ground = forms.ChoiceField(label=gettext_lazy("Ground"), choices=Listing.Ground.choices, widget=choice())
    responsible = WrittenField(
        label=gettext_lazy("Legal representative or person in charge"),
        max_length=40,
        widget=text(),
        help_text=gettext_lazy("The name is published with the firm."),
    )
    order_document = WrittenField(
        label=gettext_lazy("Number of the order to pay"), max_length=60, widget=text()
    )
    order_due_on = _day(gettext_lazy("Day on which the order lapsed"))
    reason = area(gettext_lazy("Facts"), longest=REASON)

    FIELDS = {
        "list.ground": "ground",
        "list.amount": "ground",
        "list.responsible": "responsible",
        "list.order": "order_document",
        "list.order_runs": "order_due_on",
        "list.reason": "reason",
    }


class StepForm(forms.Form):
    """One step: its day where it is not today, the decision's number where it is one, and why."""

    reason = area(gettext_lazy("Reason"), longest=REASON)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind in DAYS:
            self.fields["on"] = _day(DAYS[kind])
        if kind in DECISIONS:
            label = gettext_lazy("Number of the decision")
            self.fields["document"] = WrittenField(label=label, max_length=60, widget=text())
        self.order_fields(("on", "document", "reason"))

    FIELDS = {
        "list.document": "document",
        "list.reason": "reason",
        "list.day": "on",
        "list.objection_late": "on",
        "list.too_soon": "on",
    }


def _seen(pk: int, actor: Actor) -> Listing:
    """A proceeding about a firm within reach."""
    found = Listing.objects.select_related("organisation", "authority__region").filter(pk=pk).first()
    if found is None or not firms_of(actor).filter(pk=found.organisation_id).exists():
        not_found()
    return found


def listed(actor: Actor) -> QuerySet[Listing]:
    """Proceedings about firms within reach, the newest first."""
    return (
        Listing.objects.filter(organisation__in=firms_of(actor))
        .select_related("organisation", "authority")
        .order_by("-made_at", "-pk")
    )


@require_GET
@inspector_view
def listings(request: ActorRequest) -> HttpResponseBase:
    """Proceedings about firms within reach, the newest first."""
    page = Paginator(listed(request.actor), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "today": site_date(timezone.now())}
    return render(request, "inspection/listings.html", context)


@require_http_methods(["GET", "POST"])
@inspector_view
def listing_new(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Give a firm notice; the page shows first whether the conditions are met."""
    firm = seen_firm(pk, request.actor)
    office = labour_office(request.actor)
    form = NoticeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = give_notice(pk, **form.cleaned_data, actor=request.actor, now=timezone.now())
        except WagewatchError as refusal:
            say_at(form, refusal, form.FIELDS)
        else:
            messages.success(
                request,
                _("Notice is on record. The firm may object until %(day)s.") % {"day": made.object_until},
            )
            return redirect("inspection:listing", made.pk)
    today = site_date(timezone.now())
    owed = owed_by(pk, today=today)
    one, many = amounts_of(office.region_id, on=today)
    context = {
        "firm": firm,
        "form": form,
        "owed": Sum.of(owed),
        "reaches": reaches_amount(owed, one, many),
        "one": one,
        "many": many,
    }
    return render(request, "inspection/listing_new.html", context, status=400 if form.errors else 200)


@require_GET
@inspector_view
def listing(request: ActorRequest, pk: int) -> HttpResponseBase:
    """One proceeding: where it stands, every step, and what is possible now."""
    found = _seen(pk, request.actor)
    now = timezone.now()
    today = site_date(now)
    stage = stage_of(found, today=today)
    mine = may_rule(request.actor) and labour_office(request.actor).pk == found.authority_id
    acts = []
    for kind in possible(stage) if mine else ():
        # A day given by hand decides about the others; the page cannot say yet.
        against = None if kind in DAYS else obstacle(stage, kind, today)
        acts.append(
            {
                "kind": kind,
                "title": ACTS[kind],
                "against": REFUSALS[against[0]] % against[1] if against else "",
            }
        )
    words = list(
        found.firm_words.select_related("by", "file").defer("file__content").order_by("-after", "-pk")
    )
    context = {
        "listing": found,
        "stage": stage,
        "acts": acts,
        "events": _events(found, words),
        "words": words,
        "today": today,
    }
    return render(request, "inspection/listing.html", context)


def _events(found: Listing, words: list[FirmWord]) -> list[dict[str, Any]]:
    """Steps of the office and what the firm sent itself, newest first."""
    placed = [
        (
            (step.number, 0, 0),
            {
                "time": step.on.isoformat(),
                "strong": step.get_kind_display(),
                "text": f" {step.document}" if step.document else "",
                "note": f"{step.reason}　{step.made_by.name if step.made_by else ''}",
            },
        )
        for step in found.steps.select_related("made_by")
    ]
    for word in words:
        event = {
            "time": site_date(word.at).isoformat(),
            "strong": word.get_kind_display(),
            "text": _(" by the firm, on its own page"),
            "note": f"{word.text}　{word.by.name}",
        }
        placed.append(((word.after, 1, word.pk), event))
    return [event for _place, event in sorted(placed, key=lambda one: one[0], reverse=True)]


@never_cache
@require_GET
@inspector_view
def listing_word(request: ActorRequest, pk: int, number: int) -> HttpResponseBase:
    """The paper that the firm sent with its objection or request."""
    found = _seen(pk, request.actor)
    word = found.firm_words.select_related("file").filter(pk=number).first()
    return stored_file(word.file if word else None)


@require_http_methods(["GET", "POST"])
@inspector_view
def listing_step(request: ActorRequest, pk: int, kind: str) -> HttpResponseBase:
    """Take one step of a proceeding."""
    if kind not in ACTS:
        not_found()
    found = _seen(pk, request.actor)
    if labour_office(request.actor).pk != found.authority_id:
        not_permitted("list.decide")
    form = StepForm(request.POST or None, kind=kind)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            take_step(
                pk,
                kind,
                on=data.get("on"),
                document=data.get("document", ""),
                reason=data["reason"],
                actor=request.actor,
                now=timezone.now(),
            )
        except WagewatchError as refusal:
            say_at(form, refusal, form.FIELDS)
        else:
            text_ = _("On record: %(kind)s.")
            messages.success(request, text_ % {"kind": Kind(kind).label})
            return redirect("inspection:listing", pk)
    context = {"listing": found, "form": form, "title": ACTS[kind], "effect": EFFECTS.get(kind, "")}
    return render(request, "inspection/listing_step.html", context, status=400 if form.errors else 200)
