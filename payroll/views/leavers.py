"""Left and not settled: the clerk's list, with the day the wages were due."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from payroll.leavers import leavers_for, unsettled, with_owed
from registration.http import ActorRequest, staff_view
from registration.permissions import CONTRACTOR, PERMISSIONS
from registration.services.parameters import load_calendar
from wagewatch.lib.dates import site_date

PAGE = 50


@require_safe
@staff_view(*CONTRACTOR)
def leavers(request: ActorRequest) -> HttpResponse:
    """Everybody who has left and is still owed; `?project=`, `?show=all` with those who are settled."""
    found = leavers_for(request.actor)
    project = request.GET.get("project", "")
    if project.isdecimal() and len(project) < 18:
        found = found.filter(project=int(project))
    show_all = request.GET.get("show") == "all"
    rows = with_owed(found).order_by("-settle_by", "pk") if show_all else unsettled(found)
    rows = rows.select_related("worker", "project", "team", "participation__organisation").defer(
        "worker__id_number", "worker__phone", "worker__address"
    )
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    today = site_date(timezone.now())
    calendar = load_calendar()
    since = {one.pk: calendar.working_days_between(one.left_on, today) for one in page if one.left_on}
    return render(
        request,
        "payroll/leavers.html",
        {
            "page": page,
            "today": today,
            "since": since,
            "show_all": show_all,
            "project": project,
            "may_prepare": request.actor.has_role(*PERMISSIONS["sheet.prepare"]),
        },
    )
