"""Write .xlsx files that are safe to open: every text is stored as text, never as a formula."""

import io
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any, Literal

import xlsxwriter

from wagewatch.lib.dates import SITE_TZ

ColumnKind = Literal["text", "money", "number", "date"]
Value = str | int | float | Decimal | bool | date | datetime | None

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet take a text for a formula when the cell is edited or pasted elsewhere; such a cell
is marked as quoted text besides being stored as text."""
_LONGEST_TEXT = 32_767
_INERT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_INLINE_LIST = 255
_EXTRA_ROWS = 1_000


@dataclass(frozen=True)
class ColumnOut:
    """A column: heading, kind, width in characters, drop-down choices, hint shown on the cell.

    ``money`` takes fen and shows yuan; ``text`` keeps IDs, cards and phones as typed, also in rows that
    people add below.
    """

    heading: str
    kind: ColumnKind = "text"
    width: float = 14
    choices: Sequence[str] = ()
    hint: str = ""
    required: bool = False


@dataclass(frozen=True)
class SheetOut:
    """A sheet: title line (optional), headings, rows in the order of the columns. ``marked`` holds
    (row, column) places, counted from 0 in ``rows``, to show in red."""

    name: str
    columns: Sequence[ColumnOut]
    rows: Iterable[Sequence[Value]] = ()
    title: str = ""
    marked: frozenset[tuple[int, int]] = field(default_factory=frozenset)


def write_workbook(sheets: Sequence[SheetOut]) -> bytes:
    """The bytes of an .xlsx with headings frozen, drop-downs, and text, date and money formats."""
    out = io.BytesIO()
    _write_book(xlsxwriter.Workbook(out, {"in_memory": True, **_INERT}), sheets)
    return out.getvalue()


def workbook_file(sheets: Sequence[SheetOut]) -> IO[bytes]:
    """The same as an open temporary file, for any number of rows: a row is written and forgotten.

    Texts stand in their cells instead of a shared table, so the file is somewhat larger.
    """
    out = tempfile.TemporaryFile()  # noqa: SIM115 the caller reads and closes it
    _write_book(xlsxwriter.Workbook(out, {"constant_memory": True, **_INERT}), sheets)
    out.seek(0)
    return out


def _write_book(book: Any, sheets: Sequence[SheetOut]) -> None:
    formats = _formats(book)
    lists: list[Sequence[str]] = []
    names = _unique_names([sheet.name for sheet in sheets])
    for sheet, name in zip(sheets, names, strict=True):
        _write_sheet(book.add_worksheet(name), sheet, formats, lists)
    if lists:
        _write_lists(book, lists)
    book.close()


def inert(text: str) -> str:
    """Text without characters that XML cannot hold, cut to what a cell can hold."""
    return _ILLEGAL.sub("", text)[:_LONGEST_TEXT]


def _formats(book: Any) -> dict[tuple[str, bool], Any]:
    looks: dict[str, dict[str, Any]] = {
        "text": {"num_format": "@"},
        "quoted": {"num_format": "@", "quote_prefix": True},
        "money": {"num_format": "#,##0.00;-#,##0.00"},
        "number": {"num_format": "General"},
        "date": {"num_format": "yyyy-mm-dd"},
        "moment": {"num_format": "yyyy-mm-dd hh:mm"},
    }
    red = {"bg_color": "#FDE8E8", "font_color": "#9B1C1C"}
    formats = {
        (k, m): book.add_format(v | (red if m else {})) for k, v in looks.items() for m in (False, True)
    }
    heading = {"bold": True, "text_wrap": True, "valign": "vcenter", "bottom": 1, "num_format": "@"}
    formats["heading", False] = book.add_format(heading | {"bg_color": "#EEF2F6"})
    formats["heading", True] = book.add_format(heading | {"bg_color": "#FFF3D6"})
    formats["title", False] = book.add_format({"bold": True, "font_size": 14})
    return formats


def _write_sheet(
    page: Any,
    sheet: SheetOut,
    formats: dict[tuple[str, bool], Any],
    lists: list[Sequence[str]],
) -> None:
    top = 0
    if sheet.title:
        page.write_string(0, 0, inert(sheet.title), formats["title", False])
        top = 1
    for c, column in enumerate(sheet.columns):
        page.write_string(top, c, inert(column.heading), formats["heading", column.required])
        page.set_column(c, c, column.width, formats[column.kind, False])
        if column.hint:
            page.write_comment(top, c, inert(column.hint), {"x_scale": 2})
    page.freeze_panes(top + 1, 0)
    last = top
    for r, row in enumerate(sheet.rows):
        last = top + 1 + r
        for c, value in enumerate(row):
            _write(page, last, c, value, sheet.columns[c].kind, formats, (r, c) in sheet.marked)
    for c, column in enumerate(sheet.columns):
        if column.choices:
            page.data_validation(top + 1, c, last + _EXTRA_ROWS, c, _validation(column.choices, lists))


def _write(
    page: Any,
    r: int,
    c: int,
    value: Value,
    kind: ColumnKind,
    formats: dict[tuple[str, bool], Any],
    marked: bool,
) -> None:
    look = formats[kind, marked]
    if value is None or value == "":
        if marked:
            page.write_blank(r, c, None, look)
    elif isinstance(value, str):
        text = inert(value)
        page.write_string(r, c, text, formats["quoted" if text.startswith(_FORMULA) else "text", marked])
    elif isinstance(value, datetime):
        local = value.astimezone(SITE_TZ).replace(tzinfo=None) if value.tzinfo else value
        page.write_datetime(r, c, local, formats["moment", marked])
    elif isinstance(value, date):
        page.write_datetime(r, c, value, formats["date", marked])
    elif isinstance(value, bool):
        page.write_boolean(r, c, value, look)
    elif kind == "text":
        page.write_string(r, c, str(value), look)
    elif kind == "money":
        page.write_number(r, c, Decimal(value) / 100, look)
    else:
        page.write_number(r, c, value, look)


def _validation(choices: Sequence[str], lists: list[Sequence[str]]) -> dict[str, Any]:
    clean = [inert(choice) for choice in choices]
    inline = len(",".join(clean)) <= _INLINE_LIST and not any("," in choice for choice in clean)
    if inline:
        return {"validate": "list", "source": clean}
    lists.append(clean)
    column = xlsxwriter.utility.xl_col_to_name(len(lists) - 1)
    return {"validate": "list", "source": f"=_lists!${column}$1:${column}${len(clean)}"}


def _write_lists(book: Any, lists: list[Sequence[str]]) -> None:
    """Long drop-down lists need cells to stand in; the sheet is hidden."""
    page = book.add_worksheet("_lists")
    for c, choices in enumerate(lists):
        for r, choice in enumerate(choices):
            page.write_string(r, c, choice)
    page.very_hidden()


def _unique_names(names: Sequence[str]) -> list[str]:
    """Sheet names that Excel accepts: 31 characters, none of []:*?/\\, no apostrophe at the ends, unique."""
    result: list[str] = []
    seen = {"_lists"}
    for number, name in enumerate(names, 1):
        base = re.sub(r"[\[\]:*?/\\]", " ", inert(name)).strip(" '")[:31] or f"Sheet{number}"
        candidate, copy = base, 2
        while candidate.lower() in seen:
            candidate = f"{base[:27]}({copy})"
            copy += 1
        seen.add(candidate.lower())
        result.append(candidate)
    return result
