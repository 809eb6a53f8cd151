"""The only door to alarms and permit readiness: an authority sees those of its region and sectors."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from inspection.models import Alarm, AlarmAnswer, AlarmStepFile, Level, Pause, ProjectStat, RegionDay
from payroll.access import deposit_projects
from registration.access import (
    access_project,
    not_found,
    on_projects_for,
    organisations_with,
    own_and_below,
    projects_for,
)
from registration.actors import Actor
from registration.models import Participation, Project, Region, Role, Sector, StoredFile
from registration.permissions import GC, PERMISSIONS


def alarms_for(actor: Actor) -> QuerySet[Alarm]:
    """Alarms of the projects that the actor supervises."""
    return Alarm.objects.filter(on_projects_for(actor, permission="alarm.view"))


def access_alarm(pk: int, actor: Actor) -> Alarm:
    """One alarm within reach, or NotFound."""
    alarm = alarms_for(actor).select_related("project__region", "holder").filter(pk=pk).first()
    if alarm is None:
        not_found()
    return alarm


def stats_for(actor: Actor) -> QuerySet[ProjectStat]:
    """The figures of the projects that the actor supervises."""
    return ProjectStat.objects.filter(on_projects_for(actor, permission="alarm.view"))


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


def told_alarms(actor: Actor) -> QuerySet[Alarm]:
    """Alarms that a firm was told of: the general contractor all of its project, the owner from orange on
    and before that those about its own part, a subcontractor or agency those about its own part and what stands
    below it."""
    told = PERMISSIONS["alarm.told"]
    parts = Participation.objects.filter(project=OuterRef("project"))
    leads = parts.filter(
        role=Participation.Role.GENERAL_CONTRACTOR, organisation__in=organisations_with(actor, GC & told)
    )
    owned = Q(
        role=Participation.Role.OWNER, organisation__in=organisations_with(actor, {Role.OWNER_CLERK} & told)
    )
    below = own_and_below(organisations_with(actor, (told - GC) - {Role.OWNER_CLERK}))
    return Alarm.objects.filter(told_level__gt=0).filter(
        Exists(leads)
        | (Q(told_level__gte=Level.ORANGE) & Exists(parts.filter(owned)))
        | Q(participation__in=below)
        | Q(participation__in=Participation.objects.filter(owned).values("pk"))
    )


def access_told(pk: int, actor: Actor) -> Alarm:
    """One alarm that the actor's firm was told of, or NotFound."""
    alarm = told_alarms(actor).select_related("project__region").filter(pk=pk).first()
    if alarm is None:
        not_found()
    return alarm


def sees_whole(alarm: Alarm, actor: Actor) -> bool:
    """Whether a firm sees the figures of the whole project, and not only that its own part is concerned."""
    firms = organisations_with(actor, GC | {Role.OWNER_CLERK})
    return Participation.objects.filter(
        project=alarm.project_id,
        organisation__in=firms,
        role__in=(Participation.Role.GENERAL_CONTRACTOR, Participation.Role.OWNER),
    ).exists()


def step_file(alarm: Alarm, number: int) -> StoredFile:
    """A paper of a step of the alarm, which the caller reached. NotFound."""
    found = AlarmStepFile.objects.select_related("file").filter(
        pk=number, project=alarm.project_id, step__alarm=alarm.pk
    )
    one = found.first()
    if one is None:
        not_found()
    return one.file


def answer_file(alarm: Alarm, number: int) -> StoredFile:
    """The paper of an answer to the alarm, which the caller reached. NotFound."""
    found = AlarmAnswer.objects.select_related("file").filter(
        pk=number, project=alarm.project_id, alarm=alarm.pk
    )
    one = found.first()
    if one is None or one.file is None:
        not_found()
    return one.file


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


def pauses_for(actor: Actor) -> QuerySet[Pause]:
    """Pauses of the projects that the actor supervises."""
    return Pause.objects.filter(project__in=projects_for(actor, permission="alarm.view"))


def pauses_of_firms(actor: Actor) -> QuerySet[Pause]:
    """Pauses that the actor's firms asked for."""
    return Pause.objects.filter(organisation__in=organisations_with(actor, PERMISSIONS["pause.ask"]))


def access_pause(pk: int, actor: Actor) -> Pause:
    """One pause within reach, or NotFound."""
    pause = (
        pauses_for(actor)
        .select_related("project__region", "organisation", "asked_by", "decided_by", "ended_by", "file")
        .filter(pk=pk)
        .first()
    )
    if pause is None:
        not_found()
    return pause
