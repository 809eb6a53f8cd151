"""Dates and deadlines: site-local days, wage months, the working-day calendar, dates as people type them.

Instants are aware UTC; days are site-local (Asia/Shanghai); a wage month is the date of its day 1.
"""

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from wagewatch.lib.errors import Malformed

SITE_TZ = ZoneInfo("Asia/Shanghai")
_DAY = timedelta(days=1)
_SEARCH_LIMIT = 400


def site_date(moment: datetime, day_start_hour: int = 0) -> date:
    """The site-local day of an aware instant; with ``day_start_hour`` 4, 03:59 still belongs to yesterday."""
    if moment.tzinfo is None:
        raise ValueError("site_date() needs an aware datetime")
    return (moment.astimezone(SITE_TZ) - timedelta(hours=day_start_hour)).date()


def first_of_month(day: date) -> date:
    """Day 1 of the month of ``day``."""
    return date(day.year, day.month, 1)


def next_month(month: date) -> date:
    """Day 1 of the following month."""
    return date(month.year + 1, 1, 1) if month.month == 12 else date(month.year, month.month + 1, 1)


def previous_month(month: date) -> date:
    """Day 1 of the preceding month."""
    return date(month.year - 1, 12, 1) if month.month == 1 else date(month.year, month.month - 1, 1)


def month_range(month: date, start_day: int = 1) -> tuple[date, date]:
    """First and last day of a wage month.

    With ``start_day`` 11 the wage month April runs from 11 March to 10 April, as contractors name it.
    """
    if not 1 <= start_day <= 28:
        raise ValueError("start_day must be 1 to 28")
    first = first_of_month(month)
    if start_day == 1:
        return first, next_month(first) - _DAY
    return previous_month(first).replace(day=start_day), first.replace(day=start_day - 1)


@dataclass(frozen=True)
class Calendar:
    """Which days are worked. ``special`` maps a day to True (make-up workday) or False (rest day);
    other days follow the week, Monday to Friday."""

    special: Mapping[date, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "special", MappingProxyType(dict(self.special)))

    def is_working(self, day: date) -> bool:
        """Whether ``day`` is a working day."""
        return self.special.get(day, day.weekday() < 5)

    def on_or_before(self, day: date) -> date:
        """``day`` itself, or the last working day before it (Order 724, article 14: pay moves earlier)."""
        for back in range(_SEARCH_LIMIT):
            if self.is_working(candidate := day - back * _DAY):
                return candidate
        raise ValueError("the calendar has no working day in more than a year")

    def add_working(self, day: date, count: int) -> date:
        """The ``count``-th working day after ``day`` (before it when negative); 0 gives ``day`` itself."""
        step = _DAY if count >= 0 else -_DAY
        idle = 0
        remaining = abs(count)
        while remaining:
            day += step
            if self.is_working(day):
                remaining, idle = remaining - 1, 0
            elif (idle := idle + 1) > _SEARCH_LIMIT:
                raise ValueError("the calendar has no working day in more than a year")
        return day

    def working_days_between(self, start: date, end: date) -> int:
        """Working days after ``start`` up to and including ``end``; negative when ``end`` is earlier."""
        if end < start:
            return -self.working_days_between(end, start)
        return sum(self.is_working(start + n * _DAY) for n in range(1, (end - start).days + 1))


def pay_due_on(month: date, pay_day: int, calendar: Calendar) -> date:
    """When the wages of ``month`` are due: ``pay_day`` of the FOLLOWING month, earlier if it is no working
    day (Order 724, articles 13-14). Day 31 means the last day in a shorter month."""
    if not 1 <= pay_day <= 31:
        raise ValueError("pay_day must be 1 to 31")
    following = next_month(month)
    last = (next_month(following) - _DAY).day
    return calendar.on_or_before(following.replace(day=min(pay_day, last)))


def parse_month(value: str) -> date:
    """``2026-10``, ``2026年10月``, ``2026.10``, ``2026/10`` or ``202610`` -> 2026-10-01.

    Raises ``Malformed`` (``date.month``).
    """
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", value))
    found = re.fullmatch(r"(\d{4})(?:[-./年](\d{1,2})(?:月份?)?|(\d{2}))", text)
    if found:
        year, month = int(found[1]), int(found[2] or found[3])
        if 1 <= month <= 12 and 2000 <= year <= 2099:
            return date(year, month, 1)
    raise Malformed("date.month", _("Write the month as year and month, for example 2026-10."))


def parse_date(value: str | int | float | datetime | date | None, *, date1904: bool = False) -> date:
    """A day as people type it or as a cell holds it.

    Accepts 2026-3-5, 2026.3.5, 2026/3/5, 2026年3月5日, 20260305, 26.3.5 (20xx), a date cell, and a
    spreadsheet serial number (``date1904`` for workbooks of the 1904 system). Refuses what has no day
    or whose order is unclear. Raises ``Malformed`` ``date.empty unclear no_day impossible``.
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if value is None or isinstance(value, bool):
        raise _no_date()
    if isinstance(value, (int, float)):
        return _from_number(value, date1904)
    text = (
        re.sub(r"[\s\u200b-\u200f\u2060\ufeff]+", " ", unicodedata.normalize("NFKC", value))
        .strip()
        .strip("'‘")
    )
    text = re.sub(r"(?:[T ]| (?=\d))0?0:00(:00(\.0+)?)?$", "", text).replace(" ", "")
    if text in {"", "-", "/", "无"}:
        raise _no_date()
    if found := re.fullmatch(r"(\d{4}|\d{2})([-./年])(\d{1,2})(?:[-./月])(\d{1,2})[日号]?", text):
        year = int(found[1]) + (2000 if len(found[1]) == 2 else 0)
        if len(found[1]) == 2 and found[2] == "/":
            raise _unclear()
        return _build(year, int(found[3]), int(found[4]))
    if found := re.fullmatch(r"(\d{4})(\d{2})(\d{2})", text):
        return _build(int(found[1]), int(found[2]), int(found[3]))
    if re.fullmatch(r"\d{4}[-./年]\d{1,2}月?|\d{6}", text):
        raise _no_day()
    if re.fullmatch(r"\d{5}(\.\d+)?", text):
        return _from_number(float(text), date1904)
    raise _unclear()


def _from_number(number: int | float, date1904: bool) -> date:
    if not math.isfinite(number):
        raise _unclear()
    if number == int(number) and 19000101 <= number <= 20991231:
        return parse_date(str(int(number)))
    if 1900 <= number < 2100 and number != int(number):
        raise _no_day()
    if not 18264 <= number < 73051:  # serials of 1950-01-01 to 2099-12-31
        raise _unclear()
    epoch = date(1904, 1, 1) if date1904 else date(1899, 12, 30)
    return epoch + timedelta(days=int(number))


def _build(year: int, month: int, day: int) -> date:
    try:
        if 1900 <= year <= 2099:
            return date(year, month, day)
    except ValueError:
        pass
    raise Malformed("date.impossible", _("This date does not exist. Check year, month and day."))


def _no_date() -> Malformed:
    return Malformed("date.empty", _("The date is missing. Write it as 2026-03-05."))


def _no_day() -> Malformed:
    return Malformed("date.no_day", _("The day is missing from the date. Write it as 2026-03-05."))


def _unclear() -> Malformed:
    return Malformed(
        "date.unclear", _("This date is unclear. Write it as year-month-day, for example 2026-03-05.")
    )
