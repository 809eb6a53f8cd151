"""The owner's first page: which requests wait for an answer or a transfer, and what is due next."""

from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from payroll.access import money_projects
from payroll.allocation_words import level_of, request_line
from payroll.guarantee_words import STATES as GUARANTEE_STATES
from payroll.models import TopUpRequest
from payroll.services.allocation_facts import load_allocations
from payroll.services.guarantee_facts import load_guarantees
from registration.access import organisations_with
from registration.http import ActorRequest, staff_view
from registration.models import Participation
from registration.permissions import PERMISSIONS
from wagewatch.lib.dates import site_date

SHOWN = 200


@require_safe
@staff_view("owner_clerk")
def owner_today(request: ActorRequest) -> HttpResponseBase:
    """Open requests of the owner's projects, the overdue first; every project's allocation and guarantee."""
    today = site_date(timezone.now())
    mine = Participation.objects.filter(
        organisation__in=organisations_with(request.actor, PERMISSIONS["allocation.answer"]),
        role=Participation.Role.OWNER,
    ).values("project")
    projects = money_projects(request.actor).filter(pk__in=mine).order_by("name", "pk")[:SHOWN]
    allocations = load_allocations(projects, today=today)
    by_project = {a.project.pk: a for a in allocations}
    requests = TopUpRequest.objects.filter(
        project__in=list(by_project), state__in=TopUpRequest.OPEN
    ).select_related("project")
    guarantees = {
        g.project.pk: (g, *GUARANTEE_STATES[g.state.code])
        for g in load_guarantees([a.project for a in allocations], today=today)
    }
    rows = [
        {"level": level_of(a), "allocation": a, "account": a.account, "guarantee": guarantees[a.project.pk]}
        for a in sorted(
            allocations, key=lambda a: (-a.account.days_late, -a.account.short_fen, a.project.name)
        )
    ]
    lines = [request_line(r, today) for r in requests]
    lines.sort(key=lambda line: (not line["late"], line["request"].reply_by))
    return render(
        request,
        "payroll/owner_today.html",
        {
            "requests": lines,
            "waiting": sum(line["request"].state in ("asked", "read") for line in lines),
            "late": sum(line["late"] for line in lines),
            "rows": rows,
            "today": today,
            "unguaranteed": sum(
                g.state.lacks and g.state.code != "missing" for g, *_words in guarantees.values()
            ),
            "short_fen": sum(a.account.short_fen for a in allocations),
        },
    )
