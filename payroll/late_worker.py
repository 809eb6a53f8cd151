"""Attendance that changed after the slip was made, told to the worker whose month it is. Reads only.

The words are for people with little schooling: what the slip says, what the gate counts now, what happens next.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from devices.models import AttendanceDay, DayCorrection
from devices.month_notes import MonthNote
from payroll.late import Cause, LateChange, explain, late_changes
from payroll.models import PaySheet, PaySlip
from payroll.wage_months import wage_months
from registration.models import Participation, Posting, Project, Worker
from wagewatch.lib.dates import month_range, next_month, previous_month

TEMPLATE = "payroll/_worker_late.html"
SITES_AT_MOST = 3
"""On a calendar month the sites worked at last are looked through; the page of a slip always tells of its own."""


@dataclass(frozen=True)
class Told:
    """One month's change in a worker's words. `days` are (date, what happened to it)."""

    project: Project
    month: date
    title: str
    on_slip: Any
    at_gate: Any
    unit: str
    days: list[tuple[date, str]]
    next: str
    note: str


def told_on_slip(slip: PaySlip) -> Told | None:
    """What to say on the page of a slip; None where the gates still count what the month's slips list."""
    if slip.sheet.state == PaySheet.State.DRAFT:
        return None
    found = _changes(slip.project, [slip.sheet.participation_id], {slip.month}, slip.worker_id)
    return found[0] if found else None


def calendar_notes(worker: Worker, month: date) -> Sequence[MonthNote]:
    """What to say above the calendar of a month, one card a project; a wage month may begin on another day than the 1st."""
    first, last = month_range(month)
    # Only where there is attendance around this month can it differ from a slip; nobody works at many sites in it.
    near = first - timedelta(days=31), last + timedelta(days=31)
    worked = list(
        AttendanceDay.objects.filter(worker_id=worker.pk, day__range=near)
        .values_list("project_id", flat=True)
        .annotate(latest=Max("day"))
        .order_by("-latest", "project_id")[:SITES_AT_MOST]
    )
    postings = Posting.objects.filter(worker=worker, project__in=worked).select_related("project")
    parts: dict[int, set[int]] = {}
    projects: dict[int, Project] = {}
    for posting in postings:
        parts.setdefault(posting.project_id, set()).add(posting.participation_id)
        projects[posting.project_id] = posting.project
    told: list[Told] = []
    for pk, project in sorted(projects.items()):
        known = wage_months(project)
        spans = {
            near: [known.span(part, near) for part in parts[pk]]
            for near in (previous_month(month), month, next_month(month))
        }
        months = {
            near
            for near, found in spans.items()
            if any(begin <= last and end >= first for begin, end in found)
        }
        told += _changes(project, sorted(parts[pk]), months, worker.pk)
    return [MonthNote(TEMPLATE, one) for one in told]


def _changes(project: Project, parts: list[int], months: set[date], worker_id: int) -> list[Told]:
    # A supplement that is still a draft has told the worker nothing yet.
    found = late_changes(project, parts, months=months, worker_id=worker_id, count_drafts=False)
    if not found:
        return []
    making = set(
        PaySlip.objects.filter(
            month__in=months,
            project=project,
            worker=worker_id,
            sheet__kind=PaySheet.Kind.SUPPLEMENT,
            sheet__state=PaySheet.State.DRAFT,
        ).values_list("sheet__participation_id", "month")
    )
    firms = dict(
        Participation.objects.filter(pk__in={change.participation_id for change in found}).values_list(
            "pk", "organisation__name"
        )
    )
    return [
        told(
            project,
            change,
            firm=firms[change.participation_id],
            is_being_made=(change.participation_id, change.month) in making,
        )
        for change in explain(project, found)
    ]


def told(project: Project, change: LateChange, *, firm: str, is_being_made: bool) -> Told:
    """A change in words; `change` with its causes and decision (payroll.late.explain)."""
    if change.sheet_id is None:
        title = _("You came to work, but you are on no pay slip")
    elif change.difference > 0:
        title = _("The gate now counts more than your slip")
    else:
        title = _("The gate now counts less than your slip")
    return Told(
        project,
        change.month,
        title,
        change.days,
        change.quantity,
        change.unit,
        [(day, _cause(cause)) for cause in change.causes for day in cause.days],
        _next(change, firm, is_being_made=is_being_made),
        change.dismissal.note if change.dismissal else "",
    )


def _cause(cause: Cause) -> str:
    if cause.kind == "late":
        return _("The gate sent this day late")
    if cause.reason == "withdrawn":
        return _("%(who)s took a change back") % {"who": cause.who}
    if cause.kind == DayCorrection.Kind.ADD:
        return _("%(who)s wrote a stamp in by hand") % {"who": cause.who}
    return _("%(who)s took a stamp out") % {"who": cause.who}


def _next(change: LateChange, firm: str, *, is_being_made: bool) -> str:
    if change.dismissal:
        return _(
            "%(firm)s looked at it and says: %(reason)s. Your slip stays as it is. Is that wrong? "
            "Tell the labour clerk, or call 12333."
        ) % {"firm": firm, "reason": change.dismissal.get_reason_display()}
    if is_being_made:
        return _("%(firm)s is making an extra slip for you. You will see it here and confirm it.") % {
            "firm": firm
        }
    if change.pay_basis == "piece":
        return _(
            "You are paid by the piece, so your pay may be right. Look at your slip. Is it wrong? "
            "Tell the labour clerk, or call 12333."
        )
    if change.difference > 0:
        return _(
            "%(firm)s must pay the rest with an extra slip, or say why not. The inspector sees it too. "
            "You need not do anything now."
        ) % {"firm": firm}
    return _(
        "Your slip stays as it is: this change takes nothing off it. Did you work on these days? "
        "Tell the labour clerk, or call 12333."
    )
