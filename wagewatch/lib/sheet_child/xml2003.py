"""XML Spreadsheet 2003, another form that goes by the name .xls."""

import datetime as dt
import io
from typing import Any

from lxml import etree

from wagewatch.lib.sheet_child.wire import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_SHEETS,
    Answer,
    RawSheet,
    Refused,
    trimmed,
)

_SS = "{urn:schemas-microsoft-com:office:spreadsheet}"


def read_xml2003(data: bytes, max_rows: int) -> Answer:
    """Typed cells, merges, hidden rows and columns, formulas without a result. Raises ``Refused``."""
    plain = data.replace(b"\x00", b"")
    if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
        raise Refused("file.entities")
    sheets: list[RawSheet] = []
    budget = MAX_CELLS
    events = etree.iterparse(
        io.BytesIO(data),
        events=("end",),
        tag=(_SS + "Worksheet",),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    try:
        for _event, worksheet in events:
            if len(sheets) >= MAX_SHEETS:
                raise Refused("file.too_many_sheets", limit=MAX_SHEETS)
            sheet = _sheet(worksheet, max_rows, budget)
            budget -= sum(map(len, sheet.rows))
            sheets.append(sheet)
            worksheet.clear()
    except etree.XMLSyntaxError:
        raise Refused("file.cut_off" if not data.rstrip().endswith(b">") else "file.damaged") from None
    if not sheets:
        raise Refused("file.not_a_table")
    return Answer(sheets=sheets, form="xml2003")


def _sheet(worksheet: Any, max_rows: int, budget: int) -> RawSheet:
    visible = worksheet.findtext(".//{*}WorksheetOptions/{*}Visible") or "SheetVisible"
    sheet = RawSheet(name=worksheet.get(_SS + "Name", ""), rows=[], visible=visible == "SheetVisible")
    table = worksheet.find(_SS + "Table")
    if table is None:
        return sheet
    next_column = 0
    for column in table.iterchildren(_SS + "Column"):
        next_column = _index(column, next_column)
        if column.get(_SS + "Hidden") == "1":
            last = next_column + _number(column.get(_SS + "Span"))
            sheet.hidden_columns.extend(range(next_column, min(last + 1, MAX_COLUMNS)))
        next_column += 1 + _number(column.get(_SS + "Span"))
    for row in table.iterchildren(_SS + "Row"):
        r = _index(row, len(sheet.rows))
        if r > 2 * max_rows + 1_000:
            raise Refused("file.too_many_rows", limit=max_rows)
        if r < len(sheet.rows):
            raise Refused("file.damaged")
        sheet.rows.extend([] for _ in range(len(sheet.rows), r))
        if row.get(_SS + "Hidden") == "1":
            sheet.hidden_rows.append(r)
        values = _row(sheet, row, r)
        budget -= len(values)
        if budget < 0:
            raise Refused("file.too_heavy")
        sheet.rows.append(values)
    sheet.rows = trimmed(sheet.rows, max_rows)
    return sheet


def _row(sheet: RawSheet, row: Any, r: int) -> list[Any]:
    values: list[Any] = []
    for cell in row.iterchildren(_SS + "Cell"):
        c = _index(cell, len(values))
        if c >= MAX_COLUMNS:
            if "stray_cells" not in sheet.notes:
                sheet.notes.append("stray_cells")
            break
        if c < len(values):
            raise Refused("file.damaged")
        values.extend([""] * (c - len(values)))
        across, down = _number(cell.get(_SS + "MergeAcross")), _number(cell.get(_SS + "MergeDown"))
        if across or down:
            sheet.merged.append((r, c, r + down, c + across))
        data = cell.find(_SS + "Data")
        text = "".join(data.itertext()) if data is not None else ""
        kind = data.get(_SS + "Type", "String") if data is not None else "String"
        value = _value(kind, text)
        if kind == "Error":
            sheet.errors[r, c] = text[:16] or "#ERROR"
        if cell.get(_SS + "Formula") and value in {"", 0}:
            sheet.formula_missing.append((r, c))
        values.append(value)
        values.extend([""] * min(across, MAX_COLUMNS - len(values)))
    return values


def _value(kind: str, text: str) -> Any:
    try:
        if kind == "Number":
            return float(text)
        if kind == "Boolean":
            return text.strip() == "1"
        if kind == "DateTime":
            return dt.datetime.fromisoformat(text[:19]).replace(tzinfo=dt.UTC)
    except ValueError:
        return text
    return text


def _index(element: Any, default: int) -> int:
    """The 0-based place: ``ss:Index`` counts from 1 and may jump forward."""
    return max(_number(element.get(_SS + "Index")) - 1, 0) if element.get(_SS + "Index") else default


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 8 else 0
