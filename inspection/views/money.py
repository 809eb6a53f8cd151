"""Labour cost of the region: which owners are late, who asked them, wages paid by loan, flow, the nightly check."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET

from inspection.exports import download
from inspection.http import inspector_view, text_of
from payroll.access import access_money, money_projects
from payroll.allocation_words import REQUEST_STATES, level_of, page_context
from payroll.loan_words import loan_context
from payroll.money_checks import CHECKS
from payroll.services.allocation_facts import Allocation, load_allocations
from payroll.services.allocation_facts import load_allocation as load_one
from payroll.services.money_check import last_check, within_reach
from payroll.services.top_ups import is_overdue
from payroll.views.flow import flow_context
from registration.actors import Actor
from registration.http import ActorRequest
from registration.models import Participation
from registration.templatetags.named import named
from wagewatch.lib.dates import site_date
from wagewatch.lib.sheets import ColumnOut, SheetOut

PER_PAGE = 50
GROUPS: dict[str, Any] = {
    "": gettext_lazy("All"),
    "short": pgettext_lazy("labour cost", "Missing"),
    "asked": gettext_lazy("Owner asked"),
    "overdue": gettext_lazy("Owner past the deadline"),
    "loan": gettext_lazy("Paid by loan"),
    "none": gettext_lazy("Nothing agreed"),
}


def _in_group(allocation: Allocation, group: str, today: Any) -> bool:
    request = allocation.request
    tests = {
        "short": allocation.account.short_fen > 0,
        "asked": request is not None,
        "overdue": request is not None and is_overdue(request, today),
        "loan": allocation.loan_fen > 0,
        "none": not allocation.plans,
    }
    return tests.get(group, True)


def _found(request: HttpRequest, actor: Actor) -> tuple[list[Allocation], list[dict[str, Any]]]:
    """The allocations of the page's filters, the latest owners first, and the tabs with their counts."""
    today = site_date(timezone.now())
    projects = money_projects(actor).exclude(sector="manufacturing").order_by("name", "pk")
    if words := text_of(request, "q"):
        projects = projects.filter(name__icontains=words)
    every = load_allocations(projects, today=today)
    show = request.GET.get("show", "")
    show = show if show in GROUPS else ""
    query = request.GET.copy()
    tabs = []
    for key, label in GROUPS.items():
        query["show"] = key
        query.pop("page", None)
        tabs.append(
            {
                "url": f"?{query.urlencode()}",
                "label": label,
                "count": sum(_in_group(a, key, today) for a in every),
                "current": key == show,
            }
        )
    chosen = [a for a in every if _in_group(a, show, today)]
    chosen.sort(key=lambda a: (-a.account.days_late, -a.account.short_fen, a.project.name))
    return chosen, tabs


def _owners(allocations: list[Allocation]) -> dict[int, str]:
    parts = Participation.objects.filter(
        project__in=[a.project.pk for a in allocations], role=Participation.Role.OWNER
    ).select_related("organisation")
    return {part.project_id: str(part.organisation) for part in parts}


@require_GET
@inspector_view
def money(request: ActorRequest) -> HttpResponseBase:
    """Every project's labour cost, sorted by days late; the last nightly check on top when it found something."""
    found, tabs = _found(request, request.actor)
    today = site_date(timezone.now())
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    owners = _owners(list(page))
    rows = [
        {
            "allocation": a,
            "account": a.account,
            "owner": owners.get(a.project.pk, ""),
            "level": level_of(a),
            "request": REQUEST_STATES[a.request.state] if a.request else None,
            "overdue": a.request is not None and is_overdue(a.request, today),
        }
        for a in page
    ]
    return render(
        request,
        "inspection/money.html",
        {
            "page": page,
            "rows": rows,
            "tabs": tabs,
            "query": request.GET,
            "today": today,
            "late": sum(a.account.short_fen > 0 for a in found),
            "short_fen": sum(a.account.short_fen for a in found),
            "check": last_check(),
        },
    )


@require_GET
@inspector_view
def money_export(request: ActorRequest) -> HttpResponseBase:
    """The filtered allocations as .xlsx."""
    found, _tabs = _found(request, request.actor)
    owners = _owners(found)
    columns = [
        ColumnOut(_("Project"), width=30),
        ColumnOut(_("Place"), width=12),
        ColumnOut(_("Owner"), width=26),
        ColumnOut(_("Agreed until today"), "money", width=18),
        ColumnOut(_("Received"), "money", width=18),
        ColumnOut(_("Missing"), "money", width=18),
        ColumnOut(_("Oldest gap due on"), "date", width=14),
        ColumnOut(_("Days late"), "number", width=10),
        ColumnOut(_("Request to the owner"), width=22),
        ColumnOut(_("Wages paid by loan, still owed"), "money", width=18),
    ]
    rows = [
        (
            named(a.project),
            a.project.region.label,
            owners.get(a.project.pk, ""),
            a.account.agreed_fen,
            a.account.received_fen,
            a.account.short_fen,
            a.account.oldest_short.period.due_on if a.account.oldest_short else None,
            a.account.days_late,
            str(REQUEST_STATES[a.request.state][0]) if a.request else "",
            a.loan_fen,
        )
        for a in found
    ]
    return download(SheetOut(_("Labour cost"), columns, rows), "labour-cost", site_date(timezone.now()))


@require_GET
@inspector_view
def allocation(request: ActorRequest, pk: int) -> HttpResponseBase:
    """One project's labour cost: months, requests and answers, and the loan that paid wages instead."""
    project = access_money(pk, request.actor)
    today = site_date(timezone.now())
    context = loan_context(project, today) | page_context(load_one(project, today=today), today)
    return render(request, "inspection/allocation.html", context | {"inspect": True})


@require_GET
@inspector_view
def flow(request: ActorRequest, pk: int) -> HttpResponseBase:
    """One project's money in a month as a picture."""
    project = access_money(pk, request.actor)
    return render(request, "inspection/flow.html", flow_context(request, project))


@require_GET
@inspector_view
def money_check(request: ActorRequest) -> HttpResponseBase:
    """What the last nightly check of all money found, as far as it lies within reach."""
    check = last_check()
    seen = set(money_projects(request.actor).values_list("pk", flat=True))
    findings, elsewhere = within_reach(check, seen) if check else ([], 0)
    return render(
        request,
        "inspection/money_check.html",
        {"check": check, "findings": findings, "elsewhere": elsewhere, "checks": CHECKS},
    )
