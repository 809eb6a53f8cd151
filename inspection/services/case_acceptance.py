"""What an office does first: accept, refuse, hand over to the competent office, give to an officer."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from inspection.cases import rules
from inspection.models import Case
from inspection.services.case_papers import make_paper
from inspection.services.case_steps import keep, limits_of, lock_case, tell, words, write_step
from registration.actors import Actor
from registration.services.parameters import load_calendar
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation

State = Case.State


@transaction.atomic
def accept_case(pk: int, *, ended_on: date | None, actor: Actor, now: datetime) -> Case:
    """Accept: the case is filed the same day and must be finished within 60 working days (articles 17, 18). One that nobody
    has, such as one handed over, is from now on with who accepts it.

    `ended_on` is the last day of the violation, None while it goes on. Raises RuleViolation `case.too_old`.
    """
    case = lock_case(pk, "accept", actor=actor)
    today = site_date(now)
    limits = limits_of(case.region_id, on=today)
    if ended_on is not None and ended_on > today:
        raise Malformed(
            "case.ended_on", _("A day in the future cannot be the last one. Leave it empty if it goes on.")
        )
    if rules.too_old(ended_on, case.received_on, limits):
        raise RuleViolation(
            "case.too_old",
            _(
                "It ended more than %(years)s years before the complaint and is no longer pursued. Refuse it with this reason."
            ),
            years=limits.years,
        )
    case.state, case.accepted_on, case.ended_on = State.ACTIVE, today, ended_on
    case.finish_by = load_calendar().add_working(today, limits.finish_wd)
    case.officer_id = case.officer_id or actor.id
    keep(case, "state", "accepted_on", "ended_on", "finish_by", "officer", now=now)
    paper = make_paper(
        case, "accept", {"accepted_on": str(today), "finish_by": str(case.finish_by)}, actor=actor, now=now
    )
    write_step(
        case, "accept", file=paper.file, facts={"finish_by": str(case.finish_by)}, actor=actor, now=now
    )
    tell(case, "accepted", day=case.finish_by, office=case.office.name, actor=actor, now=now)
    return case


@transaction.atomic
def refuse_case(pk: int, *, reason: str, actor: Actor, now: datetime) -> Case:
    """Do not accept, with a reason that who complained reads. Raises Malformed `case.words`."""
    case = lock_case(pk, "refuse", actor=actor)
    said = words(reason, least=10)
    case.state, case.closed_on = State.REFUSED, site_date(now)
    keep(case, "state", "closed_on", now=now)
    paper = make_paper(case, "refuse", {"reason": said}, actor=actor, now=now)
    write_step(case, "refuse", text=said, file=paper.file, actor=actor, now=now)
    tell(case, "refused", answer=said, done=True, office=case.office.name, actor=actor, now=now)
    return case
