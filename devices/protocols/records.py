"""What every device tells in the end: somebody was at a gate. One record for all protocols.

Times are kept as written and as read; a wall clock without zone stays naive until the agent adds the offset
it has on record for the device. Directions and ways of recognition are what the device says; the lane's
configuration decides (see `direction_for`).
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from enum import IntEnum, StrEnum
from typing import Any

from devices.protocols.cards import normal_card
from devices.protocols.errors import Garbled

PHOTO_WINDOW = timedelta(seconds=2)
"""A photo belongs to an event of the same device and person this close to its time; devices stamp the two apart."""
SKEW_WARNING = timedelta(minutes=2)
"""A device clock this far off is worth a message."""
SKEW_MARK = timedelta(minutes=10)
"""An event this far off is marked."""
FIRST_YEAR = 2015
"""A clock before this year was reset by an empty battery: 2000 on most terminals, 1970 on some."""
EVENT_ID_LENGTH = 64
"""The longest event id that the server takes."""


class Verify(IntEnum):
    """How the person was recognised: attendType of the national interface."""

    FACE = 1
    IRIS = 2
    FINGERPRINT = 3
    PALM = 4
    ID_CARD = 5
    CARD = 6
    CLEARED = 7
    ONE_KEY = 8
    EMERGENCY = 9
    QR_CODE = 10
    OTHER = 11


class Direction(StrEnum):
    """Into the site or out of it."""

    IN = "in"
    OUT = "out"


class PersonKind(StrEnum):
    """What a person key is."""

    PIN = "pin"
    CARD = "card"
    ID_NUMBER = "id_number"


class Kind(StrEnum):
    """A passage counts for attendance; a verification and a door event do not."""

    PASSAGE = "passage"
    VERIFICATION = "verification"
    DOOR = "door"


class Clock(StrEnum):
    """What a device time is worth."""

    GOOD = "good"
    WARN = "warn"
    MARKED = "marked"
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True, slots=True)
class PersonKey:
    """Who, as the device knows them: text as written, leading zeros and letters kept."""

    kind: PersonKind
    value: str

    def __repr__(self) -> str:
        """Without the value: a key may be an identity number and must not end in a log."""
        return f"PersonKey({self.kind.value}, …{len(self.value)})"


_ZONE = r"\s*(Z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?)?"
_WRITTEN = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})[T ]\s*(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?(?:[.,]\d+)?" + _ZONE,
    re.ASCII,
)
_COMPACT = re.compile(r"(20\d\d)(\d\d)(\d\d)[T ]?(\d\d)(\d\d)(\d\d)(?:[.,]\d+)?" + _ZONE, re.ASCII)
_EPOCH = re.compile(r"-?\d{1,30}(?:\.\d{1,9})?", re.ASCII)
MILLISECONDS_FROM = 100_000_000_000
"""Numbers from here on are milliseconds; below they are seconds, good until the year 5138."""


@dataclass(frozen=True, slots=True)
class DeviceTime:
    """A moment by the device's clock. `text` as written; `at` is None if it is no time at all.

    `at` is aware if the device gave an offset, else naive wall time of the device.
    """

    text: str
    at: datetime | None

    @classmethod
    def read(cls, text: str, offset: timedelta | None = None) -> "DeviceTime":
        """Reads 2026-11-21 07:01:09, with T, slashes, fraction or offset, or 20261121070109. Never raises.

        Midnight may be written as 24:00:00 of the day that ends, and a leap second as second 60 (ISO 8601).
        """
        written = text.strip()
        found = _WRITTEN.fullmatch(written) or _COMPACT.fullmatch(written)
        if found is None:
            return cls(written[:64], None)
        year, month, day, hour, minute = (int(found[n]) for n in range(1, 6))
        second = int(found[6] or 0)
        over = timedelta(days=(hour, minute, second) == (24, 0, 0), seconds=second == 60)
        try:
            at = datetime(year, month, day, hour - 24 * over.days, minute, second - over.seconds) + over  # noqa: DTZ001
            zone = _zone(found[7]) if found[7] else _fixed(offset)
            return cls(written, at if zone is None else at.replace(tzinfo=zone))
        except (ValueError, OverflowError):
            return cls(written, None)

    @classmethod
    def from_epoch(cls, text: str) -> "DeviceTime":
        """Reads seconds or milliseconds since 1970, whole or with a fraction. Never raises."""
        written = text.strip()
        if not _EPOCH.fullmatch(written):
            return cls(written[:64], None)
        try:
            number = float(written)
            seconds = number / 1000 if abs(number) >= MILLISECONDS_FROM else number
            return cls(written, datetime.fromtimestamp(seconds, UTC))
        except (ValueError, OverflowError, OSError):
            return cls(written[:64], None)

    @classmethod
    def read_any(cls, text: str) -> "DeviceTime":
        """Reads a wall clock, or else a number since 1970. Never raises."""
        time = cls.read(text)
        return time if time.at is not None else cls.from_epoch(text)

    def moment(self, offset: timedelta) -> datetime | None:
        """The moment in UTC; a naive wall clock is `offset` ahead of UTC. None if unreadable."""
        if self.at is None:
            return None
        aware = self.at if self.at.tzinfo else self.at.replace(tzinfo=timezone(offset))
        try:
            return aware.astimezone(UTC)
        except OverflowError:
            return None

    @property
    def canonical(self) -> str:
        """The same text for the same moment, however the device rewrites its offset; for the event key."""
        if self.at is None:
            return self.text
        if self.at.tzinfo is None:
            return self.at.isoformat(sep=" ")
        try:
            return self.at.astimezone(UTC).isoformat()
        except OverflowError:
            return self.text


def _zone(text: str) -> timezone:
    if text in ("Z", "UTC", "GMT"):
        return UTC
    digits = text[1:].replace(":", "")
    hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "0")
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if text[0] == "-" else offset)


def _fixed(offset: timedelta | None) -> timezone | None:
    return None if offset is None else timezone(offset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A picture taken at a gate. It may come before or after its event, or never."""

    device_key: str
    name: str = field(repr=False)
    data: bytes = field(repr=False)
    taken: DeviceTime
    person: PersonKey | None = None
    failed: bool = False

    @property
    def digest(self) -> str:
        """SHA-256 of the picture, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()

    def belongs_to(self, event: "Event") -> bool:
        """Whether device, person and time (within PHOTO_WINDOW) are those of the event."""
        if self.device_key != event.device_key or self.taken.at is None or event.time.at is None:
            return False
        if self.person is not None and self.person not in event.persons:
            return False
        if (self.taken.at.tzinfo is None) != (event.time.at.tzinfo is None):
            return False
        return abs(self.taken.at - event.time.at) <= PHOTO_WINDOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something a device reports. `raw` is the line or body as received and is kept for ever.

    `state` and `mode` are the device's own words for direction and way of recognition; `reason` says why the
    gate stayed shut when `admitted` is false. `replayed` is the device's word that it tells an old story.
    """

    device_key: str
    time: DeviceTime
    raw: bytes = field(repr=False)
    person: PersonKey | None = None
    others: tuple[PersonKey, ...] = ()
    record_id: str | None = None
    direction: Direction | None = None
    verify: Verify = Verify.OTHER
    kind: Kind = Kind.PASSAGE
    admitted: bool = True
    reason: str = ""
    state: str = ""
    mode: str = ""
    door: str = ""
    photo: str = ""
    replayed: bool = False

    @property
    def persons(self) -> tuple[PersonKey, ...]:
        """Every key the device gave for the person, the best first."""
        return () if self.person is None else (self.person, *self.others)

    def to_bytes(self) -> bytes:
        """JSON in UTF-8, for a queue or a pipe; `from_bytes` gives an equal event back."""
        facts: dict[str, Any] = {
            "device": self.device_key,
            "time": self.time.text,
            "at": self.time.at.isoformat() if self.time.at else None,
            "raw": base64.b64encode(self.raw).decode(),
            "persons": [[key.kind.value, key.value] for key in self.persons],
            "record": self.record_id,
            "direction": self.direction.value if self.direction else None,
            "verify": int(self.verify),
            "kind": self.kind.value,
            "admitted": self.admitted,
            **{
                name: getattr(self, name) for name in ("reason", "state", "mode", "door", "photo", "replayed")
            },
        }
        return json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")

    @classmethod
    def from_bytes(cls, data: bytes) -> "Event":
        """Reads what `to_bytes` wrote. Raises Garbled (`event.unreadable`)."""
        try:
            facts = json.loads(data.decode("utf-8", "surrogatepass"))
            keys = tuple(PersonKey(PersonKind(kind), value) for kind, value in facts["persons"])
            at = facts["at"]
            return cls(
                device_key=facts["device"],
                time=DeviceTime(facts["time"], datetime.fromisoformat(at) if at else None),
                raw=base64.b64decode(facts["raw"], validate=True),
                person=keys[0] if keys else None,
                others=keys[1:],
                record_id=facts["record"],
                direction=Direction(facts["direction"]) if facts["direction"] else None,
                verify=Verify(facts["verify"]),
                kind=Kind(facts["kind"]),
                admitted=bool(facts["admitted"]),
                reason=facts["reason"],
                state=facts["state"],
                mode=facts["mode"],
                door=facts["door"],
                photo=facts["photo"],
                replayed=bool(facts["replayed"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error) as error:
            raise Garbled("event.unreadable", type(error).__name__) from None


def event_key(event: Event) -> str:
    """The idempotency key: the same event sent again, in any batch and after any restart, has the same key.

    The device's own record number if it gives one, else a SHA-256 of device, person, time as written, state
    and way of recognition. Receipt time and photo are not in it. The record number is taken together with
    the device time: a terminal that was wiped counts from 1 again, and its new passages are not the old ones.
    """
    if event.record_id:
        parts = ["n", event.device_key, event.record_id, event.time.canonical]
    else:
        person = f"{event.person.kind.value}={event.person.value}" if event.person else ""
        parts = ["h", event.device_key, person, event.time.canonical, event.state, event.mode]
    framed = "".join(f"{len(part)}:{part}," for part in parts)  # lengths: no two lists write the same text
    digest = hashlib.sha256(framed.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{parts[0]}{digest}"[:EVENT_ID_LENGTH]


def direction_for(lane: str, said: Direction | None, *, keys_in_use: bool = False) -> Direction | None:
    """The direction that counts. `lane` is in, out or both; a one-way lane decides alone.

    On a two-way lane the device's word counts only if its direction is real (two readers, or state keys that
    people use); a terminal without keys says "in" for ever.
    """
    if lane in ("in", "out"):
        return Direction(lane)
    return said if keys_in_use else None


def clock_of(time: DeviceTime, *, received: datetime, offset: timedelta, live: bool = True) -> Clock:
    """What a device time is worth. Only `live` uploads measure the skew; a backlog is late by nature."""
    moment = time.moment(offset)
    if moment is None or moment.year < FIRST_YEAR or moment - received > SKEW_MARK:
        return Clock.IMPOSSIBLE
    skew = abs(received - moment)
    if not live or skew < SKEW_WARNING:
        return Clock.GOOD
    return Clock.MARKED if skew >= SKEW_MARK else Clock.WARN


def _is_project_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18 and 1 <= int(text) <= 2_147_483_647


def with_photo(event: Event, photo: Photo) -> Event:
    """The event with the photo's digest on it; its key stays the same."""
    return replace(event, photo=photo.digest)


def as_posted(
    event: Event,
    *,
    lane: str,
    offset: timedelta,
    keys_in_use: bool = False,
    pin_of: Callable[[str], int | None] = lambda _card: None,
) -> Mapping[str, Any]:
    """The event as the server's passages endpoint takes it. Raises Garbled if it has no time or no person.

    `pin_of` says whose a card is. One that nobody knows is posted with its number, if it is such as the server may
    know; a PIN that is no number cannot be posted.
    """
    moment = event.time.moment(offset)
    if moment is None or event.person is None:
        raise Garbled("event.incomplete", "no time" if moment is None else "no person")
    numbers = [key for key in event.persons if key.kind is PersonKind.ID_NUMBER]
    pins = [key for key in event.persons if key.kind is PersonKind.PIN and _is_project_number(key.value)]
    cards = [key.value for key in event.persons if key.kind is PersonKind.CARD]
    owner = None if numbers or pins else next(filter(None, map(pin_of, cards)), None)
    unknown = next(filter(None, map(normal_card, cards)), "")
    if pins:
        who: dict[str, Any] = {"pin": int(pins[0].value)}
    elif numbers:
        who = {"id_number": numbers[0].value}
    elif owner is not None:
        who = {"pin": owner}
    elif unknown:
        who = {"card": unknown}
    else:
        raise Garbled("event.person", "neither a project number nor an identity number nor a card")
    way = direction_for(lane, event.direction, keys_in_use=keys_in_use)
    return {
        "id": event_key(event),
        "at": moment.isoformat(),
        **who,
        "direction": way.value if way else None,
        "type": int(event.verify),
        "admitted": event.admitted,
        **({} if event.admitted else {"reason": event.reason[:200]}),
    }
