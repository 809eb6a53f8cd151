"""A project: entered, registered by its general contractor, corrected; found to break planning law."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from registration.access import access_project, chain_reach, not_permitted, organisations_with
from registration.actors import Actor
from registration.models import Membership, Organisation, Participation, Project, Region, Sector, User
from registration.permissions import GC, PERMISSIONS
from registration.rules.chain import CORP_TYPE_OF
from registration.services.firms import FirmFacts, find_or_enter
from registration.services.history import record_history
from wagewatch.lib.errors import RuleViolation


@transaction.atomic
def register_project(
    code: str,
    name: str,
    *,
    region_code: str,
    sector: str,
    name_en: str = "",
    address: str = "",
    contract_sum_fen: int = 0,
    contract_signed_on: date | None = None,
    started_on: date | None = None,
    pay_day: int = 15,
    state: str = Project.State.BUILDING,
) -> Project:
    """Enter a project. Raises RuleViolation `project.known`, `project.pay_day`."""
    if not 1 <= pay_day <= 28:
        raise RuleViolation("project.pay_day", _("Choose a pay day from 1 to 28."))
    if Project.objects.filter(code=code).exists():
        raise RuleViolation("project.known", _("A project with this code is registered already."))
    return Project.objects.create(
        code=code,
        name=name,
        name_en=name_en,
        region_id=region_code,
        sector=sector,
        address=address,
        contract_sum_fen=contract_sum_fen,
        contract_signed_on=contract_signed_on,
        started_on=started_on,
        pay_day=pay_day,
        state=state,
    )


@transaction.atomic
def engage(
    project: Project,
    organisation: Organisation,
    role: str,
    *,
    by: Participation | None = None,
    scope: str = "",
    clerk_name: str = "",
    entered_on: date | None = None,
    **facts: Any,
) -> Participation:
    """Put an organisation on a project, engaged `by` another (the subcontract chain, articles 30, 36).

    `facts` are further fields of Participation: engagement, licence, manager, contract.

    Raises RuleViolation `participation.known` if it holds that role already, or a second general
    contractor is named.
    """
    if by is not None and by.project_id != project.pk:
        raise ValueError("the engaging organisation is on another project")
    try:
        with transaction.atomic():
            return Participation.objects.create(
                project=project,
                organisation=organisation,
                role=role,
                parent=by,
                scope=scope,
                clerk_name=clerk_name,
                entered_on=entered_on,
                **{"corp_type": CORP_TYPE_OF.get(role, "")} | facts,
            )
    except IntegrityError:
        raise RuleViolation(
            "participation.known",
            _("This organisation has that role on the project already, or there is a general contractor."),
        ) from None


@dataclass(frozen=True)
class ProjectFacts:
    """What may be said of a project later too; amounts in fen, `pay_day` of the month after."""

    name: str
    name_en: str = ""
    address: str = ""
    state: str = Project.State.BUILDING
    contract_sum_fen: int = 0
    contract_signed_on: date | None = None
    started_on: date | None = None
    done_on: date | None = None
    pay_day: int = 15


def _check(facts: ProjectFacts) -> None:
    if not 1 <= facts.pay_day <= 28:
        raise RuleViolation("project.pay_day", _("Choose a pay day from 1 to 28."))
    if facts.done_on and facts.started_on and facts.done_on < facts.started_on:
        raise RuleViolation("project.done_on", _("The works cannot end before they began."))
    if facts.state == Project.State.DONE and not facts.done_on:
        raise RuleViolation("project.done_on", _("Write the day on which the works ended."))


def _leaf(region_code: str) -> Region:
    """A region that has no parts: a county, or a city without counties."""
    region = Region.objects.filter(code=region_code).first()
    if region is None or region.children.exists():
        raise RuleViolation("project.region", _("Choose the county in which the project lies."))
    return region


@transaction.atomic
def register_own_project(
    firm_id: int,
    code: str,
    facts: ProjectFacts,
    *,
    region_code: str,
    sector: str,
    owner: FirmFacts | None,
    actor: Actor,
    now: datetime,
) -> Project:
    """Register a project of which firm `firm_id` is the general contractor; the actor becomes its clerk.

    A factory registers by its own will and needs no owner (source 1: voluntary MSMEs); works do.
    Raises RuleViolation `project.…`, Malformed `uscc.…`, NotPermitted.
    """
    if firm_id not in organisations_with(actor, PERMISSIONS["project.register"]):
        not_permitted("project.register")
    _check(facts)
    region = _leaf(region_code)
    if owner is None and sector != Sector.MANUFACTURING:
        raise RuleViolation("project.owner", _("Write the company code of the project owner."))
    project = register_project(
        code,
        facts.name,
        region_code=region.code,
        sector=sector,
        name_en=facts.name_en,
        address=facts.address,
        contract_sum_fen=facts.contract_sum_fen,
        contract_signed_on=facts.contract_signed_on,
        started_on=facts.started_on,
        pay_day=facts.pay_day,
        state=facts.state,
    )
    owner_part = None
    if owner is not None:
        found = find_or_enter(owner, Organisation.Kind.OWNER, near=region.code)
        if found.pk == firm_id and sector != Sector.MANUFACTURING:
            raise RuleViolation("project.owner", _("Your own firm is the general contractor, not the owner."))
        owner_part = engage(project, found, Participation.Role.OWNER)
    is_clerk = Membership.objects.filter(user=actor.id, organisation=firm_id, role="gc_clerk", is_active=True)
    clerk = User.objects.get(pk=actor.id or 0) if is_clerk.exists() else None
    engage(
        project,
        Organisation.objects.get(pk=firm_id),
        Participation.Role.GENERAL_CONTRACTOR,
        by=owner_part,
        clerk_name=clerk.name if clerk else "",
        clerk=clerk,
        entered_on=facts.started_on,
    )
    return project


@transaction.atomic
def edit_project(project_id: int, facts: ProjectFacts, *, actor: Actor, now: datetime) -> Project:
    """Correct a project's facts. Code, region and line of works decide who supervises it and stay.

    Raises RuleViolation `project.…`, NotFound, NotPermitted for all but the general contractor.
    """
    project = access_project(project_id, actor, for_write=True)
    if not chain_reach(actor, project, permission="project.register").leads:
        not_permitted("project.register")
    _check(facts)
    changed = {name: value for name, value in asdict(facts).items() if getattr(project, name) != value}
    if changed:
        Project.objects.filter(pk=project.pk).update(**changed)
        record_history(Project, [project.pk], kind="~", actor=actor, now=now, reason="facts corrected")
        for name, value in changed.items():
            setattr(project, name, value)
    return project


@transaction.atomic
def find_planning_breach(
    project_id: int, breach: bool, reason: str, *, actor: Actor, now: datetime
) -> Project:
    """An inspector records that a project breaks planning or construction law, or that it does not.

    From then on the owner pays arrears (article 37). Contractors cannot say this of an owner, nor owners of
    themselves. Raises RuleViolation `project.breach_reason`, NotFound, NotPermitted.
    """
    project = access_project(project_id, actor, permission="project.find_breach", for_write=True)
    if len(reason.strip()) < 5:
        raise RuleViolation(
            "project.breach_reason",
            _("Write what the finding rests on, for instance a decision and its number."),
        )
    if project.planning_breach != breach:
        Project.objects.filter(pk=project.pk).update(planning_breach=breach)
        record_history(Project, [project.pk], kind="~", actor=actor, now=now, reason=reason.strip())
        project.planning_breach = breach
    return project


def own_firms(actor: Actor) -> list[Organisation]:
    """The firms for which the actor may register projects."""
    return list(Organisation.objects.filter(pk__in=organisations_with(actor, GC)).order_by("name"))
