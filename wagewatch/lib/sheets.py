"""Spreadsheets in and out.

Files come from strangers: they are parsed in a child process with limits on memory, CPU and time, which
answers with plain values; the parent only builds cells from them. ``write_workbook`` lives in
``sheet_writer`` and is offered here too.
"""

import os
import re
import select
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import msgspec

from wagewatch.lib.cells import EMPTY, Cell, Row
from wagewatch.lib.errors import Malformed, TryLater
from wagewatch.lib.sheet_child.wire import MAX_CELLS, MAX_COLUMNS, Answer, RawSheet
from wagewatch.lib.sheet_messages import FILE_MESSAGES
from wagewatch.lib.sheet_writer import ColumnOut, SheetOut, write_workbook

__all__ = [
    "EMPTY",
    "Cell",
    "ColumnOut",
    "Row",
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


@dataclass(frozen=True)
class Sheet:
    """One sheet. ``rows[0]`` is spreadsheet row ``first_row`` (1), column 0 is A; rows may differ in
    length. ``hidden_rows`` and ``hidden_columns`` index ``rows`` and columns from 0, ``sign_hidden``
    holds (row, column) of negative numbers shown without a sign, ``ragged_rows`` the lines of a CSV
    with more fields than the others. ``note`` is ``stray_cells`` if far-off cells were left out."""

    name: str
    visible: bool
    rows: list[Row]
    first_row: int = 1
    note: str = ""
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    sign_hidden: frozenset[tuple[int, int]] = frozenset()
    ragged_rows: frozenset[int] = frozenset()

    def cell(self, row: int, column: int) -> Cell:
        """The cell at 0-based places, empty when outside."""
        return self.rows[row].get(column) if 0 <= row < len(self.rows) and column >= 0 else EMPTY


@dataclass(frozen=True)
class Workbook:
    """A parsed file. ``form`` is xlsx, ods, xls, xml2003, html or csv; ``date1904`` tells how plain serial
    numbers count (date cells are already right)."""

    sheets: list[Sheet] = field(default_factory=list)
    form: str = ""
    date1904: bool = False


def read_workbook(data: bytes, filename: str, *, max_rows: int = 60_000) -> Workbook:
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
    with _scratch() as given, _scratch() as answered:
        given.write(data)
        given.seek(0)
        arguments = [filename, str(max_rows), str(CPU_SECONDS)]
        try:
            code = _run_child(arguments, given, answered)
        except OSError:
            raise TryLater from None
        if code is None:
            raise _refusal("file.too_heavy")
        if code:
            raise _refusal("file.too_heavy" if code < 0 else "file.damaged")
        answered.seek(0)
        try:
            return msgspec.msgpack.decode(answered.read(), type=Answer)
        except msgspec.MsgspecError:
            raise _refusal("file.damaged") from None


def _run_child(arguments: list[str], given: IO[bytes], answered: IO[bytes]) -> int | None:
    """The exit code of the parser, None if it was stopped after WALL_SECONDS.

    It inherits the end of a pipe that nobody writes to: when it ends, however it ends, the other end
    wakes up. ``Popen.wait(timeout)`` would look every 50 ms instead.
    """
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    ended, held = os.pipe()
    try:
        child = subprocess.Popen(
            [sys.executable, "-m", "wagewatch.lib.sheet_child", *arguments],
            stdin=given,
            stdout=answered,
            stderr=subprocess.DEVNULL,
            cwd=_ROOT,
            env=environment,
            pass_fds=(held,),
        )
        os.close(held)
        held = -1
        poll = select.poll()
        poll.register(ended, select.POLLIN | select.POLLHUP)
        if not poll.poll(WALL_SECONDS * 1000):
            child.kill()
            child.wait()
            return None
        return child.wait()
    finally:
        os.close(ended)
        if held >= 0:
            os.close(held)


def _scratch() -> IO[bytes]:
    """A file in memory where the system has such, so that personal data touches no disk."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("sheet"), "w+b")
    return tempfile.TemporaryFile()


def _sheet(raw: RawSheet) -> Sheet:
    rows = [Row(values) for values in raw.rows]
    for (r, c), text in raw.errors.items():
        _put(rows, r, c, Cell(text, "error"))
    for r, c in raw.formula_missing:
        if r < len(rows):
            cell = rows[r].get(c)
            if cell.kind != "error":
                _put(rows, r, c, Cell(cell.value, "formula_missing"))
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


def _put(rows: list[Row], r: int, c: int, cell: Cell) -> None:
    if r < len(rows) and c < MAX_COLUMNS:
        rows[r].put(c, cell)


def _fill_merged(rows: list[Row], ranges: Iterable[tuple[int, int, int, int]]) -> None:
    """Copy the first cell over its merged range, never over a cell that has a value of its own."""
    budget = MAX_CELLS
    for top, left, bottom, right in ranges:
        if top >= len(rows) or rows[top].get(left).kind == "empty":
            continue
        first = rows[top][left]
        copy = Cell(first.value, first.kind, True)
        bottom, right = min(bottom, len(rows) - 1), min(right, MAX_COLUMNS - 1)
        budget -= (bottom - top + 1) * (right - left + 1)
        if budget < 0:
            raise _refusal("file.too_heavy")
        for row in rows[top : bottom + 1]:
            for c in range(left, right + 1):
                if row.get(c).kind == "empty":
                    row.put(c, copy)
