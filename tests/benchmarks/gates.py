"""What the soak of gates needs: a link that can be cut, people who walk, and an agent that is killed."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from devices.simulators.turnstile import SimulatedTurnstile

AGAIN_SECONDS = 4.0
"""After this somebody whose gate did not open holds the badge to it again."""


class Link:
    """A TCP relay to the server; while cut it hangs up on everything."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.cut = False
        self.cuts = 0
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def set_cut(self, *, cut: bool) -> None:
        """Pull the cable, or put it back."""
        self.cut = cut
        self.cuts += cut
        for one in list(self._open) if cut else []:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """For ever."""
        self.set_cut(cut=True)
        self.cuts -= 1
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _address = self._listener.accept()
            except OSError:
                return
            if self.cut:
                near.close()
                continue
            with contextlib.suppress(OSError):
                far = socket.create_connection(("127.0.0.1", self._to))
                self._open |= {near, far}
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, here: socket.socket, there: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := here.recv(65_536):
                there.sendall(data)
        for one in (here, there):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._open.discard(here)
        here.close()


class Queue(threading.Thread):
    """People before one gate, one after the other; each goes through once and is noted when the gate opened."""

    def __init__(self, gate: SimulatedTurnstile, pins: list[int]) -> None:
        super().__init__(daemon=True)
        self.gate, self.pins = gate, pins
        self.signalled: list[int] = []
        self.shows = 0
        self.waits: list[float] = []
        """Seconds from badge to pulse, of those whose first try opened."""
        self.over = threading.Event()

    def run(self) -> None:
        """Until told to stop, or nobody is left; whoever has begun goes through."""
        dice = random.Random(self.pins[0])
        for pin in self.pins:
            if self.over.wait(dice.uniform(0.3, 1.5)):
                return
            before, tries = len(self.gate.opened_at), 0
            while len(self.gate.opened_at) == before:
                if tries and self.over.is_set():
                    # The last one went away; if it opens now, it counts as signalled all the same.
                    time.sleep(AGAIN_SECONDS)
                    break
                shown, tries = self.gate.show(badge(pin)), tries + 1
                self.shows += 1
                until = shown + AGAIN_SECONDS
                while time.monotonic() < until and len(self.gate.opened_at) == before:
                    time.sleep(0.01)
            if len(self.gate.opened_at) > before:
                self.signalled.append(pin)
                if tries == 1:
                    self.waits.append(self.gate.opened_at[before] - shown)
            turned = time.monotonic() + 6
            while time.monotonic() < turned and self.gate.gate.passages < len(self.gate.opened_at):
                time.sleep(0.01)


def badge(pin: int) -> str:
    """Each person has one."""
    return f"{pin >> 16:03d},{pin & 0xFFFF:05d}"


class Agent:
    """The agent as a process that is killed and started again."""

    def __init__(self, config: Path, log: Path) -> None:
        self._command = [sys.executable, "-m", "devices.edge", "--config", str(config)]
        self._log = log
        self.kills = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Once more."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("DJANGO", "WAGEWATCH"))}
        root = Path(__file__).resolve().parents[2]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=root, env=environment, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self) -> None:
        """kill -9, without a word before."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self.kills += 1

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(20)
