"""Serial ports: opened by a stable name, lost, and opened again."""

import errno
import os
import select

import serial

from devices.edge.backoff import Backoff

LONGEST_PAUSE = 2.0
"""Seconds between tries to open a port: somebody has just put the cable back and looks at the lamp."""
PIECE = 4096


class PortLost(Exception):
    """The cable was pulled, or the adapter went away."""


class Port:
    """An open port. `device` is a path, best one of /dev/serial/by-id, or socket://host:port of a serial gateway."""

    def __init__(self, device: str, baud: int) -> None:
        """Open it for this process alone. Raises PortLost with what to do."""
        try:
            self._serial = serial.serial_for_url(
                device, baudrate=baud, timeout=0, write_timeout=2, exclusive=True
            )
        except (serial.SerialException, OSError, ValueError) as problem:
            raise PortLost(_what_to_do(device, problem)) from None

    def read(self, wait: float) -> bytes:
        """What is there, or what comes within `wait` seconds; empty if nothing does."""
        try:
            if not select.select([self._serial.fileno()], [], [], max(0.0, wait))[0]:
                return b""
            return bytes(self._serial.read(PIECE))
        except (serial.SerialException, OSError, TypeError, ValueError) as problem:
            raise PortLost(f"the port went away ({problem})") from None

    def send(self, data: bytes, *, flush: bool = False) -> None:
        """Write; `flush` throws away what came in before."""
        try:
            if flush:
                self._serial.reset_input_buffer()
            self._serial.write(data)
        except (serial.SerialException, OSError, TypeError, ValueError) as problem:
            raise PortLost(f"the port went away ({problem})") from None

    def close(self) -> None:
        """Give it back."""
        self._serial.close()


def reopening() -> Backoff:
    """The pauses between tries to open a port."""
    return Backoff(longest=LONGEST_PAUSE)


def _what_to_do(device: str, problem: Exception) -> str:
    number = getattr(problem, "errno", None)
    if "://" not in device and not os.path.exists(device):
        return f"there is no {device}: is the cable in?"
    if number == errno.EACCES:
        return f"{device} may not be opened: put the agent's user into the group dialout"
    if "lock" in str(problem):
        return f"another program uses {device}: close it"
    return f"{device} does not open: {problem}"
