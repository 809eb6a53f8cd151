"""The queue of alarms and one alarm. Their rules: views/rule_pages.py."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import F, Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from inspection import dashboard
from inspection.access import access_alarm, alarms_for
from inspection.alarm_facts import employers_of, paid_of, timeline_of
from inspection.alarms.catalogue import GROUPS, RULES
from inspection.exports import alarm_sheet, download
from inspection.http import inspector_view, text_of
from inspection.models import Alarm, AlarmFlip
from inspection.parties import chain_of
from inspection.places import scope_of_address
from inspection.rules import Ladder, level_name
from inspection.telling.shape import sentences
from inspection.words import WORDS, grounds_of
from registration.http import ActorRequest
from registration.models import Region
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
    if (group := request.GET.get("group")) in GROUPS:
        found = found.filter(rule__startswith=group)
    if region := scope_of_address(request).region:
        found = found.filter(project__region__code__startswith=region)
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
            "rules": _rules_by_group(),
            "figures": dashboard.totals(request.actor, now),
        },
    )


def _rules_by_group() -> list[dict[str, Any]]:
    return [
        {"code": code, "name": name, "rules": [rule for rule in RULES.values() if rule.group == code]}
        for code, name in GROUPS.items()
    ]


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
    rule = RULES.get(found.rule)
    parts = found.facts.get("parts", []) if found.state == Alarm.State.OPEN else []
    stop = line.stop if parts else None
    steps: list[dict[str, Any]] = []
    timeline = ""
    if found.rule == "D3" and found.due_on:
        ladder = Ladder(parameter("alarm.D3.days", region_code=found.project.region_id, on=today))
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
            "chain": chain_of(found.project, parts, stop, found.level),
            "closes": sentences(WORDS[found.rule].closes, _("There is no close button."))
            if found.rule in WORDS
            else "",
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
            *([_amount(found, _("Amount before it closed"))] if found.amount_fen else []),
            *([_people(found, _("People at that time"))] if found.people else []),
            {"label": _("Open since"), "figure": str(site_date(found.opened_at))},
            {"label": _("Closed by data"), "figure": str(site_date(found.closed_at))},
        ]
    if found.rule not in {"D1", "D3"}:
        return _plain_stats(found, line)
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


def _amount(found: Alarm, label: str) -> dict[str, Any]:
    note = _("estimated from attendance") if found.facts.get("estimated") else ""
    return {"label": label, "figure": format_cny(found.amount_fen), "note": note}


def _people(found: Alarm, label: str) -> dict[str, Any]:
    return {"label": label, "figure": found.people, "unit": _("people")}


def _plain_stats(found: Alarm, line: dashboard.AlarmLine) -> list[dict[str, Any]]:
    """What every open alarm has: money and people where there are any, its deadline, since when it is open."""
    stats = []
    if found.amount_fen:
        stats.append(_amount(found, _("Amount concerned")))
    if found.people:
        stats.append(_people(found, _("People concerned")))
    if found.due_on and line.left:
        stats.append(
            {
                "label": _("Still to go"),
                "figure": line.left,
                "unit": ngettext("day", "days", line.left),
                "note": _("until %(day)s") % {"day": found.due_on},
            }
        )
    elif found.due_on:
        stats.append(
            {
                "label": _("Overdue"),
                "figure": line.late,
                "unit": ngettext("day", "days", line.late),
                "note": _("last day was %(day)s") % {"day": found.due_on},
            }
        )
    stats.append({"label": _("Open since"), "figure": str(site_date(found.opened_at))})
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
    if not flip.amount_fen and not flip.people:
        return ""
    if not flip.people:
        return format_cny(flip.amount_fen)
    if not flip.amount_fen:
        return ngettext("%(n)s person", "%(n)s people", flip.people) % {"n": flip.people}
    return _("%(people)s people, %(amount)s") % {
        "people": flip.people,
        "amount": format_cny(flip.amount_fen),
    }
