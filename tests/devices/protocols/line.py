"""A bad serial line: a pump between two ptys that splits, delays, drops, corrupts and echoes bytes, and can be cut."""

import contextlib
import os
import random
import select
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from devices.simulators.ptys import Pty


@dataclass
class Faults:
    """What goes wrong; change it while the line runs. Chances are per chunk, in both directions."""

    split: int = 0
    delay: float = 0.0
    drop: float = 0.0
    corrupt: float = 0.0
    echo: bool = False
    cut: bool = False
    deaf: bool = False
    """The device hears, but nothing it says arrives."""
    dice: random.Random = field(default_factory=lambda: random.Random(7))


class Line:
    """Two ports joined by a pump: `near` is opened by the driver, `far` by the device."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self._near, self._far = Pty(), Pty()
        self.near, self.far = self._near.path, self._far.path
        self.damaged = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._pump, daemon=True)
        self._thread.start()

    def _pump(self) -> None:
        ends = {self._near.fd: self._far, self._far.fd: self._near}
        while not self._over.is_set():
            ready, _, _ = select.select(list(ends), [], [], 0.02)
            for descriptor in ready:
                with contextlib.suppress(OSError):
                    data = os.read(descriptor, 4096)
                    if self.faults.echo and descriptor == self._near.fd and not self.faults.cut:
                        self._near.write(data)
                    if not (self.faults.deaf and descriptor == self._far.fd):
                        self._carry(data, ends[descriptor])

    def _carry(self, data: bytes, to: Pty) -> None:
        size = self.faults.split or len(data) or 1
        for start in range(0, len(data), size):
            piece = bytearray(data[start : start + size])
            if self.faults.cut:
                continue
            if self.faults.dice.random() < self.faults.drop:
                del piece[self.faults.dice.randrange(len(piece))]
                self.damaged += 1
            elif piece and self.faults.dice.random() < self.faults.corrupt:
                piece[self.faults.dice.randrange(len(piece))] ^= 1 << self.faults.dice.randrange(8)
                self.damaged += 1
            if self.faults.delay:
                time.sleep(self.faults.delay)
            to.write(bytes(piece))

    def close(self) -> None:
        """Stops the pump and closes both ports."""
        self._over.set()
        self._thread.join(2)
        self._near.close()
        self._far.close()


@contextlib.contextmanager
def line(faults: Faults | None = None) -> Iterator[Line]:
    """A line that is closed at the end."""
    made = Line(faults or Faults())
    try:
        yield made
    finally:
        made.close()
