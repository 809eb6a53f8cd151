"""Signs of a leak in the log of looks at personal data (source 1, 71): many people in a day, odd hours."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import ExtractHour, TruncDate

from registration.access import projects_for
from registration.actors import Actor
from registration.models import Membership, SensitiveView, User
from registration.seed.standing import standing_rows
from registration.services.parameters import parameter
from wagewatch.lib.dates import SITE_TZ

DAYS = 30
PROPOSED = next(row.value for row in standing_rows() if row.key == "looks.limits")
"""The proposal, for an installation without the parameter."""


@dataclass(frozen=True)
class OddDay:
    """What a user did on a day that should be asked about: `many` people, or `odd` hours."""

    user: User
    place: str
    day: date
    people: int
    looks: int
    odd_looks: int
    many: bool
    odd: bool


def limits_of(region_code: str, *, on: date) -> dict[str, int]:
    """From when a day is conspicuous in a place."""
    return dict(parameter("looks.limits", region_code=region_code, on=on, default=PROPOSED))


def looks_for(actor: Actor) -> QuerySet[SensitiveView]:
    """Looks at people of projects within reach, and those of the own office's users wherever they looked."""
    offices = [d.authority_id for d in actor.duties if d.authority_id is not None]
    colleagues = Membership.objects.filter(authority__in=offices).values("user")
    return SensitiveView.objects.filter(
        Q(project__in=projects_for(actor, permission="alarm.view")) | Q(user__in=colleagues)
    )


def is_odd(hour: int, limits: dict[str, int]) -> bool:
    """Whether an hour of the day (site time) lies between the evening and the morning limit."""
    return hour >= limits["odd_from"] or hour < limits["odd_until"]


def warnings_for(actor: Actor, limits: dict[str, int], *, now: datetime) -> list[OddDay]:
    """Conspicuous days of the last 30, the newest first; three queries."""
    odd = Q(hour__gte=limits["odd_from"]) | Q(hour__lt=limits["odd_until"])
    rows = list(
        looks_for(actor)
        .filter(at__gte=now - timedelta(days=DAYS))
        .annotate(day=TruncDate("at", tzinfo=SITE_TZ), hour=ExtractHour("at", tzinfo=SITE_TZ))
        .order_by()
        .values("user_id", "day")
        .annotate(
            people=Count("worker_id", distinct=True), looks=Count("pk"), odd_looks=Count("pk", filter=odd)
        )
        .filter(Q(people__gt=limits["people_a_day"]) | Q(odd_looks__gte=limits["odd_looks"]))
        .order_by("-day", "-people")
    )
    users = User.objects.in_bulk({row["user_id"] for row in rows})
    places = _places(users)
    return [
        OddDay(
            user=users[row["user_id"]],
            place=places.get(row["user_id"], ""),
            day=row["day"],
            people=row["people"],
            looks=row["looks"],
            odd_looks=row["odd_looks"],
            many=row["people"] > limits["people_a_day"],
            odd=row["odd_looks"] >= limits["odd_looks"],
        )
        for row in rows
    ]


def _places(users: dict[Any, User]) -> dict[int, str]:
    """Where each user works, by the first of their memberships."""
    rows = (
        Membership.objects.filter(user__in=list(users))
        .select_related("organisation", "authority")
        .order_by("-pk")
    )
    return {row.user_id: str(row.organisation or row.authority) for row in rows}


def looks_of(actor: Actor, user_id: int, day: date) -> QuerySet[SensitiveView]:
    """Every look of a user on a day (site time), as far as within reach, oldest first."""
    start = datetime.combine(day, time(), SITE_TZ)
    return (
        looks_for(actor)
        .filter(user=user_id, at__gte=start, at__lt=start + timedelta(days=1))
        .select_related("worker", "project", "user")
        .order_by("at", "pk")
    )
