"""Offering drafts to their workers: the text is fixed from here on."""

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from registration.access import access_project, contracts_for, not_found, not_permitted
from registration.actors import Actor
from registration.models import LabourContract, Posting, Project, SiteTablet
from registration.rules import contracts as rules
from registration.rules.contract_text import PERSONAL, fill
from registration.rules.contract_values import contract_values, terms_differ
from registration.services.contract_facts import Place, limits_of, place_of, terms_for
from registration.services.contract_moves import Done, note_change
from registration.services.messages import queue_many
from registration.services.parameters import parameter
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation, WagewatchError

State = LabourContract.State
_SEX = {1: "男", 2: "女"}


def particulars_of(posting: Posting) -> dict[str, str]:
    """The person's own values of a contract's text."""
    worker = posting.worker
    return {
        "worker": worker.name,
        "worker_sex": _SEX.get(worker.sex, ""),
        "worker_id": str(worker.id_number),
        "worker_phone": str(worker.phone or ""),
        "worker_address": str(worker.address or ""),
    }


def kept_particulars(contract: LabourContract) -> dict[str, str]:
    """The person's own values that stand in a contract's text."""
    values = json.loads(contract.particulars) if contract.particulars else {}
    return {name: str(values.get(name, "")) for name in PERSONAL}


def text_of(contract: LabourContract, posting: Posting, place: Place, *, wage_fen: int | None) -> str:
    """A draft's wording filled from its posting as it is now."""
    terms = place.written_terms(posting) | {"minimum_wage_fen": wage_fen}
    values = contract_values(
        terms,
        particulars_of(posting),
        number=contract.number,
        period=contract.period,
        starts_on=contract.starts_on,
        ends_on=contract.ends_on,
    )
    return fill(contract.template.body if contract.template else "", values)


def changed_terms(contract: LabourContract, posting: Posting, place: Place) -> list[str]:
    """Which terms of the posting are no longer what the contract says."""
    return terms_differ(contract.terms, place.written_terms(posting))


def posting_changed() -> RuleViolation:
    """The refusal to sign what no longer holds."""
    return RuleViolation(
        "contract.posting_changed",
        _(
            "Rate, trade, team or employer were changed after this text was made. Withdraw it and draft again."
        ),
    )


def full_postings(project: Project, posting_ids: Sequence[int]) -> dict[int, Posting]:
    """Postings with all that goes into a contract's text."""
    rows = Posting.objects.filter(project=project, pk__in=posting_ids)
    return {p.pk: p for p in rows.select_related("worker", "team", "participation__organisation")}


@transaction.atomic
def offer_contracts(project_id: int, contract_ids: Sequence[int], *, actor: Actor, now: datetime) -> Done:
    """Send drafts to their workers' phones; `refused` is keyed by contract.

    The text is filled from the posting as it is now and stays as it is; a later change of the posting
    needs a new draft. The message tells nothing but that a contract waits. Raises NotFound, NotPermitted.
    """
    project = access_project(project_id, actor, permission="contract.make")
    contracts = lock_contracts(project, actor, contract_ids, permission="contract.make")
    postings = full_postings(project, [c.posting_id for c in contracts])
    place, today = place_of(project), site_date(now)
    limits = limits_of(project.region_id, on=today)
    done, ready = Done(), []
    has_tablet = SiteTablet.objects.filter(project=project, ended_at=None).exists()
    for contract in contracts:
        posting = postings[contract.posting_id]
        if refusal := _why_not(contract, posting, limits, today, has_tablet=has_tablet):
            done.refused[contract.pk] = refusal
            continue
        contract.terms = place.written_terms(posting) | {"minimum_wage_fen": limits.month_wage_fen}
        contract.text = text_of(contract, posting, place, wage_fen=limits.month_wage_fen)
        contract.particulars = json.dumps(particulars_of(posting), ensure_ascii=False)
        contract.state, contract.offered_at = State.OFFERED, now
        ready.append(contract)
    LabourContract.objects.bulk_update(
        ready, ["terms", "text", "particulars", "state", "offered_at"], batch_size=200
    )
    done.ids = [c.pk for c in ready]
    note_change(project.pk, done.ids, actor=actor, now=now, reason="offered")
    tell([(c, postings[c.posting_id]) for c in ready], "contract.offered", now=now)
    return done


def lock_contracts(
    project: Project, actor: Actor, contract_ids: Sequence[int], *, permission: str
) -> list[LabourContract]:
    """Contracts locked in the order of their numbers; NotFound if one is out of reach, NotPermitted."""
    wanted = set(contract_ids)
    if contracts_for(actor, project).filter(pk__in=wanted).count() != len(wanted):
        not_found()
    allowed = contracts_for(actor, project, permission=permission).filter(pk__in=wanted)
    found = list(
        LabourContract.objects.select_for_update(of=("self",), no_key=True)
        .select_related("template")
        .filter(project=project, pk__in=allowed.values("pk"))
        .order_by("pk")
    )
    if len(found) != len(wanted):
        not_permitted(permission)
    return found


def _why_not(
    contract: LabourContract, posting: Posting, limits: rules.Limits, today: date, *, has_tablet: bool
) -> WagewatchError | None:
    try:
        rules.check_transition(contract.state, State.OFFERED)
    except RuleViolation as refusal:
        return refusal
    if posting.left_on is not None:
        return RuleViolation("contract.left", _("This person has left the project."))
    if not posting.worker.phone and not has_tablet:
        text = _(
            "No mobile number is on record. Enter it, set up a tablet on the site, or upload the contract on paper."
        )
        return RuleViolation("contract.no_phone", text)
    terms = terms_for(
        posting,
        kind=contract.kind,
        period=contract.period,
        starts_on=contract.starts_on,
        ends_on=contract.ends_on,
    )
    return rules.first_denial(rules.check_terms(terms, limits, today=today))


_SAYS = {
    "contract.offered": _(
        "[%(brand)s] A contract waits for you. Open %(brand)s, Contract, read and sign it."
    ),
    "contract.waiting": _(
        "[%(brand)s] A contract still waits for you. Open %(brand)s, Contract, read it, and sign or refuse it."
    ),
    "contract.in_force": _("[%(brand)s] Your employer has signed your contract. You can read and save it."),
    "contract.terminated": _(
        "[%(brand)s] Your contract was ended. All wages are due when you leave. Questions: call 12333."
    ),
}


def tell(pairs: Sequence[tuple[LabourContract, Posting]], kind: str, *, now: datetime) -> int:
    """One text message each, in Chinese, without any personal data; those without a phone get none.

    Returns how many are told now; nobody is told the same of a contract twice.
    """
    with override("zh-hans"):
        text = str(_SAYS[kind]) % {"brand": settings.WAGEWATCH_BRAND}
    messages = [
        (str(posting.worker.phone), text, f"{kind}:{contract.project_id}.{contract.pk}")
        for contract, posting in pairs
        if posting.worker.phone
    ]
    return queue_many(messages, kind=kind, now=now)


def remind_of_offers(*, now: datetime) -> int:
    """Remind each worker once of an offer that waits longer than the region's days; how many were told.

    Only of offers that can still be signed: the person works there and the contract's last day is to come.
    """
    today = site_date(now)
    waiting = (
        LabourContract.objects.filter(state=LabourContract.State.OFFERED, posting__left_on=None)
        .exclude(ends_on__lt=today)
        .select_related("project", "posting__worker")
        .defer("text", "particulars")
        .order_by("pk")
    )
    late = [
        c for c in waiting if c.offered_at and c.offered_at <= now - _patience(c.project.region_id, today)
    ]
    return tell([(contract, contract.posting) for contract in late], "contract.waiting", now=now)


def _patience(region_code: str, on: date) -> timedelta:
    return timedelta(
        days=int(parameter("contract.offer_reminder_days", region_code=region_code, on=on, default=3))
    )
