"""The record that every protocol ends in, and its idempotency key."""

import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocols.errors import Garbled
from devices.protocols.records import (
    Clock,
    DeviceTime,
    Direction,
    Event,
    Kind,
    PersonKey,
    PersonKind,
    Photo,
    Verify,
    as_posted,
    clock_of,
    direction_for,
    event_key,
    with_photo,
)
from tests.devices.protocols.people import id_number

CHINA = timedelta(hours=8)
PUNCH = Event(
    device_key="CKJF260900017",
    time=DeviceTime.read("2026-11-21 07:01:09"),
    raw=b"1452\t2026-11-21 07:01:09\t0\t15",
    person=PersonKey(PersonKind.PIN, "1452"),
    verify=Verify.FACE,
    state="0",
    mode="15",
)
TEXT = st.text(max_size=30)
EVENTS = st.builds(
    Event,
    device_key=TEXT,
    time=st.one_of(
        st.builds(DeviceTime.read, TEXT),
        st.builds(DeviceTime.from_epoch, st.integers().map(str)),
        st.datetimes().map(lambda at: DeviceTime(at.isoformat(), at)),
    ),
    raw=st.binary(max_size=60),
    person=st.one_of(st.none(), st.builds(PersonKey, st.sampled_from(PersonKind), TEXT)),
    record_id=st.one_of(st.none(), TEXT),
    direction=st.sampled_from([None, *Direction]),
    verify=st.sampled_from(Verify),
    kind=st.sampled_from(Kind),
    admitted=st.booleans(),
    reason=TEXT,
    state=TEXT,
    mode=TEXT,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-21 07:01:09", datetime(2026, 11, 21, 7, 1, 9)),
        ("2026-11-21T08:05:59", datetime(2026, 11, 21, 8, 5, 59)),
        ("2026-11-21T07:01:09+08:00", datetime(2026, 11, 20, 23, 1, 9, tzinfo=UTC)),
        ("2026-11-20T23:01:09Z", datetime(2026, 11, 20, 23, 1, 9, tzinfo=UTC)),
        ("2026-11-20T18:01:09-0500", datetime(2026, 11, 20, 23, 1, 9, tzinfo=UTC)),
        ("2000-01-01 00:00:00", datetime(2000, 1, 1)),
        ("2026-11-21 24:00:00", datetime(2026, 11, 22)),
        ("2026-12-31T24:00:00+08:00", datetime(2026, 12, 31, 16, tzinfo=UTC)),
        ("2026-11-21 23:59:60", datetime(2026, 11, 22)),
        ("2026/11/21 7:1:9", datetime(2026, 11, 21, 7, 1, 9)),
        ("2026.11.21 07:01", datetime(2026, 11, 21, 7, 1)),
        ("20261121070109", datetime(2026, 11, 21, 7, 1, 9)),
        ("20261121T070109Z", datetime(2026, 11, 21, 7, 1, 9, tzinfo=UTC)),
        ("2026-11-21T07:01:09.250+8", datetime(2026, 11, 20, 23, 1, 9, tzinfo=UTC)),
        ("2026-11-21T04:31:09+0530", datetime(2026, 11, 20, 23, 1, 9, tzinfo=UTC)),
        ("2026-11-20 23:01:09 GMT", datetime(2026, 11, 20, 23, 1, 9, tzinfo=UTC)),
        ("2026-11-21 24:00:01", None),
        ("9999-12-31 24:00:00", None),
        ("26-11-21 07:01:09", None),
        ("2026-02-30 07:01:09", None),
        ("2026-11-21 25:01:09", None),
        ("2026-11-21T07:01:09+99:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_reads_the_times_that_devices_write(text: str, expected: datetime | None) -> None:
    assert DeviceTime.read(text).at == expected


def test_reads_milliseconds_and_seconds() -> None:
    assert DeviceTime.from_epoch("1795215669000").at == datetime(2026, 11, 20, 23, 1, 9, tzinfo=UTC)
    assert DeviceTime.from_epoch("1795215669").at == datetime(2026, 11, 20, 23, 1, 9, tzinfo=UTC)
    assert DeviceTime.from_epoch("1795215669000.0").at == datetime(2026, 11, 20, 23, 1, 9, tzinfo=UTC)
    assert DeviceTime.read_any("20261121070109").at == datetime(2026, 11, 21, 7, 1, 9), "not the year 2612"
    assert DeviceTime.read_any("1795215669").at == datetime(2026, 11, 20, 23, 1, 9, tzinfo=UTC)
    for text in ("9" * 40, "nan", "inf", "1e9", "0x5"):
        assert DeviceTime.read_any(text).at is None
    assert DeviceTime.from_epoch("soon").at is None


def test_a_wall_clock_becomes_a_moment_by_the_offset_on_record() -> None:
    assert PUNCH.time.moment(CHINA) == datetime(2026, 11, 20, 23, 1, 9, tzinfo=UTC)
    assert DeviceTime.read("2026-11-21T07:01:09+08:00").moment(timedelta(0)) == datetime(
        2026, 11, 20, 23, 1, 9, tzinfo=UTC
    )


def test_the_key_is_the_same_for_the_same_event_sent_again() -> None:
    again = replace(PUNCH, raw=b"1452 2026-11-21 07:01:09 0 15 0 0", replayed=True, photo="abc")
    assert event_key(again) == event_key(PUNCH)
    assert len(event_key(PUNCH)) == 64


@pytest.mark.parametrize(
    "change",
    [
        {"device_key": "CKJF260900018"},
        {"person": PersonKey(PersonKind.PIN, "01452")},
        {"person": PersonKey(PersonKind.CARD, "1452")},
        {"time": DeviceTime.read("2026-11-21 07:01:10")},
        {"state": "1"},
        {"mode": "1"},
    ],
)
def test_the_key_differs_where_the_event_does(change: dict[str, object]) -> None:
    assert event_key(replace(PUNCH, **change)) != event_key(PUNCH)  # type: ignore[arg-type]


def test_a_record_number_is_the_key_whatever_else_is_said() -> None:
    numbered = replace(PUNCH, record_id="123")
    assert event_key(replace(numbered, state="255", mode="0", person=None)) == event_key(numbered)
    assert event_key(replace(numbered, record_id="124")) != event_key(numbered)


def test_a_wiped_device_that_counts_from_one_again_loses_nothing() -> None:
    old = replace(PUNCH, record_id="1")
    new = replace(old, time=DeviceTime.read("2026-12-01 07:01:09"))
    assert event_key(old) != event_key(new)


def test_a_changed_offset_does_not_change_the_key() -> None:
    east = replace(PUNCH, record_id="7", time=DeviceTime.read("2026-11-21T07:01:09+08:00"))
    zulu = replace(east, time=DeviceTime.read("2026-11-20T23:01:09Z"))
    assert event_key(east) == event_key(zulu)


def test_fields_that_run_together_do_not_collide() -> None:
    one = replace(PUNCH, state="1", mode="5")
    two = replace(PUNCH, state="15", mode="")
    assert event_key(one) != event_key(two)


@given(EVENTS)
def test_an_event_survives_a_pipe(event: Event) -> None:
    back = Event.from_bytes(event.to_bytes())
    assert back == event
    assert event_key(back) == event_key(event)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_garbled(data: bytes) -> None:
    with contextlib.suppress(Garbled):
        Event.from_bytes(data)


@given(st.text(max_size=60))
def test_any_text_is_a_time_or_none(text: str) -> None:
    for time in (DeviceTime.read(text), DeviceTime.from_epoch(text)):
        time.moment(CHINA)
        assert time.canonical is not None


def test_the_lane_decides_the_direction() -> None:
    assert direction_for("in", Direction.OUT) is Direction.IN
    assert direction_for("out", None) is Direction.OUT
    assert direction_for("both", Direction.IN) is None
    assert direction_for("both", Direction.OUT, keys_in_use=True) is Direction.OUT
    assert direction_for("both", None, keys_in_use=True) is None


@pytest.mark.parametrize(
    ("text", "live", "expected"),
    [
        ("2026-11-21 07:00:10", True, Clock.GOOD),
        ("2026-11-21 07:02:00", True, Clock.WARN),
        ("2026-11-21 06:58:00", True, Clock.WARN),
        ("2026-11-21 06:50:00", True, Clock.MARKED),
        ("2026-11-20 06:50:00", False, Clock.GOOD),
        ("2026-11-21 07:11:00", False, Clock.IMPOSSIBLE),
        ("2000-01-01 00:00:05", False, Clock.IMPOSSIBLE),
        ("1970-01-01 08:00:05", True, Clock.IMPOSSIBLE),
        ("garbage", True, Clock.IMPOSSIBLE),
    ],
)
def test_says_what_a_device_time_is_worth(text: str, live: bool, expected: Clock) -> None:
    received = datetime(2026, 11, 20, 23, 0, 0, tzinfo=UTC)
    assert clock_of(DeviceTime.read(text), received=received, offset=CHINA, live=live) is expected


def test_a_photo_finds_its_event_by_device_person_and_time() -> None:
    photo = Photo(
        device_key=PUNCH.device_key,
        name="20261121070111-1452.jpg",
        data=b"\xff\xd8picture",
        taken=DeviceTime.read("2026-11-21 07:01:11"),
        person=PUNCH.person,
    )
    assert photo.belongs_to(PUNCH)
    assert replace(photo, person=None).belongs_to(PUNCH)
    assert not replace(photo, person=PersonKey(PersonKind.PIN, "1453")).belongs_to(PUNCH)
    assert not replace(photo, device_key="X").belongs_to(PUNCH)
    assert not replace(photo, taken=DeviceTime.read("2026-11-21 07:01:12")).belongs_to(PUNCH)
    assert not replace(photo, taken=DeviceTime.read("2026-11-21T07:01:09+08:00")).belongs_to(PUNCH)
    assert event_key(with_photo(PUNCH, photo)) == event_key(PUNCH)


def test_nothing_personal_shows_when_a_record_is_printed() -> None:
    number = id_number(7)
    secret = replace(PUNCH, person=PersonKey(PersonKind.ID_NUMBER, number), raw=number.encode())
    assert number not in repr(secret)


def test_is_posted_as_the_server_reads_it() -> None:
    posted = as_posted(PUNCH, lane="in", offset=CHINA)
    assert posted == {
        "id": event_key(PUNCH),
        "at": "2026-11-20T23:01:09+00:00",
        "pin": 1452,
        "direction": "in",
        "type": 1,
        "admitted": True,
    }
    number = id_number(3)
    refused = replace(PUNCH, person=PersonKey(PersonKind.ID_NUMBER, number), admitted=False, reason="expired")
    posted = as_posted(refused, lane="both", offset=CHINA)
    assert (posted["id_number"], posted["reason"], posted["direction"]) == (number, "expired", None)


@pytest.mark.parametrize(
    "person", [None, PersonKey(PersonKind.CARD, "12345"), PersonKey(PersonKind.PIN, "A12")]
)
def test_does_not_post_somebody_unnamed(person: PersonKey | None) -> None:
    with pytest.raises(Garbled):
        as_posted(replace(PUNCH, person=person), lane="in", offset=CHINA)


def test_a_card_is_posted_as_its_owners_number_or_for_the_server_to_know() -> None:
    card = PersonKey(PersonKind.CARD, "nj00112233")
    event = replace(PUNCH, person=card)
    known = as_posted(event, lane="in", offset=CHINA, pin_of={"nj00112233": 7}.get)
    assert (known["pin"], known["id"]) == (7, event_key(event))
    assert "card" not in known
    unknown = as_posted(event, lane="in", offset=CHINA)
    assert (unknown["card"], "pin" in unknown) == ("NJ00112233", False)
    named = replace(PUNCH, others=(card,))
    assert "card" not in as_posted(named, lane="in", offset=CHINA, pin_of={"nj00112233": 9}.get)
