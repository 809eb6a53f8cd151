"""What the inspector's pages read: few queries, each over an index, one row per project, or per region and day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet, Sum

from inspection.access import alarms_for, region_days_for, stats_for
from inspection.alarm_story import next_step
from inspection.models import Alarm, ProjectStat
from inspection.places import Scope, full_code, level_below, tile_places
from inspection.rules import Stop, days_overdue, level_name, stop_of_alarm
from inspection.words import headline, reason
from registration.actors import Actor
from registration.models import Region
from wagewatch.lib.dates import first_of_month, previous_month, site_date

EVERYWHERE = Scope()
MARKS = ("red", "orange", "yellow")
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


def lines(alarms: Iterable[Alarm], today: date) -> list[AlarmLine]:
    """Alarms with their words; give alarms with project and region already joined."""
    return [
        AlarmLine(
            alarm=a,
            headline=headline(a),
            reason=reason(a, today),
            stop=stop_of_alarm(a.rule, a.facts),
            late=days_overdue(a.due_on, site_date(a.closed_at) if a.closed_at else today),
            left=max((a.due_on - today).days, 0) if a.due_on else 0,
            to_act=next_step(a.stage),
            act_late=bool(a.handle_by and a.handle_by < today and not a.paused_until),
        )
        for a in alarms
    ]


def _alarms(actor: Actor, scope: Scope) -> QuerySet[Alarm]:
    found = alarms_for(actor)
    if scope.region:
        found = found.filter(project__region__code__startswith=scope.region)
    return found.filter(project__sector=scope.sector) if scope.sector else found


def _stats(actor: Actor, scope: Scope) -> QuerySet[ProjectStat]:
    found = stats_for(actor)
    if scope.region:
        found = found.filter(project__region__code__startswith=scope.region)
    return found.filter(project__sector=scope.sector) if scope.sector else found


IN_QUEUE = Q(state="open", stage__in=("new", "assigned", "read", "true", "handled"))
"""Open, and not found untrue on the data of now."""
FIRST = (
    F("paused_until").asc(nulls_first=True),
    F("level").desc(),
    F("handle_by").asc(nulls_last=True),
    F("due_on").asc(nulls_last=True),
    F("amount_fen").desc(),
)
"""What is not paused first, then by level and deadline."""


def open_alarms(actor: Actor, scope: Scope = EVERYWHERE) -> QuerySet[Alarm]:
    """Alarms of the queue within reach, the most urgent first."""
    return (
        _alarms(actor, scope)
        .filter(IN_QUEUE)
        .select_related("project__region", "holder")
        .order_by(*FIRST, "pk")
    )


def totals(actor: Actor, now: datetime, scope: Scope = EVERYWHERE) -> dict[str, Any]:
    """The figures at the top: owed, people, alarms by level and `groups` of rules, closed this week, last month's
    share paid, and `as_of`, when the oldest of them was counted."""
    stat = _stats(actor, scope).aggregate(
        owed=Sum("owed_fen"),
        people=Sum("owed_people"),
        projects=Count("pk"),
        owing=Count("pk", filter=Q(owed_fen__gt=0)),
        month_people=Sum("last_month_people"),
        month_paid=Sum("last_month_paid_people"),
        on_site=Sum("on_site_now"),
        registered=Sum("workers_open"),
        as_of=Min("as_of"),
    )
    # Two questions, each by an index of its own: together they would read every alarm there ever was.
    reach = _alarms(actor, scope)
    by_rule = reach.filter(IN_QUEUE).order_by().values_list("rule", "level").annotate(n=Count("pk"))
    levels, groups = dict.fromkeys(MARKS, 0), dict[str, int]()
    for rule, level, count in by_rule:
        levels[level_name(level)] += count
        groups[rule[:1]] = groups.get(rule[:1], 0) + count
    closed = reach.filter(state=Alarm.State.CLOSED, closed_at__gte=now - CLOSED_WITHIN).count()
    figures = {key: value or 0 for key, value in {**stat, **levels, "closed": closed}.items()}
    figures |= {"as_of": stat["as_of"], "groups": groups}
    month_people = figures["month_people"]
    figures["paid_percent"] = (
        round(1000 * figures["month_paid"] / month_people) / 10 if month_people else None
    )
    return figures


def district_tiles(actor: Actor, scope: Scope = EVERYWHERE) -> list[dict[str, Any]]:
    """One tile per city, or per county of one city, that has projects: money owed and open alarms by level.

    Where one county is chosen, its city's counties are shown with it marked.
    """
    wide = Scope(scope.region[:4] if scope.is_county else scope.region, scope.sector)
    owed = {
        row["project__region_id"]: row["owed"]
        for row in _stats(actor, wide).order_by().values("project__region_id").annotate(owed=Sum("owed_fen"))
    }
    counts: dict[str, Any] = {
        row["project__region_id"]: row
        for row in _alarms(actor, wide)
        .filter(state=Alarm.State.OPEN)
        .order_by()
        .values("project__region_id")
        .annotate(
            red=Count("pk", filter=Q(level=3)),
            orange=Count("pk", filter=Q(level=2)),
            yellow=Count("pk", filter=Q(level=1)),
        )
    }
    digits = level_below(owed, wide)
    sums: dict[str, dict[str, int]] = {}
    for code, fen in owed.items():
        tile = sums.setdefault(full_code(code[:digits]), dict.fromkeys(("fen", *MARKS), 0))
        tile["fen"] += fen
        for mark in MARKS:
            tile[mark] += counts.get(code, {}).get(mark, 0)
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


def owed_by_month(
    actor: Actor, today: date, months: int = 6, scope: Scope = EVERYWHERE
) -> list[tuple[date, int]]:
    """Unpaid wages by wage month, oldest first, the last `months` months before this one."""
    sums = dict(
        _alarms(actor, scope)
        .filter(state=Alarm.State.OPEN, rule="D3")
        .order_by()
        .values_list("period")
        .annotate(owed=Sum("amount_fen"))
    )
    month = first_of_month(today)
    points: list[tuple[date, int]] = []
    for _n in range(months):
        month = previous_month(month)
        points.append((month, sums.get(f"{month:%Y-%m}", 0)))
    return points[::-1]


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
        _stats(actor, scope)
        .filter(owed_fen__gt=0)
        .select_related("project__region")
        .order_by("-owed_fen")[:limit]
    )


def riskiest(actor: Actor, scope: Scope = EVERYWHERE) -> QuerySet[ProjectStat]:
    """Scored projects, the highest risk first."""
    return (
        _stats(actor, scope)
        .filter(risk__gt=0)
        .select_related("project__region")
        .order_by("-risk", "-risk_gap_fen", "project__name", "pk")
    )
