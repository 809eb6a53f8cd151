"""What a driver is given: the queue, the clock, and words for how it goes. The only way from a device to the server."""

import base64
import json
import logging
import sqlite3
import threading
import uuid
from collections.abc import Callable
from typing import Any

from devices.edge.allowed import AllowList
from devices.edge.book import DeviceBook
from devices.edge.clock import Clock
from devices.edge.config import Entry
from devices.edge.health import Health
from devices.edge.vault import Unreadable, Vault
from devices.spool import Brief, Spool

log = logging.getLogger(__name__)
CARD_READ = "card-read"
CARD_READ_SECONDS = 600.0
"""After ten minutes the worker has laid the card down again, or is registered."""

Fact = tuple[str, str, int]
"""A worry as the server is told it: code, the gate or device it is about, how many."""


class Site:
    """One agent's common ground. Any thread may call."""

    def __init__(self, spool: Spool, vault: Vault, clock: Clock, entry: Entry | None = None) -> None:
        self.spool, self.vault, self.clock = spool, vault, clock
        self.allowed = AllowList(spool, clock, entry)
        self.book = DeviceBook(spool)
        self.health = Health(clock)
        self.stopping = threading.Event()
        self.has_read = threading.Event()
        """Set when a card read was put into the queue."""
        self.has_event = threading.Event()
        """Set when passages were put into the queue."""
        self.carry: Callable[[Any], None] = lambda _lane: None
        """Starts a sender for a Lane of a driver's own, with the agent's key; the agent puts it here."""
        self.serve: Callable[[str], None] = lambda _serial: None
        """Starts a sender for the passages of a device that the agent speaks for, once; the agent puts it here."""
        self.picture: Callable[[int, str], bytes | None] = lambda _pin, _name: None
        """A person's picture from the server, for the moment in which a gate gets it; the agent puts it here."""
        self._lock = threading.Lock()
        self._trouble = ""
        self._worries: dict[str, str] = {}
        self._facts: dict[str, tuple[Fact, ...]] = {}
        if vault.is_new:
            # Sealed with a key that is gone. `made` is seconds since boot, so the sweep below could not tell.
            spool.forget_briefs(CARD_READ, before=float("inf"))

    def wait(self, seconds: float) -> bool:
        """Rest; True as soon as the agent stops."""
        return self.stopping.wait(seconds)

    def keep_read(self, reader: str, card: dict[str, Any], photo: bytes, photo_kind: str) -> str:
        """Seal a card read and commit it to the queue; returns its key. Only now may success be signalled.

        Raises sqlite3.Error if the disk does not take it.
        """
        key = str(uuid.uuid4())
        read = {
            "key": key,
            "reader": reader,
            "card": card,
            "photo": base64.b64encode(photo).decode() if photo else None,
            "photo_kind": photo_kind,
        }
        sealed = self.vault.seal(json.dumps(read).encode(), context=f"{CARD_READ} {key}")
        self._noting(lambda: self.spool.put_brief(CARD_READ, Brief(key, sealed, self.clock.boot())))
        self.has_read.set()
        return key

    def reads(self, *, most: int) -> list[tuple[dict[str, Any], float]]:
        """The oldest card reads that wait, each with its age in seconds. Those too old or unreadable are dropped."""
        now = self.clock.boot()
        self._noting(lambda: self.spool.forget_briefs(CARD_READ, before=now - CARD_READ_SECONDS))
        found, lost = [], []
        for brief in self.spool.briefs(CARD_READ, most=most):
            try:
                plain = self.vault.open(brief.body, context=f"{CARD_READ} {brief.id}")
            except Unreadable:
                lost.append(brief.id)
            else:
                found.append((json.loads(plain), max(0.0, now - brief.made)))
        if lost:
            log.warning("%d card reads were sealed with a key that is gone", len(lost))
            self.drop_reads(lost)
        return found

    def drop_reads(self, keys: list[str]) -> None:
        """The server answered for them."""
        self._noting(lambda: self.spool.drop_briefs(CARD_READ, keys))

    def keep_events(self, gate: str, events: list[dict[str, Any]], *, held: bool = False) -> int:
        """Commit passages to a gate's queue; how many are new. Only now may the gate open.

        `held` ones wait for `settle_event`: whether somebody walked through. Raises sqlite3.Error if the disk
        does not take them.
        """
        made = self.clock.now()
        new: int = self._noting(lambda: self.spool.put(gate, events, made=made, held=held))
        self.has_event.set()
        return new

    def settle_event(self, gate: str, name: str, *, passed: bool) -> None:
        """Send a held passage, or set it aside because nobody walked through. Raises sqlite3.Error."""
        work = self.spool.release if passed else self.spool.discard
        self._noting(lambda: work(gate, name))
        self.has_event.set()

    @property
    def trouble(self) -> str:
        """Why the queue does not take anything, and what else a person should know; or empty. For the log."""
        with self._lock:
            return "; ".join(filter(None, [self._trouble, *self._worries.values()]))[:300]

    @property
    def full(self) -> str:
        """Why the queue does not take anything; or empty."""
        with self._lock:
            return self._trouble[:300]

    @property
    def worries(self) -> list[dict[str, Any]]:
        """What a person should know, for the server, which has words for it in the clerk's language."""
        with self._lock:
            found = [one for facts in self._facts.values() for one in facts]
        return [{"code": code, "about": about[:60], "count": count} for code, about, count in found[:50]]

    def worry(self, about: str, words: str, *facts: Fact) -> None:
        """Something a person should know, until it is said again with no words. No names of people.

        `facts` are what the server is told: a code of `devices.terminal_worries`, the gate, how many.
        """
        with self._lock:
            before = self._worries.pop(about, "")
            self._facts.pop(about, None)
            if words:
                self._worries[about] = words
                self._facts[about] = facts or (("other", about, 0),)
        if words != before:
            self.health.changed.set()
            log.log(logging.WARNING if words else logging.INFO, "%s: %s", about, words or "well again")

    def _noting(self, work: Any) -> Any:
        """Do something with the queue and remember whether the disk is full."""
        try:
            result = work()
        except sqlite3.Error as problem:
            self._note(str(problem))
            raise
        self._note("")
        return result

    def _note(self, trouble: str) -> None:
        with self._lock:
            before, self._trouble = self._trouble, trouble
        if trouble != before:
            self.health.changed.set()
            if trouble:
                log.error("the queue cannot be written: %s. Make room on the disk.", trouble)
            else:
                log.info("the queue can be written again")
