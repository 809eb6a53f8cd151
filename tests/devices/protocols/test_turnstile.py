"""What a turnstile is told and what its contacts tell."""

from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocols import modbus, turnstile
from devices.protocols.errors import WrongValue
from devices.protocols.modbus import Frame, Function
from devices.protocols.records import Direction
from devices.protocols.turnstile import Board, Notice, Opener, Watch, contacts, look, opening
from devices.simulators.relay import FIRE, Gate, RelayBoard

IN, OUT = Direction.IN, Direction.OUT
COILS = MappingProxyType({IN: 0, OUT: 1})
BOARD = Board(unit=1, coils=COILS, inputs={"fire": 0, "arm": 1})
BEAMS = {"fire": False, "beam_in": False, "beam_out": False}


def test_one_frame_opens_and_none_closes() -> None:
    assert opening(BOARD, IN) == (modbus.flash_coil(1, 0, 5),)
    assert opening(replace(BOARD, opener=Opener.FLASH_REGISTER, coils={IN: 0}), IN) == (
        modbus.flash_register(1, 3, 5),
    )


def test_a_board_without_timer_needs_a_gate_that_closes_by_itself() -> None:
    with pytest.raises(WrongValue, match=r"turnstile\.timer"):
        replace(BOARD, opener=Opener.RELEASE)
    board = replace(BOARD, opener=Opener.RELEASE, gate_closes_by_itself=True)
    assert [frame.data.hex() for frame in opening(board, OUT)] == ["0001ff00", "00010000"]


@pytest.mark.parametrize(
    "wiring",
    [
        {"inputs": {"fire": 0, "arm": 0}},
        {"inputs": {"smoke": 0}},
        {"normally_closed": frozenset({"beam_in"})},
        {"tenths": 0},
        {"tenths": 600},
        {"opener": Opener.FLASH_REGISTER},
    ],
)
def test_dangerous_wiring_is_refused(wiring: dict[str, object]) -> None:
    with pytest.raises(WrongValue):
        replace(BOARD, **wiring)  # type: ignore[arg-type]
    with pytest.raises(WrongValue):
        opening(replace(BOARD, coils={IN: 0}), OUT)


def test_a_fire_loop_is_on_when_its_contact_opens() -> None:
    board = replace(BOARD, normally_closed=frozenset({"fire"}))
    assert look(board) == modbus.read_inputs(1, 0, 2)
    assert contacts(board, Frame(1, 2, b"\x01\x01")) == {"fire": False, "arm": False}
    assert contacts(board, Frame(1, 2, b"\x01\x02")) == {"fire": True, "arm": True}


def test_the_fire_input_is_only_observed() -> None:
    watch, told = Watch().seen({"fire": True, "arm": False}, 1.0)
    assert told == (Notice("fire"),)
    assert not watch.may_send
    watch, told = watch.seen({"fire": True, "arm": True}, 2.0)
    assert told == (Notice("passed", None),), "people who flee are not forcing the gate"
    watch, told = watch.seen({"fire": False, "arm": False}, 3.0)
    assert told == (Notice("fire_over"),)
    assert watch.may_send


def test_a_turn_after_an_opening_is_a_passage_its_way() -> None:
    watch = Watch().ordered(OUT, 10.0)
    watch, told = watch.seen({"arm": False}, 10.5)
    assert told == ()
    watch, told = watch.seen({"arm": True}, 11.0)
    assert told == (Notice("passed", OUT),)
    _watch, told = watch.seen({"arm": True}, 11.1)
    assert told == (), "one turn, one passage"


def test_a_turn_without_an_opening_was_forced() -> None:
    _watch, told = Watch().seen({"arm": True}, 1.0)
    assert told == (Notice("forced", None),)


def test_an_opening_nobody_used() -> None:
    watch, told = Watch().ordered(IN, 0.0).seen({"arm": False}, turnstile.PASSAGE_SECONDS + 0.1)
    assert told == (Notice("not_used", IN),)
    _watch, told = watch.seen({"arm": True}, 9.0)
    assert told == (Notice("forced", None),)


def test_two_beams_tell_the_way() -> None:
    watch, notices = Watch().ordered(IN, 0.0), []
    for at, a, b in [(1.0, True, False), (1.1, True, True), (1.2, False, True), (1.3, False, False)]:
        watch, told = watch.seen({"beam_in": a, "beam_out": b}, at)
        notices += told
    assert notices == [Notice("passed", IN)]
    watch, notices = Watch(), []
    for at, a, b in [(1.0, False, True), (1.2, True, False), (1.3, False, False)]:
        watch, told = watch.seen({"beam_in": a, "beam_out": b}, at)
        notices += told
    assert notices == [Notice("forced", OUT)]


def test_one_beam_and_back_is_nobody_and_a_long_one_is_told_once() -> None:
    watch, told = Watch().seen(BEAMS | {"beam_in": True}, 0.0)
    watch, told = watch.seen(BEAMS | {"beam_in": True}, turnstile.HELD_SECONDS)
    assert told == (Notice("held"),)
    watch, told = watch.seen(BEAMS | {"beam_in": True}, turnstile.HELD_SECONDS + 1)
    assert told == ()
    _watch, told = watch.seen(BEAMS, turnstile.HELD_SECONDS + 2)
    assert told == ()


@given(
    st.lists(
        st.tuples(
            st.dictionaries(st.sampled_from(["fire", "arm", "beam_in", "beam_out"]), st.booleans()),
            st.booleans(),
        ),
        max_size=30,
    )
)
def test_any_contacts_make_sense(story: list[tuple[dict[str, bool], bool]]) -> None:
    watch, at, fire = Watch(), 0.0, 0
    for active, order in story:
        at += 0.7
        if order and watch.may_send:
            watch = watch.ordered(IN, at)
        watch, told = watch.seen(active, at)
        fire += sum(1 if n.kind == "fire" else -1 for n in told if n.kind in ("fire", "fire_over"))
        assert fire == (not watch.may_send)


@pytest.mark.parametrize("opener", [Opener.FLASH_COIL, Opener.RELEASE])
def test_the_gate_closes_by_its_own_timer_even_if_every_second_frame_is_lost(opener: Opener) -> None:
    board, gate = RelayBoard(), None
    gate = Gate(board)
    wiring = replace(BOARD, opener=opener, gate_closes_by_itself=True)
    board.feed(opening(wiring, IN)[0].to_bytes(), 0.0)
    assert gate.tick(0.1, people=False) == ["opens in"]
    assert gate.is_open
    assert gate.tick(5.2, people=False) == ["closed by its own timer"]
    assert not gate.is_open


def test_the_gate_is_open_in_a_fire_without_software() -> None:
    board = RelayBoard()
    gate = Gate(board)
    board.inputs[FIRE] = True
    gate.tick(0.0)
    assert gate.is_open
    assert board.writes == []
    reply = board.feed(look(BOARD).to_bytes(), 0.1)
    assert contacts(BOARD, Frame.from_bytes(reply))["fire"]
    assert Frame.from_bytes(reply).function == Function.READ_INPUTS
