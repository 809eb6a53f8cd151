"""uface face gates (宇泛) and their clones: callbacks to us, and calls to the device's own server on port 8090.

A callback that is not answered is not sent again, so that every day is reconciled with `newFindRecords`. The
callback names no record, the search does: the key is therefore made from device, person and the time in
milliseconds in both, and the record's id stays in `raw`.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from devices.protocols.errors import DeviceRefused, Garbled, WrongValue
from devices.protocols.http import Call, Request, Response, is_from
from devices.protocols.multipart import parts_of
from devices.protocols.photo_limits import JPEG, MAX_PHOTO
from devices.protocols.records import (
    DeviceTime,
    Event,
    Kind,
    PersonKey,
    PersonKind,
    Photo,
    Verify,
    with_photo,
)

PORT = 8090
"""Where the device listens."""
PAGE = 200
"""Records asked for at once."""
NOBODY = frozenset(("STRANGERBABY", "IDCARD", "NOMASK", "-1", ""))
"""personId of somebody the device did not know: a stranger, a card held against a face, no mask."""
WAYS = {
    "face": Verify.FACE,
    "card": Verify.CARD,
    "idcard": Verify.ID_CARD,
    "finger": Verify.FINGERPRINT,
    "fingerprint": Verify.FINGERPRINT,
    "qrcode": Verify.QR_CODE,
    "faceandcard": Verify.FACE,
}
REASONS = {"1": "outside_hours", "2": "unregistered"}
"""The digit behind the way: 0 let in, 1 known but not now, 2 unknown."""

_TYPE = re.compile(r"([a-z]+)_?([0-9])?", re.IGNORECASE)
_ID = re.compile(r"[A-Za-z0-9]{1,32}")


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What we know of a gate: its deviceKey, its password for calls, the networks it calls from."""

    key: str
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a callback meant."""

    response: Response
    event: Event | None = None
    photo: Photo | None = None
    heartbeat: bool = False
    facts: tuple[tuple[str, str], ...] = ()
    gate: str = ""
    bad: str = ""
    unknown: bytes = field(default=b"", repr=False)

    @property
    def not_stored(self) -> Response:
        """The answer if the disk did not take it. Most devices do not ask twice: reconcile."""
        return Response(status=503, body=b'{"result":0,"success":false}', headers=_JSON)


_JSON = {"Content-Type": "application/json"}
TAKEN = Response(body=b'{"result":1,"success":true}', headers=_JSON)
"""The answer by which the device counts its record as delivered."""


def answer(gates: Mapping[str, Gate], request: Request, *, tasks_wait: bool = False) -> Outcome:
    """The outcome of a callback; `tasks_wait` makes newer devices come and fetch them.

    An unknown deviceKey or address gets 403 and leaves nothing. A callback with a person is a recognition,
    one without is a heartbeat.
    """
    try:
        fields = fields_of(request)
    except Garbled:
        return Outcome(response=Response(status=400))
    gate = gates.get(fields.get("deviceKey", ""))
    if gate is None or not is_from(request.source, gate.networks):
        return Outcome(response=Response(status=403))
    if "personId" not in fields:
        facts = ("ip", "version", "personCount", "faceCount", "time")
        return Outcome(
            response=Response(body=b'{"result":true}' if tasks_wait else b'{"result":false}', headers=_JSON),
            heartbeat=True,
            facts=tuple((name, fields[name][:64]) for name in facts if name in fields),
            gate=gate.key,
        )
    try:
        event = event_of(fields, gate.key)
    except Garbled as error:
        return Outcome(response=TAKEN, gate=gate.key, bad=error.code, unknown=request.body)
    photo, bad = None, ""
    try:
        photo = photo_of(fields, event)
    except Garbled as error:
        bad = error.code
    if photo is not None:
        event = with_photo(event, photo)
    return Outcome(response=TAKEN, event=event, photo=photo, gate=gate.key, bad=bad)


def fields_of(request: Request) -> dict[str, str]:
    """The fields of a body: JSON, a form, or multipart. Raises Garbled (`uface.body`)."""
    kind = request.headers.get("content-type", "").lower()
    if kind.startswith("multipart/"):
        content_type = request.headers["content-type"]
        return _named(
            {part.name: part.data.decode("utf-8", "replace") for part in parts_of(request.body, content_type)}
        )
    text = request.body.decode("utf-8", "replace").strip("\ufeff\0 \r\n\t")
    if text.startswith("{"):
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            raise Garbled("uface.body", "JSON") from None
        return _named({name: _text(value) for name, value in document.items()})
    try:
        fields = dict(parse_qsl(text, keep_blank_values=True, errors="replace"))
    except ValueError:
        raise Garbled("uface.body", "form") from None
    if not fields:
        fields = dict(request.query)
    if not fields:
        raise Garbled("uface.body", "empty")
    return _named(fields)


_CASE = {
    name.lower(): name
    for name in (
        "deviceKey",
        "personId",
        "imgBase64",
        "personCount",
        "faceCount",
        "time",
        "type",
        "path",
        "ip",
    )
}


def _named(fields: Mapping[str, str]) -> dict[str, str]:
    """Fields by their usual names; clones spell them in another case. The usual spelling counts where both are there."""
    found: dict[str, str] = {}
    for name, value in fields.items():
        usual = _CASE.get(name.lower(), name)
        if usual == name or usual not in fields:
            found[usual] = value
    return found


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def event_of(fields: Mapping[str, str], device_key: str) -> Event:
    """The event of a recognition or of a record. Raises Garbled (`uface.time`)."""
    written = fields.get("time", "").strip()
    if not written:
        raise Garbled("uface.time", "none")
    time = DeviceTime.read_any(written)
    person = fields.get("personId", "").strip()
    known = person.upper() not in NOBODY
    match = _TYPE.fullmatch(fields.get("type", "").strip())
    way, digit = (match[1].lower(), match[2] or "0") if match else ("", "0")
    admitted = known and digit == "0"
    kept = {name: value for name, value in fields.items() if name not in ("imgBase64", "pass")}
    return Event(
        device_key=device_key,
        time=time,
        raw=json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"),
        person=PersonKey(PersonKind.PIN, person) if known else None,
        verify=WAYS.get(way, Verify.OTHER),
        kind=Kind.PASSAGE,
        admitted=admitted,
        reason="" if admitted else REASONS.get(digit if known else "2", "refused"),
    )


def photo_of(fields: Mapping[str, str], event: Event) -> Photo | None:
    """The picture of a recognition, if it came with it. Raises Garbled: `photo.base64`, `photo.not_jpeg`,
    `photo.size`. In a form that was not encoded the plus signs arrive as spaces."""
    text = fields.get("imgBase64", "")
    if not text:
        return None
    _, _, after = text.partition("base64,")
    try:
        data = base64.b64decode((after or text).replace(" ", "+").translate(_NO_NEWLINES), validate=True)
    except (binascii.Error, ValueError):
        raise Garbled("photo.base64") from None
    if not data.startswith(JPEG):
        raise Garbled("photo.not_jpeg")
    if len(data) > MAX_PHOTO:
        raise Garbled("photo.size", f"{len(data)} bytes")
    name = fields.get("path", "").rsplit("/", 1)[-1][:80] or f"{event.time.text}.jpg"
    return Photo(
        device_key=event.device_key,
        name=name,
        data=data,
        taken=event.time,
        person=event.person,
        failed=not event.admitted,
    )


_NO_NEWLINES = {13: None, 10: None}


def _call(path: str, password: str, **fields: str) -> Call:
    return Call(method="POST", path=path, body=urlencode({"pass": password, **fields}).encode())


def _person(identifier: str) -> str:
    if not _ID.fullmatch(identifier):
        raise WrongValue("uface.person", "1 to 32 letters or digits")
    return identifier


def set_recognition_callback(password: str, url: str, *, pictures: bool = True) -> Call:
    """Tells the device where to report; with the picture as base64, or only its path."""
    return _call("/setIdentifyCallBack", password, callbackUrl=url, base64Enable="2" if pictures else "1")


def set_heartbeat(password: str, url: str) -> Call:
    """Tells the device where to say that it lives, about once a minute."""
    return _call("/setDeviceHeartBeat", password, url=url)


def set_time(password: str, now: datetime) -> Call:
    """Sets the clock, in milliseconds. One site measured a clock four hours fast: set it every day."""
    if now.tzinfo is None:
        raise WrongValue("uface.time", "an aware time")
    return _call("/setTime", password, timestamp=str(int(now.timestamp() * 1000)))


def open_door(password: str) -> Call:
    """Opens once; the device's own relay timer closes."""
    return _call("/device/openDoorControl", password, type="1")


def put_person(password: str, identifier: str, *, name: str, card: str = "", update: bool = False) -> Call:
    """Enrols a person, or changes one that is there."""
    person = {"id": _person(identifier), "name": name, **({"idcardNum": card} if card else {})}
    path = "/person/update" if update else "/person/create"
    return _call(path, password, person=json.dumps(person, ensure_ascii=False, separators=(",", ":")))


def put_face(password: str, identifier: str, face: str, picture: bytes) -> Call:
    """Enrols a face picture of a person that is there."""
    if not picture.startswith(JPEG):
        raise WrongValue("uface.picture", "a JPEG")
    return _call(
        "/face/create",
        password,
        personId=_person(identifier),
        faceId=_person(face),
        imgBase64=base64.b64encode(picture).decode(),
    )


def drop_faces(password: str, identifier: str) -> Call:
    """Deletes every face picture of a person, who stays. From memory of the maker's document, not seen in a sample."""
    return _call("/face/deletePerson", password, personId=_person(identifier))


def find_faces(password: str, identifier: str) -> Call:
    """Asks for the face pictures of a person. From memory of the maker's document, not seen in a sample."""
    return _call("/face/find", password, personId=_person(identifier))


def found_faces(body: bytes) -> int:
    """How many pictures an answer to `find_faces` names. Raises Garbled, DeviceRefused."""
    data = read_answer(body)
    if data in ("", None):
        return 0
    if not isinstance(data, list):
        raise Garbled("uface.answer", "no faces")
    return len(data)


def put_end(password: str, identifier: str, local: datetime) -> Call:
    """Ends a person's permission at a wall-clock time of the device.

    The device then deletes the person with the picture; right for somebody who leaves the site, wrong for a
    pause.
    """
    return _call(
        "/person/permissionsCreate", password, personId=_person(identifier), time=f"{local:%Y-%m-%d %H:%M:%S}"
    )


def drop_end(password: str, identifier: str) -> Call:
    """Takes the end of a person's permission away. From memory of the maker's document, not seen in a sample."""
    return _call("/person/permissionsDelete", password, personId=_person(identifier))


def find_people(password: str, page: int) -> Call:
    """Asks who is enrolled, a page at a time. From memory of the maker's document, not seen in a sample."""
    query = urlencode({"pass": password, "personId": "-1", "length": PAGE, "index": page})
    return Call(method="GET", path=f"/person/findByPage?{query}")


def found_people(body: bytes) -> tuple[list[str], int]:
    """The numbers in an answer to `find_people`, and how many there are in all. Raises Garbled, DeviceRefused."""
    data = read_answer(body)
    rows = data.get("personInfo") if isinstance(data, dict) else data
    if not isinstance(rows, list):
        raise Garbled("uface.answer", "no people")
    found = [_text(row["id"]) for row in rows if isinstance(row, dict) and row.get("id")]
    info = data.get("pageInfo") if isinstance(data, dict) else None
    total = info.get("total") if isinstance(info, dict) else None
    return found, total if isinstance(total, int) else len(rows)


def drop_person(password: str, identifier: str) -> Call:
    """Removes a person. The device understands -1 as everybody; it cannot be said here."""
    return _call("/person/delete", password, id=_person(identifier))


def find_records(password: str, first: datetime, last: datetime, page: int) -> Call:
    """Asks for the records between two wall-clock times of the device, oldest first."""
    query = urlencode(
        {
            "pass": password,
            "personId": "-1",
            "startTime": f"{first:%Y-%m-%d %H:%M:%S}",
            "endTime": f"{last:%Y-%m-%d %H:%M:%S}",
            "length": PAGE,
            "index": page,
            "model": "-1",
            "order": "1",
        }
    )
    return Call(method="GET", path=f"/newFindRecords?{query}")


def read_answer(body: bytes) -> Any:
    """The `data` of a device's answer. Raises Garbled (`uface.answer`), DeviceRefused (`uface.refused`)."""
    try:
        document = json.loads(body.decode("utf-8", "replace").strip("\ufeff\0 \r\n\t"))
    except (ValueError, RecursionError):
        raise Garbled("uface.answer") from None
    if not isinstance(document, dict):
        raise Garbled("uface.answer", "no object")
    if document.get("success") is not True or document.get("result") not in (1, "1"):
        raise DeviceRefused("uface.refused", str(document.get("code") or document.get("result"))[:40])
    data = document.get("data")
    if isinstance(data, str) and data[:1] in ("{", "["):  # some firmware puts JSON into a text
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            raise Garbled("uface.answer", "data") from None
    return data


def found_events(body: bytes, device_key: str) -> tuple[tuple[Event, ...], int]:
    """Events of an answer to `find_records`, and how many records there are in all.

    Raises Garbled (`uface.answer`), DeviceRefused.
    """
    data = read_answer(body)
    rows = data.get("records") if isinstance(data, dict) else data
    if not isinstance(rows, list):
        raise Garbled("uface.answer", "no records")
    events = []
    for row in rows:
        if isinstance(row, dict):
            fields = {str(name): _text(value) for name, value in row.items()}
            if fields.get("time"):
                events.append(event_of(fields, device_key))
    info = data.get("pageInfo") if isinstance(data, dict) else None
    total = info.get("total") if isinstance(info, dict) else None
    return tuple(events), total if isinstance(total, int) else len(rows)


def task(number: str, interface: str, **fields: Any) -> Response:
    """A task for a device that fetches them: what else would be a call (`person/create`, …)."""
    body = json.dumps(
        {"taskNo": number, "interfaceName": interface, "result": True, **fields}, ensure_ascii=False
    )
    return Response(body=body.encode(), headers=_JSON)
