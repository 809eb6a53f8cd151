"""A worksheet whose rows are written here, cell by cell as XML, and not by xlsxwriter.

xlsxwriter makes several objects of every cell, and takes a text such as ``<r>…</r>`` for XML of the caller's: a list
of a province has a million cells, and their texts come from strangers. Everything else of the file stays xlsxwriter's.
"""

import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from html import escape
from io import StringIO
from typing import Any, TextIO

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from wagewatch.lib.dates import SITE_TZ

Value = str | int | float | Decimal | bool | date | datetime | None

ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet take a text for a formula when the cell is edited or pasted elsewhere; such a cell
is marked as quoted text besides being stored as text."""
LONGEST_TEXT = 32_767
_ESCAPED = re.compile("_(x[0-9a-fA-F]{4}_)")
"""What a spreadsheet reads as one character written as its number."""
_AT_ONCE = 500
"""Rows written in one piece."""
_MOST_KNOWN = 20_000
"""Texts and days whose XML is remembered: states, places and firms come again in every row."""


def inert(text: str) -> str:
    """Text without characters that XML cannot hold, cut to what a cell can hold (in UTF-16 units)."""
    clean = ILLEGAL.sub("", text)
    if len(clean) > LONGEST_TEXT // 2:
        return clean.encode("utf-16-le")[: 2 * LONGEST_TEXT].decode("utf-16-le", "ignore")
    return clean


class RowsPage(Worksheet):
    """A sheet of a workbook to which whole rows are given, from above to below."""

    body: TextIO
    """The rows as XML: in memory, or in a file without a name."""

    def open_body(self, *, in_memory: bool) -> None:
        """Begin; the rows of large sheets wait in a file."""
        self.body = StringIO() if in_memory else tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115

    def put(self, xml: str, last_row: int, columns: int) -> None:
        """XML of rows down to `last_row`, from 0, with so many columns."""
        self.body.write(xml)
        self._check_dimensions(0, 0)
        self._check_dimensions(last_row, max(columns - 1, 0))

    def _write_rows(self) -> None:
        self.body.seek(0)
        shutil.copyfileobj(self.body, self.fh, 1 << 20)
        self.body.close()


class RowWriter:
    """Rows of one sheet; `styles` holds the number of the format of a look, plain or marked, and `kinds` the look of
    each column ("text", "money", "number", "date").

    Texts and days that come again are made once.
    """

    def __init__(
        self, page: RowsPage, kinds: Sequence[str], styles: Callable[[str, bool], int], first_row: int
    ) -> None:
        self._page, self._kinds, self._style, self.next_row = page, kinds, styles, first_row
        self._letters = [xl_col_to_name(c) for c in range(len(kinds))]
        self._known: dict[Any, str] = {}

    def write(self, rows: Iterable[Sequence[Value]], marked: frozenset[tuple[int, int]]) -> None:
        """All rows below each other; `marked` are places counted from 0. TypeError for a value that
        no cell holds, ValueError for a row with more cells than columns."""
        pieces: list[str] = []
        for n, row in enumerate(rows):
            pieces.append(self._row(row, n, marked))
            if len(pieces) >= _AT_ONCE:
                self._flush(pieces)
        self._flush(pieces)

    def _flush(self, pieces: list[str]) -> None:
        if pieces:
            self._page.put("".join(pieces), self.next_row - 1, len(self._kinds))
            pieces.clear()

    def _row(self, row: Sequence[Value], n: int, marked: frozenset[tuple[int, int]]) -> str:
        if len(row) > len(self._letters):
            raise ValueError(f"row {n} has more cells than the sheet has headings")
        self.next_row += 1
        number, known = self.next_row, self._known
        cells = []
        for letter, kind, c, value in zip(self._letters, self._kinds, range(len(row)), row, strict=False):
            if marked and (n, c) in marked:
                inside = self._inside(value, kind, is_marked=True)
            elif value is None or value == "":
                continue
            elif type(value) is str or type(value) is date:
                found = known.get(value)
                if found is None:
                    if len(known) >= _MOST_KNOWN:
                        known.clear()
                    found = known[value] = self._inside(value, kind, is_marked=False)
                inside = found
            else:
                inside = self._inside(value, kind, is_marked=False)
            cells.append(f'<c r="{letter}{number}" {inside}')
        return f'<row r="{number}">{"".join(cells)}</row>'

    def _inside(self, value: Value, kind: str, *, is_marked: bool) -> str:
        """Everything of a cell behind its place."""
        if value is None or value == "":
            return f's="{self._style(kind, is_marked)}"/>'
        if isinstance(value, str):
            text = inert(value)
            return text_cell(text, self._style("quoted" if text.startswith(FORMULA) else "text", is_marked))
        if isinstance(value, datetime):
            local = value.astimezone(SITE_TZ).replace(tzinfo=None) if value.tzinfo else value
            return self._number(self._page._convert_date_time(local), "moment", is_marked)
        if isinstance(value, date):
            return self._number(self._page._convert_date_time(value), "date", is_marked)
        if isinstance(value, bool):
            return f's="{self._style(kind, is_marked)}" t="b"><v>{int(value)}</v></c>'
        if kind == "text":
            return text_cell(str(value), self._style(kind, is_marked))
        return self._number(Decimal(value) / 100 if kind == "money" else value, kind, is_marked)

    def _number(self, value: float | Decimal, kind: str, is_marked: bool) -> str:
        written = f"{value:.16G}"
        if not written[-1].isdigit():
            raise TypeError(f"no cell holds {value!r}")
        return f's="{self._style(kind, is_marked)}"><v>{written}</v></c>'


def text_cell(text: str, style: int) -> str:
    """A cell that is a text whatever it looks like, without its place."""
    kept = ' xml:space="preserve"' if text != text.strip() else ""
    said = escape(_ESCAPED.sub(r"_x005F_\1", text), quote=False).replace("\r", "_x000D_")
    return f's="{style}" t="inlineStr"><is><t{kept}>{said}</t></is></c>'
