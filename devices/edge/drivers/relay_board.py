"""A Modbus relay board on a port: the question, the answer, and what the contacts told. Used by the turnstile."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass

from devices.edge.clock import Clock
from devices.edge.ports import Port
from devices.protocols import modbus, turnstile
from devices.protocols.errors import DeviceRefused, Garbled
from devices.protocols.records import Direction
from devices.protocols.turnstile import Board, Notice, Watch

log = logging.getLogger(__name__)


class BoardSilent(Exception):
    """Nobody answers on the line, however often it is asked."""


@dataclass(frozen=True)
class Wiring:
    """Where a board is and what hangs on it; `lamps` are coils for green and red, on boards with timers."""

    port: str
    baud: int
    board: Board
    lamps: dict[str, int]


class BoardLine:
    """One board on an open port. Raises PortLost, BoardSilent."""

    def __init__(self, wiring: Wiring, port: Port, clock: Clock) -> None:
        """Finds out whether the adapter hears itself, and whether the board is there."""
        self.wiring, self.board = wiring, wiring.board
        self._port, self._clock = port, clock
        self._echo = False
        self.watch = Watch()
        self._learn()

    @property
    def sees_passages(self) -> bool:
        """Whether a contact tells that somebody walked through."""
        return "arm" in self.board.inputs or {"beam_in", "beam_out"} <= set(self.board.inputs)

    def look(self) -> tuple[Notice, ...]:
        """Read the contacts; what happened since the last look."""
        if not self.board.inputs:
            return ()
        reply = self._ask(turnstile.look(self.board), attempts=modbus.ATTEMPTS)
        try:
            active = turnstile.contacts(self.board, reply)
        except Garbled:
            return ()
        self.watch, notices = self.watch.seen(active, self._clock.boot())
        return notices

    def open(self, way: Direction) -> bool:
        """Pulse once; whether the board confirmed it. An opening is never repeated on trust: if the answer is lost,
        the relay itself is asked whether it is on, and only one that is off is pulsed a second time."""
        if not self.watch.may_send:
            return False
        first, *rest = turnstile.opening(self.board, way)
        done = self._pulse(first, self.board.coils[way])
        for frame in rest:  # lets go of a contact without timer; the gate closes without it too
            self._try(frame)
        self.watch = self.watch.ordered(way, self._clock.boot())
        return done

    def lamp(self, name: str) -> None:
        """Green or red for a second, if there is such a lamp; nobody waits for it."""
        if name in self.wiring.lamps and self.watch.may_send:
            self._try(modbus.flash_coil(self.board.unit, self.wiring.lamps[name], 10))

    def _pulse(self, frame: modbus.Frame, coil: int) -> bool:
        for _attempt in range(2):
            if self._try(frame) is not None:
                return True
            relay = self._try(modbus.read_coils(self.board.unit, coil, 1))
            if relay is not None and modbus.bits_of(relay, 1)[0]:
                return True
        return False

    def _try(self, frame: modbus.Frame) -> modbus.Frame | None:
        try:
            return self._ask(frame, attempts=1)
        except (BoardSilent, DeviceRefused) as problem:
            log.warning("relay board %d: %s", self.board.unit, problem or "no answer")
            return None

    def _ask(self, frame: modbus.Frame, *, attempts: int) -> modbus.Frame:
        for _attempt in range(attempts):
            exchange = modbus.Exchange(frame, echo=self._echo)
            for data in self._answers(frame):
                if (reply := exchange.feed(data)) is not None:
                    return reply
        raise BoardSilent("the relay board does not answer: is it on, are A and B the right way round?")

    def _answers(self, frame: modbus.Frame) -> Iterator[bytes]:
        """What comes in time after a question."""
        time.sleep(modbus.silence(self.wiring.baud))
        self._port.send(frame.to_bytes(), flush=True)
        until = self._clock.boot() + modbus.REPLY_TIMEOUT
        while (left := until - self._clock.boot()) > 0:
            if data := self._port.read(left):
                yield data

    def _learn(self) -> None:
        """Ask for a relay and listen to the end: an adapter that echoes says the question first."""
        question = modbus.read_coils(self.board.unit, min(self.board.coils.values()), 1)
        for _attempt in range(modbus.ATTEMPTS):
            if received := b"".join(self._answers(question)):
                self._echo = modbus.learn_echo(question, received)
                self._ask(question, attempts=modbus.ATTEMPTS)
                return
        raise BoardSilent("the relay board does not answer: is it on, are A and B the right way round?")
