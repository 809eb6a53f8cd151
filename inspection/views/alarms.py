"""The queue of alarms, one alarm, and the rules behind them."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, F, Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from inspection import dashboard
from inspection.access import access_alarm, alarms_for
from inspection.alarm_facts import employers_of, grounds_of, paid_of, timeline_of
from inspection.alarms.catalogue import RULES
from inspection.exports import alarm_sheet, download
from inspection.http import inspector_view, text_of
from inspection.models import Alarm, AlarmFlip, RuleRun
from inspection.parties import chain_of
from inspection.rules import Ladder, level_name
from registration.http import ActorRequest
from registration.models import Parameter, Region
from registration.services.parameters import parameter
from wagewatch.lib.dates import site_date
from wagewatch.lib.money import format_cny
from wagewatch.templatetags.ww import moment

PER_PAGE = 50
LEVELS = {"red": 3, "orange": 2, "yellow": 1}
FIRST = ("-level", "due_on", "-amount_fen")
ORDERS = {"level": "level", "amount": "amount_fen", "people": "people", "due": "due_on"}


def _filtered(request: ActorRequest) -> QuerySet[Alarm]:
    """The alarms of the page's filters, in its order."""
    found = alarms_for(request.actor).select_related("project__region")
    if (state := _state(request)) in Alarm.State.values:
        found = found.filter(state=state)
    if (level := request.GET.get("level")) in LEVELS:
        found = found.filter(level=LEVELS[level])
    if (rule := request.GET.get("rule")) in RULES:
        found = found.filter(rule=rule)
    if region := text_of(request, "region"):
        found = found.filter(project__region_id=region)
    if words := text_of(request, "q"):
        found = found.filter(Q(project__name__icontains=words) | Q(project__code__iexact=words))
    sort = request.GET.get("sort", "")
    order = ORDERS.get(sort.lstrip("-"))
    if order is None:
        return found.order_by(*FIRST, "pk")
    return found.order_by(
        F(order).desc(nulls_last=True) if sort.startswith("-") else F(order).asc(nulls_last=True), "pk"
    )


def _state(request: ActorRequest) -> str:
    state = request.GET.get("state", "open")
    return state if state in {*Alarm.State.values, "all"} else "open"


@require_GET
@inspector_view
def alarms(request: ActorRequest) -> HttpResponseBase:
    """All alarms within reach; level, rule, state, region and text filter in the address."""
    now = timezone.now()
    today = site_date(now)
    page = Paginator(_filtered(request), PER_PAGE).get_page(request.GET.get("page"))
    regions = Region.objects.filter(
        code__in=alarms_for(request.actor).order_by().values_list("project__region_id").distinct()
    ).order_by("code")
    return render(
        request,
        "inspection/alarms.html",
        {
            "page": page,
            "lines": dashboard.lines(page.object_list, today),
            "state": _state(request),
            "today": today,
            "query": request.GET,
            "regions": regions,
            "rules": RULES.values(),
            "figures": dashboard.totals(request.actor, now),
        },
    )


@require_GET
@inspector_view
def alarms_export(request: ActorRequest) -> HttpResponseBase:
    """The filtered alarms as .xlsx."""
    today = site_date(timezone.now())
    return download(alarm_sheet(dashboard.lines(_filtered(request), today), today), "alarms", today)


@require_GET
@inspector_view
def alarm(request: ActorRequest, pk: int) -> HttpResponseBase:
    """One alarm: why it fired, the chain of contractors with the break, what happened since."""
    now = timezone.now()
    today = site_date(now)
    found = access_alarm(pk, request.actor)
    line = dashboard.lines([found], today)[0]
    flips = list(found.flips.order_by("-at", "-pk"))
    rule = RULES[found.rule]
    stop = line.stop if found.state == Alarm.State.OPEN and found.rule != "C1" else None
    steps: list[dict[str, Any]] = []
    timeline = ""
    if found.rule == "D3" and found.due_on:
        ladder = Ladder(**parameter("alarm.D3.days", region_code=found.project.region_id, on=today))
        if found.state == Alarm.State.OPEN:
            timeline = timeline_of(found, ladder, today)
        coming = ladder.next_rise(found.due_on, today) if found.state == Alarm.State.OPEN else None
        steps = [
            {"level": name, "day": day, "reached": day <= today}
            for name, day in ladder.dates(found.due_on).items()
        ]
    else:
        coming = None
    return render(
        request,
        "inspection/alarm.html",
        {
            "alarm": found,
            "line": line,
            "rule": rule,
            "today": today,
            "stats": _stats(found, line, coming),
            "steps": steps,
            "timeline": timeline,
            "facts": grounds_of(found, today),
            "employers": employers_of(found) if found.state == Alarm.State.OPEN else [],
            "progress": paid_of(found),
            "chain": chain_of(
                found.project,
                found.facts.get("parts", []) if found.state == Alarm.State.OPEN else [],
                stop,
                found.level,
            ),
            "events": [_event(flip) for flip in flips],
        },
    )


def _stats(found: Alarm, line: dashboard.AlarmLine, coming: Any) -> list[dict[str, Any]]:
    if found.rule == "C1":
        return [
            {"label": _("Entries refused"), "figure": found.facts.get("entries", 0)},
            {"label": _("People"), "figure": found.people, "unit": _("people")},
            {"label": _("Let in all the same"), "figure": found.facts.get("let_in", 0)},
        ]
    if found.state == Alarm.State.CLOSED and found.closed_at:
        return [
            {"label": _("Unpaid before it closed"), "figure": format_cny(found.amount_fen)},
            {"label": _("People at that time"), "figure": found.people, "unit": _("people")},
            {"label": _("Closed by data"), "figure": str(site_date(found.closed_at))},
        ]
    stats: list[dict[str, Any]] = [
        {
            "label": _("Unpaid wages"),
            "figure": format_cny(found.amount_fen),
            "note": _("estimated from attendance") if found.facts.get("estimated") else "",
        },
        {"label": _("People without their money"), "figure": found.people, "unit": _("people")},
    ]
    if found.due_on:
        stats.append(
            {
                "label": _("Overdue"),
                "figure": line.late,
                "unit": ngettext("day", "days", line.late),
                "note": _("counted from %(day)s") % {"day": found.due_on},
            }
        )
    if coming:
        name, day = coming
        words = {"orange": _("Turns orange on"), "red": _("Turns red on"), "yellow": _("Turns yellow on")}
        stats.append(
            {"label": words[name], "figure": str(day), "note": _("if the money has not arrived by then")}
        )
    return stats


def _event(flip: AlarmFlip) -> dict[str, Any]:
    level = {1: _("yellow"), 2: _("orange"), 3: _("red")}[flip.level]
    kind = AlarmFlip.Kind
    words = {
        kind.OPENED: _("Alarm raised, %(level)s"),
        kind.RAISED: _("Raised to %(level)s"),
        kind.LOWERED: _("Lowered to %(level)s"),
        kind.CHANGED: _("Amount or people changed"),
        kind.CLOSED: _("Closed by data: the rule holds no longer"),
        kind.REOPENED: _("Opened again, %(level)s"),
    }[kind(flip.kind)]
    return {
        "time": moment(flip.at),
        "kind": level_name(flip.level) if flip.kind in {"opened", "raised", "reopened"} else "",
        "strong": words % {"level": level} if "%(level)s" in words else words,
        "note": "" if flip.kind == kind.CLOSED else _flip_note(flip),
    }


def _flip_note(flip: AlarmFlip) -> str:
    if not flip.amount_fen:
        return ngettext("%(n)s person", "%(n)s people", flip.people) % {"n": flip.people}
    return _("%(people)s people, %(amount)s") % {
        "people": flip.people,
        "amount": format_cny(flip.amount_fen),
    }


@require_GET
@inspector_view
def rules(request: ActorRequest) -> HttpResponseBase:
    """The rules, their parameters, when each last ran and what it found."""
    latest = {
        run.rule: run for run in RuleRun.objects.order_by("rule", "-started_at", "-pk").distinct("rule")
    }
    values: dict[str, list[Parameter]] = {}
    keys = [key for rule in RULES.values() for key in rule.parameters]
    for row in (
        Parameter.objects.filter(key__in=keys).select_related("region").order_by("region_id", "-valid_from")
    ):
        values.setdefault(row.key, []).append(row)
    open_by_rule = dict(
        alarms_for(request.actor)
        .filter(state=Alarm.State.OPEN)
        .order_by()
        .values_list("rule")
        .annotate(n=Count("pk"))
    )
    return render(
        request,
        "inspection/rules.html",
        {
            "rules": [
                {
                    "rule": rule,
                    "run": latest.get(rule.code),
                    "open": open_by_rule.get(rule.code, 0),
                    "values": [row for key in rule.parameters for row in values.get(key, [])],
                    "url": f"{reverse('inspection:alarms')}?rule={rule.code}",
                }
                for rule in RULES.values()
            ]
        },
    )
