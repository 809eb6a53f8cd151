"""The only door to alarms: an authority sees those of its region and sectors."""

from django.db.models import Q, QuerySet

from inspection.models import Alarm, ProjectStat
from registration.access import not_found, projects_for
from registration.actors import Actor
from registration.models import Region


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
