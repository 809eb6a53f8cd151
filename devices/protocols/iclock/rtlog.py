"""rtlog and transaction: what an access-control terminal reports (Security PUSH 10.2, 12.1.4.3, appendix 2).

Parsed by key, never by place: firmware adds fields in the middle.
"""

from datetime import datetime, timedelta

from devices.protocols.errors import Garbled
from devices.protocols.iclock.text import decode, is_number, pairs_of
from devices.protocols.iclock.verify import verify_of
from devices.protocols.records import DeviceTime, Direction, Event, Kind, PersonKey, PersonKind, Verify

OPENED = frozenset((0, 1, 2, 3, 4, 14, 15, 16, 17, 18, 19, 101, 103, 203, 207, 208, 215, 216, 218, 222, 232))
"""Codes that let a person through; 101 and 103 under duress, 4 with the emergency password."""
REFUSED = {
    20: "too_soon",
    21: "door_closed_hours",
    22: "outside_hours",
    23: "no_access",
    24: "antipassback",
    25: "interlock",
    27: "unregistered",
    29: "expired",
    30: "wrong_password",
    33: "expired",
    34: "unregistered",
    35: "door_closed_hours",
    38: "card_reported_lost",
    39: "blacklisted",
    40: "group_failed",
    41: "wrong_way",
    42: "card_unreadable",
    43: "locked_out",
    44: "server_refused",
    45: "server_silent",
    48: "group_failed",
    49: "door_closed_hours",
    53: "expired",
    61: "repeated",
    62: "forbidden",
    63: "door_locked",
    68: "temperature",
    69: "mask",
    73: "qr_invalid",
    74: "qr_expired",
    75: "too_slow",
    104: "card_invalid",
}
"""Codes that kept a person out, in our words; other codes below 100 are `acc.<code>`."""
FIRE = frozenset((210, 243, 244, 114, 115, 4000, 6000))
"""Fire input and fire opening: the gate opens without anybody's software; only to be reported."""
ID_CARD = 218

DIRECTIONS = {"0": Direction.IN, "1": Direction.OUT}
"""inoutstatus; other values (2: none) say nothing."""

_ZK_DAY = 24 * 3600


def zk_seconds(at: datetime) -> int:
    """A wall clock as the maker counts it: months of 31 days since 2000 (appendix 5)."""
    days = ((at.year - 2000) * 12 + at.month - 1) * 31 + at.day - 1
    return days * _ZK_DAY + (at.hour * 60 + at.minute) * 60 + at.second


def from_zk_seconds(number: int) -> datetime:
    """The inverse (appendix 6). Raises Garbled (`zk.time`): 31 February can be written but does not exist."""
    days, seconds = divmod(number, _ZK_DAY)
    months, day = divmod(days, 31)
    years, month = divmod(months, 12)
    try:
        return datetime(2000 + years, month + 1, day + 1) + timedelta(seconds=seconds)  # noqa: DTZ001
    except (ValueError, OverflowError):
        raise Garbled("zk.time", "no such day") from None


def event_of(line: bytes, device_key: str) -> Event:
    """The event of an rtlog line. Raises Garbled (`rtlog.line`).

    A row without person and card is a door event. `index` is the device's own number of the record.
    """
    found = {name: decode(value).strip() for name, value in pairs_of(line).items()}
    if "time" not in found or "event" not in found:
        raise Garbled("rtlog.line", f"{len(line)} bytes without time and event")
    return _event(line, device_key, found, DeviceTime.read(found["time"]))


def event_of_transaction(line: bytes, device_key: str) -> Event:
    """The event of a row answered to `DATA QUERY tablename=transaction`; equal key to its rtlog line.

    Raises Garbled (`transaction.line`, `zk.time`).
    """
    found = {name: decode(value).strip() for name, value in pairs_of(line).items()}
    if not is_number(found.get("time_second", "")) or "eventtype" not in found:
        raise Garbled("transaction.line", f"{len(line)} bytes without time_second and eventtype")
    renamed = {
        **found,
        "event": found["eventtype"],
        "verifytype": found.get("verified", ""),
        "inoutstatus": found.get("inoutstate", ""),
        "eventaddr": found.get("doorid", ""),
    }
    at = from_zk_seconds(int(found["time_second"]))
    return _event(line, device_key, renamed, DeviceTime.read(at.isoformat(sep=" ")))


def _event(line: bytes, device_key: str, found: dict[str, str], time: DeviceTime) -> Event:
    code = int(found["event"]) if is_number(found["event"]) else -1
    keys = []
    if found.get("pin", "") not in ("", "0"):
        keys.append(PersonKey(PersonKind.PIN, found["pin"]))
    if found.get("cardno", "") not in ("", "0"):
        keys.append(PersonKey(PersonKind.CARD, found["cardno"]))
    admitted = code in OPENED
    refused = not admitted and (20 <= code < 100 or code in REFUSED)
    index = found.get("index", "")
    return Event(
        device_key=device_key,
        time=time,
        raw=line,
        person=keys[0] if keys else None,
        others=tuple(keys[1:]),
        record_id=index if index not in ("", "0") else None,
        direction=DIRECTIONS.get(found.get("inoutstatus", "")),
        verify=Verify.ID_CARD if code == ID_CARD else verify_of(found.get("verifytype", "")),
        kind=Kind.PASSAGE if keys and (admitted or refused) else Kind.DOOR,
        admitted=admitted,
        reason="" if admitted else REFUSED.get(code, "fire" if code in FIRE else f"acc.{code}"),
        state=f"{found['event']}/{found.get('inoutstatus', '')}",
        mode=found.get("verifytype", ""),
        door=found.get("eventaddr", ""),
    )
