"""Reading a bank's result table (.xlsx or text) into the same status report that a pain.002 gives."""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext_lazy as _

from payroll.bank.pain002 import LineStatus, Reason, Status, StatusReport
from payroll.bank.problems import malformed
from payroll.bank.shapes import ResultShape
from payroll.bank.texts import squeeze
from payroll.bank.xmlread import MAX_BYTES
from wagewatch.lib.errors import Malformed
from wagewatch.lib.sheets import read_workbook

MAX_ROWS = 120_000
HEADINGS_WITHIN = 30
CONTRADICTION = "????"
"""Not an ISO status: two rows of one file say different things about a payment, so a person looks."""
_WORKBOOK = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


@dataclass(frozen=True, slots=True)
class LineRef:
    """A line of the order that the result answers: how it can be recognised."""

    end_to_end_id: str
    account: str
    name: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class BatchResult:
    """A result file: the report, and the numbers of the rows that are about none of the order's lines."""

    report: StatusReport
    strange_rows: tuple[int, ...]


def read_batch_result(
    data: bytes,
    filename: str,
    shape: ResultShape,
    lines: Sequence[LineRef],
    *,
    message_id: str,
    created_at: datetime | None,
) -> BatchResult:
    """The statuses in a result file. Raises Malformed `bank.no_headings`, `bank.amount`, `file.…`.

    A row is known by its reference, else by card and amount where only one line has both. A state that the
    shape does not know stays the bank's word and goes to a person.
    """
    rows = _table(data, filename, shape)
    start, places = _headings(rows, shape)
    states = {squeeze(word): status for word, status in shape.states}
    by_reference = {line.end_to_end_id: line for line in lines}
    by_card: dict[tuple[str, int], list[LineRef]] = defaultdict(list)
    for known in lines:
        by_card[known.account, known.amount_fen].append(known)
    found: dict[str, LineStatus] = {}
    strange: list[int] = []
    for number, row in enumerate(rows[start:], start=start + 1):
        cells = {field: row[at].strip() if at < len(row) else "" for field, at in places.items()}
        reference, account = _plain(cells.get("reference", "")), _plain(cells.get("account", ""))
        if not reference and not account:
            continue  # a total or a remark below the table
        amount = _amount(cells["amount"], number) if cells.get("amount") else None
        line = by_reference.get(reference)
        if line is None and not reference and amount is not None:
            same = by_card.get((account, amount), [])
            line = same[0] if len(same) == 1 else None
        if line is None or (account and not _same_card(account, line.account)):
            strange.append(number)
            continue
        word, reason = cells.get("state", ""), cells.get("reason", "")
        status = states.get(squeeze(word), word.upper() if word.upper() in states.values() else word[:10])
        reasons = (Reason(cells.get("code", ""), reason or ("" if status != "RJCT" else word)),)
        if status not in states.values():
            reasons = (Reason("", f"{word} {reason}".strip()),)
        answer = LineStatus(line.end_to_end_id, Status(status, reasons), amount_fen=amount)
        earlier = found.get(line.end_to_end_id)
        if earlier is not None and earlier.status.code != status:
            answer = replace(
                answer, status=Status(CONTRADICTION, (Reason("", f"{earlier.status.code} / {status}"),))
            )
        found[line.end_to_end_id] = answer
    if not found and not strange:
        raise Malformed("bank.no_rows", _("The file has headings but no payments below them."))
    report = StatusReport(
        message_id=filename[:35],
        version="batch",
        created_at=created_at,
        original_message_id=message_id,
        group=Status("PART"),
        payments=(),
        lines=tuple(found.values()),
    )
    return BatchResult(report, tuple(strange))


def _table(data: bytes, filename: str, shape: ResultShape) -> list[list[str]]:
    if len(data) > MAX_BYTES:
        raise malformed("bank.too_large", bytes=len(data))
    if data.startswith(_WORKBOOK):
        book = read_workbook(data, filename, max_rows=MAX_ROWS)
        for sheet in book.sheets:
            if sheet.visible and any(len(row) for row in sheet.rows):
                return [[row.get(c).text for c in range(len(row))] for row in sheet.rows]
        return []
    text = _decode(data, shape.encoding)
    if shape.separator == ",":
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=","))
        except csv.Error as problem:
            raise malformed("bank.not_table") from problem
    else:
        rows = [line.split(shape.separator) for line in text.splitlines()]
    if len(rows) > MAX_ROWS:
        raise malformed("bank.too_large", rows=len(rows))
    return [[value[1:] if value.startswith("'") else value for value in row] for row in rows]


def _decode(data: bytes, encoding: str) -> str:
    if b"\x00" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise malformed("bank.not_table")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        # UTF-8 first: GB18030 would read nearly any bytes, and wrongly.
        encodings = ["utf-8-sig", encoding, "gb18030"]
    for name in encodings:
        try:
            return data.decode(name)
        except UnicodeDecodeError:
            continue
    raise malformed("bank.not_table")


def _headings(rows: list[list[str]], shape: ResultShape) -> tuple[int, dict[str, int]]:
    wanted = {squeeze(column.heading): column.field for column in shape.columns}
    needed = {"state"}
    best: dict[str, int] = {}
    for number, row in enumerate(rows[:HEADINGS_WITHIN], start=1):
        places: dict[str, int] = {}
        for at, value in enumerate(row):
            field = wanted.get(squeeze(value))
            if field and field not in places:
                places[field] = at
        if needed <= places.keys() and ("reference" in places or {"account", "amount"} <= places.keys()):
            return number, places
        best = max(best, places, key=len)
    missing = [c.heading for c in shape.columns if c.field not in best and c.field in ("state", "reference")]
    raise Malformed(
        "bank.no_headings",
        _("The heading line was not found; missing: %(missing)s. Compare the file with the bank's terms."),
        missing=", ".join(missing) or "-",
    )


def _plain(value: str) -> str:
    return re.sub(r"[\s\u200b\ufeff]", "", value)


def _same_card(written: str, number: str) -> bool:
    """Banks mask cards in result files: what is written must fit, with stars for any digits."""
    if "*" not in written:
        return written == number
    head, tail = written.split("*")[0], written.rsplit("*", 1)[-1]
    return number.startswith(head) and number.endswith(tail)


def _amount(value: str, number: int) -> int:
    cleaned = _plain(value).replace(",", "").replace("，", "").lstrip("¥￥")
    try:
        exact = Decimal(cleaned) * 100
    except InvalidOperation:
        raise malformed("bank.amount", where=f"{number}") from None
    if not exact.is_finite() or exact != exact.to_integral_value() or not 0 <= exact < 10**15:
        raise malformed("bank.amount", where=f"{number}")
    return int(exact)
