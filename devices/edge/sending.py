"""Senders: each takes one kind of thing to the server over a connection of its own, so that none waits for another."""

import http.client
import logging
import sqlite3
import threading
from datetime import datetime
from typing import Any, Protocol

from devices.client import Refused, TerminalClient
from devices.edge.backoff import Backoff
from devices.edge.clock import Clock
from devices.edge.config import Server
from devices.edge.keys import Key
from devices.edge.site import Site

log = logging.getLogger(__name__)


class Lane(Protocol):
    """What a sender carries."""

    name: str
    wake: threading.Event
    """Set by whoever puts something in."""

    def send(self, client: TerminalClient) -> bool:
        """Send a part; True if there may be more. Raises what TerminalClient raises, NotAcknowledged, sqlite3.Error."""

    def rest(self) -> float:
        """Seconds to wait when there is nothing, unless woken."""


class NotAcknowledged(Exception):
    """The server answered, but not for what was sent: it counts as not sent."""


def connect(server: Server, key: Key, clock: Clock, *, timeout: float) -> TerminalClient:
    """A client that signs with the agent's clock."""
    return TerminalClient(
        server.url,
        key.key_id,
        key.secret,
        timeout=timeout,
        clock=clock.now,
        ca_file=server.ca_file,
        keys=key.pair,
    )


class Sender:
    """Runs a lane until the agent stops. After a failure it waits, longer each time; something new is tried at once."""

    def __init__(self, lane: Lane, client: TerminalClient, site: Site) -> None:
        self._lane, self._client, self._site = lane, client, site
        self._backoff = Backoff()
        self._said = ""

    def run(self) -> None:
        """Until `site.stopping`; the thread ends after the request that is under way."""
        while not self._site.stopping.is_set():
            self._lane.wake.clear()
            pause = self._step()
            if pause > 0:
                self._lane.wake.wait(pause)
        self._client.close()

    def _step(self) -> float:
        """One request; seconds to wait afterwards."""
        clock = self._site.clock
        began = clock.boot()
        try:
            more = self._lane.send(self._client)
        except Refused as refusal:
            facts = refusal.answer if isinstance(refusal.answer, dict) else {}
            learn(clock, facts, took=clock.boot() - began)
            return self._failed(f"the server says {refusal.status} {facts.get('code', '')}")
        except (OSError, http.client.HTTPException, NotAcknowledged) as problem:
            return self._failed(f"{type(problem).__name__}: {problem}")
        except sqlite3.Error as problem:
            return self._failed(f"the queue: {problem}")
        except Exception as problem:  # a sender that ends would lose everything behind it
            log.exception("%s: the sender broke", self._lane.name)
            return self._failed(type(problem).__name__)
        if self._said:
            log.info("%s: goes through again", self._lane.name)
        self._said = ""
        self._backoff.reset()
        return 0.0 if more else self._lane.rest()

    def _failed(self, words: str) -> float:
        pause = self._backoff.pause()
        if words != self._said:
            log.warning("%s: %s; again in %.1f s", self._lane.name, words, pause)
        self._said = words
        return pause


def learn(clock: Clock, answer: Any, *, took: float) -> None:
    """Take the server's time from an answer that tells it."""
    said = answer.get("server_time") if isinstance(answer, dict) else None
    if isinstance(said, str):
        clock.learn(datetime.fromisoformat(said).timestamp(), took=took)
