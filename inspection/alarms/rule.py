"""What a rule is, and what it finds."""

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
class Rule:
    """A rule of the catalogue.

    `sql` answers project_id, participation_id, period, level, due_on, amount_fen, people, facts (jsonb);
    it may use %(today)s, %(now)s and the relation `pay_date(month, pay_day, due_on)`, and reads regional
    values with wagewatch_parameter(key, region, day).
    """

    code: str
    title: str | Promise
    explanation: str | Promise
    law: str | Promise
    sql: str
    parameters: tuple[str, ...] = field(default=())
