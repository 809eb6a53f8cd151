"""Citizen cards within reach: registered against carded, by region and by firm."""

from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from inspection.http import inspector_view
from registration.access import projects_for
from registration.http import ActorRequest
from registration.services.card_statistics import registered_against_carded
from wagewatch.lib.dates import site_date


@require_GET
@inspector_view
def citizen_cards(request: ActorRequest) -> HttpResponseBase:
    """People at work today on projects in regions with cards, and who of them holds one."""
    today = site_date(timezone.now())
    projects = list(projects_for(request.actor, permission="alarm.view").only("pk", "region_id"))
    whole = registered_against_carded(projects, on=today)
    total = whole[0] if whole else None
    context = {
        "today": today,
        "total": total,
        "regions": registered_against_carded(projects, on=today, by="region"),
        "firms": registered_against_carded(projects, on=today, by="organisation"),
        "stats": [
            {"label": _("Registered"), "figure": total.registered, "note": _("people at work today")},
            {"label": _("Carded"), "figure": total.carded, "note": _("hold their card in their hands")},
            {"label": _("On the way"), "figure": total.on_the_way, "note": _("applied for, not yet in hand")},
            {"label": _("Without a card"), "figure": total.without, "note": _("the gates let them in")},
        ]
        if total
        else [],
    }
    return render(request, "inspection/citizen_cards.html", context)
