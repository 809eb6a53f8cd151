"""Months of wages on invented projects, some of which fail: what the risk score is measured on.

The processes are simulated, never the score's figures: an owner who allocates late, a contractor who loses
interest, money that is taken away, crews that leave, weather, holidays, clerks who are slow. Signs and
defaults come of the same causes with noise on both, so that a sign does not always mean a default, and some
defaults come without a sign. Pure: a seed in, events out; the same seed gives the same months.
"""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal

from wagewatch.lib.dates import SITE_TZ, Calendar, month_range, next_month, pay_due_on

Fate = Literal["sound", "messy", "owner_dries", "contractor_fails", "sudden", "winding_down"]
FATES: dict[Fate, float] = {
    "sound": 0.56,
    "messy": 0.22,
    "owner_dries": 0.12,
    "contractor_fails": 0.02,
    "sudden": 0.03,
    "winding_down": 0.05,
}
"""Shares of projects. `messy` ones show signs and pay in the end; `winding_down` ones lose their crew and pay."""
PROJECTS_OF_A_FIRM = 6
"""A general contractor of the simulation has so many projects."""
FIRMS_FAIL = 0.1
"""How many of them fail within the time, on most of their projects at once."""
TOPPED_UP: dict[Fate, tuple[float, float, float]] = {
    "sound": (0.995, 0.995, 0.995),
    "messy": (0.95, 0.95, 0.95),
    "owner_dries": (0.6, 0.25, 0.0),
    "contractor_fails": (0.98, 0.0, 0.0),
    "sudden": (0.1, 0.5, 0.9),
    "winding_down": (0.97, 0.97, 0.97),
}
"""How often the general contractor fills a gap, in the first month of trouble, the second, and later."""
PAY_DAY, ALLOCATION_DAY = 15, 5
TOLERANCE = 10
"""Days after the pay day; what is unpaid then, beyond a twentieth of the wages, is a default."""


@dataclass(frozen=True)
class Entry:
    """A booking on the special account; fen, outflow negative."""

    at: datetime
    kind: Literal["allocation", "other_in", "other_out", "wages"]
    amount_fen: int


@dataclass(frozen=True)
class Slip:
    """One worker's month: when it was sent, confirmed, paid; None for never."""

    worker: int
    net_fen: int
    confirmed_at: datetime | None
    paid_at: datetime | None


@dataclass(frozen=True)
class Month:
    """One wage month of a project. `sent_at` is None where no sheet was ever made."""

    month: date
    due_on: date
    sent_at: datetime | None
    slips: tuple[Slip, ...]

    @property
    def is_default(self) -> bool:
        """More than a twentieth of the wages had not reached the workers ten days after the pay day."""
        limit = moment(self.due_on + timedelta(days=TOLERANCE), 23)
        unpaid = sum(s.net_fen for s in self.slips if s.paid_at is None or s.paid_at > limit)
        return unpaid * 20 > sum(s.net_fen for s in self.slips)


@dataclass
class Story:
    """Everything that happened on one project."""

    number: int
    fate: Fate
    plan_fen: int
    entries: list[Entry] = field(default_factory=list)
    months: list[Month] = field(default_factory=list)
    attended: list[tuple[date, int, float]] = field(default_factory=list)
    """(day, worker, days)."""
    has_record: bool = False
    """Its general contractor was in arrears before."""


def moment(day: date, hour: int, minute: int = 0) -> datetime:
    """A site-local instant."""
    return datetime.combine(day, time(hour, minute), SITE_TZ)


def simulate(projects: int, months: list[date], calendar: Calendar, *, seed: int) -> list[Story]:
    """Stories of so many projects over consecutive wage months."""
    draw = random.Random(seed)  # noqa: S311 a simulation, nothing secret
    rain = {month: draw.randrange(0, 24) for month in months if draw.random() < 0.3}
    firms = projects // PROJECTS_OF_A_FIRM + 1
    failing = {
        firm: draw.randrange(3, max(4, len(months))) for firm in range(firms) if draw.random() < FIRMS_FAIL
    }
    seeds = [draw.random() for _n in range(projects)]
    return [
        _story(number, months, calendar, rain, failing.get(number % firms), random.Random(seed))  # noqa: S311
        for number, seed in enumerate(seeds)
    ]


def _story(
    number: int,
    months: list[date],
    calendar: Calendar,
    rain: dict[date, int],
    firm_fails: int | None,
    draw: random.Random,
) -> Story:
    fate = draw.choices(list(FATES), weights=list(FATES.values()))[0]
    if firm_fails is not None and draw.random() < 0.85:
        fate = "contractor_fails"
    crew = draw.randint(6, 14)
    rate = draw.randint(280, 420) * 100
    turn = draw.randrange(3, max(4, len(months)))
    if firm_fails is not None and fate == "contractor_fails":
        turn = min(len(months) - 1, firm_fails + draw.randint(0, 1))
    usual = crew * 25 * rate
    story = Story(
        number,
        fate,
        plan_fen=round(usual * draw.uniform(0.86, 0.99)),
        has_record=draw.random() < (0.25 if fate in {"owner_dries", "contractor_fails"} else 0.08),
    )
    balance = 0
    pending: list[tuple[datetime, Entry]] = []
    carried = usual * draw.uniform(0.0, 0.15)
    story.entries.append(Entry(moment(months[0], 9), "other_in", round(carried)))
    balance += round(carried)
    for index, month in enumerate(months):
        trouble = index - turn if index >= turn else -1
        days = _attend(story, month, crew, fate, trouble, rain.get(month), draw)
        net = {worker: round(rate * amount) for worker, amount in days.items() if amount}
        due = pay_due_on(month, PAY_DAY, calendar)
        pending += [(e.at, e) for e in _income(story, month, sum(net.values()), due, fate, trouble, draw)]
        pending.sort(key=lambda pair: pair[0])
        sent, will_pay = _office(month, due, fate, trouble, draw)
        # Money is paid out at the first hour from the intended one at which there is some.
        slips: dict[int, tuple[int, datetime | None]] = {worker: (fen, None) for worker, fen in net.items()}
        confirmed = {
            worker: sent + timedelta(hours=draw.expovariate(1 / _lag(fate, trouble))) if sent else None
            for worker in net
        }
        if will_pay is not None:
            balance = _book(story, pending, balance, until=will_pay)
            lacking = sum(net.values()) - balance
            if lacking > 0 and draw.random() < (TOPPED_UP[fate][min(trouble, 2)] if trouble >= 0 else 0.98):
                # The general contractor pays first (article 30), mostly at the last moment.
                story.entries.append(
                    Entry(will_pay - timedelta(hours=draw.randint(1, 60)), "other_in", lacking)
                )
                balance += lacking
            balance, slips = _pay(story, slips, balance, will_pay, fate, trouble, draw)
            tries = 0
            while any(paid is None for _fen, paid in slips.values()) and tries < 40:
                tries += 1
                later = will_pay + timedelta(days=tries)
                balance = _book(story, pending, balance, until=later)
                if balance > 0 and fate != "contractor_fails":
                    balance, slips = _pay(story, slips, balance, later, fate, trouble, draw)
        story.months.append(
            Month(
                month,
                due,
                sent,
                tuple(Slip(w, fen, confirmed[w], paid) for w, (fen, paid) in slips.items()),
            )
        )
    story.entries.sort(key=lambda e: e.at)
    return story


def _attend(
    story: Story, month: date, crew: int, fate: Fate, trouble: int, rain: int | None, draw: random.Random
) -> dict[int, float]:
    """Who came when; crews leave a contractor who fails, and sites that come to their end."""
    first, last = month_range(month)
    total: dict[int, float] = {}
    leaving = {"contractor_fails": 0.035, "owner_dries": 0.012, "winding_down": 0.03}.get(fate, 0.0)
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        if rain is not None and rain <= n < rain + 6 and draw.random() < 0.75:
            continue
        if month.month == 2 and 12 <= n < 20:
            continue
        gone = leaving * n if trouble == 0 else min(0.9, leaving * (30 * trouble + n)) if trouble > 0 else 0.0
        for worker in range(crew):
            if draw.random() < 0.88 * (1 - gone):
                amount = 1.0 if draw.random() < 0.93 else 0.5
                story.attended.append((day, worker, amount))
                total[worker] = total.get(worker, 0) + amount
    return total


def _income(
    story: Story, month: date, wages: int, due: date, fate: Fate, trouble: int, draw: random.Random
) -> list[Entry]:
    """What comes onto the account for a month: agreed on the fifth of the next one, and what others put in."""
    agreed = next_month(month).replace(day=ALLOCATION_DAY)
    amount = story.plan_fen
    late = max(-3, round(draw.gauss(0, 2)))
    found: list[Entry] = []
    if fate == "messy" and draw.random() < 0.55:
        # Late or short, but the contractor fills the account in time, or nearly.
        late = draw.randint(6, 30)
        amount = round(amount * draw.uniform(0.6, 1.0))
        rest_on = agreed + timedelta(days=late + draw.randint(15, 35))
        found.append(Entry(moment(rest_on, 11), "allocation", story.plan_fen - amount))
        gap_on = due - timedelta(days=draw.randint(-6, 5))
        found.append(Entry(moment(gap_on, 8), "other_in", round(wages * draw.uniform(0.85, 1.1))))
    if fate == "owner_dries" and trouble >= 0:
        late, share = [
            (draw.randint(8, 20), draw.uniform(0.4, 0.9)),
            (draw.randint(20, 60), draw.uniform(0.1, 0.6)),
            (90, 0.0),
        ][min(trouble, 2)]
        amount = round(amount * share)
    if fate == "winding_down" and trouble >= 0:
        amount = max(amount, wages)
    if amount > 0:
        found.append(Entry(moment(agreed + timedelta(days=late), draw.randint(9, 16)), "allocation", amount))
    if fate == "sudden" and trouble == 0:
        taken = due - timedelta(days=draw.randint(0, 4))
        found.append(Entry(moment(taken, 17), "other_out", -(story.plan_fen + wages)))
    return found


def _office(
    month: date, due: date, fate: Fate, trouble: int, draw: random.Random
) -> tuple[datetime | None, datetime | None]:
    """When the sheet is sent, and when the bank is instructed (None: never)."""
    following = next_month(month)
    if fate == "contractor_fails" and trouble >= 0:
        if trouble > 0 or draw.random() < 0.35:
            return None, None
        sent = moment(following + timedelta(days=draw.randint(6, 13)), 16)
        return sent, None
    slow = 4 if fate == "messy" and draw.random() < 0.4 else 0
    sent = moment(following + timedelta(days=draw.randint(1, 5) + slow), draw.randint(9, 17))
    pays = moment(due - timedelta(days=draw.randint(0, 2)), draw.randint(9, 16))
    if fate == "messy" and draw.random() < 0.12:
        pays += timedelta(days=draw.randint(1, 6))
    return sent, max(pays, sent + timedelta(days=1))


def _lag(fate: Fate, trouble: int) -> float:
    """Mean hours until a worker confirms; nobody reminds them where the contractor has lost interest."""
    if fate == "contractor_fails" and trouble >= 0:
        return 220.0
    return 70.0 if fate == "messy" else 36.0


def _book(story: Story, pending: list[tuple[datetime, Entry]], balance: int, *, until: datetime) -> int:
    """Bookings up to an instant; nobody can take more than there is."""
    while pending and pending[0][0] <= until:
        _at, entry = pending.pop(0)
        amount = max(entry.amount_fen, -balance)
        if amount:
            story.entries.append(Entry(entry.at, entry.kind, amount))
            balance += amount
    return balance


def _pay(
    story: Story,
    slips: dict[int, tuple[int, datetime | None]],
    balance: int,
    at: datetime,
    fate: Fate,
    trouble: int,
    draw: random.Random,
) -> tuple[int, dict[int, tuple[int, datetime | None]]]:
    """Pay open slips one by one while the money lasts; now and then one is returned by the bank for a while."""
    paid = dict(slips)
    total = 0
    for worker, (fen, when) in slips.items():
        if when is None and fen <= balance:
            back = draw.random() < 0.01
            paid[worker] = (fen, at + timedelta(days=4) if back else at + timedelta(minutes=30))
            balance -= fen
            total += fen
    if total:
        story.entries.append(Entry(at, "wages", -total))
    return balance, paid
