"""Frames byte for byte, and finding them in whatever a line brings."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.protocols.idcard import codes
from devices.protocols.idcard.codes import PREAMBLE, State
from devices.protocols.idcard.frames import (
    LONGEST,
    READER_TIMED_OUT,
    TIMED_OUT,
    Answer,
    Frame,
    Scanner,
    as_answer,
    command_bytes,
)
from devices.protocols.idcard.replies import SamNumber, make_sam_number, sam_number

HEAD = "AA AA AA 96 69 "
COMMANDS = {
    codes.RESET: "00 03 10 FF EC",
    codes.STATUS: "00 03 11 FF ED",
    codes.SAM_NUMBER: "00 03 12 FF EE",
    codes.FIND: "00 03 20 01 22",
    codes.SELECT: "00 03 20 02 21",
    codes.READ: "00 03 30 01 32",
    codes.READ_WITH_FINGERPRINTS: "00 03 30 10 23",
    codes.NEWEST_ADDRESS: "00 03 30 03 30",
    codes.set_baud(115200): "00 03 60 00 63",
    codes.set_baud(57600): "00 03 60 01 62",
    codes.set_baud(38400): "00 03 60 02 61",
    codes.set_baud(19200): "00 03 60 03 60",
    codes.set_baud(9600): "00 03 60 04 67",
}
ANSWERS = [
    ("00 04 00 00 90 94", State.DONE, b""),
    ("00 08 00 00 9F 00 00 00 00 97", State.CARD_FOUND, bytes(4)),
    ("00 0C 00 00 90 00 00 00 00 00 00 00 00 9C", State.DONE, bytes(8)),
    ("00 04 00 00 80 84", State.NO_CARD, b""),
    ("00 04 00 00 41 45", State.READ_FAILED, b""),
    ("00 04 00 00 81 85", State.SELECT_FAILED, b""),
    ("00 04 00 00 91 95", State.NOTHING_THERE, b""),
    ("00 04 00 00 10 14", State.COMMAND_CHECKSUM, b""),
]
SAM = HEAD + "00 14 00 00 90 05 00 01 00 E5 65 32 01 40 E2 01 00 CB 64 78 00 47"


@pytest.mark.parametrize(("command", "said"), COMMANDS.items(), ids=lambda value: getattr(value, "name", ""))
def test_commands_are_byte_exact(command: codes.Command, said: str) -> None:
    assert command_bytes(command) == bytes.fromhex(HEAD + said)


def test_every_command_is_in_the_table() -> None:
    assert set(COMMANDS.values()) == {command_bytes(c)[5:].hex(" ").upper() for c in codes.COMMANDS}


@pytest.mark.parametrize(("said", "state", "data"), ANSWERS)
def test_answers_are_byte_exact(said: str, state: State, data: bytes) -> None:
    raw = bytes.fromhex(HEAD + said)
    assert Answer(state, data).to_frame().to_bytes() == raw
    (frame,) = Scanner().feed(raw)
    assert as_answer(frame) == Answer(state, data)


@pytest.mark.parametrize("state", [*State, 0x55])
def test_every_state_has_words_and_survives_the_line(state: int) -> None:
    (frame,) = Scanner().feed(Answer(state, card_code=b"\x6a\x82").to_frame().to_bytes())
    answer = as_answer(frame)
    assert answer == Answer(state, b"", b"\x6a\x82")
    assert len(answer.words) > 3


def test_the_sam_number_is_kept_as_integers() -> None:
    (frame,) = Scanner().feed(bytes.fromhex(SAM))
    answer = as_answer(frame)
    assert answer is not None
    number = sam_number(answer.data)
    assert number == SamNumber(5, 1, 20080101, 123456, 7890123)
    assert str(number) == "05.01-20080101-123456-7890123"
    assert make_sam_number(number) == answer.data
    with pytest.raises(ValueError, match="16 bytes"):
        sam_number(b"\0" * 15)


MALFORMED = ["AA AA AA 96 69 05 00 01", "AA AA AA 96 69 FF FF", "AA AA AA 96 68 00 04 00 00 90 94", "96 69 AA 96",
             "AA AA AA 96 69 00 02 90 92", "AA AA AA 96 69 00 04 00 00 90 95", READER_TIMED_OUT.hex()]  # fmt: skip


@pytest.mark.parametrize("noise", MALFORMED)
def test_a_good_frame_is_found_behind_a_malformed_one(noise: str) -> None:
    scanner = Scanner()
    good = Answer(State.NO_CARD).to_frame()
    found = list(scanner.feed(bytes.fromhex(noise) + good.to_bytes()))
    while scanner.held:
        found += scanner.give_up()
    assert [f for f in found if f != TIMED_OUT] == [good]


def test_the_firmware_s_own_time_out_does_not_swallow_the_next_answer() -> None:
    """With the next frame's AA AA it would be a frame of its own, and the checksum would even be right."""
    good = Answer(State.NO_CARD).to_frame()
    assert list(Scanner().feed(READER_TIMED_OUT + good.to_bytes())) == [TIMED_OUT, good]


def test_extra_aa_in_front_do_no_harm() -> None:
    frame = Answer(State.DONE, bytes(8)).to_frame()
    for extra in range(6):
        assert list(Scanner().feed(b"\xaa" * extra + frame.to_bytes())) == [frame]


def test_a_length_beyond_the_longest_answer_is_noise() -> None:
    longest = Frame(bytes(LONGEST - 1))
    assert list(Scanner().feed(longest.to_bytes())) == [longest]
    scanner = Scanner()
    assert list(scanner.feed(PREAMBLE + (LONGEST + 1).to_bytes(2, "big") + bytes(LONGEST + 1))) == []
    assert scanner.held == b""


def test_a_preamble_in_the_photo_of_a_broken_frame_hides_nothing() -> None:
    picture = bytes(300) + PREAMBLE + b"\x05\x08" + bytes(700)
    raw = bytearray(Answer(State.DONE, picture).to_frame().to_bytes())
    raw[20] ^= 1  # the checksum of the outer frame is wrong now
    scanner = Scanner()
    found = list(scanner.feed(bytes(raw)))
    assert found == []
    good = Answer(State.NO_CARD).to_frame()
    found += scanner.feed(good.to_bytes())  # swallowed for now by the preamble inside
    while scanner.held:
        found += scanner.give_up()
    assert found == [good]


frames = st.binary(min_size=2, max_size=400).filter(lambda b: b[:3] != b"\5\5\5" or len(b) != 4).map(Frame)
noise = st.one_of(
    st.just(b""),
    st.binary(max_size=20).filter(lambda b: b"\xaa" not in b),
    st.just(PREAMBLE[:4]),
    st.just(b"\xaa" * 7),
    st.just(PREAMBLE + b"\xff\xff"),
)


@given(st.lists(st.tuples(noise, frames), max_size=5), st.lists(st.integers(1, 60), min_size=1, max_size=8))
@settings(max_examples=150, deadline=None)
def test_frames_come_out_whole_however_they_are_cut_and_whatever_stands_between(
    sent: list[tuple[bytes, Frame]], cuts: list[int]
) -> None:
    stream = b"".join(junk + frame.to_bytes() for junk, frame in sent)
    scanner, found = Scanner(), []
    sizes = itertools.cycle(cuts)
    at = 0
    while at < len(stream):
        step = next(sizes)
        found += scanner.feed(stream[at : at + step])
        at += step
    while scanner.held:
        found += scanner.give_up()
    assert found == [frame for _junk, frame in sent]


@given(st.binary(max_size=3000))
@settings(max_examples=150, deadline=None)
def test_noise_never_breaks_the_scanner_and_never_piles_up(data: bytes) -> None:
    scanner = Scanner()
    found = list(scanner.feed(data))
    assert len(scanner.held) <= LONGEST + 7
    while scanner.held:
        found += scanner.give_up()
    whole = sum(len(READER_TIMED_OUT if f is TIMED_OUT else f.to_bytes()) for f in found)
    assert whole + scanner.dropped == len(data)
