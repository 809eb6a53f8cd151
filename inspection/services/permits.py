"""Permit readiness: facts of a project, answers that are kept, keys of the offices that ask by machine.

Order 724 makes account (26), clerk and contracts (28) and deposit (32) duties of the general contractor, the
payment guarantee (24) the owner's; source 1
(56) and source 2 (67) make them conditions of the building permit.
"""

import hashlib
import secrets
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from simple_history.utils import update_change_reason

from inspection.access import access_permit
from inspection.models import PermitAnswer, PermitKey, SocialDeposit
from inspection.permit_records import ANSWER, SOCIAL, answer_record, social_record
from inspection.permit_rules import Facts, Point, is_ready, points_of, social_due_fen
from inspection.services.listing import on_list
from payroll.models import AccountState, SubLedger
from payroll.services.deposit_facts import load_deposit
from payroll.services.deposit_rulings import may_rule
from payroll.services.guarantee_facts import load_guarantee
from registration.access import not_found, not_permitted
from registration.actors import Actor, Duty
from registration.middleware import SECTORS_OF
from registration.models import Authority, Participation, Posting, Project, Role
from registration.permissions import PERMISSIONS
from registration.services.contract_facts import postings_with_contract
from registration.services.parameters import parameter
from wagewatch.evidence.services import append
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
NUMBER_LENGTH = 8
PREFIX = "wwp_"
"""What a key begins with, so that one that leaked into a text can be searched for."""


def social_rates(project: Project, *, on: date) -> dict[str, str] | None:
    """The region's rates of the social pre-deposit; None where there is none."""
    found = parameter("permit.social_rates", region_code=project.region_id, on=on, default=None)
    return dict(found) if found else None


def latest_social(project_id: int) -> SocialDeposit | None:
    """What holds about a project's social pre-deposit."""
    return SocialDeposit.objects.filter(project=project_id).order_by("-made_at", "-pk").first()


def facts_of(project: Project, *, today: date) -> Facts:
    """What is on record about a project; a fixed number of queries."""
    parts = list(
        Participation.objects.filter(project=project, left_on=None).select_related("organisation", "clerk")
    )
    roles = {part.role for part in parts}
    leader = next((p for p in parts if p.role == Participation.Role.GENERAL_CONTRACTOR), None)
    below = [p for p in parts if p.role in {Participation.Role.SUBCONTRACTOR, Participation.Role.AGENCY}]
    ledger = SubLedger.objects.filter(project=project).select_related("account").first()
    deposit = load_deposit(project, today=today)
    entry = deposit.entries[-1] if deposit.entries else None
    guarantee = load_guarantee(project, today=today)
    small = int(parameter("account.small_under_fen", region_code=project.region_id, on=today, default=0))
    rates = social_rates(project, on=today)
    social = latest_social(project.pk) if rates else None
    on_register = set(
        Posting.objects.filter(
            Q(left_on=None) | Q(left_on__gte=today), project=project, joined_on__lte=today
        ).values_list("pk", flat=True)
    )
    covered = postings_with_contract(project.pk, on=today) & on_register
    return Facts(
        today=today,
        code=project.code,
        has_owner=Participation.Role.OWNER in roles,
        has_contractor=leader is not None,
        signed_on=project.contract_signed_on,
        sum_fen=project.contract_sum_fen,
        address=project.address,
        account_asked=project.contract_sum_fen >= small,
        account_state=_account_state(ledger),
        account_opened_on=ledger.account.opened_on if ledger else None,
        account_filed_on=ledger.filed_on if ledger else None,
        account_paper=ledger.filing_number if ledger else "",
        deposit_state=deposit.state.code,
        deposit_due_fen=deposit.state.due_fen,
        deposit_balance_fen=deposit.state.balance_fen,
        deposit_on=entry.happened_on if entry else None,
        deposit_paper=f"{entry.issuer} {entry.paper_number}".strip() if entry else "",
        guarantee_asked=guarantee.state.asked,
        guarantee_state=guarantee.state.code,
        guarantee_fen=guarantee.state.amount_fen,
        guarantee_until=guarantee.state.until,
        guarantee_paper=guarantee.paper,
        social_asked=rates is not None,
        social_due_fen=social.due_fen if social else None,
        social_paid_fen=social.paid_fen if social else 0,
        social_on=(social.paid_on or site_date(social.made_at)) if social else None,
        social_paper=social.paper if social else "",
        clerk=(leader.clerk.name if leader.clerk else leader.clerk_name) if leader else "",
        subcontractors=len(below),
        subcontractors_signed=sum(p.contract_signed_on is not None for p in below),
        people=len(on_register),
        with_contract=len(covered),
        contracts_percent=int(
            parameter("permit.contracts_percent", region_code=project.region_id, on=today, default=100)
        ),
        listed_on=on_list([leader.organisation_id], today=today).get(leader.organisation_id)
        if leader
        else None,
    )


def _account_state(ledger: SubLedger | None) -> str:
    """The project's share, or the whole account where that is not open."""
    if ledger is None:
        return ""
    return ledger.state if ledger.account.state == AccountState.OPEN else ledger.account.state


def points_now(project: Project, *, today: date) -> list[Point]:
    """The conditions as they stand."""
    return points_of(facts_of(project, today=today))


@transaction.atomic
def give_answer(
    project_pk: int, *, actor: Actor, now: datetime, key: PermitKey | None = None
) -> PermitAnswer:
    """Answer for a project and keep what was answered. NotFound out of reach, NotPermitted for other roles."""
    project = access_permit(project_pk, actor)
    points = points_now(project, today=site_date(now))
    office = key.authority.name if key else _body(actor, project)
    answer = PermitAnswer.objects.create(
        project=project,
        number=f"{now:%y%m%d}-" + "".join(secrets.choice(ALPHABET) for _n in range(NUMBER_LENGTH)),
        is_ready=is_ready(points),
        points=[point.as_json() for point in points],
        office=office,
        asked_by_id=actor.id if actor.kind == "user" else None,
        key=key,
        at=now,
    )
    append(
        ANSWER,
        project_id=project.pk,
        subject=f"permit-answer:{answer.pk}",
        record=answer_record(answer),
        actor=actor,
        now=now,
    )
    return answer


def answer_with(number: str, projects: QuerySet[Project]) -> PermitAnswer | None:
    """The answer kept under a number, if it is about one of these projects."""
    number = number.replace("\x00", "").upper()[:24]
    found = PermitAnswer.objects.filter(project__in=projects, number=number)
    return found.select_related("project__region", "asked_by", "key").first()


def _body(actor: Actor, project: Project) -> str:
    """The office for which an inspector within reach of the project asks."""
    for duty in actor.duties:
        here = duty.authority_id is not None and project.region_id.startswith(duty.region_prefix)
        if here and (not duty.sectors or project.sector in duty.sectors):
            return duty.body
    return ""


@transaction.atomic
def record_social(
    project_pk: int,
    *,
    base: str,
    base_fen: int | None,
    paid_fen: int,
    paid_on: date | None,
    paper: str,
    actor: Actor,
    now: datetime,
) -> SocialDeposit:
    """Put a project's social pre-deposit on record; the sum due follows from the region's rates of today.

    Raises NotFound, NotPermitted, RuleViolation `social.none_here`, Malformed `social.base_fen`,
    `social.paid_on`, `social.paper`.
    """
    project = access_permit(project_pk, actor, permission="permit.record_social", for_write=True)
    if not may_rule(actor):
        not_permitted("permit.record_social")
    today = site_date(now)
    rates = social_rates(project, on=today)
    if rates is None or actor.id is None:
        raise RuleViolation("social.none_here", _("This region asks for no social insurance pre-deposit."))
    if base not in SocialDeposit.Base.values or not base_fen or base_fen <= 0:
        raise Malformed("social.base_fen", _("Enter the cost from which the pre-deposit is reckoned."))
    if paid_fen and (paid_on is None or paid_on > today):
        raise Malformed("social.paid_on", _("Enter the day of the payment; it cannot lie ahead."))
    if not paper.strip():
        raise Malformed("social.paper", _("Enter the number of the receipt or of the panel's decision."))
    social = SocialDeposit.objects.create(
        project=project,
        base=base,
        base_fen=base_fen,
        due_fen=social_due_fen(base_fen, base, rates),
        paid_fen=paid_fen,
        paid_on=paid_on if paid_fen else None,
        paper=paper.strip(),
        made_by_id=actor.id,
        made_at=now,
    )
    append(
        SOCIAL,
        project_id=project.pk,
        subject=f"social-deposit:{social.pk}",
        record=social_record(social),
        actor=actor,
        now=now,
    )
    return social


def authorities_of(actor: Actor) -> list[Authority]:
    """The permit offices (housing, transport, water) in the region of a labour authority for which the actor
    inspects: only it hands out keys."""
    own = [
        d.authority_id
        for d in actor.duties
        if d.authority_id is not None and d.role in PERMISSIONS["permit.keys"]
    ]
    labour = Authority.objects.filter(pk__in=own, kind=Authority.Kind.LABOUR).select_related("region")
    reach = Q(pk__in=())
    for one in labour:
        reach |= Q(region__code__startswith=one.region.prefix)
    kinds = [Authority.Kind.HOUSING, Authority.Kind.TRANSPORT, Authority.Kind.WATER]
    return list(Authority.objects.filter(reach, kind__in=kinds).order_by("region_id", "kind", "pk"))


@transaction.atomic
def make_key(authority_id: int, name: str, *, actor: Actor, now: datetime) -> tuple[PermitKey, str]:
    """A key for an office's system and its text, which is shown this once.

    Raises NotPermitted for an office outside the actor's region, Malformed `key.name`.
    """
    authority = next((a for a in authorities_of(actor) if a.pk == authority_id), None)
    if authority is None or actor.id is None:
        not_permitted("permit.keys")
    name = " ".join(name.replace("\x00", "").split())
    if not 2 <= len(name) <= 60:
        raise Malformed("key.name", _("Say in 2 to 60 characters what the key is for."))
    secret = PREFIX + secrets.token_urlsafe(32)
    key = PermitKey.objects.create(
        authority=authority, name=name, digest=_digest(secret), made_by_id=actor.id, made_at=now
    )
    update_change_reason(key, f"made {now:%F %T}")
    return key, secret


def access_key(pk: int, actor: Actor) -> PermitKey:
    """A key of an office for which the actor hands them out. NotFound."""
    mine = [office.pk for office in authorities_of(actor)]
    key = PermitKey.objects.select_related("authority").filter(pk=pk, authority__in=mine).first()
    if key is None:
        not_found()
    return key


@transaction.atomic
def end_key(pk: int, *, actor: Actor, now: datetime) -> PermitKey:
    """Take a key out of use. Raises NotFound, RuleViolation `key.ended`."""
    mine = [a.pk for a in authorities_of(actor)]
    key = PermitKey.objects.select_for_update(of=("self",)).filter(pk=pk, authority__in=mine).first()
    if key is None:
        not_found()
    if not key.is_active:
        raise RuleViolation("key.ended", _("This key was taken out of use already."))
    key.is_active = False
    key.save(update_fields=["is_active"])
    update_change_reason(key, f"ended {now:%F %T}")
    return key


def key_of(text: str, *, now: datetime) -> PermitKey | None:
    """The key that a machine shows, or None."""
    if not text.startswith(PREFIX):
        return None
    found = PermitKey.objects.select_related("authority__region").filter(digest=_digest(text), is_active=True)
    key = found.first()
    if key is not None:
        PermitKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return key


def actor_of_key(key: PermitKey) -> Actor:
    """An office's system sees the projects that the office sees."""
    duty = Duty(
        role=Role.INSPECTOR,
        authority_id=key.authority_id,
        region_prefix=key.authority.region.prefix,
        sectors=SECTORS_OF[key.authority.kind],
        body=key.authority.name,
    )
    return Actor(kind="source", id=key.pk, label=key.name, duties=(duty,))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
