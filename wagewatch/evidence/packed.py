"""A whole receipt as one line of text that fits a QR code: nothing but paper is needed to check it later.

"WW1:" and base45 (RFC 9285, made for the alphanumeric mode of QR codes) of the zlib-compressed JSON.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping

PREFIX = "WW1:"
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUES = {letter: number for number, letter in enumerate(_LETTERS)}


class PackedError(ValueError):
    """The text is no packed receipt."""


def base45(data: bytes) -> str:
    """Two bytes become three characters, a last single byte two."""
    out = []
    for start in range(0, len(data), 2):
        pair = data[start : start + 2]
        number = int.from_bytes(pair, "big")
        for _place in range(len(pair) + 1):
            number, letter = divmod(number, 45)
            out.append(_LETTERS[letter])
    return "".join(out)


def from_base45(text: str) -> bytes:
    """The bytes of a base45 text. Raises PackedError."""
    out = bytearray()
    for start in range(0, len(text), 3):
        part = text[start : start + 3]
        try:
            number = sum(_VALUES[letter] * 45**place for place, letter in enumerate(part))
            out += number.to_bytes(len(part) - 1, "big")
        except (KeyError, OverflowError, ValueError):
            raise PackedError("not base45") from None
    return bytes(out)


def pack(bundle: Mapping[str, object]) -> str:
    """A receipt's bundle as a line for a QR code."""
    text = json.dumps(bundle, ensure_ascii=False, separators=(",", ":"))
    return PREFIX + base45(zlib.compress(text.encode(), 9))


def unpack(text: str, *, most: int) -> bytes:
    """The JSON of a packed receipt, at most so many bytes. Raises PackedError."""
    if not text.startswith(PREFIX):
        raise PackedError("not a packed receipt")
    opener = zlib.decompressobj()
    try:
        data = opener.decompress(from_base45(text[len(PREFIX) :]), most)
    except zlib.error:
        raise PackedError("not compressed") from None
    if opener.unconsumed_tail or not opener.eof:
        raise PackedError("not whole")
    return data
