"""The shape of a parameter row."""

from datetime import date
from typing import Any, NamedTuple


class ParameterRow(NamedTuple):
    """``region`` is a GB/T 2260 code, None for the whole country; ``valid_to`` is the last day, or None."""

    region: str | None
    key: str
    valid_from: date
    valid_to: date | None
    value: Any
    source: str
