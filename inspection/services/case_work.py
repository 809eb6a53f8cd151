"""The investigation: notes and evidence, the site, more time, rest while the party fled, mediation, the end."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from inspection.models import Case, CaseStep
from inspection.services.case_intake import MOST_PEOPLE
from inspection.services.case_steps import keep, limits_of, lock_case, words, write_step
from payroll.services.who import user_of
from registration.access import access_project, not_found
from registration.actors import Actor
from registration.models import SensitiveView, StoredFile
from registration.services.files import store_file
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation

State = Case.State
NOTES = ("visit", "interview", "papers", "note")


@transaction.atomic
def add_note(
    pk: int, *, kind: str, text: str, name: str = "", data: bytes = b"", actor: Actor, now: datetime
) -> CaseStep:
    """Write down what was found: a visit, an interview, papers asked for, a note; with a file where there is one.

    Raises Malformed `case.words`, `case.kind`, `file.…`.
    """
    case = lock_case(pk, "note", actor=actor)
    if kind not in NOTES:
        raise Malformed("case.kind", _("Choose what it is."))
    said = words(text)
    file = store_file(name, data, kind=StoredFile.Kind.OTHER, actor=actor, now=now) if data else None
    return write_step(case, kind, text=said, file=file, actor=actor, now=now)


@transaction.atomic
def name_site(pk: int, *, project_id: int, actor: Actor, now: datetime) -> Case:
    """Find the project that a complaint without one is about. Raises NotFound out of reach."""
    case = lock_case(pk, "site", actor=actor)
    project = access_project(project_id, actor)
    if case.orders.exists() and case.project_id != project.pk:
        raise RuleViolation("case.site", _("Orders were given for the present site; open a case of its own."))
    case.project = project
    keep(case, "project", now=now)
    write_step(case, "site", facts={"project": project.code, "name": project.name}, actor=actor, now=now)
    return case


@transaction.atomic
def set_size(
    pk: int, *, people: int, mass: bool, representatives: int = 0, actor: Actor, now: datetime
) -> Case:
    """How many people it concerns, whether a crowd gathered, how many speak for them (five at most).

    Raises Malformed `case.people`, RuleViolation `case.representatives`.
    """
    case = lock_case(pk, "size", actor=actor)
    if not 1 <= people <= MOST_PEOPLE:
        raise Malformed("case.people", _("Write how many people it concerns, 1 at least."))
    most = limits_of(case.region_id, on=site_date(now)).representatives
    if representatives > most:
        raise RuleViolation(
            "case.representatives", _("At most %(most)s people speak for the others."), most=most
        )
    case.people, case.mass = people, mass
    keep(case, "people", "mass", now=now)
    facts = {"people": people, "mass": mass, "representatives": representatives}
    write_step(case, "size", facts=facts, actor=actor, now=now)
    return case


@transaction.atomic
def read_contact(pk: int, *, purpose: str, actor: Actor, now: datetime) -> str:
    """How to reach who complained, after the purpose is written down in the file. Raises Malformed `case.words`."""
    case = lock_case(pk, "contact", actor=actor)
    said = words(purpose)
    if case.complaint is None:
        not_found()
    worker_id = case.complaint.worker_id
    SensitiveView.objects.create(
        user_id=user_of(actor),
        worker_id=worker_id,
        project_id=case.project_id,
        fields="complaint",
        purpose=said[:200],
        at=now,
    )
    write_step(case, "contact", text=said, actor=actor, now=now)
    worker = case.complaint.worker
    parts = [case.complaint.contact, f"{worker.name} {worker.phone or ''}".strip() if worker else ""]
    return "　".join(part for part in parts if part)
