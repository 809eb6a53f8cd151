"""Who deals with a case: the office that is competent, and its officer (Order 724, article 10)."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from inspection.models import Case, Level, Notice
from inspection.services.case_papers import make_paper
from inspection.services.case_steps import keep, lock_case, tell, words, write_step
from inspection.services.notices import Note, notify
from inspection.services.served_orders import push_case
from registration.actors import Actor
from registration.models import Authority, Membership, User
from registration.permissions import PERMISSIONS
from wagewatch.lib.errors import Malformed, WagewatchError


def offices_to_hand_to(case: Case) -> list[Authority]:
    """Offices that may be the right ones: of the same province, other than this one."""
    return list(
        Authority.objects.filter(region__code__startswith=case.region_id[:2])
        .exclude(pk=case.office_id)
        .select_related("region")
        .order_by("region__code", "kind", "name")
    )


@transaction.atomic
def transfer_case(pk: int, *, office_id: int, reason: str, actor: Actor, now: datetime) -> Case:
    """Hand a case to the office that is competent; who complained is told which. The deadline goes on.

    Raises Malformed `case.words`, `case.office`.
    """
    case = lock_case(pk, "transfer", actor=actor)
    said = words(reason)
    office = next((one for one in offices_to_hand_to(case) if one.pk == office_id), None)
    if office is None:
        raise Malformed("case.office", _("Choose the office that deals with it."))
    paper = make_paper(case, "transfer", {"to_office": office.name, "reason": said}, actor=actor, now=now)
    write_step(
        case, "transfer", text=said, file=paper.file, facts={"from": case.office.name, "to": office.name},
        actor=actor, now=now,
    )  # fmt: skip
    case.office, case.officer = office, None
    keep(case, "office", "officer", now=now)
    tell(case, "transferred", office=office.name, actor=actor, now=now)
    _notify(case, officers_of(case), Notice.Kind.CASE_MOVED, now)
    return case


def _notify(case: Case, users: Sequence[User], kind: Notice.Kind, now: datetime) -> None:
    """Tell inspectors of a case; one of no project stands in their list of cases alone."""
    if case.project_id is not None:
        key = f"{kind}:{case.pk}:{now.isoformat()}"
        notify([Note(user.pk, case.project_id, kind, Level.YELLOW, key) for user in users], now=now)


def officers_of(case: Case) -> list[User]:
    """Who may deal with a case: the inspectors of its office."""
    return list(
        User.objects.filter(
            pk__in=Membership.objects.filter(
                authority=case.office_id, role__in=PERMISSIONS["case.handle"], is_active=True
            ).values("user"),
            is_active=True,
        ).order_by("pk")
    )


def officers_for(actor: Actor) -> list[User]:
    """To whom the actor may give cases: the inspectors of the own offices."""
    offices = [d.authority_id for d in actor.duties if d.authority_id is not None]
    members = Membership.objects.filter(
        authority__in=offices, role__in=PERMISSIONS["case.handle"], is_active=True
    )
    return list(User.objects.filter(pk__in=members.values("user"), is_active=True).order_by("name", "pk"))


def assign_many(pks: Sequence[int], *, officer_id: int, actor: Actor, now: datetime) -> tuple[int, list[str]]:
    """Give several cases, each by itself: how many went, and why the others did not (each reason once)."""
    done, refused = 0, []
    for pk in pks:
        try:
            assign_case(pk, officer_id=officer_id, actor=actor, now=now)
            done += 1
        except WagewatchError as refusal:
            refused.append(refusal.message)
    return done, list(dict.fromkeys(refused))


@transaction.atomic
def assign_case(pk: int, *, officer_id: int, actor: Actor, now: datetime) -> Case:
    """Give a case to an officer of the office. Raises Malformed `case.officer`."""
    case = lock_case(pk, "assign", actor=actor)
    officer = next((one for one in officers_of(case) if one.pk == officer_id), None)
    if officer is None:
        raise Malformed("case.officer", _("Choose an officer of the office."))
    case.officer = officer
    keep(case, "officer", now=now)
    write_step(case, "assign", facts={"to": officer.name}, actor=actor, now=now)
    if officer.pk != actor.id:
        _notify(case, [officer], Notice.Kind.CASE_GIVEN, now)
    push_case(case, now=now)
    return case
