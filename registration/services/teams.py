"""Teams and their foremen."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from registration.access import (
    access_participation,
    access_project,
    chain_reach,
    not_found,
    not_permitted,
    teams_for,
)
from registration.actors import Actor
from registration.models import Participation, Posting, Project, Team
from registration.services.history import record_history
from wagewatch.lib.errors import RuleViolation

EMPLOYS = ("general_contractor", "subcontractor", "agency")
_TAKEN = _("This firm has a team of that name already. Choose another name.")


def _door(project_id: int, actor: Actor) -> Project:
    return access_project(project_id, actor, permission="team.edit", for_write=True)


def may_edit_teams(actor: Actor, project: Project, part_id: int) -> bool:
    """The firm itself, those above it that edit the chain, and the general contractor."""
    own = chain_reach(actor, project, permission="team.edit")
    return own.leads or part_id in own.own or chain_reach(actor, project).may_edit(part_id)


def _name(name: str) -> str:
    cleaned = " ".join(name.split())[:60]
    if not cleaned:
        raise RuleViolation("team.name", _("Write the name of the team."))
    return cleaned


def _foreman(project: Project, part_id: int, worker_id: int | None) -> int | None:
    """A worker of this part. Raises RuleViolation `team.foreman`."""
    if worker_id is None:
        return None
    at_work = Posting.objects.filter(
        project=project, participation=part_id, worker_id=worker_id, left_on=None
    )
    if not at_work.exists():
        raise RuleViolation("team.foreman", _("Choose somebody of this firm who is at work here."))
    return worker_id


def _check_let(worker_id: int | None, let_to_foreman: bool) -> None:
    if let_to_foreman and worker_id is None:
        raise RuleViolation("team.let", _("Name the foreman to whom the work was let."))


@transaction.atomic
def add_team(
    project_id: int,
    part_id: int,
    name: str,
    *,
    foreman_id: int | None = None,
    let_to_foreman: bool = False,
    actor: Actor,
    now: datetime,
) -> Team:
    """Make a team of a part that employs people.

    `let_to_foreman`: the work was let to the foreman as an individual (articles 19, 36). Raises RuleViolation
    `team.name`, `team.known`, `team.foreman`, `team.let`, `team.part`, NotFound, NotPermitted.
    """
    project = _door(project_id, actor)
    part = access_participation(part_id, project, actor)
    if not may_edit_teams(actor, project, part.pk):
        not_permitted("team.edit")
    if part.role not in EMPLOYS or part.left_on is not None:
        raise RuleViolation("team.part", _("This firm employs nobody here."))
    foreman = _foreman(project, part.pk, foreman_id)
    _check_let(foreman, let_to_foreman)
    try:
        with transaction.atomic():
            (team,) = Team.objects.bulk_create(
                [
                    Team(
                        project=project,
                        participation=part,
                        name=_name(name),
                        foreman_id=foreman,
                        let_to_foreman=let_to_foreman,
                    )
                ]
            )
    except IntegrityError:
        raise RuleViolation("team.known", _TAKEN) from None
    _write_history(project, team, "+", actor, now, "team made")
    return team


@transaction.atomic
def change_team(
    project_id: int,
    team_id: int,
    name: str,
    *,
    foreman_id: int | None,
    let_to_foreman: bool,
    actor: Actor,
    now: datetime,
) -> Team:
    """Rename a team, name its foreman, say whether the work was let to the foreman. Raises as `add_team`."""
    project = _door(project_id, actor)
    team = access_team(team_id, project, actor)
    if not may_edit_teams(actor, project, team.participation_id):
        not_permitted("team.edit")
    foreman = foreman_id
    if foreman_id != team.foreman_id:
        foreman = _foreman(project, team.participation_id, foreman_id)
    _check_let(foreman, let_to_foreman)
    values = {"name": _name(name), "foreman_id": foreman, "let_to_foreman": let_to_foreman}
    if all(getattr(team, key) == value for key, value in values.items()):
        return team
    try:
        with transaction.atomic():
            Team.objects.filter(project=project, pk=team.pk).update(**values)
    except IntegrityError:
        raise RuleViolation("team.known", _TAKEN) from None
    _write_history(project, team, "~", actor, now, "team changed")
    team.refresh_from_db()
    return team


def _write_history(project: Project, team: Team, kind: str, actor: Actor, now: datetime, reason: str) -> None:
    record_history(Team, [team.pk], kind=kind, actor=actor, now=now, reason=reason, project_id=project.pk)


def access_team(team_id: int, project: Project, actor: Actor) -> Team:
    """One team of a project; NotFound if its part is out of reach."""
    team = (
        teams_for(actor, project)
        .select_related("participation__organisation", "foreman")
        .filter(pk=team_id)
        .first()
    )
    if team is None:
        not_found()
    return team


def people_to_choose(team_part: Participation, words: str) -> list[Posting]:
    """People at work for a part whose name holds `words`, or whose ID number ends so; at most 20."""
    found = Posting.objects.filter(
        project=team_part.project_id, participation=team_part, left_on=None
    ).select_related("worker", "team")
    words = words.replace("\x00", "").strip()[:60]
    if len(words) == 4 and words[:3].isdecimal():
        found = found.filter(worker__id_tail=words.upper())
    elif words:
        found = found.filter(worker__name__icontains=words)
    return list(
        found.defer("worker__id_number", "worker__phone", "worker__address").order_by("team__name", "pin")[
            :20
        ]
    )
