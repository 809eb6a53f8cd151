"""Writing a payment order as the table a bank without messages takes: .xlsx, or text with separators.

The same `OrderOut` as for pain.001 goes in. Every cell is text: card numbers keep their digits and amounts are
written with exactly two decimals, because a sheet whose cells are only *formatted* to two decimals adds up to
something else. What the bank's own program reads by separators cannot hold a separator.
"""

import csv
import io
from collections.abc import Sequence

from payroll.bank.pain001 import LineOut, OrderOut, check_order
from payroll.bank.problems import malformed
from payroll.bank.shapes import BatchShape
from payroll.bank.xmlwrite import format_amount
from wagewatch.lib.sheets import ColumnOut, SheetOut, write_workbook

FORMULA = ("=", "+", "-", "@", "\t", "\r")
EXTENSIONS = {"xlsx": ".xlsx", "csv": ".csv", "txt": ".txt"}
WIDTHS = {"account": 24, "payer_account": 24, "payer_name": 36, "payee_bank": 24, "payer_bank": 24,
          "reference": 24, "remark": 18, "name": 12, "number": 6}  # fmt: skip


def write_batch(order: OrderOut, shape: BatchShape) -> bytes:
    """The order as the bank's table. Raises Malformed as `check_order` does, and `bank.text` for what the
    file's encoding or separators cannot carry."""
    check_order(order)
    rows = [
        [_value(column.field, order, line, number, shape) for column in shape.columns]
        for number, line in enumerate(order.lines, start=1)
    ]
    if shape.kind == "xlsx":
        columns = [ColumnOut(c.heading, "text", WIDTHS.get(c.field, 14)) for c in shape.columns]
        return write_workbook([SheetOut("批量付款", columns, rows)])
    return _text(rows, shape)


def _value(field: str, order: OrderOut, line: LineOut, number: int, shape: BatchShape) -> str:
    match field:
        case "number":
            return str(number)
        case "payer_bank":
            return order.payer.bank_name
        case "payer_account":
            return order.payer.number
        case "payer_name":
            return order.payer.name
        case "payee_bank":
            return line.payee.bank_name
        case "payee_bank_code":
            return line.payee.bank_code
        case "account":
            return line.payee.number
        case "name":
            return line.payee.name
        case "amount":
            return format_amount(line.amount_fen)
        case "currency":
            return order.currency
        case "purpose":
            return shape.purpose
        case "remark":
            return line.remittance
        case "reference":
            return line.end_to_end_id
        case "date":
            return f"{order.execute_on:%Y%m%d}"
        case "message":
            return order.message_id
    return ""


def _text(rows: Sequence[Sequence[str]], shape: BatchShape) -> bytes:
    table = [[c.heading for c in shape.columns], *rows] if shape.headings else list(rows)
    if shape.kind == "txt":
        for place, row in enumerate(table, start=1):
            if any(shape.separator in value or "\n" in value or "\r" in value for value in row):
                raise malformed("bank.text", where=f"{place}")
        text = "".join(shape.separator.join(row) + "\r\n" for row in table)
    else:
        out = io.StringIO()
        writer = csv.writer(out, delimiter=shape.separator, lineterminator="\r\n")
        # People open these in a spreadsheet on the way: no cell of theirs may start a formula.
        writer.writerows([[("'" + v) if v.startswith(FORMULA) else v for v in row] for row in table])
        text = out.getvalue()
    try:
        return text.encode(shape.encoding)
    except UnicodeEncodeError as problem:
        raise malformed("bank.text", where=shape.encoding) from problem
