"""A whole turnstile on ptys: a Wiegand reader, and a relay board with the gate behind it, in a thread."""

import argparse
import threading
import time
from pathlib import Path

from devices.protocols.errors import WrongValue
from devices.protocols.wiegand import Badge, LineFormat
from devices.simulators.ptys import Commands, Pty, say
from devices.simulators.relay import ARM, FIRE, Gate, RelayBoard

HELP = "a whole turnstile: a badge reader, and a relay board with the gate behind it"
ARM_SECONDS = 0.4
"""An arm turns slowly enough to be seen."""


class SimulatedTurnstile:
    """`opened_at` are the moments (monotonic) at which the gate opened; `people` false: nobody walks through."""

    def __init__(self, folder: Path, name: str) -> None:
        self.board_link, self.reader_link = folder / f"{name}-board", folder / f"{name}-reader"
        self.board = RelayBoard()
        self.gate = Gate(self.board)
        self.people, self.echo, self.deaf = True, False, False
        self.opened_at: list[float] = []
        self._ports: dict[Path, Pty] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Plug everything in."""
        self.plug(self.board_link)
        self.plug(self.reader_link)
        self._thread.start()

    def plug(self, link: Path) -> None:
        """Put a cable in."""
        with self._lock:
            self._ports[link] = Pty(link)

    def unplug(self, link: Path) -> None:
        """Pull a cable."""
        with self._lock:
            self._ports.pop(link).close()

    def show(self, badge: str, form: LineFormat = LineFormat.HEX6) -> float:
        """Hold a badge to the reader; the moment."""
        with self._lock:
            self._ports[self.reader_link].write(Badge.printed(badge).to_bytes(form))
        return time.monotonic()

    def fire(self, *, on: bool) -> None:
        """The fire input."""
        self.board.inputs[FIRE] = on

    @property
    def is_plugged(self) -> bool:
        """Whether the board's cable is in."""
        return self.board_link in self._ports

    @property
    def orders(self) -> int:
        """Frames that switched something."""
        return len(self.board.writes)

    def close(self) -> None:
        """Take it all away."""
        self._over.set()
        self._thread.join(2)
        for link in list(self._ports):
            self.unplug(link)

    def _run(self) -> None:
        turning_until = 0.0
        while not self._over.is_set():
            with self._lock:
                port = self._ports.get(self.board_link)
            data = port.read(0.01) if port else b""
            if port is None:
                time.sleep(0.01)
            now = time.monotonic()
            if data and port is not None and not self.deaf:
                port.write((data if self.echo else b"") + self.board.feed(data, now))
            self.board.tick(now)
            if now < turning_until:
                continue
            told = self.gate.tick(now, people=self.people)
            self.opened_at += [now for text in told if text.startswith("opens")]
            if self.board.inputs[ARM]:
                turning_until = now + ARM_SECONDS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line."""
    parser.add_argument("--folder", type=Path, default=Path(), help="where the ports get their names")
    parser.add_argument("--name", default="gate", help="ports are called NAME-board and NAME-reader")
    parser.add_argument("--badge", default="188,24910")
    parser.add_argument("--nobody", action="store_true", help="nobody walks through")


def run(options: argparse.Namespace) -> int:
    """Until Ctrl-C. Typed lines: a badge or nothing for the usual one, fire, quiet, unplug, plug."""
    made = SimulatedTurnstile(options.folder, options.name)
    made.people = not options.nobody
    made.start()
    say(f"{made.board_link} and {made.reader_link}; type a badge, fire, quiet, unplug or plug")
    typed, opened = Commands(), 0
    try:
        while True:
            time.sleep(0.05)
            if len(made.opened_at) > opened:
                opened = len(made.opened_at)
                say(f"opens ({opened})")
            for line in typed.lines():
                _obey(made, line, options.badge)
    except KeyboardInterrupt:
        return 0
    finally:
        made.close()


def _obey(made: SimulatedTurnstile, line: str, usual: str) -> None:
    if line in {"fire", "quiet"}:
        made.fire(on=line == "fire")
    elif line == "unplug" and made.is_plugged:
        made.unplug(made.board_link)
    elif line == "plug" and not made.is_plugged:
        made.plug(made.board_link)
    else:
        try:
            made.show(line or usual)
        except WrongValue:
            say("type a badge (188,24910), fire, quiet, unplug or plug")
