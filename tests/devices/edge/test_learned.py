"""Terminals that a clerk registers on the server, heard by the agent without anybody at the site's PC."""

import http.client
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from devices.edge.book import DeviceBook
from devices.edge.config import BadConfig, Options
from devices.edge.lan.known import Written, read_written
from devices.simulators import adms, hikvision
from devices.spool import Spool
from tests.devices.edge.lan_pc import ATT, LanPc
from tests.devices.edge.server import FakeServer
from tests.devices.edge.site_pc import SitePc, until

MAC = "e0:ba:ad:82:1a:a9"


def row(serial: str, kind: str = "adms", **more: Any) -> dict[str, Any]:
    usual = {
        "serial": serial,
        "kind": kind,
        "name": f"门 {serial}",
        "lane": "in",
        "networks": ["127.0.0.1/32"],
    }
    return usual | more


def written(*tables: dict[str, Any]) -> Written:
    return read_written(Options("LAN", {"terminal": list(tables)}, base=Path(".")))


def test_the_server_names_terminals_and_site_toml_differs_where_it_speaks() -> None:
    said = [
        row("A1"),
        row("A2", lane="out"),
        row(MAC, "hikvision", lane="both"),
        row("U1", "uface", networks=[]),
        row("T1", "relay"),
    ]
    known, problems = written({"serial": "A2", "dialect": "acc", "name": "East"}, {"serial": "A9"}).terminals(
        said
    )
    assert [(k.serial, k.protocol, k.lane, k.dialect, k.name) for k in known] == [
        ("A2", "iclock", "out", "acc", "East"),
        ("A1", "iclock", "in", "att", "门 A1"),
        (MAC, "hikvision", "both", "att", f"门 {MAC}"),
    ]
    assert known[2].device_key == "e0baad821aa9"
    assert set(problems) == {"A9", "U1"}  # one the server does not know, one without a network
    assert "networks is missing" in problems["U1"]


def test_two_names_or_keys_alike_stop_nobody_else() -> None:
    said = [row("A1", name="East"), row("A2", name="East"), row(MAC, "hikvision"), row("H2", "hikvision")]
    known, problems = written({"serial": "H2", "mac": MAC}).terminals(said)
    assert [k.name for k in known] == ["门 H2", "East", "East A2"]
    assert list(problems) == [MAC]


@pytest.mark.parametrize(
    "table", [{"serial": "A1", "dialekt": "acc"}, {"serial": "A1", "networks": ["x"]}, 7]
)
def test_a_mistake_in_site_toml_is_still_named_at_once(table: Any) -> None:
    with pytest.raises(BadConfig):
        written(table)


def test_the_book_outlives_the_agent_and_takes_no_nonsense(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "q.sqlite")
    book = DeviceBook(spool)
    changed = book.subscribe()
    assert book.apply([row("B"), row("A")])
    assert changed.is_set()
    assert not book.apply([row("A"), row("B")])
    for nonsense in (None, {}, [None], [{"serial": "A"}], [row("")], [row("A", networks="x")]):
        with pytest.raises(ValueError, match="no "):
            book.apply(nonsense)
    spool.close()
    assert [one["serial"] for one in DeviceBook(Spool(tmp_path / "q.sqlite")).devices()] == ["A", "B"]


@pytest.fixture
def lan(server: FakeServer, tmp_path: Path) -> Iterator[LanPc]:
    made = LanPc(tmp_path, server, terminals="", gates="")
    yield made
    made.close()


def test_a_terminal_is_served_once_the_server_names_it_also_after_a_kill_without_a_line(
    server: FakeServer, lan: LanPc
) -> None:
    server.named = [row(ATT), row(MAC, "hikvision", lane="out")]
    lan.start_lan()
    att = adms.Terminal(ATT, lan.send, photos=False)
    until(lambda: is_heard(lan), 15, "the agent knows it")
    att.connect()
    att.punch("7", adms_now())
    assert att.upload() == 1
    until(lambda: len(server.events) == 1, what="the passage")
    assert set(server.devices.values()) == {ATT}
    face = hikvision.Terminal(MAC, lan.send)
    face.recognise("9", adms_now())
    assert face.deliver() == 1
    until(lambda: len(server.events) == 2, what="the other passage")
    lan.kill()
    server.mode = "away"
    lan.start_lan()
    att.punch("8", adms_now())
    assert att.upload() == 1
    server.mode = "well"
    until(lambda: len(server.events) == 3, 20, "the passage of the time without a line")
    lan.stop()
    server.named = []
    lan.start_lan()
    until(lambda: not is_heard(lan), 10, "it is hung up on")


def is_heard(lan: LanPc) -> bool:
    try:
        return lan.send("GET", f"/iclock/ping?SN={ATT}", {}, b"").status == 200
    except (OSError, http.client.HTTPException):
        return False


def adms_now() -> datetime:
    return datetime.now(UTC)


def test_a_gate_with_a_key_of_its_own_changes_it_when_the_server_wishes(
    server: FakeServer, pc: SitePc
) -> None:
    pc.write(server.url, more='[[gate]]\nserial = "G1"\nkey_id = "gate"\nsecret_file = "gate"\n')
    server.rotate.add("gate")
    pc.start(ready=False)
    until(lambda: "gate-2" in server.secrets, 15, "the new key")
    until(lambda: (pc.folder / "gate").read_text().split() == ["gate-2", "n" * 32], 5, "the key on disk")
    spool = Spool(pc.queue)
    spool.put("G1", [{"id": "e1", "at": "2026-11-21T07:01:09+08:00", "pin": 7}], made=1.0)
    spool.close()
    until(lambda: server.signers.get("e1") == "gate-2", 20, "a passage under the new key")
    assert server.gate_beats
    assert (pc.folder / "gate").stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(pc.queue) as db:
        until(lambda: db.execute("SELECT count(*) FROM event WHERE state = 'sent'").fetchone() == (1,), 5)
