"""The only door to alarms and permit readiness: an authority sees those of its region and sectors."""

from django.db.models import Q, QuerySet

from inspection.models import Alarm, ProjectStat, RegionDay
from payroll.access import deposit_projects
from registration.access import access_project, not_found, projects_for
from registration.actors import Actor
from registration.models import Project, Region, Sector
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


def access_permit(
    pk: int, actor: Actor, *, permission: str = "permit.answer", for_write: bool = False
) -> Project:
    """A project of the region that needs a building permit; a factory needs none and is not found."""
    project = access_project(pk, actor, permission=permission, for_write=for_write)
    if project.sector == Sector.MANUFACTURING:
        not_found()
    return project


def permit_projects(actor: Actor) -> QuerySet[Project]:
    """Projects whose permit the authority may answer for."""
    return projects_for(actor, permission="permit.answer").exclude(sector=Sector.MANUFACTURING)


def own_permit(pk: int, actor: Actor) -> Project:
    """A project whose general contractor or owner the actor acts for: whose deposit it may see as well."""
    project = deposit_projects(actor).filter(pk=pk).first()
    if project is None:
        not_found()
    return project
