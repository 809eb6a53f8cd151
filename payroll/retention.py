"""How long wage and labour records are kept (Order 724, articles 15 and 28); pure.

The books of a project stay until it is finished and everybody is paid, and at least `pay.record_keeping_years`
longer. While either is missing no date can be told: nothing may be thrown away.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Keeping:
    """`done_on` when the project was finished, `paid_on` when the last wage was paid (None while something is
    open), `unpaid` slips that are not paid; `until` the first day on which the books need not be kept."""

    years: int
    done_on: date | None
    paid_on: date | None
    unpaid: int

    @property
    def until(self) -> date | None:
        """The later of both days and the years; None while the project goes on or wages are open."""
        if self.done_on is None or self.unpaid:
            return None
        return years_later(max(self.done_on, self.paid_on or self.done_on), self.years)


def years_later(day: date, years: int) -> date:
    """The same day years later; 29 February becomes 1 March, so that no day is lost."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
