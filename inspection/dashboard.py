"""What the inspector's pages read: few queries, each over an index, one row per project, or per region and day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import F, QuerySet, Sum

from inspection.access import region_days_for
from inspection.alarm_story import next_step
from inspection.models import Alarm, ProjectStat
from inspection.paging import Order, by, day, falling, rising
from inspection.places import Scope, full_code, level_below, tile_places
from inspection.rules import Stop, days_overdue, level_name, stop_of_alarm
from inspection.standing import EVERYWHERE, IN_QUEUE, MARKS, Standing, alarms_in, stats_in
from inspection.words import headline, reason
from registration.actors import Actor
from registration.models import Region
from wagewatch.lib.dates import site_date

CLOSED_WITHIN = timedelta(days=7)


@dataclass(frozen=True)
class AlarmLine:
    """An alarm as lists show it."""

    alarm: Alarm
    headline: str
    reason: str
    stop: Stop
    late: int
    left: int = 0
    to_act: str = ""
    act_late: bool = False

    @property
    def level(self) -> str:
        return level_name(self.alarm.level)

    @property
    def stages(self) -> list[str]:
        return self.stop.strip(self.alarm.level)


def late_days(alarm: Alarm, today: date) -> int:
    """Days past the due date, until today or until it was closed."""
    return days_overdue(alarm.due_on, site_date(alarm.closed_at) if alarm.closed_at else today)


def lines(alarms: Iterable[Alarm], today: date) -> list[AlarmLine]:
    """Alarms with their words; give alarms with project and region already joined."""
    return [
        AlarmLine(
            alarm=a,
            headline=headline(a),
            reason=reason(a, today),
            stop=stop_of_alarm(a.rule, a.facts),
            late=late_days(a, today),
            left=max((a.due_on - today).days, 0) if a.due_on else 0,
            to_act=next_step(a.stage),
            act_late=bool(a.handle_by and a.handle_by < today and not a.paused_until),
        )
        for a in alarms
    ]


QUEUE: Order = (
    day("paused_until", empty_first=True),
    falling("level"),
    day("handle_by"),
    day("due_on"),
    falling("amount_fen"),
    rising("id"),
)
"""What is not paused first, then by level and deadline. The index alarm_queue has the same columns."""


def open_alarms(actor: Actor, scope: Scope = EVERYWHERE) -> QuerySet[Alarm]:
    """Alarms of the queue within reach, the most urgent first."""
    return (
        alarms_in(actor, scope)
        .filter(IN_QUEUE)
        .select_related("project__region", "holder")
        .order_by(*by(QUEUE))
    )


def totals(actor: Actor, now: datetime, here: Standing) -> dict[str, Any]:
    """The figures at the top: those of the standing, and how many alarms the data closed this week."""
    # By an index of its own: with the open ones it would read every alarm there ever was.
    closed = alarms_in(actor, here.scope).filter(state=Alarm.State.CLOSED, closed_at__gte=now - CLOSED_WITHIN)
    return {**here.figures(), "closed": closed.count()}


def district_tiles(here: Standing) -> list[dict[str, Any]]:
    """One tile per city, or per county of one city, that has projects: money owed and open alarms by level.

    Where one county is chosen, its city's counties are shown with it marked.
    """
    scope = here.scope
    wide = Scope(scope.region[:4] if scope.is_county else scope.region, scope.sector)
    found = here.by_region()
    digits = level_below(found, wide)
    sums: dict[str, dict[str, int]] = {}
    for code, row in found.items():
        tile = sums.setdefault(full_code(code[:digits]), dict.fromkeys(("fen", *MARKS), 0))
        for key, value in row.items():
            tile[key] += value
    most = max((tile["fen"] for tile in sums.values()), default=0)
    places = tile_places(sorted(sums))
    return [
        {
            "region": region,
            "row": places[region.code][0],
            "column": places[region.code][1],
            "shade": 0 if not tile["fen"] else 1 + min(2, 3 * tile["fen"] // (most + 1)),
            "amount_fen": tile["fen"],
            "current": region.code == scope.region,
            **{mark: tile[mark] for mark in MARKS},
        }
        for region in Region.objects.filter(code__in=sums).order_by("code")
        for tile in (sums[region.code],)
    ]


@dataclass(frozen=True)
class Day:
    """The end of one day within reach; amounts in fen."""

    day: date
    owed_fen: int
    owed_people: int
    alarms: int


def trend(actor: Actor, today: date, days: int = 90, scope: Scope = EVERYWHERE) -> list[Day]:
    """What was overdue at the end of each of the last days, oldest first; one row per region and day is read."""
    found = region_days_for(actor).filter(day__gt=today - timedelta(days=days), day__lte=today)
    if scope.region:
        found = found.filter(region__code__startswith=scope.region)
    if scope.sector:
        found = found.filter(sector=scope.sector)
    rows = (
        found.order_by("day")
        .values_list("day")
        .annotate(
            owed=Sum("owed_fen"), people=Sum("owed_people"), n=Sum(F("red") + F("orange") + F("yellow"))
        )
    )
    return [Day(*row) for row in rows]


def worst_projects(actor: Actor, limit: int = 8, scope: Scope = EVERYWHERE) -> QuerySet[ProjectStat]:
    """Projects that owe most."""
    return (
        stats_in(actor, scope)
        .filter(owed_fen__gt=0)
        .select_related("project__region")
        .order_by("-owed_fen")[:limit]
    )


def riskiest(actor: Actor, scope: Scope = EVERYWHERE) -> QuerySet[ProjectStat]:
    """Scored projects, the highest risk first."""
    return (
        stats_in(actor, scope)
        .filter(risk__gt=0)
        .select_related("project__region")
        .order_by("-risk", "-risk_gap_fen", "project__name", "pk")
    )
