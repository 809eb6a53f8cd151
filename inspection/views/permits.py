"""Permit readiness for inspectors: how a project stands, the answers given, keys for other offices' systems."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from inspection.access import access_permit, permit_projects
from inspection.http import inspector_view, text_of
from inspection.models import PermitAnswer, PermitKey, SocialDeposit
from inspection.permit_rules import Point, differing, is_ready
from inspection.permit_words import TITLES, Line, lines_of
from inspection.services.permits import (
    access_key,
    answer_with,
    authorities_of,
    end_key,
    give_answer,
    latest_social,
    make_key,
    points_now,
    record_social,
    social_rates,
)
from payroll.forms import YuanField
from payroll.services.deposit_rulings import may_rule
from registration.access import not_found, not_permitted
from registration.http import ActorRequest
from registration.models import Project
from registration.office_names import office_name
from registration.views.chain_forms import WrittenField, choice, say_at, text
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import WagewatchError
from wagewatch.templatetags.ww import moment

PER_PAGE = 50
RECENT = 20


class SocialForm(forms.Form):
    """The social insurance pre-deposit of a project."""

    base = forms.ChoiceField(
        label=gettext_lazy("Reckoned from"), choices=SocialDeposit.Base.choices, widget=choice()
    )
    base_fen = YuanField(label=gettext_lazy("Cost, yuan"), max_length=24, widget=text(inputmode="decimal"))
    paid_fen = YuanField(
        label=gettext_lazy("Paid so far, yuan"),
        required=False,
        max_length=24,
        widget=text(inputmode="decimal"),
    )
    paid_on = forms.DateField(
        label=gettext_lazy("Day of the payment"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "input"}, format="%Y-%m-%d"),
    )
    paper = WrittenField(
        label=gettext_lazy("Number of the receipt or of the panel's decision"), max_length=60, widget=text()
    )
    FIELDS = {
        "social.base_fen": "base_fen",
        "social.paid_on": "paid_on",
        "social.paper": "paper",
        "social": "base",
    }


class KeyForm(forms.Form):
    """For which office and what a key is."""

    name = WrittenField(label=gettext_lazy("What for"), max_length=60, widget=text())

    field_order = ("authority", "name")

    def __init__(self, *args: Any, offices: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["authority"] = forms.TypedChoiceField(
            label=gettext_lazy("Office"),
            coerce=int,
            choices=[(office.pk, office_name(office)) for office in offices],
            widget=choice(),
        )
        self.order_fields(self.field_order)


PLACES = {
    "registered": "inspection:project",
    "account": "inspection:account",
    "deposit": "inspection:deposit",
    "guarantee": "inspection:guarantee",
    "social": "inspection:permit-social",
    "clerk": "inspection:project",
    "subcontracts": "inspection:project",
    "contracts": "inspection:contracts",
}
"""Where an inspector looks at what stands behind a condition."""


def rows_of(lines: list[Line], places: dict[str, str], pk: int) -> list[dict[str, Any]]:
    """Conditions with the page on which each is looked after."""
    return [
        {"line": one, "url": reverse(places[one.code], args=[pk]) if one.code in places else ""}
        for one in lines
    ]


def page_context(project: Project) -> dict[str, Any]:
    """The conditions as they stand, and the answers given before, with what changed since the latest."""
    points = points_now(project, today=site_date(timezone.now()))
    answers = list(PermitAnswer.objects.filter(project=project).order_by("-at", "-pk")[:RECENT])
    return {
        "project": project,
        "lines": lines_of(point.as_json() for point in points),
        "ready": is_ready(points),
        "missing": sum(point.state == "missing" for point in points),
        "answers": answers,
        "changed": titles_of(answers[0], points) if answers else [],
    }


def titles_of(answer: PermitAnswer, points: list[Point]) -> list[Any]:
    """The conditions that stand otherwise than an answer says."""
    return [TITLES[code] for code in differing(answer.points, points)]


@require_http_methods(["GET", "POST"])
@inspector_view
def permit(request: ActorRequest, pk: int) -> HttpResponseBase:
    """How a project stands with its permit; POST gives an answer that is kept under a number."""
    project = access_permit(pk, request.actor)
    if request.method == "POST":
        answer = give_answer(pk, actor=request.actor, now=timezone.now())
        messages.success(request, _("The answer is kept as %(number)s.") % {"number": answer.number})
        return redirect("inspection:permit-answer", answer.number)
    context = page_context(project)
    places = dict(PLACES)
    if not may_rule(request.actor) or social_rates(project, on=site_date(timezone.now())) is None:
        del places["social"]  # not for this office, or not asked for in this place
    context["rows"] = rows_of(context["lines"], places, pk)
    return render(request, "inspection/permit.html", context)


@require_GET
@inspector_view
def permit_answer(request: ActorRequest, number: str) -> HttpResponseBase:
    """What was answered under a number, and what stands otherwise today."""
    answer = answer_with(number, permit_projects(request.actor))
    if answer is None:
        not_found()
    points = points_now(answer.project, today=site_date(timezone.now()))
    context = {
        "answer": answer,
        "project": answer.project,
        "rows": rows_of(lines_of(answer.points), {}, 0),
        "missing": sum(point["state"] == "missing" for point in answer.points),
        "changed": titles_of(answer, points),
        "ready_now": is_ready(points),
    }
    return render(request, "inspection/permit_answer.html", context)


@require_http_methods(["GET", "POST"])
@inspector_view
def social(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Put the social insurance pre-deposit of a project on record."""
    project = access_permit(pk, request.actor, permission="permit.record_social")
    if not may_rule(request.actor):
        not_permitted("permit.record_social")
    rates = social_rates(project, on=site_date(timezone.now()))
    if rates is None:
        not_found()
    last = latest_social(pk)
    start = (
        {
            "base": last.base,
            "base_fen": last.base_fen,
            "paid_fen": last.paid_fen,
            "paid_on": last.paid_on,
            "paper": last.paper,
        }
        if last
        else {}
    )
    form = SocialForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            record_social(
                pk,
                base=data["base"],
                base_fen=data["base_fen"],
                paid_fen=data["paid_fen"] or 0,
                paid_on=data["paid_on"],
                paper=data["paper"],
                actor=request.actor,
                now=timezone.now(),
            )
        except WagewatchError as refusal:
            say_at(form, refusal, form.FIELDS)
        else:
            messages.success(request, _("The pre-deposit is on record."))
            return redirect("inspection:permit", pk)
    history = (
        SocialDeposit.objects.filter(project=project).select_related("made_by").order_by("-made_at", "-pk")
    )
    context = {"project": project, "form": form, "rates": rates, "history": history[:RECENT]}
    return render(request, "inspection/permit_social.html", context, status=400 if form.errors else 200)


@require_GET
@inspector_view
def permits(request: ActorRequest) -> HttpResponseBase:
    """The answers, page by page."""
    page = Paginator(answered(request), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "query": text_of(request, "q"),
        "may_keys": bool(authorities_of(request.actor)),
    }
    return render(request, "inspection/permits.html", context)


def answered(request: ActorRequest) -> QuerySet[PermitAnswer]:
    """Every answer given about projects within reach, newest first, found by number or project."""
    query = text_of(request, "q")
    answers = (
        PermitAnswer.objects.filter(project__in=permit_projects(request.actor))
        .select_related("project__region")
        .order_by("-at", "-pk")
    )
    if query:
        by_number = answers.filter(number__iexact=query)
        by_project = answers.filter(Q(project__code__iexact=query) | Q(project__name__icontains=query))
        answers = by_number if by_number.exists() else by_project
    return answers


@never_cache
@require_http_methods(["GET", "POST"])
@inspector_view
def permit_keys(request: ActorRequest) -> HttpResponseBase:
    """Keys with which permit offices ask by machine; a new one is shown once."""
    offices = authorities_of(request.actor)
    if not offices:
        not_permitted("permit.keys")
    form = KeyForm(request.POST or None, offices=offices)
    secret, made = None, None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made, secret = make_key(data["authority"], data["name"], actor=request.actor, now=timezone.now())
        except WagewatchError as refusal:
            say_at(form, refusal, {"key.name": "name"})
        else:
            form = KeyForm(offices=offices)
    keys = (
        PermitKey.objects.filter(authority__in=[o.pk for o in offices])
        .select_related("authority", "made_by")
        .order_by("-is_active", "-made_at")
    )
    context = {"form": form, "keys": keys[:PER_PAGE], "secret": secret, "made": made}
    return render(request, "inspection/permit_keys.html", context, status=400 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@inspector_view
def permit_key_end(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Take a key out of use, after a page that says what follows."""
    if request.method != "POST":
        key = access_key(pk, request.actor)
        if not key.is_active:
            return redirect("inspection:permit-keys")
        office = office_name(key.authority)
        return render(
            request,
            "components/confirm.html",
            {
                "title": _("Take the key of %(office)s out of use?") % {"office": office},
                "text": _(
                    "The office's system can ask nothing from now on. A key that is out of use is never taken "
                    "into use again; make a new one then."
                ),
                "facts": [
                    (_("What for"), key.name),
                    (_("Made on"), moment(key.made_at)),
                    (_("Last used"), moment(key.last_used_at) if key.last_used_at else _("never used")),
                ],
                "action": reverse("inspection:permit-key-end", args=[pk]),
                "confirm": _("Take out of use"),
                "cancel": _("Leave it in use"),
                "back": reverse("inspection:permit-keys"),
            },
        )
    try:
        end_key(pk, actor=request.actor, now=timezone.now())
    except WagewatchError as refusal:
        if refusal.status != 409:
            raise
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("The key is out of use."))
    return redirect("inspection:permit-keys")
