"""Spreadsheets in and out.

Files come from strangers: they are parsed in a child process with limits on memory, CPU and time, which
answers with plain values; the parent only builds cells from them. ``write_workbook`` lives in
``sheet_writer`` and is offered here too.
"""

import os
import re
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, Any, Literal

import msgspec

from wagewatch.lib.errors import Malformed, TryLater
from wagewatch.lib.sheet_child.wire import MAX_CELLS, Answer, RawSheet
from wagewatch.lib.sheet_messages import FILE_MESSAGES
from wagewatch.lib.sheet_writer import ColumnOut, SheetOut, write_workbook

__all__ = [
    "Cell",
    "ColumnOut",
    "Sheet",
    "SheetOut",
    "Workbook",
    "read_workbook",
    "safe_filename",
    "write_workbook",
]

MAX_BYTES = 20 * 1024 * 1024
CPU_SECONDS = 40
WALL_SECONDS = 60
_ROOT = Path(__file__).resolve().parents[2]

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


@dataclass(frozen=True)
class Sheet:
    """One sheet. ``rows[0]`` is spreadsheet row ``first_row`` (1), column 0 is A; rows may differ in
    length. ``hidden_rows`` and ``hidden_columns`` index ``rows`` and columns from 0, ``sign_hidden``
    holds (row, column) of negative numbers shown without a sign, ``ragged_rows`` the lines of a CSV
    with more fields than the others. ``note`` is ``stray_cells`` if far-off cells were left out."""

    name: str
    visible: bool
    rows: list[list[Cell]]
    first_row: int = 1
    note: str = ""
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    sign_hidden: frozenset[tuple[int, int]] = frozenset()
    ragged_rows: frozenset[int] = frozenset()

    def cell(self, row: int, column: int) -> Cell:
        """The cell at 0-based places, empty when outside."""
        if 0 <= row < len(self.rows) and 0 <= column < len(self.rows[row]):
            return self.rows[row][column]
        return EMPTY


@dataclass(frozen=True)
class Workbook:
    """A parsed file. ``form`` is xlsx, xls, xml2003, html or csv; ``date1904`` tells how plain serial
    numbers count (date cells are already right)."""

    sheets: list[Sheet] = field(default_factory=list)
    form: str = ""
    date1904: bool = False


def read_workbook(data: bytes, filename: str, *, max_rows: int = 50_000) -> Workbook:
    """All sheets of an uploaded file, hidden ones marked.

    The form is found from the content, not the name. ``max_rows`` limits rows with content per sheet.
    Raises ``Malformed`` with a ``file.…`` code for anything that is no readable table, ``TryLater`` if
    the parser cannot be started.
    """
    if not data:
        raise _refusal("file.empty")
    if len(data) > MAX_BYTES:
        raise _refusal("file.too_large", limit=MAX_BYTES // 1024 // 1024)
    answer = _parse(data, safe_filename(filename), min(max_rows, 90_000))
    if answer.error:
        raise _refusal(answer.error, **answer.facts)
    sheets = [_sheet(raw) for raw in answer.sheets]
    if not any(sheet.rows for sheet in sheets):
        raise _refusal("file.empty")
    return Workbook(sheets, answer.form, answer.date1904)


def safe_filename(filename: str, *, longest: int = 120) -> str:
    """A file name to store and show: no folders, control or direction characters, bounded length."""
    name = unicodedata.normalize("NFC", filename).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(c for c in name if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
    name = re.sub(r'[<>:"|?*]', "_", name).strip(" .")
    stem, dot, extension = name.rpartition(".")
    if dot and len(extension) <= 8:
        return f"{stem[: longest - 9]}.{extension}"
    return name[:longest] or "upload"


def _refusal(code: str, **facts: Any) -> Malformed:
    return Malformed(code, FILE_MESSAGES.get(code, FILE_MESSAGES["file.damaged"]), **facts)


def _parse(data: bytes, filename: str, max_rows: int) -> Answer:
    arguments = [filename, str(max_rows), str(CPU_SECONDS)]
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    with _scratch() as given, _scratch() as answered:
        given.write(data)
        given.seek(0)
        try:
            child = subprocess.run(
                [sys.executable, "-m", "wagewatch.lib.sheet_child", *arguments],
                stdin=given,
                stdout=answered,
                stderr=subprocess.DEVNULL,
                cwd=_ROOT,
                env=environment,
                timeout=WALL_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise _refusal("file.too_heavy") from None
        except OSError:
            raise TryLater from None
        answered.seek(0)
        if child.returncode:
            raise _refusal("file.too_heavy" if child.returncode < 0 else "file.damaged")
        try:
            return msgspec.msgpack.decode(answered.read(), type=Answer)
        except msgspec.MsgspecError:
            raise _refusal("file.damaged") from None


def _scratch() -> IO[bytes]:
    """A file in memory where the system has such, so that personal data touches no disk."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("sheet"), "w+b")
    return tempfile.TemporaryFile()


_KINDS: dict[type, CellKind] = {str: "text", float: "number", int: "number", bool: "bool"}


def _sheet(raw: RawSheet) -> Sheet:
    kinds, empty, make = _KINDS, EMPTY, Cell
    rows = [
        [
            empty if v == "" and type(v) is str else make(v, kinds[type(v)]) if type(v) in kinds else _date(v)
            for v in row
        ]
        for row in raw.rows
    ]
    for (r, c), text in raw.errors.items():
        _put(rows, r, c, Cell(text, "error"))
    for r, c in raw.formula_missing:
        if r < len(rows) and not (c < len(rows[r]) and rows[r][c].kind == "error"):
            value = rows[r][c].value if c < len(rows[r]) else None
            _put(rows, r, c, Cell(value, "formula_missing"))
    _fill_merged(rows, raw.merged)
    return Sheet(
        name=raw.name,
        visible=raw.visible,
        rows=rows,
        note=raw.notes[0] if raw.notes else "",
        hidden_rows=frozenset(raw.hidden_rows),
        hidden_columns=frozenset(raw.hidden_columns),
        sign_hidden=frozenset(raw.sign_hidden),
        ragged_rows=frozenset(raw.ragged_rows),
    )


def _date(value: Any) -> Cell:
    if not isinstance(value, datetime):
        return EMPTY
    naive = value.replace(tzinfo=None)
    return Cell(naive.date() if naive.time() == time() else naive, "date")


def _put(rows: list[list[Cell]], r: int, c: int, cell: Cell) -> None:
    if r < len(rows) and c < 256:
        rows[r].extend([EMPTY] * (c + 1 - len(rows[r])))
        rows[r][c] = cell


def _fill_merged(rows: list[list[Cell]], ranges: Iterable[tuple[int, int, int, int]]) -> None:
    """Copy the first cell over its merged range, never over a cell that has a value of its own."""
    budget = MAX_CELLS
    for top, left, bottom, right in ranges:
        if top >= len(rows) or left >= len(rows[top]) or rows[top][left].kind == "empty":
            continue
        first = rows[top][left]
        copy = Cell(first.value, first.kind, True)
        bottom, right = min(bottom, len(rows) - 1), min(right, 255)
        budget -= (bottom - top + 1) * (right - left + 1)
        if budget < 0:
            raise _refusal("file.too_heavy")
        for r in range(top, bottom + 1):
            row = rows[r]
            row.extend([EMPTY] * (right + 1 - len(row)))
            for c in range(left, right + 1):
                if row[c].kind == "empty":
                    row[c] = copy
