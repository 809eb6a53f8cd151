"""Orders to correct (限期改正指令书): issued, served, looked at when their time is over, withdrawn.

Order 724, articles 54 to 57: nothing is fined before an order has lapsed.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from inspection.cases import rules
from inspection.cases.articles import GROUNDS, PAY
from inspection.models import Case, CorrectionOrder
from inspection.services.case_mediations import respondent
from inspection.services.case_papers import make_paper, paper_number
from inspection.services.case_steps import lock_case, words, write_step
from registration.access import not_found
from registration.actors import Actor
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed
from wagewatch.lib.money import LARGEST_FEN, format_cny

LONGEST_DAYS = 60
DEMAND = 600
"""Characters of what is demanded."""


@dataclass(frozen=True)
class Asked:
    """What an order asks for. Amounts in fen; those of wages stand only where ground 30 is among the grounds."""

    respondent_id: int
    grounds: tuple[str, ...]
    demand: str
    days: int
    amount_fen: int = 0
    people: int = 0
    most_fen: int = 0
    most_months: int = 0


def state_of(order: CorrectionOrder, today: date) -> str:
    """unserved, running, lapsed, corrected or withdrawn."""
    return rules.order_state(
        served_on=order.served_on,
        deadline_on=order.deadline_on,
        corrected_on=order.corrected_on,
        withdrawn_on=order.withdrawn_on,
        today=today,
    )


def order_of(case: Case, order_id: int) -> CorrectionOrder:
    """An order of the case, or NotFound; the case's lock covers it."""
    order = case.orders.select_related("respondent").filter(pk=order_id).first()
    if order is None:
        not_found()
    return order


def _checked(asked: Asked) -> None:
    if not asked.grounds or not set(asked.grounds) <= set(GROUNDS):
        raise Malformed("case.grounds", _("Choose what was broken."))
    if not 1 <= asked.days <= LONGEST_DAYS:
        raise Malformed(
            "case.days", _("Write how many working days the firm has, 1 to %(most)s."), most=LONGEST_DAYS
        )
    if PAY not in asked.grounds:
        return
    if not (0 < asked.most_fen <= asked.amount_fen <= LARGEST_FEN and asked.people >= 1):
        raise Malformed(
            "case.amount",
            _(
                "Write the unpaid wages, how many people, and what the one owed most is owed: not more than all."
            ),
        )
    if not 1 <= asked.most_months <= 120:
        raise Malformed("case.months", _("Write for how many months the one owed longest was not paid."))


@transaction.atomic
def issue_order(pk: int, asked: Asked, *, actor: Actor, now: datetime) -> CorrectionOrder:
    """Order a firm of the project to put something right. The days count from service.

    Raises Malformed `case.grounds`, `case.days`, `case.amount`, `case.months`, `case.words`, `case.respondent`,
    RuleViolation `case.no_site`.
    """
    case = lock_case(pk, "order", actor=actor)
    firm = respondent(case, asked.respondent_id)
    demand = words(asked.demand, most=DEMAND)
    _checked(asked)
    pays = PAY in asked.grounds
    number = paper_number(case, "order", now)
    order = CorrectionOrder.objects.create(
        case=case,
        number=number,
        respondent=firm,
        grounds=list(asked.grounds),
        demand=demand,
        days=asked.days,
        amount_fen=asked.amount_fen if pays else 0,
        people=asked.people if pays else 0,
        most_fen=asked.most_fen if pays else 0,
        most_months=asked.most_months if pays else 0,
        rest_fen=asked.amount_fen if pays else 0,
        rest_people=asked.people if pays else 0,
        rest_most_fen=asked.most_fen if pays else 0,
        issued_on=site_date(now),
    )
    grounds = [GROUNDS[code] for code in asked.grounds]
    money = f"支付 {asked.people} 名农民工工资共计 {format_cny(asked.amount_fen)}。" if pays else ""
    values = {
        "respondent": firm.name,
        "grounds": "；".join(f"{n}. {g.text}" for n, g in enumerate(grounds, 1)) + "。",
        "articles": "、".join(dict.fromkeys(g.article for g in grounds)),
        "days": str(asked.days),
        "demand": demand,
        "money": money,
    }
    paper = make_paper(case, "order", values, number=number, actor=actor, now=now)
    write_step(
        case, "order", text=demand, file=paper.file,
        facts={"order": number, "firm": firm.name, "grounds": list(asked.grounds), "amount_fen": order.amount_fen,
               "people": order.people, "days": asked.days},
        actor=actor, now=now,
    )  # fmt: skip
    return order
