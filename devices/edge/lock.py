"""One agent per queue: a second one would send everything twice and quarrel about the ports."""

import contextlib
import fcntl
import os
from pathlib import Path


class AlreadyRunning(Exception):
    """Another agent works on this queue."""


class QueueLock:
    """Held as long as the process lives; the kernel lets go of it whatever ends the process."""

    def __init__(self, queue: Path) -> None:
        """Take the lock beside the queue's file. Raises AlreadyRunning, OSError."""
        path = queue.resolve().with_suffix(".lock")
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(self._file, 20, 0).decode("ascii", "replace").strip()
            os.close(self._file)
            raise AlreadyRunning(
                f"Another agent (process {owner or 'unknown'}) already works on {queue}. "
                "Stop it first, or give this one a queue of its own."
            ) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Let go."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, 0)
            os.close(self._file)
