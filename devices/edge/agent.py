"""The agent put together: one queue, its senders, and a thread for each device."""

import logging
import threading
from pathlib import Path

from devices.edge import drivers
from devices.edge.allowed_lane import AllowedLane
from devices.edge.clock import Clock
from devices.edge.config import Config
from devices.edge.house import House
from devices.edge.keyring import Keyring
from devices.edge.lanes import EventsLane, GateBeatLane, HeartbeatLane, ReadsLane
from devices.edge.learned import DevicesLane
from devices.edge.lock import QueueLock
from devices.edge.pictures import PictureSource
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
        clock = Clock()
        try:
            keys = Keyring(config.key_file or queue.with_name(f"{queue.name}.keys"), now=clock.now())
            self._spool = Spool(queue, keys)
            queue.chmod(0o600)
        except BaseException:
            self._lock.release()
            raise
        self._house = House(self._spool, keys, clock)
        self._serving = threading.Lock()
        self.site = Site(self._spool, Vault.beside(queue, config.runtime), clock, config.entry)
        server, key = config.server, config.server.key
        lanes: list[tuple[Lane, Sender]] = []
        reads = ReadsLane(self.site)
        beats = HeartbeatLane(self.site, queue.parent, key)
        for lane in (reads, beats):
            lanes.append((lane, Sender(lane, connect(server, key, clock, timeout=QUICK), self.site)))
        for asking in (AllowedLane(self.site), DevicesLane(self.site)):
            lanes.append((asking, Sender(asking, connect(server, key, clock, timeout=PATIENT), self.site)))
        self._gates: dict[str, EventsLane] = {}
        for gate in config.gates:
            events = self._gates[gate.serial] = EventsLane(gate.serial, self.site, of_agent=gate.key is None)
            lanes.append(
                (events, Sender(events, connect(server, gate.key or key, clock, timeout=PATIENT), self.site))
            )
            if gate.key is not None:
                own = GateBeatLane(gate.serial, self.site, gate.key)
                lanes.append((own, Sender(own, connect(server, gate.key, clock, timeout=QUICK), self.site)))
        self.site.carry = lambda lane: self._carry(
            lane, Sender(lane, connect(server, key, clock, timeout=PATIENT), self.site)
        )
        self.site.serve = self._serve
        self.site.picture = PictureSource(connect(server, key, clock, timeout=QUICK))
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
            threading.Thread(target=self._house.run, args=(self.site,), name="keys", daemon=True),
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

    def _serve(self, serial: str) -> None:
        """A sender for a device of this agent's, unless it has one; drivers may ask at any time."""
        with self._serving:
            if serial in self._gates:
                return
            lane = EventsLane(serial, self.site, of_agent=True)
            self._gates = {**self._gates, serial: lane}
        self.site.carry(lane)

    def _carry(self, lane: Lane, sender: Sender) -> None:
        self._lanes.append(lane)
        thread = threading.Thread(target=sender.run, name=f"sender of {lane.name}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _wake_gates(self) -> None:
        while not self.site.stopping.is_set():
            self.site.has_event.wait()
            self.site.has_event.clear()
            for lane in self._gates.values():
                lane.wake.set()
