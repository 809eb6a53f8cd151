"""The queue of alarms, and giving several at once. One of them: views/alarm.py; their rules: views/rule_pages.py."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, F, Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from inspection import dashboard
from inspection.access import alarms_for
from inspection.alarms.catalogue import GROUPS, RULES
from inspection.exports import alarm_sheet, download
from inspection.http import inspector_view, text_of
from inspection.models import Alarm
from inspection.places import scope_of_address
from inspection.services import life
from registration.access import projects_for
from registration.http import ActorRequest
from registration.models import Region
from wagewatch.lib.dates import site_date

PER_PAGE = 50
LEVELS = {"red": 3, "orange": 2, "yellow": 1}
ORDERS = {"level": "level", "amount": "amount_fen", "people": "people", "due": "due_on", "act": "handle_by"}
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
    queue = dashboard.IN_QUEUE
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
    """The alarms of the page's filters, in its order."""
    found = alarms_for(request.actor).select_related("project__region", "holder")
    state, show = _state(request), _show(request)
    if show:
        found = found.filter(_shows(request.actor.id, site_date(timezone.now()))[show])
    elif state == Alarm.State.OPEN:
        found = found.filter(dashboard.IN_QUEUE)
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
    sort = request.GET.get("sort", "")
    order = ORDERS.get(sort.lstrip("-"))
    if order is None:
        return found.order_by(*dashboard.FIRST, "pk")
    return found.order_by(
        F(order).desc(nulls_last=True) if sort.startswith("-") else F(order).asc(nulls_last=True), "pk"
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
    for key in ("page", "state", "show"):
        query.pop(key, None)

    def tab(label: Any, current: bool, count: int | None = None, **more: str) -> dict[str, Any]:
        address = "?" + urlencode({**{key: str(value) for key, value in query.items()}, **more})
        return {"url": address, "label": label, "count": count, "current": current}

    everything = figures["red"] + figures["orange"] + figures["yellow"]
    tabs = [tab(_("Open"), state == "open" and not shown, everything)]
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
    page = Paginator(_filtered(request), PER_PAGE).get_page(request.GET.get("page"))
    regions = Region.objects.filter(
        code__in=projects_for(request.actor, permission="alarm.view").order_by().values("region_id")
    ).order_by("code")
    figures = dashboard.totals(request.actor, now)
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
    answer = redirect("inspection:alarms")
    if back := request.POST.get("back", "").replace("\n", "").replace("\r", "")[:500]:
        answer["Location"] += f"?{back}"
    return answer


@require_GET
@inspector_view
def alarms_export(request: ActorRequest) -> HttpResponseBase:
    """The filtered alarms as .xlsx."""
    today = site_date(timezone.now())
    return download(alarm_sheet(dashboard.lines(_filtered(request), today), today), "alarms", today)
