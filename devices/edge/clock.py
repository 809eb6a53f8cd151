"""The agent's clock: the server's time carried on by a clock that nobody can set.

A site PC's clock is often wrong and is sometimes stepped. Durations here are measured with the time since boot,
and moments are the server's last word plus such a duration. Only before the first word the PC's own clock counts.
"""

import threading
import time
from collections.abc import Callable


def since_boot() -> float:
    """Seconds since the machine started, sleep included; never steps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Clock:
    """`now()` in seconds since 1970; `boot()` in seconds since the machine started."""

    STEP = 2.0
    """Seconds by which the PC's clock must have jumped to be worth a word."""

    def __init__(self, wall: Callable[[], float] = time.time, boot: Callable[[], float] = since_boot) -> None:
        self._wall, self.boot = wall, boot
        self._lock = threading.Lock()
        self._began = wall() - boot()
        self._offset: float | None = None

    def now(self) -> float:
        """The best known time."""
        with self._lock:
            offset = self._offset
        return self._wall() if offset is None else self.boot() + offset

    @property
    def is_sure(self) -> bool:
        """Whether the server has told the time since the agent started."""
        return self._offset is not None

    def learn(self, server_seconds: float, *, took: float = 0.0) -> None:
        """The server said its time in an answer that took so many seconds."""
        with self._lock:
            self._offset = server_seconds + took / 2 - self.boot()

    @property
    def wrong_by(self) -> float:
        """Seconds by which the PC's own clock is ahead of the server's; 0 while unknown."""
        with self._lock:
            return 0.0 if self._offset is None else self._wall() - self.boot() - self._offset

    def stepped(self) -> float:
        """Seconds by which the PC's clock was set since the last call; 0 if less than STEP."""
        began = self._wall() - self.boot()
        step = began - self._began
        if abs(step) < self.STEP:
            return 0.0
        self._began = began
        return step
