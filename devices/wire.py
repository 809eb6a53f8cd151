"""What terminals post, decoded strictly and cheaply: one bad event never costs the others.

The usual batch is decoded in one step. Only when that fails, or when a text holds an escape, is each
event decoded alone, so that the answer can name the bad ones.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from django.utils.translation import gettext as _

from devices.errors import TooLarge
from wagewatch.lib.errors import Malformed

MAX_BYTES = 2 * 1024 * 1024
MAX_EVENTS = 5_000

EventId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Event(msgspec.Struct, gc=False):
    """One person at one gate. `type` is the way of recognition (national codes 1 face … 11 other).

    The person is named by one of `pin`, the project's own number, `id_number`, or `card`, the number of a
    citizen card. `admitted` false means that the gate stayed shut; `reason` is the device's word for why.
    """

    id: EventId
    at: Moment
    pin: Annotated[int, msgspec.Meta(ge=1, le=2_147_483_647)] | None = None
    id_number: Annotated[str, msgspec.Meta(min_length=1, max_length=32)] | None = None
    card: Annotated[str, msgspec.Meta(min_length=1, max_length=32)] | None = None
    direction: Literal["in", "out"] | None = None
    type: Annotated[int, msgspec.Meta(ge=1, le=11)] = 11
    admitted: bool = True
    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""


class Envelope(msgspec.Struct):
    """A batch before its events are looked at. A batch id names one list of events for ever."""

    batch: Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]
    events: msgspec.Raw
    sent_at: Moment | None = None
    queue: Annotated[int, msgspec.Meta(ge=0, le=2_000_000_000)] | None = None


class Heartbeat(msgspec.Struct):
    """A sign of life: the device's clock and how many events wait in its queue."""

    sent_at: Moment | None = None
    queue: Annotated[int, msgspec.Meta(ge=0, le=2_000_000_000)] | None = None


class PostedBatch(msgspec.Struct):
    """The batch as documented for those who build terminals."""

    batch: EventId
    events: Annotated[list[Event], msgspec.Meta(max_length=MAX_EVENTS)]
    sent_at: datetime | None = None
    queue: int | None = None


class BadEvent(msgspec.Struct):
    """An event that was not understood; it must be mended before it is sent again."""

    id: str | None
    index: int
    code: str
    message: str


@dataclass
class Decoded:
    """Good events with their place in the list as posted, and the bad ones."""

    good: list[tuple[int, Event]]
    bad: list[BadEvent] = field(default_factory=list)


_envelope = msgspec.json.Decoder(Envelope)
_heartbeat = msgspec.json.Decoder(Heartbeat)
_events = msgspec.json.Decoder(list[Event])
_event = msgspec.json.Decoder(Event)
_pieces = msgspec.json.Decoder(list[msgspec.Raw])
_anything = msgspec.json.Decoder()


def read_envelope(body: bytes) -> Envelope:
    """The outer part of a batch. Raises TooLarge or Malformed (`batch.unreadable`)."""
    if len(body) > MAX_BYTES:
        raise TooLarge("batch.too_large", _("Send at most 2 MB in one batch."), limit=MAX_BYTES)
    try:
        return _envelope.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Malformed(
            "batch.unreadable", _("The batch could not be read: %(why)s"), why=str(error)
        ) from None


def read_heartbeat(body: bytes) -> Heartbeat:
    """A sign of life. Raises Malformed (`heartbeat.unreadable`)."""
    try:
        return _heartbeat.decode(body or b"{}")
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Malformed(
            "heartbeat.unreadable", _("The heartbeat could not be read: %(why)s"), why=str(error)
        ) from None


def read_events(raw: bytes) -> Decoded:
    """The events of a batch. Raises Malformed if they are no list, TooLarge beyond MAX_EVENTS."""
    if b"\\" not in raw:  # no escapes: no control character and no backslash can hide in a text
        try:
            events = _events.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            pass
        else:
            _check_count(len(events))
            good, bad = [], []
            for index, event in enumerate(events):
                problem = _problem(event)
                if problem is None:
                    good.append((index, event))
                else:
                    bad.append(BadEvent(event.id, index, *problem))
            return Decoded(good, bad)
    return _one_by_one(raw)


def _check_count(count: int) -> None:
    if count > MAX_EVENTS:
        raise TooLarge(
            "batch.too_many", _("Send at most %(limit)s events in one batch."), limit=MAX_EVENTS, events=count
        )


def _problem(event: Event) -> tuple[str, str] | None:
    if (event.pin is None) + (event.id_number is None) + (event.card is None) != 2:
        return "event.person", _("Name the person by one of pin, id_number and card.")
    return None


def _one_by_one(raw: bytes) -> Decoded:
    try:
        pieces = _pieces.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Malformed(
            "batch.unreadable", _("The batch could not be read: %(why)s"), why=str(error)
        ) from None
    _check_count(len(pieces))
    found = Decoded([])
    for index, piece in enumerate(pieces):
        try:
            event = _event.decode(piece)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            found.bad.append(BadEvent(_id_of(piece), index, "event.unreadable", str(error)))
            continue
        if not event.id.isprintable() or "\\" in event.id:
            found.bad.append(
                BadEvent(
                    None, index, "event.id", _("An event id holds printable characters and no backslash.")
                )
            )
            continue
        problem = _problem(event)
        if problem is None:
            found.good.append((index, event))
        else:
            found.bad.append(BadEvent(event.id, index, *problem))
    return found


def _id_of(piece: msgspec.Raw) -> str | None:
    """The id of an event that is wrong elsewhere, if it has a usable one."""
    try:
        value = _anything.decode(piece)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    name = value.get("id") if isinstance(value, dict) else None
    return name if isinstance(name, str) and len(name) <= 64 and name.isprintable() else None
