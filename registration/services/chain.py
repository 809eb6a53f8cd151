"""The chain of contractors of a project: a firm comes, is described, leaves, comes back."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from registration.access import (
    ChainReach,
    access_participation,
    access_project,
    chain_reach,
    not_found,
    not_permitted,
)
from registration.actors import Actor
from registration.models import Engagement, Membership, Participation, Posting, Project
from registration.rules.chain import (
    CORP_TYPE_OF,
    check_dates,
    check_engagement,
    check_manager,
    check_no_circle,
    check_not_own,
    check_place,
)
from registration.services.firms import FirmFacts, find_or_enter
from registration.services.history import record_history
from registration.services.projects import engage
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation
from wagewatch.lib.identity import normalise_phone

Role = Participation.Role
ADDED = (Role.SUBCONTRACTOR, Role.AGENCY, Role.SUPERVISOR, Role.OWNER)
"""Roles that can be added in the browser; the general contractor is the one who registered the project."""
_KIND_OF = {
    Role.OWNER: "owner",
    Role.SUPERVISOR: "supervisor",
    Role.AGENCY: "agency",
    Role.SUBCONTRACTOR: "contractor",
}


@dataclass(frozen=True)
class PeopleOfPart:
    """Who answers for a part: what the firm itself may say. `manager_phone` None keeps what is on record."""

    manager_name: str = ""
    manager_phone: str | None = None
    clerk_name: str = ""
    clerk_id: int | None = None


@dataclass(frozen=True)
class PartFacts:
    """How a firm was engaged; `contract_sum_fen` None where it is not known."""

    by_id: int | None = None
    corp_type: str = ""
    scope: str = ""
    engagement: str = Engagement.LAWFUL
    licence: str = ""
    contract_signed_on: date | None = None
    contract_sum_fen: int | None = None
    entered_on: date | None = None


def _parents(project: Project) -> dict[int, tuple[int | None, int, str, date | None]]:
    rows = Participation.objects.filter(project=project).values_list(
        "pk", "parent_id", "organisation_id", "role", "left_on"
    )
    return {pk: (parent, org, role, left) for pk, parent, org, role, left in rows}


def _checked_people(people: PeopleOfPart, role: str, organisation_id: int) -> dict[str, Any]:
    """The fields of Participation. Raises RuleViolation `chain.manager`, `chain.clerk`, Malformed `phone.…`."""
    name = " ".join(people.manager_name.split())
    check_manager(role, name)
    clerk_name = " ".join(people.clerk_name.split())
    if people.clerk_id is not None:
        membership = (
            Membership.objects.filter(
                user_id=people.clerk_id, organisation_id=organisation_id, is_active=True
            )
            .select_related("user")
            .first()
        )
        if membership is None:
            raise RuleViolation("chain.clerk", _("This account does not belong to the firm."))
        clerk_name = clerk_name or membership.user.name
    values: dict[str, Any] = {
        "manager_name": name,
        "clerk_name": clerk_name,
        "clerk_id": people.clerk_id,
    }
    if people.manager_phone is not None:
        phone = people.manager_phone.strip()
        values["manager_phone"] = normalise_phone(phone).value if phone else None
    return values


def _checked_facts(
    project: Project,
    facts: PartFacts,
    role: str,
    organisation_id: int,
    reach: ChainReach,
    *,
    part: int | None,
    today: date,
) -> dict[str, Any]:
    """The fields of Participation, after all rules of the place in the chain."""
    chain = _parents(project)
    parent_role = None
    if facts.by_id is not None:
        if facts.by_id not in chain:
            not_found()
        if not reach.may_engage(facts.by_id):
            not_permitted("chain.edit")
        _above, _org, parent_role, left = chain[facts.by_id]
        unchanged = part is not None and chain[part][0] == facts.by_id
        if left is not None and not unchanged:
            raise RuleViolation("chain.gone", _("This firm has left the project. Choose another one."))
    elif not reach.leads:
        raise RuleViolation("chain.engaged_by", _("Choose the firm that engaged it."))
    check_place(role, parent_role)
    if facts.by_id is None and role != Role.OWNER and any(row[2] == Role.OWNER for row in chain.values()):
        raise RuleViolation("chain.engaged_by", _("Choose the firm that engaged it."))
    if facts.by_id is not None:
        parents = {pk: row[0] for pk, row in chain.items()}
        check_no_circle(part, facts.by_id, parents)
        line: list[int] = []
        at: int | None = facts.by_id
        while at is not None and len(line) <= len(chain):
            line.append(chain[at][1])
            at = chain[at][0]
        check_not_own(organisation_id, line)
    licence = facts.licence.strip()
    check_engagement(role, facts.engagement, licence)
    check_dates(facts.entered_on, None, today)
    return {
        "parent_id": facts.by_id,
        "corp_type": CORP_TYPE_OF.get(role) or facts.corp_type,
        "scope": " ".join(facts.scope.split()),
        "engagement": facts.engagement,
        "licence": licence,
        "contract_signed_on": facts.contract_signed_on,
        "contract_sum_fen": facts.contract_sum_fen,
        "entered_on": facts.entered_on,
    }


@transaction.atomic
def add_firm(
    project_id: int,
    firm: FirmFacts,
    role: str,
    facts: PartFacts,
    people: PeopleOfPart,
    *,
    actor: Actor,
    now: datetime,
) -> Participation:
    """Put a firm on a project, below the one that engaged it (articles 18, 19, 30, 36).

    The general contractor adds anywhere, a subcontractor below itself. Raises RuleViolation `chain.…`,
    `firm.…`, `participation.known`, Malformed `uscc.…`, `phone.…`, NotPermitted, NotFound.
    """
    project = access_project(project_id, actor, permission="chain.edit", for_write=True)
    reach = chain_reach(actor, project)
    if role not in ADDED:
        raise RuleViolation("chain.role", _("Choose the role of the firm."))
    if not (reach.leads or reach.own):
        not_permitted("chain.edit")
    if role == Role.OWNER and Participation.objects.filter(project=project, role=role).exists():
        raise RuleViolation("chain.owner", _("The project has an owner already."))
    organisation = find_or_enter(firm, _KIND_OF[Role(role)], near=project.region_id)
    values = _checked_facts(
        project, facts, role, organisation.pk, reach, part=None, today=site_date(now)
    ) | _checked_people(people, role, organisation.pk)
    values.pop("parent_id")
    by = Participation.objects.get(pk=facts.by_id, project=project) if facts.by_id else None
    part = engage(project, organisation, role, by=by, **values)
    if role == Role.OWNER:
        _owner_engages_the_leader(project, part, actor, now)
    return part


def _owner_engages_the_leader(project: Project, owner: Participation, actor: Actor, now: datetime) -> None:
    leaders = Participation.objects.filter(
        project=project, role__in=(Role.GENERAL_CONTRACTOR, Role.SUPERVISOR), parent=None
    )
    changed = list(leaders.values_list("pk", flat=True))
    leaders.update(parent=owner)
    _write_history(project, changed, actor, now, "owner entered")


def _write_history(project: Project, parts: list[int], actor: Actor, now: datetime, reason: str) -> None:
    record_history(Participation, parts, kind="~", actor=actor, now=now, reason=reason, project_id=project.pk)


def _part_to_edit(project_id: int, part_id: int, actor: Actor) -> tuple[Project, Participation, ChainReach]:
    project = access_project(project_id, actor, permission="chain.edit", for_write=True)
    part = access_participation(part_id, project, actor)
    reach = chain_reach(actor, project)
    if not reach.may_edit(part.pk):
        not_permitted("chain.edit")
    return project, part, reach


def _change(
    project: Project, part: Participation, values: dict[str, Any], actor: Actor, now: datetime, reason: str
) -> Participation:
    changed = {name: value for name, value in values.items() if getattr(part, name) != value}
    if changed:
        Participation.objects.filter(project=project, pk=part.pk).update(**changed)
        _write_history(project, [part.pk], actor, now, reason)
        part.refresh_from_db()
    return part


@transaction.atomic
def change_part(
    project_id: int, part_id: int, facts: PartFacts, people: PeopleOfPart, *, actor: Actor, now: datetime
) -> Participation:
    """Correct how a firm was engaged and who answers for it. Raises as `add_firm`."""
    project, part, reach = _part_to_edit(project_id, part_id, actor)
    role, firm = part.role, part.organisation_id
    values = _checked_facts(project, facts, role, firm, reach, part=part.pk, today=site_date(now))
    values |= _checked_people(people, role, firm)
    if part.left_on:
        check_dates(facts.entered_on, part.left_on, site_date(now))
    return _change(project, part, values, actor, now, "chain corrected")


@transaction.atomic
def describe_part(
    project_id: int, part_id: int, people: PeopleOfPart, *, actor: Actor, now: datetime
) -> Participation:
    """Name the manager and the labour-wage clerk (article 28) of one's own part, or of one that one may edit.

    Raises RuleViolation `chain.manager`, `chain.clerk`, Malformed `phone.…`, NotPermitted, NotFound.
    """
    project = access_project(project_id, actor, permission="part.describe", for_write=True)
    part = access_participation(part_id, project, actor)
    own = chain_reach(actor, project, permission="part.describe").own
    if not (chain_reach(actor, project).may_edit(part.pk) or part.pk in own):
        not_permitted("part.describe")
    values = _checked_people(people, part.role, part.organisation_id)
    return _change(project, part, values, actor, now, "who answers for the part")


@transaction.atomic
def end_part(project_id: int, part_id: int, left_on: date, *, actor: Actor, now: datetime) -> Participation:
    """End a firm's part; its last day is `left_on`. Wages and records of it stay.

    Refused while people of it are at work, or firms below it are there. Raises RuleViolation
    `chain.people`, `chain.below`, `chain.stays`, `chain.ended`, `chain.left`.
    """
    project, part, _reach = _part_to_edit(project_id, part_id, actor)
    if part.role in {Role.OWNER, Role.GENERAL_CONTRACTOR}:
        raise RuleViolation("chain.stays", _("Owner and general contractor stay until the project is done."))
    if part.left_on is not None:
        raise RuleViolation("chain.ended", _("This firm has left the project already."))
    check_dates(part.entered_on, left_on, site_date(now))
    people = Posting.objects.filter(project=project, participation=part, left_on=None).count()
    if people:
        raise RuleViolation(
            "chain.people",
            _("%(people)s people of this firm are still registered as at work. End their work first."),
            people=people,
        )
    late = Posting.objects.filter(project=project, participation=part, left_on__gt=left_on).exists()
    if late:
        raise RuleViolation("chain.left", _("People of this firm worked here after that day."))
    if Participation.objects.filter(project=project, parent=part, left_on=None).exists():
        raise RuleViolation("chain.below", _("Firms that it engaged are still there. End their parts first."))
    return _change(project, part, {"left_on": left_on}, actor, now, "left the project")


@transaction.atomic
def return_part(project_id: int, part_id: int, *, actor: Actor, now: datetime) -> Participation:
    """A firm that left comes back to the same part. Raises RuleViolation `chain.not_ended`, `chain.gone`."""
    project, part, _reach = _part_to_edit(project_id, part_id, actor)
    if part.left_on is None:
        raise RuleViolation("chain.not_ended", _("This firm has not left the project."))
    if (
        part.parent_id
        and Participation.objects.filter(project=project, pk=part.parent_id, left_on__isnull=False).exists()
    ):
        raise RuleViolation("chain.gone", _("The firm that engaged it has left. Choose another one first."))
    return _change(project, part, {"left_on": None}, actor, now, "came back")
