"""Pay arithmetic and the order of states, as pure functions: no queries, no clock."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from django.utils.translation import gettext_lazy as _

from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation
from wagewatch.lib.money import format_cny, multiply

MONTH_DAYS = Decimal("21.75")
"""Paid days of an average month (Ministry of Labour 2008 No. 3); parameter `pay.month_days`."""
HUNDREDTH = Decimal("0.01")
LONGEST_MONTH_DAYS = Decimal(31)
LONGEST_MONTH_HOURS = Decimal(744)


def hours_of(minutes: int) -> Decimal:
    """Minutes on site as hours with two decimals, half up."""
    return (Decimal(minutes) / 60).quantize(HUNDREDTH, rounding=ROUND_HALF_UP)


def gross_of(basis: str, rate_fen: int, quantity: Decimal, month_days: Decimal = MONTH_DAYS) -> int:
    """Gross pay in fen for days (or hours) worked, rounded once, half up.

    A month wage is divided by `month_days` per day and never exceeds the wage itself; piece work has no
    rate per day, so its amount is entered by hand and starts at 0. (Order 724, article 13; Labour Law, article 41 and the 21.75 days of a month.)
    """
    if basis == "piece":
        return 0
    if basis == "month":
        exact = Fraction(rate_fen) * Fraction(quantity) / Fraction(month_days)
        return min(rate_fen, int(exact + Fraction(1, 2)))
    return multiply(rate_fen, quantity)


def check_quantity(basis: str, quantity: Decimal) -> Decimal:
    """Days or hours as a slip can hold them. Raises RuleViolation `slip.days`."""
    largest = LONGEST_MONTH_HOURS if basis == "hour" else LONGEST_MONTH_DAYS
    if not quantity.is_finite() or not 0 <= quantity <= largest or quantity != quantity.quantize(HUNDREDTH):
        raise RuleViolation(
            "slip.days",
            _("Write the days of this month as a number from 0 to %(largest)s, for example 21.5."),
            largest=str(largest),
        )
    return quantity.quantize(HUNDREDTH)


def check_deduction(gross_fen: int, deduction_fen: int, note: str) -> None:
    """A deduction needs a reason and cannot be more than the gross pay.

    Raises RuleViolation `slip.deduction_negative`, `_too_large` or `_reason`. (1994 payment rules, art. 15.)
    """
    if deduction_fen < 0:
        raise RuleViolation("slip.deduction_negative", _("Write the deduction without a minus sign."))
    if deduction_fen > gross_fen:
        raise RuleViolation(
            "slip.deduction_too_large",
            _("A deduction of %(deduction)s is more than the gross pay of %(gross)s. Correct one of them."),
            deduction=format_cny(deduction_fen),
            gross=format_cny(gross_fen),
        )
    if deduction_fen and not note.strip():
        raise RuleViolation(
            "slip.deduction_reason", _("Write what the deduction is for: the worker will read it.")
        )


def silence_ends_on(sent_at: datetime, silence_days: int) -> date:
    """The first day on which an unanswered slip may be approved, as *not confirmed*."""
    return site_date(sent_at) + timedelta(days=silence_days)


def last_day_to_answer(sent_at: datetime, silence_days: int) -> date:
    """The last day before an unanswered slip may be approved; what the worker is told as the deadline."""
    return silence_ends_on(sent_at, silence_days) - timedelta(days=1)


@dataclass(frozen=True)
class SheetCounts:
    """How many slips with money to pay stand where."""

    payable: int
    approved: int
    instructed: int
    paid: int
    returned: int


def sheet_state(counts: SheetCounts) -> str:
    """The state of a submitted sheet from its slips; the words of PaySheet.State."""
    if counts.payable and counts.paid == counts.payable:
        return "settled"
    if counts.paid:
        return "part_paid"
    if counts.instructed or counts.returned:
        return "instructed"
    if counts.approved:
        return "approved"
    return "confirming"


LINE_MOVES: dict[str, frozenset[str]] = {
    "sent": frozenset({"received", "paid", "returned"}),
    "received": frozenset({"paid", "returned"}),
    "paid": frozenset({"returned"}),
    "returned": frozenset(),
}
"""From which state a line of an order may move to which; the bank's messages come in any order."""


def line_may_move(state: str, to: str, *, by_booking: bool, came_back: bool) -> bool:
    """Whether a bank's word moves a line.

    Money booked as paid comes back only by a booking. A line that the bank refused in its report but booked
    all the same was paid (the statement is the stronger word), unless the money had come back (`came_back`).
    """
    if state == "paid" and to == "returned":
        return by_booking
    if state == "returned" and to == "paid":
        return by_booking and not came_back
    return to in LINE_MOVES[state]
