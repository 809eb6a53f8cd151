"""CSV and other delimited text in any encoding that Chinese programs write."""

import collections
import csv
import io
from collections.abc import Iterable, Iterator

from wagewatch.lib.sheet_child.wire import MAX_COLUMNS, Answer, RawSheet, Refused, trimmed

_DELIMITERS = ",\t;|，"
_SAMPLE_LINES = 30
_FIELD_LIMIT = 100_000


def read_delimited(data: bytes, filename: str, max_rows: int) -> Answer:
    """One sheet, all values text. Raises ``Refused``."""
    text = decode(data).replace("\x00", "")
    csv.field_size_limit(_FIELD_LIMIT)
    try:
        delimiter = sniff_delimiter(text)
        try:
            rows = _rows(
                csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), max_rows
            )
        except csv.Error:
            rows = _rows(_line_by_line(text, delimiter), max_rows)
    except csv.Error:
        raise Refused("file.not_a_table") from None
    rows = trimmed(rows, max_rows)
    name = filename.rsplit(".", 1)[0][:60] or "CSV"
    return Answer(sheets=[RawSheet(name=name, rows=rows, ragged_rows=_ragged(rows))], form="csv")


def _rows(records: Iterable[list[str]], max_rows: int) -> list[list[str]]:
    rows = []
    for row in records:
        rows.append([value.strip() for value in row[:MAX_COLUMNS]])
        if len(rows) > 2 * max_rows + 1_000:
            raise Refused("file.too_many_rows", limit=max_rows)
    return rows


def _line_by_line(text: str, delimiter: str) -> Iterator[list[str]]:
    """Each line a row of its own, for a file with a quote that nothing closes: else that one field would swallow
    all rows after it."""
    for line in io.StringIO(text, newline=None):
        if line.count('"') % 2:
            yield from csv.reader([line], delimiter=delimiter, quoting=csv.QUOTE_NONE)
        else:
            yield from csv.reader([line], delimiter=delimiter)


def decode(data: bytes) -> str:
    """UTF-8, UTF-16 (with or without mark) or GB18030, which contains GBK and GB2312."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return _strict(data, "utf-16")
    if data.count(b"\x00", 0, 4096) > min(len(data), 4096) // 5:
        little = data[1:4096:2].count(0) >= data[0:4096:2].count(0)
        return _strict(data, "utf-16-le" if little else "utf-16-be")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused("file.encoding")


def _strict(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise Refused("file.encoding") from None


def sniff_delimiter(text: str) -> str:
    """The sign that gives most lines the same number of fields, more than one."""
    lines = [line for line in text.splitlines()[:_SAMPLE_LINES] if line.strip()]
    if text.startswith("sep=") and len(lines[0].strip()) == 5:
        return lines[0].strip()[4]
    best, best_score = ",", 0
    for delimiter in _DELIMITERS:
        widths = collections.Counter(len(r) for r in csv.reader(lines, delimiter=delimiter))
        width, lines_alike = max(widths.items(), key=lambda item: (item[0] > 1, item[1], item[0]))
        score = lines_alike * (width - 1)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _ragged(rows: list[list[str]]) -> list[int]:
    """Rows with more fields than the usual row: most often an unquoted 5,600.00."""
    widths = collections.Counter(len(row) for row in rows if any(row))
    if not widths:
        return []
    usual = max(widths.items(), key=lambda item: (item[1], -item[0]))[0]
    return [n for n, row in enumerate(rows) if len(row) > usual and any(row[usual:])]
