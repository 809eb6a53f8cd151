"""Odd attendance within the inspector's reach: all sites at once, or one; the same statements as the site's page."""

from dataclasses import dataclass, replace
from datetime import timedelta

from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from devices.oddities.asking import Asked, asked, oddity_sheet
from devices.oddities.catalogue import KINDS
from devices.oddities.finding import Period, Result, find
from devices.views.oddities import question_context, shown
from inspection.exports import download
from inspection.http import inspector_view, text_of
from inspection.reach import people_on
from registration.access import projects_for
from registration.http import ActorRequest
from registration.models import Project, Region
from wagewatch.lib.dates import site_date

PERSON_DAYS = 150_000
"""So many people on so many days are looked through at once, which takes some ten seconds; one site always is."""
MOST_NAMED = 500
"""Sites to choose from in one list; of more, a place is chosen first."""


@dataclass(frozen=True)
class Look:
    """A question to many sites and its answer; `too_many` people on too many days were not looked through."""

    projects: list[Project]
    asked: Asked
    results: list[Result]
    people: int
    too_many: bool

    @property
    def most_days(self) -> int:
        """So many days of these sites can be looked through; 0 where not even one."""
        return PERSON_DAYS // max(self.people, 1)


def _look(request: ActorRequest) -> Look:
    now = timezone.now()
    question = asked(request, today=site_date(now))
    reach = projects_for(request.actor, permission="alarm.view")
    if region := text_of(request, "region"):
        reach = reach.filter(region__code__startswith=region.rstrip("0") or region)
    projects = list(reach.only("pk", "name", "name_en", "region_id").order_by("name", "pk"))
    wanted = text_of(request, "project")
    chosen = [p.pk for p in projects if wanted in {"", str(p.pk)}]
    people, period = people_on(chosen), question.period
    if not request.GET.get("from") and len(chosen) > 1:
        days = min(len(period.days), max(1, PERSON_DAYS // max(people, 1)))
        period = Period(period.until - timedelta(days=days - 1), period.until)
        question = replace(question, period=period)
    too_many = len(chosen) > 1 and people * len(period.days) > PERSON_DAYS
    results = [] if too_many else find(KINDS, chosen, None, period, now=now)
    return Look(projects, question, results, people, too_many)


@require_GET
@inspector_view
def oddities(request: ActorRequest) -> HttpResponseBase:
    """What looks wrong at the gates of the region in a period; filters in the address."""
    look = _look(request)
    within = projects_for(request.actor, permission="alarm.view")
    codes = within.order_by().values_list("region_id", flat=True).distinct()
    context = {
        "look": look,
        "projects": look.projects if len(look.projects) <= MOST_NAMED else [],
        "regions": Region.objects.filter(code__in=list(codes)).order_by("code"),
        "query": request.GET,
        **question_context(look.results, look.asked),
    }
    return render(request, "inspection/oddities.html", context)


@require_GET
@inspector_view
def oddities_export(request: ActorRequest) -> HttpResponseBase:
    """The same as .xlsx; what would take too long is explained on the page."""
    look = _look(request)
    if look.too_many:
        return redirect(f"{reverse('inspection:oddities')}?{request.GET.urlencode()}")
    rows = [row for result in shown(look.results, look.asked) for row in result.rows]
    return download(oddity_sheet(rows), "odd-attendance", look.asked.period.until)
