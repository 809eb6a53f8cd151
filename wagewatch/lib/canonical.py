"""One way to write a record as bytes: the subset of RFC 8785 (JSON Canonicalization Scheme) that evidence needs.

Keys sorted by UTF-16 code units, no white space, UTF-8, no floats. What a database hands out in more than one
spelling is brought to one first: moments become UTC with microseconds, days ISO, decimals plain without trailing
zeros, identifiers text. Two records are equal exactly when their bytes are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

MAX_INTEGER = 2**53 - 1  # RFC 8785 section 3.2.2.3: what every JSON reader keeps exact
MAX_DEPTH = 32


class CanonicalError(ValueError):
    """A value that has no single agreed spelling."""


def canonical(value: object) -> bytes:
    """The canonical bytes of a record; CanonicalError for floats, naive moments, non-text keys and the like."""
    return json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def plain(value: object, depth: int = 0) -> object:
    """The same value in JSON types only, keys in canonical order."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise CanonicalError("an integer beyond 2**53 - 1")
        return int(value)
    if isinstance(value, Mapping):
        return _mapping(value, depth)
    if isinstance(value, list | tuple):
        if depth >= MAX_DEPTH:
            raise CanonicalError("nested too deeply")
        return [plain(item, depth + 1) for item in value]
    return _spelled(value)


def _mapping(value: Mapping[object, object], depth: int) -> dict[str, object]:
    if depth >= MAX_DEPTH:
        raise CanonicalError("nested too deeply")
    keys = []
    for key in value:
        if not isinstance(key, str):
            raise CanonicalError(f"a key of type {type(key).__name__}")
        keys.append(_text(key))
    keys.sort(key=lambda key: key.encode("utf-16-be"))
    return {key: plain(value[key], depth + 1) for key in keys}


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise CanonicalError("text with half a surrogate pair") from None
    return str.__str__(value)


def _spelled(value: object) -> str:
    """Text for the types the database gives that JSON has not."""
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise CanonicalError("a decimal that is no number")
        text = format(value, "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return "0" if text == "-0" else text
    if isinstance(value, UUID):
        return str(value)
    raise CanonicalError(f"a value of type {type(value).__name__}")


def moment(value: datetime) -> str:
    """An aware moment in UTC with microseconds: 2026-11-06T11:52:00.000000Z."""
    if value.tzinfo is None:
        raise CanonicalError("a moment without a time zone")
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
