"""Parameters that rules read besides their own figures: what each is, in which unit, and who may set it.

Some are law for the whole country, or within a range that the law leaves to the province; a county may look what
another value would do, but not set it.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

COUNTY, PROVINCE = "county", "province"


@dataclass(frozen=True)
class Figure:
    """One number of a parameter: its place in the value ("" for the value itself), unit and range.

    `unit` is days, wd (working days), hours, minutes, months, years, people or fen; `decimal` keeps it as a text with
    two places, as "21.75".
    """

    name: str
    unit: str
    words: str | Promise
    least: int
    most: int
    decimal: bool = False


@dataclass(frozen=True)
class Reading:
    """A parameter that is no ladder of levels: its words, its figures, and the lowest level of region that sets it."""

    key: str
    words: str | Promise
    figures: tuple[Figure, ...]
    set_by: str = COUNTY


_SMALL = Figure("", "fen", _("contract sum in yuan below which the rule asks nothing"), 0, 10_000_000_000)

READINGS = {
    reading.key: reading
    for reading in (
        Reading("account.small_under_fen", _("Small works need no account"), (_SMALL,), PROVINCE),
        Reading("guarantee.small_under_fen", _("Small works need no payment guarantee"), (_SMALL,), PROVINCE),
        Reading(
            "attendance.longest_stay_hours",
            _("Longest stay on a site"),
            (Figure("", "hours", _("hours between coming in and going out"), 8, 24),),
        ),
        Reading(
            "odd.two_sites",
            _("On two sites at once"),
            (Figure("minutes", "minutes", _("minutes on both sites at the same time"), 1, 720),),
        ),
        Reading(
            "case.accept_within_wd",
            _("Time to accept a complaint"),
            (Figure("", "wd", _("working days after it was made"), 1, 5),),
        ),
        Reading(
            "pay.largest_line_fen",
            _("Largest wage of a month"),
            (Figure("", "fen", _("yuan above which a payment looks wrong"), 100_000, 100_000_000),),
        ),
        Reading(
            "pay.month_days",
            _("Paid days of a month"),
            (Figure("", "days", _("days by which a month's wage is divided"), 20, 31, decimal=True),),
            PROVINCE,
        ),
        # Criminal Law 276-1; interpretation of 2013, article 3: each province fixes its figures within these ranges.
        Reading(
            "crime.one",
            _("Arrears of one worker that are a crime not to pay"),
            (
                Figure("months", "months", _("months of pay"), 3, 3),
                Figure("fen", "fen", _("yuan"), 500_000, 2_000_000),
            ),
            PROVINCE,
        ),
        Reading(
            "crime.many",
            _("Arrears of several workers that are a crime not to pay"),
            (
                Figure("people", "people", _("workers"), 10, 10),
                Figure("fen", "fen", _("yuan altogether"), 3_000_000, 10_000_000),
            ),
            PROVINCE,
        ),
        # Labour Law, articles 15 and 58: nobody under 16 works; 16 to 17 is a minor.
        Reading(
            "people.youngest_age",
            _("Youngest age at work"),
            (Figure("", "years", _("years"), 16, 18),),
            PROVINCE,
        ),
        Reading(
            "people.adult_age",
            _("Age from which nobody is a minor"),
            (Figure("", "years", _("years"), 18, 18),),
            PROVINCE,
        ),
    )
}


def figure_of(figure: Figure, value: Any) -> Any:
    """The number that a value holds for a figure; None if it holds none."""
    found = value.get(figure.name) if figure.name and isinstance(value, dict) else value
    return None if isinstance(found, dict | list) else found
