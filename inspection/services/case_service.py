"""What becomes of an order to correct: served, looked at when its time is over, withdrawn."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from inspection.models import CorrectionOrder
from inspection.services.case_orders import order_of, state_of
from inspection.services.case_papers import make_paper
from inspection.services.case_steps import lock_case, tell, words, write_step
from inspection.services.served_orders import push_order
from registration.actors import Actor
from registration.models import StoredFile
from registration.services.files import store_file
from registration.services.parameters import load_calendar
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation

Service = CorrectionOrder.Service
_HOW = {
    Service.IN_PERSON: "直接送达",
    Service.LEFT: "留置送达",
    Service.POST: "邮寄送达",
    Service.ELECTRONIC: "电子送达",
    Service.POSTED: "张贴送达（拍照、录像）",
}


@transaction.atomic
def serve_order(
    pk: int, order_id: int, *, how: str, served_on: date, to: str, name: str = "", data: bytes = b"",
    actor: Actor, now: datetime,
) -> CorrectionOrder:  # fmt: skip
    """Record how an order was served; its time runs from then. Posting it up with photos counts as service when the
    firm fled (法释〔2013〕3号, article 4) and needs a photo.

    Raises RuleViolation `case.served`, `case.withdrawn`, Malformed `case.how`, `case.served_on`, `case.photo`, `case.words`.
    """
    case = lock_case(pk, "serve", actor=actor)
    order = order_of(case, order_id)
    if order.withdrawn_on is not None:
        raise RuleViolation("case.withdrawn", _("This order was withdrawn."))
    if order.served_on is not None:
        raise RuleViolation(
            "case.served", _("This order was served on %(day)s already."), day=str(order.served_on)
        )
    if how not in Service.values:
        raise Malformed("case.how", _("Choose how it was served."))
    if not order.issued_on <= served_on <= site_date(now):
        raise Malformed("case.served_on", _("It was served between the day it was issued and today."))
    if how == Service.POSTED and not data:
        raise Malformed("case.photo", _("Add the photo of the order posted up."))
    person = words(to, least=2)
    order.served_on, order.served_how = served_on, how
    order.deadline_on = load_calendar().add_working(served_on, order.days)
    order.save(update_fields=["served_on", "served_how", "deadline_on"])
    if data:
        proof = store_file(name, data, kind=StoredFile.Kind.OTHER, actor=actor, now=now)
        write_step(case, "papers", text=_HOW[Service(how)], file=proof, actor=actor, now=now)
    values = {
        "respondent": order.respondent.name,
        "order": order.number,
        "how": _HOW[Service(how)],
        "day": str(served_on),
        "to": person,
        "deadline_on": str(order.deadline_on),
    }
    paper = make_paper(case, "service", values, actor=actor, now=now)
    facts = {
        "order": order.number,
        "how": how,
        "served_on": str(served_on),
        "deadline_on": str(order.deadline_on),
    }
    write_step(case, "serve", text=person, file=paper.file, facts=facts, actor=actor, now=now)
    push_order(case, order, now=now)
    tell(case, "ordered", day=order.deadline_on, actor=actor, now=now)
    return order


@transaction.atomic
def check_order(
    pk: int, order_id: int, *, corrected: bool, text: str, rest_fen: int = 0, rest_people: int = 0,
    rest_most_fen: int = 0, name: str = "", data: bytes = b"", actor: Actor, now: datetime,
) -> CorrectionOrder:  # fmt: skip
    """Record what became of an order: put right, or what is still unpaid. Paying late also puts it right, and
    counts before the police begin (法释〔2013〕3号, article 6).

    Raises RuleViolation `case.unserved`, `case.corrected`, `case.withdrawn`, Malformed `case.rest`, `case.words`.
    """
    case = lock_case(pk, "check", actor=actor)
    order = order_of(case, order_id)
    if order.withdrawn_on is not None:
        raise RuleViolation("case.withdrawn", _("This order was withdrawn."))
    if order.corrected_on is not None:
        raise RuleViolation("case.corrected", _("What this order asked for was done already."))
    if order.served_on is None:
        raise RuleViolation("case.unserved", _("Serve the order first: before that nobody has to follow it."))
    said, today = words(text), site_date(now)
    file = store_file(name, data, kind=StoredFile.Kind.OTHER, actor=actor, now=now) if data else None
    if corrected:
        order.corrected_on = today
        order.rest_fen = order.rest_people = order.rest_most_fen = 0
    elif order.amount_fen:
        if not (0 < rest_most_fen <= rest_fen <= order.amount_fen and 1 <= rest_people <= order.people):
            raise Malformed(
                "case.rest",
                _("Write what is still unpaid: not more than the order asked for, and not nothing."),
            )
        order.rest_fen, order.rest_people, order.rest_most_fen = rest_fen, rest_people, rest_most_fen
    order.save(update_fields=["corrected_on", "rest_fen", "rest_people", "rest_most_fen"])
    facts = {
        "order": order.number,
        "corrected": corrected,
        "rest_fen": order.rest_fen,
        "rest_people": order.rest_people,
    }
    write_step(case, "check", text=said, file=file, facts=facts, actor=actor, now=now)
    push_order(case, order, now=now)
    if corrected and case.is_open:
        tell(case, "corrected", actor=actor, now=now)
    elif case.is_open and state_of(order, today) == "lapsed":
        tell(case, "lapsed", actor=actor, now=now)
    return order


@transaction.atomic
def withdraw_order(pk: int, order_id: int, *, reason: str, actor: Actor, now: datetime) -> CorrectionOrder:
    """Take an order back. Raises RuleViolation `case.corrected`, `case.withdrawn`, `case.sanctioned`."""
    case = lock_case(pk, "withdraw", actor=actor)
    order = order_of(case, order_id)
    said = words(reason)
    if order.withdrawn_on is not None:
        raise RuleViolation("case.withdrawn", _("This order was withdrawn."))
    if order.corrected_on is not None:
        raise RuleViolation("case.corrected", _("What this order asked for was done already."))
    if order.sanctions.exclude(state="dropped").exists():
        raise RuleViolation("case.sanctioned", _("A sanction rests on this order: drop it first."))
    order.withdrawn_on = site_date(now)
    order.save(update_fields=["withdrawn_on"])
    write_step(case, "withdraw", text=said, facts={"order": order.number}, actor=actor, now=now)
    push_order(case, order, now=now)
    return order
