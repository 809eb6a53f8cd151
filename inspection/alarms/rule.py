"""What a rule is, what a region may set about it, and what it finds."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils.functional import Promise


@dataclass(frozen=True)
class Finding:
    """One project and period for which a rule holds now.

    `level` 1 yellow, 2 orange, 3 red; amounts in fen; `facts` are the figures that fired it.
    """

    project_id: int
    period: str
    level: int
    due_on: date | None
    amount_fen: int
    people: int
    participation_id: int | None
    facts: dict[str, Any]

    @property
    def key(self) -> tuple[int, str]:
        return self.project_id, self.period


@dataclass(frozen=True)
class Moment:
    """When rules are evaluated: the instant, the site-local day, and pay dates for recent months.

    `pay_dates` holds (month, pay day, due date) for every pay day 1-28, moved earlier over rest days.
    """

    now: datetime
    today: date
    pay_dates: list[tuple[date, int, date]]


@dataclass(frozen=True)
class Setting:
    """A figure per level that a region may set: its parameter, its unit, and what it says in words.

    `unit` is days, wd (working days), percent, entries, payments, people or day (of the month). `falling`: the lower
    the figure, the worse the level, as with shares that were paid.
    """

    key: str
    unit: str
    words: str | Promise
    falling: bool = False


@dataclass(frozen=True)
class Rule:
    """A rule of the catalogue.

    `sql` answers project_id, participation_id, period, level, due_on, amount_fen, people, facts (jsonb); it
    may use %(today)s, %(now)s and the relations `pay_date(month, pay_day, due_on)` and
    `calendar_day(day, is_working, n)`, and reads regional values with wagewatch_parameter(key, region, day).

    `settings` are the thresholds that regions set and a change of which can be tried out; `reads` names other
    parameters without which the rule cannot be judged; `levels` are those it can reach with the usual values.
    `monthly`: its period is a wage month. `after`: kinds of evidence, or other marks of
    wagewatch.lib.happenings, after which it is run without waiting for the night. `wide`: it joins everybody's
    months with everybody's months, where look-ups row by row, which the planner may take for few, last for minutes.
    """

    code: str
    title: str | Promise
    explanation: str | Promise
    law: str | Promise
    sql: str
    settings: tuple[Setting, ...] = ()
    reads: tuple[str, ...] = ()
    levels: tuple[int, ...] = (1,)
    monthly: bool = False
    after: frozenset[str] = field(default=frozenset())
    wide: bool = False

    @property
    def group(self) -> str:
        """The letter of its group."""
        return self.code[:1]

    @property
    def parameters(self) -> tuple[str, ...]:
        """Every parameter that must have a value in each region."""
        return (*(setting.key for setting in self.settings), *self.reads)
