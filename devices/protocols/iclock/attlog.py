"""ATTLOG: one line per punch of an attendance terminal (Attendance PUSH 9.1, with ID numbers 9.6)."""

import re
from dataclasses import dataclass
from datetime import timedelta

from devices.protocols.errors import Garbled
from devices.protocols.iclock.text import decode, lines_of, pairs_of
from devices.protocols.iclock.verify import ON_ID_CARD, verify_of
from devices.protocols.records import DeviceTime, Direction, Event, Kind, PersonKey, PersonKind

_LINE = re.compile(
    rb"\s*(?:ATTLOG\s+)?([^\s=,]*)[\t ,]+(\d{4}([-/.])\d{1,2}\3\d{1,2}[ T]\d{1,2}:\d{1,2}(?::\d{1,2})?(?:\.\d+)?"
    rb"(?:Z|[+-]\d\d:?\d\d)?)(?=[\t ,]|$)(.*)",
    re.DOTALL,
)
_ID_NUMBER = re.compile(r"[1-9]\d{16}[0-9Xx]")
_OFFSET = re.compile(r"[+-]?\d{1,5}")

DIRECTIONS = {
    "0": Direction.IN,
    "1": Direction.OUT,
    "2": Direction.OUT,
    "3": Direction.IN,
    "4": Direction.IN,
    "5": Direction.OUT,
}
"""State keys: check in, check out, break out, break in, overtime in, overtime out. 255 is 'not pressed'."""

VERIFIED = {"0": (True, ""), "1": (False, "verification_failed"), "2": (False, "blacklisted")}
"""The state of a row of type 1: an identity card held against a face, which is no attendance (9.6)."""

STATE, MODE, WORKCODE, RESERVED, RESERVED_2 = range(5)
MASK, TEMPERATURE, CONVERTED, UTC_OFFSET, EXTENDED = 5, 6, 7, 8, 9
"""Columns after the time on `att`."""
ID_NUMBER, ROW_TYPE = 5, 6
"""Columns after the time on `pid`; they stand where the mask and temperature are on `att`."""


@dataclass(frozen=True)
class AttLine:
    """One line: PIN and time as written, and the columns after them (2 to 10, none lost)."""

    pin: str
    time: str
    rest: tuple[str, ...] = ()

    @classmethod
    def from_bytes(cls, line: bytes) -> "AttLine":
        """Reads tabs, or spaces or commas where the tabs were lost, or `key=value`. Raises Garbled (`attlog.line`)."""
        if b"=" in line and b"pin=" in line.lower() and b"time=" in line.lower():
            found = {name: decode(value).strip() for name, value in pairs_of(line).items()}
            time = found.get("time") or found.get("datetime") or found.get("checktime") or ""
            mode = found.get("verify") or found.get("verified") or ""
            return cls(found.get("pin", ""), time, (found.get("status", ""), mode, found.get("workcode", "")))
        match = _LINE.fullmatch(line.strip(b"\r\n\0"))
        if match is None:
            raise Garbled("attlog.line", f"{len(line)} bytes without PIN and time")
        tail = match[4]
        if b"\t" in tail:
            parts = tail.lstrip(b" ").split(b"\t")[1:]
        else:
            parts = tail.lstrip(b" ,").split(b",") if b"," in tail else tail.split()
        return cls(decode(match[1]), decode(match[2]), tuple(decode(part).strip() for part in parts))

    def to_bytes(self) -> bytes:
        """The line as a terminal writes it, without the newline."""
        return "\t".join((self.pin, self.time, *self.rest)).encode()

    def column(self, number: int) -> str:
        """A column after the time, '' if the line is shorter."""
        return self.rest[number] if number < len(self.rest) else ""

    @property
    def id_number(self) -> str:
        """The identity number of a `pid` row, known by its form, since devices forget to say their type."""
        text = self.column(ID_NUMBER)
        return text.upper() if _ID_NUMBER.fullmatch(text) else ""

    @property
    def utc_offset(self) -> timedelta | None:
        """The column of PUSH 2.4.2 in seconds (+28800); none on shorter lines and on `pid`."""
        text = self.column(UTC_OFFSET)
        if self.id_number or not _OFFSET.fullmatch(text):
            return None
        offset = timedelta(seconds=int(text))
        return offset if abs(offset) <= timedelta(hours=14) else None


def looks_like_punches(body: bytes) -> bool:
    """Whether a body that names no table holds ATTLOG lines, as that of the oldest firmware does."""
    first = next(lines_of(body), b"")
    return _LINE.fullmatch(first) is not None


def event_of(line: bytes, device_key: str, *, has_id_numbers: bool = False) -> Event:
    """The event of a line. `has_id_numbers` is the `pid` dialect. Raises Garbled (`attlog.line`)."""
    row = AttLine.from_bytes(line)
    identity = row.id_number
    keys = [PersonKey(PersonKind.PIN, row.pin)] if row.pin not in ("", "0") else []
    if identity:
        keys.append(PersonKey(PersonKind.ID_NUMBER, identity))
    state, mode = row.column(STATE), row.column(MODE)
    is_check = (has_id_numbers or bool(identity)) and row.column(ROW_TYPE) == "1"
    admitted, reason = VERIFIED.get(state, (False, "verification_unknown")) if is_check else (True, "")
    return Event(
        device_key=device_key,
        time=DeviceTime.read(row.time, row.utc_offset),
        raw=line,
        person=keys[0] if keys else None,
        others=tuple(keys[1:]),
        direction=None if is_check else DIRECTIONS.get(state),
        verify=ON_ID_CARD.get(mode, verify_of(mode)) if is_check else verify_of(mode),
        kind=Kind.VERIFICATION if is_check else Kind.PASSAGE,
        admitted=admitted,
        reason=reason,
        state=state,
        mode=mode,
    )
