"""Odd attendance within the inspector's reach: all sites at once, or one; the same statements as the site's page."""

from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from devices.oddities.asking import Asked, asked, oddity_sheet
from devices.oddities.catalogue import KINDS
from devices.oddities.finding import Result, find
from devices.views.oddities import question_context, shown
from inspection.exports import download
from inspection.http import inspector_view, text_of
from registration.access import projects_for
from registration.http import ActorRequest
from registration.models import Project, Region
from wagewatch.lib.dates import site_date


def _found(request: ActorRequest) -> tuple[list[Project], Asked, list[Result]]:
    now = timezone.now()
    question = asked(request, today=site_date(now))
    reach = projects_for(request.actor, permission="alarm.view")
    if region := text_of(request, "region"):
        reach = reach.filter(region__code__startswith=region.rstrip("0") or region)
    projects = list(reach.only("pk", "name", "name_en", "region_id").order_by("name", "pk"))
    wanted = text_of(request, "project")
    chosen = [p.pk for p in projects if wanted in {"", str(p.pk)}]
    return projects, question, find(KINDS, chosen, None, question.period, now=now)


@require_GET
@inspector_view
def oddities(request: ActorRequest) -> HttpResponseBase:
    """What looks wrong at the gates of the region in a period; filters in the address."""
    projects, question, results = _found(request)
    codes = {p.region_id for p in projects}
    context = {
        "projects": projects,
        "regions": Region.objects.filter(code__in=codes).order_by("code"),
        "query": request.GET,
        **question_context(results, question),
    }
    return render(request, "inspection/oddities.html", context)


@require_GET
@inspector_view
def oddities_export(request: ActorRequest) -> HttpResponseBase:
    """The same as .xlsx."""
    _projects, question, results = _found(request)
    rows = [row for result in shown(results, question) for row in result.rows]
    return download(oddity_sheet(rows), "odd-attendance", question.period.until)
