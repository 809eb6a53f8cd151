"""Passages that wait are sealed on the site PC's disk: keys change, old queues are read, nothing is lost by a kill."""

import signal
import sqlite3
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from devices.edge.clock import Clock
from devices.edge.house import House
from devices.edge.keyring import KEPT_SECONDS, NAME, RENEWED_SECONDS, Keyring
from devices.edge.vault import Unreadable
from devices.simulators import adms
from devices.spool import Spool
from tests.devices.edge.lan_pc import LanPc
from tests.devices.edge.server import FakeServer
from tests.devices.edge.site_pc import ROOT, until
from wagewatch.lib.identity import make_id_number

NUMBER = make_id_number("330703", date(1986, 3, 1), 17)
NOW = 1_790_000_000.0


def event(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"e{number}",
        "at": f"2026-11-21T07:{number % 60:02d}:09+00:00",
        "id_number": NUMBER,
        **more,
    }


def ring(folder: Path, now: float = NOW) -> Keyring:
    return Keyring(folder / "q.keys", now=now)


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("q.sqlite*")))


def taken(spool: Spool, gate: str = "G1") -> list[dict[str, Any]]:
    parcel = spool.parcel(gate, most=10_000)
    return parcel.events if parcel else []


def test_what_is_sealed_opens_with_its_context_alone(tmp_path: Path) -> None:
    keys = ring(tmp_path)
    sealed = keys.seal(b"x" * 40, context="event G1 e1")
    assert ring(tmp_path).open(sealed, context="event G1 e1") == b"x" * 40
    assert keys.path.stat().st_mode & 0o777 == 0o600
    for wrong, context in (
        (sealed, "event G1 e2"),
        (sealed[:-1] + bytes([sealed[-1] ^ 1]), "event G1 e1"),
        (b"\x02" + sealed[1:], "event G1 e1"),
        (sealed[:20], "event G1 e1"),
        (b"", "event G1 e1"),
    ):
        with pytest.raises(Unreadable):
            keys.open(wrong, context=context)
    (tmp_path / "q.keys").write_bytes(b"rubbish")
    with pytest.raises(ValueError, match="no key file"):
        ring(tmp_path)


def test_a_queue_of_an_earlier_version_is_read_and_sealed(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "q.sqlite") as db:  # as it was before
        db.executescript(
            "PRAGMA journal_mode=WAL; CREATE TABLE event (seq INTEGER PRIMARY KEY, gate TEXT NOT NULL, id TEXT NOT NULL,"
            " body TEXT NOT NULL, batch TEXT, state TEXT NOT NULL DEFAULT 'waiting', made REAL NOT NULL, UNIQUE (gate, id))"
        )
    old = Spool(tmp_path / "q.sqlite")
    old.put("G1", [event(n) for n in range(1200)], made=1.0)
    assert NUMBER.encode() in on_disk(tmp_path)
    before = old.parcel("G1", most=700)
    assert before is not None
    spool = Spool(tmp_path / "q.sqlite", ring(tmp_path))
    assert len(taken(spool)) == 700  # readable before they are sealed
    assert spool.reseal() == 1200
    old.close()
    assert NUMBER.encode() not in on_disk(tmp_path)
    parcel = spool.parcel("G1", most=700)
    assert parcel == before  # the batch that was begun goes out as it was
    assert spool.ask("SELECT count(*) FROM event WHERE at LIKE '2026-11-21T07:05%'") == [(20,)]
    assert spool.reseal() == 0


def test_keys_change_and_former_ones_go_when_nothing_needs_them(tmp_path: Path) -> None:
    keys = ring(tmp_path)
    first = keys.current
    spool = Spool(tmp_path / "q.sqlite", keys)
    spool.put("G1", [event(1)], made=1.0)
    assert not keys.renew(now=NOW + RENEWED_SECONDS - 1)
    assert keys.renew(now=NOW + RENEWED_SECONDS)
    assert keys.current != first
    spool.put("G1", [event(2)], made=1.0)
    assert spool.keys_in_use(NAME) == {first, keys.current}
    later = NOW + RENEWED_SECONDS + KEPT_SECONDS
    assert keys.drop(spool.keys_in_use(NAME), now=later) == 0
    assert [e["id"] for e in taken(spool)] == ["e1", "e2"]
    assert spool.reseal() == 1
    assert keys.drop(spool.keys_in_use(NAME), now=later - 1) == 0  # somebody may be sealing with it still
    assert keys.drop(spool.keys_in_use(NAME), now=later) == 1
    spool.close()
    again = Spool(tmp_path / "q.sqlite", ring(tmp_path))
    assert [e["id"] for e in taken(again)] == ["e1", "e2"]


def test_a_lost_key_drops_nothing_and_a_key_brought_back_sends_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "q.sqlite", ring(tmp_path))
    spool.put("G1", [event(1), event(2)], made=1.0)
    spool.close()
    (tmp_path / "q.keys").rename(tmp_path / "away")
    keys = ring(tmp_path)
    spool = Spool(tmp_path / "q.sqlite", keys)
    spool.put("G1", [event(3)], made=1.0)
    assert [e["id"] for e in taken(spool)] == ["e3"]
    assert (spool.count("locked"), spool.count("waiting")) == (2, 1)
    House(spool, keys, Clock()).tidy()
    assert spool.count("locked") == 2
    spool.close()
    both = (tmp_path / "away").read_bytes() + (tmp_path / "q.keys").read_bytes()
    (tmp_path / "q.keys").write_bytes(both)
    spool = Spool(tmp_path / "q.sqlite", ring(tmp_path))
    assert spool.count("locked") == 0
    assert {e["id"] for _n in range(2) for e in _settled(spool)} == {"e1", "e2", "e3"}


def _settled(spool: Spool) -> list[dict[str, Any]]:
    parcel = spool.parcel("G1", most=100)
    if parcel is None:
        return []
    spool.settle("G1", parcel, "sent")
    return parcel.events


CHANGING = """
import sys, time
from pathlib import Path
from devices.edge.keyring import NAME, Keyring
from devices.spool import Spool
folder = Path(sys.argv[1])
keys = Keyring(folder / "q.keys", now=time.time())
spool = Spool(folder / "q.sqlite", keys)
print("ready", flush=True)
while True:
    keys.renew(now=time.time(), even_young=True)
    spool.reseal()
    keys.drop(spool.keys_in_use(NAME), now=time.time() + 7200)
"""


def test_no_passage_is_lost_by_a_kill_while_keys_change(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "q.sqlite")
    spool.put("G1", [event(n) for n in range(300)], made=1.0)
    spool.close()
    for n in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", CHANGING, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.05 + 0.07 * n)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        process.stdout.close()
    keys = ring(tmp_path)
    spool = Spool(tmp_path / "q.sqlite", keys)
    House(spool, keys, Clock()).tidy()  # on a busy machine none of the six came to its end
    assert sorted(e["id"] for e in taken(spool)) == sorted(f"e{n}" for n in range(300))
    assert spool.count("locked") == 0
    assert NUMBER.encode() not in on_disk(tmp_path)


def test_the_agents_queue_is_not_readable_and_is_sent_after_a_kill(
    server: FakeServer, tmp_path: Path
) -> None:
    serial = "PID0001"
    terminals = f'[[device.terminal]]\nserial = "{serial}"\ndialect = "pid"\nlane = "in"\nnetworks = ["127.0.0.1/32"]\n'
    lan = LanPc(tmp_path, server, terminals=terminals)
    try:
        lan.start_lan()
        server.mode = "away"
        pid = adms.Terminal(serial, lan.send, dialect="pid", photos=False)
        pid.connect()
        body = f"0\t2026-11-21 07:01:09\t0\t15\t0\t0\t0\t{NUMBER}\t0\n".encode()
        assert lan.send("POST", f"/iclock/cdata?SN={serial}&table=ATTLOG", {}, body).status == 200
        lan.kill()
        assert NUMBER.encode() not in lan.bytes_on_disk()
        server.mode = "well"
        lan.start_lan()
        until(lambda: len(server.events) == 1, 20, "the passage")
        assert next(iter(server.events.values()))["id_number"] == NUMBER
    finally:
        lan.close()
