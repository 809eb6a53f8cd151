"""What is said of one rule's alarms, and the words that all rules share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language, ngettext, npgettext
from django.utils.translation import gettext as _

from inspection.alarms.catalogue import RULES
from inspection.alarms.readings import Reading, figure_of
from inspection.alarms.rule import Setting
from inspection.models import Alarm
from inspection.rules import LEVEL_NAMES
from registration.services.parameters import parameter
from wagewatch.lib.dates import parse_month
from wagewatch.templatetags.ww import cny, month_only

NAMED_FROM = 3
"""A parameter of so many figures names each of them."""
Ground = dict[str, Any]
"""A row of the alarm's page: what was looked at, value, limit, source of the data."""


@dataclass(frozen=True)
class Words:
    """How one rule's alarms are told. `closes` says what must come into the data."""

    headline: Callable[[Alarm], str]
    reason: Callable[[Alarm, date], str]
    grounds: Callable[[Alarm, date], list[Ground]]
    closes: str | Promise = ""


def gap() -> str:
    """What stands between two sentences, or after a colon: nothing in Chinese."""
    return "" if (get_language() or "").startswith("zh") else " "


def sentences(*parts: object) -> str:
    """Sentences one after another: Chinese puts no space between them."""
    return gap().join(str(part) for part in parts if part)


def row(what: Any, value: Any, limit: Any, source: Any) -> Ground:
    """A ground."""
    return {"what": what, "value": value, "limit": limit, "source": source}


def month_of(alarm: Alarm) -> str:
    """The wage month of an alarm as a name."""
    return month_only(parse_month(alarm.period))


def people(count: int) -> str:
    """So many people."""
    return ngettext("%(n)s person", "%(n)s people", count) % {"n": count}


def amount_of(unit: str, figure: int | str) -> str:
    """A figure of a setting with its unit."""
    number = int(float(figure))
    if unit == "days":
        return ngettext("%(n)s day", "%(n)s days", number) % {"n": figure}
    if unit == "wd":
        return ngettext("%(n)s working day", "%(n)s working days", number) % {"n": figure}
    if unit == "percent":
        return f"{figure}%"
    if unit == "people":
        return people(number)
    if unit == "entries":
        return ngettext("%(n)s entry", "%(n)s entries", number) % {"n": figure}
    if unit == "payments":
        return ngettext("%(n)s payment", "%(n)s payments", number) % {"n": figure}
    return _("day %(n)s") % {"n": figure}


def reading_words(reading: Reading, value: Any) -> str:
    """What a parameter that is no ladder says: each figure with its unit, and with its name where there are many."""
    found = reading_lines(reading, value)
    if len(reading.figures) < NAMED_FROM:
        return ("，" if gap() == "" else ", ").join(figure for _what, figure in found)
    said = _("%(what)s: %(figure)s")
    return ("；" if gap() == "" else "; ").join(
        said % {"what": what, "figure": figure} for what, figure in found
    )


def reading_lines(reading: Reading, value: Any) -> list[tuple[str, str]]:
    """The same as (name, figure with unit)."""
    return [
        (str(figure.words), _plain(figure.unit, held))
        for figure in reading.figures
        if (held := figure_of(figure, value)) is not None
    ]


def _plain(unit: str, figure: Any) -> str:
    if unit == "day":
        return str(figure) or _("never")
    if unit == "yes":
        return _("yes") if figure else _("no")
    number = int(float(figure))
    if unit == "fen":
        return cny(number)
    if unit == "hours":
        return ngettext("%(n)s hour", "%(n)s hours", number) % {"n": figure}
    if unit == "minutes":
        return ngettext("%(n)s minute", "%(n)s minutes", number) % {"n": figure}
    if unit == "months":
        return ngettext("%(n)s month", "%(n)s months", number) % {"n": figure}
    if unit == "years":
        return ngettext("%(n)s year", "%(n)s years", number) % {"n": figure}
    if unit == "span":
        return npgettext("a span", "%(n)s year", "%(n)s years", number) % {"n": figure}
    return amount_of(unit, figure)


def steps_of(setting: Setting, value: Any) -> list[tuple[str, str]]:
    """(level, figure with unit) of a regional value, the mildest first."""
    return [
        (name, amount_of(setting.unit, value[name]))
        for name in LEVEL_NAMES.values()
        if isinstance(value, dict) and name in value
    ]


def limit_words(alarm: Alarm, key: str, today: date) -> str:
    """The figures of a rule's setting where the alarm's project lies, in words."""
    setting = next(s for s in RULES[alarm.rule].settings if s.key == key)
    value = parameter(key, region_code=alarm.project.region_id, on=today, default={})
    level = {"yellow": _("yellow"), "orange": _("orange"), "red": _("red")}
    said = _("%(level)s: %(figure)s")
    return ("，" if gap() == "" else ", ").join(
        said % {"level": level[name], "figure": figure} for name, figure in steps_of(setting, value)
    )
