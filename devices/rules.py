"""From passages to attendance: the rule in plain values. services/days.py holds the same rule as one SQL
statement for many workers at once; a property test keeps the two equal.

1. A repeat (same terminal and direction within 60 s of the one before) counts for nothing.
2. A passage without direction is an entry if it is the first of its work date, an exit if it is the last,
   and nothing otherwise.
3. A passage belongs to its own work date; but an exit that follows an entry of an earlier date by no more
   than 16 h belongs to that date: a night shift is the date it began.
4. Time on site runs from the first entry to the last exit of the date, less every stretch from an exit to
   the next entry, less every stretch longer than 16 h. A forgotten stamp in between costs nothing.
5. The date is closed if its last passage is an exit and no stretch was too long; otherwise it is open and
   shown as such. Time after the last exit is never filled in for wages.
6. A whole day from the project's full_day_minutes, half a day from half_day_minutes, else nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise

from wagewatch.lib.dates import SITE_TZ

UNKNOWN, IN, OUT = 0, 1, 2
REPEAT_WITHIN = timedelta(seconds=60)
LONGEST_STRETCH = timedelta(hours=16)
CLOSED, OPEN = "closed", "open"


def work_date(at: datetime, day_starts_at: time) -> date:
    """The site-local work date of a moment: with a start at 04:00, 03:59 still belongs to yesterday."""
    start = timedelta(hours=day_starts_at.hour, minutes=day_starts_at.minute, seconds=day_starts_at.second)
    return (at.astimezone(SITE_TZ) - start).date()


@dataclass(frozen=True)
class Seen:
    """One passage of one worker."""

    day: date
    at: datetime
    direction: int
    terminal_id: int


@dataclass(frozen=True)
class Figures:
    """One work date of one worker."""

    day: date
    first_in: datetime | None
    last_out: datetime | None
    minutes: int
    days: Decimal
    state: str
    passages: int


def attendance(passages: Iterable[Seen], *, full_minutes: int, half_minutes: int) -> dict[date, Figures]:
    """The work dates of one worker on one project, from all their passages in any order."""
    counted = _with_directions(_without_repeats(sorted(passages, key=lambda p: (p.at, p.direction))))
    dates: dict[date, list[Seen]] = {}
    before: Seen | None = None
    for seen in counted:
        day = seen.day
        if (
            before is not None
            and seen.direction == OUT
            and before.direction == IN
            and before.day < seen.day
            and seen.at - before.at <= LONGEST_STRETCH
        ):
            day = before.day
        dates.setdefault(day, []).append(seen)
        before = seen
    return {day: _figures(day, seen, full_minutes, half_minutes) for day, seen in dates.items()}


def wage_days(minutes: int, *, full_minutes: int, half_minutes: int) -> Decimal:
    """1, 0.5 or 0 days for a time on site."""
    if minutes >= full_minutes:
        return Decimal("1.0")
    return Decimal("0.5") if minutes >= half_minutes else Decimal("0.0")


def _without_repeats(passages: Sequence[Seen]) -> list[Seen]:
    kept: list[Seen] = []
    last: dict[tuple[int, int], datetime] = {}
    for seen in passages:
        lane = (seen.terminal_id, seen.direction)
        if lane not in last or seen.at - last[lane] > REPEAT_WITHIN:
            kept.append(seen)
        last[lane] = seen.at
    return kept


def _with_directions(passages: Sequence[Seen]) -> list[Seen]:
    first: dict[date, int] = {}
    last: dict[date, int] = {}
    for place, seen in enumerate(passages):
        first.setdefault(seen.day, place)
        last[seen.day] = place
    known = []
    for place, seen in enumerate(passages):
        if seen.direction != UNKNOWN:
            known.append(seen)
        elif place == first[seen.day]:
            known.append(replace(seen, direction=IN))
        elif place == last[seen.day]:
            known.append(replace(seen, direction=OUT))
    return known


def _figures(day: date, seen: Sequence[Seen], full_minutes: int, half_minutes: int) -> Figures:
    first_in = next((s.at for s in seen if s.direction == IN), None)
    last_out = next((s.at for s in reversed(seen) if s.direction == OUT), None)
    time = timedelta()
    too_long = False
    for one, two in pairwise(seen):
        if one.direction == OUT and two.direction == IN:
            continue
        if two.at - one.at > LONGEST_STRETCH:
            too_long = True
        elif first_in is not None and last_out is not None and first_in <= one.at and two.at <= last_out:
            time += two.at - one.at
    minutes = int(time.total_seconds() // 60)
    closed = first_in is not None and seen[-1].direction == OUT and not too_long
    return Figures(
        day=day,
        first_in=first_in,
        last_out=last_out,
        minutes=minutes,
        days=wage_days(minutes, full_minutes=full_minutes, half_minutes=half_minutes),
        state=CLOSED if closed else OPEN,
        passages=len(seen),
    )
