"""The tables of people in an uploaded file: which sheets and columns are read, and what is left out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from registration.services.column_mappings import Remembered
from registration.services.column_tables import described, has_id_numbers, like_id, samples
from wagewatch.lib.errors import Malformed
from wagewatch.lib.heading_names import PAYROLL_FIELDS, ROSTER_FIELDS
from wagewatch.lib.headings import Table, find_columns, find_table, guess_columns
from wagewatch.lib.sheets import Sheet, Workbook

REQUIRED = ("name", "id_number")
IMPORTED = (
    "name", "id_number", "phone", "team", "trade", "work_role", "pay_basis", "day_rate", "hour_rate", "month_rate",
    "unit_price", "piece_unit", "card_number", "bank_name", "joined_on", "left_on", "sex", "ethnicity", "address",
    "household", "education", "politics", "emergency_contact", "emergency_phone", "contract_signed_on",
    "contract_ends_on",
)  # fmt: skip
"""Fields that are read from a roster; every other column is shown as not read."""
_TEAM_IN_NAME = re.compile(
    r"([\u4e00-\u9fff0-9一二三四五六七八九十]{1,12}?(?:班组|劳务队|施工队|班|队))(?:花名册|名册|人员|工人|[-_.（( ]|$)"
)


@dataclass
class Found:
    """What a workbook holds. `tables` can be read; `unnamed` are tables in which a column that must be
    there is not known; `left_out` are sheets with the reason."""

    tables: list[Table] = field(default_factory=list)
    unnamed: list[Table] = field(default_factory=list)
    left_out: list[dict[str, str]] = field(default_factory=list)
    sheets: dict[str, Sheet] = field(default_factory=dict)
    date1904: bool = False


def find_tables(workbook: Workbook, memory: Remembered) -> Found:
    """The roster tables of the visible sheets. Raises Malformed where there is neither a table to read nor
    one whose columns somebody could name: `file.pay_sheet`, `file.no_rows`, `sheet.missing_columns`,
    `sheet.no_headings`, `file.empty`."""
    found = Found(date1904=workbook.date1904)
    pay_sheets: list[str] = []
    refusal: Malformed | None = None
    for sheet in workbook.sheets:
        if not sheet.visible:
            found.left_out.append({"sheet": sheet.name, "reason": "hidden"})
            continue
        if not sheet.rows:
            continue
        try:
            table = find_table(sheet, ROSTER_FIELDS, REQUIRED, memory.choices)
        except Malformed as error:
            if unnamed := _unnamed(sheet, memory):
                found.unnamed.append(unnamed)
                found.sheets[sheet.name] = sheet
            else:
                found.left_out.append({"sheet": sheet.name, "reason": "no_table"})
            if refusal is None or error.code == "sheet.missing_columns":
                refusal = error
            continue
        if table.layout not in memory.choices.layouts and _is_pay_sheet(sheet):
            pay_sheets.append(sheet.name)
        else:
            found.tables.append(table)
            found.sheets[sheet.name] = sheet
    _check(found, pay_sheets, refusal)
    found.left_out += [{"sheet": name, "reason": "pay_sheet"} for name in pay_sheets]
    return found


def _check(found: Found, pay_sheets: list[str], refusal: Malformed | None) -> None:
    if pay_sheets and not found.tables and not found.unnamed:
        text = _("This looks like a pay sheet. Upload it under pay sheets; here goes the roster of people.")
        raise Malformed("file.pay_sheet", text)
    if not found.tables and not found.unnamed:
        text = _("The file is empty. Fill in the table and upload it again.")
        raise refusal or Malformed("file.empty", text)
    if found.tables and not any(table.data for table in found.tables):
        text = _("There are headings but no people below them. Fill in the rows and upload the file again.")
        raise Malformed("file.no_rows", text)


def _unnamed(sheet: Sheet, memory: Remembered) -> Table | None:
    """A table that has a column of ID numbers, but not the headings that say so."""
    if not has_id_numbers(sheet):
        return None
    table = find_columns(sheet, ROSTER_FIELDS, REQUIRED, memory.choices)
    return table or guess_columns(sheet, ROSTER_FIELDS, REQUIRED, like_id)


def _is_pay_sheet(sheet: Sheet) -> bool:
    found = find_columns(sheet, PAYROLL_FIELDS, REQUIRED)
    if found is None or found.missing:
        return False
    return bool({"net", "gross"} & set(found.columns)) and "joined_on" not in found.columns


def drop_summaries(found: Found, people: Sequence[set[str]]) -> list[int]:
    """Which tables (by place) repeat what the others hold: a summary beside a sheet for each team would
    count everybody twice. `people` are the ID numbers of each table. Told in `left_out`."""
    dropped = []
    for place, mine in enumerate(people):
        others = [theirs for other, theirs in enumerate(people) if other != place and other not in dropped]
        parts = [theirs for theirs in others if theirs and theirs < mine]
        if len(parts) > 1 and mine and mine == set().union(*parts):
            dropped.append(place)
            found.left_out.append({"sheet": found.tables[place].sheet_name, "reason": "summary"})
    return dropped


def team_hint(table: Table, filename: str) -> str:
    """A team named by the sheet, the title above the table or the file (木工班组花名册-2026.11.16.xlsx)."""
    stem = filename.rsplit(".", 1)[0]
    for text in (table.sheet_name, *table.titles, stem):
        if found := _TEAM_IN_NAME.search(text.strip()):
            return found[1]
    return ""


def what_was_read(found: Found, memory: Remembered) -> dict[str, Any]:
    """For the page: sheets, columns and skipped rows; holds no personal data."""
    return {
        "sheets": [
            described(table, ROSTER_FIELDS, IMPORTED, memory, read=read)
            for tables, read in ((found.tables, True), (found.unnamed, False))
            for table in tables
        ],
        "left_out": found.left_out,
    }


def samples_of(found: Found) -> list[dict[str, list[str]]]:
    """The first values of each column of each table, in the order of `what_was_read`. Personal data."""
    return [samples(found.sheets[table.sheet_name], table) for table in (*found.tables, *found.unnamed)]
