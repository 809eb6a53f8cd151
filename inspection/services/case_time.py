"""Time: more of it with a second person, rest while the party fled, the end of the investigation."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from inspection.models import Case
from inspection.services.case_papers import make_paper
from inspection.services.case_steps import keep, limits_of, lock_case, tell, words, write_step
from registration.actors import Actor
from registration.services.parameters import load_calendar
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation

State = Case.State


@transaction.atomic
def ask_time(pk: int, *, reason: str, actor: Actor, now: datetime) -> Case:
    """Ask for 30 more working days, once (article 17). Raises RuleViolation `case.extended`, `case.asked`."""
    case = lock_case(pk, "ask-time", actor=actor)
    said = words(reason)
    if case.extended_on is not None:
        raise RuleViolation("case.extended", _("The time was extended once already; it cannot be again."))
    if case.extension_asked_by_id is not None:
        raise RuleViolation("case.asked", _("More time was asked for already; a second person must approve."))
    case.extension_asked_by_id = actor.id
    keep(case, "extension_asked_by", now=now)
    write_step(case, "ask-time", text=said, actor=actor, now=now)
    return case


@transaction.atomic
def give_time(pk: int, *, actor: Actor, now: datetime) -> Case:
    """A second person approves more time. Raises RuleViolation `case.not_asked`, `case.same_person`."""
    case = lock_case(pk, "give-time", actor=actor, approves=True)
    if case.extension_asked_by_id is None or case.finish_by is None or case.extended_on is not None:
        raise RuleViolation("case.not_asked", _("Nobody asks for more time in this case."))
    if case.extension_asked_by_id == actor.id:
        raise RuleViolation("case.same_person", _("You proposed it; a second person must approve."))
    today = site_date(now)
    limits = limits_of(case.region_id, on=today)
    case.finish_by = load_calendar().add_working(case.finish_by, limits.extension_wd)
    case.extended_on = today
    keep(case, "finish_by", "extended_on", now=now)
    write_step(case, "give-time", facts={"finish_by": str(case.finish_by)}, actor=actor, now=now)
    tell(case, "extended", day=case.finish_by, actor=actor, now=now)
    return case


@transaction.atomic
def suspend_case(pk: int, *, reason: str, actor: Actor, now: datetime) -> Case:
    """Rest while the party fled or cannot be found; the working days left are kept. Who complained is told at once."""
    case = lock_case(pk, "suspend", actor=actor)
    said = words(reason)
    today = site_date(now)
    if case.due_on is not None:  # of the step it rests in: to finish, or to decide
        case.left_wd = max(load_calendar().working_days_between(today, case.due_on), 0)
    case.state, case.suspended_on = State.SUSPENDED, today
    keep(case, "state", "suspended_on", "left_wd", now=now)
    paper = make_paper(
        case,
        "suspend",
        {"reason": "被投诉单位下落不明或者存在其他无法继续调查的情形", "day": str(today)},
        actor=actor,
        now=now,
    )
    write_step(
        case, "suspend", text=said, file=paper.file, facts={"left_wd": case.left_wd}, actor=actor, now=now
    )
    tell(case, "suspended", actor=actor, now=now)
    return case


@transaction.atomic
def resume_case(pk: int, *, actor: Actor, now: datetime) -> Case:
    """Go on where it rested, with the working days that were left."""
    case = lock_case(pk, "resume", actor=actor)
    today = site_date(now)
    if case.investigated_on is None:
        case.state = State.ACTIVE
        case.finish_by = load_calendar().add_working(today, case.left_wd or 0)
    else:
        case.state = State.DECIDING
        case.decide_by = load_calendar().add_working(today, case.left_wd or 0)
    case.suspended_on, case.left_wd = None, None
    keep(case, "state", "finish_by", "decide_by", "suspended_on", "left_wd", now=now)
    write_step(case, "resume", facts={"finish_by": str(case.due_on)}, actor=actor, now=now)
    tell(case, "resumed", day=case.finish_by if case.state == State.ACTIVE else None, actor=actor, now=now)
    return case


@transaction.atomic
def finish_investigation(pk: int, *, findings: str, actor: Actor, now: datetime) -> Case:
    """The investigation is over; what follows is decided within 15 working days."""
    case = lock_case(pk, "finish", actor=actor)
    said = words(findings, least=10)
    case.state, case.investigated_on = State.DECIDING, site_date(now)
    keep(case, "state", "investigated_on", now=now)
    write_step(case, "finish", text=said, facts={"decide_by": str(case.due_on)}, actor=actor, now=now)
    return case
