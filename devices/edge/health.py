"""What the agent's devices do just now, for heartbeats and logs."""

import logging
import threading
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from devices.edge.clock import Clock

log = logging.getLogger(__name__)
State = Literal["starting", "ready", "silent", "lost", "broken", "stopped"]
"""ready: it answers. silent: the port is open and nobody answers. lost: there is no port. broken: needs a person."""


@dataclass(frozen=True)
class DeviceHealth:
    """One device. `words` name no person; times are seconds since boot."""

    kind: str
    state: State
    since: float
    words: str = ""
    heard_at: float | None = None
    facts: dict[str, str] = field(default_factory=dict)


class Health:
    """The devices of one agent; any thread may tell and ask."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._devices: dict[str, DeviceHealth] = {}
        self.changed = threading.Event()
        """Set when a device's state is another one: worth a heartbeat at once."""

    def tell(self, name: str, kind: str, state: State, words: str = "") -> None:
        """A device is in a state; the same state again is no news."""
        now = self._clock.boot()
        with self._lock:
            before = self._devices.get(name)
            if before is not None and before.state == state:
                self._devices[name] = replace(before, words=words or before.words)
                return
            made = DeviceHealth(kind, state, now, words)
            self._devices[name] = (
                made if before is None else replace(made, heard_at=before.heard_at, facts=before.facts)
            )
        self.changed.set()
        log.info("%s: %s%s", name, state, f", {words}" if words else "")

    def heard(self, name: str, **facts: str) -> None:
        """A device said something; `facts` are kept, like the number of a security module."""
        with self._lock:
            if (one := self._devices.get(name)) is not None:
                self._devices[name] = replace(one, heard_at=self._clock.boot(), facts={**one.facts, **facts})

    def report(self) -> list[dict[str, Any]]:
        """As it goes to the server: name, kind, state, seconds in it, seconds since it was heard, words."""
        now = self._clock.boot()
        with self._lock:
            return [
                {
                    "name": name,
                    "kind": one.kind,
                    "state": one.state,
                    "seconds": round(now - one.since),
                    "heard_seconds": None if one.heard_at is None else round(now - one.heard_at),
                    "words": one.words,
                    "facts": one.facts,
                }
                for name, one in sorted(self._devices.items())
            ]
