"""The labour-cost allocation of a project, as pure functions: what is due when, what came, what is missing.

Order 724 art. 24 and 29, measures of 2021 (No. 53): the construction contract fixes the labour cost as an
amount or a ratio, the day, and an interval of at most one month. Nothing here asks the database or the clock.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from wagewatch.lib.dates import first_of_month, next_month, previous_month
from wagewatch.lib.money import share

AMOUNT, PROGRESS, CONTRACT = "amount", "progress", "contract"
LONGEST_MONTHS = 240


@dataclass(frozen=True)
class Plan:
    """One version of what the contract says.

    `amount_fen` a month for AMOUNT; `percent` of each month's progress payment for PROGRESS, or of the contract
    sum, spread over `starts_on` to `ends_on`, for CONTRACT. Both are days 1 of a month.
    """

    number: int
    basis: str
    day: int
    starts_on: date
    ends_on: date | None = None
    amount_fen: int = 0
    percent: Decimal = Decimal(0)
    contract_sum_fen: int = 0


@dataclass(frozen=True)
class Receipt:
    """Money from the owner, as the bank booked it: the account's entry number, day and fen."""

    number: int
    on: date
    amount_fen: int


@dataclass(frozen=True)
class Period:
    """One month's allocation. `due_fen` is None while the month's progress has not been measured."""

    month: date
    due_on: date
    due_fen: int | None
    plan: int
    progress_fen: int | None = None


@dataclass(frozen=True)
class Part:
    """What of a receipt counts for a period; `by_hand` when a person said so."""

    number: int
    on: date
    amount_fen: int
    by_hand: bool


@dataclass(frozen=True)
class Standing:
    """A period with the money that counts for it."""

    period: Period
    parts: tuple[Part, ...] = ()
    today: date = date.min

    @property
    def received_fen(self) -> int:
        return sum(part.amount_fen for part in self.parts)

    @property
    def short_fen(self) -> int:
        """What is missing of it, due or not."""
        return max(0, (self.period.due_fen or 0) - self.received_fen)

    @property
    def is_due(self) -> bool:
        return self.period.due_on <= self.today

    @property
    def is_unmeasured(self) -> bool:
        """Its day has passed and nobody has entered the progress payment it is a ratio of."""
        return self.period.due_fen is None and self.is_due

    @property
    def filled_on(self) -> date | None:
        """The day on which the last missing fen came; None while something is missing."""
        if self.period.due_fen is None or self.short_fen or not self.parts:
            return None
        return max(part.on for part in self.parts)

    @property
    def days_late(self) -> int:
        """Days after the agreed one: until it was filled, or until today."""
        if self.period.due_fen == 0:
            return 0
        end = self.filled_on or self.today
        return max(0, (end - self.period.due_on).days)


@dataclass(frozen=True)
class Account:
    """All periods of a project until today and the coming one, and what they add up to."""

    standings: tuple[Standing, ...] = ()
    advance_fen: int = 0
    """Received beyond every period so far."""
    received_fen: int = 0
    """Everything the owner allocated in the time of the plan."""

    @property
    def due(self) -> tuple[Standing, ...]:
        return tuple(s for s in self.standings if s.is_due)

    @property
    def agreed_fen(self) -> int:
        """Agreed until today."""
        return sum(s.period.due_fen or 0 for s in self.due)

    @property
    def short_fen(self) -> int:
        """Missing of what was agreed until today."""
        return sum(s.short_fen for s in self.due)

    @property
    def oldest_short(self) -> Standing | None:
        """The oldest period with money missing, or with its progress not measured."""
        return next((s for s in self.due if s.short_fen or s.is_unmeasured), None)

    @property
    def days_late(self) -> int:
        """How long the oldest missing allocation is late."""
        oldest = self.oldest_short
        return oldest.days_late if oldest else 0

    @property
    def coming(self) -> Standing | None:
        """The next allocation after today."""
        return next((s for s in self.standings if not s.is_due), None)


def due_day(month: date, day: int) -> date:
    """The agreed day in a month; 31 means the last day of a shorter one."""
    return min(
        first_of_month(month) + timedelta(days=day - 1), next_month(first_of_month(month)) - timedelta(1)
    )


def portion(total_fen: int, percent: Decimal) -> int:
    """So many percent of an amount, rounded once, half up."""
    return int((Decimal(total_fen) * percent / 100).to_integral_value(rounding=ROUND_HALF_UP))


def months_between(first: date, last: date) -> list[date]:
    """Every month from one to another, both included; never more than twenty years."""
    found: list[date] = []
    month = first_of_month(first)
    while month <= last and len(found) < LONGEST_MONTHS:
        found.append(month)
        month = next_month(month)
    return found


def periods(
    plans: Sequence[Plan], progress: Mapping[date, int], *, today: date, done_on: date | None = None
) -> list[Period]:
    """The allocations due until today and the next one after it, oldest first.

    A later version of the plan holds from its own first month on; what was due under the earlier one stays.
    Nothing becomes due after the month in which the works were finished.
    """
    ordered = sorted(plans, key=lambda p: p.number)
    if not ordered:
        return []
    first = min(p.starts_on for p in ordered)
    last = next_month(first_of_month(today))
    if done_on is not None:
        last = min(last, first_of_month(done_on))
    found: list[Period] = []
    for month in months_between(first, last):
        plan = next((p for p in reversed(ordered) if p.starts_on <= month), None)
        if plan is None or (plan.ends_on is not None and month > plan.ends_on):
            continue
        period = _period(plan, month, progress)
        found.append(period)
        if period.due_on > today:
            break
    return found


def _period(plan: Plan, month: date, progress: Mapping[date, int]) -> Period:
    due_on = due_day(month, plan.day)
    if plan.basis == PROGRESS:
        measured = progress.get(month)
        due = None if measured is None else portion(measured, plan.percent)
        return Period(month, due_on, due, plan.number, measured)
    if plan.basis == CONTRACT:
        months = months_between(plan.starts_on, plan.ends_on or plan.starts_on)
        parts = share(portion(plan.contract_sum_fen, plan.percent), [1] * len(months))
        return Period(month, due_on, parts[months.index(month)], plan.number)
    return Period(month, due_on, plan.amount_fen, plan.number)


def counts_from(plans: Sequence[Plan]) -> date | None:
    """Since when receipts count: the day after the agreed day of the month before the first period, so that an
    allocation made early counts and one for the time before the plan does not."""
    if not plans:
        return None
    first = min(plans, key=lambda p: (p.starts_on, -p.number))
    return due_day(previous_month(first.starts_on), first.day) + timedelta(days=1)


def settle(
    found: Sequence[Period], receipts: Iterable[Receipt], by_hand: Mapping[int, date], *, today: date
) -> Account:
    """Attribute receipts to periods: first what a person assigned, up to the period's amount; the rest, and
    everything else in the order of booking, fills the oldest period that still lacks something."""
    ordered = sorted(receipts, key=lambda r: (r.on, r.number))
    missing = {p.month: p.due_fen or 0 for p in found}
    parts: dict[date, list[Part]] = {p.month: [] for p in found}
    left = {r.number: r.amount_fen for r in ordered}

    def give(receipt: Receipt, month: date, hand: bool) -> None:
        amount = min(left[receipt.number], missing[month])
        if amount > 0:
            parts[month].append(Part(receipt.number, receipt.on, amount, hand))
            left[receipt.number] -= amount
            missing[month] -= amount

    for receipt in ordered:
        if (month := by_hand.get(receipt.number)) in missing:
            give(receipt, month, True)
    for receipt in ordered:
        for period in found:
            give(receipt, period.month, False)
    return Account(
        tuple(Standing(p, tuple(parts[p.month]), today) for p in found),
        advance_fen=sum(left.values()),
        received_fen=sum(r.amount_fen for r in ordered),
    )


def least_percent(table: Any, sector: str) -> Decimal:
    """The region's least share of labour cost for a kind of works, from its parameter: a number for all, or a
    table by kind of works with "building" as the usual one."""
    if isinstance(table, Mapping):
        table = table.get(sector, table.get("building", 0))
    return Decimal(str(table or 0))


def with_sum(plan: Plan, contract_sum_fen: int) -> Plan:
    """The plan over a contract sum."""
    return replace(plan, contract_sum_fen=contract_sum_fen)
