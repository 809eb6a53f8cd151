"""Housekeeping of the queue: seal what an older version left readable, change keys, forget old ones."""

import logging
import sqlite3

from devices.edge.clock import Clock
from devices.edge.keyring import NAME, Keyring
from devices.edge.site import Site
from devices.spool import Spool

log = logging.getLogger(__name__)
EVERY_SECONDS = 3_600.0


class House:
    """Runs in a thread of its own, at the start and every hour."""

    def __init__(self, spool: Spool, keys: Keyring, clock: Clock) -> None:
        self._spool, self._keys, self._clock = spool, keys, clock

    def run(self, site: Site) -> None:
        """Until the agent stops."""
        while True:
            try:
                self.tidy()
            except (OSError, sqlite3.Error) as problem:
                log.warning("the queue was not tidied: %s", problem)
            locked = self._spool.count("locked")
            site.worry(
                "queue",
                f"{locked} passages cannot be read; bring back {self._keys.path}" if locked else "",
                ("queue.locked", "", locked),
            )
            if site.wait(EVERY_SECONDS):
                return

    def tidy(self) -> None:
        """Once. A kill at any moment leaves every passage readable to the agent. Raises OSError, sqlite3.Error."""
        now = self._clock.now()
        if self._keys.renew(now=now):
            log.info("passages are sealed with another key from now on")
        if count := self._spool.reseal():
            log.info("%d passages were sealed anew", count)
        self._keys.drop(self._spool.keys_in_use(NAME), now=now)
