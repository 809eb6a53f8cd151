"""Who has not answered yet: the list to call through, with the deadline and every reminder; it prints."""

from collections import defaultdict
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from payroll import rules
from payroll.access import access_sheet
from payroll.models import PaySheet, PaySlip, Reminder
from payroll.services import approvals
from payroll.views.sheets import may
from registration.http import ActorRequest, staff_view
from registration.models import Posting
from registration.permissions import CONTRACTOR
from registration.services.disclosures import disclose
from wagewatch.lib.dates import site_date


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*CONTRACTOR)
def silent(request: ActorRequest, pk: int) -> HttpResponse:
    """The silent ones of a sheet. POST shows their phone numbers in full, and writes down that it did."""
    sheet = access_sheet(pk, request.actor)
    now = timezone.now()
    slips = list(
        PaySlip.objects.filter(
            month=sheet.month, project=sheet.project_id, sheet=sheet.pk, confirmation="waiting"
        )
        .select_related("worker")
        .order_by("team_name", "worker_id")
    )
    shows = request.method == "POST"
    if shows:
        disclose(
            Posting.objects.filter(pk__in=[s.posting_id for s in slips if s.posting_id]),
            sheet.project,
            fields="phone",
            purpose=_("Calling those who have not answered about their pay"),
            actor=request.actor,
            now=now,
        )
    days = approvals.silence_days(sheet.project, now)
    log = _log(sheet)
    rows = [
        {
            "slip": slip,
            "name": slip.worker.name,
            "phone": slip.worker.phone,
            "reminders": log[slip.worker_id],
            "last_day": rules.last_day_to_answer(slip.sent_at, days) if slip.sent_at else None,
        }
        for slip in slips
    ]
    return render(
        request,
        "payroll/sheet_silent.html",
        {
            "sheet": sheet,
            "rows": rows,
            "shows_phones": shows,
            "last_day": max((r["last_day"] for r in rows if r["last_day"]), default=None),
            "without_phone": sum(1 for r in rows if not r["phone"]),
            "today": site_date(now),
            "may_prepare": may(sheet, request.actor, "sheet.prepare"),
            "reminder_count": sum(len(r["reminders"]) for r in rows),
        },
    )


def _log(sheet: PaySheet) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for one in Reminder.objects.filter(project=sheet.project_id, sheet=sheet.pk).order_by("sent_at", "pk"):
        found[one.worker_id].append(one)
    return found
