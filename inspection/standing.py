"""What stands within reach right now: projects and open alarms counted in one question each, and all that pages say of it.

A page shows the same alarms by level, by kind, by place and by month. Each of these asked by itself would read every
open alarm of a province again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.db.models import (
    BooleanField,
    Case,
    Count,
    ExpressionWrapper,
    F,
    Min,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)

from inspection.access import alarms_for, stats_for
from inspection.models import Alarm, ProjectStat
from inspection.places import Scope
from inspection.rules import level_name
from registration.access import projects_for
from registration.actors import Actor
from wagewatch.lib.dates import first_of_month, previous_month

EVERYWHERE = Scope()
MARKS = ("red", "orange", "yellow")
IN_QUEUE = Q(state="open", stage__in=("new", "assigned", "read", "true", "handled"))
"""Open, and not found untrue on the data of now."""
SUMS = {
    "owed": Sum("stat__owed_fen"),
    "people": Sum("stat__owed_people"),
    "projects": Count("stat"),
    "owing": Count("stat", filter=Q(stat__owed_fen__gt=0)),
    "month_people": Sum("stat__last_month_people"),
    "month_paid": Sum("stat__last_month_paid_people"),
    "on_site": Sum("stat__on_site_now"),
    "registered": Sum("stat__workers_open"),
}


class AlarmSum(NamedTuple):
    """Open alarms of a region, rule and level; `month` is the period of D3, the unpaid wages, and else empty."""

    region: str
    rule: str
    level: int
    month: str
    in_queue: bool
    alarms: int
    fen: int


def alarms_in(actor: Actor, scope: Scope) -> QuerySet[Alarm]:
    """Alarms within reach, of the place and sector of the address."""
    found = alarms_for(actor)
    if scope.region:
        found = found.filter(project__region__code__startswith=scope.region)
    return found.filter(project__sector=scope.sector) if scope.sector else found


def stats_in(actor: Actor, scope: Scope) -> QuerySet[ProjectStat]:
    """Figures of the projects within reach, of the place and sector of the address."""
    found = stats_for(actor)
    if scope.region:
        found = found.filter(project__region__code__startswith=scope.region)
    return found.filter(project__sector=scope.sector) if scope.sector else found


@dataclass(frozen=True)
class Standing:
    """Sums per region: those of the scope, and where one county is chosen those of its whole city, for the map."""

    scope: Scope
    places: Sequence[Mapping[str, Any]]
    alarms: list[AlarmSum]

    def _here(self) -> Iterator[AlarmSum]:
        return (one for one in self.alarms if one.region.startswith(self.scope.region))

    def figures(self) -> dict[str, Any]:
        """Owed, people, alarms of the queue by level and `groups` of rules, last month's share paid, and `as_of`, when
        the oldest of them was counted; `reach` counts the projects, also those that no figure is known of yet."""
        here = [row for row in self.places if row["region_id"].startswith(self.scope.region)]
        sums = {key: sum(row[key] or 0 for row in here) for key in (*SUMS, "reach")}
        levels, groups = dict.fromkeys(MARKS, 0), dict[str, int]()
        for one in self._here():
            if one.in_queue:
                levels[level_name(one.level)] += one.alarms
                groups[one.rule[:1]] = groups.get(one.rule[:1], 0) + one.alarms
        people = sums["month_people"]
        return {
            **sums,
            **levels,
            "open": sum(levels.values()),
            "groups": groups,
            "as_of": min((row["as_of"] for row in here if row["as_of"]), default=None),
            "paid_percent": round(1000 * sums["month_paid"] / people) / 10 if people else None,
        }

    def by_region(self) -> dict[str, dict[str, int]]:
        """Region → money owed, and open alarms by level, for each that has projects with figures."""
        found = {
            row["region_id"]: {"fen": row["owed"] or 0, **dict.fromkeys(MARKS, 0)}
            for row in self.places
            if row["projects"]
        }
        for one in self.alarms:
            if one.region in found:
                found[one.region][level_name(one.level)] += one.alarms
        return found

    def owed_by_month(self, today: date, months: int = 6) -> list[tuple[date, int]]:
        """Unpaid wages by wage month, oldest first, the last `months` months before this one."""
        sums = dict[str, int]()
        for one in self._here():
            if one.month:
                sums[one.month] = sums.get(one.month, 0) + one.fen
        month = first_of_month(today)
        points: list[tuple[date, int]] = []
        for _n in range(months):
            month = previous_month(month)
            points.append((month, sums.get(f"{month:%Y-%m}", 0)))
        return points[::-1]


def standing(actor: Actor, scope: Scope = EVERYWHERE) -> Standing:
    """Two questions: one over the projects with their figures, one over the open alarms."""
    wide = Scope(scope.region[:4] if scope.is_county else scope.region, scope.sector)
    projects = projects_for(actor, permission="alarm.view")
    if wide.region:
        projects = projects.filter(region__code__startswith=wide.region)
    if wide.sector:
        projects = projects.filter(sector=wide.sector)
    places = (
        projects.order_by().values("region_id").annotate(reach=Count("pk"), as_of=Min("stat__as_of"), **SUMS)
    )
    alarms = (
        alarms_in(actor, wide)
        .filter(state=Alarm.State.OPEN)
        .order_by()
        .annotate(
            month=Case(When(rule="D3", then=F("period")), default=Value("")),
            queued=ExpressionWrapper(~Q(stage=Alarm.Stage.ANSWERED), output_field=BooleanField()),
        )
        .values_list("project__region_id", "rule", "level", "month", "queued")
        .annotate(n=Count("pk"), fen=Sum("amount_fen"))
    )
    return Standing(scope, list(places), [AlarmSum(*row) for row in alarms])
