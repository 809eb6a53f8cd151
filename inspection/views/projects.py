"""Projects within reach: the list, one project, and every worker of one of its months."""

from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from devices.barred import barred_today
from devices.rules import work_date
from devices.stamp_sources import stamp_sources
from inspection import dashboard
from inspection.access import alarms_for
from inspection.exports import download, project_sheet, slip_sheet
from inspection.http import inspector_view, text_of
from inspection.models import Alarm, ProjectStat, RiskScore
from inspection.parties import chain_of
from inspection.places import scope_of_address
from inspection.risk.words import lines_of
from inspection.views.risk import level_of as risk_level
from payroll.allocation_words import headline, level_of
from payroll.deposit_words import STATES as DEPOSIT_STATES
from payroll.guarantee_words import STATES as GUARANTEE_STATES
from payroll.late import late_changes
from payroll.models import AccountEntry, CashPayment, PaySheet, PaySlip, ProxyWord
from payroll.owed import reached
from payroll.services.allocation_facts import load_allocation
from payroll.services.deposit_facts import load_deposit
from payroll.services.guarantee_facts import load_guarantee
from registration.access import access_project, projects_for
from registration.chain_picture import chain_picture
from registration.http import ActorRequest
from registration.models import Participation, Project, Region, Sector
from registration.services.citizen_cards import has_scheme
from registration.source_coverage import covered_by
from wagewatch.charts import line
from wagewatch.lib.dates import parse_month, site_date
from wagewatch.lib.money import format_cny

PER_PAGE = 50
MONTHS = 12
RISK_DAYS = 60
SHOWN = 12
"""People kept out whom the page of a project names; those who came in all the same stand first."""
ORDERS = {
    "owed": "stat__owed_fen",
    "name": "name",
    "people": "stat__workers_open",
    "site": "stat__on_site_now",
    "balance": "stat__balance_fen",
    "risk": "stat__risk",
}
STATES = {
    "waiting": Q(confirmation="waiting"),
    "objected": Q(confirmation="objected"),
    "unpaid": ~Q(payment="paid"),
    "returned": Q(payment="returned"),
    "paid": Q(payment="paid"),
}


def _filtered(request: ActorRequest) -> QuerySet[Project]:
    """The projects of the page's filters, in its order."""
    found = projects_for(request.actor, permission="alarm.view").select_related("region", "stat")
    if words := text_of(request, "q"):
        firm = Participation.objects.filter(project=OuterRef("pk"), organisation__name__icontains=words)
        found = found.filter(Q(name__icontains=words) | Q(code__iexact=words) | Exists(firm))
    if region := scope_of_address(request).region:
        found = found.filter(region__code__startswith=region)
    if (sector := request.GET.get("sector")) in Sector.values:
        found = found.filter(sector=sector)
    if request.GET.get("owing"):
        found = found.filter(stat__owed_fen__gt=0)
    sort = request.GET.get("sort", "-owed")
    order = F(ORDERS.get(sort.lstrip("-"), ORDERS["owed"]))
    downwards = sort.startswith("-") or sort.lstrip("-") not in ORDERS
    return found.order_by(
        order.desc(nulls_last=True) if downwards else order.asc(nulls_last=True), "name", "pk"
    )


@require_GET
@inspector_view
def projects(request: ActorRequest) -> HttpResponseBase:
    """Projects of the region and sector, those that owe first; reads one figure row per project."""
    page = Paginator(_filtered(request), PER_PAGE).get_page(request.GET.get("page"))
    reach = projects_for(request.actor, permission="alarm.view")
    today = site_date(timezone.now())
    codes = list(reach.order_by().values_list("region_id", flat=True).distinct())
    return render(
        request,
        "inspection/projects.html",
        {
            "page": page,
            "query": request.GET,
            "today": today,
            "sectors": Sector.choices,
            "regions": Region.objects.filter(code__in=codes).order_by("code"),
            "has_citizen_cards": any(has_scheme(code, on=today) for code in codes),
        },
    )


@require_GET
@inspector_view
def projects_export(request: ActorRequest) -> HttpResponseBase:
    """The filtered projects as .xlsx."""
    today = site_date(timezone.now())
    return download(project_sheet(_filtered(request), today), "projects", today)


@require_GET
@inspector_view
def project(request: ActorRequest, pk: int) -> HttpResponseBase:
    """One project: figures, chain, months, open alarms, the account's last movements."""
    found = access_project(pk, request.actor, permission="alarm.view")
    today = site_date(timezone.now())
    stat = ProjectStat.objects.select_related("project").filter(project=found).first()
    alarms = dashboard.lines(
        alarms_for(request.actor)
        .filter(project=found, state=Alarm.State.OPEN)
        .select_related("project__region", "holder")
        .order_by("-level", "due_on"),
        today,
    )
    overdue = next((line for line in alarms if line.alarm.rule == "D3"), None)
    parts = list(Participation.objects.filter(project=found).values_list("pk", flat=True))
    kept_out = barred_today(found, parts, today=work_date(timezone.now(), found.day_starts_at))
    months = (
        PaySheet.objects.filter(project=found)
        .exclude(state=PaySheet.State.DRAFT)
        .values("month")
        .annotate(sheets=Count("pk"), people=Sum("people"), net=Sum("net_fen"))
        .order_by("-month")[:MONTHS]
    )
    paid = {
        row["month"]: row
        for row in PaySlip.objects.filter(project=found, month__in=[m["month"] for m in months])
        .exclude(confirmation=PaySlip.Confirmation.DRAFT)
        .order_by()
        .values("month")
        .annotate(
            paid_people=Count("worker_id", filter=Q(payment="paid")),
            paid=Sum("net_fen", filter=Q(payment="paid"), default=0),
            confirmed=Count("worker_id", filter=Q(confirmation="confirmed")),
            objected=Count("worker_id", filter=Q(confirmation="objected")),
        )
    }
    deposit = load_deposit(found, today=today)
    allocation = load_allocation(found, today=today)
    return render(
        request,
        "inspection/project.html",
        {
            "project": found,
            "labour_cost": (
                headline(allocation),
                "red" if level_of(allocation) == "red" else "yellow",
                allocation,
            ),
            "deposit_words": DEPOSIT_STATES[deposit.state.code][0],
            "guarantee_words": GUARANTEE_STATES[load_guarantee(found, today=today).state.code][0],
            "today": today,
            "stat": stat,
            "stats": _stats(stat),
            "alarms": alarms,
            "months": [{**m, **paid.get(m["month"], {}), "key": f"{m['month']:%Y-%m}"} for m in months],
            "late": [c for c in late_changes(found, count_drafts=False) if not c.dismissal_id],
            "kept_out": kept_out[:SHOWN],
            "kept_out_count": len(kept_out),
            "entered_anyway": sum(one.came_at is not None for one in kept_out),
            "sources": _sources(found, today),
            "risk": _risk(stat, today),
            "entries": AccountEntry.objects.filter(project=found).order_by("-number")[:8],
            "chain": chain_of(
                found,
                overdue.alarm.facts.get("parts", []) if overdue else [],
                overdue.stop if overdue else None,
                overdue.alarm.level if overdue else 1,
            ),
            "picture": chain_picture(found, Participation.objects.filter(project=found)),
        },
    )


def _risk(stat: ProjectStat | None, today: date) -> dict[str, object] | None:
    """The project's score with its reasons, and its line over the last weeks; None without a score."""
    if stat is None or stat.risk is None:
        return None
    days = list(
        RiskScore.objects.filter(project=stat.pk, day__gt=today - timedelta(days=RISK_DAYS), day__lte=today)
        .order_by("day")
        .values_list("day", "score")
    )
    return {
        "stat": stat,
        "level": risk_level(stat, today),
        "reasons": lines_of(stat.risk_reasons),
        "rows": days[::-1],
        "chart": line(
            [(f"{day:%m-%d}", score) for day, score in days],
            label=_("Risk score, day by day"),
            height=180,
        )
        if len(days) > 1
        else "",
    }


def _sources(project: Project, today: date) -> list[dict[str, object]]:
    """Where stamps and people come from; systems that vouch for people without a stamp stand last."""
    covered = {one.source.name: one for one in covered_by(project, now=timezone.now())}
    rows: list[dict[str, object]] = [
        {**asdict(one), "covered": covered.pop(one.name, None) if one.kind == "system" else None}
        for one in stamp_sources(project, today - timedelta(days=30), today)
    ]
    silent = [
        {"kind": "system", "name": name, "stamps": 0, "percent": 0, "people": 0, "covered": one}
        for name, one in covered.items()
    ]
    return [*rows, *silent]


def _stats(stat: ProjectStat | None) -> list[dict[str, object]]:
    if stat is None:
        return [{"label": _("Figures"), "figure": "—", "note": _("They are counted within minutes.")}]
    return [
        {
            "label": _("Overdue wages"),
            "figure": format_cny(stat.owed_fen),
            "note": _("since %(day)s") % {"day": stat.oldest_due_on} if stat.oldest_due_on else "",
        },
        {"label": _("People not paid"), "figure": stat.owed_people, "unit": _("people")},
        {
            "label": _("Registered here now"),
            "figure": stat.workers_open,
            "unit": _("people"),
            "note": _("%(n)s came in the last 30 days") % {"n": stat.attended_30d},
        },
        {"label": _("On site at this moment"), "figure": stat.on_site_now, "unit": _("people")},
        {
            "label": _("Account balance"),
            "figure": "—" if stat.balance_fen is None else format_cny(stat.balance_fen),
            "note": _("No special wage account") if stat.balance_fen is None else "",
        },
    ]


def _mark(slips: Any, project: Project) -> None:
    """Which of these slips were answered at the site's tablet, and which cash the worker denies; two queries."""
    people = [slip.worker_id for slip in slips]
    sheets = {slip.sheet_id for slip in slips}
    words = set(
        ProxyWord.objects.filter(
            project=project, sheet__in=sheets, worker__in=people, denied_at=None
        ).values_list("sheet_id", "worker_id", "version")
    )
    denied = set(
        CashPayment.objects.filter(
            project=project, sheet__in=sheets, worker__in=people, denied_at__isnull=False, withdrawn_at=None
        ).values_list("sheet_id", "worker_id")
    )
    for slip in slips:
        slip.on_site = (slip.sheet_id, slip.worker_id, slip.version) in words
        slip.cash_denied = (slip.sheet_id, slip.worker_id) in denied


def _slips(request: ActorRequest, project: Project, month: date) -> QuerySet[PaySlip]:
    """The slips of the page's filters: firm, state, name."""
    slips = (
        PaySlip.objects.filter(project=project, month=month)
        .exclude(confirmation=PaySlip.Confirmation.DRAFT)
        .select_related("worker")
    )
    if (firm := firm_of(request)) is not None:
        slips = slips.filter(sheet__participation_id=firm)
    if (shown := request.GET.get("state", "")) in STATES:
        slips = slips.filter(STATES[shown])
    if words := text_of(request, "q"):
        slips = slips.filter(worker__name__icontains=words)
    return slips.order_by("payment", "-net_fen", "worker_id")


def firm_of(request: ActorRequest) -> int | None:
    """?firm=, a participation; nonsense is no filter."""
    firm = request.GET.get("firm", "")
    return int(firm) if firm.isascii() and firm.isdigit() and len(firm) < 19 else None


@require_GET
@inspector_view
def project_month(request: ActorRequest, pk: int, month: str) -> HttpResponseBase:
    """A project's wage month by subcontractor, and every worker's slip, the unpaid first."""
    found = access_project(pk, request.actor, permission="alarm.view")
    first = parse_month(month)
    firm = firm_of(request)
    slips = PaySlip.objects.filter(project=found, month=first).exclude(
        confirmation=PaySlip.Confirmation.DRAFT
    )
    firms = list(
        slips.order_by()
        .values("sheet__participation_id", "sheet__participation__organisation__name")
        .annotate(
            people=Count("worker_id"),
            net=Sum("net_fen", default=0),
            paid_fen=Sum("net_fen", filter=reached(), default=0),
            unpaid=Count("worker_id", filter=~reached()),
            confirmed=Count("worker_id", filter=Q(confirmation="confirmed")),
        )
        .order_by("-unpaid", "-net")
    )
    if firm is not None:
        slips = slips.filter(sheet__participation_id=firm)
    counts = slips.aggregate(
        everybody=Count("worker_id"),
        net=Sum("net_fen", default=0),
        paid_fen=Sum("net_fen", filter=Q(payment="paid"), default=0),
        **{name: Count("worker_id", filter=condition) for name, condition in STATES.items()},
    )
    page = Paginator(_slips(request, found, first), PER_PAGE).get_page(request.GET.get("page"))
    _mark(page.object_list, found)
    shown = request.GET.get("state", "")
    return render(
        request,
        "inspection/project_month.html",
        {
            "project": found,
            "month": first,
            "key": f"{first:%Y-%m}",
            "page": page,
            "counts": counts,
            "state": shown if shown in STATES else "",
            "firm": firm,
            "firms": [
                {
                    "pk": row["sheet__participation_id"],
                    "name": row["sheet__participation__organisation__name"],
                    **row,
                }
                for row in firms
            ],
        },
    )


@require_GET
@inspector_view
def project_month_export(request: ActorRequest, pk: int, month: str) -> HttpResponseBase:
    """The filtered slips as .xlsx, names masked as on the page."""
    found = access_project(pk, request.actor, permission="alarm.view")
    first = parse_month(month)
    slips = _slips(request, found, first).select_related("worker", "sheet__participation__organisation")
    return download(slip_sheet(slips), f"wages-{found.code}-{first:%Y-%m}", site_date(timezone.now()))
