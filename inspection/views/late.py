"""Attendance that changed after it stood on a slip, for the inspector: who, from what to what, by what, and what
the contractor did about it. Read only: the answer is the contractor's."""

from datetime import date

from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from inspection.exports import download
from inspection.http import inspector_view
from payroll.late import LateChange, explain, late_changes
from registration.access import access_project
from registration.http import ActorRequest
from registration.models import Project
from registration.templatetags.named import named
from wagewatch.lib.dates import parse_month, site_date
from wagewatch.lib.errors import Malformed
from wagewatch.lib.identity import mask_name
from wagewatch.lib.sheets import ColumnOut, SheetOut

PER_PAGE = 50


def _filtered(request: ActorRequest, found: list[LateChange]) -> list[LateChange]:
    """Those of the month and the state that the address asks for; undecided ones stand first."""
    try:
        month: date | None = parse_month(request.GET.get("month", ""))
    except Malformed:
        month = None
    show = request.GET.get("show", "")
    rows = [c for c in found if month is None or c.month == month]
    if show in {"open", "decided"}:
        rows = [c for c in rows if bool(c.dismissal_id) == (show == "decided")]
    return sorted(rows, key=lambda c: c.dismissal_id is not None)


@require_GET
@inspector_view
def changed_days(request: ActorRequest, pk: int) -> HttpResponseBase:
    """The people of a project whose month at the gates is another now than on their slips."""
    project = access_project(pk, request.actor, permission="alarm.view")
    found = late_changes(project, count_drafts=False)
    page = Paginator(_filtered(request, found), PER_PAGE).get_page(request.GET.get("page"))
    page.object_list = explain(project, list(page.object_list))
    return render(
        request,
        "inspection/changed_days.html",
        {
            "project": project,
            "page": page,
            "open_count": sum(not c.dismissal_id for c in found),
            "decided_count": sum(bool(c.dismissal_id) for c in found),
            "all_count": len(found),
            "months": sorted({c.month for c in found}, reverse=True),
            "month": request.GET.get("month", ""),
            "show": request.GET.get("show", ""),
        },
    )


@require_GET
@inspector_view
def changed_days_export(request: ActorRequest, pk: int) -> HttpResponseBase:
    """The same list as .xlsx."""
    project = access_project(pk, request.actor, permission="alarm.view")
    rows = explain(project, _filtered(request, late_changes(project, count_drafts=False)))
    return download(_sheet(project, rows), f"changed-days-{project.code}", site_date(timezone.now()))


def _sheet(project: Project, rows: list[LateChange]) -> SheetOut:
    columns = [
        ColumnOut(_("Month"), width=10),
        ColumnOut(_("Firm"), width=26),
        ColumnOut(_("Name"), width=10),
        ColumnOut(_("ID ends in"), width=10),
        ColumnOut(_("On the sheets"), "number", width=12),
        ColumnOut(_("At the gates now"), "number", width=12),
        ColumnOut(_("Unit"), width=8),
        ColumnOut(_("Different since"), "date", width=18),
        ColumnOut(_("What happened"), width=60),
        ColumnOut(_("What was decided"), width=40),
    ]
    lines = [
        (
            f"{c.month:%Y-%m}",
            c.organisation,
            mask_name(c.name),
            c.id_tail,
            c.days,
            c.quantity,
            c.unit,
            c.began,
            _("; ").join(cause.words for cause in c.causes),
            _("%(reason)s: %(note)s") % {"reason": c.dismissal.get_reason_display(), "note": c.dismissal.note}
            if c.dismissal
            else "",
        )
        for c in rows
    ]
    return SheetOut(_("Attendance changed since"), columns, lines, title=named(project))
