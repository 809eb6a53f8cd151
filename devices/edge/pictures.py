"""Pictures of faces, asked of the server one by one when a gate is to get them; never written down on this PC."""

import threading

from devices.client import TerminalClient

TYPICAL, LARGEST = b"\xff\xd8\xff", 200_000
"""How a JPEG begins, and more bytes than the server ever sends (50 kB)."""


class PictureSource:
    """One connection, one question at a time. Any thread may call."""

    def __init__(self, client: TerminalClient) -> None:
        self._client, self._lock = client, threading.Lock()

    def __call__(self, pin: int, name: str) -> bytes | None:
        """The picture; None where the list has moved on. Raises what TerminalClient raises."""
        with self._lock:
            data = self._client.picture(pin, name)
        return data if data is not None and data.startswith(TYPICAL) and len(data) <= LARGEST else None
