"""Where to look first today."""

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
from inspection.http import inspector_view
from inspection.telling.shape import sentences
from payroll.services.money_check import last_check
from registration.http import ActorRequest
from registration.models import Region
from wagewatch.charts import bars
from wagewatch.lib.dates import site_date
from wagewatch.lib.money import format_cny
from wagewatch.templatetags.ww import days_overdue, month_only

QUEUE = 12
LEADS = 3


@require_GET
@inspector_view
def today(request: ActorRequest) -> HttpResponseBase:
    """The inspector's first page."""
    now = timezone.now()
    day = site_date(now)
    figures = dashboard.totals(request.actor, now)
    first = dashboard.lines(dashboard.open_alarms(request.actor)[: LEADS + QUEUE], day)
    leads = [
        {
            "level": line.level,
            "deadline": days_overdue(line.alarm.due_on, day) if line.alarm.due_on else "",
            "title": f"{_short(line.alarm.project.region.name)}・{line.alarm.project.name}",
            "url": reverse("inspection:alarm", args=[line.alarm.pk]),
            "why": sentences(_("%(sentence)s.") % {"sentence": line.headline}, line.reason),
            "amount_fen": line.alarm.amount_fen,
            "people": line.alarm.people,
            "stages": line.stages,
            "words": line.stop.words,
            "verb": _("Look into it"),
        }
        for line in first[:LEADS]
    ]
    points = dashboard.owed_by_month(request.actor, day)
    worst = max(points, key=lambda point: point[1], default=None)
    by_group = dashboard.open_by_group(request.actor)
    open_count = figures["red"] + figures["orange"] + figures["yellow"]
    return render(
        request,
        "inspection/today.html",
        {
            "today": day,
            "now": now,
            "check": last_check(),
            "as_of": dashboard.as_of(request.actor),
            "figures": figures,
            "title": _title(figures),
            "leads": leads,
            "queue": first[LEADS:],
            "rest": max(open_count - LEADS - QUEUE, 0),
            "open_count": open_count,
            "groups": [
                {"code": code, "name": name, "count": by_group[code]}
                for code, name in GROUPS.items()
                if by_group.get(code)
            ],
            "stats": _stats(figures),
            "tiles": [
                {
                    **tile,
                    "name": _region_name(tile["region"], request),
                    "url": f"{reverse('inspection:alarms')}?region={tile['region'].code}",
                }
                for tile in dashboard.district_tiles(request.actor)
            ],
            "chart_title": _("Most unpaid wages are those of %(month)s") % {"month": month_only(worst[0])}
            if worst and worst[1]
            else _("No wages are overdue"),
            "chart": bars(
                [(str(month_only(month)), round(fen / 1_000_000, 1)) for month, fen in points],
                label=_("Unpaid wages by wage month, ten thousand yuan"),
                now=points.index(worst) if worst and worst[1] else None,
            ),
            "chart_rows": [(month_only(month), format_cny(fen)) for month, fen in points],
            "worst": dashboard.worst_projects(request.actor),
        },
    )


def _title(figures: dict[str, int]) -> str:
    if not figures["owed"]:
        return _("All wages due have been paid")
    return ngettext(
        "Wages overdue on %(projects)s project: %(people)s people, %(amount)s",
        "Wages overdue on %(projects)s projects: %(people)s people, %(amount)s",
        figures["owing"],
    ) % {"projects": figures["owing"], "people": figures["people"], "amount": format_cny(figures["owed"])}


def _short(name: str) -> str:
    return name.removesuffix("区").removesuffix("县").removesuffix("市")


def _region_name(region: Region, request: ActorRequest) -> str:
    chinese = request.LANGUAGE_CODE.startswith("zh")
    return region.name if chinese else (region.name_en or region.name)


def _stats(figures: dict[str, int]) -> list[dict[str, object]]:
    percent = figures["paid_percent"]
    return [
        {
            "label": _("Overdue wages"),
            "figure": format_cny(figures["owed"]),
            "note": _("%(owing)s of %(projects)s projects") % figures,
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
