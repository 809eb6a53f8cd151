"""Where to look first today."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from inspection import dashboard
from inspection.alarms.catalogue import GROUPS
from inspection.http import inspector_view, note_counts
from inspection.places import Scope, scope_of_address, trail
from inspection.standing import EVERYWHERE, Standing, standing
from inspection.telling.shape import sentences
from inspection.views.risk import risk_rows
from payroll.services.money_check import last_check
from registration.http import ActorRequest
from registration.models import Sector
from registration.templatetags.named import named
from wagewatch.charts import bars, line
from wagewatch.lib.dates import site_date
from wagewatch.lib.money import format_cny
from wagewatch.templatetags.ww import days_overdue, month_only

QUEUE = 12
LEADS = 3
RISKS = 6
LEVELS = {"red": 3, "orange": 2, "yellow": 1}


@require_GET
@inspector_view
def today(request: ActorRequest) -> HttpResponseBase:
    """The inspector's first page; ?region=, ?sector= and ?level= stand in the address."""
    now = timezone.now()
    day = site_date(now)
    scope = scope_of_address(request)
    here = standing(request.actor, scope)
    figures = dashboard.totals(request.actor, now, here)
    if scope == EVERYWHERE:
        note_counts(request, figures, now)
    level = request.GET.get("level", "")
    level = level if level in LEVELS else ""
    alarms = dashboard.open_alarms(request.actor, scope)
    first = dashboard.lines(alarms[: LEADS + QUEUE], day)
    queue = dashboard.lines(alarms.filter(level=LEVELS[level])[:QUEUE], day) if level else first[LEADS:]
    shown = figures[level] if level else figures["open"] - LEADS
    points = here.owed_by_month(day)
    worst = max(points, key=lambda point: point[1], default=None)
    by_group = figures["groups"]
    trend = dashboard.trend(request.actor, day, scope=scope)
    kept = {key: value for key, value in request.GET.items() if key in {"region", "sector"} and value}
    return render(
        request,
        "inspection/today.html",
        {
            "today": day,
            "now": now,
            "check": last_check(),
            "as_of": figures["as_of"],
            "figures": figures,
            "title": _title(figures),
            "scope": scope,
            "kept": urlencode(kept),
            "trail": trail_of(request, scope),
            "sectors": sectors_of(request),
            "leads": [_lead(line, day) for line in first[:LEADS]],
            "queue": queue,
            "level": level,
            "rest": max(shown - QUEUE, 0),
            "open_count": figures["open"],
            "levels": [
                {
                    "code": code,
                    "name": name,
                    "count": figures[code],
                    "url": f"?{urlencode({**kept, 'level': code})}",
                }
                for code, name in (("red", _("Red")), ("orange", _("Orange")), ("yellow", _("Yellow")))
            ],
            "groups": [
                {"code": code, "name": name, "count": by_group[code]}
                for code, name in GROUPS.items()
                if by_group.get(code)
            ],
            "stats": _stats(figures, trend, day),
            "tiles": tiles_of(here, reverse("inspection:today")),
            "trend_title": trend_title(trend),
            "trend": trend_chart(trend),
            "trend_rows": [(one.day, format_cny(one.owed_fen)) for one in trend[:-32:-1]],
            "chart_title": _("Most unpaid wages are those of %(month)s") % {"month": month_only(worst[0])}
            if worst and worst[1]
            else _("No wages are overdue"),
            "chart": bars(
                [(str(month_only(month)), round(fen / 1_000_000, 1)) for month, fen in points],
                label=_("Unpaid wages by wage month, ten thousand yuan"),
                now=points.index(worst) if worst and worst[1] else None,
            ),
            "chart_rows": [(month_only(month), format_cny(fen)) for month, fen in points],
            "worst": dashboard.worst_projects(request.actor, scope=scope),
            "risks": risk_rows(dashboard.riskiest(request.actor, scope)[:RISKS], request.actor, day),
        },
    )


def _lead(line: dashboard.AlarmLine, day: date) -> dict[str, Any]:
    return {
        "level": line.level,
        "deadline": days_overdue(line.alarm.due_on, day) if line.alarm.due_on else "",
        "title": f"{_short(line.alarm.project.region.label)}・{named(line.alarm.project)}",
        "url": reverse("inspection:alarm", args=[line.alarm.pk]),
        "why": sentences(_("%(sentence)s.") % {"sentence": line.headline}, line.reason),
        "amount_fen": line.alarm.amount_fen,
        "people": line.alarm.people,
        "stages": line.stages,
        "words": line.stop.words,
        "verb": _("Look into it"),
    }


def trail_of(request: ActorRequest, scope: Scope) -> list[dict[str, str]]:
    """The chosen region and those around it within reach, as links."""
    reach = [d.region_prefix for d in request.actor.duties if d.authority_id is not None]
    found = trail(scope, reach)
    return [{"url": f"?region={prefix}", "name": name} for prefix, name in found]


def sectors_of(request: ActorRequest) -> list[tuple[str, str]]:
    """The sectors that the actor may choose between; none where an authority answers for one."""
    mine = [d.sectors for d in request.actor.duties if d.authority_id is not None]
    if any(not sectors for sectors in mine):
        return [(value, str(label)) for value, label in Sector.choices]
    found = {sector for sectors in mine for sector in sectors}
    return (
        [(value, str(label)) for value, label in Sector.choices if value in found] if len(found) > 1 else []
    )


def tiles_of(here: Standing, address: str) -> list[dict[str, Any]]:
    """The tiles with names and addresses: each leads one step down on the same page."""
    sector = {"sector": here.scope.sector} if here.scope.sector else {}
    return [
        {
            **tile,
            "name": tile["region"].label,
            "url": f"{address}?{urlencode({'region': tile['region'].code, **sector})}",
        }
        for tile in dashboard.district_tiles(here)
    ]


def trend_title(trend: list[dashboard.Day]) -> str:
    """The finding: what became of the overdue sum since a month ago."""
    if not trend:
        return _("The trend begins with the first day that is counted")
    now = trend[-1].owed_fen
    before = next((one for one in trend if one.day >= trend[-1].day - timedelta(days=30)), trend[0])
    change = now - before.owed_fen
    if not change:
        return _("Overdue wages stand as they did on %(day)s") % {"day": before.day}
    words = (
        _("Overdue wages rose by %(sum)s since %(day)s")
        if change > 0
        else _("Overdue wages fell by %(sum)s since %(day)s")
    )
    return words % {"sum": format_cny(abs(change)), "day": before.day}


def trend_chart(trend: list[dashboard.Day], height: int = 300) -> str:
    """The line of overdue wages, ten thousand yuan, day by day."""
    return line(
        [(f"{one.day:%m-%d}", round(one.owed_fen / 1_000_000, 1)) for one in trend],
        label=_("Overdue wages at the end of each day, ten thousand yuan"),
        height=height,
    )


def _title(figures: dict[str, Any]) -> str:
    if not figures["owed"]:
        return _("All wages due have been paid")
    return ngettext(
        "Wages overdue on %(projects)s project: %(people)s people, %(amount)s",
        "Wages overdue on %(projects)s projects: %(people)s people, %(amount)s",
        figures["owing"],
    ) % {"projects": figures["owing"], "people": figures["people"], "amount": format_cny(figures["owed"])}


def _short(name: str) -> str:
    return name.removesuffix("区").removesuffix("县").removesuffix("市")


def _since(trend: list[dashboard.Day], day: date) -> str:
    """How the overdue sum compares with a week ago, for the note under it."""
    before = next((one for one in trend if one.day == day - timedelta(days=7)), None)
    if before is None or not trend:
        return ""
    change = trend[-1].owed_fen - before.owed_fen
    if not change:
        return _("as a week ago")
    words = _("%(sum)s more than a week ago") if change > 0 else _("%(sum)s less than a week ago")
    return words % {"sum": format_cny(abs(change))}


def _stats(figures: dict[str, int], trend: list[dashboard.Day], day: date) -> list[dict[str, object]]:
    percent = figures["paid_percent"]
    since = _since(trend, day)
    return [
        {
            "label": _("Overdue wages"),
            "figure": format_cny(figures["owed"]),
            "note": _("%(owing)s of %(projects)s projects") % figures + (_(", ") + since if since else ""),
        },
        {"label": _("People not paid"), "figure": figures["people"], "unit": _("people")},
        {
            "label": _("Open alarms"),
            "figure": render_to_string("components/level_counts.html", figures),
            "note": _("red %(red)s, orange %(orange)s, yellow %(yellow)s") % figures,
        },
        {"label": _("Closed by data this week"), "figure": figures["closed"], "unit": _("alarms")},
        {
            "label": _("Latest month paid out"),
            "figure": "—" if percent is None else f"{percent}",
            "unit": "" if percent is None else "%",
            "note": _("%(month_paid)s of %(month_people)s people") % figures,
        },
    ]
