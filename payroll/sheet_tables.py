"""Which tables of a contractor's workbook hold pay, and which could if somebody said which column is which; pure."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext as _

from payroll.sheet_parts import SEVERAL
from payroll.sheet_split import Place, split
from registration.services.column_tables import has_id_numbers, like_id
from wagewatch.lib.cells import Cell
from wagewatch.lib.errors import Malformed
from wagewatch.lib.heading_names import PAYROLL_FIELDS, ROSTER_FIELDS
from wagewatch.lib.headings import (
    NO_CHOICES,
    Choices,
    Heading,
    Table,
    by_spelling,
    find_columns,
    find_table,
    guess_columns,
)
from wagewatch.lib.money import parse_yuan
from wagewatch.lib.sheets import Sheet, Workbook

REQUIRED = ("name",)
AMOUNTS = ("gross", "net")
IMPORTED = (
    "name", "id_number", "days", "work_hours", "day_rate", "hour_rate", "month_rate", "unit_price", "base_pay",
    "piece_pay", "overtime_hours", "overtime_pay", "allowance", "gross", "advance", "tax", "social_insurance", "fine",
    "paid_by_project", "other_deduction", "deductions", "net", "card_number", "note",
)  # fmt: skip
"""Fields that are read from a pay sheet, in the order in which they are offered."""
LOOKED_AT = 40
LEAST_PAY_FEN = 100_00
MONTH_OF_DAYS = 20
_NAME = re.compile("[\u3400-\u9fff·]{1,7}[\u3400-\u9fff]")
_NO_PERSON = re.compile("[班组队部司计]$")
_DAY = re.compile(r"(?:0?[1-9]|[12]\d|3[01])[日号]?")


@dataclass
class PayTables:
    """`tables` hold pay and can be read; `unnamed` may, but a column that must be known is not; `passed` are the
    names of the sheets that are neither, `notes` what was left out of a sheet that is read."""

    tables: list[Place] = field(default_factory=list)
    unnamed: list[Place] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def find_pay_tables(book: Workbook, month: date, choices: Choices = NO_CHOICES) -> PayTables:
    """The pay tables of the visible sheets for a month. A roster or attendance sheet in the same file is passed over by name.

    Raises Malformed `sheet.…` where there is neither a table to read nor one whose columns somebody could name.
    """
    found = PayTables()
    spare: list[Place] = []
    for sheet in book.sheets:
        if not sheet.visible or not sheet.rows:
            found.passed.append(sheet.name)
            continue
        try:
            table = find_table(sheet, PAYROLL_FIELDS, REQUIRED, choices)
        except Malformed:
            pass
        else:
            if set(AMOUNTS) & set(table.columns):
                found.tables += split(sheet, table, month, choices, found.notes)
                continue
        if unnamed := _unnamed(sheet, choices):
            (spare if _is_attendance(unnamed) else found.unnamed).append((sheet, unnamed))
        else:
            found.passed.append(sheet.name)
    if found.tables or found.unnamed:
        found.passed += [sheet.name for sheet, _table in spare]
    else:
        found.unnamed = spare
    if not found.tables and not found.unnamed:
        raise Malformed(
            "sheet.no_amounts",
            _(
                "No sheet has a column with names (姓名) beside one with gross pay (应发工资) or net pay (实发工资). Is this the "
                "pay sheet?"
            ),
        )
    return found


def _unnamed(sheet: Sheet, choices: Choices) -> Table | None:
    """A table of people with a column that may be pay, but not the headings that say so."""
    table = find_columns(sheet, PAYROLL_FIELDS, REQUIRED, choices)
    if table is None and has_id_numbers(sheet):
        table = guess_columns(sheet, PAYROLL_FIELDS, REQUIRED, like_id)
    if table is None and _has_people(sheet):
        table = guess_columns(sheet, PAYROLL_FIELDS, REQUIRED, _like_pay)
    if table is None:
        return None
    rows = sheet.rows[table.heading_rows[-1] - sheet.first_row + 1 :][:LOOKED_AT]
    known = by_spelling(table.every, ROSTER_FIELDS)
    amounts = [
        heading
        for heading in table.every
        if heading.column in {h.column for h in table.unknown}
        and heading.column not in known
        and any(_like_pay(row.get(heading.column)) for row in rows)
    ]
    if not amounts and not set(AMOUNTS) & set(table.columns):
        return None
    return table if "name" in table.columns or has_id_numbers(sheet) or _has_people(sheet) else None


def _has_people(sheet: Sheet) -> bool:
    """Whether a row holds a Chinese name beside something like an amount of pay."""
    return any(any(map(_like_name, row)) and any(map(_like_pay, row)) for row in sheet.rows[:LOOKED_AT])


def _like_name(cell: Cell) -> bool:
    text = cell.text.strip()
    return cell.kind == "text" and bool(_NAME.fullmatch(text)) and not _NO_PERSON.search(text)


def _like_pay(cell: Cell) -> bool:
    """A number that can be a month's pay: no count of days, no number of a person."""
    if cell.kind not in {"number", "text"} or cell.is_blank or isinstance(cell.value, (date, bool)):
        return False
    if like_id(cell) or (cell.kind == "text" and re.fullmatch(r"\d{9,}", cell.text.strip())):
        return False
    try:
        return LEAST_PAY_FEN <= parse_yuan(cell.value) < 100_000_000
    except Malformed:
        return False


def _is_attendance(table: Table) -> bool:
    """A sheet with a column for every day of the month."""
    return sum(bool(_DAY.fullmatch(_plain(heading))) for heading in table.every) >= MONTH_OF_DAYS


def _plain(heading: Heading) -> str:
    return unicodedata.normalize("NFKC", heading.text).strip()


def more_columns(table: Table) -> dict[str, Heading]:
    """The second and further columns of meanings that may stand several times, by a key of their own."""
    return {
        f"{name}#{number}": heading
        for name in sorted(SEVERAL & set(table.duplicates))
        for number, heading in enumerate(
            (h for h in table.duplicates[name] if not h.hidden and h != table.headings[name]), 2
        )
    }


def names_enough(fields: Sequence[str]) -> bool:
    """Whether a table with these fields can be read as a pay sheet."""
    return set(REQUIRED) <= set(fields) and bool(set(AMOUNTS) & set(fields))
