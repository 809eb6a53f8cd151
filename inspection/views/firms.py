"""What an inspector records about a project and its firms, since it decides who pays: articles 20 to 22, 37."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from inspection.http import inspector_view
from registration.access import access_project, projects_for
from registration.http import ActorRequest
from registration.models import LegalForm, Membership, Organisation, Participation, Role, Standing
from registration.services.firms import StandingFacts, record_standing, seen_firm
from registration.services.projects import find_planning_breach
from registration.services.staff import FIRST_ROLES_OF, account_works, open_first_account
from registration.views.chain_forms import InviteForm, UsccField, WrittenField, choice, say_at, text
from registration.views.staff import show_link
from wagewatch.lib.errors import WagewatchError

LISTED = 50


class BreachForm(forms.Form):
    """A finding about a project, and what it rests on."""

    breach = forms.BooleanField(
        label=gettext_lazy("The project breaks planning or construction law"),
        required=False,
        help_text=gettext_lazy("From then on the owner pays arrears (article 37)."),
    )
    reason = WrittenField(
        label=gettext_lazy("What the finding rests on"),
        max_length=100,
        widget=text(),
        help_text=gettext_lazy("For instance the decision and its number"),
    )


class StandingForm(forms.Form):
    """A firm's legal form and what became of it."""

    legal_form = forms.ChoiceField(
        label=gettext_lazy("Legal form"),
        choices=LegalForm.choices,
        widget=choice(),
        help_text=gettext_lazy(
            "Of partnerships and firms of one person the investors pay if the firm does not (article 20)."
        ),
    )
    standing = forms.ChoiceField(
        label=gettext_lazy("What became of it"), choices=Standing.choices, widget=choice()
    )
    since = forms.DateField(
        label=gettext_lazy("Since when"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "input"}, format="%Y-%m-%d"),
    )
    successor_uscc = UsccField(
        label=gettext_lazy("Company code of the firm that took over"),
        required=False,
        help_text=gettext_lazy("After a merger or a split (article 21)"),
    )
    investors = WrittenField(
        label=gettext_lazy("Main investors"),
        max_length=200,
        required=False,
        widget=text(),
        help_text=gettext_lazy("As in the company register (articles 20 and 22)"),
    )
    reason = WrittenField(label=gettext_lazy("What this rests on"), max_length=100, widget=text())

    FIELDS = {
        "firm.reason": "reason",
        "firm.since": "since",
        "firm.successor": "successor_uscc",
        "uscc": "successor_uscc",
    }

    @property
    def facts(self) -> StandingFacts:
        """The form as a value."""
        data = self.cleaned_data
        names = ("legal_form", "standing", "since", "successor_uscc", "investors")
        return StandingFacts(**{name: data[name] for name in names})


@require_http_methods(["GET", "POST"])
@inspector_view
def breach(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Record that a project breaks planning law, or that it does not after all."""
    found = access_project(pk, request.actor, permission="project.find_breach")
    form = BreachForm(request.POST or None, initial={"breach": found.planning_breach})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            find_planning_breach(pk, data["breach"], data["reason"], actor=request.actor, now=timezone.now())
        except WagewatchError as refusal:
            say_at(form, refusal, {"project": "reason"})
        else:
            messages.success(request, _("The finding is on record."))
            return redirect("inspection:project", pk)
    history = found.history.select_related("history_user").order_by("-history_id")[:10]
    context = {"project": found, "form": form, "history": history}
    return render(request, "inspection/project_breach.html", context, status=400 if form.errors else 200)


def _firm_context(request: ActorRequest, firm: Organisation) -> dict[str, Any]:
    seen = projects_for(request.actor, permission="firm.record_standing")
    parts = Participation.objects.filter(project__in=seen, organisation=firm).select_related(
        "project__region"
    )
    return {
        "firm": firm,
        "parts": parts.order_by("-project_id")[:LISTED],
        "accounts": Membership.objects.filter(organisation=firm, is_active=True)
        .select_related("user")
        .order_by("user__name")[:LISTED],
        "may_open": not account_works(firm) and firm.kind in FIRST_ROLES_OF,
        "history": firm.history.select_related("history_user").order_by("-history_id")[:10],
    }


@require_http_methods(["GET", "POST"])
@inspector_view
def firm(request: ActorRequest, pk: int) -> HttpResponseBase:
    """A firm on projects within reach: who acts for it, and what became of it."""
    found = seen_firm(pk, request.actor)
    start = {
        "legal_form": found.legal_form,
        "standing": found.standing,
        "since": found.standing_since,
        "successor_uscc": found.successor.uscc if found.successor else "",
        "investors": found.investors,
    }
    form = StandingForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            record_standing(
                pk, form.facts, form.cleaned_data["reason"], actor=request.actor, now=timezone.now()
            )
        except WagewatchError as refusal:
            say_at(form, refusal, form.FIELDS)
        else:
            messages.success(
                request, _("It is on record. The chain of its projects names who stands behind it.")
            )
            return redirect("inspection:firm", pk)
    context = _firm_context(request, found) | {"form": form}
    return render(request, "inspection/firm.html", context, status=400 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "POST"])
@inspector_view
def account(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Open the first account of a firm that nobody acts for."""
    found = seen_firm(pk, request.actor)
    labels = dict(Role.choices)
    roles = [(role, labels[Role(role)]) for role in FIRST_ROLES_OF.get(found.kind, ())]
    form = InviteForm(request.POST or None, roles=roles)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = open_first_account(
                pk, data["username"], data["name"], data["role"], actor=request.actor, now=timezone.now()
            )
        except WagewatchError as refusal:
            say_at(form, refusal, form.FIELDS)
        else:
            return show_link(request, made, reverse("inspection:firm", args=[pk]))
    context = {"firm": found, "form": form}
    return render(request, "inspection/firm_account.html", context, status=400 if form.errors else 200)
