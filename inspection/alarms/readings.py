"""Parameters that rules read besides their own figures: what each is, in which unit, and who may set it.

Some are law for the whole country, or within a range that the law leaves to the province; a county may look what
another value would do, but not set it.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

COUNTY, PROVINCE = "county", "province"


@dataclass(frozen=True)
class Figure:
    """One figure of a parameter: its place in the value ("" for the value itself, "raised.factor" for one inside a
    table), unit and range.

    `unit` is days, wd (working days), hours, minutes, months, years (of age), span (years that pass), people, percent,
    fen, day (an ISO date, whose range are proleptic ordinals) or yes (a truth that holds unless it is written as
    false). `decimal` keeps a number as a text: "21.75", and percents without needless zeros, "0.5". An `optional` one
    may be left out of the table.
    """

    name: str
    unit: str
    words: str | Promise
    least: int | Decimal
    most: int | Decimal
    decimal: bool = False
    optional: bool = False


@dataclass(frozen=True)
class Reading:
    """A parameter that is no ladder of levels: its words, its figures, and the lowest level of region that sets it.

    Of each pair in `either` exactly one figure is written. `by_contract`: the value of the day on which a contract was
    signed holds for it, so a new value touches later contracts only.
    """

    key: str
    words: str | Promise
    figures: tuple[Figure, ...]
    set_by: str = COUNTY
    either: tuple[tuple[str, str], ...] = ()
    by_contract: bool = False


def _percent(name: str, words: str | Promise, least: str, most: str, *, optional: bool = False) -> Figure:
    return Figure(name, "percent", words, Decimal(least), Decimal(most), decimal=True, optional=optional)


def _changed(
    name: str, words: tuple[Promise, Promise], factor: tuple[str, str], most: str
) -> tuple[Figure, Figure]:
    """What a record of arrears does to the rate: a share of it, or another rate."""
    return (
        _percent(f"{name}.factor", words[0], *factor, optional=True),
        _percent(f"{name}.percent", words[1], "0", most, optional=True),
    )


DEPOSIT_TABLE = "deposit.table"
# Measures on wage deposits of 2021 (人社部发〔2021〕65号): 1 to 3 per cent, never under 0.5; lowered by half or more after
# two clean years, raised by half or more after arrears, doubled at least for the listed.
_DEPOSIT = (
    _percent("percent", _("rate, in per cent of the contract sum"), "1", "3"),
    _percent("least_percent", _("rate that nothing goes below, in per cent"), "0.5", "3"),
    _percent("several.percent", _("rate if the firm has other works in the city, in per cent"), "0.5", "3", optional=True),
    Figure("cap_fen", "fen", _("largest deposit, in yuan"), 100_000, 100_000_000_000, optional=True),
    Figure("floor_fen", "fen", _("smallest deposit, in yuan"), 100, 1_000_000_000, optional=True),
    Figure("small_under_fen", "fen", _("contract sum, in yuan, below which clean firms lodge nothing"), 0, 1_000_000_000),
    Figure("small_clean_years", "span", _("clean years that such small works need"), 1, 10),
    Figure("lowered_after_years", "span", _("clean years after which the rate falls"), 2, 10),
    *_changed(
        "lowered",
        (_("share of the rate that remains after clean years, in per cent"), _("or the rate itself after clean years")),
        ("0", "50"),
        "1.5",
    ),
    Figure("exempt_after_years", "span", _("clean years after which well-kept works lodge nothing"), 3, 10, optional=True),
    Figure("raised_within_years", "span", _("years for which arrears raise the rate"), 2, 10),
    *_changed(
        "raised",
        (_("share of the rate after arrears, in per cent"), _("or the rate itself after arrears")),
        ("150", "500"),
        "10",
    ),
    *_changed(
        "listed",
        (_("share of the rate for listed firms, in per cent"), _("or the rate itself for listed firms")),
        ("200", "1000"),
        "20",
    ),
    Figure("listed.capped", "yes", _("the largest deposit holds for listed firms too"), 0, 1, optional=True),
)  # fmt: skip

_SMALL = Figure("", "fen", _("contract sum in yuan below which the rule asks nothing"), 0, 10_000_000_000)

READINGS = {
    reading.key: reading
    for reading in (
        Reading("account.small_under_fen", _("Small works need no account"), (_SMALL,), PROVINCE),
        Reading("guarantee.small_under_fen", _("Small works need no payment guarantee"), (_SMALL,), PROVINCE),
        # Order 724 has asked for the guarantee since this day; a region may have begun later.
        Reading(
            "guarantee.asked_since",
            _("Contracts that need a payment guarantee"),
            (
                Figure(
                    "",
                    "day",
                    _("first day of signature from which one is asked for"),
                    date(2020, 5, 1).toordinal(),
                    date(2100, 1, 1).toordinal(),
                ),
            ),
            PROVINCE,
        ),
        Reading(
            DEPOSIT_TABLE,
            _("How large a wage deposit is"),
            _DEPOSIT,
            PROVINCE,
            either=tuple((f"{name}.factor", f"{name}.percent") for name in ("lowered", "raised", "listed")),
            by_contract=True,
        ),
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
    """What a value holds for a figure; None if nothing."""
    found = value
    for name in figure.name.split(".") if figure.name else ():
        found = found.get(name) if isinstance(found, dict) else None if figure.optional else found
    return None if isinstance(found, dict | list) else found


def names_of(value: Any, above: str = "") -> set[str]:
    """The places of a value that hold something: {"raised": {"factor": "150"}} has "raised.factor"; a plain value ""."""
    if not isinstance(value, dict):
        return {above}
    return {
        name for key, inner in value.items() for name in names_of(inner, f"{above}.{key}" if above else key)
    }


def with_figures(value: Any, figures: dict[str, Any]) -> Any:
    """A copy of a table with figures put to their places; None takes one out. A plain value is replaced."""
    if set(figures) == {""}:
        return figures[""]
    table = {
        k: dict(v) if isinstance(v, dict) else v
        for k, v in (value if isinstance(value, dict) else {}).items()
    }
    for name, found in figures.items():
        *path, last = name.split(".")
        inside = table.setdefault(path[0], {}) if path else table
        if found is None:
            inside.pop(last, None)
            if path and not inside:
                del table[path[0]]
        else:
            inside[last] = found
    return table
