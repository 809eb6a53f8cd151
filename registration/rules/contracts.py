"""What the law asks of a labour contract or a labour-use agreement: kind, term, wage, and its states.

Plain values in, findings out. `deny` stops the contract, `warn` is shown and may be passed over.
"""

import calendar
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from django.utils.translation import gettext_lazy as _

from wagewatch.lib.errors import RuleViolation

LABOUR, AGREEMENT = "labour", "agreement"
FIXED, TASK = "0", "1"
AGENCY = "agency"
DAY_HOURS = Decimal(8)
"""A normal working day (Labour Law, article 36)."""
LONGEST_MONTHS = 120

DRAFT, OFFERED, SIGNED, IN_FORCE = "draft", "offered", "signed", "in_force"
REFUSED, WITHDRAWN, RENEWED, TERMINATED, ENDED = "refused", "withdrawn", "renewed", "terminated", "ended"
UNDER_WAY = (DRAFT, OFFERED, SIGNED)
TRANSITIONS: dict[str, frozenset[str]] = {
    DRAFT: frozenset([OFFERED, WITHDRAWN]),
    OFFERED: frozenset([SIGNED, REFUSED, WITHDRAWN]),
    SIGNED: frozenset([IN_FORCE, WITHDRAWN]),
    IN_FORCE: frozenset([ENDED, TERMINATED, RENEWED]),
    REFUSED: frozenset(),
    WITHDRAWN: frozenset(),
    RENEWED: frozenset(),
    TERMINATED: frozenset(),
    ENDED: frozenset(),
}
"""A paper contract begins in force: both sides have signed it."""

_SAYS: dict[str, Any] = {
    OFFERED: _("This contract was sent to the worker already."),
    SIGNED: _("The worker has signed this contract already."),
    IN_FORCE: _("Both sides have signed this contract already. There is nothing more to do."),
    REFUSED: _("The worker has refused this contract. Draft a new one when you agree."),
    WITHDRAWN: _("This contract was withdrawn. Ask for a new one."),
    RENEWED: _("This contract was renewed; the new one counts."),
    TERMINATED: _("This contract was terminated already."),
    ENDED: _("This contract has ended already."),
    DRAFT: _("This contract was not sent to the worker yet."),
}


def check_transition(state: str, to: str) -> None:
    """Raise RuleViolation `contract.is_<state>` when a contract in `state` cannot become `to`."""
    if to not in TRANSITIONS[state]:
        raise RuleViolation(f"contract.is_{state}", _SAYS[state])


def add_months(day: date, months: int) -> date:
    """The same day some months later, or the last day of a shorter month."""
    number = day.year * 12 + day.month - 1 + months
    year, month = divmod(number, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def retirement_day(birth: date, sex: int, is_manager: bool, scheme: Mapping[str, Any]) -> date:
    """The day on which a person reaches the statutory retirement age.

    `scheme` is the parameter `people.retirement_age`: for male, female and female_manager `months` of age
    and, since the reform of 2025, `step` (months of birth that add one month), `most` (added months at the
    most) and `since` (the first month in which the former age no longer suffices).
    """
    key = "male" if sex == 1 else "female_manager" if is_manager else "female"
    row = scheme.get(key) or scheme["female"]
    months = int(row["months"])
    former = add_months(birth, months)
    if not row.get("step"):
        return former
    since = date.fromisoformat(str(row["since"]))
    late = (former.year - since.year) * 12 + former.month - since.month
    added = 0 if late < 0 else min(late // int(row["step"]) + 1, int(row["most"]))
    return add_months(birth, months + added)


@dataclass(frozen=True)
class Terms:
    """One contract as it would be made; `role` is the employer's on the project, `rate_fen` per basis."""

    kind: str
    period: str
    starts_on: date
    ends_on: date | None
    joined_on: date
    role: str
    pay_basis: str
    rate_fen: int
    sex: int
    birth_date: date
    is_manager: bool = False


@dataclass(frozen=True)
class Limits:
    """Regional values on the day the contract begins; wages in fen, None where the region sets none."""

    retirement: Mapping[str, Any]
    month_wage_fen: int | None
    hour_wage_fen: int | None
    month_days: Decimal
    youngest_age: int
    agency_months: int
    conclude_months: int


class Finding(NamedTuple):
    """What is wrong or doubtful; `facts` fill the text."""

    level: Literal["deny", "warn"]
    code: str
    text: Any
    facts: dict[str, Any]

    @property
    def message(self) -> str:
        """In the language active now."""
        return str(self.text) % self.facts if self.facts else str(self.text)


def kind_for(terms: Terms, limits: Limits) -> str:
    """A labour contract, or an agreement for who has reached retirement age when the work begins."""
    due = retirement_day(terms.birth_date, terms.sex, terms.is_manager, limits.retirement)
    return AGREEMENT if due <= terms.starts_on else LABOUR


def lowest_rate_fen(pay_basis: str, limits: Limits) -> int | None:
    """Fen per hour, day or month below which full-time work stays under the minimum wage; None: no floor."""
    if limits.month_wage_fen is None:
        return None
    month = Decimal(limits.month_wage_fen)
    floor = {
        "month": month,
        "day": month / limits.month_days,
        "hour": month / limits.month_days / DAY_HOURS,
    }.get(pay_basis)
    return None if floor is None else math.ceil(floor)


def check_terms(terms: Terms, limits: Limits, *, today: date) -> list[Finding]:
    """Everything that is to be said about a contract, what stops it first."""
    found = [
        *_person(terms, limits),
        *_term(terms, limits),
        *_wage(terms, limits),
        *_timing(terms, limits, today),
    ]
    return sorted(found, key=lambda finding: finding.level)


def first_denial(findings: list[Finding]) -> RuleViolation | None:
    """The first finding that stops the contract, as a refusal."""
    for level, code, text, facts in findings:
        if level == "deny":
            return RuleViolation(code, text, **facts)
    return None


def _deny(code: str, text: Any, **facts: Any) -> Finding:
    return Finding("deny", f"contract.{code}", text, facts)


def _warn(code: str, text: Any, **facts: Any) -> Finding:
    return Finding("warn", f"contract.{code}", text, facts)


def _person(terms: Terms, limits: Limits) -> list[Finding]:
    found = []
    if add_months(terms.birth_date, limits.youngest_age * 12) > terms.starts_on:
        text = _("Nobody under %(age)s may be employed (Labour Law, article 15).")
        found.append(_deny("too_young", text, age=limits.youngest_age))
    right = kind_for(terms, limits)
    if terms.kind == LABOUR and right == AGREEMENT:
        text = _("Past retirement age no labour relation can arise. Make a labour-use agreement.")
        found.append(_deny("needs_agreement", text))
    if terms.kind == AGREEMENT and right == LABOUR:
        text = _("This person has not reached retirement age. Make a labour contract.")
        found.append(_deny("needs_labour", text))
    return found


def _term(terms: Terms, limits: Limits) -> list[Finding]:
    agency = terms.role == AGENCY and terms.kind == LABOUR
    if agency and terms.period != FIXED:
        text = _("A labour agency's contract has a fixed term of at least %(months)s months.")
        return [_deny("agency_fixed", text, months=limits.agency_months)]
    if terms.period == TASK:
        if terms.ends_on is not None:
            return [_deny("task_has_end", _("Until the work is done: then leave the last day empty."))]
        return []
    if terms.ends_on is None:
        return [_deny("no_end", _("A fixed term needs its last day."))]
    if terms.ends_on < terms.starts_on:
        return [_deny("ends_before_start", _("The last day cannot be before the first."))]
    if terms.ends_on > add_months(terms.starts_on, LONGEST_MONTHS):
        return [_deny("far_ahead", _("The last day is more than ten years away. Check the year."))]
    needed = add_months(terms.starts_on, limits.agency_months) - timedelta(days=1)
    if agency and terms.ends_on < needed:
        text = _("A labour agency engages for at least %(months)s months, until %(day)s or later.")
        return [_deny("agency_short", text, months=limits.agency_months, day=needed.isoformat())]
    return []


def _wage(terms: Terms, limits: Limits) -> list[Finding]:
    floor = lowest_rate_fen(terms.pay_basis, limits)
    if floor is not None and terms.rate_fen < floor:
        text = _("The rate is below the minimum wage: at least %(yuan)s yuan.")
        return [_deny("below_minimum", text, yuan=f"{floor / 100:.2f}")]
    hour = limits.hour_wage_fen
    if terms.pay_basis == "hour" and hour is not None and terms.rate_fen < hour:
        text = _("For part-time work the hour must be paid at least %(yuan)s yuan.")
        return [_warn("below_hour_minimum", text, yuan=f"{hour / 100:.2f}")]
    return []


def _timing(terms: Terms, limits: Limits, today: date) -> list[Finding]:
    found = []
    if terms.starts_on > terms.joined_on:
        text = _("The work began on %(day)s: the days before the contract are not covered.")
        found.append(_warn("gap", text, day=terms.joined_on.isoformat()))
    latest = add_months(terms.joined_on, limits.conclude_months)
    if terms.kind == LABOUR and today > latest:
        text = _(
            "The contract should have been concluded by %(day)s. From the second month on the law gives"
            " the worker double pay for the time without one (Labour Contract Law, articles 10 and 82)."
        )
        found.append(_warn("late", text, day=latest.isoformat()))
    return found
