"""What terminals post, decoded strictly and cheaply: one bad event never costs the others.

The usual batch is decoded in one step. Only when that fails, or when a text holds an escape, is each
event decoded alone, so that the answer can name the bad ones.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

import msgspec
from django.utils.translation import gettext as _

from devices.errors import TooLarge
from wagewatch.lib.errors import Malformed

MAX_BYTES = 2 * 1024 * 1024
MAX_EVENTS = 5_000
LARGEST_OFFSET = timedelta(hours=14)
"""No place on earth is further from UTC; PostgreSQL takes no offset of 16 hours."""
MAX_READS = 20
LONGEST_SECONDS = 4_000_000_000
"""More than a century; longer is no span that a page could tell."""

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What a decoder raises: no JSON of the kind, no UTF-8, lists in lists in lists."""
FIRST_YEAR, LAST_YEAR = 1900, 2199
"""Clocks without a battery say 1970 or 2000: such events wait for a decision. Beyond these it is no clock."""

EventId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Event(msgspec.Struct, gc=False):
    """One person at one gate. `type` is the way of recognition (national codes 1 face … 11 other).

    The person is named by one of `pin`, the project's own number, `id_number`, or `card`, the number of a
    citizen card or of a badge. `badge` is the badge by which the device knew the person it names by `pin`.
    `admitted` false means that the gate stayed shut; `reason` is the device's word for why.
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
    badge: Annotated[str, msgspec.Meta(max_length=32)] = ""


class Envelope(msgspec.Struct):
    """A batch before its events are looked at. A batch id names one list of events for ever.

    `device` is the serial number of the agent's device that saw the events, if it was not the sender itself.
    """

    batch: Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]
    events: msgspec.Raw
    sent_at: Moment | None = None
    queue: Annotated[int, msgspec.Meta(ge=0, le=2_000_000_000)] | None = None
    device: Annotated[str, msgspec.Meta(min_length=1, max_length=40)] | None = None


class DeviceReport(msgspec.Struct):
    """One device of a site agent: how it is, for how long, and when it was last heard."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    kind: Annotated[str, msgspec.Meta(min_length=1, max_length=30)]
    state: Literal["starting", "ready", "silent", "lost", "broken", "stopped"]
    seconds: Annotated[int, msgspec.Meta(ge=0, le=LONGEST_SECONDS)] = 0
    heard_seconds: Annotated[int, msgspec.Meta(ge=0, le=LONGEST_SECONDS)] | None = None
    words: Annotated[str, msgspec.Meta(max_length=300)] = ""


class Worry(msgspec.Struct):
    """Something a site agent cannot put right itself: what (`devices/terminal_worries.py`), about which gate, how
    many. No names of people."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=30, pattern=r"^[a-z_.]+$")]
    about: Annotated[str, msgspec.Meta(max_length=60)] = ""
    count: Annotated[int, msgspec.Meta(ge=0, le=2_000_000_000)] = 0


class Heartbeat(msgspec.Struct):
    """A sign of life: the device's clock and how many events wait in its queue.

    A site agent adds its devices, the share of its disk in use, why it cannot write its queue, what it cannot put
    right itself, and by how many seconds its PC's clock is ahead of the server's.
    """

    sent_at: Moment | None = None
    queue: Annotated[int, msgspec.Meta(ge=0, le=2_000_000_000)] | None = None
    devices: Annotated[list[DeviceReport], msgspec.Meta(max_length=200)] | None = None
    disk_used: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    trouble: Annotated[str, msgspec.Meta(max_length=300)] = ""
    worries: Annotated[list[Worry], msgspec.Meta(max_length=50)] = []
    clock_wrong_by: Annotated[float, msgspec.Meta(ge=-1e12, le=1e12)] | None = None


class GateFaces(msgspec.Struct):
    """What one gate holds of faces by its own word: person's number to the picture's name. "" where it said that it
    holds none, "!" before the name where it did not take it. `at` is when it said so. `people` is false for a gate that
    the agent gives no people and no pictures."""

    serial: Annotated[str, msgspec.Meta(max_length=40)]
    at: Moment
    faces: Annotated[
        dict[
            Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,8}$")],
            Annotated[str, msgspec.Meta(pattern=r"^(!?[0-9a-f]{20})?$")],
        ],
        msgspec.Meta(max_length=50_000),
    ]
    people: bool = True


class FacesSaid(msgspec.Struct):
    """What the gates of an agent hold of faces."""

    gates: Annotated[list[GateFaces], msgspec.Meta(max_length=50)]


class Enrolment(msgspec.Struct):
    """A one-time code, as typed. `serial` only where the device knows its own; `claim` 16 to 64 letters, digits, -, _
    that the device made up and wrote down first: with it the same device may ask again if the answer was lost."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    serial: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    claim: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{16,64}$")] | None = None


class PostedCard(msgspec.Struct):
    """What an identity card says. Dates as 2026-11-16; what the card lacks is left out."""

    kind: Literal["citizen", "permit", "foreigner_2017", "foreigner_2023"]
    number: Annotated[str, msgspec.Meta(min_length=1, max_length=18)]
    name: Annotated[str, msgspec.Meta(max_length=30)] = ""
    english_name: Annotated[str, msgspec.Meta(max_length=60)] = ""
    sex: Literal[0, 1, 2] = 0
    birth: date | None = None
    nation: Annotated[str, msgspec.Meta(max_length=2)] = ""
    address: Annotated[str, msgspec.Meta(max_length=35)] = ""
    issuer: Annotated[str, msgspec.Meta(max_length=15)] = ""
    valid_from: date | None = None
    valid_to: date | None = None
    long_term: bool = False
    nationality: Annotated[str, msgspec.Meta(max_length=3)] = ""
    pass_number: Annotated[str, msgspec.Meta(max_length=9)] = ""
    times_issued: Annotated[str, msgspec.Meta(max_length=2)] = ""
    card_version: Annotated[str, msgspec.Meta(max_length=2)] = ""
    old_number_hint: Annotated[str, msgspec.Meta(max_length=3)] = ""


class PostedCardRead(msgspec.Struct):
    """A card laid on a reader. `key` is the agent's own number of the read, `age_ms` how long ago it was.

    `photo` is base64: the card's own compressed picture (wlt), or one a browser shows.
    """

    key: Annotated[str, msgspec.Meta(min_length=8, max_length=40, pattern=r"^[\x21-\x7e]+$")]
    reader: Annotated[str, msgspec.Meta(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]+$")]
    card: PostedCard
    age_ms: Annotated[int, msgspec.Meta(ge=0, le=86_400_000)]
    photo: Annotated[bytes, msgspec.Meta(max_length=250_000)] | None = None
    photo_kind: Literal["", "wlt", "jpeg", "png"] = ""


class PostedCardReads(msgspec.Struct):
    """Some reads at once, oldest first."""

    reads: Annotated[list[PostedCardRead], msgspec.Meta(max_length=MAX_READS)]


class RawCardReads(msgspec.Struct):
    """Reads before they are looked at one by one."""

    reads: Annotated[list[msgspec.Raw], msgspec.Meta(max_length=MAX_READS)]


class PostedBatch(msgspec.Struct):
    """The batch as documented for those who build terminals."""

    batch: EventId
    events: Annotated[list[Event], msgspec.Meta(max_length=MAX_EVENTS)]
    sent_at: datetime | None = None
    queue: int | None = None
    device: str | None = None


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
_enrolment = msgspec.json.Decoder(Enrolment)
_faces = msgspec.json.Decoder(FacesSaid)
_reads = msgspec.json.Decoder(RawCardReads)
_read = msgspec.json.Decoder(PostedCardRead)
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
    except UNREADABLE as error:
        raise Malformed(
            "batch.unreadable", _("The batch could not be read: %(why)s"), why=str(error)
        ) from None


def read_heartbeat(body: bytes) -> Heartbeat:
    """A sign of life. Raises Malformed (`heartbeat.unreadable`)."""
    try:
        return _heartbeat.decode(body or b"{}")
    except UNREADABLE as error:
        raise Malformed(
            "heartbeat.unreadable", _("The heartbeat could not be read: %(why)s"), why=str(error)
        ) from None


def read_faces(body: bytes) -> FacesSaid:
    """What gates hold of faces. Raises Malformed (`faces.unreadable`)."""
    try:
        return _faces.decode(body)
    except UNREADABLE as error:
        raise Malformed(
            "faces.unreadable", _("The report could not be read: %(why)s"), why=str(error)
        ) from None


def read_enrolment(body: bytes) -> Enrolment:
    """A one-time code. Raises Malformed (`enrol.unreadable`)."""
    try:
        return _enrolment.decode(body)
    except UNREADABLE:
        raise Malformed("enrol.unreadable", _('Send the code as JSON, once: {"code": …}.')) from None


@dataclass
class BadRead:
    """A card read that was not understood. It is not sent again."""

    key: str | None
    code: str
    message: str


def read_card_reads(body: bytes) -> tuple[list[PostedCardRead], list[BadRead]]:
    """Card reads, each alone: one that is wrong costs no other. Raises TooLarge, Malformed (`card_reads.unreadable`)."""
    if len(body) > MAX_BYTES:
        raise TooLarge("batch.too_large", _("Send at most 2 MB in one batch."), limit=MAX_BYTES)
    try:
        pieces = _reads.decode(body).reads
    except UNREADABLE as error:
        raise Malformed(
            "card_reads.unreadable", _("The card reads could not be read: %(why)s"), why=str(error)
        ) from None
    good, bad = [], []
    for piece in pieces:
        try:
            read = _read.decode(piece)
            str(read.card).encode()
        except (*UNREADABLE, UnicodeError) as error:
            # The words of the decoder name the field and never its value.
            bad.append(BadRead(_id_of(piece, "key"), "card_read.unreadable", str(error)))
        else:
            good.append(read)
    return good, bad


def read_events(raw: bytes) -> Decoded:
    """The events of a batch. Raises Malformed if they are no list, TooLarge beyond MAX_EVENTS."""
    if b"\\" not in raw:  # no escapes: no control character and no backslash can hide in a text
        try:
            events = _events.decode(raw)
        except UNREADABLE:
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
    offset = event.at.utcoffset()
    if offset is None or abs(offset) > LARGEST_OFFSET:
        return "event.offset", _("No place on earth is more than 14 hours from UTC. Correct the time zone.")
    if not FIRST_YEAR <= event.at.year <= LAST_YEAR:
        return "event.time", _("No clock shows this year. Set the clock of the device.")
    return None


def _one_by_one(raw: bytes) -> Decoded:
    try:
        pieces = _pieces.decode(raw)
    except UNREADABLE as error:
        raise Malformed(
            "batch.unreadable", _("The batch could not be read: %(why)s"), why=str(error)
        ) from None
    _check_count(len(pieces))
    found = Decoded([])
    for index, piece in enumerate(pieces):
        try:
            event = _event.decode(piece)
        except UNREADABLE as error:
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


def _id_of(piece: msgspec.Raw, field: str = "id") -> str | None:
    """The id of an event that is wrong elsewhere, if it has a usable one."""
    try:
        value = _anything.decode(piece)
    except UNREADABLE:
        return None
    name = value.get(field) if isinstance(value, dict) else None
    return name if isinstance(name, str) and len(name) <= 64 and name.isprintable() else None
