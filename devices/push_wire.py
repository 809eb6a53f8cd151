"""What another real-name system pushes: our own events, or the national interface's WorkerAttendance lines.

A national line (idCardNumber, date, direction 01/02, attendType 001 to 011) is turned into an event before
it is decoded, so that both take the same way and are refused with the same words. Pure.
"""

import hashlib
import re
from typing import Annotated, Any

import msgspec
from django.utils.translation import gettext as _

from devices.errors import TooLarge
from devices.wire import MAX_BYTES, Decoded, read_events
from wagewatch.lib.documents import index_text, normalise_document
from wagewatch.lib.errors import Malformed

MAX_PEOPLE = 2_000
"""Rows of people in one request."""
_DOCUMENTS = ("08", "10", "12")
"""Passport and travel permits: with these the kind, and of a passport the country, is part of who it is."""
_MARKS = (b"attendType", b"idCardNumber", b'"date"', b'"01"', b'"02"')
"""One of these stands in every batch of national lines; elsewhere it only costs a slower reading."""
_DIRECTIONS = {"01": "in", "1": "in", "02": "out", "2": "out"}
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?)$")
_CODE = re.compile(r"0{0,2}\d{1,2}$")

Token = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]
ProjectCode = Annotated[str, msgspec.Meta(min_length=1, max_length=30, pattern=r"^[^\x00-\x1f\x7f]+$")]
Gate = Annotated[str, msgspec.Meta(max_length=40, pattern=r"^[^\x00-\x1f\x7f\\]*$")]


class PostedPeople(msgspec.Struct):
    """People, their work and their leaving. `firm` is the company code of the employer where a row names
    none; `defaults` fill what a row leaves out. A request id names one content for ever."""

    request: Token
    project: ProjectCode
    people: Annotated[list[Any], msgspec.Meta(max_length=MAX_PEOPLE)]
    firm: Annotated[str, msgspec.Meta(max_length=18)] = ""
    defaults: dict[str, Any] = {}


class PostedAttendance(msgspec.Struct):
    """Where a batch of stamps comes from: the project, and the gate as the other system calls it. The rest is
    a terminal's batch."""

    project: ProjectCode
    batch: Token
    events: msgspec.Raw
    gate: Gate = ""


_people = msgspec.json.Decoder(PostedPeople)
_attendance = msgspec.json.Decoder(PostedAttendance)
_pieces = msgspec.json.Decoder(list[Any])


def read_people(body: bytes) -> PostedPeople:
    """The request. Raises TooLarge, Malformed `push.unreadable`."""
    return _decode(_people, body)


def read_attendance(body: bytes) -> PostedAttendance:
    """The outer part of a batch. Raises TooLarge, Malformed `push.unreadable`."""
    return _decode(_attendance, body)


def _decode(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    if len(body) > MAX_BYTES:
        raise TooLarge("push.too_large", _("Send at most 2 MB in one request."), limit=MAX_BYTES)
    try:
        found = decoder.decode(body)
        str(getattr(found, "project", "")).encode()
        str(getattr(found, "gate", "")).encode()
        str(getattr(found, "firm", "")).encode()
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        # The words of the decoder name the place and the type, never a value.
        raise Malformed(
            "push.unreadable", _("The request could not be read: %(why)s"), why=str(error)[:200]
        ) from None
    return found


def read_pushed_events(raw: bytes) -> Decoded:
    """The events of a batch, each in our words or the national ones. Raises as `wire.read_events`."""
    if not any(mark in raw for mark in _MARKS):
        return read_events(raw)
    try:
        pieces = _pieces.decode(raw)
        return read_events(msgspec.json.encode([_event_of(piece) for piece in pieces]))
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return read_events(raw)  # which says what is wrong


def _event_of(piece: Any) -> Any:
    """The event that a national line means; what is none is left as it is."""
    if not isinstance(piece, dict):
        return piece
    left_out = {"idCardNumber", "idCardType", "nationality", "date", "attendType"}
    event = {k: v for k, v in piece.items() if k not in left_out}
    number, moment, code = piece.get("idCardNumber"), piece.get("date"), piece.get("attendType")
    if isinstance(number, str):
        event.setdefault("id_number", _person_key(piece, number))
    if isinstance(moment, str):
        plain = _MOMENT.match(moment)
        event.setdefault("at", f"{plain[1]}T{plain[2]}+08:00" if plain else moment)
    direction = event.get("direction")
    event["direction"] = _DIRECTIONS.get(str(direction), direction)
    if code is not None:
        event.setdefault("type", int(str(code)) if _CODE.match(str(code)) else code)
    if "id" not in event and isinstance(number, str) and isinstance(moment, str):
        event["id"] = event_id(number, moment, str(direction), str(code))
    return event


def _person_key(piece: dict[str, Any], number: str) -> str:
    """How an event names the person: an identity number as it is, a document with its kind and country before it."""
    kind, country = str(piece.get("idCardType") or ""), str(piece.get("nationality") or "")
    if kind not in _DOCUMENTS:
        return number
    try:
        return index_text(kind, normalise_document(kind, number).value, country.strip().upper())
    except Malformed:
        return number  # nobody's, and refused as unregistered


def event_id(number: str, moment: str, direction: str, code: str) -> str:
    """The id of a national line, which brings none: a hash of what it says, as it was written."""
    return "n-" + hashlib.sha256("|".join((number, moment, direction, code)).encode()).hexdigest()[:40]
