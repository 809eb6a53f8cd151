"""The wall screen of an operations room: large, dark, refreshes itself; no name, number or amount of a person."""

from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from inspection import dashboard
from inspection.http import inspector_view
from inspection.places import scope_of_address
from inspection.standing import standing
from inspection.views.risk import risk_rows
from inspection.views.today import LEADS, tiles_of, trail_of, trend_chart, trend_title
from registration.http import ActorRequest
from wagewatch.lib.dates import site_date

ALARMS, RISKS = 5, 5
SECONDS = 60
"""Between two loads; the figures behind it are counted every five minutes, alarms as they happen."""


@never_cache
@require_GET
@inspector_view
def wall(request: ActorRequest) -> HttpResponseBase:
    """Overdue, people, alarms, tile map, trend, the first of the queue, the riskiest sites; ?region= as elsewhere."""
    now = timezone.now()
    day = site_date(now)
    scope = scope_of_address(request)
    here = standing(request.actor, scope)
    figures = dashboard.totals(request.actor, now, here)
    trend = dashboard.trend(request.actor, day, scope=scope)
    return render(
        request,
        "inspection/wall.html",
        {
            "now": now,
            "today": day,
            "seconds": SECONDS,
            "figures": figures,
            "scope": scope,
            "trail": trail_of(request, scope),
            "lines": dashboard.lines(dashboard.open_alarms(request.actor, scope)[: max(ALARMS, LEADS)], day),
            "tiles": tiles_of(here, reverse("inspection:wall")),
            "trend_title": trend_title(trend),
            "trend": trend_chart(trend, height=260),
            "risks": risk_rows(dashboard.riskiest(request.actor, scope)[:RISKS], request.actor, day),
            "as_of": figures["as_of"],
            "paid_note": _("%(month_paid)s of %(month_people)s people") % figures,
        },
    )
