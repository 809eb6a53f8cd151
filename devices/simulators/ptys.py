"""Serial ports that are none: a pseudo-terminal whose other end a driver opens like any port."""

import contextlib
import os
import select
import time
import tty
from collections.abc import Iterator
from pathlib import Path


class Pty:
    """One end of a pty in raw mode; the driver opens `path`, or the link to it. Raises OSError."""

    def __init__(self, link: Path | None = None) -> None:
        self.fd, self._other = os.openpty()
        tty.setraw(self.fd)
        tty.setraw(self._other)
        os.set_blocking(self.fd, False)
        self.path = os.ttyname(self._other)
        self.link = link
        if link is not None:
            link.unlink(missing_ok=True)
            link.symlink_to(self.path)

    def read(self, timeout: float) -> bytes:
        """What came within `timeout` seconds, b'' if nothing."""
        ready, _, _ = select.select([self.fd], [], [], max(0.0, timeout))
        if not ready:
            return b""
        try:
            return os.read(self.fd, 4096)
        except OSError:  # nobody has the other end open
            return b""

    def write(self, data: bytes) -> None:
        """All bytes, waiting where the other end reads slowly; gives up after a second."""
        until = time.monotonic() + 1.0
        left = memoryview(data)
        while left and time.monotonic() < until:
            try:
                left = left[os.write(self.fd, left) :]
            except BlockingIOError:
                select.select([], [self.fd], [], 0.1)

    def close(self) -> None:
        """Unplugs it."""
        if self.link is not None:
            self.link.unlink(missing_ok=True)
        for descriptor in (self.fd, self._other):
            with contextlib.suppress(OSError):
                os.close(descriptor)


@contextlib.contextmanager
def pty(link: Path | None = None) -> Iterator[Pty]:
    """A pty that is closed at the end."""
    port = Pty(link)
    try:
        yield port
    finally:
        port.close()


def say(text: str) -> None:
    """One line for the person who watches."""
    print(text, flush=True)


class Commands:
    """Lines that a person types at a simulator, without waiting for them."""

    def __init__(self, descriptor: int = 0) -> None:
        self._descriptor = descriptor
        self._buffer = b""
        self.open = True

    def lines(self) -> list[str]:
        """The lines typed since the last call; none once the input has ended."""
        while self.open and select.select([self._descriptor], [], [], 0)[0]:
            data = os.read(self._descriptor, 4096)
            self.open = bool(data)
            self._buffer += data
        *whole, self._buffer = self._buffer.split(b"\n")
        return [line.decode("utf-8", "replace").strip() for line in whole]
