"""How a case begins: taken from a complaint, entered by the office, accepted, refused, handed over, assigned.

The first office asked answers (Order 724, article 10); accepted within five working days.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from inspection.case_access import office_of
from inspection.cases import rules
from inspection.models import Case
from inspection.services.case_papers import case_number
from inspection.services.case_steps import limits_of, tell, words, write_step
from registration.access import access_project, not_found
from registration.actors import Actor
from registration.models import Authority, Complaint
from registration.services.complaints import Told, complaints_for, enter_complaint
from registration.services.parameters import load_calendar
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation

State, Origin = Case.State, Case.Origin
MOST_PEOPLE = 100_000


@dataclass(frozen=True)
class Entered:
    """A case that the office entered; `reference` and `secret` are for who called, shown once."""

    case: Case
    reference: str = ""
    secret: str = ""


@transaction.atomic
def take_complaint(reference: str, *, actor: Actor, now: datetime) -> Case:
    """An officer takes a complaint up: it becomes a case with a number, and this office answers for it.

    Raises NotFound, RuleViolation `case.taken` for the second of two.
    """
    complaint = (
        complaints_for(actor)
        .select_related(None)
        .select_for_update(of=("self",))
        .filter(reference=reference)
        .first()
    )
    if complaint is None:
        not_found()
    taken = Case.objects.filter(complaint=complaint).first()
    if taken is not None:
        raise RuleViolation(
            "case.taken", _("This complaint is case %(number)s already."), number=taken.number
        )
    if complaint.state == Complaint.State.ANSWERED:
        raise RuleViolation("case.answered", _("This complaint was answered already."))
    return _take(complaint, origin=Origin.PHONE, people=1, mass=False, actor=actor, now=now)


def _take(complaint: Complaint, *, origin: str, people: int, mass: bool, actor: Actor, now: datetime) -> Case:
    office = office_of(actor, complaint.region_id)
    case = _open(
        office=office,
        complaint=complaint,
        project_id=complaint.project_id,
        region_id=complaint.region_id,
        origin=origin,
        topic=complaint.topic,
        people=people,
        mass=mass,
        received_on=site_date(complaint.made_at),
        actor=actor,
        now=now,
    )
    tell(case, "taken", office=office.name, actor=actor, now=now)
    return case


def _open(*, office: Authority, actor: Actor, now: datetime, **columns: object) -> Case:
    case = Case(
        number=case_number(office, now),
        office=office,
        first_office=office,
        officer_id=actor.id,
        opened_at=now,
        **columns,
    )
    limits = limits_of(case.region_id, on=site_date(now))
    case.due_on = rules.accept_by(case.received_on, limits, load_calendar())
    case.due_for = Case.Due.ACCEPT
    case.save()
    write_step(case, "taken", facts={"origin": case.origin, "people": case.people}, actor=actor, now=now)
    return case


@transaction.atomic
def enter_case(
    told: Told, *, origin: str, people: int = 1, mass: bool = False, actor: Actor, now: datetime
) -> Entered:
    """The office enters what was said on the hotline or at its desk, or what it found itself.

    Raises RuleViolation `complaint.…`, Malformed `case.people`, `case.origin`, `case.project`.
    """
    if origin not in {Origin.HOTLINE, Origin.VISIT, Origin.OWN}:
        raise Malformed("case.origin", _("Choose how the office got to know."))
    people = _count(people)
    if origin != Origin.OWN:
        filed = enter_complaint(told, actor=actor, now=now)
        complaint = Complaint.objects.select_related(None).get(reference=filed.reference)
        case = _take(complaint, origin=origin, people=people, mass=mass, actor=actor, now=now)
        return Entered(case, filed.reference, filed.secret)
    if told.project_id is None:
        raise Malformed("case.project", _("Choose the project in which it was found."))
    project = access_project(told.project_id, actor)
    office = office_of(actor, project.region_id)
    if told.topic not in Complaint.Topic.values:
        raise RuleViolation("complaint.topic", _("Choose what it is about."))
    case = _open(
        office=office,
        project_id=project.pk,
        region_id=project.region_id,
        origin=origin,
        topic=told.topic,
        people=people,
        mass=mass,
        received_on=site_date(now),
        actor=actor,
        now=now,
    )
    write_step(case, "note", text=words(told.text), actor=actor, now=now)
    return Entered(case)


def _count(people: int) -> int:
    if not 1 <= people <= MOST_PEOPLE:
        raise Malformed("case.people", _("Write how many people it concerns, 1 at least."))
    return people
