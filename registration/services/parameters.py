"""Rule values that differ by place and change by date, and the working-day calendar.

Read through a short process-local cache: a change made on one server is seen everywhere within a minute.
"""

import time
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

from django.db.models import Q
from django.utils.translation import get_language

from registration.models import CalendarDay, Parameter, Region
from wagewatch.lib.dates import Calendar

T = TypeVar("T")
SECONDS_KEPT = 60.0
_kept: dict[str, tuple[float, Any]] = {}
_MISSING = object()

Dated = list[tuple[date, date | None, Any]]
"""Valid from, valid to, value."""


def forget() -> None:
    """Drop what this process remembers; called after every change and between tests."""
    _kept.clear()


def _remember(name: str, read: Callable[[], T]) -> T:
    found = _kept.get(name)
    if found is not None and time.monotonic() - found[0] < SECONDS_KEPT:
        return found[1]
    value = read()
    _kept[name] = (time.monotonic(), value)
    return value


def _by_place() -> dict[tuple[str, str], Dated]:
    """Key and region code ('' = everywhere) to its values: asked for every project of a list, many times."""
    found: dict[tuple[str, str], Dated] = defaultdict(list)
    for key, region, *dated in Parameter.objects.values_list(
        "key", "region_id", "valid_from", "valid_to", "value"
    ):
        found[key, region or ""].append(tuple(dated))
    return dict(found)


def region_line(code: str) -> tuple[str, ...]:
    """A region's code, its city's, its province's, and '' for the whole country; nearest first."""
    return tuple(dict.fromkeys((code, code[:4] + "00", code[:2] + "0000", "")))


def parameter(key: str, *, region_code: str, on: date, default: Any = _MISSING) -> Any:
    """The value of `key` valid on a day, from the nearest region that sets it.

    Raises KeyError if no region sets it and no default is given.
    """
    places = _remember("parameters", _by_place)
    for code in region_line(region_code):
        valid = [
            (start, value)
            for start, end, value in places.get((key, code), ())
            if start <= on and (end is None or on <= end)
        ]
        if valid:
            return max(valid, key=lambda pair: pair[0])[1]
    if default is _MISSING:
        raise KeyError(f"{key} is not set for {region_code} on {on}")
    return default


def parameter_source(key: str, *, region_code: str, on: date) -> Parameter | None:
    """The row that `parameter` answers from, with its source and region, for pages that explain a figure."""
    line = region_line(region_code)
    rows = Parameter.objects.filter(
        Q(valid_to=None) | Q(valid_to__gte=on),
        Q(region=None) | Q(region__in=line),
        key=key,
        valid_from__lte=on,
    ).select_related("region")
    return max(rows, key=lambda r: (-line.index(r.region_id or ""), r.valid_from), default=None)


def load_calendar() -> Calendar:
    """The editable working-day calendar as a value for wagewatch.lib.dates."""
    return _remember("calendar", lambda: Calendar(dict(CalendarDay.objects.values_list("day", "is_working"))))


def region_labels() -> dict[str, str]:
    """Code → name of every region in the reader's language; Chinese where no English name is on record."""
    if (get_language() or "zh").startswith("zh"):
        return region_names()
    found = Region.objects.values_list("code", "name", "name_en")
    return _remember("region-labels", lambda: {code: english or name for code, name, english in found})


def region_names() -> dict[str, str]:
    """Code → Chinese name of every region."""
    return _remember("regions", lambda: dict(Region.objects.values_list("code", "name")))
