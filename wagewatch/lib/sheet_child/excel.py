"""Values of Excel workbooks (xlsx after the checks, and BIFF .xls) through calamine."""

import datetime as dt
import io
from typing import Any

import python_calamine as calamine

from wagewatch.lib.sheet_child.biff import add_hints
from wagewatch.lib.sheet_child.wire import MAX_CELLS, MAX_SHEETS, Answer, RawSheet, Refused, trimmed

_PLAIN = frozenset((str, float, int, bool))
_MINUTE = dt.timedelta(minutes=1)


def open_workbook(data: bytes) -> calamine.CalamineWorkbook:
    """Raises ``Refused`` for what calamine cannot open."""
    try:
        return calamine.load_workbook(io.BytesIO(data))
    except calamine.PasswordError:
        raise Refused("file.password") from None
    except (calamine.CalamineError, ValueError, OSError):
        raise Refused("file.damaged") from None


def read_xls(data: bytes, max_rows: int) -> Answer:
    """A BIFF workbook."""
    sheets = read_values(open_workbook(data), max_rows)
    return Answer(sheets=sheets, date1904=add_hints(data, sheets), form="xls")


def read_values(workbook: calamine.CalamineWorkbook, max_rows: int) -> list[RawSheet]:
    """All worksheets with their values and merged ranges, rows and columns counted from A1."""
    if len(workbook.sheets_metadata) > MAX_SHEETS:
        raise Refused("file.too_many_sheets", limit=MAX_SHEETS)
    sheets, budget = [], MAX_CELLS
    for index, meta in enumerate(workbook.sheets_metadata):
        if meta.typ is not calamine.SheetTypeEnum.WorkSheet:
            continue
        try:
            sheet = workbook.get_sheet_by_index(index)
        except (calamine.CalamineError, ValueError, OSError):
            raise Refused("file.damaged") from None
        budget -= sheet.total_height * sheet.total_width
        if budget < 0:
            raise Refused("file.too_heavy")
        rows: list[list[Any]] = sheet.to_python(skip_empty_area=False)
        for row in rows:
            if not _PLAIN.issuperset(map(type, row)):
                row[:] = [v if type(v) in _PLAIN else _portable(v) for v in row]
        sheets.append(
            RawSheet(
                name=meta.name,
                rows=trimmed(rows, max_rows),
                visible=meta.visible is calamine.SheetVisibleEnum.Visible,
                merged=[(*start, *end) for start, end in sheet.merged_cell_ranges or ()],
            )
        )
    return sheets


def _portable(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=dt.UTC)
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
    if isinstance(value, dt.time):
        return value.isoformat("minutes")
    if isinstance(value, dt.timedelta):
        return spent(value)
    return "" if value is None else str(value)


def spent(time: dt.timedelta) -> str:
    """A stretch of time as the cell shows it, in hours and minutes ("36:30"): its number would count days, and 1.5
    would be taken for hours."""
    minutes = round(time / _MINUTE)
    return f"{'-' * (minutes < 0)}{abs(minutes) // 60}:{abs(minutes) % 60:02}"
