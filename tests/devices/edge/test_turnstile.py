"""A turnstile on ptys and the agent as a process: who gets through, what is kept, and in which order."""

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.edge.config import BadConfig, Options, read_config
from devices.edge.drivers import build
from devices.edge.keyring import Keyring
from devices.protocols.osdp_keys import KeyRing
from devices.simulators.turnstile import SimulatedTurnstile
from tests.devices.edge.server import FakeServer
from tests.devices.edge.site_pc import ROOT, SitePc, until

KNOWN, DENIED, LEFT, STRANGE, LOST = "188,24910", "001,00006", "001,00007", "009,00009", "010,00010"
LIST = {
    "version": "v1",
    "people": [{"pin": 1, "name": "孙*", "from": "2026-01-05", "until": None, "badges": [KNOWN]}],
    "denied": [{"pin": 6, "reason": "entry.training", "text": "未培训"}],
    "removed": [7],
    "badges_ended": [{"badge": LOST, "reason": "badge_lost"}],
}


class GatePc(SitePc):
    """A site PC with one turnstile."""

    def __init__(self, folder: Path, url: str) -> None:
        super().__init__(folder, url)
        self.gate = SimulatedTurnstile(folder, "g")
        self.write(url, more=self.settings())
        self.gate.start()

    def settings(self, *, inputs: str = "{ fire = 0, arm = 1 }", way: str = "in") -> str:
        return f"""
[[gate]]
serial = "G1"
key_id = "gate"
secret_file = "gate"
[entry.badges]
"{DENIED}" = 6
"{LEFT}" = 7
"{LOST}" = 1
[[device]]
kind = "turnstile"
name = "East"
gate = "G1"
board = "{self.gate.board_link}"
coils = {{ in = 0, out = 1 }}
lamps = {{ green = 2, red = 3 }}
inputs = {inputs}
[[device.reader]]
kind = "wiegand"
port = "{self.gate.reader_link}"
way = "{way}"
"""

    def begin(self) -> None:
        """Start and wait until the gate works and knows its list."""
        before = len(self.said())
        self.start(ready=False)
        until(lambda: "East: ready" in self.said()[before:], 20, "the gate is ready")

    def rows(self) -> list[tuple[str, dict[str, Any]]]:
        """State and body of all events in the queue."""
        with sqlite3.connect(f"file:{self.queue}?mode=ro", uri=True) as db:
            rows = db.execute("SELECT state, gate, id, body FROM event ORDER BY seq").fetchall()
        ring = Keyring(self.queue.with_name("queue.sqlite.keys"), now=0.0)
        return [
            (state, json.loads(ring.open(body, context=f"event {gate} {name}")))
            for state, gate, name, body in rows
        ]

    def close(self) -> None:
        super().close()
        self.gate.close()


@pytest.fixture
def pc(server: FakeServer, tmp_path: Path) -> Iterator[GatePc]:
    server.allowed = LIST
    made = GatePc(tmp_path, server.url)
    made.begin()
    until(lambda: "allow-list v1" in made.said())
    yield made
    made.close()


def test_a_known_badge_opens_at_once_and_the_turn_sends_the_passage(server: FakeServer, pc: GatePc) -> None:
    shown = pc.gate.show(KNOWN)
    until(lambda: pc.gate.opened_at)
    assert pc.gate.opened_at[0] - shown < 1.5  # the benchmark measures it
    assert [state for state, _body in pc.rows()] == ["held"], "on the disk, and not yet a passage"
    until(lambda: server.events, 4)
    (event,) = server.events.values()
    assert (event["pin"], event["direction"], event["type"], event["admitted"]) == (1, "in", 6, True)
    assert event["badge"] == KNOWN
    assert (event["raw"], "reason" in event) == (b"BC614E".hex(), False)
    pc.gate.show(KNOWN)  # still held to the reader
    time.sleep(0.5)
    assert (len(pc.gate.opened_at), pc.gate.gate.passages) == (1, 1)
    assert pc.stop() == 0


def test_who_does_not_walk_through_is_no_passage(server: FakeServer, pc: GatePc) -> None:
    pc.gate.people = False
    pc.gate.show(KNOWN)
    until(lambda: pc.gate.opened_at)
    until(lambda: [s for s, _ in pc.rows()] == ["unused"], 12)
    assert server.events == {}
    assert not pc.gate.gate.is_open, "closed by its own timer"
    pc.gate.people = True
    pc.gate.show(KNOWN)
    until(lambda: server.events, 5)


@pytest.mark.parametrize(
    ("badge", "who", "reason"),
    [
        (DENIED, {"pin": 6}, "entry.training"),
        (LEFT, {"pin": 7}, "removed"),
        (STRANGE, {"card": STRANGE}, "unknown"),
        (LOST, {"card": LOST}, "badge_lost"),
    ],
)
def test_the_gate_stays_shut_and_the_server_hears_why(
    server: FakeServer, pc: GatePc, badge: str, who: dict[str, Any], reason: str
) -> None:
    pc.gate.show(badge)
    until(lambda: server.events, 4)
    (event,) = server.events.values()
    assert (event["admitted"], event["reason"]) == (False, reason)
    assert {name: event.get(name) for name in who} == who
    until(lambda: pc.gate.board.coils[3], 2, "red")
    assert pc.gate.opened_at == []


def test_decides_without_a_line_and_after_a_kill(server: FakeServer, pc: GatePc) -> None:
    server.mode = "away"
    pc.kill()
    pc.begin()
    pc.gate.show(KNOWN)
    until(lambda: pc.gate.gate.passages == 1)
    until(lambda: [s for s, _ in pc.rows()] == ["waiting"])
    pc.gate.show(DENIED)
    until(lambda: len(pc.rows()) == 2)
    server.mode = "well"
    until(lambda: len(server.events) == 2, 15)
    assert [e["admitted"] for e in server.events.values()] == [True, False]


def test_an_opening_that_a_kill_cut_off_counts_once(server: FakeServer, pc: GatePc) -> None:
    pc.gate.people = False
    pc.gate.show(KNOWN)
    until(lambda: pc.gate.opened_at)
    pc.kill()
    pc.begin()
    until(lambda: len(server.events) == 1, 5)
    pc.kill()
    pc.begin()
    time.sleep(1)
    assert len(server.events) == 1


def test_ports_that_were_pulled_are_opened_again(server: FakeServer, pc: GatePc) -> None:
    for link in (pc.gate.board_link, pc.gate.reader_link):
        lost, ready = pc.said().count("East: lost"), pc.said().count("East: ready")
        pc.gate.unplug(link)
        until(lambda lost=lost: pc.said().count("East: lost") > lost, 8)
        pc.gate.plug(link)
        until(lambda ready=ready: pc.said().count("East: ready") > ready, 8)
    pc.gate.show(KNOWN)
    until(lambda: server.events, 5)


def test_a_board_that_falls_silent_opens_nothing_late(server: FakeServer, pc: GatePc) -> None:
    pc.gate.deaf = True
    pc.gate.show(KNOWN)
    until(lambda: "East: silent" in pc.said(), 8)
    pc.gate.deaf = False
    before = len(pc.said())
    until(lambda: "East: ready" in pc.said()[before:], 8)
    time.sleep(1)
    assert pc.gate.opened_at == []
    assert server.events == {}


def test_fire_is_reported_and_nothing_is_sent_meanwhile(server: FakeServer, pc: GatePc) -> None:
    pc.gate.fire(on=True)
    until(lambda: "FIRE" in pc.said(), 3)
    before = pc.gate.orders
    pc.gate.show(KNOWN)
    until(lambda: server.events, 4)
    assert pc.gate.orders == before
    until(lambda: any("fire" in d["words"] for b in server.beats for d in b["devices"]), 5)
    pc.gate.fire(on=False)
    until(lambda: pc.said().count("East: ready") == 2, 3)


def test_nobody_is_locked_in_and_an_adapter_may_echo(server: FakeServer, tmp_path: Path) -> None:
    server.allowed = LIST
    pc = GatePc(tmp_path, server.url)
    try:
        pc.gate.echo = True
        pc.write(server.url, more=pc.settings(inputs="{}", way="out"))
        pc.begin()
        until(lambda: "allow-list v1" in pc.said())
        pc.gate.show(DENIED)
        until(lambda: server.events, 4)
        (event,) = server.events.values()
        assert (event["pin"], event["direction"], event["admitted"]) == (6, "out", True)
        assert event["reason"] == "entry.training"
        assert len(pc.gate.opened_at) == 1
    finally:
        pc.close()


def test_an_osdp_reader_opens_with_its_own_relay_and_survives_a_kill_of_the_agent(
    server: FakeServer, tmp_path: Path
) -> None:
    server.allowed = LIST
    key = KeyRing(tmp_path / "osdp-keys").install(101)
    pc = SitePc(tmp_path, server.url)
    command = [*(sys.executable, "-m", "devices.simulators", "osdp"), "--link", str(tmp_path / "osdp")]
    with (tmp_path / "reader.log").open("wb") as log:
        reader = subprocess.Popen([*command, "--key", key.hex()], cwd=ROOT, stdin=subprocess.PIPE, stdout=log)
    assert reader.stdin is not None

    def heard() -> str:
        return (tmp_path / "reader.log").read_text(encoding="utf-8")

    def show(badge: str) -> None:
        reader.stdin.write(badge.encode() + b"\n")
        reader.stdin.flush()

    pc.write(
        server.url,
        more=f"""
[[gate]]
serial = "G1"
key_id = "gate"
secret_file = "gate"
[entry.badges]
"{DENIED}" = 6
[[device]]
kind = "turnstile"
name = "East"
gate = "G1"
[[device.reader]]
kind = "osdp"
port = "{tmp_path / "osdp"}"
way = "in"
""",
    )
    try:
        until(lambda: (tmp_path / "osdp").exists(), 10)
        for number, badge in enumerate((KNOWN, DENIED)):
            pc.start(ready=False)
            until(lambda number=number: pc.said().count("East: ready") > number, 30, "a secure channel")
            until(lambda: "allow-list v1" in pc.said(), 10)
            show(badge)
            until(lambda number=number: len(server.events) == number + 1, 10)
            pc.kill()
        first, second = server.events.values()
        assert (first["pin"], first["admitted"], first["type"]) == (1, True, 6)
        assert (second["pin"], second["admitted"], second["reason"]) == (6, False, "entry.training")
        assert heard().count("'control_code': 5") == 1, "one opening, that ends by itself"
    finally:
        reader.kill()
        reader.wait()
        reader.stdin.close()
        pc.close()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('offline_policy = "open"', "last_list, refuse, admit_and_flag"),
        ("offline_days = -1", "at least 0"),
        ('badges = { "188" = 1 }', "write"),
        ('badges = { "188,24910" = "1" }', "number on this project"),
        ("days = 3", "not known: days"),
    ],
)
def test_mistakes_in_the_policy_are_named(tmp_path: Path, text: str, said: str) -> None:
    pc = SitePc(tmp_path, "http://127.0.0.1:1")
    pc.write("http://127.0.0.1:1", more=f"[entry]\n{text}\n")
    with pytest.raises(BadConfig, match=said):
        read_config(tmp_path / "site.toml")
    pc.close()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, r"\[\[device.reader\]\]"),
        ({"reader": [{"kind": "wiegand", "port": "/x", "way": "in"}]}, "name the relay board"),
        ({"board": "/b", "reader": [{"kind": "wiegand", "port": "/x", "way": "out"}]}, "no coil opens out"),
        ({"board": "/b", "opener": "release"}, "closes by itself"),
        ({"board": "/b", "lamps": {"red": 0}}, "the coil that opens"),
        ({"board": "/b", "reader": [{"kind": "face", "port": "/x", "way": "in"}]}, "wiegand or osdp"),
        ({"board": "/b", "reader": [{"kind": "wiegand", "port": "/x", "way": "up"}]}, "up"),
    ],
)
def test_mistakes_in_the_file_are_named(tmp_path: Path, values: dict[str, Any], said: str) -> None:
    with pytest.raises(BadConfig, match=said):
        build("turnstile", "East", Options("[[device]]", {"gate": "G1", **values}, base=tmp_path))
