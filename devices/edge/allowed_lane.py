"""Fetches the allow-list: at once after the start and when a heartbeat names another version, else now and then."""

import random
import sqlite3
from urllib.parse import quote

from devices.client import TerminalClient
from devices.edge.allowed import UnusableList
from devices.edge.sending import NotAcknowledged
from devices.edge.site import Site

POLL_SECONDS = 300.0
"""The heartbeat says within half a minute that a list changed; asking is for servers that do not."""
SILENCE_KEPT_SECONDS = 600.0


class AllowedLane:
    """One request; 304 costs the server one digest and us one row."""

    name = "allow-list"

    def __init__(self, site: Site) -> None:
        self._site, self.wake = site, site.allowed.wanted
        self._noted_at = site.clock.boot()
        self._whole = False

    def send(self, client: TerminalClient) -> bool:
        """Ask once. Raises as TerminalClient, NotAcknowledged, sqlite3.Error."""
        allowed, clock = self._site.allowed, self._site.clock
        try:
            answer = client.allow_list("" if self._whole else quote(allowed.version))
        except Exception:
            self._note_silence()
            raise
        if answer is None:
            allowed.confirm(now=clock.now())
            return False
        try:
            allowed.apply(answer, now=clock.now())
        except UnusableList as problem:
            self._whole = True
            raise NotAcknowledged(f"a list that cannot be used: {problem}") from None
        self._whole = False
        return False

    def rest(self) -> float:
        """Five minutes, more or less: agents that came back together do not stay together."""
        return POLL_SECONDS * random.uniform(0.7, 1.3)  # noqa: S311 no secret

    def _note_silence(self) -> None:
        """Now and then, so that a PC without a clock battery knows how old its list is."""
        now = self._site.clock.boot()
        if now - self._noted_at >= SILENCE_KEPT_SECONDS:
            self._noted_at = now
            try:
                self._site.allowed.note_silence()
            except sqlite3.Error:  # the site says it when an event does not go in
                return
