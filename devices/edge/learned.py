"""Asks the server which devices this agent speaks for (`book.py` keeps the answer)."""

import random
import threading

from devices.client import TerminalClient
from devices.edge.sending import NotAcknowledged
from devices.edge.site import Site

POLL_SECONDS = 60.0


class DevicesLane:
    """Asks for the devices at the start and every minute; the answer is some hundred bytes."""

    name = "devices"

    def __init__(self, site: Site) -> None:
        self._site, self.wake = site, threading.Event()

    def send(self, client: TerminalClient) -> bool:
        """Ask once. Raises as TerminalClient, NotAcknowledged, sqlite3.Error."""
        _status, answer = client.call("GET", "/api/v1/devices/")
        try:
            self._site.book.apply(answer)
        except (ValueError, KeyError, TypeError):
            raise NotAcknowledged("an answer that names no devices") from None
        return False

    def rest(self) -> float:
        """A minute, more or less: agents that came back together do not stay together."""
        return POLL_SECONDS * random.uniform(0.7, 1.3)  # noqa: S311 no secret
