"""Gates: how fast one decides, and whether anything is lost or doubled in a soak of kills and cuts.

`--minutes 10` for the long run. Ten turnstiles on ptys, one agent killed by -9 every 20 s, the network cut every 15 s,
gunicorn with the real server behind it. Times are printed and kept; what arrives is asserted.
"""

import random
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from django.db import connection

from devices.edge.allowed import AllowList
from devices.edge.clock import Clock
from devices.edge.config import Entry
from devices.models import Passage, Terminal
from devices.simulators.turnstile import SimulatedTurnstile
from devices.spool import Spool
from registration.models import Posting, Worker
from tests.benchmarks.gates import Agent, Link, Queue, badge
from tests.benchmarks.results import keep
from tests.cast import Cast
from tests.devices.servers import database_url, gunicorn

pytestmark = pytest.mark.benchmark
PEOPLE, DECISIONS = 50_000, 2_000
GATES, PER_MINUTE = 10, 30
KILL_EVERY, CUT_EVERY, CUT_FOR = 20.0, 15.0, 5.0


def test_a_decision_among_fifty_thousand(tmp_path: Path) -> None:
    spool, clock = Spool(tmp_path / "queue.sqlite"), Clock()
    allowed = AllowList(spool, clock, Entry(badges={badge(pin): pin for pin in range(1, PEOPLE + 1)}))
    people = [{"pin": n, "name": "工*", "from": "2026-01-05", "until": None} for n in range(1, PEOPLE + 1)]
    denied = [{"pin": n, "reason": "entry.training", "text": "未培训"} for n in range(PEOPLE, PEOPLE + 500)]
    whole = {"version": "v1", "people": people[:-1], "denied": denied, "removed": []}
    began = time.perf_counter()
    allowed.apply(whole, now=clock.now())
    first = time.perf_counter() - began
    began = time.perf_counter()
    allowed.apply(whole | {"version": "v2", "people": people[:-2]}, now=clock.now())
    second = time.perf_counter() - began
    began = time.perf_counter()
    AllowList(spool, clock)
    started = time.perf_counter() - began
    dice, decided, kept = random.Random(4), [], []
    for number in range(DECISIONS):
        text = badge(dice.randrange(1, PEOPLE + 2_000))
        began = time.perf_counter()
        pin = allowed.pin_of(text)
        found = allowed.decide(pin, now=clock.now())
        middle = time.perf_counter()
        spool.put(
            "G1", [{"id": str(number), "pin": pin, "admitted": found.admit}], made=clock.now(), held=True
        )
        kept.append(time.perf_counter() - began)
        decided.append(middle - began)
    spool.close()
    keep(
        "gate_decision",
        {
            "people": PEOPLE,
            "decision_p50_us": _at(decided, 0.5, 1e6),
            "decision_p99_us": _at(decided, 0.99, 1e6),
            "decided_and_on_disk_p50_ms": _at(kept, 0.5, 1e3),
            "decided_and_on_disk_p99_ms": _at(kept, 0.99, 1e3),
            "whole_list_first_ms": round(first * 1e3),
            "whole_list_one_change_ms": round(second * 1e3),
            "read_from_disk_ms": round(started * 1e3),
        },
    )


def _at(values: list[float], share: float, scale: float) -> float:
    return round(sorted(values)[int(len(values) * share)] * scale, 1)


@pytest.mark.django_db(transaction=True)
def test_soak(transactional_db: None, cast: Cast, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    minutes = float(request.config.getoption("--minutes"))
    pins = _people(cast, int(minutes * PER_MINUTE + 10) * GATES)
    runtime = Path(tempfile.mkdtemp(prefix="wagewatch-soak-", dir="/dev/shm"))
    gates = [SimulatedTurnstile(tmp_path, f"g{n}") for n in range(GATES)]
    with gunicorn(database_url()) as server:
        link = Link(int(server.rpartition(":")[2]))
        agent = Agent(_site(cast, tmp_path, runtime, link.port, gates, pins), tmp_path / "agent.log")
        queues = [Queue(gate, pins[n::GATES]) for n, gate in enumerate(gates)]
        try:
            for gate in gates:
                gate.start()
            agent.start()
            _wait_for_list(tmp_path / "agent.log")
            for queue in queues:
                queue.start()
            _trouble(agent, link, minutes)
            for queue in queues:
                queue.over.set()
            for queue in queues:
                queue.join(60)
            time.sleep(10)  # whoever was let in last walks, or the gate closes
            left = _drained(tmp_path / "queue.sqlite")
            code = agent.stop()
        finally:
            link.close()
            for gate in gates:
                gate.close()
            shutil.rmtree(runtime, ignore_errors=True)
    signalled = Counter(pin for queue in queues for pin in queue.signalled)
    of_worker = dict(Posting.objects.filter(project=cast.project).values_list("worker_id", "pin"))
    passages = list(Passage.objects.filter(project=cast.project).values_list("worker_id", "is_repeat"))
    rows = Counter(of_worker[worker] for worker, _repeat in passages)
    counted = Counter(of_worker[worker] for worker, is_repeat in passages if not is_repeat)
    waits = [wait for queue in queues for wait in queue.waits]
    log = (tmp_path / "agent.log").read_text(encoding="utf-8")
    keep(
        "gates_soak",
        {
            "minutes": minutes,
            "gates": GATES,
            "kills": agent.kills,
            "cuts": link.cuts,
            "badges_shown": sum(queue.shows for queue in queues),
            "signalled": signalled.total(),
            "arms_turned": sum(gate.gate.passages for gate in gates),
            "on_server": len(rows),
            "missing": len(signalled.keys() - rows.keys()),
            "on_server_not_signalled": len(rows.keys() - signalled.keys()),
            "counted_twice": sum(n - 1 for n in counted.values()),
            "rows_of_a_second_try": rows.total() - len(rows),
            "left_in_queue": left,
            "badge_to_pulse_p50_ms": round(statistics.median(waits) * 1000),
            "badge_to_pulse_p99_ms": _at(waits, 0.99, 1e3),
        },
    )
    assert code == 0
    assert "Traceback" not in log, log[log.find("Traceback") :][:3000]
    assert left == 0
    assert signalled.keys() - rows.keys() == set()
    # Committed, and killed before the pulse: kept on the safe side, once for the last in each queue at most.
    assert len(rows.keys() - signalled.keys()) <= GATES
    assert max(signalled.values()) == 1
    assert max(counted.values()) == 1


def _people(cast: Cast, count: int) -> list[int]:
    Worker.objects.bulk_create(
        Worker(
            name="工人", id_number=f"x{n}", id_index=n.to_bytes(32, "big"), id_tail="0000", sex=1,
            birth_date=cast.sun.birth_date, registered_at=cast.now,
        )
        for n in range(count)
    )  # fmt: skip
    people = Worker.objects.filter(name="工人").order_by("pk")
    Posting.objects.bulk_create(
        Posting(
            project=cast.project, worker=worker, participation=cast.sc_part, team=cast.team, pin=100 + n,
            trade="木工", rate_fen=36000, joined_on=date(2026, 1, 5),
        )
        for n, worker in enumerate(people)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE registration_posting, registration_worker")
    return [100 + n for n in range(count)]


def _site(
    cast: Cast, folder: Path, runtime: Path, port: int, gates: list[SimulatedTurnstile], pins: list[int]
) -> Path:
    """site.toml with a terminal for the agent and one for each gate."""
    text = f"""
[server]
url = "http://127.0.0.1:{port}"
key_id = "soak-agent"
secret_file = "secret-agent"
[queue]
path = "queue.sqlite"
runtime = "{runtime}"
[entry.badges]
"""
    text += "\n".join(f'"{badge(pin)}" = {pin}' for pin in pins)
    names = ["agent", *(str(n) for n in range(len(gates)))]
    for name in names:
        secret = folder / f"secret-{name}"
        secret.write_text(f"soak-{name}-" + "s" * 24, encoding="utf-8")
        secret.chmod(0o600)
        Terminal.objects.create(
            project=cast.project, serial=f"SOAK-{name}", name=f"Gate {name}", lane="in", key_id=f"soak-{name}",
            secret=secret.read_text(encoding="utf-8"),
        )  # fmt: skip
    for n, gate in enumerate(gates):
        text += f"""
[[gate]]
serial = "SOAK-{n}"
key_id = "soak-{n}"
secret_file = "secret-{n}"
[[device]]
kind = "turnstile"
name = "Gate {n}"
gate = "SOAK-{n}"
board = "{gate.board_link}"
inputs = {{ fire = 0, arm = 1 }}
[[device.reader]]
kind = "wiegand"
port = "{gate.reader_link}"
way = "in"
"""
    (folder / "site.toml").write_text(text, encoding="utf-8")
    return folder / "site.toml"


def _trouble(agent: Agent, link: Link, minutes: float) -> None:
    """Kills and cuts, each at its own beat, so that they meet in every way."""
    end = time.monotonic() + minutes * 60
    kill_at, cut_at = time.monotonic() + KILL_EVERY, time.monotonic() + CUT_EVERY
    while time.monotonic() < end:
        now = time.monotonic()
        if now >= kill_at:
            agent.kill()
            agent.start()
            kill_at = now + KILL_EVERY
        if now >= cut_at:
            link.set_cut(cut=not link.cut)
            cut_at = now + (CUT_FOR if link.cut else CUT_EVERY - CUT_FOR)
        time.sleep(0.05)
    link.set_cut(cut=False)


def _wait_for_list(log: Path) -> None:
    until = time.monotonic() + 30
    while "allow-list" not in log.read_text(encoding="utf-8") or "0 may enter" in log.read_text(
        encoding="utf-8"
    ):
        assert time.monotonic() < until, log.read_text(encoding="utf-8")[-2000:]
        time.sleep(0.1)


def _drained(queue: Path) -> int:
    """Events still waiting or held after a minute at the most."""
    until, left = time.monotonic() + 60, 1
    while left and time.monotonic() < until:
        with sqlite3.connect(f"file:{queue}?mode=ro", uri=True) as db:
            sql = "SELECT count(*) FROM event WHERE state IN ('waiting', 'held')"
            left = int(db.execute(sql).fetchone()[0])
        time.sleep(0.2)
    return left
