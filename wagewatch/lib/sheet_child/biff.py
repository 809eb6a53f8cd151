"""What calamine does not tell of a BIFF .xls: hidden rows and columns, formulas without a result, errors, 1904.

The stream is taken out of its container ([MS-CFB]) and its records are walked ([MS-XLS]); a file that does not
hold together gives no hints, and calamine has the say.
"""

import struct
from collections.abc import Iterator

from wagewatch.lib.sheet_child.wire import MAX_COLUMNS, Place, RawSheet, Refused

_BOUNDSHEET, _DATEMODE, _ROW, _COLINFO, _FORMULA, _BOF, _EOF = 0x85, 0x22, 0x208, 0x7D, 0x06, 0x809, 0x0A
_LAST_SECTOR = 0xFFFFFFFA
_MAX_HINTS = 500_000
_BOOLERR = 0x205
_ZERO = bytes(8)
_ERROR, _EMPTY_TEXT = 2, 3
_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}


def add_hints(data: bytes, sheets: list[RawSheet]) -> bool:
    """Mark what is hidden and what has no result in the worksheets, in the order of the file; whether its days count
    from 1904. Raises ``Refused`` for more of it than any table has."""
    try:
        stream = _workbook(data)
        starts, is_1904 = _globals(stream)
        if len(starts) == len(sheets):
            for start, sheet in zip(starts, sheets, strict=True):
                _mark(stream, start, sheet)
    except (struct.error, IndexError, ValueError):
        return False
    return is_1904


def _workbook(data: bytes) -> bytes:
    """The stream Workbook (Book before Excel 97). A file without a container is the stream itself."""
    if not data.startswith(b"\xd0\xcf\x11\xe0"):
        return data
    shift, small_shift = struct.unpack_from("<HH", data, 30)
    if shift not in (9, 12) or small_shift != 6:
        raise ValueError(shift)
    size = 1 << shift
    first_directory, cutoff, first_small = struct.unpack_from("<I4xII", data, 48)
    more, tables = struct.unpack_from("<I", data, 68)[0], list(struct.unpack_from("<109I", data, 76))

    def sector(number: int) -> bytes:
        found = data[(number + 1) << shift : (number + 2) << shift]
        return found + bytes(size - len(found))

    for _ in range(len(data) >> shift):
        if more >= _LAST_SECTOR:
            break
        *listed, more = struct.unpack(f"<{size // 4}I", sector(more))
        tables += listed
    fat = [
        n for table in tables if table < _LAST_SECTOR for n in struct.unpack(f"<{size // 4}I", sector(table))
    ]
    directory = b"".join(map(sector, _chain(fat, first_directory)))
    entries = [directory[at : at + 128] for at in range(0, len(directory), 128)]
    named = {
        entry[: struct.unpack_from("<H", entry, 64)[0]].decode("utf-16-le", "replace"): entry
        for entry in entries
    }
    found = named.get("Workbook\0") or named.get("Book\0")
    if found is None:
        raise ValueError("no workbook")
    start, length = struct.unpack_from("<II", found, 116)
    if length >= cutoff:
        return b"".join(map(sector, _chain(fat, start)))[:length]
    small = b"".join(map(sector, _chain(fat, struct.unpack_from("<I", entries[0], 116)[0])))
    links = [n for s in _chain(fat, first_small) for n in struct.unpack(f"<{size // 4}I", sector(s))]
    return b"".join(small[n << small_shift : (n + 1) << small_shift] for n in _chain(links, start))[:length]


def _chain(links: list[int], number: int) -> Iterator[int]:
    for _ in range(len(links)):
        if number >= _LAST_SECTOR:
            return
        yield number
        number = links[number]


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Kind and content of the records of one substream; those of charts inside it are left out."""
    depth = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        at += 4 + length
        depth += (kind == _BOF) - (kind == _EOF)
        if depth <= 0:
            return
        if depth == 1:
            yield kind, stream[at - length : at]


def _globals(stream: bytes) -> tuple[list[int], bool]:
    starts, is_1904 = [], False
    for kind, content in _records(stream, 0):
        if kind == _BOUNDSHEET and content[5] == 0:
            starts.append(struct.unpack_from("<I", content)[0])
        elif kind == _DATEMODE:
            is_1904 = content[:2] == b"\x01\x00"
    return starts, is_1904


def _mark(stream: bytes, start: int, sheet: RawSheet) -> None:
    missing: list[Place] = []
    for kind, content in _records(stream, start):
        if kind == _ROW and content[12] & 0x20:
            sheet.hidden_rows.append(struct.unpack_from("<H", content)[0])
        elif kind == _COLINFO and content[8] & 1:
            first, last = struct.unpack_from("<HH", content)
            sheet.hidden_columns.extend(range(first, min(last + 1, MAX_COLUMNS)))
        elif kind == _FORMULA:
            result, told = content[6:14], content[12:14] == b"\xff\xff"
            if result == _ZERO or (told and result[0] == _EMPTY_TEXT):
                missing.append(struct.unpack_from("<HH", content))
            elif told and result[0] == _ERROR:
                sheet.errors[struct.unpack_from("<HH", content)] = _ERRORS.get(result[2], "#ERROR")
        elif kind == _BOOLERR and content[7]:
            sheet.errors[struct.unpack_from("<HH", content)] = _ERRORS.get(content[6], "#ERROR")
        if len(missing) + len(sheet.errors) + len(sheet.hidden_rows) > _MAX_HINTS:
            raise Refused("file.too_heavy")
    sheet.formula_missing.extend(missing)
