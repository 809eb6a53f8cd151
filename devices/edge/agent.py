"""The agent put together: one queue, its senders, and a thread for each device."""

import logging
import threading
from pathlib import Path

from devices.edge import drivers
from devices.edge.allowed_lane import AllowedLane
from devices.edge.clock import Clock
from devices.edge.config import Config
from devices.edge.lanes import EventsLane, HeartbeatLane, ReadsLane
from devices.edge.lock import QueueLock
from devices.edge.sending import Lane, Sender, connect
from devices.edge.site import Site
from devices.edge.vault import Vault
from devices.spool import Spool

log = logging.getLogger(__name__)
LAST_WAIT = 5.0
"""Seconds that threads get to end; what they had in hand is in the queue."""
QUICK, PATIENT = 5.0, 20.0
"""Seconds for a request: a clerk waits for a card, nobody waits for a batch of passages."""


class Agent:
    """Everything of one site. Raises AlreadyRunning, OSError, sqlite3.Error before it does anything."""

    def __init__(self, config: Config, devices: list[drivers.Driver]) -> None:
        queue: Path = config.queue
        queue.parent.mkdir(parents=True, exist_ok=True)
        self._lock = QueueLock(queue)
        try:
            self._spool = Spool(queue)
            queue.chmod(0o600)
        except BaseException:
            self._lock.release()
            raise
        clock = Clock()
        self.site = Site(self._spool, Vault.beside(queue, config.runtime), clock, config.entry)
        server, key = config.server, config.server.key
        lanes: list[tuple[Lane, Sender]] = []
        reads = ReadsLane(self.site)
        beats = HeartbeatLane(self.site, queue.parent, key)
        for lane in (reads, beats):
            lanes.append((lane, Sender(lane, connect(server, key, clock, timeout=QUICK), self.site)))
        fetch = AllowedLane(self.site)
        lanes.append((fetch, Sender(fetch, connect(server, key, clock, timeout=PATIENT), self.site)))
        self._gates = [EventsLane(g.serial, self.site, of_agent=g.key is None) for g in config.gates]
        for gate, events in zip(config.gates, self._gates, strict=True):
            lanes.append(
                (events, Sender(events, connect(server, gate.key or key, clock, timeout=PATIENT), self.site))
            )
        self.site.carry = lambda lane: self._carry(
            lane, Sender(lane, connect(server, key, clock, timeout=PATIENT), self.site)
        )
        self._lanes = [lane for lane, _sender in lanes]
        self._threads = [
            *(
                threading.Thread(target=s.run, name=f"sender of {lane.name}", daemon=True)
                for lane, s in lanes
            ),
            *(
                threading.Thread(target=drivers.keep_running, args=(d, self.site), name=d.name, daemon=True)
                for d in devices
            ),
            threading.Thread(target=self._wake_gates, name="gates", daemon=True),
        ]

    def run(self) -> None:
        """Start everything and wait until `stop` is called."""
        waiting = self._spool.waiting()
        log.info("%d gates, %d events wait", len(self._gates), waiting)
        for thread in list(self._threads):
            thread.start()
        self.site.stopping.wait()
        for lane in list(self._lanes):
            lane.wake.set()
        self.site.has_event.set()
        deadline = self.site.clock.boot() + LAST_WAIT
        for thread in list(self._threads):
            thread.join(max(0.0, deadline - self.site.clock.boot()))
        self._spool.close()
        self._lock.release()
        log.info("stopped")

    def stop(self) -> None:
        """End soon; safe in a signal handler."""
        self.site.stopping.set()

    def _carry(self, lane: Lane, sender: Sender) -> None:
        self._lanes.append(lane)
        thread = threading.Thread(target=sender.run, name=f"sender of {lane.name}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _wake_gates(self) -> None:
        while not self.site.stopping.is_set():
            self.site.has_event.wait()
            self.site.has_event.clear()
            for lane in self._gates:
                lane.wake.set()
