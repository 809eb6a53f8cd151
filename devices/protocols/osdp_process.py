"""The agent's end of the panel process: starts it, restarts it, passes orders and words."""

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from devices.protocols.errors import Garbled
from devices.protocols.osdp import Act, Order, Say, Word

STOP_SECONDS = 3.0
"""How long the process has to end by itself."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds between two starts after a failure, doubling: a port that is unplugged comes back on its own."""
GOOD_RUN = 60.0
"""A process that lived this long starts the pauses anew."""
ORDER_SECONDS = 1.0
"""If the process itself says nothing about an order by then, it has failed: twice its own time-out."""
SILENT_ORDERS = 3
"""So many orders in a row of which the process said nothing at all: it hangs, and is ended."""
RESTART, NOT_SET_UP = 75, 78


class PanelProcess:
    """The panel of one line. `hear` gets every word, in a thread of its own; it must not block for long.

    An order that cannot be passed on, or of which nothing is heard, is told as `done` with ok false.
    """

    def __init__(
        self,
        port: str,
        addresses: Sequence[int],
        keys: Path,
        hear: Callable[[Word], None],
        *,
        baud: int = 9600,
        installing: bool = False,
    ) -> None:
        readers = [part for address in addresses for part in ("--reader", str(address))]
        self._argv = [
            *(sys.executable, "-m", "devices.protocols.osdp_panel", "--port", port, "--baud", str(baud)),
            *readers,
            *("--keys", str(keys)),
            *(("--install",) if installing else ()),
        ]
        self._hear = hear
        self._lock = threading.Lock()
        self._waiting: dict[str, tuple[Order, float]] = {}
        self._child: subprocess.Popen[bytes] | None = None
        self._over = threading.Event()
        self._silent = 0
        self.starts = 0
        self._threads = [
            threading.Thread(target=self._run, name="osdp", daemon=True),
            threading.Thread(target=self._remind, name="osdp-orders", daemon=True),
        ]

    def start(self) -> None:
        """Starts the process and keeps it running."""
        for thread in self._threads:
            thread.start()

    def send(self, order: Order) -> None:
        """Passes an order on; its result comes as a word."""
        with self._lock:
            self._waiting[order.id] = (order, time.monotonic())
            child = self._child
            try:
                if child is None or child.stdin is None:
                    raise BrokenPipeError
                child.stdin.write(order.to_bytes())
                child.stdin.flush()
                return
            except (OSError, ValueError):
                self._waiting.pop(order.id, None)
        self._hear(_failed(order, "panel away"))

    def stop(self) -> None:
        """Ends the process and the threads."""
        self._over.set()
        with self._lock:
            child = self._child
            if child is not None and child.stdin is not None:
                with contextlib.suppress(OSError, ValueError):
                    child.stdin.write(Order(Act.STOP).to_bytes())
                    child.stdin.close()
        if child is not None:
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
        for thread in self._threads:
            thread.join(STOP_SECONDS)

    @property
    def pid(self) -> int | None:
        """The process id, None between two runs."""
        child = self._child
        return child.pid if child is not None and child.poll() is None else None

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while not self._over.is_set():
            began = time.monotonic()
            code = self._once()
            if self._over.is_set():
                return
            if code == RESTART or time.monotonic() - began >= GOOD_RUN:
                pause = FIRST_PAUSE
            if code == NOT_SET_UP:
                pause = LONGEST_PAUSE
            if code != RESTART:
                self._over.wait(pause)
                pause = min(LONGEST_PAUSE, pause * 2)

    def _once(self) -> int:
        """One life of the process; its exit code."""
        child = subprocess.Popen(
            self._argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        with self._lock:
            self._child = child
            self.starts += 1
        assert child.stdout is not None  # noqa: S101  it is a pipe
        for line in child.stdout:
            try:
                word = Word.from_bytes(line)
            except Garbled:
                continue
            self._silent = 0
            if word.say is Say.DONE:
                with self._lock:
                    known = self._waiting.pop(str(word.facts.get("id", "")), None)
                if known is None:
                    continue  # given up already
            self._hear(word)
        code = child.wait()
        with self._lock:
            self._child = None
            lost = [order for order, _at in self._waiting.values()]
            self._waiting.clear()
        for order in lost:
            self._hear(_failed(order, "panel away"))
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError, ValueError):
                    pipe.close()
        return code

    def _remind(self) -> None:
        while not self._over.wait(0.1):
            now = time.monotonic()
            with self._lock:
                late = [order for order, at in self._waiting.values() if now - at >= ORDER_SECONDS]
                for order in late:
                    del self._waiting[order.id]
                self._silent += len(late)
                child = self._child
            for order in late:
                self._hear(_failed(order, "timeout"))
            if self._silent >= SILENT_ORDERS and child is not None:
                self._silent = 0
                child.kill()


def _failed(order: Order, why: str) -> Word:
    return Word(Say.DONE, order.address, {"id": order.id, "ok": False, "why": why})
