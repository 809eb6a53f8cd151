"""The worker's own days on a phone."""

from decimal import Decimal
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from devices.month import WorkerMonth, worker_month
from devices.month_notes import notes_of
from devices.person_day import person_day
from devices.services.faces import postings_with_faces
from devices.views.site import day_asked, month_asked
from registration.access import not_found
from registration.http import ActorRequest, worker_view
from registration.models import Posting
from wagewatch.lib.dates import first_of_month, month_range, next_month, previous_month, site_date


@require_safe
@worker_view
def worker_days(request: ActorRequest) -> HttpResponseBase:
    """A month of days as a calendar, per project, with what is missing."""
    this_month = first_of_month(site_date(timezone.now()))
    month = min(month_asked(request), this_month)
    open_faces = [one for one in postings_with_faces(request.worker.pk) if not one.was_asked]  # type: ignore[union-attr,attr-defined]
    found = worker_month(request.worker, month, today=site_date(timezone.now(), 4))  # type: ignore[arg-type]  # worker_view: somebody is signed in
    return render(
        request,
        "devices/worker_days.html",
        {
            "month": month,
            "found": found,
            "notes": notes_of(request.worker, month),  # type: ignore[arg-type]
            "open_face": open_faces[0] if open_faces else None,
            "weekdays": _("Mo Tu We Th Fr Sa Su").split(),
            "cells": calendar_cells(found),
            "previous": previous_month(month),
            "next": next_month(month) if month < this_month else None,
        },
    )


@require_safe
@worker_view
def worker_date(request: ActorRequest, project_pk: int, day: str) -> HttpResponseBase:
    """One of my days on one project: every stamp, and what others corrected, by whom and why."""
    worker = request.worker
    posting = Posting.objects.filter(worker=worker, project_id=project_pk).select_related("project").first()
    on = day_asked(day)
    if posting is None or worker is None:
        not_found()
    shown = person_day(posting.project, worker.pk, on)
    return render(request, "devices/worker_day.html", {"project": posting.project, "day": on, "shown": shown})


def calendar_cells(found: WorkerMonth) -> list[dict[str, Any]]:
    """Cells for components/calendar.html: blanks up to the first weekday, then the days of the month."""
    first, last = month_range(found.month)
    cells: list[dict[str, Any]] = [{} for _blank in range(first.weekday())]
    for number in range(1, last.day + 1):
        days = found.marks.get(first.replace(day=number), Decimal(0))
        cells.append({"day": number, "on": days > 0, "half": 0 < days < 1})
    return cells
