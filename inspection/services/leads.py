"""Who leads an office, and so gives its alarms: named by who leads it already, or by a labour office above it."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from inspection.models import OfficeLead
from inspection.services.life import colleagues
from payroll.services.who import user_of
from registration.access import not_found, not_permitted
from registration.actors import Actor
from registration.models import Authority, Membership
from registration.permissions import PERMISSIONS
from wagewatch.lib.errors import RuleViolation


def members_for(actor: Actor) -> list[Membership]:
    """Who inspects for which office, of the actor's own offices and those inside their regions."""
    inside = Authority.objects.filter(pk__in=_offices_within(actor))
    return list(
        Membership.objects.filter(
            is_active=True,
            role__in=PERMISSIONS["alarm.handle"],
            authority__in=inside,
            user__in=colleagues(actor),
        )
        .select_related("authority", "user")
        .order_by("authority__region_id", "authority_id", "user__name", "pk")
    )


def _offices_within(actor: Actor) -> set[int]:
    found: set[int] = set()
    offices = list(Authority.objects.values_list("pk", "region_id", "kind"))
    labour = {pk for pk, _region, kind in offices if kind == Authority.Kind.LABOUR}
    for duty in actor.duties:
        if duty.authority_id is None:
            continue
        found.add(duty.authority_id)
        if duty.authority_id in labour:  # the others see their own line of works, not each other's people
            found |= {pk for pk, region, _kind in offices if region.startswith(duty.region_prefix)}
    return found


def nameable(actor: Actor, members: Iterable[Membership], leads: set[int]) -> set[int]:
    """The memberships among `members` (with their offices) whose lead the actor may name or end.

    `leads` are the memberships that lead now. An office names no lead over itself while it has none: that is for
    the labour office above it, or for the operator.
    """
    members = list(members)
    own = {d.authority_id for d in actor.duties if d.authority_id is not None}
    led = {one.authority_id for one in members if one.pk in leads and one.user_id == actor.id}
    labour = set(
        Authority.objects.filter(pk__in=own, kind=Authority.Kind.LABOUR).values_list("pk", flat=True)
    )
    above = [d.region_prefix for d in actor.duties if d.authority_id in labour]
    return {
        one.pk
        for one in members
        if one.authority_id in led
        or (
            one.authority is not None
            and any(
                one.authority.region_id.startswith(prefix) and one.authority.region_id != prefix.ljust(6, "0")
                for prefix in above
            )
        )
    }


@transaction.atomic
def set_lead(membership_id: int, *, leads: bool, actor: Actor, now: datetime) -> Membership:
    """Name an inspector lead of an office, or end it. While an office has leads, they alone give its alarms.

    Raises NotFound out of reach, NotPermitted, RuleViolation `lead.already`, `lead.none`.
    """
    user = user_of(actor)
    members = members_for(actor)
    member = next((one for one in members if one.pk == membership_id), None)
    if member is None:
        not_found()
    Authority.objects.select_for_update(no_key=True).get(pk=member.authority_id or 0)
    now_leads = set(
        OfficeLead.objects.filter(membership__in=[one.pk for one in members]).values_list(
            "membership_id", flat=True
        )
    )
    if member.pk not in nameable(actor, members, now_leads):
        not_permitted("lead.name")
    if leads and member.pk in now_leads:
        raise RuleViolation("lead.already", _("%(name)s leads this office already."), name=member.user.name)
    if not leads and member.pk not in now_leads:
        raise RuleViolation("lead.none", _("%(name)s does not lead this office."), name=member.user.name)
    if leads:
        OfficeLead.objects.create(membership=member, named_by_id=user, named_at=now)
    else:
        OfficeLead.objects.get(membership=member).delete()
    return member
