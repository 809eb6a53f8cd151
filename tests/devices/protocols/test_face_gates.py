"""Hikvision and uface callbacks, calls to the gates, and catching up."""

import base64
import contextlib
import json
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocols import hikvision, uface
from devices.protocols.errors import DeviceRefused, Garbled, ProtocolError, WrongValue
from devices.protocols.http import Request, Response
from devices.protocols.multipart import parts_of
from devices.protocols.records import Direction, Kind, PersonKey, PersonKind, Verify, event_key
from devices.simulators import hikvision as hik_simulator
from devices.simulators import uface as uface_simulator
from devices.simulators.callers import PICTURE, into

SITE = timezone(timedelta(hours=8))
NOW = datetime(2026, 11, 21, 7, 1, 9, tzinfo=SITE)
MAC = "e0:ba:ad:82:1a:a9"
GATE = hikvision.Gate(key="HIK1", mac=MAC)
PIN = PersonKind.PIN


def sample(**changes: object) -> dict[str, object]:
    """A callback as in the samples."""
    event = {
        "majorEventType": 5,
        "subEventType": 75,
        "employeeNoString": "1452",
        "cardNo": "",
        "serialNo": 123,
        "doorNo": 1,
        "currentEvent": True,
        "attendanceStatus": "checkIn",
        **changes,
    }
    return {
        "ipAddress": "192.168.1.64",
        "macAddress": MAC,
        "dateTime": "2026-11-21T07:01:09+08:00",
        "eventType": "AccessControllerEvent",
        "AccessControllerEvent": event,
    }


def post(document: object, kind: str = "application/json", source: str = "192.168.1.64") -> hikvision.Outcome:
    """The outcome of a plain callback."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return hikvision.answer([GATE], Request.build("POST", "/hik", {"Content-Type": kind}, body, source))


def multipart(
    document: object,
    *,
    newline: str = "\r\n",
    lengths: bool = True,
    end: bool = True,
    picture: bytes = PICTURE,
) -> bytes:
    """A callback with a picture, in the spelling of some firmware."""
    text = json.dumps(document).encode()
    blocks = []
    for kind, name, data in (("application/json", "event_log", text), ("image/jpeg", "Picture", picture)):
        head = ["--MIME_boundary", f'Content-Disposition: form-data; name="{name}"', f"Content-Type: {kind}"]
        head += [f"Content-Length: {len(data)}"] if lengths else []
        blocks.append(newline.join([*head, "", ""]).encode() + data)
    return newline.encode().join(blocks) + (f"{newline}--MIME_boundary--{newline}".encode() if end else b"")


def test_a_face_in_plain_json() -> None:
    outcome = post(sample())
    (event,) = outcome.events
    assert (outcome.response.status, outcome.gate) == (200, "HIK1")
    assert event.person == PersonKey(PIN, "1452")
    assert event.time.at == datetime(2026, 11, 20, 23, 1, 9, tzinfo=UTC)
    assert (event.verify, event.direction, event.record_id) == (Verify.FACE, Direction.IN, "123")
    assert (event.kind, event.admitted, event.replayed) == (Kind.PASSAGE, True, False)
    assert post({"EventNotificationAlert": sample()}).events[0].record_id == "123"


@pytest.mark.parametrize("quoted", [True, False])
@pytest.mark.parametrize("newline", ["\r\n", "\n"])
@pytest.mark.parametrize("lengths", [True, False])
@pytest.mark.parametrize("end", [True, False])
def test_the_picture_is_in_the_next_part(quoted: bool, newline: str, lengths: bool, end: bool) -> None:
    mark = '"MIME_boundary"' if quoted else "MIME_boundary"
    body = multipart(sample(), newline=newline, lengths=lengths, end=end)
    outcome = post(body, f"multipart/form-data; boundary={mark}")
    assert outcome.photos[0].data == PICTURE
    assert outcome.photos[0].belongs_to(outcome.events[0])
    assert outcome.events[0].photo == outcome.photos[0].digest
    assert event_key(outcome.events[0]) == event_key(post(sample()).events[0]), (
        "the picture is not in the key"
    )


def test_a_picture_that_holds_the_boundary() -> None:
    picture = PICTURE + b"\r\n--MIME_boundary\r\nnot a part" + PICTURE
    outcome = post(multipart(sample(), picture=picture), "multipart/form-data; boundary=MIME_boundary")
    assert outcome.photos[0].data == picture


@pytest.mark.parametrize(
    ("code", "way", "admitted", "reason"),
    [
        (75, Verify.FACE, True, ""),
        (1, Verify.CARD, True, ""),
        (0x69, Verify.ID_CARD, True, ""),
        (0x70, Verify.ID_CARD, False, "face_differs_from_card"),
        (0x68, Verify.FACE, False, "no_live_face"),
        (21, Verify.OTHER, False, "hikvision.5.21"),
    ],
)
def test_event_codes(code: int, way: Verify, admitted: bool, reason: str) -> None:
    (event,) = post(sample(subEventType=code)).events
    assert (event.verify, event.admitted, event.reason) == (way, admitted, reason)
    assert (event.kind is Kind.DOOR) is (code == 21)


def test_a_replay_is_the_same_event() -> None:
    replay = post(sample(currentEvent=False)).events[0]
    assert replay.replayed
    assert event_key(replay) == event_key(post(sample()).events[0])


def test_numbers_may_be_texts_and_persons_numbers() -> None:
    (event,) = post(
        sample(serialNo="123", subEventType="75", majorEventType="5", employeeNoString=None, employeeNo=1452)
    ).events
    assert (event.record_id, event.person, event.verify) == ("123", PersonKey(PIN, "1452"), Verify.FACE)
    (card,) = post(sample(subEventType=9, employeeNoString="", cardNo="8812345", serialNo=None)).events
    assert (card.person, card.reason, card.record_id) == (
        PersonKey(PersonKind.CARD, "8812345"),
        "unregistered",
        None,
    )


def test_heartbeats() -> None:
    outcome = post({"macAddress": MAC.upper(), "eventType": "heartBeat"})
    assert (outcome.heartbeat, outcome.events, outcome.response.status) == (True, (), 200)


def test_strange_terminals_get_403_and_leave_nothing() -> None:
    for body in (sample() | {"macAddress": "00:00:00:00:00:00"}, b"<xml/>", b"", b"{"):
        outcome = post(body)
        assert outcome == hikvision.Outcome(response=Response(status=403))


def test_what_is_no_event_is_kept() -> None:
    assert post(sample() | {"AccessControllerEvent": None}).unknown != ()
    near = hikvision.Gate(key="HIK2", mac="00", networks=("192.168.1.64",))
    request = Request.build("POST", "/", {}, b"<EventNotificationAlert/>", "192.168.1.64")
    outcome = hikvision.answer([near], request)
    assert (outcome.gate, outcome.unknown) == ("HIK2", (b"<EventNotificationAlert/>",))
    assert outcome.not_stored.status == 503


def test_catching_up_finds_the_same_events_once() -> None:
    sent: list[hikvision.Outcome] = []
    working = True

    def handle(request: Request) -> Response:
        if not working:
            return Response(status=503)
        sent.append(hikvision.answer([GATE], request))
        return sent[-1].response

    terminal = hik_simulator.Terminal(MAC, into(handle))
    for n in range(70):
        terminal.recognise(str(n + 1), NOW + timedelta(seconds=n))
    working = False
    assert terminal.deliver() == 0
    working = True
    assert terminal.deliver() == 70
    told = [event for outcome in sent for event in outcome.events]
    assert [event.replayed for event in told[:2]] == [True, True]
    found, position = [], 0
    while True:
        call = hikvision.search("w1", position, NOW, NOW + timedelta(hours=1))
        events, rows, more = hikvision.found_events(terminal.search(call.body), "HIK1")
        found += events
        position += rows
        if not more:
            break
    assert len({event_key(event) for event in told}) == 70
    assert {event_key(event) for event in found} == {event_key(event) for event in told}
    assert terminal.heartbeat() == 200


def test_calls_to_a_hikvision_terminal() -> None:
    assert hikvision.open_door(2).path == "/ISAPI/AccessControl/RemoteControl/door/2"
    assert b"<cmd>open</cmd>" in hikvision.open_door().body
    assert b"2026-11-21T07:01:09+08:00" in hikvision.set_time(NOW).body
    person = json.loads(hikvision.put_person("1452", name="张三", starts=NOW, ends=NOW).body)["UserInfo"]
    assert (person["employeeNo"], person["Valid"]["endTime"]) == ("1452", "2026-11-21T07:01:09")
    assert b"1452" in hikvision.drop_person("1452").body
    for wrong in (
        lambda: hikvision.open_door(0),
        lambda: hikvision.drop_person(""),
        lambda: hikvision.set_time(NOW.replace(tzinfo=None)),
    ):
        with pytest.raises(WrongValue):
            wrong()


JSONISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "AccessControllerEvent",
                    "EventNotificationAlert",
                    "AcsEvent",
                    "InfoList",
                    "time",
                    "serialNo",
                    "macAddress",
                ]
            )
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSONISH, st.sampled_from(["application/json", "multipart/form-data; boundary=MIME_boundary"]))
def test_no_document_crashes_the_parsers(document: object, kind: str) -> None:
    wrapped = {"macAddress": MAC, "AccessControllerEvent": document, "dateTime": document}
    for body in (json.dumps(document).encode(), json.dumps(wrapped).encode(), multipart(wrapped)):
        post(body, kind)
        uface.answer({}, Request.build("POST", "/", {"Content-Type": kind}, body))
        for reader in (hikvision.found_events, uface.found_events):
            with contextlib.suppress(ProtocolError):
                reader(body, "X")


@given(
    st.binary(max_size=300),
    st.sampled_from(["", "multipart/form-data; boundary=a", "application/json", "multipart/x"]),
)
def test_no_bytes_crash_the_parsers(body: bytes, kind: str) -> None:
    near = hikvision.Gate(key="HIK2", mac="00", networks=("192.168.1.64",))
    hikvision.answer([near], Request.build("POST", "/", {"Content-Type": kind}, body, "192.168.1.64"))
    uface.answer({"": uface.Gate(key="")}, Request.build("POST", "/", {"Content-Type": kind}, body))
    for reader in (hikvision.found_events, uface.found_events):
        with contextlib.suppress(ProtocolError):
            reader(body, "X")
    with contextlib.suppress(Garbled):
        parts_of(b"--a\r\n" + body, "multipart/form-data; boundary=a")


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=5))
def test_parts_with_a_length_come_back_as_they_were(blocks: list[bytes]) -> None:
    body = (
        b"".join(b"--b\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(data), data) for data in blocks) + b"--b--"
    )
    assert [part.data for part in parts_of(body, "multipart/mixed; boundary=b")] == blocks


KEY = "84E0F42B1A000017"
GATES = {KEY: uface.Gate(key=KEY)}
MS = str(int(NOW.timestamp() * 1000))


def recognition(form: bool = False, **changes: str) -> uface.Outcome:
    """The outcome of a recognition."""
    fields = {
        "deviceKey": KEY,
        "personId": "1452",
        "time": MS,
        "type": "face_0",
        "imgBase64": base64.b64encode(PICTURE).decode(),
        **changes,
    }
    body = urlencode(fields) if form else json.dumps(fields)
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    return uface.answer(GATES, Request.build("POST", "/uface", {"Content-Type": kind}, body.encode()))


@pytest.mark.parametrize("form", [True, False])
def test_a_recognition(form: bool) -> None:
    outcome = recognition(form)
    assert outcome.response.body == b'{"result":1,"success":true}'
    assert outcome.event is not None
    assert outcome.event.person == PersonKey(PIN, "1452")
    assert outcome.event.time.at == NOW
    assert (outcome.event.verify, outcome.event.admitted) == (Verify.FACE, True)
    assert outcome.photo is not None
    assert outcome.photo.data == PICTURE
    assert base64.b64encode(PICTURE) not in outcome.event.raw, "the picture is kept once"


@pytest.mark.parametrize(
    ("kind", "person", "way", "admitted", "reason"),
    [
        ("face_0", "1452", Verify.FACE, True, ""),
        ("face_1", "1452", Verify.FACE, False, "outside_hours"),
        ("face_2", "STRANGERBABY", Verify.FACE, False, "unregistered"),
        ("card_0", "1452", Verify.CARD, True, ""),
        ("idcard_0", "1452", Verify.ID_CARD, True, ""),
        ("0", "1452", Verify.OTHER, True, ""),
    ],
)
def test_types(kind: str, person: str, way: Verify, admitted: bool, reason: str) -> None:
    event = recognition(type=kind, personId=person).event
    assert event is not None
    assert (event.verify, event.admitted, event.reason) == (way, admitted, reason)
    assert (event.person is None) is (person == "STRANGERBABY")


def test_pictures_that_are_none_cost_no_event() -> None:
    for text, bad in (
        ("!!", "photo.base64"),
        (base64.b64encode(b"GIF").decode(), "photo.not_jpeg"),
        ("", ""),
    ):
        outcome = recognition(imgBase64=text)
        assert (outcome.photo, outcome.bad) == (None, bad)
        assert outcome.event is not None
    spoilt = base64.b64encode(PICTURE).decode().replace("+", " ")
    assert recognition(imgBase64="data:image/jpeg;base64," + spoilt).photo is not None


def test_a_recognition_without_time_is_kept_aside() -> None:
    outcome = recognition(time="")
    assert (outcome.event, outcome.bad) == (None, "uface.time")
    assert outcome.unknown


def test_an_unknown_gate_gets_403() -> None:
    outcome = recognition(deviceKey="SOMEBODY")
    assert outcome == uface.Outcome(response=Response(status=403))


def test_a_heartbeat_tells_of_tasks() -> None:
    body = json.dumps({"deviceKey": KEY, "ip": "192.168.1.9", "personCount": 12}).encode()
    request = Request.build("POST", "/uface", {"Content-Type": "application/json"}, body)
    assert uface.answer(GATES, request).response.body == b'{"result":false}'
    outcome = uface.answer(GATES, request, tasks_wait=True)
    assert (outcome.response.body, outcome.heartbeat, dict(outcome.facts)["personCount"]) == (
        b'{"result":true}',
        True,
        "12",
    )
    task = json.loads(uface.task("w1", "person/create", person={"id": "1"}).body)
    assert task == {"taskNo": "w1", "interfaceName": "person/create", "result": True, "person": {"id": "1"}}


def test_an_unanswered_record_is_found_by_the_nightly_search_and_not_doubled() -> None:
    stored: set[str] = set()
    working = True

    def handle(request: Request) -> Response:
        if not working:
            return Response(status=503, body=b"{}")
        outcome = uface.answer(GATES, request)
        if outcome.event:
            stored.add(event_key(outcome.event))
        return outcome.response

    gate = uface_simulator.Gate(KEY, into(handle))
    for n in range(450):
        working = n % 3 != 0
        gate.recognise("1452", NOW + timedelta(seconds=n))
    assert (len(stored), gate.lost) == (300, 150)
    page, found = 0, 0
    while True:
        call = uface.find_records("123456", datetime(2026, 11, 21), datetime(2026, 11, 21, 23, 59, 59), page)
        events, total = uface.found_events(gate.called(call.method, call.path, call.body, NOW), KEY)
        stored |= {event_key(event) for event in events}
        found, page = found + len(events), page + 1
        if found >= total:
            break
    assert (found, len(stored)) == (450, 450)


def test_a_clock_four_hours_fast_is_set() -> None:
    gate = uface_simulator.Gate(KEY, into(lambda request: Response(body=b"{}")), fast_by=timedelta(hours=4))
    call = uface.set_time("123456", NOW)
    assert uface.read_answer(gate.called(call.method, call.path, call.body, NOW)) == ""
    assert gate.fast_by == timedelta(0)


def test_calls_to_a_uface_gate() -> None:
    gate = uface_simulator.Gate(KEY, into(lambda request: Response(body=b"{}")))
    calls = [
        uface.put_person("123456", "1452", name="张三", card="99"),
        uface.put_end("123456", "1452", datetime(2027, 2, 28, 23, 59, 59)),
        uface.put_face("123456", "1452", "1452a", PICTURE),
        uface.open_door("123456"),
        uface.set_recognition_callback("123456", "http://192.168.1.2/uface"),
        uface.set_heartbeat("123456", "http://192.168.1.2/uface"),
    ]
    for call in calls:
        uface.read_answer(gate.called(call.method, call.path, call.body, NOW))
    assert gate.people["1452"] == {
        "id": "1452",
        "name": "张三",
        "idcardNum": "99",
        "time": "2027-02-28 23:59:59",
    }
    assert (gate.opened, len(gate.callbacks)) == (1, 2)
    call = uface.drop_person("123456", "1452")
    uface.read_answer(gate.called(call.method, call.path, call.body, NOW))
    assert gate.people == {}
    call = uface.open_door("wrong")
    refusal = gate.called(call.method, call.path, call.body, NOW)
    with pytest.raises(DeviceRefused):
        uface.read_answer(refusal)
    with pytest.raises(WrongValue):
        uface.drop_person("123456", "-1")
    assert parse_qs(uface.open_door("123456").body.decode())["type"] == ["1"]
