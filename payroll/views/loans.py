"""Special wage loans: the contractor applies and draws, the bank answers, both see what is owed."""

from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from payroll.access import facilities_for, leads_project
from payroll.loan_words import loan_context
from payroll.models import LoanDraw
from payroll.services.allocation_facts import load_allocation
from payroll.services.loan_facts import with_figures
from payroll.views.money_page import READERS, money_project
from registration.access import organisations_with
from registration.http import ActorRequest, staff_view
from registration.permissions import PERMISSIONS
from wagewatch.lib.dates import site_date


@require_safe
@staff_view(*READERS)
def loan_list(request: ActorRequest) -> HttpResponseBase:
    """Every wage loan within reach; for the bank's officer first what waits for an answer."""
    found = facilities_for(request.actor).order_by("-asked_at", "-pk")
    page = Paginator(found, 30).get_page(request.GET.get("page"))
    draws = list(
        LoanDraw.objects.filter(facility__in=facilities_for(request.actor).values("pk"), state=LoanDraw.State.ASKED)
        .select_related("project", "facility", "sheet__participation__organisation")
        .order_by("asked_at")[:50]
    )  # fmt: skip
    return render(
        request,
        "payroll/loans.html",
        {
            "page": page,
            "facilities": with_figures(page),
            "draws": draws,
            "banks": set(organisations_with(request.actor, PERMISSIONS["loan.grant"])),
            "waiting": len(draws) + sum(f.state == "asked" for f in page),
        },
    )


@require_safe
@staff_view(*READERS)
def loan_page(request: ActorRequest, pk: int) -> HttpResponseBase:
    """A project's wage loan: credit line, draws, repayments, and the shortfall that it does not hide."""
    project = money_project(request, pk)
    today = site_date(timezone.now())
    context = loan_context(project, today) | {
        "leads": leads_project(request.actor, project, permission="loan.ask"),
        "banks": set(organisations_with(request.actor, PERMISSIONS["loan.grant"])),
        "account": load_allocation(project, today=today).account,
    }
    return render(request, "payroll/loan.html", context)
