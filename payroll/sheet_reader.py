"""Reading a contractor's own pay sheet: cells to plain values with messages, without any database.

Nothing is guessed: what is unclear is refused with what to write instead.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from wagewatch.lib.dates import parse_month
from wagewatch.lib.errors import Malformed
from wagewatch.lib.heading_names import PAYROLL_FIELDS
from wagewatch.lib.headings import DataRow, Table, find_table
from wagewatch.lib.identity import check_id_number, normalise_card, number_cell
from wagewatch.lib.money import format_yuan, parse_yuan
from wagewatch.lib.names import normalise_name
from wagewatch.lib.sheets import Cell, Sheet, Workbook

T = TypeVar("T")
DEDUCTION_PARTS = ("advance", "fine", "paid_by_project", "tax", "social_insurance", "other_deduction")
ADDITION_PARTS = ("base_pay", "overtime_pay", "allowance", "piece_pay")
_MONTH = re.compile(r"(20\d{2})\s*[年.\-/]\s*(1[0-2]|0?[1-9])\s*月?(?!\d)")


@dataclass
class Message:
    """Something about a field of a row: `stop` refuses the row, `warn` asks to look."""

    field: str
    kind: str
    text: str


@dataclass
class ReadLine:
    """One row: numbers as they stand, amounts in fen, None where the sheet has nothing."""

    sheet: str
    line: int
    name: str = ""
    id_number: str = ""
    card: str = ""
    days: Decimal | None = None
    gross_fen: int | None = None
    deduction_fen: int = 0
    deduction_note: str = ""
    net_fen: int | None = None
    messages: list[Message] = field(default_factory=list)

    def stop(self, name: str, text: str) -> None:
        """Refuse the row for this field."""
        self.messages.append(Message(name, "stop", text))

    def warn(self, name: str, text: str) -> None:
        """Ask to look at this field."""
        self.messages.append(Message(name, "warn", text))

    @property
    def refused(self) -> bool:
        return any(m.kind == "stop" for m in self.messages)


@dataclass
class ReadSheet:
    """All rows of a file, what was taken for what, what was passed over, and remarks on the whole."""

    lines: list[ReadLine]
    reading: dict[str, Any]


def read_pay_sheet(book: Workbook, month: date) -> ReadSheet:
    """Find the pay sheet in a workbook and read its rows. Raises Malformed `sheet.*` if there is none."""
    tables, passed = _tables(book)
    lines = [line for sheet, table in tables for line in _lines(sheet, table)]
    if not lines:
        raise Malformed(
            "sheet.no_rows", _("The table has headings but no rows. Fill it in and upload it again.")
        )
    warnings = [
        warning for sheet, table in tables for warning in _month_warnings((*table.titles, sheet.name), month)
    ]
    for _sheet, table in tables:
        for name, columns in table.duplicates.items():
            warnings.append(
                _("The heading “%(heading)s” stands %(count)s times; column %(column)s was taken.")
                % {
                    "heading": PAYROLL_FIELDS[name][0],
                    "count": len(columns),
                    "column": _letters(columns[0].column),
                }
            )
    reading = {
        "sheets": [sheet.name for sheet, _table in tables],
        "passed_sheets": passed,
        "columns": {
            name: heading.text for _sheet, table in tables[:1] for name, heading in table.headings.items()
        },
        "unknown": [heading.text for _sheet, table in tables for heading in table.unknown],
        "skipped": [
            {"line": s.number, "reason": s.reason, "text": s.text[:60]}
            for _sheet, table in tables
            for s in table.skipped
            if s.reason != "blank"
        ],
        "warnings": list(dict.fromkeys(warnings)),
    }
    return ReadSheet(lines, reading)


def _tables(book: Workbook) -> tuple[list[tuple[Sheet, Table]], list[str]]:
    """Sheets that hold amounts. A roster or attendance sheet in the same file is passed over by name."""
    found, passed, problem = [], [], None
    for sheet in book.sheets:
        if not sheet.visible or not sheet.rows:
            passed.append(sheet.name)
            continue
        try:
            table = find_table(sheet, PAYROLL_FIELDS, ("name",))
        except Malformed as error:
            problem = problem or error
            passed.append(sheet.name)
            continue
        if {"net", "gross"} & set(table.columns):
            found.append((sheet, table))
        else:
            passed.append(sheet.name)
    if not found:
        raise problem or Malformed(
            "sheet.no_amounts",
            _("No sheet has a column for gross pay (应发工资) or net pay (实发工资). Is this the pay sheet?"),
        )
    return found, passed


def _month_warnings(texts: tuple[str, ...], month: date) -> list[str]:
    warnings = []
    for text in texts:
        for year, number in _MONTH.findall(unicodedata.normalize("NFKC", text)):
            if parse_month(f"{year}-{number}") != month:
                warnings.append(
                    _(
                        "The file says %(found)s, but the chosen month is %(chosen)s. Check that it is the right file."
                    )
                    % {"found": f"{year}-{int(number):02d}", "chosen": f"{month:%Y-%m}"}
                )
    return warnings


def _lines(sheet: Sheet, table: Table) -> list[ReadLine]:
    return [
        _line(sheet, table, row)
        for row in table.data
        if any(not row[name].is_blank for name in table.columns if name != "row_number")
    ]


def _line(sheet: Sheet, table: Table, row: DataRow) -> ReadLine:
    line = ReadLine(sheet.name, row.number)
    if row.hidden:
        line.warn("name", _("This row is hidden in the file."))
    if row.ragged:
        line.stop("name", _("This row has more columns than the others. Is there a comma inside an amount?"))
    line.name = _take(line, "name", lambda: normalise_name(row["name"].text).value) or ""
    if not row["id_number"].is_blank:
        line.id_number = _take(line, "id_number", lambda: _identity(row["id_number"])) or ""
    if not row["card_number"].is_blank and row["card_number"].kind == "text":
        try:
            line.card = normalise_card(row["card_number"].text).value
        except Malformed:
            line.warn("card", _("The card number in the file is not valid; the registered card is used."))
    line.days = _take(line, "days", lambda: _days(row["days"]))
    line.gross_fen = _money(line, row, "gross")
    net = _money(line, row, "net", sheet=sheet, table=table)
    _deductions(line, row, table)
    if line.refused:
        line.net_fen = net
        return line
    if line.gross_fen is None and net is not None:
        line.gross_fen = net + line.deduction_fen
    if line.gross_fen is None:
        line.stop("gross", _("There is neither gross nor net pay. Write one of them."))
        return line
    line.net_fen = line.gross_fen - line.deduction_fen
    if net is not None and net != line.net_fen:
        line.stop(
            "net",
            _("Net pay should be %(gross)s − %(deduction)s = %(net)s, but the sheet says %(found)s.")
            % {
                "gross": format_yuan(line.gross_fen),
                "deduction": format_yuan(line.deduction_fen),
                "net": format_yuan(line.net_fen),
                "found": format_yuan(net),
            },
        )
    return line


def _take(line: ReadLine, name: str, read: Callable[[], T]) -> T | None:
    try:
        return read()
    except Malformed as problem:
        line.stop(name, problem.message)
        return None


def _identity(cell: Cell) -> str:
    if cell.kind == "number":
        raise number_cell("id")
    return check_id_number(cell.text).number


def _unusable(cell: Cell) -> str:
    if cell.kind == "formula_missing":
        return _(
            "This formula has no stored result. Open the file in Excel or WPS, save it and upload it again."
        )
    if cell.kind == "error":
        return _("This cell shows an error (%(error)s). Correct the formula.") % {"error": cell.text}
    return ""


def _days(cell: Cell) -> Decimal | None:
    if why := _unusable(cell):
        raise Malformed("days.formula", why.replace("%", "%%"))
    if cell.is_blank:
        return None
    text = unicodedata.normalize("NFKC", cell.text).strip().removesuffix("天").removesuffix("工日").strip()
    try:
        days = Decimal(text)
    except InvalidOperation:
        raise Malformed("days.number", _("Write the days as a number, for example 21.5.")) from None
    if not days.is_finite() or not 0 <= days <= 31:
        raise Malformed("days.range", _("A month has at most 31 days. Are these hours?"))
    return days.quantize(Decimal("0.01"))


def _money(
    line: ReadLine, row: DataRow, name: str, *, sheet: Sheet | None = None, table: Table | None = None
) -> int | None:
    cell = row[name]
    if why := _unusable(cell):
        line.stop(name, why)
        return None
    if cell.is_blank or cell.text.strip() in {"-", "—", "/", "无"}:
        return None
    if cell.merged:
        line.stop(name, _("This amount is in a merged cell. Give every worker an own amount."))
        return None
    if sheet is not None and table is not None:
        place = (row.number - sheet.first_row, table.columns[name])
        if place in sheet.sign_hidden:
            line.stop(name, _("This amount is negative, but the format hides the minus sign."))
            return None
    value = cell.value
    if cell.kind not in {"number", "text"} or isinstance(value, date):
        line.stop(name, _("Write the amount in digits, for example 5600.00."))
        return None
    return _take(line, name, lambda: parse_yuan(value))


def _deductions(line: ReadLine, row: DataRow, table: Table) -> None:
    parts = {name: _money(line, row, name) or 0 for name in DEDUCTION_PARTS if name in table.columns}
    total = _money(line, row, "deductions")
    line.deduction_fen = total if total is not None else sum(parts.values())
    if total is not None and any(parts.values()) and sum(parts.values()) != total:
        line.warn("deductions", _("The single deductions do not add up to the sum of deductions."))
    words = [f"{table.headings[name].text} {format_yuan(fen)}" for name, fen in parts.items() if fen]
    remark = row["note"].text.strip()
    line.deduction_note = ("、".join(words) or remark or ("扣款" if line.deduction_fen else ""))[:200]


def _letters(column: int) -> str:
    text, number = "", column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text
