"""Drafting contracts from postings, one or a whole team, and taking back what is not signed by both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from registration.access import access_contract, access_project, not_found, participations_for
from registration.actors import Actor
from registration.models import ContractTemplate, LabourContract, Posting, Project
from registration.rules import contracts as rules
from registration.services.contract_facts import (
    UNDER_WAY,
    latest_contracts,
    limits_of,
    place_of,
    terms_for,
)
from registration.services.contract_moves import Done, lock_project, move
from registration.services.contract_templates import templates_for
from registration.services.history import record_history
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation

State, Period = LabourContract.State, LabourContract.Period
AUTO_NUMBER = "HT"
"""How numbers begin that we give; nobody may type one like it."""


@dataclass(frozen=True)
class Planned:
    """The contract that a posting would get, or why it gets none."""

    posting: Posting
    kind: str
    template: ContractTemplate | None
    starts_on: date
    ends_on: date | None
    findings: list[rules.Finding]
    refusal: RuleViolation | None
    renews: LabourContract | None = None


def plan_contracts(
    project: Project,
    postings: Sequence[Posting],
    *,
    period: str,
    starts_on: date | None,
    ends_on: date | None,
    today: date,
    renewing: bool = False,
) -> list[Planned]:
    """What drafting would give, posting by posting; nothing is written.

    `starts_on` None means each one's own first day of work. `postings` come with worker, team and
    participation with its organisation.
    """
    limits = limits_of(project.region_id, on=today)
    templates = templates_for(project.region_id, on=today)
    contracts = latest_contracts(project.pk, [p.pk for p in postings])
    planned = []
    for posting in postings:
        begin = starts_on or posting.joined_on
        kind = rules.kind_for(
            terms_for(posting, kind="", period=period, starts_on=begin, ends_on=ends_on), limits
        )
        terms = terms_for(posting, kind=kind, period=period, starts_on=begin, ends_on=ends_on)
        findings = rules.check_terms(terms, limits, today=today)
        known = contracts.get(posting.pk, [])
        in_force = next((c for c in known if c.state == State.IN_FORCE), None)
        refusal = (
            _standing(posting, known, in_force, begin, renewing)
            or rules.first_denial(findings)
            or (None if kind in templates else _no_template())
        )
        planned.append(
            Planned(posting, kind, templates.get(kind), begin, ends_on, findings, refusal, in_force)
        )
    return planned


def _no_template() -> RuleViolation:
    text = _("No wording of this contract is published for the region. Upload the contract on paper.")
    return RuleViolation("contract.no_template", text)


def _standing(
    posting: Posting,
    known: Sequence[LabourContract],
    in_force: LabourContract | None,
    begin: date,
    renewing: bool,
) -> RuleViolation | None:
    if posting.left_on is not None:
        return RuleViolation("contract.left", _("This person has left the project."))
    if any(c.state in UNDER_WAY for c in known):
        text = _("A contract is being made already. Finish or withdraw it first.")
        return RuleViolation("contract.under_way", text)
    if in_force is None:
        return None
    if not renewing:
        text = _("A contract is in force until %(day)s. Renew it instead.")
        day = in_force.ends_on.isoformat() if in_force.ends_on else str(_("the work is done"))
        return RuleViolation("contract.in_force", text, day=day)
    if begin <= in_force.starts_on:
        text = _("The new contract begins after the first day of the one in force, %(day)s.")
        return RuleViolation("contract.renewal_early", text, day=in_force.starts_on.isoformat())
    return None


def postings_to_draft(project: Project, actor: Actor, posting_ids: Sequence[int]) -> list[Posting]:
    """Postings within the actor's reach, with all that a contract needs; NotFound if one is not."""
    found = list(
        Posting.objects.filter(
            project=project,
            pk__in=posting_ids,
            participation__in=participations_for(actor, project, permission="contract.make"),
        )
        .select_related("worker", "team", "participation__organisation")
        .defer("worker__id_number", "worker__phone", "worker__address")
        .order_by("team__name", "pin", "pk")
    )
    if len(found) != len(set(posting_ids)):
        not_found()
    return found


def next_numbers(project: Project, count: int) -> list[str]:
    """Numbers for new contracts of a project; the caller holds the project's lock."""
    taken = LabourContract.objects.filter(project=project).count()
    return [f"{AUTO_NUMBER}-{project.pk}-{taken + n:05d}" for n in range(1, count + 1)]


@transaction.atomic
def draft_contracts(
    project_id: int,
    posting_ids: Sequence[int],
    *,
    period: str,
    starts_on: date | None = None,
    ends_on: date | None = None,
    renewing: bool = False,
    actor: Actor,
    now: datetime,
) -> Done:
    """Draft a contract for each posting (order 724, articles 6 and 28); `refused` is keyed by posting.

    The kind follows from the person's age. Whose contract is in force gets none, unless `renewing`: then
    the new one takes its place when both have signed. Raises NotFound, NotPermitted.
    """
    project = access_project(project_id, actor, permission="contract.make")
    lock_project(project)
    postings = postings_to_draft(project, actor, posting_ids)
    planned = plan_contracts(
        project,
        postings,
        period=period,
        starts_on=starts_on,
        ends_on=ends_on,
        today=site_date(now),
        renewing=renewing,
    )
    done = Done(refused={p.posting.pk: p.refusal for p in planned if p.refusal})
    good = [p for p in planned if p.refusal is None]
    place = place_of(project)
    rows = LabourContract.objects.bulk_create(
        LabourContract(
            project=project,
            posting=plan.posting,
            participation_id=plan.posting.participation_id,
            worker_id=plan.posting.worker_id,
            number=number,
            kind=plan.kind,
            template=plan.template,
            period=period,
            starts_on=plan.starts_on,
            ends_on=plan.ends_on,
            terms=place.written_terms(plan.posting),
            renews=plan.renews,
            made_by_id=actor.id if actor.kind == "user" else None,
            made_at=now,
        )
        for plan, number in zip(good, next_numbers(project, len(good)), strict=True)
    )
    done.ids = [row.pk for row in rows]
    record_history(
        LabourContract, done.ids, kind="+", actor=actor, now=now, reason="drafted", project_id=project.pk
    )
    return done


@transaction.atomic
def withdraw_contract(
    contract_id: int, project_id: int, *, reason: str = "", actor: Actor, now: datetime
) -> LabourContract:
    """Take back a draft or an offer that the employer has not signed.

    Raises RuleViolation `contract.is_<state>`, NotFound, NotPermitted.
    """
    contract = access_contract(contract_id, project_id, actor, permission="contract.make", for_write=True)
    move(
        contract,
        State.WITHDRAWN,
        actor=actor,
        now=now,
        reason="withdrawn",
        ended_on=site_date(now),
        end_reason=reason.strip()[:200],
    )
    return contract
