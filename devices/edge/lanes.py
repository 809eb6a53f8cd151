"""What goes to the server: card reads, passages of each gate, and signs of life."""

import json
import logging
import shutil
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from devices.client import Refused, TerminalClient
from devices.edge.keys import Key, change_key
from devices.edge.sending import NotAcknowledged, learn
from devices.edge.site import Site
from devices.spool import Parcel

log = logging.getLogger(__name__)
READS = 5
"""Card reads in one request: with photos some hundred kB."""
EVENTS = 200
HEARTBEAT_SECONDS = 30.0
SENT_KEPT_SECONDS = 3 * 86400.0
DISK_ALARM = 0.8
"""Share of the disk in use from which it is said."""


class ReadsLane:
    """Identity cards, oldest first. What the server names is dropped; what it does not name is sent again."""

    name = "card reads"

    def __init__(self, site: Site) -> None:
        self._site, self.wake = site, site.has_read

    def send(self, client: TerminalClient) -> bool:
        """Send what waits; True if there may be more."""
        waiting = self._site.reads(most=READS)
        if not waiting:
            return False
        began = self._site.clock.boot()
        answer = client.card_reads([read | {"age_ms": round(age * 1000)} for read, age in waiting])
        learn(self._site.clock, answer, took=self._site.clock.boot() - began)
        kept = answer.get("kept") if isinstance(answer, dict) else None
        refused = answer.get("refused") if isinstance(answer, dict) else None
        if not isinstance(kept, list) or not isinstance(refused, list):
            raise NotAcknowledged("an answer that names nothing")
        for one in refused:
            log.warning("the server does not take a card read: %s", one.get("code"))
        sent = {read["key"] for read, _age in waiting}
        answered = sent & {*kept, *(one.get("key") for one in refused)}
        self._site.drop_reads(sorted(answered))
        if answered != sent:
            raise NotAcknowledged("some reads were not named")
        return True

    def rest(self) -> float:
        """A new read wakes it; old ones are swept now and then."""
        return 60.0


class EventsLane:
    """Passages of one gate, in order, in batches that keep their id until they are answered for."""

    def __init__(self, gate: str, site: Site, *, of_agent: bool = False) -> None:
        """`of_agent`: the gate has no key, so that the agent signs and names it."""
        self.name, self._gate, self._site = f"passages of {gate}", gate, site
        self._device = {"device": gate} if of_agent else {}
        self.wake = threading.Event()
        self._swept_at = 0.0

    def send(self, client: TerminalClient) -> bool:
        """Send a batch; True if there may be more."""
        spool, clock = self._site.spool, self._site.clock
        parcel = spool.parcel(self._gate, most=EVENTS)
        if parcel is None:
            self._sweep()
            return False
        waiting = spool.waiting(self._gate) - len(parcel.events)
        sent_at = datetime.fromtimestamp(clock.now(), UTC).isoformat()
        body = {"batch": parcel.id, "sent_at": sent_at, "queue": max(0, waiting), **self._device}
        body["events"] = parcel.events
        try:
            answer = client.passages(json.dumps(body, separators=(",", ":")).encode())
        except Refused as refusal:
            if refusal.status == 409:
                spool.rename(self._gate, parcel)
            elif refusal.status in (400, 413):
                log.error("%s: a batch is not understood and set aside: %s", self.name, refusal.answer)
                spool.settle(self._gate, parcel, "dead")
            raise
        self._settle(parcel, answer)
        return True

    def _settle(self, parcel: Parcel, answer: Any) -> None:
        """Believe an answer only if it accounts for every event."""
        try:
            bad = [one["id"] for one in answer["bad"]]
            counted = sum(answer[word] for word in ("accepted", "repeated", "duplicates"))
            counted += len(answer["refused"]) + len(bad)
            named = answer["batch"]
        except (KeyError, TypeError):
            raise NotAcknowledged("an answer that counts nothing") from None
        if named != parcel.id or counted != len(parcel.events):
            raise NotAcknowledged(f"{counted} of {len(parcel.events)} events answered for")
        if bad:
            log.error("%s: %d events are not understood and set aside", self.name, len(bad))
        self._site.spool.settle(self._gate, parcel, "sent", dead=[name for name in bad if name])

    def _sweep(self) -> None:
        now = self._site.clock.boot()
        if now >= self._swept_at + 3600:
            self._swept_at = now
            self._site.spool.forget(before=self._site.clock.now() - SENT_KEPT_SECONDS, dead=False)

    def rest(self) -> float:
        """Events wake it."""
        return 5.0


class HeartbeatLane:
    """Signs of life with the state of devices, queue and disk; at once when a device's state changes."""

    name = "heartbeats"

    def __init__(self, site: Site, folder: Path, key: Key | None = None) -> None:
        """`key` is the one to change when the server wishes it."""
        self._site, self._folder, self._key = site, folder, key
        self.wake = site.health.changed
        self._disk_said = False

    def send(self, client: TerminalClient) -> bool:
        """Send one."""
        site = self._site
        if step := site.clock.stepped():
            log.warning("this PC's clock was set by %.0f s; the server's time is used", step)
        began = site.clock.boot()
        answer = client.heartbeat(site.spool.waiting(), **self.report())
        learn(site.clock, answer, took=site.clock.boot() - began)
        if isinstance(answer, dict):
            site.allowed.hint(str(answer.get("allow_list") or ""))
            if self._key is not None and answer.get("rotate_key") is True:
                change_key(client, self._key)
        return False

    def report(self) -> dict[str, Any]:
        """What the server is told beside the queue's length."""
        used = disk_used(self._folder)
        if (used >= DISK_ALARM) != self._disk_said:
            self._disk_said = used >= DISK_ALARM
            level = logging.WARNING if self._disk_said else logging.INFO
            log.log(level, "the queue's disk is %.0f %% full", used * 100)
        return {
            "devices": self._site.health.report(),
            "disk_used": round(used, 3),
            "trouble": self._site.full,
            "worries": self._site.worries,
            "clock_wrong_by": round(self._site.clock.wrong_by, 1),
        }

    def rest(self) -> float:
        """Half a minute, or until something changes."""
        return HEARTBEAT_SECONDS


class GateBeatLane:
    """Signs of life of a gate with a key of its own: its queue, and its key changed when the server wishes it."""

    def __init__(self, gate: str, site: Site, key: Key) -> None:
        self.name, self._gate, self._site, self._key = f"heartbeats of {gate}", gate, site, key
        self.wake = threading.Event()

    def send(self, client: TerminalClient) -> bool:
        """Send one."""
        site = self._site
        began = site.clock.boot()
        answer = client.heartbeat(site.spool.waiting(self._gate))
        learn(site.clock, answer, took=site.clock.boot() - began)
        if isinstance(answer, dict) and answer.get("rotate_key") is True:
            if self._key.path is None:
                log.warning("%s: the server wishes a new key, but this one lies in no file", self._gate)
            else:
                change_key(client, self._key)
        return False

    def rest(self) -> float:
        """Half a minute."""
        return HEARTBEAT_SECONDS


def disk_used(folder: Path) -> float:
    """Share of the disk in use, 0 to 1."""
    facts = shutil.disk_usage(folder)
    return 1 - facts.free / facts.total if facts.total else 0.0
