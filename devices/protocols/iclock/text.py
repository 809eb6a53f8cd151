"""Lines, fields and names as terminals really write them.

Bodies are cut as bytes and decoded value by value: in GB18030 no byte of a character is a tab, a line feed or
an equals sign, so the cut is safe before the encoding is known.
"""

import re
from collections.abc import Iterator

CHINESE = "83"
"""The `language` of a terminal that writes GB2312 (appendix on languages)."""

_ENDS = re.compile(rb"[\r\n]+")
_KEY = re.compile(rb"(?:^|(?<=[\s,]))([A-Za-z~_][A-Za-z0-9_.~]*)=")


def lines_of(body: bytes) -> Iterator[bytes]:
    """The lines of a body: LF, CRLF or CR, final newline or none, trailing NUL and a first BOM dropped, blank lines
    skipped."""
    for line in _ENDS.split(body.removeprefix(b"\xef\xbb\xbf").strip(b"\0")):
        cleaned = line.strip(b"\0 ")
        if cleaned.strip():
            yield cleaned


def decode(value: bytes, *, chinese: bool = False) -> str:
    """A value as text: UTF-8 where that is what it is, else GB18030. Never raises.

    Some GB2312 names are valid UTF-8 by accident: two-byte pairs that read as Greek or Cyrillic. From a
    terminal set to Chinese such a text is taken for Chinese.
    """
    raw = value.strip(b"\0")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace")
    if chinese and not raw.isascii() and all(ord(character) < 0x800 for character in text):
        try:
            return raw.decode("gb18030")
        except UnicodeDecodeError:
            return text
    return text


def pairs_of(line: bytes) -> dict[str, bytes]:
    """`key=value` fields by lower-case key, from tabs, or from spaces or commas where a bridge lost the tabs.

    A value may hold spaces (`time=2017-01-10 11:49:32`): it ends where the next key begins. The first of two
    equal keys counts.
    """
    found: dict[str, bytes] = {}
    if b"\t" in line:
        for part in line.split(b"\t"):
            name, sign, value = part.partition(b"=")
            if sign:
                found.setdefault(_name(name), value.strip(b"\r\0"))
        return found
    marks = list(_KEY.finditer(line))
    ends = [mark.start() for mark in marks[1:]] + [len(line)]
    for mark, end in zip(marks, ends, strict=False):
        found.setdefault(_name(mark[1]), line[mark.end() : end].strip(b" \r\0,"))
    return found


def _name(raw: bytes) -> str:
    """The last word before the equals sign, without the tilde of optional parameters."""
    words = raw.split()
    return words[-1].decode("ascii", "replace").lstrip("~").lower() if words else ""


def is_number(text: str) -> bool:
    """Whether a field is a plain decimal number that fits 64 bits."""
    return 0 < len(text) <= 18 and text.isascii() and text.isdigit()


def options_of(body: bytes) -> dict[str, str]:
    """`key=value` separated by commas or lines, as in a registration (Security PUSH 7.4) or `table=options`.

    Commas inside a value do not occur; a piece without equals sign belongs to the value before it.
    """
    found: dict[str, str] = {}
    last = ""
    for piece in re.split(rb"[,\r\n\0]+", body):
        name, sign, value = piece.partition(b"=")
        if sign and name.strip():
            last = _name(name)
            found.setdefault(last, decode(value).strip())
        elif last and piece.strip():
            found[last] = f"{found[last]},{decode(piece).strip()}"
    return found
