"""A leaver's settlement: look at everything owed, then send it to the worker."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from payroll.pay_words import lines_of
from payroll.services import settlements
from payroll.wage_months import days_of_sheet
from registration.http import ActorRequest, staff_view
from registration.permissions import CLERK
from registration.services.parameters import load_calendar
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation
from wagewatch.lib.money import format_cny


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*CLERK)
def settle(request: ActorRequest, project_pk: int, pk: int) -> HttpResponse:
    """Everything a leaver is owed; POST makes the settlement sheet and sends it to the worker."""
    now = timezone.now()
    problem: RuleViolation | None = None
    if request.method == "POST":
        try:
            made = settlements.settle(project_pk, pk, actor=request.actor, now=now)
        except RuleViolation as error:
            problem = error
        else:
            total = format_cny(sum(sheet.net_fen for sheet in made))
            if made[-1].state == "draft":
                text = _("The settlement is a draft: enter the piece work, then send it.")
            else:
                text = _("Settlement of %(sum)s sent to the worker.") % {"sum": total}
            messages.success(request, text)
            return redirect("payroll:sheet", pk=made[-1].pk)
    try:
        found = settlements.preview(project_pk, pk, actor=request.actor, now=now)
    except RuleViolation as error:
        problem = problem or error
        found = settlements.Settlement(settlements.access_leaver(project_pk, pk, request.actor), [], [], [])
    posting = found.posting
    today = site_date(now)
    return render(
        request,
        "payroll/settle.html",
        {
            "found": found,
            "posting": posting,
            "slips": [
                {"slip": slip, "lines": lines_of(slip), "days": days_of_sheet(slip.sheet)}
                for slip in found.slips
            ],
            "today": today,
            "working_days": load_calendar().working_days_between(posting.left_on, today)
            if posting.left_on
            else 0,
            "problem": problem.message if problem else "",
        },
        status=problem.status if problem else 200,
    )
