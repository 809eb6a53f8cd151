"""When an order to pay lapsed: wages from the deposit, and the police where amount and lapsed order are both there."""

from datetime import date, datetime
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from inspection.cases.articles import PAY
from inspection.cases.rules import REFERRAL, Crime, Unpaid, large_amount, referral_obstacle
from inspection.models import Case, CaseStep, CorrectionOrder
from inspection.services.case_orders import state_of
from inspection.services.case_papers import make_paper
from inspection.services.case_steps import keep, lock_case, tell, words, write_step
from payroll.models import DepositEntry, DepositRuling
from payroll.models.deposits import DepositForm
from payroll.services.deposit_rulings import rule_on_deposit
from registration.actors import Actor
from registration.services.parameters import parameter
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation
from wagewatch.lib.money import format_cny

NOTE, DEPOSIT_REASON = 500, 300
"""Characters of the note to the police, and of the reason that the contractor reads."""
LOWEST_ONE = {"months": 3, "fen": 500_000}
LOWEST_MANY = {"people": 10, "fen": 3_000_000}
"""The lowest figures of the interpretation of 2013, article 3, where a region has none on record."""


PAPERS = (DepositEntry.Kind.LODGED, DepositEntry.Kind.TOPPED_UP, DepositEntry.Kind.REPLACED)
FORMS = {
    DepositForm.CASH: "现金",
    DepositForm.GUARANTEE: "银行保函",
    DepositForm.INSURANCE: "保证保险",
}
"""Forms of a deposit as documents write them, whatever language the officer reads."""


class Check(NamedTuple):
    """Whether a case may go to the police: the order it would rest on, the figures, what is missing ('' nothing)."""

    order: CorrectionOrder | None
    state: str | None
    unpaid: Unpaid | None
    crime: Crime
    obstacle: str

    @property
    def enough(self) -> bool:
        """Whether the amount alone is large enough."""
        return self.unpaid is not None and large_amount(self.unpaid, self.crime)


def crime_of(region_code: str, *, on: date) -> Crime:
    """The amounts from which the region calls it a crime."""
    return Crime.of(
        parameter("crime.one", region_code=region_code, on=on, default=LOWEST_ONE),
        parameter("crime.many", region_code=region_code, on=on, default=LOWEST_MANY),
    )


def unpaid_of(order: CorrectionOrder) -> Unpaid:
    """What is still unpaid of an order, as last looked at."""
    return Unpaid(order.rest_fen, order.rest_people, order.rest_most_fen, order.most_months)


def referral_check(case: Case, today: date) -> Check:
    """Look at the orders to pay of a case; the one that comes furthest counts."""
    crime = crime_of(case.region_id, on=today)
    best = Check(None, None, None, crime, "no_order")
    rank = ["no_order", "unserved", "corrected", "running", "amount", ""]
    for order in case.orders.select_related("respondent").order_by("pk"):
        if PAY not in order.grounds:
            continue
        state, unpaid = state_of(order, today), unpaid_of(order)
        obstacle = referral_obstacle(state, unpaid, crime)
        if best.order is None or rank.index(obstacle) >= rank.index(best.obstacle):
            best = Check(order, state, unpaid, crime, obstacle)
    return best


@transaction.atomic
def use_deposit(pk: int, *, amount_fen: int, reason: str, actor: Actor, now: datetime) -> CaseStep:
    """Order the payment of wages from the project's deposit, once an order to pay has lapsed (No. 65 of 2021).

    Raises RuleViolation `case.not_lapsed`, `case.too_much`, and what the ruling itself refuses (`deposit.…`).
    """
    case = lock_case(pk, "deposit", actor=actor)
    check = referral_check(case, site_date(now))
    if check.order is None or check.state != "lapsed" or case.project_id is None:
        raise RuleViolation(
            "case.not_lapsed", _("The deposit is used only when an order to pay wages has lapsed.")
        )
    if amount_fen > check.order.rest_fen:
        raise RuleViolation(
            "case.too_much",
            _("Of the order only %(rest)s is still unpaid."),
            rest=format_cny(check.order.rest_fen),
        )
    ruling = rule_on_deposit(
        case.project_id,
        "use",
        document=check.order.number[:60],
        reason=words(reason, most=DEPOSIT_REASON),
        amount_fen=amount_fen,
        actor=actor,
        now=now,
    )
    paper = make_paper(case, "deposit", deposit_values(case, check.order, ruling), actor=actor, now=now)
    facts = {"order": check.order.number, "amount_fen": ruling.amount_fen, "due_on": str(ruling.due_on)}
    step = write_step(case, "deposit", text=ruling.reason, file=paper.file, facts=facts, actor=actor, now=now)
    tell(case, "deposit", day=ruling.due_on, actor=actor, now=now)
    return step


def deposit_values(case: Case, order: CorrectionOrder, ruling: DepositRuling) -> dict[str, str]:
    """What the notice to the bank or insurer says: whose paper it is, the order that lapsed, the sum and its day."""
    held = DepositEntry.objects.filter(project=case.project_id, kind__in=PAPERS).order_by("-number").first()
    return {
        "issuer": held.issuer if held else "—",
        "form": FORMS[DepositForm(held.form)] if held else "—",
        "paper": held.paper_number if held else "—",
        "respondent": order.respondent.name,
        "order": order.number,
        "served_on": str(order.served_on),
        "deadline_on": str(order.deadline_on),
        "amount": format_cny(ruling.amount_fen),
        "due_on": str(ruling.due_on),
    }


@transaction.atomic
def refer_to_police(pk: int, *, police: str, note: str = "", actor: Actor, now: datetime) -> Case:
    """Hand the case to the police: only with a lapsed order to pay *and* an amount that is large in the region.

    Raises RuleViolation `case.referral` saying what is missing, `case.referred`.
    """
    case = lock_case(pk, "refer", actor=actor)
    if case.referred_on is not None:
        raise RuleViolation("case.referred", _("The police got this case already."))
    today, said = site_date(now), words(note, least=0, most=NOTE)
    check = referral_check(case, today)
    if check.obstacle or check.order is None or check.unpaid is None:
        raise RuleViolation("case.referral", REFERRAL[check.obstacle or "no_order"])
    case.referred_on = today
    keep(case, "referred_on", now=now)
    order, crime = check.order, check.crime
    threshold = f"一人 {crime.months} 个月以上且 {format_cny(crime.one_fen)} 以上，或者 {crime.people} 人以上合计 {format_cny(crime.many_fen)} 以上"
    values = {
        "police": words(police, least=2, most=80),
        "respondent": order.respondent.name,
        "order": order.number,
        "served_on": str(order.served_on),
        "deadline_on": str(order.deadline_on),
        "amount": format_cny(check.unpaid.amount_fen),
        "people": str(check.unpaid.people),
        "most": format_cny(check.unpaid.most_fen),
        "months": str(check.unpaid.most_months),
        "threshold": threshold,
        "note": said,
    }
    paper = make_paper(case, "referral", values, actor=actor, now=now)
    facts = {"order": order.number, "amount_fen": check.unpaid.amount_fen, "people": check.unpaid.people}
    write_step(case, "refer", text=said, file=paper.file, facts=facts, actor=actor, now=now)
    tell(case, "referred", actor=actor, now=now)
    return case
