"""What a person must see of a table to say which column is which: headings, meanings, first values."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from registration.services.column_mappings import Remembered
from wagewatch.lib.cells import Cell
from wagewatch.lib.headings import Heading, Table, by_spelling
from wagewatch.lib.sheets import Sheet

SAMPLES = 3
LOOKED_AT = 200
_LIKE_ID = re.compile(r"\d{14,17}[\dXxХ×]")


def has_id_numbers(sheet: Sheet) -> bool:
    """Whether the first rows hold something that looks like an ID number."""
    return any(like_id(cell) for row in sheet.rows[:LOOKED_AT] for cell in row)


def like_id(cell: Cell) -> bool:
    """Whether a cell looks like an ID number, be it damaged."""
    if cell.kind == "number":
        return isinstance(cell.value, float) and 1e16 < cell.value < 1e18
    return cell.kind == "text" and bool(_LIKE_ID.fullmatch(cell.text.strip().lstrip("'‘")))


def described(
    table: Table,
    fields: Mapping[str, Sequence[str]],
    imported: Collection[str],
    memory: Remembered,
    *,
    read: bool,
    several: Collection[str] = (),
) -> dict[str, Any]:
    """A table for the page, without personal data: `fields` are the spellings, `imported` the fields that are read;
    `read` tells whether the table was read or waits for names, `several` are fields that more than one column may
    have."""
    field_of = {heading.column: name for name, heading in table.headings.items() if name in imported}
    field_of |= {h.column: name for name in several for h in table.duplicates.get(name, ()) if not h.hidden}
    spelled = by_spelling(table.every, fields)
    chosen_at: datetime | None = memory.chosen_at.get(table.layout)
    return {
        "name": table.sheet_name,
        "read": read,
        "layout": table.layout,
        "chosen_at": chosen_at.isoformat() if chosen_at else "",
        "heading_rows": list(table.heading_rows),
        "rows": len(table.data),
        "columns": [
            {
                "column": heading.column,
                "heading": heading.text[:40],
                "group": heading.group[:40] if heading.key.group or len(table.heading_rows) > 1 else "",
                "key": list(heading.key),
                "field": field_of.get(heading.column, ""),
                "spelled": name if (name := spelled.get(heading.column, "")) in imported else "",
                "hidden": heading.hidden,
            }
            for heading in table.every
        ],
        "skipped": [
            {"row": row.number, "reason": row.reason} for row in table.skipped if row.reason != "blank"
        ][:200],
    }


def samples(sheet: Sheet, table: Table) -> dict[str, list[str]]:
    """The first values of each column (by its number as text). Personal data."""
    start = table.heading_rows[-1] - sheet.first_row + 1
    rows = [row.row for row in table.data[:40]] or sheet.rows[start : start + 40]
    return {str(heading.column): _first_values(rows, heading) for heading in table.every}


def _first_values(rows: Sequence[Any], heading: Heading) -> list[str]:
    values: list[str] = []
    for row in rows:
        text = row.get(heading.column).text.strip()
        if text and text not in values:
            values.append(text[:40])
        if len(values) == SAMPLES:
            break
    return values
