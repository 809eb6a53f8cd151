"""Badge readers behind Wiegand-to-serial converters: three line formats, one badge.

The 26-bit badge 188,24910 is written `BC614E` CR (hex6), `0012345678` CR LF (dec10), or between 02 and 03 as
ten hexadecimal digits and their XOR (stx, as in 125 kHz modules). Whatever the reader, the lowest 24 bits are
facility and number; the digits above them are kept and compared only where both readers give them.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from devices.protocols.errors import Garbled, WrongValue

INTER_BYTE = 0.5
"""Seconds of silence after which a half line is dropped; a whole one takes 12 ms at 9600 baud."""
LONGEST = 64
"""A line longer than this is noise or another protocol."""
STX, ETX = 0x02, 0x03

_HEX6 = re.compile(rb"[0-9A-Fa-f]{6}")
_DEC10 = re.compile(rb"[0-9]{10}")
_STX = re.compile(rb"[0-9A-Fa-f]{12}")
_PRINTED = re.compile(r"(?:\d{8,10}\s+)?(\d{1,3})\s*[,，]\s*(\d{1,5})", re.ASCII)


class LineFormat(StrEnum):
    """What a converter writes; a setting per reader."""

    HEX6 = "hex6"
    DEC10 = "dec10"
    STX = "stx"


@dataclass(frozen=True)
class Badge:
    """A badge as read: the raw line, and its number. `bits` is how many bits the format can carry."""

    value: int
    bits: int
    raw: bytes = field(default=b"", compare=False)

    @property
    def facility(self) -> int:
        """The first number printed on the badge, 0 to 255."""
        return self.value >> 16 & 0xFF

    @property
    def number(self) -> int:
        """The second number printed on the badge, 0 to 65535."""
        return self.value & 0xFFFF

    @property
    def key(self) -> str:
        """Facility and number as printed (`188,24910`): how a badge is stored and looked up."""
        return f"{self.facility:03d},{self.number:05d}"

    def is_same(self, other: "Badge") -> bool:
        """Whether two readings are of one badge: all bits that both readers give must agree."""
        mask = (1 << min(self.bits, other.bits)) - 1
        return self.value & mask == other.value & mask

    @classmethod
    def from_bytes(cls, line: bytes, form: LineFormat, *, reversed_bytes: bool = False) -> "Badge":
        """Reads a line without its end. Raises Garbled: `wiegand.line`, `wiegand.checksum`, `wiegand.value`.

        Some converters write the badge's bytes the other way round; that is a setting too.
        """
        if form is LineFormat.HEX6:
            data = _bytes(_HEX6, line)
        elif form is LineFormat.DEC10:
            if not _DEC10.fullmatch(line):
                raise Garbled("wiegand.line", f"{len(line)} bytes")
            if int(line) > 0xFFFFFFFF:
                raise Garbled("wiegand.value", "more than 32 bits")
            data = int(line).to_bytes(4, "big")
        else:
            data = _bytes(_STX, line)
            check = 0
            for byte in data[:-1]:
                check ^= byte
            if check != data[-1]:
                raise Garbled("wiegand.checksum")
            data = data[:-1]
        value = int.from_bytes(data, "little" if reversed_bytes else "big")
        return cls(value, 8 * len(data), line)

    def to_bytes(self, form: LineFormat) -> bytes:
        """The line as a converter writes it, with its end. Raises WrongValue if the format is too narrow."""
        if form is LineFormat.HEX6:
            return f"{self._fits(24):06X}\r".encode()
        if form is LineFormat.DEC10:
            return f"{self._fits(32):010d}\r\n".encode()
        data = self._fits(40).to_bytes(5, "big")
        check = 0
        for byte in data:
            check ^= byte
        return bytes((STX,)) + (data + bytes((check,))).hex().upper().encode() + bytes((ETX,))

    def _fits(self, bits: int) -> int:
        if self.value >> bits:
            raise WrongValue("wiegand.value", f"more than {bits} bits")
        return self.value

    @classmethod
    def printed(cls, text: str) -> "Badge":
        """From what is printed on a badge: `188,24910`, or `0012345678 188,24910`. Raises WrongValue."""
        match = _PRINTED.fullmatch(text.strip())
        if match is None or int(match[1]) > 255 or int(match[2]) > 65_535:
            raise WrongValue("wiegand.printed", "facility,number")
        return cls(int(match[1]) << 16 | int(match[2]), 24)


def _bytes(pattern: re.Pattern[bytes], line: bytes) -> bytes:
    if not pattern.fullmatch(line):
        raise Garbled("wiegand.line", f"{len(line)} bytes")
    return bytes.fromhex(line.decode())


class LineReader:
    """Badges out of bytes as they come. A damaged line is dropped whole, never half believed: its rest would be
    another badge. After it the reader is in step again at the next end of line, or at the next STX."""

    def __init__(self, form: LineFormat, *, reversed_bytes: bool = False) -> None:
        self.form = form
        self.reversed_bytes = reversed_bytes
        self.bad = 0
        """Lines thrown away since the start: a measure of the line's health."""
        self._buffer = bytearray()
        self._spoilt = False

    def feed(self, data: bytes) -> list[Badge]:
        """The badges completed by these bytes."""
        badges = []
        for byte in data:
            badge = self._stx(byte) if self.form is LineFormat.STX else self._line(byte)
            if badge is not None:
                badges.append(badge)
        return badges

    def idle(self) -> None:
        """Nothing came for INTER_BYTE seconds: what is half there will not be completed."""
        if self._buffer or self._spoilt:
            self.bad += 1
        self._buffer.clear()
        self._spoilt = False

    def _line(self, byte: int) -> Badge | None:
        if byte in b"\r\n":
            line, spoilt = bytes(self._buffer), self._spoilt
            self._buffer.clear()
            self._spoilt = False
            if spoilt:
                self.bad += 1
                return None
            return self._read(line) if line else None
        self._keep(byte)
        return None

    def _stx(self, byte: int) -> Badge | None:
        if byte == STX:
            if self._buffer:
                self.bad += 1
            self._buffer[:] = bytes((STX,))
            return None
        if not self._buffer:
            return None  # noise, or the CR LF that some modules put before ETX or after it
        if byte == ETX:
            line = bytes(self._buffer[1:]).rstrip(b"\r\n")
            self._buffer.clear()
            return self._read(line)
        self._keep(byte)
        if self._spoilt:
            self.bad += 1
            self._buffer.clear()
            self._spoilt = False
        return None

    def _keep(self, byte: int) -> None:
        if len(self._buffer) >= LONGEST:
            self._spoilt = True
        else:
            self._buffer.append(byte)

    def _read(self, line: bytes) -> Badge | None:
        try:
            return Badge.from_bytes(line, self.form, reversed_bytes=self.reversed_bytes)
        except Garbled:
            self.bad += 1
            return None
