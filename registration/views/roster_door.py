"""What the pages of a roster have in common: who comes in, and which rows are asked for."""

from django.db.models import Q, QuerySet

from registration.access import access_project, participations_for
from registration.http import ActorRequest
from registration.models import Participation, Project, RosterRow, RosterUpload
from registration.services.rosters import INLINE_BYTES
from registration.tasks import begin, read_roster
from registration.views.scope import set_scope


def employers(request: ActorRequest, project: Project) -> QuerySet[Participation]:
    """The companies of the project for whose people the actor may upload."""
    employs = (
        Participation.Role.GENERAL_CONTRACTOR,
        Participation.Role.SUBCONTRACTOR,
        Participation.Role.AGENCY,
    )
    return (
        participations_for(request.actor, project, permission="roster.upload")
        .filter(role__in=employs, left_on=None)
        .select_related("organisation")
        .order_by("-role", "pk")
    )


def door(request: ActorRequest, project_pk: int) -> Project:
    """The project, for those who may upload; the page's frame shows it."""
    project = access_project(project_pk, request.actor, permission="roster.upload")
    set_scope(request, project)
    return project


def staged_rows(upload: RosterUpload, show: str) -> QuerySet[RosterRow]:
    """The rows of a tab, in the order of the file."""
    rows = RosterRow.objects.filter(project_id=upload.project_id, upload_id=upload.pk).order_by("row")
    if show == "look":
        warned = Q(messages__contains=[{"kind": "warn"}])
        return rows.filter(Q(verdict="refused") | warned)
    return rows if show == "all" else rows.filter(verdict=show)


def begin_reading(upload: RosterUpload) -> None:
    """Small files at once, large ones by the worker process; by this one if the queue is away."""
    begin(read_roster, upload.pk, small=upload.size <= INLINE_BYTES)
