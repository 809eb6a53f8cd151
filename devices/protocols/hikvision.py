"""Hikvision access terminals: HTTP callbacks ("listening host"), catching up, and calls to the terminal (ISAPI).

A callback is JSON or XML, alone or as a part of a multipart body with the picture in the next part
(`hikvision_body.py`). `serialNo` is the terminal's own number of the event; `currentEvent: false` marks an event told
again after the line was down.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from devices.protocols.errors import DeviceRefused, Garbled, ProtocolError, WrongValue
from devices.protocols.hikvision_body import Piece, documents_of, pieces_of
from devices.protocols.hikvision_codes import CODES
from devices.protocols.http import Call, Request, Response, is_from
from devices.protocols.multipart import Part
from devices.protocols.records import (
    DeviceTime,
    Direction,
    Event,
    Kind,
    PersonKey,
    PersonKind,
    Photo,
    Verify,
    with_photo,
)

MAJOR_EVENT = 5
"""majorEventType of what happens at the reader; 1 is alarm, 2 exception, 3 operation."""

STATUSES = {
    "checkIn": Direction.IN,
    "checkOut": Direction.OUT,
    "breakOut": Direction.OUT,
    "breakIn": Direction.IN,
    "overtimeIn": Direction.IN,
    "overtimeOut": Direction.OUT,
}
HEARTBEATS = frozenset(("heartbeat", "videoloss"))
"""eventType of signs of life; videoloss with eventState inactive is the old one."""
SEARCH_SIZE = 30
"""Events per answer when catching up; the common limit of small terminals."""

_HEXADECIMAL = re.compile(r"0[xX][0-9A-Fa-f]{1,8}")
_MAC = re.compile(r"[^0-9a-f]")
_EMPLOYEE = re.compile(r"[A-Za-z0-9]{1,32}")


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What we know of a terminal: our key for it, its MAC address, the networks it calls from."""

    key: str
    mac: str
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a callback meant. `unknown` holds bodies that are no event of ours: keep them."""

    response: Response
    events: tuple[Event, ...] = ()
    photos: tuple[Photo, ...] = ()
    heartbeat: bool = False
    gate: str = ""
    bad: tuple[str, ...] = ()
    unknown: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def not_stored(self) -> Response:
        """The answer if the disk did not take it: the terminal sends it again."""
        return Response(status=503)


def mac_of(text: str) -> str:
    """A MAC address as twelve small hexadecimal digits."""
    return _MAC.sub("", text.lower())


def answer(gates: Sequence[Gate], request: Request) -> Outcome:
    """The outcome of a callback. A terminal that is not ours gets 403 and leaves nothing.

    Pictures belong to the event before them, those before any event to the first.
    """
    try:
        pieces = pieces_of(request)
    except ProtocolError as error:
        pieces = [Piece(request.body, bad=error.code)]
    documents = [piece.document for piece in pieces if piece.document is not None]
    found = _gate(gates, request, documents)
    if found is None:
        return Outcome(response=Response(status=403))
    events: list[Event] = []
    pictures: list[tuple[int, Part]] = []
    bad: list[str] = []
    unknown: list[bytes] = [] if pieces else [request.body]
    heartbeat = False
    for piece in pieces:
        if piece.picture is not None:
            pictures.append((max(0, len(events) - 1), piece.picture))
            continue
        try:
            if piece.document is None:
                raise Garbled(piece.bad)
            if str(piece.document.get("eventType", "")).lower() in HEARTBEATS:
                heartbeat = True
                continue
            events.append(event_of(piece.document, piece.raw, found.key))
        except Garbled as error:
            bad.append(error.code)
            unknown.append(piece.raw)
    photos = tuple(_photo(part, events[of], found.key) for of, part in pictures if of < len(events))
    for photo, (of, _part) in zip(photos, pictures, strict=False):
        if not events[of].photo:
            events[of] = with_photo(events[of], photo)
    return Outcome(
        response=Response(),
        events=tuple(events),
        photos=photos,
        heartbeat=heartbeat,
        gate=found.key,
        bad=tuple(bad),
        unknown=tuple(unknown),
    )


def _json(data: bytes) -> dict[str, Any]:
    """A JSON object out of its wrapper. Raises Garbled (`hikvision.json`)."""
    for document, _raw in documents_of(data):
        return document
    raise Garbled("hikvision.json", "nothing")


def _gate(gates: Sequence[Gate], request: Request, documents: Sequence[Mapping[str, Any]]) -> Gate | None:
    """The terminal that calls: by its address and the MAC it names.

    Where it names none it is the only one that lives at the address; of several nobody can tell which it is.
    """
    here = [gate for gate in gates if is_from(request.source, gate.networks)]
    macs = {mac_of(str(document.get("macAddress") or "")) for document in documents} - {""}
    if macs:
        return next((gate for gate in here if mac_of(gate.mac) in macs), None)
    named = [gate for gate in here if gate.networks]
    return named[0] if len(named) == 1 or (named and not documents) else None


def event_of(document: Mapping[str, Any], raw: bytes, device_key: str) -> Event:
    """The event of a callback. Raises Garbled: `hikvision.event`, `hikvision.time`."""
    facts = document.get("AccessControllerEvent")
    if not isinstance(facts, dict):
        raise Garbled("hikvision.event", str(document.get("eventType", ""))[:40])
    written = str(document.get("dateTime") or facts.get("time") or "")
    return _event(
        facts,
        raw,
        device_key,
        major=_int(facts.get("majorEventType")),
        minor=_int(facts.get("subEventType")),
        written=written,
        replayed=str(facts.get("currentEvent")).lower() in ("false", "0"),
    )


def _event(
    facts: Mapping[str, Any],
    raw: bytes,
    device_key: str,
    *,
    major: int,
    minor: int,
    written: str,
    replayed: bool,
) -> Event:
    if not written:
        raise Garbled("hikvision.time", "none")
    keys = []
    employee = str(facts.get("employeeNoString") or facts.get("employeeNo") or "").strip()
    if employee not in ("", "0"):
        keys.append(PersonKey(PersonKind.PIN, employee))
    card = str(facts.get("cardNo") or "").strip()
    if card not in ("", "0"):
        keys.append(PersonKey(PersonKind.CARD, card))
    known = CODES.get(minor) if major == MAJOR_EVENT else None
    verify, admitted, reason = known or (Verify.OTHER, False, f"hikvision.{major}.{minor}")
    status = str(facts.get("attendanceStatus") or "")
    serial = _int(facts.get("serialNo"))
    return Event(
        device_key=device_key,
        time=DeviceTime.read(written),
        raw=raw,
        person=keys[0] if keys else None,
        others=tuple(keys[1:]),
        record_id=str(serial) if serial > 0 else None,
        direction=STATUSES.get(status),
        verify=verify,
        kind=Kind.PASSAGE if known and (keys or not admitted) else Kind.DOOR,
        admitted=admitted,
        reason=reason,
        state=status,
        mode=str(minor),
        door=str(facts.get("doorNo") or ""),
        replayed=replayed,
    )


def _int(value: object) -> int:
    """A number, also where a terminal writes it as text, also in hexadecimal (0x4b); -1 for none."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return -1
    text = str(value).strip() if isinstance(value, str) or abs(value) < 10**18 else ""
    if _HEXADECIMAL.fullmatch(text):
        return int(text, 16)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else -1


def _photo(part: Part, event: Event, device_key: str) -> Photo:
    return Photo(
        device_key=device_key,
        name=part.filename or part.name or f"{event.record_id or 'event'}.jpg",
        data=part.data,
        taken=event.time,
        person=event.person,
        failed=not event.admitted,
    )


def search(search_id: str, position: int, first: datetime, last: datetime) -> Call:
    """Asks for events between two aware times, from `position` on; some models only stream and refuse this."""
    condition = {
        "searchID": search_id,
        "searchResultPosition": position,
        "maxResults": SEARCH_SIZE,
        "major": MAJOR_EVENT,
        "minor": 0,
        "startTime": first.isoformat(timespec="seconds"),
        "endTime": last.isoformat(timespec="seconds"),
    }
    body = json.dumps({"AcsEventCond": condition}).encode()
    return Call(
        method="POST",
        path="/ISAPI/AccessControl/AcsEvent?format=json",
        body=body,
        content_type="application/json",
    )


def found_events(body: bytes, device_key: str) -> tuple[tuple[Event, ...], int, bool]:
    """Events of an answer to `search`, how many rows it held, and whether there are more.

    The events have the keys they had as callbacks. Raises Garbled (`hikvision.json`, `hikvision.search`).
    """
    answered = _json(body).get("AcsEvent")
    rows = answered.get("InfoList", []) if isinstance(answered, dict) else None
    if not isinstance(rows, list):
        raise Garbled("hikvision.search", "no AcsEvent")
    events = []
    for row in rows:
        if not isinstance(row, dict) or not row.get("time"):
            continue
        raw = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        events.append(
            _event(
                row,
                raw,
                device_key,
                major=_int(row.get("major")),
                minor=_int(row.get("minor")),
                written=str(row["time"]),
                replayed=True,
            )
        )
    more = isinstance(answered, dict) and answered.get("responseStatusStrg") == "MORE"
    return tuple(events), len(rows), more


def open_door(door: int = 1) -> Call:
    """Opens once; the terminal's own lock timer closes. Never `alwaysOpen` or `close`."""
    if not 1 <= door <= 8:
        raise WrongValue("hikvision.door", "1 to 8")
    return Call(
        method="PUT",
        path=f"/ISAPI/AccessControl/RemoteControl/door/{door}",
        body=b"<RemoteControlDoor><cmd>open</cmd></RemoteControlDoor>",
        content_type="application/xml",
    )


def set_time(local: datetime, zone: str = "CST-8:00:00") -> Call:
    """Sets the clock to an aware time; the zone is written as POSIX does, with the sign turned over."""
    if local.tzinfo is None:
        raise WrongValue("hikvision.time", "an aware time")
    body = (
        "<Time><timeMode>manual</timeMode>"
        f"<localTime>{local.isoformat(timespec='seconds')}</localTime><timeZone>{escape(zone)}</timeZone></Time>"
    )
    return Call(method="PUT", path="/ISAPI/System/time", body=body.encode(), content_type="application/xml")


def put_person(pin: str, *, name: str, starts: datetime, ends: datetime) -> Call:
    """Enrols or changes a person whom the terminal lets in from and until wall-clock times of its own."""
    if not _EMPLOYEE.fullmatch(pin):
        raise WrongValue("hikvision.pin", "1 to 32 letters or digits")
    person = {
        "employeeNo": pin,
        "name": name,
        "userType": "normal",
        "Valid": {
            "enable": True,
            "beginTime": f"{starts:%Y-%m-%dT%H:%M:%S}",
            "endTime": f"{ends:%Y-%m-%dT%H:%M:%S}",
            "timeType": "local",
        },
        "doorRight": "1",
        "RightPlan": [{"doorNo": 1, "planTemplateNo": "1"}],
    }
    body = json.dumps({"UserInfo": person}, ensure_ascii=False).encode()
    path = "/ISAPI/AccessControl/UserInfo/SetUp?format=json"
    return Call(method="PUT", path=path, body=body, content_type="application/json")


def drop_person(pin: str) -> Call:
    """Removes a person."""
    if not _EMPLOYEE.fullmatch(pin):
        raise WrongValue("hikvision.pin", "1 to 32 letters or digits")
    body = json.dumps({"UserInfoDelCond": {"EmployeeNoList": [{"employeeNo": pin}]}}).encode()
    path = "/ISAPI/AccessControl/UserInfo/Delete?format=json"
    return Call(method="PUT", path=path, body=body, content_type="application/json")


def count_people() -> Call:
    """Asks how many people are enrolled."""
    return Call(method="GET", path="/ISAPI/AccessControl/UserInfo/Count?format=json")


def counted_people(body: bytes) -> int:
    """The answer to `count_people`. Raises Garbled (`hikvision.json`, `hikvision.count`)."""
    said = _json(body).get("UserInfoCount")
    count = _int(said.get("userNumber")) if isinstance(said, dict) else -1
    if count < 0:
        raise Garbled("hikvision.count")
    return count


def find_people(search_id: str, position: int) -> Call:
    """Asks who is enrolled, from `position` on."""
    condition = {"searchID": search_id, "searchResultPosition": position, "maxResults": SEARCH_SIZE}
    return Call(
        method="POST",
        path="/ISAPI/AccessControl/UserInfo/Search?format=json",
        body=json.dumps({"UserInfoSearchCond": condition}).encode(),
        content_type="application/json",
    )


def found_people(body: bytes) -> tuple[list[str], bool]:
    """The numbers in an answer to `find_people`, and whether there are more. Raises Garbled."""
    said = _json(body).get("UserInfoSearch")
    rows = said.get("UserInfo", []) if isinstance(said, dict) else None
    if not isinstance(rows, list):
        raise Garbled("hikvision.people")
    found = [str(row["employeeNo"]) for row in rows if isinstance(row, dict) and row.get("employeeNo")]
    return found, isinstance(said, dict) and said.get("responseStatusStrg") == "MORE"


FACES = "FDID=1&faceLibType=blackFD"
"""The one face library of access terminals."""
_BOUNDARY = "wagewatch-face-7d1c"


def put_face(pin: str, picture: bytes) -> Call:
    """Gives a person who is enrolled a face picture, in the place of an earlier one (JPEG of at most 200 kB)."""
    if not _EMPLOYEE.fullmatch(pin):
        raise WrongValue("hikvision.pin", "1 to 32 letters or digits")
    if not picture.startswith(b"\xff\xd8\xff"):
        raise WrongValue("hikvision.picture", "a JPEG")
    record = json.dumps({"faceLibType": "blackFD", "FDID": "1", "FPID": pin}).encode()
    body = b"".join(
        (
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="FaceDataRecord"\r\n'.encode(),
            b"Content-Type: application/json\r\n\r\n" + record + b"\r\n",
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="img"; filename="{pin}.jpg"\r\n'.encode(),
            b"Content-Type: image/jpeg\r\n\r\n" + picture,
            f"\r\n--{_BOUNDARY}--\r\n".encode(),
        )
    )
    return Call(
        method="PUT",
        path="/ISAPI/Intelligent/FDLib/FDSetUp?format=json",
        body=body,
        content_type=f"multipart/form-data; boundary={_BOUNDARY}",
    )


def drop_face(pin: str) -> Call:
    """Deletes the face of a person, who stays enrolled."""
    if not _EMPLOYEE.fullmatch(pin):
        raise WrongValue("hikvision.pin", "1 to 32 letters or digits")
    return Call(
        method="PUT",
        path=f"/ISAPI/Intelligent/FDLib/FDSearch/Delete?format=json&{FACES}",
        body=json.dumps({"FPID": [{"value": pin}]}).encode(),
        content_type="application/json",
    )


def find_face(pin: str) -> Call:
    """Asks whether there is a face of a person."""
    if not _EMPLOYEE.fullmatch(pin):
        raise WrongValue("hikvision.pin", "1 to 32 letters or digits")
    condition = {
        "searchResultPosition": 0,
        "maxResults": 1,
        "faceLibType": "blackFD",
        "FDID": "1",
        "FPID": pin,
    }
    path = "/ISAPI/Intelligent/FDLib/FDSearch?format=json"
    return Call(
        method="POST", path=path, body=json.dumps(condition).encode(), content_type="application/json"
    )


def found_face(body: bytes, pin: str) -> bool:
    """The answer to `find_face`. Raises Garbled (`hikvision.json`, `hikvision.faces`)."""
    said = _json(body)
    rows = said.get("MatchList", [])
    if not isinstance(rows, list) or "totalMatches" not in said:
        raise Garbled("hikvision.faces")
    return any(isinstance(row, dict) and str(row.get("FPID")) == pin for row in rows)


def read_status(body: bytes) -> None:
    """The answer to what changes a terminal. Raises Garbled, DeviceRefused with its own word for why."""
    said = _json(body)
    if _int(said.get("statusCode")) != 1:
        word = str(said.get("subStatusCode") or said.get("statusString") or said.get("statusCode"))
        raise DeviceRefused("hikvision.refused", word[:40])
