"""How much each inspector has to do, and who leads an office."""

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from inspection.http import inspector_view
from inspection.models import OfficeLead
from inspection.services.leads import members_for, nameable, set_lead
from inspection.workload import end_of_week, groups_of, totals_of
from registration.http import ActorRequest
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation


@never_cache
@require_GET
@inspector_view
def workload(request: ActorRequest) -> HttpResponseBase:
    """Alarms and cases by office and inspector: open, past the deadline, due this week; leads are named here."""
    today = site_date(timezone.now())
    members = members_for(request.actor)
    leads = set(
        OfficeLead.objects.filter(membership__in=[one.pk for one in members]).values_list(
            "membership_id", flat=True
        )
    )
    context = {
        "groups": groups_of(members, request.actor, today),
        "totals": totals_of(request.actor, today),
        "leads": leads,
        "nameable": nameable(request.actor, members, leads),
        "until": end_of_week(today),
        "today": today,
    }
    return render(request, "inspection/workload.html", context)


@require_POST
@inspector_view
def lead(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Name an inspector lead of an office, or end it."""
    leads = request.POST.get("act") != "end"
    try:
        member = set_lead(pk, leads=leads, actor=request.actor, now=timezone.now())
    except RuleViolation as refusal:
        messages.error(request, refusal.message)
    else:
        said = (
            _("%(name)s leads the office from now on.") if leads else _("%(name)s leads the office no more.")
        )
        messages.success(request, said % {"name": member.user.name})
    return redirect("inspection:cases-workload")
