"""Sanctions under articles 54 to 57 of Order 724: proposed by one, the party heard, decided by a second person."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from inspection.cases.articles import GROUNDS
from inspection.models import Case, CorrectionOrder, Sanction
from inspection.services.case_orders import order_of, state_of
from inspection.services.case_papers import make_paper, paper_number
from inspection.services.case_steps import limits_of, lock_case, tell, words, write_step
from inspection.services.served_orders import push_order
from payroll.services.who import user_of
from registration.access import not_found
from registration.actors import Actor
from registration.services.parameters import load_calendar, parameter
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation
from wagewatch.lib.money import format_cny

State = Sanction.State
REASON = 600
"""Characters of facts and reason, as they stand in the decision."""


class Range(NamedTuple):
    """From and to, in fen, both included."""

    least: int
    most: int


@dataclass(frozen=True)
class Proposed:
    """A sanction as its officer proposes it; `person` is who is fined where it is not the firm."""

    order_id: int
    ground: str
    fine_fen: int
    reason: str
    stop_work: bool = False
    person: str = ""


def range_of(ground: str, *, person: bool, region_code: str, on: date) -> Range | None:
    """The range of the fine on a day; None where the article has none for this case."""
    found = GROUNDS.get(ground)
    key = (found.person_key if person else found.key) if found else ""
    if not key:
        return None
    value = parameter(key, region_code=region_code, on=on, default=None)
    if value is None:
        raise RuleViolation(
            "case.no_range", _("The range of fines of this article is not set here. Run the seed command.")
        )
    return Range(int(value["from"]), int(value["to"]))


def _sanction_of(case: Case, sanction_id: int, *states: str) -> Sanction:
    sanction = case.sanctions.select_related("order__respondent").filter(pk=sanction_id).first()
    if sanction is None:
        not_found()
    if sanction.state not in states:
        raise RuleViolation(
            "case.sanction_state",
            _("This sanction is in the state \u201c%(state)s\u201d; look at what happened last."),
            state=sanction.get_state_display(),
        )
    return sanction


def lapsed_orders(case: Case, today: date) -> list[CorrectionOrder]:
    """The orders of a case on which a sanction may rest."""
    return [order for order in case.orders.select_related("respondent") if state_of(order, today) == "lapsed"]


def penalty_words(sanction: Sanction) -> str:
    """The penalty as documents write it."""
    whom = f"对{sanction.person}" if sanction.on_person else ""
    stop = "责令项目停工，并" if sanction.stop_work else ""
    return f"{stop}{whom}处罚款 {format_cny(sanction.fine_fen)}。"


@transaction.atomic
def propose_sanction(pk: int, proposed: Proposed, *, actor: Actor, now: datetime) -> Sanction:
    """Propose a fine for what an order asked and nobody did, within the range of its article.

    Raises RuleViolation `case.not_lapsed`, `case.fined`, `case.no_person`, Malformed `case.ground`, `case.fine`, `case.words`.
    """
    case = lock_case(pk, "propose", actor=actor)
    order, today = order_of(case, proposed.order_id), site_date(now)
    if state_of(order, today) != "lapsed":
        raise RuleViolation(
            "case.not_lapsed",
            _("A fine follows only when the time of the order is over and nothing was done."),
        )
    ground, person = GROUNDS.get(proposed.ground), proposed.person.strip()[:60]
    if ground is None or proposed.ground not in order.grounds or not ground.key:
        raise Malformed(
            "case.ground", _("Choose one of the order's grounds for which an article names a fine.")
        )
    span = range_of(proposed.ground, person=bool(person), region_code=case.region_id, on=today)
    if span is None:
        raise RuleViolation("case.no_person", _("This article fines the firm only."))
    if not span.least <= proposed.fine_fen <= span.most:
        raise Malformed(
            "case.fine",
            _("The article allows %(least)s to %(most)s."),
            least=format_cny(span.least),
            most=format_cny(span.most),
        )
    if (
        not person
        and order.sanctions.filter(ground=proposed.ground, on_person=False)
        .exclude(state=State.DROPPED)
        .exists()
    ):
        raise RuleViolation(
            "case.fined", _("For this there is a sanction already; nobody is fined twice for one thing.")
        )
    sanction = Sanction.objects.create(
        case=case,
        order=order,
        ground=proposed.ground,
        on_person=bool(person),
        person=person,
        fine_fen=proposed.fine_fen,
        stop_work=proposed.stop_work and ground.stop_work,
        reason=words(proposed.reason, least=10, most=REASON),
        proposed_by_id=user_of(actor),
        proposed_on=today,
    )
    facts = {
        "sanction": sanction.pk,
        "ground": sanction.ground,
        "fine_fen": sanction.fine_fen,
        "order": order.number,
    }
    write_step(case, "propose", text=sanction.reason, facts=facts, actor=actor, now=now)
    return sanction


@transaction.atomic
def notify_party(pk: int, sanction_id: int, *, actor: Actor, now: datetime) -> Sanction:
    """Tell the party what is intended and why, and until when it may answer."""
    case = lock_case(pk, "notify", actor=actor)
    sanction = _sanction_of(case, sanction_id, State.PROPOSED)
    today = site_date(now)
    sanction.state, sanction.notified_on = State.NOTIFIED, today
    sanction.heard_by = load_calendar().add_working(today, limits_of(case.region_id, on=today).hear_wd)
    sanction.save(update_fields=["state", "notified_on", "heard_by"])
    values = _values(sanction) | {"heard_by": str(sanction.heard_by)}
    paper = make_paper(case, "notice", values, actor=actor, now=now)
    facts = {"sanction": sanction.pk, "heard_by": str(sanction.heard_by)}
    write_step(case, "notify", file=paper.file, facts=facts, actor=actor, now=now)
    push_order(case, sanction.order, now=now)
    return sanction


@transaction.atomic
def hear_party(pk: int, sanction_id: int, *, text: str, actor: Actor, now: datetime) -> Sanction:
    """Write down what the party says, or that it says nothing."""
    case = lock_case(pk, "hear", actor=actor)
    sanction = _sanction_of(case, sanction_id, State.NOTIFIED)
    said = words(text)
    sanction.heard_on = site_date(now)
    sanction.save(update_fields=["heard_on"])
    write_step(case, "hear", text=said, facts={"sanction": sanction.pk}, actor=actor, now=now)
    return sanction


@transaction.atomic
def decide_sanction(pk: int, sanction_id: int, *, actor: Actor, now: datetime) -> Sanction:
    """A second person decides, once the party was heard or its days are over.

    Raises RuleViolation `case.same_person`, `case.not_heard`, `case.corrected`.
    """
    case = lock_case(pk, "decide", actor=actor, approves=True)
    sanction = _sanction_of(case, sanction_id, State.NOTIFIED)
    if sanction.proposed_by_id == actor.id:
        raise RuleViolation("case.same_person", _("You proposed it; a second person must approve."))
    today = site_date(now)
    if sanction.heard_on is None and sanction.heard_by is not None and today <= sanction.heard_by:
        raise RuleViolation(
            "case.not_heard",
            _("The party may answer until %(day)s. Hear it, or wait."),
            day=str(sanction.heard_by),
        )
    if state_of(sanction.order, today) != "lapsed":
        raise RuleViolation("case.corrected", _("What this order asked for was done already."))
    sanction.state, sanction.decided_by_id, sanction.decided_on = State.DECIDED, actor.id, today
    sanction.number = paper_number(case, "decision", now)
    sanction.save(update_fields=["state", "decided_by", "decided_on", "number"])
    values = _values(sanction) | {
        "reason": sanction.reason,
        "notified_on": str(sanction.notified_on),
        "heard": "已听取并记录在案。" if sanction.heard_on else "当事人在期限内未提出陈述、申辩。",
    }
    paper = make_paper(case, "decision", values, number=sanction.number, actor=actor, now=now)
    facts = {"sanction": sanction.pk, "number": sanction.number, "fine_fen": sanction.fine_fen}
    write_step(case, "decide", file=paper.file, facts=facts, actor=actor, now=now)
    push_order(case, sanction.order, now=now)
    tell(case, "sanctioned", actor=actor, now=now)
    return sanction


@transaction.atomic
def drop_sanction(pk: int, sanction_id: int, *, reason: str, actor: Actor, now: datetime) -> Sanction:
    """Give a sanction up before it is decided, with the reason."""
    case = lock_case(pk, "drop", actor=actor)
    sanction = _sanction_of(case, sanction_id, State.PROPOSED, State.NOTIFIED)
    said = words(reason)
    sanction.state = State.DROPPED
    sanction.save(update_fields=["state"])
    write_step(case, "drop", text=said, facts={"sanction": sanction.pk}, actor=actor, now=now)
    push_order(case, sanction.order, now=now)
    return sanction


def _values(sanction: Sanction) -> dict[str, str]:
    ground = GROUNDS[sanction.ground]
    return {
        "respondent": sanction.order.respondent.name,
        "text": ground.text,
        "article": ground.article,
        "order": sanction.order.number,
        "deadline_on": str(sanction.order.deadline_on),
        "penalty": penalty_words(sanction),
    }
