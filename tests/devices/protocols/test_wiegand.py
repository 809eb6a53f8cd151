"""Badges in three line formats are one badge, and damaged lines are none."""

import contextlib
import time

import pytest
import serial
from hypothesis import given
from hypothesis import strategies as st

from devices.protocols.errors import Garbled, ProtocolError, WrongValue
from devices.protocols.wiegand import LONGEST, Badge, LineFormat, LineReader
from devices.simulators.ptys import Pty

BADGE = Badge(0xBC614E, 24)
LINES = [
    (LineFormat.HEX6, b"BC614E\r"),
    (LineFormat.DEC10, b"0012345678\r\n"),
    (LineFormat.STX, b"\x020000BC614E93\x03"),
]
SAME = st.integers(min_value=0, max_value=0xFFFFFF)


@pytest.mark.parametrize(("form", "line"), LINES)
def test_the_same_badge_in_every_format(form: LineFormat, line: bytes) -> None:
    (badge,) = LineReader(form).feed(line)
    assert (badge.facility, badge.number, badge.key) == (188, 24910, "188,24910")
    assert badge.is_same(BADGE)
    assert badge.is_same(Badge.printed("0012345678 188,24910"))
    assert badge.to_bytes(form) == line
    assert badge.raw == line.strip(b"\r\n\x02\x03")


def test_the_example_of_the_module_sheet() -> None:
    (badge,) = LineReader(LineFormat.STX).feed(b"\x0262E3086CED08\x03")
    assert (badge.value, badge.facility, badge.number) == (0x62E3086CED, 8, 27885)
    with pytest.raises(Garbled, match=r"wiegand\.checksum"):
        Badge.from_bytes(b"62E3086CED09", LineFormat.STX)


@given(SAME)
def test_any_badge_matches_across_formats(value: int) -> None:
    readings = [LineReader(form).feed(Badge(value, 24).to_bytes(form))[0] for form in LineFormat]
    assert len({badge.key for badge in readings}) == 1
    assert all(one.is_same(two) for one in readings for two in readings)


def test_badges_that_differ_above_24_bits_are_told_apart_where_both_readers_can() -> None:
    one, two = Badge(0x01BC614E, 32), Badge(0x02BC614E, 32)
    assert not one.is_same(two)
    assert one.is_same(BADGE)
    assert two.is_same(BADGE)


def test_a_reader_that_writes_the_bytes_backwards() -> None:
    (badge,) = LineReader(LineFormat.HEX6, reversed_bytes=True).feed(b"4E61BC\r")
    assert badge.key == "188,24910"


@pytest.mark.parametrize(("form", "line"), LINES)
def test_bytes_come_one_by_one(form: LineFormat, line: bytes) -> None:
    reader = LineReader(form)
    seen = [badge for n in range(len(line)) for badge in reader.feed(line[n : n + 1])]
    assert [badge.key for badge in seen] == ["188,24910"]


@pytest.mark.parametrize(("form", "line"), LINES)
@given(noise=st.binary(max_size=2 * LONGEST))
def test_in_step_again_after_any_noise(form: LineFormat, line: bytes, noise: bytes) -> None:
    reader = LineReader(form)
    reader.feed(noise)
    reader.idle()
    assert [badge.key for badge in reader.feed(line)] == ["188,24910"]


@pytest.mark.parametrize(("form", "line"), LINES)
@given(noise=st.binary(max_size=2 * LONGEST))
def test_in_step_again_without_a_pause_at_the_next_line(form: LineFormat, line: bytes, noise: bytes) -> None:
    reader = LineReader(form)
    reader.feed(noise)
    reader.feed(line)
    assert [badge.key for badge in reader.feed(line)] == ["188,24910"]


@pytest.mark.parametrize(("form", "line"), LINES)
@given(data=st.data())
def test_a_line_that_lost_a_byte_is_no_badge(form: LineFormat, line: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(min_value=0, max_value=len(line.rstrip(b"\r\n\x03")) - 1))
    reader = LineReader(form)
    assert reader.feed(line[:at] + line[at + 1 :]) == []
    reader.idle()
    assert reader.bad + (form is LineFormat.STX and at == 0) >= 1


@given(at=st.integers(min_value=1, max_value=12), digit=st.sampled_from(b"0123456789ABCDEF"))
def test_the_checksum_finds_a_changed_digit(at: int, digit: int) -> None:
    line = bytearray(LINES[2][1])
    changed = line[at] != digit
    line[at] = digit
    assert (LineReader(LineFormat.STX).feed(bytes(line)) == []) is changed


@given(st.binary(max_size=400), st.sampled_from(LineFormat))
def test_no_bytes_crash_a_reader(data: bytes, form: LineFormat) -> None:
    LineReader(form).feed(data)
    with contextlib.suppress(ProtocolError):
        Badge.from_bytes(data, form)


@pytest.mark.parametrize("text", ["188", "256,1", "1,65536", "a,b", "", "188,24910,3"])
def test_what_is_not_printed_on_a_badge(text: str) -> None:
    with pytest.raises(WrongValue):
        Badge.printed(text)


def test_a_number_too_wide_is_not_cut_short() -> None:
    with pytest.raises(WrongValue):
        Badge(1 << 24, 32).to_bytes(LineFormat.HEX6)
    with pytest.raises(Garbled):
        Badge.from_bytes(b"4294967296", LineFormat.DEC10)


@pytest.mark.parametrize(("form", "line"), LINES)
def test_over_a_real_port(form: LineFormat, line: bytes) -> None:
    device = Pty()
    reader = LineReader(form)
    seen: list[str] = []
    with serial.Serial(device.path, 9600, timeout=0.2) as port:
        for piece in (b"\xff\x00garb\r\n", line[:3], line[3:], line):
            device.write(piece)
        until = time.monotonic() + 20
        while len(seen) < 2 and time.monotonic() < until:
            seen += [badge.key for badge in reader.feed(port.read(64))]
    device.close()
    assert seen == ["188,24910"] * 2
