"""How much each inspector has: alarms and cases, open, past their deadline, due this week."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Q

from inspection.access import alarms_for
from inspection.case_access import cases_for
from inspection.cases import rules
from inspection.standing import IN_QUEUE
from registration.actors import Actor
from registration.models import Membership

NOTHING = {"open": 0, "late": 0, "week": 0}


def end_of_week(today: date) -> date:
    """The Sunday that ends the week."""
    return today + timedelta(days=6 - today.weekday())


def alarms_by_holder(actor: Actor, today: date) -> dict[int | None, dict[str, int]]:
    """Open alarms within reach by who holds them; what is paused or found not true waits for nobody. One query."""
    due = {"paused_until": None}
    rows: Any = (
        alarms_for(actor)
        .filter(IN_QUEUE)
        .order_by()
        .values("holder")
        .annotate(
            open=Count("pk"),
            late=Count("pk", filter=Q(handle_by__lt=today, **due)),
            week=Count("pk", filter=Q(handle_by__gte=today, handle_by__lte=end_of_week(today), **due)),
        )
    )
    return {row.pop("holder"): row for row in rows}


def cases_by_officer(actor: Actor, today: date) -> dict[tuple[int, int | None], dict[str, int]]:
    """Open cases within reach by office and officer. One query."""
    rows: Any = (
        cases_for(actor)
        .exclude(state__in=(rules.CLOSED, rules.REFUSED))
        .order_by()
        .values("office", "officer")
        .annotate(
            open=Count("pk", distinct=True),
            late=Count("pk", filter=Q(due_on__lt=today), distinct=True),
            week=Count("pk", filter=Q(due_on__gte=today, due_on__lte=end_of_week(today)), distinct=True),
        )
    )
    return {(row.pop("office"), row.pop("officer")): row for row in rows}


def groups_of(members: Iterable[Membership], actor: Actor, today: date) -> list[dict[str, Any]]:
    """Offices with their inspectors, who has most past the deadline first; what nobody has stands under its office."""
    alarms, cases = alarms_by_holder(actor, today), cases_by_officer(actor, today)
    groups: dict[int, dict[str, Any]] = {}
    for one in members:
        if one.authority is None:
            continue
        group = groups.setdefault(one.authority.pk, {"office": one.authority, "rows": []})
        group["rows"].append(
            {
                "member": one,
                "alarms": alarms.get(one.user_id, NOTHING),
                "cases": cases.get((one.authority.pk, one.user_id), NOTHING),
            }
        )
    for pk, group in groups.items():
        group["rows"].sort(key=lambda row: -(row["alarms"]["late"] + row["cases"]["late"]))
        group["free"] = cases.get((pk, None), NOTHING)
    return list(groups.values())


def totals_of(actor: Actor, today: date) -> dict[str, dict[str, int]]:
    """Alarms and cases within reach, all together, and alarms that nobody has."""
    alarms, cases = alarms_by_holder(actor, today), cases_by_officer(actor, today)
    return {
        "alarms": {key: sum(row[key] for row in alarms.values()) for key in NOTHING},
        "cases": {key: sum(row[key] for row in cases.values()) for key in NOTHING},
        "free": alarms.get(None, NOTHING),
    }
