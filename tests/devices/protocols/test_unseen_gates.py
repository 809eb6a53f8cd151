"""Face gates as other firmware writes: XML, forms, several events at once, boundaries that do not agree, other spellings."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest

from devices.protocols import hikvision, uface
from devices.protocols.hikvision_codes import CODES
from devices.protocols.http import Request
from devices.protocols.records import Kind, Verify, event_key
from tests.devices.protocols.test_face_gates import MAC, PICTURE, sample

GATE = hikvision.Gate(key="HIK1", mac=MAC, networks=("192.168.1.0/24",))

XML = """<?xml version="1.0" encoding="{encoding}"?>
<EventNotificationAlert version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema">
<ipAddress>192.168.1.64</ipAddress><portNo>80</portNo><protocol>HTTP</protocol><macAddress>{mac}</macAddress>
<channelID>1</channelID><dateTime>2026-11-21T07:01:09+08:00</dateTime><activePostCount>1</activePostCount>
<eventType>{kind}</eventType><eventState>active</eventState><eventDescription>门禁事件</eventDescription>
<AccessControllerEvent><deviceName>东门</deviceName><majorEventType>5</majorEventType><subEventType>{minor}</subEventType>
<employeeNoString>1452</employeeNoString><serialNo>123</serialNo><doorNo>1</doorNo><currentEvent>false</currentEvent>
<attendanceStatus>checkIn</attendanceStatus></AccessControllerEvent></EventNotificationAlert>"""


def said(
    body: bytes, kind: str = "", source: str = "192.168.1.64", *gates: hikvision.Gate
) -> hikvision.Outcome:
    headers = {"Content-Type": kind} if kind else {}
    return hikvision.answer(gates or [GATE], Request.build("POST", "/hikvision", headers, body, source))


def xml(
    encoding: str = "UTF-8", mac: str = MAC, kind: str = "AccessControllerEvent", minor: str = "75"
) -> bytes:
    text = XML.format(encoding=encoding, mac=mac, kind=kind, minor=minor)
    return text.encode("gb18030" if encoding == "GB2312" else "utf-8")


@pytest.mark.parametrize("kind", ["application/xml", "text/xml; charset=utf-8", "application/json", ""])
@pytest.mark.parametrize("body", [xml(), xml("GB2312"), b"\xef\xbb\xbf" + xml(), xml(minor="0x4b")])
def test_an_event_in_xml_is_the_event_in_json(body: bytes, kind: str) -> None:
    outcome = said(body, kind)
    (event,) = outcome.events
    assert (outcome.response.status, outcome.gate, outcome.unknown) == (200, "HIK1", ())
    assert event_key(event) == event_key(said(json.dumps(sample()).encode()).events[0])
    assert (event.verify, event.admitted, event.replayed, event.raw) == (Verify.FACE, True, True, body)


def test_xml_comes_in_parts_too_and_as_a_heartbeat() -> None:
    head = b"--B\r\nContent-Type: application/xml; charset=UTF-8\r\n\r\n"
    body = head + xml() + b"\r\n--B\r\nContent-Type: image/jpeg\r\n\r\n" + PICTURE + b"\r\n--B--\r\n"
    outcome = said(body, "multipart/form-data; boundary=B")
    assert (len(outcome.events), outcome.photos[0].data) == (1, PICTURE)
    assert said(xml(kind="heartBeat")).heartbeat
    assert said(xml(kind="videoloss")).events == ()


@pytest.mark.parametrize(
    "body",
    [
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b"<a><b></a>", b"<a/>", b"<", b"{",
        b"<a>" * 100_000, b"[" * 100_000, b"[1, 2]", b"[{}, 3]", b"--\r\n\r\n--",
    ],
)  # fmt: skip
def test_nonsense_is_kept_aside_and_expands_to_nothing(body: bytes) -> None:
    outcome = said(body)
    assert (outcome.response.status, outcome.events, outcome.gate) == (200, (), "HIK1")
    assert len(outcome.unknown) >= 1
    assert said(body, source="192.168.9.9").response.status == 403


def test_several_events_at_once_with_a_picture_each() -> None:
    """A terminal that was offline tells its backlog in one body; the broken one costs no other."""
    rows = [sample(serialNo=number, employeeNoString=str(number)) for number in (1, 2, 3)]
    parts = [json.dumps(rows[0]).encode(), PICTURE + b"1", b"{broken", json.dumps(rows[1]).encode()]
    parts += [json.dumps(rows[2]).encode(), PICTURE + b"3"]
    body = b"".join(b"--mixed\r\n\r\n" + part + b"\r\n" for part in parts) + b"--mixed--"
    outcome = said(body, "multipart/mixed; boundary=mixed")
    assert [event.record_id for event in outcome.events] == ["1", "2", "3"]
    assert [photo.data[-1:] for photo in outcome.photos] == [b"1", b"3"]
    assert [photo.person for photo in outcome.photos] == [outcome.events[0].person, outcome.events[2].person]
    assert [bool(event.photo) for event in outcome.events] == [True, False, True]
    assert (outcome.bad, outcome.unknown) == (("hikvision.json",), (b"{broken",))
    listed = said(json.dumps(rows).encode(), "application/json")
    assert [event_key(e) for e in listed.events] == [event_key(e) for e in outcome.events]
    wrapped = said(json.dumps({"EventNotificationAlert": rows}).encode())
    assert [event_key(e) for e in wrapped.events] == [event_key(e) for e in outcome.events]


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data; boundary=--MIME_boundary", "multipart/form-data; boundary=other", "multipart/form-data",
        "application/json", "",
    ],
)  # fmt: skip
def test_the_body_says_its_boundary_where_the_header_does_not(kind: str) -> None:
    body = b"--MIME_boundary\r\nContent-Type: application/json\r\n\r\n" + json.dumps(sample()).encode()
    body += (
        b"\r\n--MIME_boundary\r\nContent-Type: image/jpeg\r\n\r\n" + PICTURE + b"\r\n--MIME_boundary--\r\n"
    )
    outcome = said(body, kind)
    assert (len(outcome.events), outcome.photos[0].data) == (1, PICTURE)


def test_a_form_and_a_plain_body_that_says_to_be_in_parts() -> None:
    form = urlencode({"event_log": json.dumps(sample())}).encode()
    assert len(said(form, "application/x-www-form-urlencoded").events) == 1
    assert len(said(json.dumps(sample()).encode(), "multipart/form-data; boundary=x").events) == 1


def test_who_names_no_mac_is_known_by_its_address_if_it_is_alone_there() -> None:
    document = sample()
    del document["macAddress"]
    body = json.dumps(document).encode()
    assert said(body).gate == "HIK1"
    assert said(body, source="192.168.9.9").response.status == 403
    beside = hikvision.Gate(key="HIK2", mac="a0:bd:1d:00:00:02", networks=GATE.networks)
    assert said(body, "", "192.168.1.64", GATE, beside).response.status == 403, (
        "nobody can tell which of the two"
    )
    assert said(json.dumps(sample(), indent=1).encode(), "", "192.168.1.64", beside, GATE).gate == "HIK1"


@pytest.mark.parametrize(
    ("minor", "way", "admitted"),
    [
        (2, Verify.CARD, True), (40, Verify.FINGERPRINT, True), (60, Verify.FACE, True), (77, Verify.FACE, True),
        (101, Verify.OTHER, True), (6, Verify.CARD, False), (61, Verify.FACE, False), (113, Verify.ID_CARD, False),
    ],
)  # fmt: skip
def test_a_face_with_a_card_or_a_number_is_a_passage_too(minor: int, way: Verify, admitted: bool) -> None:
    (event,) = said(json.dumps(sample(subEventType=minor)).encode()).events
    assert (event.kind, event.verify, event.admitted) == (Kind.PASSAGE, way, admitted)
    assert bool(event.reason) is not admitted
    assert len(CODES) > 60


def form(**fields: str) -> Request:
    return Request.build("POST", "/uface", {}, urlencode(fields).encode(), "192.168.1.70")


def test_clones_of_uface_spell_their_fields_otherwise() -> None:
    gates: Mapping[str, Any] = {"U1": uface.Gate(key="U1", networks=("192.168.1.0/24",))}
    usual = uface.answer(gates, form(deviceKey="U1", personId="7", time="1795215669000", type="face_0")).event
    assert usual is not None
    for fields in (
        {"devicekey": "U1", "personid": "7", "Time": "1795215669000.0", "Type": "face_0"},
        {"DEVICEKEY": "U1", "PersonID": "7", "time": "2026-11-20T23:01:09Z", "type": "face_0"},
    ):
        outcome = uface.answer(gates, form(**fields))
        assert outcome.event is not None
        assert event_key(outcome.event) == event_key(usual)
    wall = uface.answer(gates, form(deviceKey="U1", personId="7", time="20261121070109", type="face_0")).event
    assert wall is not None
    assert str(wall.time.at) == "2026-11-21 07:01:09"
    picture = uface.answer(
        gates, form(deviceKey="U1", personId="7", time="1", type="face_0", IMGBASE64="/9j/4A==")
    )
    assert picture.photo is not None
    assert picture.event is not None
    assert b"/9j/" not in picture.event.raw, "a face is not kept with the line"
