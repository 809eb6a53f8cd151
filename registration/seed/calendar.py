"""Holidays and make-up workdays from the package holidays, as first contents of the editable calendar."""

from datetime import date
from typing import NamedTuple

import holidays

YEARS = (2025, 2026, 2027)
OFFICIAL = "国务院办公厅放假通知"
COMPUTED = "package"
"""Source of a year whose official make-up days are not known yet: only the statutory days, computed."""


class CalendarRow(NamedTuple):
    """A day on which work or rest is set by decree. Rest days that fall on a weekend are included."""

    day: date
    is_working: bool
    name: str
    source: str


def calendar_rows(years: tuple[int, ...] = YEARS) -> list[CalendarRow]:
    """Rows ordered by day; without an announced exchange of days the year's source is ``package``."""
    rows: list[CalendarRow] = []
    for year in years:
        china = holidays.country_holidays("CN", years=year, language="zh_CN")
        make_up = {day for day in getattr(china, "weekend_workdays", ()) if day.year == year}
        source = f"{OFFICIAL} {year}" if make_up else COMPUTED
        rest = {day: name for day, name in china.items() if day.year == year}
        rows += [
            CalendarRow(day, False, name[:60], source) for day, name in rest.items() if day not in make_up
        ]
        rows += [CalendarRow(day, True, "调休上班", source) for day in make_up]
    return sorted(rows)
