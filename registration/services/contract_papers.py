"""Contracts signed on paper: the scan is kept, for one person or for a bundle of a team's contracts."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from registration import records
from registration.access import access_project
from registration.actors import Actor
from registration.models import LabourContract, StoredFile
from registration.rules import contracts as rules
from registration.services.contract_drafts import (
    AUTO_NUMBER,
    Planned,
    next_numbers,
    plan_contracts,
    postings_to_draft,
)
from registration.services.contract_facts import place_of
from registration.services.contract_moves import Done, lock_project
from registration.services.contract_signing import end_renewed, record_signed
from registration.services.files import store_file
from registration.services.history import record_history
from wagewatch.evidence import services as evidence
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation

LONGEST_NUMBER = 40


@transaction.atomic
def record_paper_contracts(
    project_id: int,
    posting_ids: Sequence[int],
    *,
    filename: str,
    data: bytes,
    number: str = "",
    period: str,
    starts_on: date,
    ends_on: date | None = None,
    signed_on: date,
    actor: Actor,
    now: datetime,
) -> Done:
    """Put paper contracts that both sides signed on record, with their scan (PDF, JPEG, PNG).

    One scan may hold the contracts of several people; `number` is the employer's own, for one person. Where
    a contract is in force and this one begins later, it takes that one's place. `refused` is keyed by
    posting. Raises Malformed `file.…`, `picture.…`, RuleViolation `contract.signed_ahead`,
    `contract.number_taken`, `contract.number_reserved`, NotFound, NotPermitted.
    """
    project = access_project(project_id, actor, permission="contract.make")
    if signed_on > site_date(now):
        raise RuleViolation("contract.signed_ahead", _("The day of signing is in the future. Check it."))
    lock_project(project)
    number = _checked_number(project_id, number, len(posting_ids))
    postings = postings_to_draft(project, actor, posting_ids)
    planned = plan_contracts(
        project,
        postings,
        period=period,
        starts_on=starts_on,
        ends_on=ends_on,
        today=site_date(now),
        renewing=True,
    )
    planned = [_without_template(plan) for plan in planned]
    good = [plan for plan in planned if plan.refusal is None]
    done = Done(refused={plan.posting.pk: plan.refusal for plan in planned if plan.refusal})
    if not good:
        return done
    file = store_file(filename, data, kind=StoredFile.Kind.CONTRACT, actor=actor, now=now)
    place = place_of(project)
    numbers = [number] if number else next_numbers(project, len(good))
    rows = [
        LabourContract(
            project=project,
            posting=plan.posting,
            participation_id=plan.posting.participation_id,
            worker_id=plan.posting.worker_id,
            number=given,
            kind=plan.kind,
            form=LabourContract.Form.PAPER,
            state=LabourContract.State.IN_FORCE,
            period=period,
            starts_on=starts_on,
            ends_on=ends_on,
            terms=place.written_terms(plan.posting),
            document=file,
            sha256=file.sha256,
            renews=plan.renews,
            made_by_id=actor.id if actor.kind == "user" else None,
            made_at=now,
            signed_on=signed_on,
        )
        for plan, given in zip(good, numbers, strict=True)
    ]
    end_renewed(rows, actor=actor, now=now)
    rows = LabourContract.objects.bulk_create(rows)
    done.ids = [row.pk for row in rows]
    record_history(
        LabourContract, done.ids, kind="+", actor=actor, now=now, reason="paper", project_id=project.pk
    )
    record_signed(rows, [], actor=actor, now=now)
    record_documents(rows, actor=actor, now=now)
    return done


def _checked_number(project_id: int, number: str, people: int) -> str:
    number = " ".join(number.split())[:LONGEST_NUMBER]
    if not number or people != 1:
        return ""
    if number.upper().startswith(f"{AUTO_NUMBER}-"):
        text = _("Numbers beginning with %(start)s are given by this system. Leave it empty instead.")
        raise RuleViolation("contract.number_reserved", text, start=f"{AUTO_NUMBER}-")
    if LabourContract.objects.filter(project=project_id, number=number).exists():
        text = _("A contract of this project has that number already.")
        raise RuleViolation("contract.number_taken", text)
    return number


def _without_template(plan: Planned) -> Planned:
    """A paper contract needs no wording of ours."""
    if plan.refusal is None or plan.refusal.code != "contract.no_template":
        return plan
    return Planned(
        plan.posting,
        plan.kind,
        None,
        plan.starts_on,
        plan.ends_on,
        plan.findings,
        rules.first_denial(plan.findings),
        plan.renews,
    )


def record_documents(contracts: Sequence[LabourContract], *, actor: Actor, now: datetime) -> None:
    """Evidence of stored documents, by the digest of their bytes."""
    evidence.append_many(
        records.DOCUMENT,
        [
            evidence.Fact(
                c.project_id,
                records.contract_subject(c),
                records.document_record(c, bytes(c.sha256 or b"").hex()),
            )
            for c in contracts
        ],
        actor=actor,
        now=now,
    )
