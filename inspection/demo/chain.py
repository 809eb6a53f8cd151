"""The chain of contractors of a demo project: who engaged whom, and who leads the teams."""

from datetime import date, datetime, timedelta

from inspection.demo.plan import FIRMS, Site
from registration.actors import Actor
from registration.middleware import actor_of_user
from registration.models import Organisation, Participation, Posting, Project, Team, User
from registration.services.projects import engage
from registration.services.teams import change_team

Role = Participation.Role
SUPERVISOR = "zhengyi"

UNSIGNED = frozenset({"hefeng", "wuyue"})
"""Subcontractors that came to work before their contract was on record."""


def engage_firms(
    project: Project,
    plan: Site,
    organisations: dict[str, Organisation],
    users: dict[str, User],
    first_day: date,
) -> tuple[User, User, list[tuple[Participation, Actor]]]:
    """Enter the firms of a project, from the owner down; returns the general contractor's clerk and manager,
    and each part that employs people with its clerk."""
    people = {firm.key: firm.people for firm in FIRMS}
    clerk, manager = users[people[plan.gc][0][0]], users[people[plan.gc][1][0]]
    owner = engage(project, organisations[plan.owner], Role.OWNER) if plan.owner else None
    leader = engage(
        project, organisations[plan.gc], Role.GENERAL_CONTRACTOR, by=owner, scope="施工总承包" if owner else "生产",
        clerk_name=clerk.name, clerk=clerk, manager_name=manager.name, entered_on=first_day,
    )  # fmt: skip
    if owner is not None:
        engage(
            project, organisations[SUPERVISOR], Role.SUPERVISOR, by=owner, scope="监理", manager_name="郑义"
        )
    found: dict[str, Participation] = {plan.gc: leader}
    parts: list[tuple[Participation, Actor]] = []
    for part in plan.parts:
        user = users[people[part.firm][0][0]]
        if part.firm not in found:
            found[part.firm] = engage(
                project, organisations[part.firm], part.role, by=found[part.by or plan.gc], scope=part.scope,
                clerk_name=user.name, clerk=user, entered_on=first_day, engagement=part.engagement,
                contract_signed_on=None if part.firm in UNSIGNED else first_day - timedelta(days=12),
                licence=part.licence, manager_name=part.manager,
                corp_type="006",
            )  # fmt: skip
        parts.append((found[part.firm], actor_of_user(user)))
    return clerk, manager, parts


def name_foremen(project: Project, plan: Site, clerk: Actor, *, now: datetime) -> None:
    """The first person of each team leads it; some teams were let to their foreman, which the law forbids."""
    let = {name for part in plan.parts for name in part.let}
    first: dict[int, int] = {}
    for team_id, worker_id in (
        Posting.objects.filter(project=project, left_on=None)
        .order_by("pin")
        .values_list("team_id", "worker_id")
    ):
        first.setdefault(team_id, worker_id)
    for team in Team.objects.filter(project=project, pk__in=first).order_by("pk"):
        change_team(
            project.pk,
            team.pk,
            team.name,
            foreman_id=first[team.pk],
            let_to_foreman=team.name in let,
            actor=clerk,
            now=now,
        )
