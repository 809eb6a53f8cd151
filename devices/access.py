"""The door to sites: a project with the parts of it that the actor may watch."""

from django.db.models import QuerySet

from registration.access import access_project, participations_for
from registration.actors import Actor
from registration.models import Participation, Project


def access_site(pk: int, actor: Actor) -> tuple[Project, QuerySet[Participation]]:
    """The project and the participations whose people the actor sees. NotFound out of reach."""
    project = access_project(pk, actor, permission="site.view")
    return project, participations_for(actor, project, permission="site.view")


def sees_everybody(actor: Actor, project: Project, participations: QuerySet[Participation]) -> bool:
    """Whether the actor sees all parts of the project, and so also strangers at the gate."""
    return participations.count() == Participation.objects.filter(project=project).count()
