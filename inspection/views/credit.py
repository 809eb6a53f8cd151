"""Grades of firms for inspectors: all firms within reach, and one with its reasons."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from inspection.credit_rules import Reason
from inspection.credit_words import MEANING, lines_of
from inspection.http import inspector_view, text_of
from inspection.models import CreditGrade, Listing
from inspection.services.credit import establish_grade, grade_now, grades_now, table_of
from inspection.services.listing import on_list
from payroll.services.deposit_rulings import may_rule
from registration.access import projects_for
from registration.actors import Actor
from registration.http import ActorRequest
from registration.models import Organisation, Participation
from registration.services.firms import seen_firm
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation

PER_PAGE = 50
RECENT = 20
SHOWS = {
    "": gettext_lazy("All firms"),
    "noticed": gettext_lazy("Notice given"),
    "listed": gettext_lazy("On the list"),
}
ROLES = ("general_contractor", "subcontractor", "agency")


def firms_of(actor: Actor) -> QuerySet[Organisation]:
    """Firms that employ people on projects within reach."""
    seen = projects_for(actor, permission="firm.record_standing")
    parts = Participation.objects.filter(project__in=seen, organisation=OuterRef("pk"), role__in=ROLES)
    return Organisation.objects.filter(Exists(parts))


def _with_state(firms: QuerySet[Organisation], show: str) -> QuerySet[Organisation]:
    if show not in {"noticed", "listed"}:
        return firms
    return firms.filter(Exists(Listing.objects.filter(organisation=OuterRef("pk"), state=show)))


def searched_firms(request: ActorRequest) -> tuple[QuerySet[Organisation], str, str]:
    """Firms within reach that the words of the address name, these words, and the tab."""
    firms, query = firms_of(request.actor), text_of(request, "q")
    if query:
        firms = firms.filter(Q(name__icontains=query) | Q(uscc__iexact=query))
    return firms, query, request.GET.get("show", "")


def shown_firms(request: ActorRequest) -> QuerySet[Organisation]:
    """The firms of the page with its filters, all of them."""
    firms, _query, show = searched_firms(request)
    return _with_state(firms, show).select_related("region").order_by("name", "pk")


def credit_rows(firms: Iterable[Organisation], today: date) -> list[dict[str, Any]]:
    """Each firm with its grade as of now and what is under way about the list."""
    firms = list(firms)
    keys = [firm.pk for firm in firms]
    grades, listed = grades_now(firms, today=today), on_list(keys, today=today)
    noticed = set(
        Listing.objects.filter(organisation__in=keys, state="noticed").values_list(
            "organisation_id", flat=True
        )
    )
    return [
        {
            "firm": firm,
            "grade": grades[firm.pk],
            "words": MEANING[grades[firm.pk].letter],
            "lines": lines_of(grades[firm.pk].reasons)[:2],
            "listed": listed.get(firm.pk),
            "noticed": firm.pk in noticed,
        }
        for firm in firms
    ]


@require_GET
@inspector_view
def credit(request: ActorRequest) -> HttpResponseBase:
    """Every firm with its grade as of now and what is under way about the list."""
    today = site_date(timezone.now())
    firms, query, show = searched_firms(request)
    tabs = [
        {
            "url": f"?show={key}" if key else "?",
            "label": label,
            "count": _with_state(firms, key).count(),
            "current": key == (show if show in SHOWS else ""),
        }
        for key, label in SHOWS.items()
    ]
    page = Paginator(shown_firms(request), PER_PAGE).get_page(request.GET.get("page"))
    rows = credit_rows(page, today)
    context = {"page": page, "rows": rows, "tabs": tabs, "query": query, "show": show}
    return render(request, "inspection/credit.html", context)


def grade_context(firm: Organisation) -> dict[str, Any]:
    """A firm's grade as of now with its reasons, the grades established before, and its listings."""
    today = site_date(timezone.now())
    grade, record, since = grade_now(firm, today=today)
    kept = list(
        CreditGrade.objects.filter(organisation=firm).select_related("made_by").order_by("-made_at")[:RECENT]
    )
    return {
        "firm": firm,
        "grade": grade,
        "words": MEANING[grade.letter],
        "lines": lines_of(grade.reasons),
        "record": record,
        "since": since,
        "today": today,
        "table": table_of(firm.region_id, on=today),
        "kept": [
            {
                "grade": one,
                "words": MEANING[one.grade],
                "lines": lines_of([Reason(**reason) for reason in one.reasons]),
            }
            for one in kept
        ],
        "listings": Listing.objects.filter(organisation=firm)
        .select_related("authority")
        .order_by("-made_at"),
    }


@require_http_methods(["GET", "POST"])
@inspector_view
def firm_credit(request: ActorRequest, pk: int) -> HttpResponseBase:
    """One firm's grade with every reason; POST keeps it in the integrity file."""
    firm = seen_firm(pk, request.actor)
    if request.method == "POST":
        try:
            kept = establish_grade(pk, actor=request.actor, now=timezone.now())
        except RuleViolation as refusal:
            messages.error(request, refusal.message)
        else:
            text = _("Grade %(grade)s is kept in the firm's integrity file.")
            messages.success(request, text % {"grade": kept.grade})
        return redirect("inspection:firm-credit", pk)
    rules = may_rule(request.actor)
    open_notice = Listing.objects.filter(organisation=firm, state="noticed").exists()
    context = grade_context(firm) | {"may_rule": rules, "may_notice": rules and not open_notice}
    return render(request, "inspection/firm_credit.html", context)
