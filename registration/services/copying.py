"""COPY of many rows into a table: the quickest way into PostgreSQL."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

_NULL = "\\N"


def _field(value: Any) -> Any:
    if value is None:
        return _NULL
    kind = type(value)
    if kind is bytes:
        return "\\x" + value.hex()
    return value.replace("\x00", "") if kind is str and "\x00" in value else value


def copy_rows(cursor: Any, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Copy rows (str, int, bool, bytes, date, aware datetime, None) into a table; returns how many."""
    data = io.StringIO()
    made = [[_field(value) for value in row] for row in rows]
    if not made:
        return 0
    csv.writer(data, lineterminator="\n").writerows(made)
    data.seek(0)
    listed = ", ".join(f'"{c}"' for c in columns)
    cursor.copy_expert(
        f"COPY \"{table}\" ({listed}) FROM STDIN WITH (FORMAT csv, NULL '{_NULL}')", data, 1 << 20
    )
    return len(made)
