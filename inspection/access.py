"""The only door to alarms: an authority sees those of its region and sectors."""

from django.db.models import Q, QuerySet

from inspection.models import Alarm, ProjectStat, RegionDay
from registration.access import not_found, projects_for
from registration.actors import Actor
from registration.models import Region
from registration.permissions import PERMISSIONS


def alarms_for(actor: Actor) -> QuerySet[Alarm]:
    """Alarms of the projects that the actor supervises."""
    return Alarm.objects.filter(project__in=projects_for(actor, permission="alarm.view"))


def access_alarm(pk: int, actor: Actor) -> Alarm:
    """One alarm within reach, or NotFound."""
    alarm = alarms_for(actor).select_related("project__region").filter(pk=pk).first()
    if alarm is None:
        not_found()
    return alarm


def stats_for(actor: Actor) -> QuerySet[ProjectStat]:
    """The figures of the projects that the actor supervises."""
    return ProjectStat.objects.filter(project__in=projects_for(actor, permission="alarm.view"))


def settable_regions(actor: Actor) -> QuerySet[Region]:
    """The regions for which the actor's offices may set figures: their own and those inside it."""
    reach = Q(pk__in=[])
    for duty in actor.duties:
        if duty.authority_id is not None:
            reach |= Q(code__startswith=duty.region_prefix)
    return Region.objects.filter(reach).order_by("code")


def region_days_for(actor: Actor) -> QuerySet[RegionDay]:
    """The days of the regions, and sectors, that the actor's offices supervise."""
    reach = Q(pk__in=[])
    for duty in actor.duties:
        if duty.authority_id is not None and duty.role in PERMISSIONS["alarm.view"]:
            here = Q(region__code__startswith=duty.region_prefix)
            reach |= here & Q(sector__in=duty.sectors) if duty.sectors else here
    return RegionDay.objects.filter(reach)
