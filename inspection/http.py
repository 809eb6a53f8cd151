"""The door to every page of the supervision side, and what their addresses may hold."""

import functools
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Concatenate, ParamSpec

from django.db.models import Count, Max, Q, Subquery
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inspection.access import alarms_for
from inspection.models import Alarm, Case
from registration.access import projects_for
from registration.actors import Actor
from registration.http import ActorRequest, staff_view
from registration.models import Role
from registration.services.parameters import region_labels
from wagewatch.lib.dates import site_date

P = ParamSpec("P")
View = Callable[Concatenate[ActorRequest, P], HttpResponseBase]
LONGEST_TEXT = 60
IN_QUEUE = tuple(stage for stage in Alarm.Stage.values if stage != Alarm.Stage.ANSWERED)


def filters_of(request: HttpRequest) -> str:
    """The filters of the list that a form was sent from (its field `back`), written anew, so that nothing else gets
    into the address; '' for none."""
    kept = QueryDict(request.POST.get("back", "")[:500]).urlencode()
    return f"?{kept}" if kept else ""


def inspector_view(view: View[P]) -> View[P]:
    """For inspectors; others get 404. The navigation then shows their region and counts."""

    @staff_view(Role.INSPECTOR)  # type: ignore[arg-type]  # wraps() loses the argument's name
    @functools.wraps(view)
    def inner(request: ActorRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        request.nav_scope = scope_of(request.actor)  # type: ignore[attr-defined]
        # A page that never draws its navigation (an export) asks nothing.
        request.nav_counts = SimpleLazyObject(lambda: counts_of(request.actor, site_date(timezone.now())))  # type: ignore[attr-defined]
        return view(request, *args, **kwargs)

    return inner


def counts_of(actor: Actor, today: date, known: tuple[int, int] | None = None) -> dict[str, int]:
    """Projects within reach and their open alarms; the person's own open cases, and those past their deadline.

    `known` are projects and alarms where the page has counted them already.
    """
    mine = Case.objects.filter(officer=actor.id).exclude(state__in=(Case.State.CLOSED, Case.State.REFUSED))
    own = mine.aggregate(cases=Count("pk"), cases_late=Count("pk", filter=Q(due_on__lt=today)))
    return own | dict(zip(("projects", "alarms"), known or _in_reach(actor), strict=True))


def _in_reach(actor: Actor) -> tuple[int, int]:
    # Joined, projects and alarms would multiply each other: the number of alarms is asked beside.
    alarms = alarms_for(actor).filter(state=Alarm.State.OPEN, stage__in=IN_QUEUE)
    number = alarms.order_by().values("state").annotate(n=Count("pk")).values("n")
    found = projects_for(actor, permission="alarm.view").annotate(open_alarms=Subquery(number))
    counts = found.aggregate(projects=Count("pk"), alarms=Max("open_alarms"))
    return counts["projects"] or 0, counts["alarms"] or 0


def note_counts(request: ActorRequest, figures: dict[str, Any], now: datetime) -> None:
    """Give the navigation what a page has counted of everything within reach, so that it is not counted again."""
    known = (figures["reach"], figures["open"])
    request.nav_counts = SimpleLazyObject(lambda: counts_of(request.actor, site_date(now), known))  # type: ignore[attr-defined]


def scope_of(actor: Actor) -> dict[str, Any]:
    """The region that the inspector answers for; names come from the cached region table."""
    prefixes = list(dict.fromkeys(d.region_prefix for d in actor.duties if d.authority_id is not None))
    names = region_labels()
    counties = sum(
        code.startswith(prefix) and code[4:] != "00"
        for prefix in prefixes
        if len(prefix) < 6
        for code in names
    )
    return {
        "label": _("Region"),
        "name": "、".join(names.get(prefix.ljust(6, "0"), prefix) for prefix in prefixes),
        "note": ngettext("%(n)s county", "%(n)s counties", counties) % {"n": counties} if counties else "",
    }


def text_of(request: HttpRequest, key: str) -> str:
    """A text of the address as the database can take it: no NUL, no surplus space, not endless."""
    return request.GET.get(key, "").replace("\x00", "").strip()[:LONGEST_TEXT]
