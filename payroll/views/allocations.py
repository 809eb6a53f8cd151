"""The labour cost of a project for its contractor, its owner and its bank: plan, months, receipts, requests."""

from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from payroll.access import leads_project, owns_project
from payroll.allocation_rules import PROGRESS
from payroll.allocation_words import page_context
from payroll.models import AllocationPlan
from payroll.money_forms import ChoiceForm, PlanForm, ProgressForm
from payroll.services.allocation_facts import load_allocation
from payroll.services.allocations import agree_plan, choose_month, least_ratio, record_progress
from payroll.services.top_ups import (
    proposal_of,
)
from payroll.views.money_page import READERS, form_page, money_project
from registration.access import not_found, not_permitted
from registration.http import ActorRequest, staff_view
from registration.models import Project
from registration.services.trainings import Scan
from registration.views.stored_files import stored_file
from wagewatch.lib.dates import first_of_month, next_month, parse_month, site_date
from wagewatch.lib.money import format_cny


@require_safe
@staff_view(*READERS)
def allocation_page(request: ActorRequest, pk: int) -> HttpResponseBase:
    """What was agreed, what came for each month, what is missing, who asked for it."""
    project = money_project(request, pk)
    today = site_date(timezone.now())
    allocation = load_allocation(project, today=today)
    leads = leads_project(request.actor, project, permission="allocation.plan")
    context = page_context(allocation, today) | {
        "leads": leads,
        "owns": owns_project(request.actor, pk),
        "by_progress": bool(allocation.plan and allocation.plan.basis == PROGRESS),
        "proposal": proposal_of(allocation),
    }
    return render(request, "payroll/allocation.html", context)


def _led(request: ActorRequest, pk: int) -> Project:
    project = money_project(request, pk)
    if not leads_project(request.actor, project, permission="allocation.plan"):
        not_permitted("allocation.plan")
    return project


def _page(pk: int) -> str:
    return reverse("payroll:allocation", kwargs={"pk": pk})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*READERS)
def plan_new(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Enter what the contract says, or a later version of it."""
    project = _led(request, pk)
    now = timezone.now()
    today = site_date(now)
    last = AllocationPlan.objects.filter(project=project).order_by("-number").first()
    start: dict[str, Any] = {"day": 20, "interval_months": 1, "starts_on": first_of_month(today)}
    if last is not None:
        start = {
            "basis": last.basis,
            "amount_fen": last.amount_fen or None,
            "percent": last.percent or None,
            "day": last.day,
            "interval_months": last.interval_months,
            "starts_on": next_month(first_of_month(today)),
            "ends_on": last.ends_on,
        }
    form = PlanForm(request.POST or None, request.FILES or None, initial=start)

    def act(data: dict[str, Any]) -> str:
        upload = data.get("scan")
        scan = Scan(upload.name, upload.read()) if upload else None
        plan = agree_plan(pk, form.facts, scan=scan, actor=request.actor, now=now)
        return _("Version %(number)s is on record.") % {"number": plan.number}

    least = least_ratio(project, on=today)
    return form_page(
        request,
        form,
        act,
        form.FIELDS,
        _page(pk),
        {
            "project": project,
            "title": _("Change the agreed labour cost") if last else _("Enter the agreed labour cost"),
            "button": _("Put it on record"),
            "intro": _(
                "As the construction contract says. In this region and kind of works labour cost is at least "
                "%(least)s %% of the contract. What is due already cannot be lessened by a later version."
            )
            % {"least": f"{least:f}"}
            if least
            else _(
                "As the construction contract says. What is due already cannot be lessened by a later version."
            ),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*READERS)
def progress_new(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Enter a month's progress payment."""
    project = _led(request, pk)
    form = ProgressForm(request.POST or None, initial={"month": request.GET.get("month", "")[:7]})

    def act(data: dict[str, Any]) -> str:
        record_progress(
            pk, data["month"], data["amount_fen"], note=data["note"], actor=request.actor, now=timezone.now()
        )
        return _("The progress payment is on record.")

    return form_page(
        request,
        form,
        act,
        form.FIELDS,
        _page(pk),
        {
            "project": project,
            "title": _("Enter a progress payment"),
            "button": _("Put it on record"),
            "intro": _("The labour cost of the month is a ratio of it. A later figure may only be higher."),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*READERS)
def receipt_month(request: ActorRequest, pk: int, number: int) -> HttpResponseBase:
    """Say for which month a receipt is."""
    project = _led(request, pk)
    allocation = load_allocation(project, today=site_date(timezone.now()))
    entry = next((e for e in allocation.receipts if e.number == number), None)
    if entry is None:
        not_found()
    chosen = allocation.choices.get(number)
    start = {"month": f"{chosen.month:%Y-%m}" if chosen and chosen.month else ""}
    months = [s.period.month for s in allocation.account.standings]
    form = ChoiceForm(request.POST or None, initial=start, months=months)

    def act(data: dict[str, Any]) -> str:
        month = parse_month(data["month"]) if data["month"] else None
        choose_month(pk, number, month, reason=data["reason"], actor=request.actor, now=timezone.now())
        return _("The receipt counts as you said.")

    return form_page(
        request,
        form,
        act,
        form.FIELDS,
        _page(pk),
        {
            "project": project,
            "title": _("For which month are %(sum)s?") % {"sum": format_cny(entry.amount_fen)},
            "button": _("Count it so"),
            "intro": _(
                "By the rule a receipt fills the oldest month that lacks something. Say otherwise only where "
                "the owner's paper names the month. What exceeds the month goes by the rule."
            ),
        },
    )


@require_safe
@staff_view(*READERS)
def plan_file(request: ActorRequest, pk: int, number: int) -> HttpResponseBase:
    """The scanned page of the contract."""
    project = money_project(request, pk)
    plan = AllocationPlan.objects.select_related("file").filter(project=project, number=number).first()
    return stored_file(plan.file if plan else None)
