"""What may happen in a case and when, its deadlines, and when the police may be asked: plain values in and out.

Sources: Regulation on labour inspection (2004), articles 16 to 20; Order 724, article 10; Criminal Law, article
276-1 with the interpretation of 2013 (法释〔2013〕3号), article 3; Administrative Penalty Law, articles 44, 45 and 64.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from wagewatch.lib.dates import Calendar

NEW, ACTIVE, DECIDING, SUSPENDED, CLOSED, REFUSED = (
    "new", "active", "deciding", "suspended", "closed", "refused",
)  # fmt: skip
OPEN = frozenset({NEW, ACTIVE, DECIDING, SUSPENDED})
WORKING = frozenset({ACTIVE, DECIDING})

ALLOWED: dict[str, frozenset[str]] = {
    "note": OPEN,
    "assign": OPEN,
    "site": OPEN,
    "alarm": OPEN,
    "size": OPEN,
    "accept": frozenset({NEW}),
    "refuse": frozenset({NEW}),
    "transfer": frozenset({NEW, ACTIVE}),
    "ask-time": frozenset({ACTIVE}),
    "give-time": frozenset({ACTIVE}),
    "suspend": WORKING,
    "resume": frozenset({SUSPENDED}),
    "mediate": WORKING,
    "order": WORKING,
    "serve": OPEN,
    "check": OPEN | {CLOSED},
    "withdraw": OPEN,
    "propose": WORKING,
    "notify": WORKING,
    "hear": WORKING,
    "decide": WORKING,
    "drop": WORKING,
    "deposit": WORKING,
    "refer": WORKING,
    "finish": frozenset({ACTIVE}),
    "close": WORKING,
    "contact": OPEN,
}
"""Act → the states of a case in which it may be done."""


@dataclass(frozen=True)
class Limits:
    """The deadlines of a place in working days, and how many years back a violation is pursued."""

    accept_wd: int = 5
    finish_wd: int = 60
    extension_wd: int = 30
    decide_wd: int = 15
    correct_wd: int = 5
    hear_wd: int = 5
    years: int = 2
    representatives: int = 5


def accept_by(received_on: date, limits: Limits, calendar: Calendar) -> date:
    """The last day to accept or refuse a complaint."""
    return calendar.add_working(received_on, limits.accept_wd)


def too_old(ended_on: date | None, received_on: date, limits: Limits) -> bool:
    """Whether a violation ended too long ago to be pursued; one that goes on (None) never is (article 20)."""
    return ended_on is not None and ended_on < _years_before(received_on, limits.years)


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)


@dataclass(frozen=True)
class Coming:
    """The coming deadline of a case: the day and what for; none while it rests or is over."""

    on: date | None = None
    what: str = ""


def coming(
    state: str, received_on: date, finish_by: date | None, investigated_on: date | None,
    limits: Limits, calendar: Calendar, decide_by: date | None = None,
) -> Coming:  # fmt: skip
    """What the office must do next, and by when. `decide_by` is set where a rest moved that day."""
    if state == NEW:
        return Coming(accept_by(received_on, limits, calendar), "accept")
    if state == ACTIVE and finish_by is not None:
        return Coming(finish_by, "finish")
    if state == DECIDING and investigated_on is not None:
        return Coming(decide_by or calendar.add_working(investigated_on, limits.decide_wd), "decide")
    return Coming()


def order_state(
    *, served_on: date | None, deadline_on: date | None, corrected_on: date | None,
    withdrawn_on: date | None, today: date,
) -> str:  # fmt: skip
    """unserved, running, lapsed, corrected or withdrawn; it lapses after its last day."""
    if withdrawn_on is not None:
        return "withdrawn"
    if corrected_on is not None:
        return "corrected"
    if served_on is None or deadline_on is None:
        return "unserved"
    return "lapsed" if deadline_on < today else "running"


@dataclass(frozen=True)
class Crime:
    """From when unpaid wages are a large amount: one worker (months and fen), or many together."""

    months: int
    one_fen: int
    people: int
    many_fen: int

    @classmethod
    def of(cls, one: Mapping[str, Any], many: Mapping[str, Any]) -> "Crime":
        """From the two parameters of a region."""
        return cls(int(one["months"]), int(one["fen"]), int(many["people"]), int(many["fen"]))


@dataclass(frozen=True)
class Unpaid:
    """What an order asked for and nobody paid: the sum of all, how many people, and of the one owed most."""

    amount_fen: int
    people: int
    most_fen: int
    most_months: int


def large_amount(unpaid: Unpaid, crime: Crime) -> bool:
    """Whether the amount is large: either the one condition or the other."""
    one = unpaid.most_months >= crime.months and unpaid.most_fen >= crime.one_fen
    many = unpaid.people >= crime.people and unpaid.amount_fen >= crime.many_fen
    return one or many


REFERRAL: dict[str, str | Promise] = {
    "no_order": _("There is no order to pay wages."),
    "unserved": _("The order to pay was not served."),
    "running": _("The time that the order gave is not over."),
    "corrected": _("What the order asked for was done."),
    "amount": _("The amount still unpaid is below the threshold of the region."),
}


def referral_obstacle(state: str | None, unpaid: Unpaid | None, crime: Crime) -> str:
    """Why a case may not go to the police; '' where amount and lapsed order are both there.

    `state` is that of the order to pay, None without one. The amount alone is never enough.
    """
    if state is None or unpaid is None or state == "withdrawn":
        return "no_order"
    if state in {"unserved", "running", "corrected"}:
        return state
    return "" if large_amount(unpaid, crime) else "amount"
