"""Odd attendance of one site, for its clerks: what was seen, by whom, when; the days are one click away."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from devices.access import access_site, sees_everybody
from devices.oddities.asking import Asked, asked, oddity_sheet
from devices.oddities.catalogue import KINDS
from devices.oddities.finding import Result, find
from devices.rules import work_date
from devices.views.corrections import READERS
from devices.views.site import XLSX
from registration.http import ActorRequest, staff_view
from registration.models import Project
from registration.views.scope import set_scope
from wagewatch.lib.sheet_writer import write_workbook


def _found(request: ActorRequest, pk: int) -> tuple[Project, Asked, list[Result]]:
    now = timezone.now()
    project, parts = access_site(pk, request.actor)
    question = asked(request, today=work_date(now, project.day_starts_at))
    everybody = sees_everybody(request.actor, project, parts)
    within = None if everybody else list(parts.values_list("pk", flat=True))
    return project, question, find(KINDS, [project.pk], within, question.period, now=now)


def shown(results: list[Result], question: Asked) -> list[Result]:
    """The kinds with something to show; one alone if the address asks for it."""
    return [r for r in results if r.rows and question.kind in {"", r.kind.code}]


def question_context(results: list[Result], question: Asked) -> dict[str, Any]:
    """What the filters and tabs of such a page need."""
    return {
        "results": shown(results, question),
        "all_results": results,
        "total": sum(r.total for r in results),
        "asked": question,
        "span": (question.period.until - question.period.since + timedelta(days=1)).days,
    }


@require_safe
@staff_view(*READERS)
def oddities(request: ActorRequest, pk: int) -> HttpResponseBase:
    """What looks wrong on this site in a period; filters in the address."""
    project, question, results = _found(request, pk)
    set_scope(request, project)
    return render(
        request, "devices/oddities.html", {"project": project, **question_context(results, question)}
    )


@require_safe
@staff_view(*READERS)
def oddities_sheet(request: ActorRequest, pk: int) -> HttpResponseBase:
    """The same as .xlsx."""
    project, question, results = _found(request, pk)
    rows = [row for result in shown(results, question) for row in result.rows]
    response = HttpResponse(write_workbook([oddity_sheet(rows)]), content_type=XLSX)
    name = f"odd-attendance-{project.code}-{question.period.until}.xlsx"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
