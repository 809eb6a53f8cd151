"""A relay board with a turnstile behind it: Modbus RTU on a pty."""

import argparse
import time
from pathlib import Path

from devices.protocols.errors import Garbled
from devices.protocols.modbus import Frame, Function, crc
from devices.simulators.ptys import Commands, pty, say

HELP = "a Modbus relay board with a turnstile: coils 0 in, 1 out; inputs 0 fire, 1 arm"
GATE_CLOSES_AFTER = 5.0
TURNS_AFTER = 1.0
RELAYS, INPUTS = 8, 8
FIRE, ARM = 0, 1


class RelayBoard:
    """The board: coils, inputs, timers of its own. `now` is any steady clock."""

    def __init__(self, unit: int = 1) -> None:
        self.unit = unit
        self.coils = [False] * RELAYS
        self.inputs = [False] * INPUTS
        self.off_at: dict[int, float] = {}
        self.writes: list[Frame] = []
        self._buffer = b""

    def feed(self, data: bytes, now: float) -> bytes:
        """Answers to the whole requests in these bytes. Damaged ones get no answer, as the standard says."""
        self.tick(now)
        self._buffer = (self._buffer + data)[-512:]
        answers = b""
        while (found := self._next()) is not None:
            answers += self._answer(found, now)
        return answers

    def tick(self, now: float) -> None:
        """Lets the timers run."""
        for coil, at in list(self.off_at.items()):
            if now >= at:
                self.coils[coil] = False
                del self.off_at[coil]

    def _next(self) -> Frame | None:
        for start in range(len(self._buffer) - 7):
            piece = self._buffer[start:]
            length = 9 + piece[6] if piece[1] in (15, 16) else 8
            if piece[0] != self.unit or len(piece) < length:
                continue
            try:
                frame = Frame.from_bytes(piece[:length])
            except Garbled:
                continue
            self._buffer = self._buffer[start + length :]
            return frame
        return None

    def _answer(self, frame: Frame, now: float) -> bytes:
        first = int.from_bytes(frame.data[:2], "big")
        second = int.from_bytes(frame.data[2:4], "big")
        if frame.function in (Function.READ_COILS, Function.READ_INPUTS):
            bits = self.coils if frame.function == Function.READ_COILS else self.inputs
            if not 1 <= second <= len(bits) - first:
                return self._refuse(frame, 2)
            chosen = bits[first : first + second]
            packed = bytearray((second + 7) // 8)
            for n, on in enumerate(chosen):
                packed[n // 8] |= on << n % 8
            return Frame(self.unit, frame.function, bytes((len(packed),)) + packed).to_bytes()
        if frame.function == Function.WRITE_COIL:
            return self._write_coil(frame, first, second, now)
        if frame.function == Function.WRITE_REGISTERS and second == 2 and (first - 3) % 5 == 0:
            coil = (first - 3) // 5
            mode = int.from_bytes(frame.data[5:7], "big")
            if coil >= RELAYS or mode != 4:
                return self._refuse(frame, 2 if coil >= RELAYS else 3)
            self.writes.append(frame)
            self._flash(coil, int.from_bytes(frame.data[7:9], "big"), now)
            return Frame(self.unit, frame.function, frame.data[:4]).to_bytes()
        return self._refuse(frame, 1)

    def _write_coil(self, frame: Frame, address: int, value: int, now: float) -> bytes:
        flash, coil = divmod(address, 0x100)
        if coil >= RELAYS or flash not in (0, 2):
            return self._refuse(frame, 2)
        if flash == 0 and value not in (0xFF00, 0):
            return self._refuse(frame, 3)
        self.writes.append(frame)
        if flash:
            self._flash(coil, value, now)
        else:
            self.coils[coil] = value == 0xFF00
            self.off_at.pop(coil, None)
        return frame.to_bytes()

    def _flash(self, coil: int, tenths: int, now: float) -> None:
        self.coils[coil] = True
        self.off_at[coil] = now + tenths / 10

    def _refuse(self, frame: Frame, code: int) -> bytes:
        body = bytes((self.unit, frame.function | 0x80, code))
        return body + crc(body)


class Gate:
    """The turnstile: opens at the edge of a relay, closes by its own timer or after one person."""

    def __init__(self, board: RelayBoard) -> None:
        self.board = board
        self.open_until = 0.0
        self.turn_at: float | None = None
        self.passages = 0
        self._before = [False, False]

    def tick(self, now: float, *, people: bool = True) -> list[str]:
        """What happens now, in words."""
        self.board.tick(now)
        told = []
        pair = self.board.coils[:2]
        edges = [on and not was for on, was in zip(pair, self._before, strict=True)]
        self._before = list(pair)
        self.board.inputs[ARM] = False
        if any(edges):
            told.append(f"opens {'in' if edges[0] else 'out'}")
            self.open_until = now + GATE_CLOSES_AFTER
            self.turn_at = now + TURNS_AFTER if people else None
        if self.turn_at is not None and now >= self.turn_at:
            self.turn_at, self.open_until = None, 0.0
            self.board.inputs[ARM] = True
            self.passages += 1
            told.append(f"somebody passed ({self.passages})")
        if self.open_until and now >= self.open_until and not self.board.inputs[FIRE]:
            self.open_until = 0.0
            told.append("closed by its own timer")
        return told

    @property
    def is_open(self) -> bool:
        """Open for somebody, or for everybody while the fire input is on."""
        return self.board.inputs[FIRE] or self.open_until > 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line."""
    parser.add_argument("--link", type=Path, help="a name for the port, e.g. /tmp/relay")
    parser.add_argument("--unit", type=int, default=1)
    parser.add_argument("--echo", action="store_true", help="as a half-duplex adapter does")
    parser.add_argument("--nobody", action="store_true", help="nobody walks through")


def run(options: argparse.Namespace) -> int:
    """Until Ctrl-C. Typed lines: fire, quiet."""
    board = RelayBoard(options.unit)
    gate = Gate(board)
    typed = Commands()
    with pty(options.link) as port:
        say(f"relay board {options.unit} at {options.link or port.path}; type fire or quiet")
        arm_until = 0.0
        try:
            while True:
                data = port.read(0.02)
                now = time.monotonic()
                if data and options.echo:
                    port.write(data)
                if data:
                    port.write(board.feed(data, now))
                if now >= arm_until:
                    for text in gate.tick(now, people=not options.nobody):
                        say(text)
                    if board.inputs[ARM]:
                        arm_until = now + 0.4  # an arm turns slowly enough to be seen
                for line in typed.lines():
                    board.inputs[FIRE] = line == "fire"
                    say(f"fire input {'on: the gate is open' if board.inputs[FIRE] else 'off'}")
        except KeyboardInterrupt:
            return 0
