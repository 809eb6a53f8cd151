"""Signing: the worker on the phone (or, without one, at the site's tablet) with a code and a drawn name, then the employer, one by one or many."""

import base64
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from registration import records
from registration.access import access_contract, access_project, not_permitted
from registration.actors import Actor
from registration.models import ContractSignature, LabourContract, TabletVisit, User, Worker
from registration.rules.contract_text import digest
from registration.rules.contracts import check_transition
from registration.services.codes import request_code, signing, try_code
from registration.services.contract_facts import place_of
from registration.services.contract_moves import Done, move, note_change, user_of
from registration.services.contract_offers import (
    changed_terms,
    full_postings,
    lock_contracts,
    posting_changed,
    tell,
)
from registration.services.signatures import check_signature
from registration.services.tablets import IDLE
from wagewatch.evidence import services as evidence
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation

State, Party = LabourContract.State, ContractSignature.Party
SHORTEST_REASON = 2


def _own(contract_id: int, project_id: int, actor: Actor, *, for_write: bool = True) -> LabourContract:
    """The worker's own contract; NotPermitted for anybody else within reach of it."""
    contract = access_contract(contract_id, project_id, actor, for_write=for_write)
    if actor.kind != "worker":
        not_permitted("contract.sign")
    return contract


def _seal(drawing: bytes | None) -> str | None:
    """A checked drawing as text; None stands for somebody who typed the name instead."""
    if drawing is None:
        return None
    check_signature(drawing)
    return base64.b64encode(drawing).decode()


def request_sign_code(
    contract_id: int, project_id: int, *, address: str, actor: Actor, now: datetime
) -> None:
    """Send the worker a code that signs this contract and opens nothing else.

    Raises RuleViolation `contract.is_<state>`, `contract.no_phone`, `code.too_soon`, `code.too_many`.
    """
    contract = _own(contract_id, project_id, actor, for_write=False)
    check_transition(contract.state, State.SIGNED)
    request_code(_phone(contract.worker), address=address, now=now, purpose=signing(project_id, contract.pk))


def _phone(worker: Worker) -> str:
    if not worker.phone:
        text = _("No mobile number is on record. The labour clerk of your site can enter it.")
        raise RuleViolation("contract.no_phone", text)
    return str(worker.phone)


def sign_as_worker(
    contract_id: int,
    project_id: int,
    *,
    code: str,
    drawing: bytes | None,
    actor: Actor,
    now: datetime,
    visit_id: int | None = None,
) -> None:
    """The worker signs: the newest code of this contract, and a drawn name (None: typed instead).

    A worker without a phone signs at the tablet of the same site: `visit_id` is the visit that goes on there. The
    identity card, or the code that the clerk gave into their hand, stands for the code by message; the name is drawn.

    Raises RuleViolation `contract.is_<state>` (signing twice changes nothing), `contract.posting_changed`,
    `code.wrong`, `code.spent`, `contract.visit_over`, `contract.other_site`, `signature.blank`, Malformed `signature.unreadable`, NotFound. A wrong code
    is counted all the same, so it is raised after the transaction.
    """
    if refusal := _sign_as_worker(contract_id, project_id, code, drawing, visit_id, actor, now):
        raise refusal


@transaction.atomic
def _sign_as_worker(
    contract_id: int,
    project_id: int,
    code: str,
    drawing: bytes | None,
    visit_id: int | None,
    actor: Actor,
    now: datetime,
) -> RuleViolation | None:
    contract = _own(contract_id, project_id, actor)
    check_transition(contract.state, State.SIGNED)
    sealed = _seal(drawing)
    worker = Worker.objects.get(pk=contract.worker_id)
    posting = full_postings(contract.project, [contract.posting_id])[contract.posting_id]
    if changed_terms(contract, posting, place_of(contract.project)):
        text = _("Your site changed what was agreed. Ask the labour clerk for a new contract.")
        return RuleViolation("contract.posting_changed", text)
    visit = None
    if visit_id is not None and not worker.phone:
        visit = _visit(visit_id, contract, drawing, now)
    else:
        answer = try_code(_phone(worker), code, purpose=signing(project_id, contract.pk), now=now)
        if answer.refusal is not None:
            return answer.refusal
    move(contract, State.SIGNED, actor=actor, now=now, reason="signed by the worker")
    ContractSignature.objects.create(
        project_id=contract.project_id,
        contract=contract,
        party=Party.WORKER,
        signer=worker.name,
        drawing=sealed,
        by_code=visit is None,
        visit=visit,
        text_sha256=digest(contract.text or ""),
        at=now,
    )
    return None


def _visit(visit_id: int, contract: LabourContract, drawing: bytes | None, now: datetime) -> TabletVisit:
    """The visit at this site's tablet that goes on now; it ends for nobody else while the name is written."""
    visit = (
        TabletVisit.objects.select_for_update(of=("self",))
        .filter(pk=visit_id, worker=contract.worker_id, ended_at=None, seen_at__gt=now - IDLE)
        .first()
    )
    if visit is None:
        raise RuleViolation(
            "contract.visit_over", _("You were signed out. Lay down your card again, then sign.")
        )
    if visit.project_id != contract.project_id:
        raise RuleViolation(
            "contract.other_site",
            _("This contract is of another site. Sign it at the tablet there, or with your own phone."),
        )
    if drawing is None:
        raise RuleViolation("signature.blank", _("At the tablet the name is written by hand, or a cross."))
    return visit


@transaction.atomic
def refuse_contract(
    contract_id: int, project_id: int, *, reason: str, actor: Actor, now: datetime
) -> LabourContract:
    """The worker says no to an offer, and why; the clerk reads it.

    Raises RuleViolation `contract.is_<state>`, `contract.reason` without words.
    """
    contract = _own(contract_id, project_id, actor)
    words = " ".join(reason.split())
    if len(words) < SHORTEST_REASON:
        raise RuleViolation("contract.reason", _("Say in a few words what is not right."))
    move(
        contract,
        State.REFUSED,
        actor=actor,
        now=now,
        reason="refused by the worker",
        ended_on=site_date(now),
        end_reason=words[:200],
    )
    return contract


@transaction.atomic
def sign_as_employer(
    project_id: int, contract_ids: Sequence[int], *, drawing: bytes | None, actor: Actor, now: datetime
) -> Done:
    """The employer's own people sign what their workers have signed; from now on it is in force.

    One drawing stands under all of them. A contract that renews another ends that one the day before it
    begins. `refused` is keyed by contract. The PDF is made afterwards (`contract_documents`). Raises
    NotFound, NotPermitted (also for a general contractor's people on a subcontractor's contract),
    `signature.…`.
    """
    project = access_project(project_id, actor, permission="contract.sign")
    sealed = _seal(drawing)
    contracts = lock_contracts(project, actor, contract_ids, permission="contract.sign")
    postings = full_postings(project, [c.posting_id for c in contracts])
    place, done, ready = place_of(project), Done(), []
    for contract in contracts:
        try:
            check_transition(contract.state, State.IN_FORCE)
            if changed_terms(contract, postings[contract.posting_id], place):
                raise posting_changed()
        except RuleViolation as refusal:
            done.refused[contract.pk] = refusal
        else:
            ready.append(contract)
    signer = User.objects.get(pk=user_of(actor))
    today = site_date(now)
    made = ContractSignature.objects.bulk_create(
        ContractSignature(
            project=project,
            contract=contract,
            party=Party.EMPLOYER,
            signer=signer.name,
            user=signer,
            drawing=sealed,
            text_sha256=digest(contract.text or ""),
            at=now,
        )
        for contract in ready
    )
    end_renewed(ready, actor=actor, now=now)
    done.ids = [c.pk for c in ready]
    LabourContract.objects.filter(project=project, pk__in=done.ids).update(
        state=State.IN_FORCE, signed_on=today
    )
    for contract in ready:
        contract.state, contract.signed_on = State.IN_FORCE, today
    note_change(project.pk, done.ids, actor=actor, now=now, reason="signed by the employer")
    record_signed(ready, made, actor=actor, now=now)
    tell([(c, postings[c.posting_id]) for c in ready], "contract.in_force", now=now)
    return done


def record_signed(
    contracts: Iterable[LabourContract],
    made: Iterable[ContractSignature],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Evidence of contracts that came into force, with the signatures just made and those before."""
    rows = list(contracts)
    if not rows:
        return
    signatures: dict[int, dict[int, ContractSignature]] = defaultdict(dict)
    kept = ContractSignature.objects.select_related("visit").filter(
        project=rows[0].project_id, contract__in=[c.pk for c in rows]
    )
    for one in [*kept, *made]:
        signatures[one.contract_id][one.pk] = one
    evidence.append_many(
        records.SIGNED,
        [
            evidence.Fact(
                c.project_id,
                records.contract_subject(c),
                records.signed_record(c, signatures[c.pk].values()),
            )
            for c in rows
        ],
        actor=actor,
        now=now,
    )


def end_renewed(contracts: Iterable[LabourContract], *, actor: Actor, now: datetime) -> None:
    """Contracts that these take the place of end the day before them; call it before those are in force."""
    old = {c.renews_id: c for c in contracts if c.renews_id is not None}
    if not old:
        return
    project_id = next(iter(old.values())).project_id
    ended = []
    rows = LabourContract.objects.select_for_update(of=("self",), no_key=True).filter(
        project=project_id, pk__in=list(old), state=State.IN_FORCE
    )
    for contract in rows.defer("text", "particulars").order_by("pk"):
        last = old[contract.pk].starts_on - timedelta(days=1)
        last = min(last, contract.ends_on) if contract.ends_on else last
        LabourContract.objects.filter(project=project_id, pk=contract.pk).update(
            state=State.RENEWED, ended_on=last
        )
        contract.state, contract.ended_on = State.RENEWED, last
        ended.append(contract)
    note_change(project_id, [c.pk for c in ended], actor=actor, now=now, reason="renewed")
    record_ended(ended, actor=actor, now=now)


def record_ended(contracts: Iterable[LabourContract], *, actor: Actor, now: datetime) -> None:
    """Evidence of contracts that ended."""
    facts = [
        evidence.Fact(c.project_id, records.contract_subject(c), records.ended_record(c)) for c in contracts
    ]
    if facts:
        evidence.append_many(records.ENDED, facts, actor=actor, now=now)
