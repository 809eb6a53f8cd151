"""Cells of a spreadsheet, and rows that make them only when they are asked for.

A roster of 50,000 rows has 600,000 cells, nearly all of them plain: a row keeps the values as they came
and builds a ``Cell`` where somebody looks at one.
"""

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any, Literal

import msgspec

CellKind = Literal["text", "number", "date", "bool", "empty", "error", "formula_missing"]
CellValue = str | float | int | bool | date | datetime | None


class Cell(msgspec.Struct, frozen=True, gc=False):
    """A value with what the spreadsheet itself says it is.

    ``text`` str · ``number`` float or int · ``date`` date, or naive datetime when it has a time ·
    ``bool`` · ``empty`` None · ``error`` the error text (#REF!) · ``formula_missing`` a formula whose
    stored result is absent or 0. ``merged`` marks a copy of a merged range's first cell: never add
    such amounts up.
    """

    value: CellValue
    kind: CellKind
    merged: bool = False

    @property
    def text(self) -> str:
        """The value as a person would type it; integral numbers without ``.0``."""
        value = self.value
        if value is None:
            return ""
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        return str(value)

    @property
    def is_blank(self) -> bool:
        """Nothing visible in it."""
        return self.kind == "empty" or (self.kind == "text" and not str(self.value).strip())


EMPTY = Cell(None, "empty")
_KINDS: dict[type, CellKind] = {str: "text", float: "number", int: "number", bool: "bool"}


def cell_of(value: Any) -> Cell:
    """The cell of a raw value: str (``""`` is empty), float, int, bool, or a datetime of a date cell."""
    if value == "" and type(value) is str:
        return EMPTY
    kind = _KINDS.get(type(value))
    if kind is not None:
        return Cell(value, kind)
    if not isinstance(value, datetime):
        return EMPTY
    naive = value.replace(tzinfo=None)
    return Cell(naive.date() if naive.time() == time() else naive, "date")


class Row:
    """The cells of one row, as a sequence. ``values`` are raw, for readers of many rows; where
    ``special`` has a cell (an error, a formula without result, a copy of a merged cell) it counts instead."""

    __slots__ = ("special", "values")

    def __init__(self, values: list[Any], special: dict[int, Cell] | None = None) -> None:
        self.values, self.special = values, special

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, column: int) -> Cell:
        value = self.values[column]
        if self.special is not None and (
            cell := self.special.get(column if column >= 0 else len(self.values) + column)
        ):
            return cell
        return cell_of(value)

    def __iter__(self) -> Iterator[Cell]:
        if self.special is None:
            return map(cell_of, self.values)
        return (self[c] for c in range(len(self.values)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (Row, list)) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def get(self, column: int) -> Cell:
        """The cell, empty right of the last."""
        return self[column] if column < len(self.values) else EMPTY

    def put(self, column: int, cell: Cell) -> None:
        """Set a special cell, making the row longer where needed."""
        if column >= len(self.values):
            self.values.extend([""] * (column + 1 - len(self.values)))
        if self.special is None:
            self.special = {}
        self.special[column] = cell
