"""How large a wage deposit must be, and what its state is: pure, amounts in fen, days site-local.

Sources: Order 724 art. 32; measures on wage deposits of 2021 (人社部发〔2021〕65号). All figures come from the
regional, dated parameter `deposit.table`; the order of the steps is the law's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from wagewatch.lib.dates import Calendar
from wagewatch.lib.money import multiply

HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Change:
    """How a record of arrears changes the rate: `percent` of the sum instead, or `factor` per cent of the
    rate; `capped` tells whether the cap still holds."""

    percent: Decimal | None = None
    factor: Decimal = HUNDRED
    capped: bool = True

    def of(self, rate: Decimal) -> Decimal:
        """The changed rate in per cent."""
        return self.percent if self.percent is not None else rate * self.factor / HUNDRED

    @classmethod
    def read(cls, value: Mapping[str, Any] | None) -> "Change":
        """From the parameter; nothing set changes nothing."""
        if value is None:
            return cls()
        percent = value.get("percent")
        return cls(
            None if percent is None else Decimal(percent),
            Decimal(value.get("factor", "100")),
            bool(value.get("capped", True)),
        )


@dataclass(frozen=True)
class Table:
    """A region's table on a day. Rates in per cent of the contract sum; None where a region sets nothing."""

    rate: Decimal
    least: Decimal
    several: Change
    cap_fen: int | None
    floor_fen: int | None
    small_under_fen: int
    small_clean_years: int
    lowered_after_years: int
    lowered: Change
    exempt_after_years: int | None
    raised_within_years: int
    raised: Change
    listed: Change

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> "Table":
        """From the parameter `deposit.table`. KeyError when a needed part is missing."""
        return cls(
            rate=Decimal(value["percent"]),
            least=Decimal(value["least_percent"]),
            several=Change.read(value.get("several")),
            cap_fen=value.get("cap_fen"),
            floor_fen=value.get("floor_fen"),
            small_under_fen=value.get("small_under_fen", 0),
            small_clean_years=value.get("small_clean_years", 1),
            lowered_after_years=value["lowered_after_years"],
            lowered=Change.read(value.get("lowered")),
            exempt_after_years=value.get("exempt_after_years"),
            raised_within_years=value["raised_within_years"],
            raised=Change.read(value.get("raised")),
            listed=Change.read(value.get("listed")),
        )


@dataclass(frozen=True)
class Record:
    """A firm's record of arrears: `kind` clean, arrears or listed, since a day."""

    kind: str
    since: date
    well_kept: bool = False

    def clean_years(self, on: date) -> int:
        """Whole years without arrears up to a day; 29 February counts as 28 February in other years."""
        years = on.year - self.since.year
        return max(0, years - (on < _years_after(self.since, years)))


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


@dataclass(frozen=True)
class Step:
    """One line of the explanation. `percent` is the rate after it, `amount_fen` the sum after it."""

    code: str
    percent: Decimal
    amount_fen: int
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class AmountDue:
    """What must be lodged, and the lines that lead to it."""

    amount_fen: int
    percent: Decimal
    steps: tuple[Step, ...]

    @property
    def exempt(self) -> bool:
        """Whether nothing must be lodged."""
        return self.amount_fen == 0


def amount_due(table: Table, sum_fen: int, *, record: Record | None, on: date, others: int) -> AmountDue:
    """The deposit of a project with contract sum `sum_fen`, by the firm's `record` on the day of the contract.

    `others` is how many projects of the same firm were already under way in the place. A firm without record
    gets the plain rate: neither a discount nor an exemption is given unseen.
    """
    steps: list[Step] = []

    def at(percent: Decimal) -> int:
        return multiply(sum_fen, percent / HUNDRED)

    def say(code: str, percent: Decimal, amount: int, **facts: Any) -> None:
        steps.append(Step(code, percent, amount, facts))

    percent = table.rate
    say("rate", percent, at(percent))
    listed = record is not None and record.kind == "listed"
    years = record.clean_years(on) if record and not listed else 0
    in_arrears = record is not None and record.kind == "arrears" and years < table.raised_within_years
    clean = record is not None and not listed and not in_arrears

    if clean and sum_fen < table.small_under_fen and years >= table.small_clean_years:
        say("small", Decimal(0), 0, under_fen=table.small_under_fen, years=table.small_clean_years)
        return AmountDue(0, Decimal(0), tuple(steps))
    free_after = table.exempt_after_years
    if clean and record and record.well_kept and free_after is not None and years >= free_after:
        say("exempt", Decimal(0), 0, years=free_after)
        return AmountDue(0, Decimal(0), tuple(steps))

    if others and table.several.of(percent) != percent:
        percent = table.several.of(percent)
        say("several", percent, at(percent), others=others)
    capped = True
    if listed:
        percent, capped = table.listed.of(percent), table.listed.capped
        say("listed", percent, at(percent))
    elif in_arrears:
        percent, capped = table.raised.of(percent), table.raised.capped
        say("raised", percent, at(percent), years=table.raised_within_years)
    elif clean and years >= table.lowered_after_years:
        percent = table.lowered.of(percent)
        say("lowered", percent, at(percent), years=table.lowered_after_years)
    elif record is None:
        say("no_record", percent, at(percent))
    if percent < table.least:
        percent = table.least
        say("least", percent, at(percent))
    amount = at(percent)
    if capped and table.cap_fen is not None and amount > table.cap_fen:
        amount = table.cap_fen
        say("cap", percent, amount)
    if table.floor_fen is not None and amount < table.floor_fen:
        amount = table.floor_fen
        say("floor", percent, amount)
    return AmountDue(amount, percent, tuple(steps))


@dataclass(frozen=True)
class Limits:
    """The deadlines of a place: working days, or calendar days where the name says so."""

    lodge_wd: int = 20
    use_wd: int = 5
    refill_wd: int = 10
    check_wd: int = 5
    expiry_notice_days: int = 30
    return_notice_days: int = 30
    paper_months: int = 12


@dataclass(frozen=True)
class Said:
    """An entry of the contractor, as far as the state needs it."""

    number: int
    kind: str
    form: str
    happened_on: date
    amount_fen: int
    balance_fen: int
    expires_on: date | None = None
    notice_from: date | None = None
    ruling_number: int | None = None


@dataclass(frozen=True)
class Ruled:
    """A ruling of the authority, as far as the state needs it."""

    number: int
    kind: str
    decided_on: date
    amount_fen: int = 0
    due_on: date | None = None
    answers: int | None = None


@dataclass(frozen=True)
class DepositState:
    """Where a deposit stands on a day. `code` is the most urgent truth, `due_on` its deadline if there is one.

    Codes: exempt, returned, missing, late, in_use, unpaid_order, to_refill, refill_late, expired, short,
    release, return_asked, expiring, lodged.
    """

    code: str
    due_on: date | None
    balance_fen: int
    due_fen: int
    form: str = ""
    expires_on: date | None = None
    order: Ruled | None = None
    request: Said | None = None
    release: Ruled | None = None
    refusal: Ruled | None = None

    @property
    def short_fen(self) -> int:
        """What is missing to the amount due."""
        return max(0, self.due_fen - self.balance_fen)


LATE = frozenset({"late", "unpaid_order", "refill_late", "expired"})
"""States whose deadline has passed."""


def state_of(
    entries: Sequence[Said],
    rulings: Sequence[Ruled],
    *,
    due_fen: int,
    starts_on: date | None,
    today: date,
    calendar: Calendar,
    limits: Limits,
) -> DepositState:
    """The state of a deposit from what was said and ruled, oldest first. `starts_on` starts the days to lodge."""
    last = entries[-1] if entries else None
    balance = last.balance_fen if last else 0
    paper = next((e for e in reversed(entries) if e.kind in {"lodged", "topped_up", "replaced"}), None)
    form, expires = (paper.form, paper.expires_on) if paper else ("", None)
    order = open_order(entries, rulings)
    request = open_request(entries, rulings)
    release = open_release(entries, rulings)
    refused = rulings[-1] if rulings and rulings[-1].kind == "refused" else None

    def state(code: str, due_on: date | None = None) -> DepositState:
        return DepositState(code, due_on, balance, due_fen, form, expires, order, request, release, refused)

    if last and last.kind == "returned":
        return state("returned")
    if order is not None:
        late = order.due_on is not None and today > order.due_on
        return state("unpaid_order" if late else "in_use", order.due_on)
    if paper is None:
        if due_fen == 0:
            return state("exempt")
        due_on = calendar.add_working(starts_on, limits.lodge_wd) if starts_on else None
        return state("late" if due_on and today > due_on else "missing", due_on)
    if release is not None:
        return state("release")
    if expires and today > expires:
        return state("expired", expires)
    if balance < due_fen:
        used_on = _last_use(entries)
        if used_on is None:
            return state("short")
        due_on = calendar.add_working(used_on, limits.refill_wd)
        return state("refill_late" if today > due_on else "to_refill", due_on)
    if request is not None:
        return state("return_asked", calendar.add_working(request.happened_on, limits.check_wd))
    if expires and today >= expires - timedelta(days=limits.expiry_notice_days):
        return state("expiring", expires)
    return state("lodged", expires)


def open_order(entries: Iterable[Said], rulings: Iterable[Ruled]) -> Ruled | None:
    """The oldest order to use that was neither paid nor lifted."""
    paid = {e.ruling_number for e in entries if e.kind == "paid_out"}
    rulings = list(rulings)
    lifted = {r.answers for r in rulings if r.kind == "lifted"}
    return next((r for r in rulings if r.kind == "use" and r.number not in paid | lifted), None)


def open_request(entries: Iterable[Said], rulings: Iterable[Ruled]) -> Said | None:
    """The request to return the deposit that the authority has not answered."""
    answered = {r.answers for r in rulings if r.kind in {"released", "refused"}}
    return next((e for e in entries if e.kind == "asked_back" and e.number not in answered), None)


def open_release(entries: Iterable[Said], rulings: Iterable[Ruled]) -> Ruled | None:
    """A permission to return whose money has not gone back; an order to use given later takes it away."""
    returned = {e.ruling_number for e in entries if e.kind == "returned"}
    last = None
    for ruling in rulings:
        if ruling.kind == "released" and ruling.number not in returned:
            last = ruling
        elif ruling.kind == "use":
            last = None
    return last


def _last_use(entries: Sequence[Said]) -> date | None:
    """The day since which the deposit waits to be filled up: the first use after the last full state."""
    used_on = None
    for entry in entries:
        if entry.kind == "paid_out" and used_on is None:
            used_on = entry.happened_on
        elif entry.kind in {"lodged", "topped_up", "replaced"}:
            used_on = None
    return used_on


def return_obstacles(
    *, finished: bool, unpaid_people: int, notice_from: date | None, today: date, limits: Limits
) -> list[str]:
    """What stands against the return (measures art. on return): codes unfinished, unpaid, notice; [] is none."""
    found = []
    if not finished:
        found.append("unfinished")
    if unpaid_people:
        found.append("unpaid")
    if notice_from is None or today < notice_from + timedelta(days=limits.return_notice_days):
        found.append("notice")
    return found
