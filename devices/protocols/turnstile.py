"""A turnstile behind a relay board: what may be sent, and what the contacts mean.

Rules. A pulse opens. The gate closes by its own timer; no command of ours is ever needed to close it.
The fire input opens the gate in hardware; software observes and reports it, and sends nothing meanwhile.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from devices.protocols import modbus
from devices.protocols.errors import WrongValue
from devices.protocols.records import Direction

PULSE_TENTHS = 5
"""How long the relay is closed, in tenths of a second; gates want a dry contact of 0.2 to 1 s."""
POLL_SECONDS = 0.1
"""Between two looks at the contacts; an arm turns in half a second."""
PASSAGE_SECONDS = 8.0
"""The gate's own timer closes after 5 s on most models; a turn later than this was not ours."""
HELD_SECONDS = 15.0
"""A beam broken for so long is a person, a barrow or dirt in the way."""


class Opener(StrEnum):
    """How a board makes a pulse."""

    FLASH_COIL = "flash_coil"
    FLASH_REGISTER = "flash_register"
    RELEASE = "release"
    """No timer on the board: on, then off. Only for gates that close whether or not the off arrives."""


@dataclass(frozen=True, kw_only=True)
class Board:
    """The wiring of one board. Contact names: fire, arm, beam_in, beam_out; each with its input number.

    `normally_closed` names contacts that are 1 while all is quiet (fire loops usually are).
    Raises WrongValue for wiring that could leave a gate open or that has no fire input named twice.
    """

    unit: int
    coils: Mapping[Direction, int]
    inputs: Mapping[str, int] = field(default_factory=dict)
    normally_closed: frozenset[str] = frozenset()
    opener: Opener = Opener.FLASH_COIL
    flash_registers: Mapping[int, int] = field(default_factory=lambda: {0: 3})
    gate_closes_by_itself: bool = False
    tenths: int = PULSE_TENTHS

    def __post_init__(self) -> None:
        """Refuses dangerous wiring."""
        if self.opener is Opener.RELEASE and not self.gate_closes_by_itself:
            raise WrongValue("turnstile.timer", "a board without timer needs a gate that closes by itself")
        unknown = set(self.inputs) - {"fire", "arm", "beam_in", "beam_out"}
        if unknown or set(self.normally_closed) - set(self.inputs):
            raise WrongValue("turnstile.input", "fire, arm, beam_in or beam_out, each wired")
        if len(set(self.inputs.values())) != len(self.inputs):
            raise WrongValue("turnstile.input", "two names on one input")
        if not 1 <= self.tenths <= 50:
            raise WrongValue("turnstile.pulse", "0.1 to 5 s")
        if self.opener is Opener.FLASH_REGISTER and set(self.coils.values()) - set(self.flash_registers):
            raise WrongValue("turnstile.register", "a coil without its flash register")

    @property
    def input_count(self) -> int:
        """How many inputs to read."""
        return max(self.inputs.values(), default=-1) + 1


def opening(board: Board, way: Direction) -> tuple[modbus.Frame, ...]:
    """The frames that open once. With a board timer it is one frame, and nothing follows.

    With RELEASE the second frame lets go of the contact; if it is lost the gate has closed all the same.
    """
    if way not in board.coils:
        raise WrongValue("turnstile.way", f"no coil for {way.value}")
    coil = board.coils[way]
    if board.opener is Opener.FLASH_COIL:
        return (modbus.flash_coil(board.unit, coil, board.tenths),)
    if board.opener is Opener.FLASH_REGISTER:
        return (modbus.flash_register(board.unit, board.flash_registers[coil], board.tenths),)
    return (
        modbus.write_coil(board.unit, coil, on=True),
        modbus.write_coil(board.unit, coil, on=False),
    )


def look(board: Board) -> modbus.Frame:
    """The question for the contacts."""
    return modbus.read_inputs(board.unit, 0, board.input_count)


def contacts(board: Board, reply: modbus.Frame) -> dict[str, bool]:
    """Which contacts are active: fire alarm on, arm turned, beam broken. Raises Garbled."""
    bits = modbus.bits_of(reply, board.input_count)
    return {name: bits[number] != (name in board.normally_closed) for name, number in board.inputs.items()}


@dataclass(frozen=True)
class Notice:
    """Something the contacts told: `fire`, `fire_over`, `passed`, `forced`, `held`, `not_used`, with the way."""

    kind: str
    way: Direction | None = None


@dataclass(frozen=True)
class Watch:
    """What was seen so far; `seen` gives the next watch. Times are seconds of any steady clock."""

    fire: bool = False
    arm: bool = False
    beams: tuple[Direction, ...] = ()
    opened: Direction | None = None
    opened_at: float = 0.0
    broken_at: float | None = None
    told_held: bool = False

    @property
    def may_send(self) -> bool:
        """Nothing is sent while the fire input is on: the gate is open, and stays open, without us."""
        return not self.fire

    def ordered(self, way: Direction, at: float) -> "Watch":
        """An opening was confirmed by the board."""
        return replace(self, opened=way, opened_at=at)

    def seen(self, active: Mapping[str, bool], at: float) -> "tuple[Watch, tuple[Notice, ...]]":
        """The next watch, and what happened: a turn of the arm, or one beam after the other, is a passage."""
        notices: list[Notice] = []
        now = self
        if active.get("fire", False) != self.fire:
            now = replace(now, fire=not self.fire)
            notices.append(Notice("fire" if now.fire else "fire_over"))
        now, turned = now._turn(active, at)
        if turned is not None:
            expected = now.opened is not None and at - now.opened_at <= PASSAGE_SECONDS
            notices.append(Notice("passed" if expected or now.fire else "forced", turned[0] or now.opened))
            now = replace(now, opened=None)
        elif now.opened is not None and at - now.opened_at > PASSAGE_SECONDS:
            notices.append(Notice("not_used", now.opened))
            now = replace(now, opened=None)
        now, held = now._hold(active, at)
        return now, (*notices, *held)

    def _turn(self, active: Mapping[str, bool], at: float) -> "tuple[Watch, tuple[Direction | None] | None]":
        arm = active.get("arm", False)
        if "arm" in active:
            turned = (None,) if arm and not self.arm else None
            return replace(self, arm=arm), turned
        broken = tuple(
            way for way, name in ((Direction.IN, "beam_in"), (Direction.OUT, "beam_out")) if active.get(name)
        )
        beams = self.beams + tuple(way for way in broken if way not in self.beams)
        if broken:
            return replace(self, beams=beams), None
        return replace(self, beams=()), ((beams[0],) if len(beams) == 2 else None)

    def _hold(self, active: Mapping[str, bool], at: float) -> "tuple[Watch, tuple[Notice, ...]]":
        if not (active.get("beam_in") or active.get("beam_out")):
            return replace(self, broken_at=None, told_held=False), ()
        since = self.broken_at if self.broken_at is not None else at
        if at - since >= HELD_SECONDS and not self.told_held:
            return replace(self, broken_at=since, told_held=True), (Notice("held"),)
        return replace(self, broken_at=since), ()
