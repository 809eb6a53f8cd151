"""The counter of a bank without messages: it takes an order table and gives back its result table.

    python -m payroll.bank.simulator.counter ORDER RESULT [--form xlsx|txt|csv] [--fault partial]

Cards decide as everywhere in the simulator (words.py); what is not refused is paid. A table names no MsgId, so
the same table brought twice gets the same answer twice.
"""

import argparse
import csv
import io
import sys
from pathlib import Path

from payroll.bank import shapes
from payroll.bank.simulator import words
from payroll.bank.simulator.words import Refusal
from wagewatch.lib.sheets import ColumnOut, SheetOut, read_workbook, write_workbook

FAULTS = ("partial", "reject_file", "short_of_funds", "twice")


def answer_table(
    data: bytes, shape: shapes.BatchShape, result: shapes.ResultShape, *, fault: str = ""
) -> bytes:
    """The result of an order table, in the same kind of file. `fault`: partial (the last line is left out),
    reject_file, short_of_funds (all refused), twice (each row stands twice)."""
    rows = _read(data, shape)
    orders = [_payment(row, shape) for row in rows]
    if fault == "partial":
        orders = orders[:-1]
    elif fault == "twice":
        orders = [row for row in orders for _again in range(2)]
    out = []
    for order in orders:
        refusal = _refusal(order, fault)
        out.append([_cell(column.field, order, refusal, result) for column in result.columns])
    headings = [column.heading for column in result.columns]
    if shape.kind == "xlsx":
        return write_workbook([SheetOut("处理结果", [ColumnOut(h, "text", 20) for h in headings], out)])
    text = io.StringIO()
    if shape.kind == "txt":
        text.write("".join(result.separator.join(row) + "\r\n" for row in [headings, *out]))
    else:
        csv.writer(text, delimiter=result.separator, lineterminator="\r\n").writerows([headings, *out])
    return text.getvalue().encode(result.encoding)


def _read(data: bytes, shape: shapes.BatchShape) -> list[list[str]]:
    if shape.kind == "xlsx":
        sheet = read_workbook(data, "order.xlsx").sheets[0]
        rows = [[row.get(c).text for c in range(len(shape.columns))] for row in sheet.rows]
    elif shape.kind == "txt":
        rows = [line.split(shape.separator) for line in data.decode(shape.encoding).splitlines()]
    else:
        rows = list(
            csv.reader(io.StringIO(data.decode(shape.encoding), newline=""), delimiter=shape.separator)
        )
    return [row for row in rows[1 if shape.headings else 0 :] if any(row)]


def _payment(row: list[str], shape: shapes.BatchShape) -> dict[str, str]:
    return {column.field: value for column, value in zip(shape.columns, row, strict=False)}


def _refusal(order: dict[str, str], fault: str) -> Refusal | None:
    if fault == "reject_file":
        return words.FILE_REFUSED
    if fault == "short_of_funds":
        return words.SHORT_OF_FUNDS
    card = order.get("account", "")
    if not (card.isascii() and card.isdigit() and 8 <= len(card) <= 30):
        return words.BAD_ACCOUNT
    return words.refusal_for_card(card)


def _cell(field: str, order: dict[str, str], refusal: Refusal | None, result: shapes.ResultShape) -> str:
    if field == "state":
        wanted = "RJCT" if refusal else "ACSC"
        return next(word for word, status in result.states if status == wanted)
    if field == "reason":
        return refusal.text if refusal else ""
    return order.get(field, "")


def main(arguments: list[str] | None = None) -> int:
    """Answer one file; 0 when the result was written."""
    parser = argparse.ArgumentParser(prog="python -m payroll.bank.simulator.counter", description=__doc__)
    parser.add_argument("order", type=Path)
    parser.add_argument("result", type=Path)
    parser.add_argument("--form", choices=sorted(shapes.PROPOSALS), default="")
    parser.add_argument("--fault", choices=FAULTS, default="")
    options = parser.parse_args(arguments)
    form = options.form or options.order.suffix.lstrip(".").lower()
    if form not in shapes.PROPOSALS:
        print("Say which form the order has: --form xlsx, txt or csv.", file=sys.stderr)
        return 2
    columns, answers, encoding, separator = shapes.PROPOSALS[form]
    shape = shapes.batch_shape(form, columns, encoding, separator)
    result = shapes.result_shape(answers, shapes.RESULT_STATES, "", encoding, separator)
    options.result.write_bytes(answer_table(options.order.read_bytes(), shape, result, fault=options.fault))
    return 0


if __name__ == "__main__":
    sys.exit(main())
