"""Write .xlsx files that are safe to open: every text is stored as text, never as a formula."""

import io
import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import IO, Any, Literal

import xlsxwriter

from wagewatch.lib.sheet_rows import RowsPage, RowWriter, Value, inert, text_cell

__all__ = ["ColumnKind", "ColumnOut", "SheetOut", "Value", "inert", "workbook_file", "write_workbook"]

ColumnKind = Literal["text", "money", "number", "date"]
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
    """The bytes of an .xlsx with headings frozen, drop-downs, and text, date and money formats; kept in memory."""
    out = io.BytesIO()
    _write_book(out, sheets, in_memory=True)
    return out.getvalue()


def workbook_file(sheets: Sequence[SheetOut]) -> IO[bytes]:
    """The same as an open temporary file, for any number of rows: a row is written and forgotten."""
    out = tempfile.TemporaryFile()  # noqa: SIM115 the caller reads and closes it
    _write_book(out, sheets, in_memory=False)
    out.seek(0)
    return out


def _write_book(out: IO[bytes], sheets: Sequence[SheetOut], *, in_memory: bool) -> None:
    book = xlsxwriter.Workbook(out, {"in_memory": in_memory})
    styles = _styles(book)
    lists: list[Sequence[str]] = []
    names = _unique_names([sheet.name for sheet in sheets])
    for sheet, name in zip(sheets, names, strict=True):
        _write_sheet(_page(book, name, in_memory=in_memory), sheet, styles, lists)
    if lists:
        _write_lists(_page(book, "_lists", in_memory=in_memory), lists, styles)
    book.close()


def _page(book: Any, name: str, *, in_memory: bool) -> RowsPage:
    page: RowsPage = book.add_worksheet(name, RowsPage)
    page.open_body(in_memory=in_memory)
    return page


def _styles(book: Any) -> dict[tuple[str, bool], Any]:
    """The format of each look, plain and marked."""
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
    page: RowsPage,
    sheet: SheetOut,
    formats: dict[tuple[str, bool], Any],
    lists: list[Sequence[str]],
) -> None:
    style = _numbers(formats)
    top, above = 0, ""
    if sheet.title:
        above = f'<row r="1"><c r="A1" {text_cell(inert(sheet.title), style("title", False))}</row>'
        top = 1
    heads = []
    for c, column in enumerate(sheet.columns):
        place = f"{xlsxwriter.utility.xl_col_to_name(c)}{top + 1}"
        heads.append(f'<c r="{place}" {text_cell(inert(column.heading), style("heading", column.required))}')
        page.set_column(c, c, column.width, formats[column.kind, False])
        if column.hint:
            page.write_comment(top, c, inert(column.hint), {"x_scale": 2})
    page.put(f'{above}<row r="{top + 1}">{"".join(heads)}</row>', top, len(sheet.columns))
    page.freeze_panes(top + 1, 0)
    writer = RowWriter(page, [column.kind for column in sheet.columns], style, top + 1)
    writer.write(sheet.rows, sheet.marked)
    for c, column in enumerate(sheet.columns):
        if column.choices:
            last = writer.next_row - 1 + _EXTRA_ROWS
            page.data_validation(top + 1, c, last, c, _validation(column.choices, lists))


def _numbers(formats: dict[tuple[str, bool], Any]) -> Callable[[str, bool], int]:
    """The number that the file gives the format of a look; a look that no cell has gets none."""
    known: dict[tuple[str, bool], int] = {}

    def style(look: str, is_marked: bool) -> int:
        found = known.get((look, is_marked))
        if found is None:
            found = known[look, is_marked] = formats[look, is_marked]._get_xf_index()
        return found

    return style


def _validation(choices: Sequence[str], lists: list[Sequence[str]]) -> dict[str, Any]:
    clean = [inert(choice) for choice in choices]
    inline = len(",".join(clean)) <= _INLINE_LIST and not any("," in choice for choice in clean)
    if inline:
        return {"validate": "list", "source": clean}
    lists.append(clean)
    column = xlsxwriter.utility.xl_col_to_name(len(lists) - 1)
    return {"validate": "list", "source": f"=_lists!${column}$1:${column}${len(clean)}"}


def _write_lists(page: RowsPage, lists: list[Sequence[str]], formats: dict[tuple[str, bool], Any]) -> None:
    """Long drop-down lists need cells to stand in; the sheet is hidden."""
    writer = RowWriter(page, ["text"] * len(lists), _numbers(formats), 0)
    writer.write(zip_longest(*lists), frozenset())
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
