"""Overtime and monthly pay from attendance, as pure functions: hours in, lines of a slip out.

Labour Law 44: 150 % beyond the standard day, 200 % on rest days, 300 % on statutory holidays; article 41: at most
3 hours a day and 36 a month. 21.75 paid days of a month contain the statutory holidays (劳社部发〔2008〕3号).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from payroll.pay_items import OVERTIME, Item, ItemKind

STANDARD_HOURS = Decimal(8)
HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True)
class Worked:
    """One day at the gates: minutes on site, and what the sheet counts it for (1, 0.5)."""

    day: date
    minutes: int
    days: Decimal


@dataclass(frozen=True)
class Terms:
    """How overtime is paid where the project lies: percent by kind of day, hours of a standard day, shortest
    overtime in minutes, most hours of a day and of a month."""

    percent: Mapping[str, int]
    standard_hours: Decimal = STANDARD_HOURS
    least_minutes: int = 30
    day_limit: int = 3
    month_limit: int = 36


@dataclass(frozen=True)
class MonthFacts:
    """A posting paid by the month in one wage month: workdays it should have worked, statutory holidays within it,
    and whether it lasted the whole wage month."""

    scheduled: int
    holidays: int
    whole: bool
    holidays_worked: Decimal = Decimal(0)

    def as_json(self) -> dict[str, Any]:
        """As kept with the line, so that it can be computed again when the days are corrected."""
        return {
            "scheduled": self.scheduled,
            "holidays": self.holidays,
            "whole": self.whole,
            "holidays_worked": f"{self.holidays_worked:f}",
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "MonthFacts":
        """What `as_json` wrote; other facts of the line are passed over."""
        return cls(
            stored["scheduled"], stored["holidays"], stored["whole"], Decimal(stored["holidays_worked"])
        )


def hour_rate(
    basis: str, rate_fen: int, month_days: Decimal, standard_hours: Decimal = STANDARD_HOURS
) -> int:
    """Fen of an hour, half up: a day's rate by its hours, a month's by 21.75 days of 8 hours."""
    if basis == "hour":
        return rate_fen
    hours = standard_hours if basis == "day" else month_days * standard_hours
    return int(Fraction(rate_fen) / Fraction(hours) + Fraction(1, 2))


def kind_of_day(day: date, working: bool, holidays: frozenset[date]) -> str:
    """workday, rest_day or holiday: a statutory holiday stays one whatever the calendar exchanges."""
    if day in holidays:
        return "holiday"
    return "workday" if working else "rest_day"


def overtime_lines(
    basis: str,
    rate_fen: int,
    month_days: Decimal,
    worked: Sequence[tuple[Worked, str]],
    terms: Terms,
    *,
    absent_days: Decimal = Decimal(0),
    whole_month: bool = False,
) -> list[Item]:
    """The overtime of a month from its days, each with its kind of day.

    Where the base already pays the hour once (by the hour, by the day, a part of a month), the line pays what the
    law adds to it. Rest days worked by somebody paid by the month first make good days of absence (Labour Law 44 (2):
    time off instead). Piece work has none: its quota is unknown to the gates.
    """
    if basis == "piece":
        return []
    rate = hour_rate(basis, rate_fen, month_days, terms.standard_hours)
    standard = int(terms.standard_hours * 60)
    minutes = {"workday": 0, "rest_day": 0, "holiday": 0}
    beyond_on_free_days = {"rest_day": 0, "holiday": 0}
    over: list[str] = []
    made_good = absent_days if basis == "month" else Decimal(0)
    for one, kind in worked:
        beyond = max(0, one.minutes - standard)
        beyond = beyond if beyond >= terms.least_minutes else 0
        if kind == "workday":
            minutes[kind] += beyond
            if beyond > terms.day_limit * 60:
                over.append(f"{one.day:%m-%d}")
        elif kind == "rest_day" and made_good >= one.days > 0:
            made_good -= one.days
            minutes["workday"] += beyond
        else:
            minutes[kind] += min(one.minutes, standard)
            beyond_on_free_days[kind] += beyond
    lines = []
    for kind, within in minutes.items():
        in_base = basis == "hour" or (
            kind != "workday" and (basis == "day" or (kind == "rest_day" and not whole_month))
        )
        percent = terms.percent[kind]
        for amount, paid in ((within, in_base), (beyond_on_free_days.get(kind, 0), basis == "hour")):
            hours = (Decimal(amount) / 60).quantize(HUNDREDTH, rounding=ROUND_HALF_UP)
            if hours:
                lines.append(_line(kind, hours, rate, percent - 100 if paid else percent, over))
    return lines


def _line(kind: str, hours: Decimal, rate_fen: int, percent: int, over: Iterable[str]) -> Item:
    name = next(k for k, key in OVERTIME.items() if key == kind)
    exact = Fraction(rate_fen) * Fraction(hours) * percent / 100
    facts = {"over": list(over)} if kind == "workday" and over else {}
    return Item(name, int(exact + Fraction(1, 2)), hours, "h", rate_fen, percent, "", "gates", facts)


def month_line(
    rate_fen: int, attended: Decimal, facts: MonthFacts, month_days: Decimal, base_fen: int
) -> Item:
    """What a monthly wage pays beyond days attended ÷ 21.75: statutory holidays, and the full wage without absence.

    A whole month: wage less 1/21.75 for each day of unpaid absence, or paid days ÷ 21.75, whichever is more for the
    worker. Part of a month (joined or left in it): paid days ÷ 21.75. Never more than the wage. A statutory holiday
    is paid once here, worked or not; its work is paid by a line of its own.
    """
    due_days = attended
    attended = max(Decimal(0), attended - facts.holidays_worked)
    absence = max(Decimal(0), facts.scheduled - attended) if facts.whole else Decimal(0)
    positive = Fraction(attended + facts.holidays) / Fraction(month_days)
    part = min(
        Fraction(1), max(positive, 1 - Fraction(absence) / Fraction(month_days)) if facts.whole else positive
    )
    due = int(rate_fen * max(part, Fraction(0)) + Fraction(1, 2)) if due_days else 0
    return Item(
        ItemKind.MONTH,
        max(0, due - base_fen),
        origin="rule",
        facts=facts.as_json() | {"absence": f"{absence.normalize():f}"},
    )


def warnings_of(items: Iterable[Item], terms: Terms) -> list[str]:
    """Overtime above the ceilings of Labour Law 41, in words."""
    items = [item for item in items if item.kind.startswith("overtime")]
    hours = sum((item.quantity or Decimal(0) for item in items if item.unit == "h"), Decimal(0))
    words = []
    if hours > terms.month_limit:
        words.append(
            _("%(hours)s hours of overtime: the law allows %(most)s a month (Labour Law, article 41).")
            % {"hours": f"{hours.normalize():f}", "most": terms.month_limit}
        )
    for item in items:
        if item.facts.get("over"):
            words.append(
                _("More than %(most)s hours of overtime on %(days)s (Labour Law, article 41).")
                % {"most": terms.day_limit, "days": "、".join(item.facts["over"])}
            )
        spread = item.facts.get("on_days")
        if spread and item.quantity is not None and item.quantity > terms.day_limit * spread:
            words.append(
                _("%(hours)s hours on %(days)s days is more than %(most)s a day (Labour Law, article 41).")
                % {"hours": f"{item.quantity.normalize():f}", "days": spread, "most": terms.day_limit}
            )
    return words
