"""Reading a bank statement as banks export it: .xlsx, .xls, .ods or .csv (GB18030 too), columns found by headings.

Amounts stand in two columns (借方, 贷方), in one with a sign, or in one with a mark of direction. 借方 on a
bank's statement is money that leaves the account, 贷方 money that comes in. Nothing is guessed: an amount
without direction is refused. The result is the same `Statement` that a camt.053 gives.
"""

import hashlib
import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payroll.bank.camt053 import Balance, Detail, Entry, Statement
from payroll.statement_headings import FIELDS, IN_WORDS, OUT_WORDS
from wagewatch.lib.dates import SITE_TZ, parse_date
from wagewatch.lib.errors import Malformed
from wagewatch.lib.headings import (
    NO_CHOICES,
    Choices,
    DataRow,
    Table,
    find_columns,
    find_table,
    refuse_large_units,
)
from wagewatch.lib.money import parse_yuan
from wagewatch.lib.sheets import Cell, Sheet, Workbook

_MONEY = r"([-−(]?[¥￥]?[\d,，]*\d(?:\.\d{1,2})?)"
OPENING = re.compile(rf"(?:期初|上期|承前|上页|起始|初始)[^\d\-−¥￥]*余额[^\d\-−¥￥]*{_MONEY}")
CLOSING = re.compile(rf"(?:期末|本期|截止|结束|终止)[^\d\-−¥￥]*余额[^\d\-−¥￥]*{_MONEY}")
OWN_ACCOUNT = re.compile(r"(?<!对方)(?:账号|帐号|账户号码|卡号)[:：]?(\d[\d\s-]{7,40}\d)")
_DAY = r"(\d{4}[-./年]?\d{1,2}[-./月]?\d{1,2}日?)"
PERIOD = re.compile(rf"{_DAY}[^\d]{{1,6}}{_DAY}")
END_TO_END = re.compile(r"(?<!\d)\d{1,9}-\d{1,9}-\d{1,9}-\d{1,4}(?![\d-])")


@dataclass(frozen=True)
class ReadStatement:
    """The statement and what the reader has to say about it."""

    statement: Statement
    remarks: tuple[str, ...]


@dataclass
class _Line:
    number: int
    on: date
    at: time | None
    amount_fen: int
    balance_fen: int | None
    party: str
    party_account: str
    reference: str
    text: str


def read_table_statement(book: Workbook, *, account_number: str) -> ReadStatement:
    """The statement on the first sheet that has one. Raises Malformed `sheet.…` or `statement.…`."""
    sheet = _sheet(book)
    table = find_table(sheet, FIELDS, required=("day",), choices=_sides(sheet))
    mark = _mark(table)
    if not {"out", "in", "amount"} & set(table.columns):
        raise Malformed(
            "statement.no_amount",
            _("No column with amounts was found: 借方发生额 and 贷方发生额, or 交易金额 with its direction."),
        )
    above = [*table.titles, *(s.text for s in table.skipped)]
    refuse_large_units(table, ("out", "in", "amount", "balance"))
    _check_account(above, account_number)
    lines = [_line(row, table, mark, book.date1904) for row in table.data if not _is_sum(row)]
    found = [line for line in lines if line is not None]
    if not found:
        raise Malformed("statement.empty", _("The statement has headings but no movement. Nothing was read."))
    remarks: list[str] = []
    unsigned = not mark and not {"out", "in"} & set(table.columns)
    found = _oldest_first(found, remarks, unsigned=unsigned)
    opening, closing = _balances(found, above)
    first, last = _period(above, found)
    return ReadStatement(
        Statement(
            kind="table",
            version="",
            message_id="",
            statement_id=f"{first:%Y%m%d}-{last:%Y%m%d}",
            sequence=None,
            created_at=datetime.combine(last, time(23, 59, 59), SITE_TZ),
            account=account_number,
            currency="CNY",
            from_at=datetime.combine(first, time(0), SITE_TZ),
            to_at=datetime.combine(last, time(23, 59, 59), SITE_TZ),
            balances=tuple(
                Balance(kind, fen, day)
                for kind, fen, day in (("OPBD", opening, first), ("CLBD", closing, last))
                if fen is not None
            ),
            entries=_entries(found),
        ),
        tuple(remarks),
    )


def _sheet(book: Workbook) -> Sheet:
    best: tuple[int, Sheet] | None = None
    for sheet in book.sheets:
        table = find_columns(sheet, FIELDS, required=("day",)) if sheet.visible else None
        if table is not None and (best is None or len(table.columns) > best[0]):
            best = (len(table.columns), sheet)
    if best is None:
        raise Malformed(
            "sheet.no_headings",
            _("No bank statement was found: a table with 交易日期, 借方发生额, 贷方发生额 and 余额."),
        )
    return best[1]


def _sides(sheet: Sheet) -> Choices:
    """Two columns of amounts that say only in brackets which is which: 发生额(借), 发生额(贷)."""
    table = find_columns(sheet, FIELDS, required=("day",))
    if table is None:
        return NO_CHOICES
    named = {heading.key: _side(heading.hint) for heading in table.duplicates.get("amount", ())}
    if sorted(named.values()) != ["in", "out"]:
        return NO_CHOICES
    return Choices(layouts={table.layout: named})


def _side(text: str) -> str:
    """out, in, or empty for any other word."""
    word = _plain(text).lower()
    return "out" if word in OUT_WORDS else "in" if word in IN_WORDS else ""


def _mark(table: Table) -> str:
    """The column that says for each amount whether it came in; empty without one. A column of kinds of transactions
    (交易类型) is one where it says nothing else."""
    if "direction" in table.columns:
        return "direction"
    kinds = [row["kind"].text for row in table.data if not _is_sum(row) and not row["amount"].is_blank]
    return "kind" if kinds and all(map(_side, kinds)) else ""


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def _check_account(above: Sequence[str], number: str) -> None:
    named = [re.sub(r"[\s-]", "", m) for text in above for m in OWN_ACCOUNT.findall(_keep_digits(text))]
    others = [n for n in named if n != number]
    if named and len(others) == len(named):
        raise Malformed(
            "statement.other_account",
            _("The statement is about the account ending in %(tail)s, not about this one."),
            tail=others[0][-4:],
        )


def _keep_digits(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _is_sum(row: DataRow) -> bool:
    text = _plain(row["day"].text) or _plain(row["summary"].text)
    return bool(re.match(r"(合计|小计|总计|本页|本期|期初|期末|承前|过次|上期|借方合计|贷方合计)", text))


def _refuse(row: DataRow, problem: Malformed) -> Malformed:
    return Malformed(problem.code, gettext_lazy("Row %(row)s: %(why)s"), row=row.number, why=problem.message)


def _line(row: DataRow, table: Table, mark: str, date1904: bool) -> _Line | None:
    cell = row["day"]
    if cell.is_blank:
        if any(not row[name].is_blank for name in ("out", "in", "amount")):
            raise _refuse(row, Malformed("date.empty", _("The date is missing. Write it as 2026-03-05.")))
        return None
    try:
        on, at = _moment(cell, row["clock"], date1904)
        amount = _amount(row, table, mark)
        balance = _fen(row["balance"])
    except Malformed as problem:
        raise _refuse(row, problem) from problem
    if amount == 0:
        return None
    words = dict.fromkeys(row[name].text.strip() for name in ("summary", "purpose", "remark"))
    return _Line(
        row.number,
        on,
        at,
        amount,
        balance,
        row["party"].text.strip()[:140],
        re.sub(r"\s", "", row["party_account"].text),
        row["reference"].text.strip()[:60],
        " ".join(filter(None, words))[:200],
    )


def _moment(cell: Cell, clock: Cell, date1904: bool) -> tuple[date, time | None]:
    value: Any = cell.value
    if isinstance(value, datetime):
        return value.date(), value.time()
    if isinstance(value, str):
        text = unicodedata.normalize("NFKC", value).strip()
        found = re.fullmatch(r"(.+?)[\sT]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?", text)
        packed = re.fullmatch(r"(20\d{6})(\d{2})(\d{2})(\d{2})", text)
        found = found or packed
        if found:
            return parse_date(found[1], date1904=date1904), _time(found[2], found[3], found[4])
        value = text
    beside = re.fullmatch(r"(\d{1,2}):?(\d{2})(?::?(\d{2}))?", _plain(clock.text))
    on = parse_date(value, date1904=date1904)
    return on, _time(beside[1], beside[2], beside[3]) if beside else None


def _time(hour: str, minute: str, second: str | None) -> time | None:
    try:
        return time(int(hour), int(minute), int(second or 0))
    except ValueError:
        return None


def _fen(cell: Cell) -> int | None:
    value: Any = cell.value
    if cell.is_blank:
        return None
    if isinstance(value, str) and _plain(value) in {"-", "--", "—", "/", ""}:
        return None
    if isinstance(value, str) and _plain(value).startswith("("):
        raise Malformed(
            "statement.brackets",
            _("An amount in brackets can mean two things. Write −360.00 for a correction, else 360.00."),
        )
    return parse_yuan(value, negative=True)


def _amount(row: DataRow, table: Table, mark: str) -> int:
    """Signed fen: money in is positive."""
    if "out" in table.columns or "in" in table.columns:
        out, come = _fen(row["out"]) or 0, _fen(row["in"]) or 0
        if out and come:
            raise Malformed("statement.both", _("One line cannot be 借方 and 贷方 at once."))
        if out or come or "amount" not in table.columns:
            return come - out  # a minus in either column is the bank's own correction (冲正)
    found = _fen(row["amount"])
    if found is None:
        return 0
    if not mark:
        return found
    side = _side(row[mark].text)
    if side == "out":
        return -abs(found) if found > 0 else abs(found)
    if side == "in":
        return found
    raise Malformed(
        "statement.direction", _("Write 借 or 贷 beside the amount: whether money left or came in.")
    )


def _oldest_first(lines: list[_Line], remarks: list[str], *, unsigned: bool) -> list[_Line]:
    """The order in which the bank booked, as the running balances prove it. `unsigned`: one column of amounts
    and no mark of direction, so that without a single minus only the balances can tell in from out."""
    unclear = unsigned and all(line.amount_fen > 0 for line in lines)
    no_direction = Malformed(
        "statement.no_direction",
        _("All amounts are without a sign and nothing says which left the account. Export it anew."),
    )
    if all(line.balance_fen is None for line in lines):
        if unclear:
            raise no_direction
        return sorted(lines, key=lambda x: (x.on, x.at or time(0)))
    turned = lines[::-1]
    if unclear and (len(lines) == 1 or not (_runs(lines) or _runs(turned))):
        raise no_direction
    for order in (lines, turned):
        if _runs(order):
            return order
    if _runs([_swapped(x) for x in lines]) or _runs([_swapped(x) for x in turned]):
        raise Malformed(
            "statement.swapped",
            _("The balances only fit if 借方 and 贷方 change places. Export the statement anew."),
        )
    remarks.append(_("The running balances do not fit the amounts; the difference is shown."))
    return lines if lines[0].on <= lines[-1].on else turned


def _swapped(line: _Line) -> _Line:
    return _Line(line.number, line.on, line.at, -line.amount_fen, line.balance_fen, "", "", "", "")


def _runs(lines: Sequence[_Line]) -> bool:
    known = [x for x in lines if x.balance_fen is not None]
    if len(known) != len(lines):
        return False
    return all(
        (before.balance_fen or 0) + after.amount_fen == after.balance_fen
        for before, after in itertools.pairwise(known)
    ) and (len(known) > 1 or len(lines) == 1)


def _balances(lines: list[_Line], above: Sequence[str]) -> tuple[int | None, int | None]:
    """What the statement says in words, else what its running balances say."""
    opening = _said(OPENING, above)
    closing = _said(CLOSING, above)
    first, last = lines[0], lines[-1]
    if opening is None and first.balance_fen is not None:
        opening = first.balance_fen - first.amount_fen
    if closing is None:
        closing = last.balance_fen
    return opening, closing


def _said(pattern: re.Pattern[str], above: Sequence[str]) -> int | None:
    for text in above:
        if found := pattern.search(_plain(text)):
            return parse_yuan(found[1].replace("(", "-"), negative=True)
    return None


def _period(above: Sequence[str], lines: list[_Line]) -> tuple[date, date]:
    first, last = min(x.on for x in lines), max(x.on for x in lines)
    for text in above:
        if found := PERIOD.search(_keep_digits(text)):
            try:
                begin, end = parse_date(found[1]), parse_date(found[2])
            except Malformed:
                continue
            if begin <= first and last <= end:
                return begin, end
    return first, last


def _entries(lines: list[_Line]) -> tuple[Entry, ...]:
    """Entries with references that are the same whenever the same line is read again."""
    seen: Counter[str] = Counter()
    found = []
    for line in lines:
        reference = line.reference
        key = f"{line.on:%Y%m%d}|{line.amount_fen}|{line.party}|{line.party_account}|{line.text}|{reference}"
        seen[key] += 1
        if not reference or seen[key] > 1:
            digest = hashlib.sha256(key.encode()).hexdigest()[:12]
            reference = f"T{line.on:%Y%m%d}-{digest}-{seen[key]}"
        end_to_end = END_TO_END.search(line.text)
        incoming = line.amount_fen > 0
        detail = Detail(
            end_to_end_id=end_to_end[0] if end_to_end else "",
            amount_fen=abs(line.amount_fen),
            payee_name="" if incoming else line.party,
            payee_account="" if incoming else line.party_account,
            payer_name=line.party if incoming else "",
            remittance=line.text,
        )
        found.append(
            Entry(
                reference=str(line.number),
                bank_reference=reference,
                status="BOOK",
                amount_fen=line.amount_fen,
                currency="CNY",
                booked_on=line.on,
                value_on=None,
                reversal=False,
                details=(detail,),
            )
        )
    return tuple(found)
