"""What the inspector's pages read: few queries, each over an index or over one row per project."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from inspection.access import alarms_for, stats_for
from inspection.models import Alarm, ProjectStat
from inspection.rules import Stop, days_overdue, level_name, stop_of_alarm
from inspection.words import headline, reason
from registration.actors import Actor
from registration.models import Region
from wagewatch.lib.dates import first_of_month, previous_month, site_date

TILES_PER_ROW = 4


@dataclass(frozen=True)
class AlarmLine:
    """An alarm as lists show it."""

    alarm: Alarm
    headline: str
    reason: str
    stop: Stop
    late: int
    left: int = 0

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
        )
        for a in alarms
    ]


def open_alarms(actor: Actor) -> QuerySet[Alarm]:
    """Open alarms within reach, the most urgent first."""
    return (
        alarms_for(actor)
        .filter(state=Alarm.State.OPEN)
        .select_related("project__region")
        .order_by("-level", "due_on", "-amount_fen", "pk")
    )


def totals(actor: Actor, now: datetime) -> dict[str, Any]:
    """The figures at the top: owed, people, alarms by level, closed this week, last month's share paid."""
    stat = stats_for(actor).aggregate(
        owed=Sum("owed_fen"),
        people=Sum("owed_people"),
        projects=Count("pk"),
        owing=Count("pk", filter=Q(owed_fen__gt=0)),
        month_people=Sum("last_month_people"),
        month_paid=Sum("last_month_paid_people"),
        on_site=Sum("on_site_now"),
    )
    levels = alarms_for(actor).aggregate(
        red=Count("pk", filter=Q(state="open", level=3)),
        orange=Count("pk", filter=Q(state="open", level=2)),
        yellow=Count("pk", filter=Q(state="open", level=1)),
        closed=Count("pk", filter=Q(state="closed", closed_at__gte=now - timedelta(days=7))),
    )
    figures = {key: value or 0 for key, value in {**stat, **levels}.items()}
    month_people = figures["month_people"]
    figures["paid_percent"] = (
        round(1000 * figures["month_paid"] / month_people) / 10 if month_people else None
    )
    return figures


def open_by_group(actor: Actor) -> dict[str, int]:
    """Open alarms within reach by the letter of their rule's group."""
    found: dict[str, int] = {}
    rows = (
        alarms_for(actor)
        .filter(state=Alarm.State.OPEN)
        .order_by()
        .values_list("rule")
        .annotate(n=Count("pk"))
    )
    for rule, count in rows:
        found[rule[:1]] = found.get(rule[:1], 0) + count
    return found


def as_of(actor: Actor) -> datetime | None:
    """When the oldest of the figures was counted."""
    return stats_for(actor).order_by("as_of").values_list("as_of", flat=True).first()


def district_tiles(actor: Actor) -> list[dict[str, Any]]:
    """One tile per county within reach that has projects: money owed and open alarms by level."""
    owed = {
        row["project__region_id"]: row["owed"]
        for row in stats_for(actor).order_by().values("project__region_id").annotate(owed=Sum("owed_fen"))
    }
    counts: dict[str, Any] = {
        row["project__region_id"]: row
        for row in alarms_for(actor)
        .filter(state=Alarm.State.OPEN)
        .order_by()
        .values("project__region_id")
        .annotate(
            red=Count("pk", filter=Q(level=3)),
            orange=Count("pk", filter=Q(level=2)),
            yellow=Count("pk", filter=Q(level=1)),
        )
    }
    most = max(owed.values(), default=0)
    return [
        {
            "region": region,
            "row": place // TILES_PER_ROW + 1,
            "column": place % TILES_PER_ROW + 1,
            "shade": 0 if not owed[region.code] else 1 + min(2, 3 * owed[region.code] // (most + 1)),
            "amount_fen": owed[region.code],
            "red": counts.get(region.code, {}).get("red", 0),
            "orange": counts.get(region.code, {}).get("orange", 0),
            "yellow": counts.get(region.code, {}).get("yellow", 0),
        }
        for place, region in enumerate(Region.objects.filter(code__in=owed).order_by("code"))
    ]


def owed_by_month(actor: Actor, today: date, months: int = 6) -> list[tuple[date, int]]:
    """Unpaid wages by wage month, oldest first, the last `months` months before this one."""
    sums = dict(
        alarms_for(actor)
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


def worst_projects(actor: Actor, limit: int = 8) -> QuerySet[ProjectStat]:
    """Projects that owe most."""
    return (
        stats_for(actor)
        .filter(owed_fen__gt=0)
        .select_related("project__region")
        .order_by("-owed_fen")[:limit]
    )
