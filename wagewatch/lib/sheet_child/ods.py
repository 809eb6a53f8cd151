"""OpenDocument spreadsheets (ODF 1.2 and later), as LibreOffice and WPS save them."""

import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

from lxml import etree

from wagewatch.lib.sheet_child.container import inflate, open_archive, refuse_encrypted
from wagewatch.lib.sheet_child.wire import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_SHEETS,
    Answer,
    RawSheet,
    Refused,
    is_blank,
    trimmed,
)

_NS = "urn:oasis:names:tc:opendocument:xmlns:"
_OFFICE, _STYLE, _TABLE, _TEXT = (f"{{{_NS}{name}:1.0}}" for name in ("office", "style", "table", "text"))
_LOEXT = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_CELLS = (_TABLE + "table-cell", _TABLE + "covered-table-cell")
_HIDDEN = frozenset(("collapse", "filter"))
MOST_REPEATS = 1_048_576


def read_ods(data: bytes, max_rows: int) -> Answer:
    """Typed cells, merges, hidden sheets, rows and columns, errors, formulas without a result. Raises ``Refused``."""
    archive, names = open_archive(data)
    refuse_encrypted(names)
    parts = inflate(archive, names, len(data))
    if b"encryption-data" in parts.get("META-INF/manifest.xml", b""):
        raise Refused("file.password")
    if "content.xml" not in parts:
        raise Refused("file.damaged")
    try:
        sheets = list(_Reader(max_rows).sheets(parts["content.xml"]))
    except etree.XMLSyntaxError:
        raise Refused("file.damaged") from None
    return Answer(sheets=sheets, form="ods")


class _Reader:
    """Walks through the document once; a row is forgotten when it has been read."""

    def __init__(self, max_rows: int) -> None:
        self.max_rows, self.budget = max_rows, MAX_CELLS
        self.hidden_styles: set[str] = set()
        self.sheet = RawSheet(name="", rows=[])
        self.column = 0
        self.row = 0

    def sheets(self, content: bytes) -> Iterator[RawSheet]:
        """The sheets in their order."""
        tags = (_STYLE + "style", _TABLE + "table", _TABLE + "table-row", _TABLE + "table-column")
        walk = etree.iterparse(
            io.BytesIO(content), events=("start", "end"), tag=tags, resolve_entities=False, no_network=True,
            load_dtd=False, huge_tree=False,
        )  # fmt: skip
        depth = found = 0
        for event, element in walk:
            if element.tag == _TABLE + "table":
                depth += 1 if event == "start" else -1
                if event == "start" and depth == 1:
                    found += 1
                    if found > MAX_SHEETS:
                        raise Refused("file.too_many_sheets", limit=MAX_SHEETS)
                    self._begin(element)
                elif event == "end" and depth == 0:
                    self.sheet.rows = trimmed(self.sheet.rows, self.max_rows)
                    yield self.sheet
                    element.clear()
            elif event == "start" or depth > 1:  # a table inside a cell is no table of people
                continue
            elif element.tag == _STYLE + "style":
                self._style(element)
            elif element.tag == _TABLE + "table-column":
                self._columns(element)
            else:
                self._rows(element)
                element.clear()

    def _style(self, style: Any) -> None:
        properties = style.find(_STYLE + "table-properties")
        if properties is not None and properties.get(_TABLE + "display") == "false":
            self.hidden_styles.add(style.get(_STYLE + "name", ""))

    def _begin(self, table: Any) -> None:
        visible = table.get(_TABLE + "style-name", "") not in self.hidden_styles
        self.sheet = RawSheet(name=table.get(_TABLE + "name", ""), rows=[], visible=visible)
        self.column = self.row = 0

    def _columns(self, column: Any) -> None:
        repeated = _count(column.get(_TABLE + "number-columns-repeated"))
        if column.get(_TABLE + "visibility") in _HIDDEN:
            last = min(self.column + repeated, MAX_COLUMNS)
            self.sheet.hidden_columns.extend(range(self.column, last))
        self.column += repeated

    def _rows(self, element: Any) -> None:
        """A row as often as it is repeated; blank ones only count until one with content follows."""
        repeated = _count(element.get(_TABLE + "number-rows-repeated"))
        first, values = self.row, self._values(element)
        self.row += repeated
        if is_blank(values):
            return
        if self.row > 2 * self.max_rows + 1_000:
            raise Refused("file.too_many_rows", limit=self.max_rows)
        self.budget -= len(values) * repeated
        if self.budget < 0:
            raise Refused("file.too_heavy")
        rows = self.sheet.rows
        rows.extend([] for _ in range(len(rows), first))
        rows.extend(list(values) for _ in range(repeated))
        if element.get(_TABLE + "visibility") in _HIDDEN:
            self.sheet.hidden_rows.extend(range(first, self.row))

    def _values(self, element: Any) -> list[Any]:
        values: list[Any] = []
        for cell in element.iterchildren(*_CELLS):
            repeated = _count(cell.get(_TABLE + "number-columns-repeated"))
            column = len(values)
            value = _value(cell) if cell.tag == _CELLS[0] else ""
            if column + repeated > MAX_COLUMNS:
                if not is_blank([value]) and "stray_cells" not in self.sheet.notes:
                    self.sheet.notes.append("stray_cells")
                repeated = MAX_COLUMNS - column
            values.extend([value] * repeated)
            self._note(cell, column, value)
            if column + repeated >= MAX_COLUMNS:
                break
        while values and values[-1] == "":
            values.pop()
        return values

    def _note(self, cell: Any, column: int, value: Any) -> None:
        """What the value alone does not tell."""
        across = _count(cell.get(_TABLE + "number-columns-spanned"))
        down = _count(cell.get(_TABLE + "number-rows-spanned"))
        if across > 1 or down > 1:
            self.sheet.merged.append((self.row, column, self.row + down - 1, column + across - 1))
        if cell.get(_LOEXT + "value-type") == "error":
            self.sheet.errors[self.row, column] = str(value)[:16] or "#ERROR"
        elif cell.get(_TABLE + "formula") and value in {"", 0}:
            self.sheet.formula_missing.append((self.row, column))


def _value(cell: Any) -> Any:
    kind = cell.get(_OFFICE + "value-type", "")
    try:
        if kind in {"float", "currency", "percentage"}:
            return float(cell.get(_OFFICE + "value", ""))
        if kind == "boolean":
            return cell.get(_OFFICE + "boolean-value") == "true"
        if kind == "date":
            return dt.datetime.fromisoformat(cell.get(_OFFICE + "date-value", "")[:19]).replace(tzinfo=dt.UTC)
    except ValueError:
        pass
    paragraphs = [_words(paragraph) for paragraph in cell.iterchildren(_TEXT + "p")]
    return "\n".join(paragraphs) or cell.get(_OFFICE + "string-value", "")


def _words(element: Any) -> str:
    """The text of a paragraph; several spaces, tabs and line breaks are elements of their own."""
    text = element.text or ""
    for child in element:
        if child.tag == _TEXT + "s":
            text += " " * min(_count(child.get(_TEXT + "c")), 100)
        elif child.tag == _TEXT + "tab":
            text += "\t"
        elif child.tag == _TEXT + "line-break":
            text += "\n"
        elif isinstance(child.tag, str) and child.tag != _OFFICE + "annotation":
            text += _words(child)
        text += child.tail or ""
    return text


def _count(text: str | None) -> int:
    """A number of repeats: at least 1."""
    return (
        min(max(int(text), 1), MOST_REPEATS)
        if text and text.isascii() and text.isdigit() and len(text) < 9
        else 1
    )
