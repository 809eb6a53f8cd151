"""HTML tables that programs save under the name .xls."""

import lxml.html
from lxml import etree

from wagewatch.lib.sheet_child.delimited import decode
from wagewatch.lib.sheet_child.wire import MAX_COLUMNS, Answer, RawSheet, Refused, trimmed

MAX_TABLES = 20
MAX_SPAN = 1_000


def read_html(data: bytes, max_rows: int) -> Answer:
    """Each table a sheet, all values text."""
    text = decode(data)
    if "<!entity" in text[:100_000].lower():
        raise Refused("file.entities")
    parser = lxml.html.HTMLParser(no_network=True, huge_tree=False, remove_comments=True, encoding="utf-8")
    try:
        root = lxml.html.fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        raise Refused("file.not_a_table") from None
    tables = [t for t in root.iter("table") if next(t.iterancestors("table"), None) is None]
    if len(tables) > MAX_TABLES:
        raise Refused("file.too_many_sheets", limit=MAX_TABLES)
    sheets = [_sheet(table, number, max_rows) for number, table in enumerate(tables, 1)]
    if not sheets:
        raise Refused("file.not_a_table")
    return Answer(sheets=sheets, form="html")


def _sheet(table: lxml.html.HtmlElement, number: int, max_rows: int) -> RawSheet:
    rows: list[list[str]] = []
    merged: list[tuple[int, int, int, int]] = []
    taken: set[tuple[int, int]] = set()
    for r, tr in enumerate(table.iter("tr")):
        if r > 2 * max_rows + 1_000:
            raise Refused("file.too_many_rows", limit=max_rows)
        row: list[str] = []
        for cell in tr.iterchildren("td", "th"):
            while (r, len(row)) in taken:
                row.append("")
            if len(row) >= MAX_COLUMNS:
                raise Refused("file.too_wide")
            across = min(_span(cell.get("colspan")), MAX_COLUMNS - len(row))
            down = _span(cell.get("rowspan"))
            if across > 1 or down > 1:
                merged.append((r, len(row), r + down - 1, len(row) + across - 1))
                taken.update((r + i, len(row) + j) for i in range(1, down) for j in range(across))
                if len(taken) > 1_000_000:
                    raise Refused("file.too_heavy")
            row.append(str(cell.text_content()).strip())
            row.extend([""] * (across - 1))
        rows.append(row)
    return RawSheet(name=f"Table{number}", rows=trimmed(rows, max_rows), merged=merged)


def _span(text: str | None) -> int:
    return (
        min(max(int(text), 1), MAX_SPAN)
        if text and text.isascii() and text.isdigit() and len(text) < 6
        else 1
    )
