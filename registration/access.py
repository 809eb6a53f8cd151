"""The only door to projects, participations and people: what is out of reach does not exist (404).

Authorities see the projects of their region and sector; contractors those they take part in, and of
subcontractors only their own part unless they are the general contractor.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from registration.actors import Actor
from registration.models import LabourContract, Participation, Posting, Project, Role, Team, Worker
from registration.permissions import PERMISSIONS
from registration.rules.chain import below
from wagewatch.lib.errors import NotFound, NotPermitted

Row = TypeVar("Row", bound=Model)
NOBODY = Q(pk__in=())
OWN_PART_ONLY = frozenset(
    (Participation.Role.SUBCONTRACTOR, Participation.Role.AGENCY, Participation.Role.SUPERVISOR)
)
"""Roles on a project that see only their own part of it and what they engaged."""


def not_found() -> NoReturn:
    """One answer for what does not exist and for what is out of reach."""
    raise NotFound("not_found", _("This page does not exist, or it is not within your reach."))


def not_permitted(permission: str) -> NoReturn:
    """The object is within reach, but the actor's role does not allow the act."""
    raise NotPermitted(
        "not_permitted", _("Your role does not allow this. Ask the person in charge."), needs=permission
    )


def _authority_reach(actor: Actor, roles: Iterable[str] | None = None, at: str = "") -> Q:
    reach = NOBODY
    for duty in actor.duties:
        if duty.authority_id is None or (roles is not None and duty.role not in roles):
            continue
        here = Q(**{f"{at}region__code__startswith": duty.region_prefix})
        if duty.sectors:
            here &= Q(**{f"{at}sector__in": duty.sectors})
        reach |= here
    return reach


def organisations_with(actor: Actor, roles: Iterable[str] | None = None) -> list[int]:
    """Ids of the organisations for which the actor holds one of the roles (any role if None)."""
    return [
        d.organisation_id
        for d in actor.duties
        if d.organisation_id is not None and (roles is None or d.role in roles)
    ]


def the_one(rows: QuerySet[Row]) -> Row:
    """The first of the rows within reach, or NotFound: what lies outside does not exist."""
    found = rows.first()
    if found is None:
        not_found()
    return found


def firms_with(actor: Actor, permission: str) -> list[int]:
    """Ids of the organisations for which the actor holds a role with the permission."""
    return organisations_with(actor, PERMISSIONS[permission])


def projects_for(actor: Actor, *, permission: str = "project.view") -> QuerySet[Project]:
    """Projects on which the actor holds `permission`."""
    if actor.kind == "system":
        return Project.objects.all()
    roles = PERMISSIONS[permission]
    takes_part = Participation.objects.filter(
        project=OuterRef("pk"), organisation__in=organisations_with(actor, roles)
    )
    return Project.objects.filter(_authority_reach(actor, roles) | Exists(takes_part))


def on_projects_for(actor: Actor, *, permission: str) -> Q:
    """What stands on the projects of `projects_for`, for models with a key `project`.

    Authorities reach by place, which the joined project answers; a list of projects to look in would be read beside it.
    """
    roles = PERMISSIONS[permission]
    if actor.kind == "system" or organisations_with(actor, roles):
        return Q(project__in=projects_for(actor, permission=permission))
    return _authority_reach(actor, roles, at="project__")


def access_project(
    pk: int, actor: Actor, *, permission: str = "project.view", for_write: bool = False
) -> Project:
    """The project, locked if `for_write`. NotFound out of reach, NotPermitted without the role."""
    visible = projects_for(actor)
    if for_write:
        visible = visible.select_for_update(of=("self",))
    project = (
        visible.select_related("region").filter(pk=pk).first()
        if not for_write
        else visible.filter(pk=pk).first()
    )
    if project is None:
        not_found()
    if permission != "project.view" and not projects_for(actor, permission=permission).filter(pk=pk).exists():
        not_permitted(permission)
    return project


def participations_for(
    actor: Actor, project: Project, *, permission: str = "project.view"
) -> QuerySet[Participation]:
    """The parts of a project the actor sees: all for authorities, bank, the general contractor and the
    owner's clerk; for a subcontractor or a labour agency its own part and those below it. What a firm's
    contractor roles see elsewhere they do not see where the firm is the owner."""
    all_parts = Participation.objects.filter(project=project)
    if actor.kind == "system":
        return all_parts
    roles = PERMISSIONS[permission]
    if Project.objects.filter(_authority_reach(actor, roles), pk=project.pk).exists():
        return all_parts
    mine = set(organisations_with(actor, roles))
    parts = list(all_parts.values_list("pk", "organisation_id", "role", "parent_id"))
    as_owner = set(organisations_with(actor, {Role.OWNER_CLERK} & roles))
    for _pk, org, role, _parent in parts:
        if org in (as_owner if role == Participation.Role.OWNER else mine) and role not in OWN_PART_ONLY:
            return all_parts
    seen = {pk for pk, org, role, _parent in parts if org in mine and role in OWN_PART_ONLY}
    return all_parts.filter(pk__in=seen | below(seen, {pk: parent for pk, _org, _role, parent in parts}))


_OWN_AND_BELOW = """
WITH RECURSIVE reached AS (
  SELECT id, project_id FROM registration_participation
  WHERE organisation_id = ANY(%s) AND role IN ('subcontractor', 'agency')
  UNION
  SELECT p.id, p.project_id FROM registration_participation p
  JOIN reached r ON p.parent_id = r.id AND p.project_id = r.project_id
) SELECT id FROM reached
"""


def own_and_below(organisations: list[int]) -> RawSQL:
    """Ids of the parts that organisations hold as subcontractors or agencies, and of all those below them;
    for `filter(participation__in=…)`, however long the chain is."""
    return RawSQL(_OWN_AND_BELOW, [organisations])  # noqa: S611 our own statement, ids as parameters


@dataclass(frozen=True)
class ChainReach:
    """What an actor may change in a project's chain: everything if it `leads`; else what stands below its
    `own` parts. A firm's own clerk and manager are its own to name."""

    leads: bool
    own: frozenset[int]
    below: frozenset[int]

    def may_edit(self, part: int) -> bool:
        """Engagement, contract, end."""
        return self.leads or part in self.below

    def may_engage(self, part: int) -> bool:
        """Put a firm below this one."""
        return self.leads or part in self.own | self.below


def chain_reach(actor: Actor, project: Project, *, permission: str = "chain.edit") -> ChainReach:
    """The general contractor changes the whole chain, a subcontractor what stands below itself."""
    mine = set(organisations_with(actor, PERMISSIONS[permission])) if actor.kind == "user" else set()
    parts = list(
        Participation.objects.filter(project=project).values_list(
            "pk", "organisation_id", "role", "parent_id"
        )
    )
    leads = actor.kind == "system" or any(
        org in mine and role == Participation.Role.GENERAL_CONTRACTOR for _pk, org, role, _parent in parts
    )
    own = {pk for pk, org, role, _parent in parts if org in mine and role in OWN_PART_ONLY}
    return ChainReach(
        leads,
        frozenset(own),
        frozenset(below(own, {pk: parent for pk, _org, _role, parent in parts})),
    )


def access_participation(
    pk: int, project: Project, actor: Actor, *, permission: str = "project.view"
) -> Participation:
    """One part of a project. NotFound if the actor may not see it."""
    part = participations_for(actor, project).select_related("organisation").filter(pk=pk).first()
    if part is None:
        not_found()
    if permission != "project.view":
        allowed = participations_for(actor, project, permission=permission)
        if not allowed.filter(pk=pk).exists():
            not_permitted(permission)
    return part


def postings_for(actor: Actor, project: Project) -> QuerySet[Posting]:
    """Postings of the parts of a project that the actor sees."""
    return Posting.objects.filter(
        project=project, participation__in=participations_for(actor, project, permission="person.view")
    )


def access_worker(pk: int, project: Project, actor: Actor) -> Worker:
    """A person through one of their postings on a project the actor sees."""
    if actor.kind == "worker" and actor.id == pk:
        return Worker.objects.get(pk=pk)
    posting = postings_for(actor, project).filter(worker_id=pk).select_related("worker").first()
    if posting is None:
        not_found()
    return posting.worker


SHOWN_TO_WORKER = Q(offered_at__isnull=False) | Q(form=LabourContract.Form.PAPER)
"""What was only drafted does not exist for its worker."""


def contracts_for(
    actor: Actor, project: Project, *, permission: str = "contract.view"
) -> QuerySet[LabourContract]:
    """Contracts of the parts of a project that the actor sees. Only the employer's own people sign or end
    one (`contract.sign`): a general contractor does not bind its subcontractors."""
    found = LabourContract.objects.filter(
        project=project, participation__in=participations_for(actor, project, permission=permission)
    )
    if permission == "contract.sign" and actor.kind != "system":
        mine = organisations_with(actor, PERMISSIONS[permission])
        found = found.filter(participation__organisation__in=mine)
    return found


def access_contract(
    pk: int, project_id: int, actor: Actor, *, permission: str = "contract.view", for_write: bool = False
) -> LabourContract:
    """A worker's own contract once it was offered, or one within reach; locked if `for_write`."""
    contracts = LabourContract.objects.filter(project=project_id, pk=pk)
    if actor.kind == "worker":
        contracts = contracts.filter(SHOWN_TO_WORKER, worker=actor.id)
    else:
        project = access_project(project_id, actor)
        if not contracts_for(actor, project).filter(pk=pk).exists():
            not_found()
        if not contracts_for(actor, project, permission=permission).filter(pk=pk).exists():
            not_permitted(permission)
    if for_write:
        contracts = contracts.select_for_update(of=("self",), no_key=True)
    else:
        contracts = contracts.select_related("project__region", "participation__organisation", "worker")
    contract = contracts.first()
    if contract is None:
        not_found()
    return contract


def teams_for(actor: Actor, project: Project) -> QuerySet[Team]:
    """Teams of the parts of a project that the actor sees."""
    return Team.objects.filter(project=project, participation__in=participations_for(actor, project))
