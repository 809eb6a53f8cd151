"""Labour cost of the region: which owners are late, who asked them, wages paid by loan, flow, the nightly check."""

from dataclasses import dataclass
from datetime import date
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
from inspection.services.labour_cost import LabourCost, labour_costs
from payroll.access import access_money, money_projects
from payroll.allocation_words import REQUEST_STATES, late_level, page_context
from payroll.loan_words import loan_context
from payroll.models import TopUpRequest
from payroll.money_checks import CHECKS
from payroll.services.allocation_facts import load_allocation as load_one
from payroll.services.allocation_facts import outstanding_of
from payroll.services.money_check import last_check, within_reach
from payroll.services.top_ups import is_overdue
from payroll.views.flow import flow_context
from registration.actors import Actor
from registration.http import ActorRequest
from registration.models import Participation, Project
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


@dataclass(frozen=True)
class Row:
    """One project's labour cost, the open request to its owner, and the loan that paid wages instead."""

    project: Project
    cost: LabourCost
    request: TopUpRequest | None
    loan_fen: int
    today: date

    @property
    def days_late(self) -> int:
        return self.cost.days_late(self.today)

    @property
    def level(self) -> str:
        """The colour of the row."""
        return late_level(self.days_late) if self.cost.short_fen else ""

    @property
    def overdue(self) -> bool:
        """The owner has let the day of the request pass."""
        return self.request is not None and is_overdue(self.request, self.today)

    @property
    def request_words(self) -> Any:
        """Words, kind and icon of the request's badge; None without one."""
        return REQUEST_STATES[self.request.state] if self.request else None

    def is_in(self, group: str) -> bool:
        """Whether it stands under a tab of the page."""
        tests = {
            "short": self.cost.short_fen > 0,
            "asked": self.request is not None,
            "overdue": self.overdue,
            "loan": self.loan_fen > 0,
            "none": not self.cost.has_plan,
        }
        return tests.get(group, True)


def _found(request: HttpRequest, actor: Actor) -> tuple[list[Row], list[dict[str, Any]]]:
    """The projects of the page's filters, the latest owners first, and the tabs with their counts."""
    today = site_date(timezone.now())
    projects = money_projects(actor).exclude(sector="manufacturing").order_by("name", "pk")
    if words := text_of(request, "q"):
        projects = projects.filter(name__icontains=words)
    reach = list(projects)
    ids = [project.pk for project in reach]
    costs, loans = labour_costs(ids, today=today), outstanding_of(ids)
    asked = {
        r.project_id: r for r in TopUpRequest.objects.filter(project__in=ids, state__in=TopUpRequest.OPEN)
    }
    every = [Row(p, costs[p.pk], asked.get(p.pk), loans.get(p.pk, 0), today) for p in reach]
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
                "count": sum(row.is_in(key) for row in every),
                "current": key == show,
            }
        )
    chosen = [row for row in every if row.is_in(show)]
    chosen.sort(key=lambda row: (-row.days_late, -row.cost.short_fen, row.project.name))
    return chosen, tabs


def _owners(rows: list[Row]) -> dict[int, str]:
    parts = Participation.objects.filter(
        project__in=[row.project.pk for row in rows], role=Participation.Role.OWNER
    ).select_related("organisation")
    return {part.project_id: str(part.organisation) for part in parts}


@require_GET
@inspector_view
def money(request: ActorRequest) -> HttpResponseBase:
    """Every project's labour cost, sorted by days late; the last nightly check on top when it found something."""
    found, tabs = _found(request, request.actor)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    owners = _owners(list(page))
    return render(
        request,
        "inspection/money.html",
        {
            "page": page,
            "rows": [(row, owners.get(row.project.pk, "")) for row in page],
            "tabs": tabs,
            "query": request.GET,
            "late": sum(row.cost.short_fen > 0 for row in found),
            "short_fen": sum(row.cost.short_fen for row in found),
            "check": last_check(),
        },
    )


@require_GET
@inspector_view
def money_export(request: ActorRequest) -> HttpResponseBase:
    """The filtered projects as .xlsx."""
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
            named(row.project),
            row.project.region.label,
            owners.get(row.project.pk, ""),
            row.cost.agreed_fen,
            row.cost.received_fen,
            row.cost.short_fen,
            row.cost.since,
            row.days_late,
            str(row.request_words[0]) if row.request_words else "",
            row.loan_fen,
        )
        for row in found
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
