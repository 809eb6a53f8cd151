"""Reading a contractor's own pay sheet: cells to plain values with messages, without any database.

Nothing is guessed: what is unclear is refused with what to write instead.
"""

import contextlib
import itertools
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from payroll.pay_items import Item
from payroll.sheet_parts import DEDUCTED, EARNED, SEVERAL, Amounts, add_up, field_of
from payroll.sheet_split import Place
from payroll.sheet_tables import find_pay_tables, more_columns
from wagewatch.lib.dates import parse_month
from wagewatch.lib.errors import Malformed
from wagewatch.lib.heading_names import PAYROLL_FIELDS
from wagewatch.lib.headings import (
    NO_CHOICES,
    Choices,
    DataRow,
    Heading,
    SkippedRow,
    Table,
    refuse_large_units,
)
from wagewatch.lib.identity import check_id_number, normalise_card, number_cell
from wagewatch.lib.money import format_cny, parse_yuan
from wagewatch.lib.names import normalise_name
from wagewatch.lib.sheets import Cell, Sheet, Workbook
from wagewatch.lib.texts import odd_digits

T = TypeVar("T")
_NEGATIVE = re.compile(r"[-−－]\s*[¥￥]?\s*[\d.,，]+")
_NOTHING = frozenset(("-", "—", "——", "/", "\\", "无", "没有"))
MOST_UNREAD = 8
RATES = ("day_rate", "hour_rate", "month_rate", "unit_price")
_MONTH = re.compile(r"(20\d{2})\s*[年.\-/]\s*(1[0-2]|0?[1-9])\s*月?(?!\d)")
_SPAN = re.compile(
    r"(1[0-2]|0?[1-9])\s*月\s*(\d{1,2})\s*[日号]?\s*[-—–~～至到]+\s*(1[0-2]|0?[1-9])\s*月\s*(\d{1,2})\s*[日号]?"
)
_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d)(?::[0-5]\d)?")
_RATE_HINT = re.compile(r"(元|/|每)?\s*(/|每)?\s*(天|日|工日|工|月|小时|时|h|㎡|m²|m2|立方|方|米|吨|t)?$")


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
    base_fen: int | None = None
    """What the file pays for days alone: gross less everything that has a column of its own."""
    rate_fen: int | None = None
    items: list[Item] = field(default_factory=list)
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
    """All rows of a file, what was passed over, and remarks on the whole; the tables that were read, and those of which
    somebody must say which column is which. Without `tables` there are no lines."""

    lines: list[ReadLine]
    reading: dict[str, Any]
    tables: list[Place] = field(default_factory=list)
    unnamed: list[Place] = field(default_factory=list)


def read_pay_sheet(
    book: Workbook,
    month: date,
    span: tuple[date, date] | None = None,
    choices: Choices = NO_CHOICES,
) -> ReadSheet:
    """Find the pay sheet in a workbook and read its rows; `span` are the days of the wage month, `choices` what was
    said about columns before.

    Raises Malformed `sheet.*` if there is none.
    """
    found = find_pay_tables(book, month, choices)
    tables, passed = found.tables, found.passed
    if not tables:
        return ReadSheet([], {"passed_sheets": passed}, unnamed=found.unnamed)
    for _sheet, table in tables:
        refuse_large_units(table, ("gross", "net", "base_pay", "deductions", *EARNED, *DEDUCTED))
    read = [(sheet, table, _lines(sheet, table, span)) for sheet, table in tables]
    read = _without_summaries(read, passed)
    lines = [line for _sheet, _table, those in read for line in those]
    if not lines:
        raise Malformed(
            "sheet.no_rows", _("The table has headings but no rows. Fill it in and upload it again.")
        )
    warnings = found.notes + [
        warning
        for sheet, table, _rows in read
        for warning in (
            *_month_warnings((*table.titles, sheet.name), month),
            *_span_warnings((*table.titles, sheet.name), span),
        )
    ]
    for sheet, table, own in read:
        on_sheet = [line for line in lines if line.sheet == sheet.name]
        warnings += _total_warnings(sheet, table, on_sheet, own)
    for _sheet, table, _rows in read:
        for name, columns in table.duplicates.items():
            if name in SEVERAL:
                continue
            warnings.append(
                _("The heading “%(heading)s” stands %(count)s times; column %(column)s was taken.")
                % {
                    "heading": PAYROLL_FIELDS[name][0],
                    "count": len(columns),
                    "column": _letters(columns[0].column),
                }
            )
    reading = {
        "sheets": [sheet.name for sheet, _table, _rows in read],
        "passed_sheets": passed,
        "skipped": [
            {"line": s.number, "reason": s.reason, "text": s.text[:60]}
            for _sheet, table, _rows in read
            for s in table.skipped
            if s.reason != "blank"
        ],
        "warnings": list(dict.fromkeys(warnings)),
    }
    return ReadSheet(lines, reading, [(sheet, table) for sheet, table, _rows in read], found.unnamed)


def _without_summaries(
    read: list[tuple[Sheet, Table, list[ReadLine]]], passed: list[str]
) -> list[tuple[Sheet, Table, list[ReadLine]]]:
    """Without a sheet that repeats what a sheet for each team says, person by person: it would count everybody twice.
    One that says other amounts is kept, so that its rows are refused as said twice."""
    told = [
        {(line.id_number, line.name, line.gross_fen, line.net_fen) for line in lines}
        for _s, _t, lines in read
    ]
    kept = []
    for place, (sheet, table, lines) in enumerate(read):
        parts = [
            theirs for other, theirs in enumerate(told) if other != place and theirs and theirs < told[place]
        ]
        if len(parts) > 1 and told[place] == set().union(*parts):
            passed.append(sheet.name)
        else:
            kept.append((sheet, table, lines))
    return kept


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


def _span_warnings(texts: tuple[str, ...], span: tuple[date, date] | None) -> list[str]:
    """A title such as 3月11日-4月10日 beside the days of the wage month as they are set here."""
    found = []
    for text in texts if span else ():
        for m1, d1, m2, d2 in _SPAN.findall(unicodedata.normalize("NFKC", text)):
            said = (int(m1), int(d1), int(m2), int(d2))
            if span and said != (span[0].month, span[0].day, span[1].month, span[1].day):
                found.append(
                    _("The file is for %(found)s, the wage month here has the days %(here)s.")
                    % {
                        "found": f"{said[0]}-{said[1]} – {said[2]}-{said[3]}",
                        "here": f"{span[0].isoformat()} – {span[1].isoformat()}",
                    }
                )
    return found


def _total_warnings(sheet: Sheet, table: Table, lines: list[ReadLine], own: list[ReadLine]) -> list[str]:
    """Totals in the file that are not the sums of its rows: of all above, or of those since the total before."""
    found: list[str] = []
    before = 0
    for skipped in table.skipped:
        if skipped.reason != "total":
            continue
        for name, get in _TOTALLED.items():
            if name not in table.columns:
                continue
            cell = sheet.cell(skipped.number - sheet.first_row, table.columns[name])
            if cell.kind not in {"number", "text"} or cell.is_blank or isinstance(cell.value, date):
                continue
            try:
                said = parse_yuan(cell.value)
            except Malformed:
                continue
            above = sum(get(one) or 0 for one in lines if one.line < skipped.number)
            since = sum(get(one) or 0 for one in lines if before < one.line < skipped.number)
            alone = sum(get(one) or 0 for one in own if one.line < skipped.number)
            if said not in (above, since, alone):
                found.append(
                    _("Row %(row)s says %(heading)s %(found)s in total, the rows add up to %(sum)s.")
                    % {
                        "row": skipped.number,
                        "heading": table.headings[name].text,
                        "found": format_cny(said),
                        "sum": format_cny(above),
                    }
                )
        before = skipped.number
    return found


_TOTALLED: dict[str, Callable[[ReadLine], int | None]] = {
    "gross": lambda line: line.gross_fen,
    "net": lambda line: line.net_fen,
}


def _lines(sheet: Sheet, table: Table, span: tuple[date, date] | None = None) -> list[ReadLine]:
    more = more_columns(table)
    most_days = (span[1] - span[0]).days + 1 if span else 31
    lines: list[ReadLine] = []
    for row in table.data:
        if more:
            columns = {**table.columns, **{key: heading.column for key, heading in more.items()}}
            row = DataRow(row.number, row.row, columns, row.banner, row.hidden, row.ragged)
        if all(row[name].is_blank for name in row.columns if name != "row_number"):
            continue
        if _is_unnamed_total(row, lines):
            text = " ".join(cell.text.strip() for cell in row.row if not cell.is_blank)
            table.skipped.append(SkippedRow(row.number, "total", text[:200]))
            continue
        lines.append(_line(sheet, table, row, most_days, more))
    return lines


def _is_unnamed_total(row: DataRow, lines: list[ReadLine]) -> bool:
    """Whether a row of nobody repeats the sum of those above."""
    if len(lines) < 2 or any(not row[name].is_blank for name in ("name", "id_number", "card_number")):
        return False
    found = False
    for name, get in _TOTALLED.items():
        value = row[name].value
        if row[name].is_blank:
            continue
        try:
            said = parse_yuan(value if isinstance(value, (str, int, float)) else None)
        except Malformed:
            return False
        if said != sum(get(line) or 0 for line in lines):
            return False
        found = True
    return found


def _line(sheet: Sheet, table: Table, row: DataRow, most_days: int, more: Mapping[str, Heading]) -> ReadLine:
    line = ReadLine(sheet.name, row.number)
    if row.hidden:
        line.warn("name", _("This row is hidden in the file."))
    if row.ragged:
        line.stop("name", _("This row has more columns than the others. Is there a comma inside an amount?"))
    line.name = _take(line, "name", lambda: normalise_name(row["name"].text).value) or ""
    if not row["id_number"].is_blank:
        line.id_number = _take(line, "id_number", lambda: _identity(row["id_number"])) or ""
    _card(line, row)
    line.days = _take(line, "days", lambda: _days(row["days"]))
    if line.days is None and not row["work_hours"].is_blank:
        line.days = _take(line, "days", lambda: _hours(row["work_hours"]))
    elif line.days is not None and line.days > most_days:
        line.stop("days", _("This wage month has %(days)s days. Are these hours?") % {"days": most_days})
    _rate(line, row)
    amounts = Amounts(
        gross=_money(line, row, "gross"),
        net=_money(line, row, "net", sheet=sheet, table=table),
        base=_money(line, row, "base_pay"),
        deductions=_taken(line, row, "deductions"),
        parts={
            name: fen
            for name in (*EARNED, *DEDUCTED, *more)
            if name in row.columns
            and (fen := (_taken if field_of(name) in DEDUCTED else _money)(line, row, name)) is not None
        },
        headings={name: heading.text.strip() for name, heading in {**table.headings, **more}.items()},
        hours=_overtime(row),
        note=row["note"].text.strip(),
    )
    line.gross_fen, line.net_fen = amounts.gross, amounts.net
    _refuse_shared(line, sheet, table, row)
    if line.refused:
        line.deduction_fen = amounts.deductions or amounts.deducted
        return line
    added = add_up(amounts)
    for name, text in added.stops:
        line.stop(name, text)
        if name == "net" and added.net_fen is not None and amounts.net is not None:
            _name_unread(line, table, row, abs(added.net_fen - amounts.net))
    for name, text in added.warnings:
        line.warn(name, text)
    line.gross_fen, line.net_fen, line.items = added.gross_fen, added.net_fen, added.items
    if amounts.net is not None and line.refused:
        line.net_fen = amounts.net  # as the file says: its totals are sums of these
    line.deduction_fen, line.deduction_note = added.deduction_fen, added.deduction_note
    if added.gross_fen is not None:
        line.base_fen = added.gross_fen - amounts.earned
    return line


def _name_unread(line: ReadLine, table: Table, row: DataRow, gap_fen: int) -> None:
    """The columns that are not read and make the difference, if there are such."""
    amounts: dict[str, int] = {}
    for heading in table.unknown:
        cell = row.row.get(heading.column)
        if cell.kind in {"number", "text"} and not cell.is_blank and not isinstance(cell.value, date):
            with contextlib.suppress(Malformed):
                amounts[heading.text.strip()] = abs(parse_yuan(cell.value, negative=True))
    amounts = {text: fen for text, fen in amounts.items() if 0 < fen <= gap_fen}
    if len(amounts) > MOST_UNREAD:
        return
    for number in range(1, len(amounts) + 1):
        for some in itertools.combinations(amounts.items(), number):
            if sum(fen for _text, fen in some) == gap_fen:
                words = " + ".join(f"“{text}” {format_cny(fen)}" for text, fen in some)
                text = _("The difference is in what was not read: %(columns)s. Say which column is which.")
                line.stop("net", text % {"columns": words})
                return


def _refuse_shared(line: ReadLine, sheet: Sheet, table: Table, row: DataRow) -> None:
    """An amount that a merged cell spreads over the rows of other workers belongs to no one of them, not to the
    first either. Where the name is merged over the same rows, they are one worker's."""
    below = row.number - sheet.first_row + 1
    if "name" in table.columns and sheet.cell(below, table.columns["name"]).merged:
        return
    for name in ("gross", "net", "base_pay", "deductions", *EARNED, *DEDUCTED):
        column = table.columns.get(name)
        if column is None or row[name].is_blank or row[name].merged:
            continue
        copy = sheet.cell(below, column)
        if copy.merged and copy.value == row[name].value and _spans(sheet, below, table, name):
            line.stop(name, _("This amount is in a merged cell. Give every worker an own amount."))


def _spans(sheet: Sheet, below: int, table: Table, name: str) -> bool:
    """Whether the copy below comes from above, not from the cell left of it, and stands in a worker's row."""
    left = sheet.cell(below, table.columns[name] - 1)
    who = sheet.cell(below, table.columns["name"]) if "name" in table.columns else left
    return not who.is_blank and left.value != sheet.cell(below, table.columns[name]).value


def _card(line: ReadLine, row: DataRow) -> None:
    cell = row["card_number"]
    if cell.is_blank:
        return
    if cell.kind != "text":
        line.warn(
            "card", _("The card number is kept as a number and may be damaged; the registered card is used.")
        )
        return
    try:
        line.card = normalise_card(cell.text).value
    except Malformed:
        line.warn("card", _("The card number in the file is not valid; the registered card is used."))


def _rate(line: ReadLine, row: DataRow) -> None:
    """The file's rate, only to explain differences: 360, "360元/天"; what cannot be read is no error."""
    for name in RATES:
        cell = row[name]
        if cell.kind not in {"number", "text"} or cell.is_blank or isinstance(cell.value, date):
            continue
        value = cell.value
        if isinstance(value, str):
            value = _RATE_HINT.sub("", unicodedata.normalize("NFKC", value).strip())
        try:
            line.rate_fen = parse_yuan(value)
        except Malformed:
            continue
        return


def _overtime(row: DataRow) -> Decimal | None:
    try:
        return _hours(row["overtime_hours"])
    except Malformed:
        return None


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


def _number(cell: Cell, endings: tuple[str, ...]) -> Decimal | None:
    if why := _unusable(cell):
        raise Malformed("days.formula", why.replace("%", "%%"))
    if cell.is_blank or cell.text.strip() in _NOTHING:
        return None
    if odd_digits(cell.text):
        raise Malformed("days.number", _("Write the days as a number, for example 21.5."))
    text = unicodedata.normalize("NFKC", cell.text).strip()
    for ending in endings:
        text = text.removesuffix(ending).strip()
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise Malformed("days.number", _("Write the days as a number, for example 21.5.")) from None
    if not number.is_finite():
        raise Malformed("days.number", _("Write the days as a number, for example 21.5."))
    return number


def _days(cell: Cell) -> Decimal | None:
    days = _number(cell, ("天", "工日", "个工", "工"))
    if days is None:
        return None
    if not 0 <= days <= 31:
        raise Malformed("days.range", _("A month has at most 31 days. Are these hours?"))
    return days.quantize(Decimal("0.01"))


def _hours(cell: Cell) -> Decimal | None:
    """Hours as a number, or as a clock counts them: 36:30 is 36.5."""
    counted = _CLOCK.fullmatch(unicodedata.normalize("NFKC", cell.text).strip())
    if counted and not _unusable(cell):
        hours = int(counted[1]) + Decimal(int(counted[2])) / 60
    elif (number := _number(cell, ("小时", "工时", "时", "h"))) is None:
        return None
    else:
        hours = number
    if not 0 <= hours <= 744:
        raise Malformed("hours.range", _("A month has at most 744 hours."))
    return hours.quantize(Decimal("0.01"))


def _money(
    line: ReadLine, row: DataRow, name: str, *, sheet: Sheet | None = None, table: Table | None = None
) -> int | None:
    cell = row[name]
    if _is_true_nought(row, name):
        return 0
    if why := _unusable(cell):
        line.stop(name, why)
        return None
    if cell.is_blank or cell.text.strip() in _NOTHING:
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


def _is_true_nought(row: DataRow, name: str) -> bool:
    """Whether a formula's stored 0 is its result, and not what programs store that never reckon: other amounts of the row
    were reckoned, and the sums that `add_up` compares would show what lacks."""
    if row[name].kind != "formula_missing" or row[name].value != 0:
        return False
    field = field_of(name)
    if field in DEDUCTED or field == "deductions":
        return _is_amount(row["gross"]) and _is_amount(row["net"])
    return (field in EARNED or field == "base_pay") and _is_amount(row["gross"])


def _is_amount(cell: Cell) -> bool:
    return cell.kind in {"number", "text"} and not cell.is_blank


def _taken(line: ReadLine, row: DataRow, name: str) -> int | None:
    """A deduction; some people write -300 there, which is shown as what it means."""
    value = row[name].value
    if value is None or isinstance(value, date) or row[name].kind not in {"number", "text"}:
        return _money(line, row, name)
    if not (_NEGATIVE.fullmatch(value.strip()) if isinstance(value, str) else value < 0):
        return _money(line, row, name)
    fen = _take(line, name, lambda: parse_yuan(value, negative=True))
    if fen is None:
        return None
    line.warn(
        name, _("Written as −%(sum)s: taken as a deduction of %(sum)s.") % {"sum": format_cny(abs(fen))}
    )
    return abs(fen)


def _letters(column: int) -> str:
    text, number = "", column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text
