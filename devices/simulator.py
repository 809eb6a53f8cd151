"""Gates of building sites as a process of their own; standard library only, speaks only the public interface.

python -m devices.simulator --server http://127.0.0.1:8000 --config gates.json

gates.json: {"gates": [{"name", "serial", "key_id", "secret", "lane": "in" | "out" | "both", "project"}]}
where "project" is any text that gates of one site have in common. The queue lies beside the configuration
(--state for another place). --once sends what is due and ends; --burst N makes N stamps first.
"""

import argparse
import http.client
import json
import random
import signal
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from devices.client import Refused, TerminalClient
from devices.crowd import SITE_TZ, Stamp, errand, working_day
from devices.spool import Parcel, Spool

BATCH = 200
HEARTBEAT_SECONDS = 30.0
LIST_SECONDS = 60.0
ERRAND_SECONDS = 9.0
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 15.0


@dataclass
class Gate:
    """One gate: its connection, its pauses after failures, its next heartbeat."""

    serial: str
    lane: str
    project: str
    client: TerminalClient
    pause: float = FIRST_PAUSE
    try_at: float = 0.0
    heartbeat_at: float = 0.0

    def rest(self, now: float) -> None:
        """Try again later: 0.2 s doubling to 15 s, with jitter."""
        self.try_at = now + self.pause * random.uniform(0.7, 1.3)
        self.pause = min(self.pause * 2, LONGEST_PAUSE)

    def went_well(self) -> None:
        """The server answered."""
        self.pause, self.try_at = FIRST_PAUSE, 0.0


@dataclass
class Site:
    """The gates of one project, who may come in, and stamps that wait for their time."""

    project: str
    gates: list[Gate]
    pins: list[int] = field(default_factory=list)
    denied: list[int] = field(default_factory=list)
    version: str = ""
    list_at: float = 0.0
    errand_at: float = 0.0
    ahead: list[Stamp] = field(default_factory=list)
    done_until: datetime = datetime(2000, 1, 1, tzinfo=UTC)

    def gate_for(self, stamp: Stamp) -> Gate:
        """A gate whose lane fits; the same one for the same stamp."""
        fitting = [gate for gate in self.gates if gate.lane in (stamp.direction, "both")] or self.gates
        return fitting[stamp.pin % len(fitting)]


class Simulator:
    """All sites of one configuration file."""

    def __init__(self, server: str, gates: list[dict[str, str]], spool: Spool) -> None:
        self.spool = spool
        by_project: dict[str, list[Gate]] = {}
        for g in gates:
            client = TerminalClient(server, g["key_id"], g["secret"])
            project = str(g["project"])
            by_project.setdefault(project, []).append(
                Gate(g["serial"], g.get("lane", "both"), project, client)
            )
        self.sites = [Site(project, found) for project, found in by_project.items()]
        self.gates = [gate for site in self.sites for gate in site.gates]
        self.answers = {"accepted": 0, "repeated": 0, "duplicates": 0, "refused": 0, "bad": 0}

    def fetch_lists(self, now: float) -> None:
        """Who may come in, once a minute; while the server is away the old list holds."""
        for site in self.sites:
            gate = site.gates[0]
            if now < site.list_at or now < gate.try_at:
                continue
            answer = self._call(
                gate, now, lambda site=site, gate=gate: gate.client.allow_list(site.version) or {}
            )
            if answer is not None:
                site.list_at = now + LIST_SECONDS
                if answer:
                    site.version = answer["version"]
                    site.pins = [person["pin"] for person in answer["people"]]
                    site.denied = [person["pin"] for person in answer["denied"]]

    def plan(self, moment: datetime, *, errands: bool = True) -> int:
        """Put what people did since the last call into the queue; returns how many stamps are new."""
        made = 0
        for site in self.sites:
            day = (moment.astimezone(SITE_TZ) - timedelta(hours=4)).date()
            stamps = [
                s for s in working_day(site.project, day, site.pins) if site.done_until < s.at <= moment
            ]
            if site.pins:
                site.done_until = moment
            if errands and site.pins and moment.timestamp() >= site.errand_at:
                number = int(moment.timestamp())
                site.ahead += errand(site.project, day, site.pins, number, moment, denied=site.denied)
                site.errand_at = number + ERRAND_SECONDS * random.uniform(0.5, 1.5) * max(
                    1, len(self.sites) / 3
                )
            stamps += [stamp for stamp in site.ahead if stamp.at <= moment]
            site.ahead = [stamp for stamp in site.ahead if stamp.at > moment]
            for stamp in stamps:
                made += self._keep(site.gate_for(stamp), [stamp], moment)
        return made

    def burst(self, count: int, moment: datetime) -> int:
        """Queue `count` stamps of random people, one a second, the newest now."""
        made = 0
        for n in range(count):
            site = self.sites[n % len(self.sites)]
            at = moment - timedelta(seconds=count - n)
            pin = random.choice(site.pins) if site.pins else 1
            word = "in" if (n // max(1, len(self.sites))) % 2 == 0 else "out"
            stamp = Stamp(f"burst-{int(moment.timestamp())}-{n}", pin, at, word)
            made += self._keep(site.gate_for(stamp), [stamp], moment)
        return made

    def _keep(self, gate: Gate, stamps: list[Stamp], moment: datetime) -> int:
        events = [
            {
                "id": s.id,
                "pin": s.pin,
                "at": s.at.astimezone(SITE_TZ).isoformat(),
                "direction": s.direction if gate.lane == "both" else None,
                "type": s.type,
                "admitted": s.admitted,
                **({} if s.admitted else {"reason": "not on the list"}),
            }
            for s in stamps
        ]
        return self.spool.put(gate.serial, events, made=moment.timestamp())

    def send(self, now: float) -> bool:
        """One parcel per gate that may try; True if any went through."""
        moved = False
        for gate in self.gates:
            if now < gate.try_at:
                continue
            parcel = self.spool.parcel(gate.serial, most=BATCH)
            if parcel is not None:
                moved |= self._deliver(gate, parcel, now)
            elif now >= gate.heartbeat_at:
                waiting = self.spool.waiting(gate.serial)
                if self._call(gate, now, lambda gate=gate, n=waiting: gate.client.heartbeat(n)) is not None:
                    gate.heartbeat_at = now + HEARTBEAT_SECONDS
        return moved

    def _deliver(self, gate: Gate, parcel: Parcel, now: float) -> bool:
        waiting = self.spool.waiting(gate.serial) - len(parcel.events)
        sent_at = datetime.now(UTC) + timedelta(seconds=gate.client.clock_offset)
        body = {"batch": parcel.id, "sent_at": sent_at.isoformat(), "queue": waiting, "events": parcel.events}
        data = json.dumps(body, separators=(",", ":")).encode()
        answer = self._call(gate, now, lambda: gate.client.passages(data), parcel)
        if answer is None:
            return False
        self.spool.settle(gate.serial, parcel, "sent")
        for name in ("accepted", "repeated", "duplicates"):
            self.answers[name] += answer[name]
        for name in ("refused", "bad"):
            self.answers[name] += len(answer[name])
        return True

    def _call(self, gate: Gate, now: float, request: Any, parcel: Parcel | None = None) -> Any:
        """The answer, or None after a failure, with the pause noted and the clock corrected."""
        try:
            answer = request()
        except (OSError, http.client.HTTPException) as error:
            say(f"{gate.serial}: {type(error).__name__}, again in {gate.pause:.1f} s")
            gate.rest(now)
            return None
        except Refused as refusal:
            facts = refusal.answer if isinstance(refusal.answer, dict) else {}
            say(f"{gate.serial}: {refusal.status} {facts.get('code', '')}")
            if "server_time" in facts:
                server = datetime.fromisoformat(facts["server_time"])
                gate.client.clock_offset = (server - datetime.now(UTC)).total_seconds()
            elif parcel is not None and refusal.status in (400, 409, 413):
                self.spool.settle(gate.serial, parcel, "dead")
            gate.rest(now)
            return None
        gate.went_well()
        return answer

    def is_empty(self) -> bool:
        """Whether every stamp has its answer."""
        return self.spool.count("waiting") == 0


def say(text: str) -> None:
    """One line to the log."""
    print(f"{datetime.now(SITE_TZ):%H:%M:%S} {text}", flush=True)


def read_arguments(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m devices.simulator", description="Simulated gates.")
    parser.add_argument("--server", required=True, help="http://127.0.0.1:8000")
    parser.add_argument("--config", required=True, type=Path, help="gates.json")
    parser.add_argument("--state", type=Path, help="the queue's file (default: beside the configuration)")
    parser.add_argument("--once", action="store_true", help="send what is due, then end")
    parser.add_argument("--burst", type=int, default=0, metavar="N", help="make N stamps first")
    parser.add_argument(
        "--patience", type=float, default=60.0, help="seconds that --once waits for the server"
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run until a signal, or once."""
    options = read_arguments(argv)
    gates = json.loads(options.config.read_text(encoding="utf-8"))["gates"]
    spool = Spool(options.state or options.config.with_suffix(".sqlite"))
    simulator = Simulator(options.server, gates, spool)
    stopping = False

    def stop(_number: int, _frame: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    say(f"{len(gates)} gates, {options.server}")
    began, burst = time.monotonic(), options.burst
    while not stopping:
        now = time.monotonic()
        simulator.fetch_lists(now)
        if burst and all(site.pins for site in simulator.sites):
            say(f"burst: {simulator.burst(burst, datetime.now(UTC))} stamps")
            burst = 0
        elif not options.burst:
            simulator.plan(datetime.now(UTC), errands=not options.once)
        moved = simulator.send(now)
        if options.once:
            ready = all(site.version for site in simulator.sites) and not burst
            if (ready and simulator.is_empty()) or now - began > options.patience:
                break
        if not moved:
            time.sleep(0.1 if options.once else 0.5)
    spool.forget(before=time.time() - 3 * 86400)
    say(json.dumps({**simulator.answers, "waiting": spool.count("waiting"), "dead": spool.count("dead")}))
    complete = simulator.is_empty() and not burst and all(site.version for site in simulator.sites)
    spool.close()
    return 0 if complete or not options.once else 1


if __name__ == "__main__":
    sys.exit(main())
