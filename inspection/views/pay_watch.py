"""What the inspector watches about the workers' word: answers at the tablet, mediations, cash, signs of split wages."""

from datetime import date
from typing import Any

from django.db.models import Count, Q
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from inspection.http import inspector_view
from inspection.reach import people_on
from payroll import watch
from payroll.models import CashPayment, CashReport, Mediation, ProxyWord
from payroll.part_cash import find_part_cash, people_of
from registration.access import access_project, not_found, projects_for
from registration.http import ActorRequest
from registration.models import Participation, Project
from registration.services.parameters import load_calendar, parameter
from wagewatch.lib.dates import first_of_month, parse_month, previous_month, site_date

MONTHS = 6
PERSON_MONTHS = 300_000
"""The pay of so many people in so many months is looked through for split wages at once: a few seconds."""
RUNNING = (Mediation.State.OPEN, Mediation.State.PROPOSED)
SHOWN = 500
"""Mediations, payments and reports on a page; their workbooks hold more."""


Reach = dict[int, Project]
"""The projects that a page is about, by their number."""


def reach_of(request: ActorRequest) -> Reach:
    """The projects within reach, or the one that the address names."""
    projects = projects_for(request.actor, permission="alarm.view").order_by("name", "pk")
    found = {project.pk: project for project in projects}
    wanted = request.GET.get("project", "")
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 19:
        return {pk: project for pk, project in found.items() if pk == int(wanted)}
    return found


def _since(today: date, months: int = MONTHS) -> date:
    month = first_of_month(today)
    for _n in range(months):
        month = previous_month(month)
    return month


def _page(request: ActorRequest, here: str, context: dict[str, Any]) -> HttpResponse:
    titles = {
        "on-site": _("Answered at the tablet"),
        "mediations": _("Mediations"),
        "cash": _("Cash"),
        "part-cash": _("Signs of split wages"),
    }
    wanted = request.GET.get("project", "")
    suffix = f"?project={wanted}" if wanted.isascii() and wanted.isdigit() else ""
    tabs = [
        {
            "url": reverse("inspection:pay-watch-" + name) + suffix,
            "label": title,
            "current": name == here,
        }
        for name, title in titles.items()
    ]
    export_url = reverse("inspection:pay-watch-export", args=[here]) + suffix
    shown = {"watch_tabs": tabs, "title": titles[here], "here": here, "export_url": export_url}
    return render(request, f"inspection/watch_{here.replace('-', '_')}.html", shown | context)


def on_site_rows(request: ActorRequest) -> list[dict[str, Any]]:
    """Sheets with answers at the tablet, those over the region's limit or denied first."""
    projects, today = reach_of(request), site_date(timezone.now())
    shares = watch.proxy_shares(projects, since=_since(today), today=today)
    rows = [{"share": share, "project": projects[share.project_id]} for share in shares]
    return sorted(rows, key=lambda row: not (row["share"].is_over or row["share"].denied))


@require_GET
@inspector_view
def on_site(request: ActorRequest) -> HttpResponseBase:
    """Sheets with answers at the site's tablet; a share over the region's limit is marked."""
    rows = on_site_rows(request)
    shares = [row["share"] for row in rows]
    return _page(
        request,
        "on-site",
        {"rows": rows, "over": sum(s.is_over for s in shares), "denied": sum(s.denied for s in shares)},
    )


def sheet_words(request: ActorRequest, pk: int, sheet_pk: int) -> tuple[Project, list[ProxyWord]]:
    """A project and the answers given at its tablet for one sheet; 404 where there are none."""
    project = access_project(pk, request.actor, permission="alarm.view")
    words = list(watch.proxy_words(sheet_pk, Project.objects.filter(pk=project.pk)))
    if not words:
        not_found()
    return project, words


@require_GET
@inspector_view
def on_site_sheet(request: ActorRequest, pk: int, sheet_pk: int) -> HttpResponseBase:
    """The answers of one sheet: who, beside which clerk, at which device, with the picture."""
    project, words = sheet_words(request, pk, sheet_pk)
    return render(
        request,
        "inspection/watch_on_site_sheet.html",
        {"project": project, "words": words, "month": words[0].month, "sheet_pk": sheet_pk},
    )


@require_GET
@inspector_view
def on_site_photo(request: ActorRequest, pk: int, word_pk: int) -> HttpResponseBase:
    """The picture taken at the tablet."""
    project = access_project(pk, request.actor, permission="alarm.view")
    return _picture(
        ProxyWord.objects.filter(project=project, pk=word_pk).values_list("photo", flat=True).first()
    )


@require_GET
@inspector_view
def cash_photo(request: ActorRequest, pk: int, cash_pk: int) -> HttpResponseBase:
    """The picture of a hand-over."""
    project = access_project(pk, request.actor, permission="alarm.view")
    rows = CashPayment.objects.filter(project=project, pk=cash_pk)
    return _picture(rows.values_list("photo", flat=True).first())


def _picture(content: bytes | None) -> HttpResponse:
    if content is None:
        not_found()
    return HttpResponse(
        bytes(content),
        content_type="image/jpeg",
        headers={
            "Cache-Control": "no-store, private",
            "X-Content-Type-Options": "nosniff",
            "Content-Disposition": "inline",
        },
    )


def mediation_rows(
    request: ActorRequest, most: int = SHOWN, *, reach: Reach | None = None
) -> list[dict[str, Any]]:
    """Mediations with the working days since they were asked for: open ones first, then those that failed."""
    projects = reach_of(request) if reach is None else reach
    today = site_date(timezone.now())
    calendar = load_calendar()
    found = list(watch.mediations(Project.objects.filter(pk__in=projects))[:most])
    return [
        {
            "mediation": m,
            "working_days": calendar.working_days_between(site_date(m.asked_at), today)
            if m.state in RUNNING
            else None,
            "late": m.state in RUNNING and today > m.due_on,
        }
        for m in found
    ]


@require_GET
@inspector_view
def mediations(request: ActorRequest) -> HttpResponseBase:
    """Open mediations with the working days since; then what ended without agreement."""
    reach = reach_of(request)
    rows = mediation_rows(request, reach=reach)
    found = watch.mediations(Project.objects.filter(pk__in=reach)).order_by()
    figures = found.aggregate(number=Count("pk"), open=Count("pk", filter=Q(state__in=RUNNING)))
    context = {"rows": rows, "open": figures["open"], "hidden": figures["number"] - len(rows)}
    return _page(request, "mediations", context | {"today": site_date(timezone.now())})


def cash_rows(
    request: ActorRequest, most: int = SHOWN, *, reach: Reach | None = None
) -> list[dict[str, Any]]:
    """Cash payments, denied ones first, with how often the firm paid so on the project."""
    projects = reach_of(request) if reach is None else reach
    today = site_date(timezone.now())
    payments = list(watch.cash_payments(Project.objects.filter(pk__in=projects))[:most])
    times = watch.times_by_firm(payments)
    limits = {
        region: int(parameter("cash.repeated_times", region_code=region, on=today, default=2))
        for region in {projects[p.project_id].region_id for p in payments}
    }
    return [
        {
            "payment": p,
            "times": times[p.project_id, p.sheet.participation_id],
            "repeated": times[p.project_id, p.sheet.participation_id]
            >= limits[projects[p.project_id].region_id],
        }
        for p in payments
    ]


def cash_reports(request: ActorRequest, most: int = SHOWN, *, reach: Reach | None = None) -> list[CashReport]:
    """What workers said of cash themselves, the newest first."""
    projects = reach_of(request) if reach is None else reach
    return list(watch.cash_reports(Project.objects.filter(pk__in=projects))[:most])


@require_GET
@inspector_view
def cash(request: ActorRequest) -> HttpResponseBase:
    """Every cash payment, denied ones first, repeated use marked; and what workers said of cash themselves."""
    reach = reach_of(request)
    rows, reports = cash_rows(request, reach=reach), cash_reports(request, reach=reach)
    projects = Project.objects.filter(pk__in=reach)
    figures = watch.cash_figures(watch.cash_payments(projects))
    said = watch.cash_reports(projects).count()
    context = {"rows": rows, "hidden": figures["number"] - len(rows), "figures": figures}
    return _page(request, "cash", context | {"reports": reports, "said": said, "unsaid": said - len(reports)})


def part_cash_months(projects: Reach) -> int:
    """How many months before this one are looked through: fewer, the more people the reader has in reach."""
    return max(1, min(MONTHS, PERSON_MONTHS // max(people_on(projects), 1) - 1))


def part_cash_rows(request: ActorRequest, projects: Reach) -> list[dict[str, Any]]:
    """Months of firms with a sign of split wages."""
    today = site_date(timezone.now())
    since = _since(today, part_cash_months(projects))
    found = find_part_cash(list(projects), since=since, until=first_of_month(today), today=today)
    firms = dict(
        Participation.objects.filter(pk__in=[f.participation_id for f in found]).values_list(
            "pk", "organisation__name"
        )
    )
    return [{"sign": f, "project": projects[f.project_id], "firm": firms[f.participation_id]} for f in found]


@require_GET
@inspector_view
def part_cash(request: ActorRequest) -> HttpResponseBase:
    """Firms whose month shows a sign that wages are split between bank and cash."""
    projects = reach_of(request)
    context = {"rows": part_cash_rows(request, projects), "months": part_cash_months(projects)}
    return _page(request, "part-cash", context)


def part_cash_month(request: ActorRequest, pk: int, part_pk: int, month: str) -> dict[str, Any]:
    """One firm's month person by person, out of reach 404."""
    project = access_project(pk, request.actor, permission="alarm.view")
    part = Participation.objects.select_related("organisation").filter(project=project, pk=part_pk).first()
    if part is None:
        not_found()
    day, today = parse_month(month), site_date(timezone.now())
    found = find_part_cash([project.pk], since=day, until=day, today=today)
    return {
        "project": project,
        "part": part,
        "month": day,
        "sign": next((f for f in found if f.participation_id == part.pk), None),
        "people": people_of(project.pk, part.pk, day, today=today),
    }


@require_GET
@inspector_view
def part_cash_people(request: ActorRequest, pk: int, part_pk: int, month: str) -> HttpResponseBase:
    """The figures of one firm's month, person by person."""
    context = part_cash_month(request, pk, part_pk, month)
    return render(request, "inspection/watch_part_cash_people.html", context)
