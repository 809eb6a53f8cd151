"""The contractor's first page: what is to be done about pay today, the most urgent first."""

from collections import defaultdict
from datetime import date
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from devices.models import AttendanceDay
from payroll.access import sheets_for
from payroll.models import PaySheet, PaySlip
from payroll.views.money_tasks import closed_tasks, money_tasks
from payroll.views.people_tasks import people_tasks
from payroll.views.sheets import parts_to_prepare
from payroll.wage_months import wage_months_of
from registration.http import ActorRequest, staff_view
from registration.models import Participation, Posting
from registration.permissions import CLERK, CONTRACTOR, PERMISSIONS
from registration.services.parameters import load_calendar
from registration.templatetags.named import named
from wagewatch.lib.dates import first_of_month, pay_due_on, previous_month, site_date


@require_safe
@staff_view(*CONTRACTOR)
def today(request: ActorRequest) -> HttpResponse:
    """Sheets to make, submit, approve, instruct; objections, returns, unpaid past the due date."""
    now = timezone.now()
    day = site_date(now)
    actor = request.actor
    found = (
        sheets_for(actor)
        .exclude(state=PaySheet.State.SETTLED)
        .select_related("project", "participation__organisation")
        .order_by("due_on", "pk")
    )
    open_sheets = _with_counts(list(found))
    tasks: list[dict[str, Any]] = []
    if actor.has_role(*CLERK):
        tasks += _to_make(request, day)
        tasks += people_tasks(request.actor, day)
    if actor.has_role(*PERMISSIONS["allocation.ask"]):
        tasks += money_tasks(actor, day)
        tasks += closed_tasks(actor, day)
    is_manager, is_clerk = actor.has_role("gc_manager"), actor.has_role(*CLERK)
    for sheet in open_sheets:
        tasks += _tasks(sheet, day, is_manager=is_manager, is_clerk=is_clerk)
    tasks.sort(key=lambda t: (t["due_on"], t["rank"]))
    return render(
        request,
        "payroll/today.html",
        {
            "tasks": tasks,
            "today": day,
            "late": sum(1 for t in tasks if t["due_on"] < day),
            "open_sheets": open_sheets[:20],
            "sums": {"fen": sum(s.net_fen for s in open_sheets)},
            "may_prepare": is_clerk,
        },
    )


COUNTED = {
    "waiting": Q(confirmation="waiting"),
    "objected": Q(confirmation="objected"),
    "confirmed_open": Q(confirmation="confirmed", is_approved=False),
    "to_pay": Q(is_approved=True, payment="none", net_fen__gt=0),
    "returned": Q(payment="returned"),
}


def _with_counts(sheets: list[PaySheet]) -> list[Any]:
    """The sheets, each with how many of its slips wait for what; one query for all of them."""
    rows = (
        PaySlip.objects.filter(
            month__in={s.month for s in sheets},
            project__in={s.project_id for s in sheets},
            sheet__in=[s.pk for s in sheets],
        )
        .values("sheet_id")
        .annotate(**{name: Count("worker_id", filter=where) for name, where in COUNTED.items()})
    )
    counts: dict[int, dict[str, Any]] = {row["sheet_id"]: dict(row) for row in rows}
    for sheet in sheets:
        for name in COUNTED:
            setattr(sheet, name, counts.get(sheet.pk, {}).get(name, 0))
    return sheets


def _people(count: int) -> str:
    return ngettext("%(count)s person", "%(count)s people", count) % {"count": count}


def _task(
    sheet: PaySheet, rank: int, verb: Any, why: str, url: str, day: date, *, fen: int | None = None
) -> dict[str, Any]:
    return {
        "rank": rank,
        "due_on": sheet.due_on,
        "late": sheet.due_on < day,
        "title": verb,
        "why": why,
        "url": url,
        "project": named(sheet.project),
        "organisation": str(sheet.participation.organisation),
        "month": sheet.month,
        "fen": fen,
    }


def _tasks(sheet: Any, day: date, *, is_manager: bool, is_clerk: bool) -> list[dict[str, Any]]:
    url = reverse("payroll:sheet", kwargs={"pk": sheet.pk})
    found = []
    if sheet.state == "draft":
        if is_clerk:
            text = _("The draft holds %(people)s.") % {"people": _people(sheet.people)}
            found.append(_task(sheet, 3, _("Submit the pay sheet"), text, url, day, fen=sheet.net_fen))
        return found
    if sheet.returned:
        text = ngettext(
            "The bank returned %(count)s payment.", "The bank returned %(count)s payments.", sheet.returned
        ) % {"count": sheet.returned}
        found.append(_task(sheet, 0, _("Correct cards and send again"), text, f"{url}?show=returned", day))
    if is_manager and sheet.to_pay:
        text = _("Approved and not yet instructed: %(people)s.") % {"people": _people(sheet.to_pay)}
        found.append(_task(sheet, 1, _("Instruct the bank"), text, url, day))
    if is_manager and sheet.confirmed_open:
        text = _("Confirmed and not yet approved: %(people)s.") % {"people": _people(sheet.confirmed_open)}
        found.append(_task(sheet, 2, _("Approve the pay sheet"), text, url, day))
    if is_clerk and sheet.objected:
        text = _("%(people)s say that the amount is wrong.") % {"people": _people(sheet.objected)}
        found.append(_task(sheet, 2, _("Answer objections"), text, f"{url}?show=objected", day))
    if is_clerk and sheet.waiting:
        text = _("%(people)s have not answered yet.") % {"people": _people(sheet.waiting)}
        found.append(
            _task(sheet, 4, _("Wait for the workers, or remind them"), text, f"{url}?show=waiting", day)
        )
    return found


def _to_make(request: ActorRequest, day: date) -> list[dict[str, Any]]:
    """Parts that had attendance in the last wage month that ended, by their own days, and have no sheet for it."""
    parts = parts_to_prepare(request.actor)
    projects = {p.project_id: p.project for p in parts}
    months = wage_months_of(projects.values())
    spans: dict[tuple[date, date, date], list[Participation]] = defaultdict(list)
    for part in parts:
        month = first_of_month(day)
        first, last = months[part.project_id].span(part.pk, month)
        while last >= day:
            month = previous_month(month)
            first, last = months[part.project_id].span(part.pk, month)
        spans[month, first, last].append(part)
    calendar = load_calendar()
    found = []
    for (month, first, last), those in spans.items():
        here = {p.project_id for p in those}
        attended = AttendanceDay.objects.filter(
            project_id=OuterRef("project_id"), day__range=(first, last), worker_id=OuterRef("worker_id")
        )
        working = set(
            Posting.objects.filter(
                Exists(attended), participation__in=[p.pk for p in those], project__in=here
            ).values_list("participation_id", flat=True)
        )
        own = PaySheet.objects.filter(
            month=month, project__in=here, participation__in=working, kind=PaySheet.Kind.MONTHLY
        ).values_list("participation_id", "team_id")
        teams_only = {part for part, _team in own} - {part for part, team in own if team is None}
        done = {part for part, _team in own}
        if teams_only:
            listed = PaySlip.objects.filter(
                month=month,
                project_id=OuterRef("project_id"),
                worker_id=OuterRef("worker_id"),
                sheet__participation=OuterRef("participation_id"),
            )
            done -= set(
                Posting.objects.filter(
                    Exists(attended), ~Exists(listed), participation__in=teams_only, project__in=here
                ).values_list("participation_id", flat=True)
            )
        found += [_make_task(p, month, pay_due_on(month, p.project.pay_day, calendar), day) for p in those
                  if p.pk in working - done]  # fmt: skip
    return found


def _make_task(part: Participation, month: date, due_on: date, day: date) -> dict[str, Any]:
    return {
        "rank": 3,
        "due_on": due_on,
        "late": due_on < day,
        "title": _("Make the pay sheet"),
        "why": _("Attendance is there, the sheet is not."),
        "url": f"{reverse('payroll:sheet-new')}?part={part.pk}&month={month:%Y-%m}",
        "project": named(part.project),
        "organisation": str(part.organisation),
        "month": month,
        "fen": None,
    }
