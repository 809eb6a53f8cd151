"""COPY of many rows into a table: the quickest way into PostgreSQL."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

_CHUNK = 1 << 16
_UNSAFE = re.compile(r"[\\\t\n\r\x00]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\x00": None})


def _text(value: str) -> str:
    return value.translate(_ESCAPES) if _UNSAFE.search(value) else value


_FIELD: dict[type, Callable[[Any], str]] = {
    str: _text,
    int: str,
    float: repr,
    Decimal: str,
    bool: lambda value: "t" if value else "f",
    bytes: lambda value: "\\\\x" + value.hex(),
    memoryview: lambda value: "\\\\x" + value.hex(),
    date: str,
    datetime: str,
    type(None): lambda _value: "\\N",
}


class _Lines:
    """What ``copy_expert`` reads from: lines made while the server takes in those before them."""

    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        self.count = 0
        self._lines = self._made(rows)

    def _made(self, rows: Iterable[Sequence[Any]]) -> Iterator[str]:
        field = _FIELD
        for row in rows:
            self.count += 1
            yield "\t".join([field[type(value)](value) for value in row])

    def read(self, _size: int = -1) -> str:
        chunk: list[str] = []
        length = 0
        for line in self._lines:
            chunk.append(line)
            length += len(line)
            if length > _CHUNK:
                break
        return "\n".join(chunk) + "\n" if chunk else ""


def copy_rows(cursor: Any, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Copy rows (str, int, bool, bytes, date, aware datetime, None) into a table; returns how many.

    Rows may be a generator: no more than a few hundred of them are in memory at once.
    """
    lines = _Lines(rows)
    listed = ", ".join(f'"{c}"' for c in columns)
    cursor.copy_expert(f'COPY "{table}" ({listed}) FROM STDIN', lines, _CHUNK)
    return lines.count
