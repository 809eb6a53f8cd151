"""The only door to alarms: an authority sees those of its region and sectors."""

from django.db.models import QuerySet

from inspection.models import Alarm, ProjectStat
from registration.access import not_found, projects_for
from registration.actors import Actor


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
