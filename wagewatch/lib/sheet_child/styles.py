"""Number formats that show a negative number without its sign."""

import re

_FORMAT = re.compile(rb'<(?:\w+:)?numFmt\b[^<>]*\bnumFmtId="(\d+)"[^<>]*\bformatCode="([^"]*)"')
_FORMAT_REVERSED = re.compile(rb'<(?:\w+:)?numFmt\b[^<>]*\bformatCode="([^"]*)"[^<>]*\bnumFmtId="(\d+)"')
_CELL_FORMATS = re.compile(rb"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", re.DOTALL)
_FORMAT_ID = re.compile(rb'<(?:\w+:)?xf\b[^<>]*?\bnumFmtId="(\d+)"')


def hiding_formats(styles: bytes) -> frozenset[bytes]:
    """Style indexes (as written in ``s="…"``) whose second section has no minus and no bracket."""
    codes = {m[1]: m[2] for m in _FORMAT.finditer(styles)}
    codes |= {m[2]: m[1] for m in _FORMAT_REVERSED.finditer(styles)}
    bad = {number for number, code in codes.items() if _hides_sign(code)}
    cells = _CELL_FORMATS.search(styles)
    if not bad or not cells:
        return frozenset()
    return frozenset(
        str(index).encode() for index, match in enumerate(_FORMAT_ID.finditer(cells[0])) if match[1] in bad
    )


def _hides_sign(code: bytes) -> bool:
    sections = code.replace(b"&quot;", b'"').split(b";")
    if len(sections) < 2:
        return False
    negative = re.sub(rb"\[[^\]]*\]", b"", sections[1])
    return b"-" not in negative and b"(" not in negative and "（".encode() not in negative
