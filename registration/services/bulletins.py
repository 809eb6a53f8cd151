"""What workers are told by the authorities of their place, for their trade, while it is valid."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from registration.access import not_found, not_permitted
from registration.actors import Actor
from registration.models import Bulletin, Posting, Region
from registration.permissions import PERMISSIONS
from registration.services.parameters import region_line
from wagewatch.lib.errors import RuleViolation

FIELDS = (
    "kind",
    "office",
    "trade",
    "title",
    "title_en",
    "text",
    "text_en",
    "call",
    "place",
    "valid_from",
    "valid_to",
)


def valid_on(day: date) -> Q:
    """Bulletins that count on a day."""
    return Q(valid_from__lte=day) & (Q(valid_to=None) | Q(valid_to__gte=day))


def bulletins_for_worker(worker_id: int | None, *, on: date) -> list[Bulletin]:
    """What a worker is told: of the places and trades of their open work, else what counts everywhere.

    Two queries; the nearest region comes first.
    """
    at_work = list(
        Posting.objects.filter(worker=worker_id, left_on=None).values_list("project__region_id", "trade")
        if worker_id is not None
        else []
    )
    regions = {code for region, _trade in at_work for code in region_line(region) if code}
    trades = {trade for _region, trade in at_work}
    rows = Bulletin.objects.filter(
        valid_on(on), Q(region=None) | Q(region__in=regions), Q(trade="") | Q(trade__in=trades)
    ).select_related("region")
    near = {"county": 0, "city": 1, "province": 2}
    return sorted(
        rows, key=lambda b: (near[b.region.level] if b.region else 3, -b.valid_from.toordinal(), b.pk)
    )


def _prefixes(actor: Actor) -> list[str]:
    return [
        d.region_prefix
        for d in actor.duties
        if d.authority_id is not None and d.role in PERMISSIONS["bulletin.publish"]
    ]


def bulletins_within(actor: Actor) -> QuerySet[Bulletin]:
    """What an authority has published for its region and the places in it."""
    reach = Q(pk__in=())
    for prefix in _prefixes(actor):
        reach |= Q(region__code__startswith=prefix)
    return Bulletin.objects.filter(reach).select_related("region", "made_by").order_by("-valid_from", "-pk")


def regions_within(actor: Actor) -> QuerySet[Region]:
    """Places for which an authority may publish."""
    reach = Q(pk__in=())
    for prefix in _prefixes(actor):
        reach |= Q(code__startswith=prefix)
    return Region.objects.filter(reach).order_by("code")


def _check(region_code: str, values: dict[str, Any], actor: Actor) -> Region:
    region = regions_within(actor).filter(code=region_code).first()
    if region is None:
        not_permitted("bulletin.publish")
    start, end = values["valid_from"], values["valid_to"]
    if isinstance(start, date) and isinstance(end, date) and end < start:
        raise RuleViolation("bulletin.dates", _("The last day lies before the first."))
    if values["kind"] == Bulletin.Kind.HELP and not (values["call"] or values["place"]):
        raise RuleViolation(
            "bulletin.reach", _("Write a telephone number or a place: workers must reach them.")
        )
    if values["office"] and values["kind"] != Bulletin.Kind.HELP:
        raise RuleViolation(
            "bulletin.office", _("Only who helps stands on the notice boards. Choose that kind, or no line.")
        )
    return region


def offices_for(region_code: str, *, on: date) -> dict[str, Bulletin]:
    """The line of each office on the notice boards of a region: the nearest that is valid, the newest of those.

    One query.
    """
    line = region_line(region_code)
    rows = Bulletin.objects.filter(
        valid_on(on), Q(region=None) | Q(region__in=[code for code in line if code]), kind=Bulletin.Kind.HELP
    ).exclude(office="")
    found: dict[str, Bulletin] = {}
    for row in sorted(rows, key=lambda b: (-line.index(b.region_id or ""), b.valid_from, b.pk)):
        found[row.office] = row
    return found


@transaction.atomic
def publish(values: dict[str, Any], region_code: str, *, actor: Actor, now: datetime) -> Bulletin:
    """Publish something for a place within the authority's region.

    Raises NotPermitted outside of it, RuleViolation `bulletin.dates`, `bulletin.reach`, `bulletin.again`.
    """
    region = _check(region_code, values, actor)
    if Bulletin.objects.filter(
        kind=values["kind"], region=region, title=values["title"], valid_from=values["valid_from"]
    ).exists():
        raise RuleViolation("bulletin.again", _("This is published already. Change that one."))
    return Bulletin.objects.create(
        **{name: values[name] for name in FIELDS}, region=region, made_by_id=actor.id, made_at=now
    )


@transaction.atomic
def change(pk: int, values: dict[str, Any], region_code: str, *, actor: Actor, now: datetime) -> Bulletin:
    """Change what was published, or end it by its last day. NotFound outside of the authority's region."""
    bulletin = bulletins_within(actor).select_for_update(of=("self",)).filter(pk=pk).first()
    if bulletin is None:
        not_found()
    bulletin.region = _check(region_code, values, actor)
    for name in FIELDS:
        setattr(bulletin, name, values[name])
    bulletin.save()
    return bulletin
