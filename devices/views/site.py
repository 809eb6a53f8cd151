"""Site pages for guards and contractors: who is in now, the gates, the month."""

from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from devices import presence
from devices.access import access_site, sees_everybody
from devices.barred import barred_today
from devices.month import month_matrix, month_sheet
from devices.month_pdf import month_pdf
from devices.rules import work_date
from registration.access import OWN_PART_ONLY, not_found, own_and_below, projects_for
from registration.http import ActorRequest, staff_view
from registration.models import Participation, Project, Team
from registration.permissions import CLERK, PERMISSIONS
from wagewatch.lib.dates import first_of_month, next_month, parse_month, previous_month, site_date
from wagewatch.lib.errors import Malformed
from wagewatch.lib.sheet_writer import write_workbook

PAGE = 50
SHOWN = 8
"""People kept out that the page of the site names; the others are one click away."""
FIRST_YEAR, LAST_YEAR = 2000, 2099
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
@staff_view()
def sites(request: ActorRequest) -> HttpResponseBase:
    """The actor's building sites, each with how many are in now."""
    now = timezone.now()
    found = list(
        projects_for(request.actor, permission="site.view").select_related("region").order_by("name")
    )
    parts, whole = _watched_parts(request, found)
    people = presence.inside(found, parts, now=now)
    counts: dict[int, int] = {}
    for person in people:
        counts[person.project_id] = counts.get(person.project_id, 0) + 1
    # Whole sites only: a subcontractor is not told how many others came, or who was turned away.
    day = presence.came_and_refused(whole, site_date(now, 4))
    rows: list[dict[str, Any]] = []
    for project in found:
        came, refused = day.get(project.pk, (0, 0)) if project.pk in whole else (None, None)
        rows.append(
            {"project": project, "inside": counts.get(project.pk, 0), "came": came, "refused": refused}
        )
    rows.sort(key=lambda row: (-row["inside"], row["project"].name))
    return render(request, "devices/sites.html", {"rows": rows, "people": len(people), "now": now})


def _watched_parts(
    request: ActorRequest, projects: list[Project]
) -> tuple[QuerySet[Participation], list[int]]:
    """The parts whose people the actor sees, and the projects seen whole: a subcontractor sees its own part
    and those below it."""
    parts = Participation.objects.filter(project__in=projects)
    if request.actor.is_authority:
        return parts, [project.pk for project in projects]
    firms = list(request.actor.organisation_ids)
    mine = parts.filter(organisation__in=firms)
    whole = set(mine.exclude(role__in=OWN_PART_ONLY).values_list("project", flat=True))
    return parts.filter(Q(project__in=whole) | Q(pk__in=own_and_below(firms))), sorted(whole)


def _now(request: ActorRequest, pk: int) -> dict[str, Any]:
    now = timezone.now()
    project, parts = access_site(pk, request.actor)
    today = work_date(now, project.day_starts_at)
    people = presence.inside([project], parts, now=now)
    came, turned_away = presence.came_and_refused([project.pk], today).get(project.pk, (0, 0))
    everybody = sees_everybody(request.actor, project, parts)
    refused = presence.refused_today(project, today=today) if everybody else []
    gates = presence.terminals_health(project, now=now)
    kept_out = barred_today(project, list(parts.values_list("pk", flat=True)), today=today)
    why = {one.worker_id: one.words for one in kept_out}
    for row in refused:
        row["why"] = why.get(row["entry"].worker_id, "") if row["entry"].reason == "device" else ""
    in_use = [gate for gate in gates if gate.trouble != "revoked"]
    well = sum(not gate.trouble for gate in in_use)
    stats: list[dict[str, Any]] = [
        {"label": _("In now"), "figure": len(people), "note": _("of those who came within 16 h")}
    ]
    if everybody:
        day = _("work date %(day)s") % {"day": today.isoformat()}
        stats.append({"label": _("Came today"), "figure": came, "note": day})
        stats.append({"label": _("Refused today"), "figure": turned_away, "note": _("at the gates")})
    stats.append(
        {
            "label": _("Gates that answer"),
            "figure": f"{well}/{len(in_use)}",
            "note": _("in the last 10 minutes"),
            "icon": "" if well == len(in_use) else "yellow",
        }
    )
    return {
        "project": project,
        "now": now,
        "today": today,
        "people": len(people),
        "teams": presence.by_team(people),
        "latest": presence.latest_passages(project, parts, now=now),
        "refused": refused,
        "everybody": everybody,
        "kept_out": kept_out[:SHOWN],
        "kept_out_count": len(kept_out),
        "entered_anyway": sum(one.came_at is not None for one in kept_out),
        "gates": gates,
        "stats": stats,
        "may_manage": request.actor.has_role("gc_clerk"),
        "may_look": request.actor.has_role(*PERMISSIONS["person.view"]),
        "may_give_badges": request.actor.has_role(*PERMISSIONS["badge.manage"]),
    }


@require_safe
@staff_view()
def site(request: ActorRequest, pk: int) -> HttpResponseBase:
    """One site now; the body renews itself every five seconds."""
    return render(request, "devices/site.html", _now(request, pk))


@require_safe
@staff_view()
def site_now(request: ActorRequest, pk: int) -> HttpResponseBase:
    """The part of the site page that renews itself."""
    return render(request, "devices/site_now.html", _now(request, pk))


@require_safe
@staff_view()
def site_inside(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Who is in now by name, of one team or all."""
    now = timezone.now()
    project, parts = access_site(pk, request.actor)
    people = presence.inside([project], parts, now=now)
    teams = presence.by_team(people)
    team_id = _number(request, "team")
    tabs = [{"url": "?", "label": _("All"), "count": len(people), "current": team_id is None}] + [
        {"url": f"?team={t.team_id}", "label": t.team, "count": t.count, "current": t.team_id == team_id}
        for t in teams
    ]
    shown = [person for person in people if team_id is None or person.team_id == team_id]
    context = {"project": project, "people": shown, "total": len(people), "tabs": tabs, "now": now}
    return render(request, "devices/site_inside.html", context)


@require_safe
@staff_view()
def site_barred(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Everybody whom the conditions of entry keep out today, with what has to be done."""
    project, parts = access_site(pk, request.actor)
    today = work_date(timezone.now(), project.day_starts_at)
    found = barred_today(project, list(parts.values_list("pk", flat=True)), today=today)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "project": project,
        "page": page,
        "today": today,
        "entered_anyway": sum(one.came_at is not None for one in found),
    }
    return render(request, "devices/site_barred.html", context)


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


def month_asked(request: HttpRequest) -> date:
    """The month of the address, or this one; what cannot be read is this one as well."""
    try:
        return parse_month(request.GET["month"])
    except (KeyError, Malformed):
        return first_of_month(site_date(timezone.now()))


def day_asked(text: str) -> date:
    """The work date of an address. NotFound for what is no day of this century: nothing stands there."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        not_found()
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        not_found()
    return day


@require_safe
@staff_view()
def site_days(request: ActorRequest, pk: int) -> HttpResponseBase:
    """A month of a site, worker by day, by team."""
    project, parts = access_site(pk, request.actor)
    month, team_id = month_asked(request), _number(request, "team")
    today = work_date(timezone.now(), project.day_starts_at)
    matrix = month_matrix(project, parts, month, today=today, team_id=team_id)
    return render(
        request,
        "devices/site_days.html",
        {
            "project": project,
            "matrix": matrix,
            "month": month,
            "today": today,
            "heads": [
                {"day": day, "rest": day.weekday() >= 5, "today": day == today, "count": count}
                for day, count in zip(matrix.dates, matrix.day_counts, strict=True)
            ],
            "columns": len(matrix.dates) + 4,
            "may_sign": request.actor.has_role(*CLERK),
            "may_look": request.actor.has_role(*PERMISSIONS["person.view"]),
            "previous": previous_month(month),
            "next": next_month(month) if next_month(month) <= first_of_month(today) else None,
            "team_id": team_id,
            "teams": Team.objects.filter(project=project, participation__in=parts).order_by("name"),
            "open_text": ngettext(
                "%(count)d stamp missing: that day counts only what entry and exit prove.",
                "%(count)d stamps missing: such a day counts only what entry and exit prove.",
                matrix.open_days,
            )
            % {"count": matrix.open_days},
        },
    )


@require_safe
@staff_view()
def site_days_sheet(request: ActorRequest, pk: int) -> HttpResponseBase:
    """The same month as a workbook to print and sign."""
    project, parts = access_site(pk, request.actor)
    month = month_asked(request)
    today = work_date(timezone.now(), project.day_starts_at)
    matrix = month_matrix(project, parts, month, today=today, team_id=_number(request, "team"))
    response = HttpResponse(write_workbook([month_sheet(project, matrix)]), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="attendance-{project.code}-{month:%Y-%m}.xlsx"'
    return response


@require_safe
@staff_view()
def site_days_pdf(request: ActorRequest, pk: int) -> HttpResponseBase:
    """The same month as a PDF: A4 to sign, `?names=full` in full for clerks; `?paper=a3` for the notice board."""
    project, parts = access_site(pk, request.actor)
    month, now = month_asked(request), timezone.now()
    today = work_date(now, project.day_starts_at)
    board = request.GET.get("paper") == "a3"
    full = not board and request.GET.get("names") == "full" and request.actor.has_role(*CLERK)
    matrix = month_matrix(
        project, parts, month, today=today, team_id=_number(request, "team"), full_names=full
    )
    made = month_pdf(project, matrix, at=now, sheet="A3" if board else "A4", board=board)
    response = HttpResponse(made, content_type="application/pdf")
    name = f"attendance-{project.code}-{month:%Y-%m}{'-board' if board else ''}.pdf"
    response["Content-Disposition"] = f'inline; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response
