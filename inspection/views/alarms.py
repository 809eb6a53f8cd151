"""The queue of alarms, and giving several at once. One of them: views/alarm.py; their rules: views/rule_pages.py."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from inspection import dashboard
from inspection.access import alarms_for
from inspection.alarms.catalogue import GROUPS, RULES
from inspection.exports import alarm_sheet, download
from inspection.http import filters_of, inspector_view, note_counts, text_of
from inspection.models import Alarm
from inspection.paging import Order, backwards, by, day, day_falling, falling, key_page, moment, rising
from inspection.places import scope_of_address
from inspection.services import life
from inspection.standing import IN_QUEUE, Standing, standing
from registration.http import ActorRequest
from registration.models import Project, Region, User
from wagewatch.lib.dates import site_date

PER_PAGE = 50
AT_ONCE = 2_000
"""Alarms of a workbook held in memory."""
LEVELS = {"red": 3, "orange": 2, "yellow": 1}
NUMBERS = {"level": "level", "amount": "amount_fen", "people": "people"}
DAYS = {"due": "due_on", "act": "handle_by"}
NEWEST = (moment("closed_at"), rising("id"))
"""Of closed alarms, turned round: the last one closed stands first."""
SHOWS: dict[str, Any] = {
    "mine": gettext_lazy("Mine"),
    "free": gettext_lazy("Nobody's"),
    "late": gettext_lazy("Past the deadline"),
    "up": gettext_lazy("Went up"),
    "paused": gettext_lazy("Paused"),
    "answered": gettext_lazy("Found not true"),
}


def _shows(actor_id: int | None, today: Any) -> dict[str, Q]:
    """What each tab of open alarms holds."""
    queue = IN_QUEUE
    return {
        "mine": queue & Q(holder=actor_id),
        "free": queue & Q(holder=None, paused_until=None),
        "late": queue & Q(handle_by__lt=today, paused_until=None),
        "up": queue & Q(tier__gt=Alarm.Tier.COUNTY),
        "paused": queue & Q(paused_until__isnull=False),
        "answered": Q(state=Alarm.State.OPEN, stage=Alarm.Stage.ANSWERED),
    }


def _show(request: ActorRequest) -> str:
    show = request.GET.get("show", "")
    return show if show in SHOWS and _state(request) == "open" else ""


def _filtered(request: ActorRequest) -> QuerySet[Alarm]:
    """The alarms of the page's filters."""
    found = alarms_for(request.actor).select_related("project__region", "holder")
    state, show = _state(request), _show(request)
    if show:
        found = found.filter(_shows(request.actor.id, site_date(timezone.now()))[show])
    elif state == Alarm.State.OPEN:
        found = found.filter(IN_QUEUE)
    elif state in Alarm.State.values:
        found = found.filter(state=state)
    if (level := request.GET.get("level")) in LEVELS:
        found = found.filter(level=LEVELS[level])
    if (rule := request.GET.get("rule")) in RULES:
        found = found.filter(rule=rule)
    if (group := request.GET.get("group")) in GROUPS:
        found = found.filter(rule__startswith=group)
    if (stage := request.GET.get("stage")) in Alarm.Stage.values:
        found = found.filter(stage=stage)
    holder = request.GET.get("holder", "")
    if holder == "none":
        found = found.filter(holder=None)
    elif holder.isascii() and holder.isdigit() and len(holder) < 19:
        found = found.filter(holder=int(holder))
    if region := scope_of_address(request).region:
        found = found.filter(project__region__code__startswith=region)
    if words := text_of(request, "q"):
        found = found.filter(Q(project__name__icontains=words) | Q(project__code__iexact=words))
    return found


def _order(request: ActorRequest) -> tuple[Order, bool]:
    """The order of the page, and whether it is turned round."""
    sort = request.GET.get("sort", "")
    name, downwards = sort.removeprefix("-"), sort.startswith("-")
    if name in NUMBERS:
        return ((falling if downwards else rising)(NUMBERS[name]), rising("id")), False
    if name in DAYS:
        return ((day_falling if downwards else day)(DAYS[name]), rising("id")), False
    return (NEWEST, True) if _state(request) == "closed" else (dashboard.QUEUE, False)


def _known_count(request: ActorRequest, here: Standing) -> int | None:
    """How many alarms the page's filters hold, where that is a sum of what is counted already."""
    asked = {key for key, value in request.GET.items() if value}
    if _state(request) != "open" or asked & {"show", "stage", "holder", "q"}:
        return None
    level = LEVELS.get(request.GET.get("level", ""))
    rule, group = request.GET.get("rule", ""), request.GET.get("group", "")
    region = scope_of_address(request).region
    return sum(
        one.alarms
        for one in here.alarms
        if one.in_queue
        and level in {None, one.level}
        and (rule not in RULES or one.rule == rule)
        and (group not in GROUPS or one.rule.startswith(group))
        and one.region.startswith(region)
    )


def _state(request: ActorRequest) -> str:
    state = request.GET.get("state", "open")
    return state if state in {*Alarm.State.values, "all"} else "open"


def _tabs(request: ActorRequest, figures: dict[str, Any]) -> list[dict[str, Any]]:
    """The queue by whose turn it is, with counts; what is empty is left out, except one's own."""
    shown, state = _show(request), _state(request)
    shows = _shows(request.actor.id, site_date(timezone.now()))
    counts = (
        alarms_for(request.actor)
        .filter(state=Alarm.State.OPEN)
        .aggregate(**{f"n_{key}": Count("pk", filter=q) for key, q in shows.items()})
    )
    query = request.GET.copy()
    for key in ("after", "before", "end", "state", "show"):
        query.pop(key, None)

    def tab(label: Any, current: bool, count: int | None = None, **more: str) -> dict[str, Any]:
        address = "?" + urlencode({**{key: str(value) for key, value in query.items()}, **more})
        return {"url": address, "label": label, "count": count, "current": current}

    tabs = [tab(_("Open"), state == "open" and not shown, figures["open"])]
    tabs += [
        tab(label, shown == key, counts[f"n_{key}"], show=key)
        for key, label in SHOWS.items()
        if counts[f"n_{key}"] or key == "mine" or shown == key
    ]
    tabs.append(tab(_("Closed by data"), state == "closed", state="closed"))
    tabs.append(tab(_("All"), state == "all", state="all"))
    return tabs


@require_GET
@inspector_view
def alarms(request: ActorRequest) -> HttpResponseBase:
    """All alarms within reach; whose turn, level, rule, stage, region and text filter in the address."""
    now = timezone.now()
    today = site_date(now)
    here = standing(request.actor)
    figures = here.figures()
    note_counts(request, figures, now)
    order, turned = _order(request)
    count = _known_count(request, here)
    page = key_page(_filtered(request), order, request.GET, PER_PAGE, count=count, newest_first=turned)
    regions = Region.objects.filter(code__in=[row["region_id"] for row in here.places]).order_by("code")
    gives = life.may_give(request.actor)
    return render(
        request,
        "inspection/alarms.html",
        {
            "page": page,
            "lines": dashboard.lines(page.object_list, today),
            "state": _state(request),
            "show": _show(request),
            "tabs": _tabs(request, figures),
            "today": today,
            "query": request.GET,
            "regions": regions,
            "rules": _rules_by_group(),
            "stages": Alarm.Stage.choices,
            "figures": figures,
            "pick": _state(request) == "open" and _show(request) != "answered",
            "inspectors": [
                (user.pk, user.name) for user in life.colleagues(request.actor) if user.pk != request.actor.id
            ]
            if gives
            else [],
            "holders": list(
                alarms_for(request.actor)
                .filter(state=Alarm.State.OPEN)
                .exclude(holder=None)
                .order_by("holder__name", "holder")
                .values_list("holder", "holder__name")
                .distinct()
            ),
            "back": request.GET.urlencode(),
        },
    )


def _rules_by_group() -> list[dict[str, Any]]:
    return [
        {"code": code, "name": name, "rules": [rule for rule in RULES.values() if rule.group == code]}
        for code, name in GROUPS.items()
    ]


@require_POST
@inspector_view
def alarms_give(request: ActorRequest) -> HttpResponseBase:
    """Take the chosen alarms, or give them to an inspector; back to the list as it was filtered."""
    chosen = [int(pk) for pk in request.POST.getlist("alarm")[:PER_PAGE] if pk.isdecimal() and len(pk) < 19]
    to = request.POST.get("to", "")
    whom = int(to) if to.isdecimal() and len(to) < 19 else 0
    if request.POST.get("act") == "take":
        whom = request.actor.id or 0
    if not chosen:
        messages.error(request, _("Tick the alarms first."))
    elif not whom:
        messages.error(request, _("Choose who gets them."))
    else:
        done, refused = life.give_many(chosen, whom, actor=request.actor, now=timezone.now())
        if done:
            name = life.name_of(whom)
            words = ngettext("%(n)s alarm is now with %(name)s.", "%(n)s alarms are now with %(name)s.", done)
            messages.success(request, words % {"n": done, "name": name})
        for reason in refused:
            messages.error(request, reason)
    return redirect(reverse("inspection:alarms") + filters_of(request))


@require_GET
@inspector_view
def alarms_export(request: ActorRequest) -> HttpResponseBase:
    """The filtered alarms as .xlsx."""
    today = site_date(timezone.now())
    order, turned = _order(request)
    found = _filtered(request).order_by(*(backwards(order) if turned else by(order)))
    return download(alarm_sheet(_one_by_one(found), today), "alarms", today)


def _one_by_one(found: QuerySet[Alarm]) -> Iterator[Alarm]:
    """All alarms in their order, few in memory at a time; each project and holder is read once, not for each alarm."""
    plain = found.select_related(None)
    ids = plain.order_by()
    projects = {
        project.pk: project
        for project in Project.objects.filter(pk__in=ids.values("project")).prefetch_related("region")
    }
    holders = User.objects.only("pk", "name").in_bulk(
        list(ids.exclude(holder=None).values_list("holder", flat=True).distinct())
    )
    for alarm in plain.iterator(chunk_size=AT_ONCE):
        if alarm.project_id in projects:  # else opened since
            alarm.project = projects[alarm.project_id]
            alarm.holder = holders.get(alarm.holder_id or 0)
            yield alarm
