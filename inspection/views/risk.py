"""Projects that may fail to pay next: the list, how the score is made, the file."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.db.models import F, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from inspection import dashboard
from inspection.exports import download
from inspection.http import inspector_view
from inspection.models import ProjectStat
from inspection.places import full_code, scope_of_address, trail
from inspection.risk.words import MEANINGS, NAMES, UNITS, lines_of
from registration.actors import Actor
from registration.http import ActorRequest
from registration.models import Participation, Sector
from registration.services.parameters import parameter, parameter_source
from registration.templatetags.named import named
from wagewatch.lib.dates import site_date
from wagewatch.lib.sheets import ColumnOut, SheetOut

PER_PAGE = 50
ORDERS = {"risk": "risk", "due": "risk_due_on", "gap": "risk_gap_fen", "owed": "owed_fen"}
SHORT = 3
"""Reasons shown on a line; the project's page has all of them."""


def risk_rows(stats: Iterable[ProjectStat], actor: Actor, today: date) -> list[dict[str, Any]]:
    """Scored projects with their level, general contractor and reasons; two queries more."""
    found = list(stats)
    firms = dict(
        Participation.objects.filter(
            project__in=[s.pk for s in found], role="general_contractor"
        ).values_list("project_id", "organisation__short_name")
    )
    return [
        {
            "stat": stat,
            "firm": firms.get(stat.pk, ""),
            "level": level_of(stat, today),
            "reasons": lines_of(stat.risk_reasons),
            "few": lines_of(stat.risk_reasons)[:SHORT],
        }
        for stat in found
    ]


def level_of(stat: ProjectStat, today: date) -> str:
    """high, watch or "", by the marks of the project's region."""
    marks = parameter("risk.levels", region_code=stat.project.region_id, on=today, default={})
    points = stat.risk or 0
    return next((name for name in ("high", "watch") if name in marks and points >= marks[name]), "")


def _filtered(request: ActorRequest) -> QuerySet[ProjectStat]:
    found = dashboard.riskiest(request.actor, scope_of_address(request))
    least = request.GET.get("least", "")
    if least.isascii() and least.isdigit() and len(least) <= 3:
        found = found.filter(risk__gte=int(least))
    sort = request.GET.get("sort", "")
    if order := ORDERS.get(sort.lstrip("-")):
        field = F(order)
        found = found.order_by(
            field.desc(nulls_last=True) if sort.startswith("-") else field.asc(nulls_last=True), "pk"
        )
    return found


@require_GET
@inspector_view
def risk(request: ActorRequest) -> HttpResponseBase:
    """Projects by risk with the reasons of each; the factors with their weights and marks."""
    today = site_date(timezone.now())
    scope = scope_of_address(request)
    page = Paginator(_filtered(request), PER_PAGE).get_page(request.GET.get("page"))
    reach = [d.region_prefix for d in request.actor.duties if d.authority_id is not None]
    region = full_code(scope.region or min(reach, key=len, default=""))
    scored = (
        ProjectStat.objects.filter(risk_at__isnull=False)
        .order_by("-risk_at")
        .values_list("risk_at", flat=True)
    )
    return render(
        request,
        "inspection/risk.html",
        {
            "page": page,
            "rows": risk_rows(page.object_list, request.actor, today),
            "query": request.GET,
            "scope": scope,
            "trail": [{"url": f"?region={prefix}", "name": name} for prefix, name in trail(scope, reach)],
            "sectors": Sector.choices,
            "today": today,
            "scored_at": scored.first(),
            "factors": factors_of(region, today),
            "marks": parameter("risk.levels", region_code=region, on=today, default={}),
            "nearness": parameter("risk.nearness", region_code=region, on=today, default={}),
            "source": parameter_source("risk.factors", region_code=region, on=today),
        },
    )


def factors_of(region: str, today: date) -> list[dict[str, Any]]:
    """Each factor's name, meaning, weight and marks as they hold for a region today."""
    figures = parameter("risk.factors", region_code=region, on=today, default={})
    return [
        {"code": code, "name": NAMES[code], "meaning": MEANINGS[code], "unit": UNITS[code], **figures[code]}
        for code in NAMES
        if code in figures
    ]


@require_GET
@inspector_view
def risk_export(request: ActorRequest) -> HttpResponseBase:
    """The filtered projects with score and reasons as .xlsx."""
    today = site_date(timezone.now())
    columns = [
        ColumnOut(_("Risk"), "number", width=8),
        ColumnOut(_("Project code"), width=16),
        ColumnOut(_("Project"), width=30),
        ColumnOut(_("Place"), width=12),
        ColumnOut(_("General contractor"), width=22),
        ColumnOut(_("Next pay day"), "date", width=12),
        ColumnOut(_("Expected gap"), "money", width=16),
        ColumnOut(_("Overdue wages"), "money", width=16),
        ColumnOut(_("Account balance"), "money", width=16),
        ColumnOut(_("Reasons"), width=80),
    ]
    rows = [
        (
            row["stat"].risk,
            row["stat"].project.code,
            named(row["stat"].project),
            row["stat"].project.region.label,
            row["firm"],
            row["stat"].risk_due_on,
            row["stat"].risk_gap_fen,
            row["stat"].owed_fen,
            row["stat"].balance_fen,
            _("; ").join(f"{reason.short} +{reason.points}" for reason in row["reasons"]),
        )
        for row in risk_rows(_filtered(request), request.actor, today)
    ]
    return download(SheetOut(_("Risk"), columns, rows), "risk", today)
