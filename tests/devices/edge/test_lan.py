"""LAN terminals through the agent, over real sockets: simulators on one side, a server on the other."""

import http.client
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devices.simulators import adms, hikvision, uface
from tests.devices.edge.lan_pc import ACC, ATT, FACE, MAC, UFACE, LanPc
from tests.devices.edge.server import FakeServer
from tests.devices.edge.site_pc import until

NOW = datetime(2026, 11, 20, 23, 1, 30, tzinfo=UTC)


@pytest.fixture
def lan(server: FakeServer, tmp_path: Path) -> Iterator[LanPc]:
    made = LanPc(tmp_path, server)
    made.start_lan()
    yield made
    made.close()


def test_passages_of_all_protocols_arrive_under_the_agents_key(server: FakeServer, lan: LanPc) -> None:
    att = adms.Terminal(ATT, lan.send)
    acc = adms.Terminal(ACC, lan.send, dialect="acc")
    face = hikvision.Terminal(MAC, lan.send)
    gate = uface.Gate(UFACE, lan.send)
    assert att.connect()
    assert acc.connect()
    att.punch("7", NOW)
    acc.punch("8", NOW, state="1")
    face.recognise("9", NOW)
    assert (att.upload(), acc.upload(), face.deliver()) == (1, 1, 1)
    assert gate.recognise("10", NOW)
    until(lambda: len(server.events) == 4, what="four passages")
    found = {
        server.devices[name]: (event["pin"], event["direction"], event["at"], event["type"])
        for name, event in server.events.items()
    }
    at = "2026-11-20T23:01:30+00:00"
    assert found == {
        ATT: (7, "in", at, 1),
        ACC: (8, "out", at, 1),
        FACE: (9, "out", at, 1),
        UFACE: (10, "in", at, 1),
    }
    assert set(server.signers.values()) == {"agent"}


def test_strangers_are_refused_and_leave_nothing(server: FakeServer, lan: LanPc) -> None:
    stranger = adms.Terminal("NOBODY", lan.send)
    assert not stranger.connect()
    stranger.punch("7", NOW)
    assert stranger.upload() == 0
    face = hikvision.Terminal("00:11:22:33:44:55", lan.send)
    face.recognise("9", NOW)
    assert face.deliver() == 0
    assert not uface.Gate("NOBODY", lan.send).recognise("10", NOW)
    for target in ("/", "/iclock/cdata", f"/iclock/cdata?SN={FACE}", f"/other?SN={ATT}"):
        assert lan.send("POST", target, {}, b"1\t2026-11-21 07:01:09").status in {403, 404}
    assert (lan.waiting("event"), lan.waiting("lan_terminal"), lan.waiting("lan_unread")) == (0, 0, 0)


def test_what_cannot_be_posted_is_kept_raw(server: FakeServer, lan: LanPc) -> None:
    att = adms.Terminal(ATT, lan.send)
    att.connect()
    body = b"A17\t2026-11-21 07:01:09\t0\t15\nrubbish\n7\t2026-11-21 07:02:09\t0\t15\n"
    for _ in range(2):  # a backlog again
        answer = lan.send("POST", f"/iclock/cdata?SN={ATT}&table=ATTLOG", {}, body)
        assert (answer.status, answer.body) == (200, b"OK: 3")
    assert lan.send("POST", f"/iclock/cdata?SN={ATT}&table=NEWTABLE", {}, b"a=1").status == 200
    until(lambda: len(server.events) == 1, what="the good line")
    with sqlite3.connect(lan.queue) as db:
        rows = db.execute("SELECT code, lasting FROM lan_unread ORDER BY code").fetchall()
    assert rows == [("ATTLOG attlog.line", 0), ("event.person", 1), ("table newtable", 0)]
    assert b"rubbish" not in lan.bytes_on_disk()  # sealed


def test_no_event_lost_and_none_doubled_under_kill_9(server: FakeServer, lan: LanPc) -> None:
    """What a terminal was told is stored is stored, whatever moment the agent is killed at."""
    dice = random.Random(11)
    done = threading.Event()
    att = adms.Terminal(ATT, lan.send, photos=False)
    acc = adms.Terminal(ACC, lan.send, dialect="acc")
    face = hikvision.Terminal(MAC, lan.send)

    def working(terminal: adms.Terminal) -> None:
        number = 0
        while not done.is_set():
            number += 1
            terminal.punch(str(1 + number % 40), NOW + timedelta(seconds=number))
            adms._turn(terminal, NOW)
            if number % 50 == 0:
                terminal.resend_everything()

    def calling() -> None:
        number = 0
        while not done.is_set():
            number += 1
            face.recognise(str(1 + number % 40), NOW + timedelta(seconds=number))
            try:
                face.deliver()
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)

    threads = [threading.Thread(target=working, args=(one,)) for one in (att, acc)]
    threads.append(threading.Thread(target=calling))
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            server.mode = dice.choice(["well", "forgetful", "away", "broken"])
            time.sleep(dice.uniform(0.4, 0.9))
            server.mode = "well"
            lan.kill()
            lan.start_lan()
    finally:
        done.set()
        for thread in threads:
            thread.join(30)
    until(lambda: finish(att, acc, face), 20, "the rest is delivered")
    until(lambda: lan.waiting("event WHERE state = 'waiting'") == 0, 40)
    sent = len(att.records) + len(acc.records) + len(face.events)
    assert sent > 100
    assert len(server.events) == sent
    assert server.posted_twice == 0
    assert lan.waiting("event WHERE state = 'dead'") == 0


def finish(att: adms.Terminal, acc: adms.Terminal, face: hikvision.Terminal) -> bool:
    adms._turn(att, NOW)
    adms._turn(acc, NOW)
    face.deliver()
    return all(record.sent for record in [*att.records, *acc.records]) and not face.waiting


def test_the_registration_of_a_terminal_survives_a_kill(lan: LanPc) -> None:
    acc = adms.Terminal(ACC, lan.send, dialect="acc")
    acc.connect()
    cookie = acc.cookie
    lan.kill()
    lan.start_lan()
    hello = lan.send("GET", f"/iclock/cdata?SN={ACC}&options=all&DeviceType=acc", {}, b"")
    assert b"registry=ok" in hello.body
    acc.connect()
    assert acc.cookie == cookie


def test_a_silent_terminal_shows_in_health(server: FakeServer, tmp_path: Path) -> None:
    terminals = f'[[device.terminal]]\nserial = "{ATT}"\nname = "North gate"\nlane = "in"\nnetworks = ["127.0.0.1"]\nsilent_after = 1\n'
    pc = LanPc(tmp_path, server, terminals=terminals)
    try:
        pc.start_lan()
        until(lambda: state_of(server, "North gate") == "silent", what="silent")
        assert adms.Terminal(ATT, pc.send).connect()
        until(lambda: state_of(server, "North gate") == "ready", what="ready")
        until(lambda: state_of(server, "North gate") == "silent", what="silent again")
    finally:
        pc.close()


def test_the_list_of_the_server_reaches_terminals_and_doors(server: FakeServer, tmp_path: Path) -> None:
    terminals = "".join(
        f'[[device.terminal]]\nserial = "{serial}"\ndialect = "{dialect}"\npeople = true\n'
        'lane = "in"\nnetworks = ["127.0.0.1"]\n'
        for serial, dialect in ((ATT, "att"), (ACC, "acc"))
    )
    server.allowed = {
        "version": "v1",
        "complete": True,
        "people": [{"pin": 7, "name": "张*", "from": "2026-03-02", "until": None}],
        "denied": [{"pin": 8, "reason": "untrained", "text": "未完成安全教育"}],
        "removed": [],
    }
    pc = LanPc(tmp_path, server, terminals=terminals)
    try:
        pc.start_lan()
        for serial, dialect in ((ATT, "att"), (ACC, "acc")):
            terminal = adms.Terminal(serial, pc.send, dialect=dialect)
            assert terminal.connect()
            until(lambda one=terminal: one.poll(NOW) and "7" in one.people, what="the person is enrolled")  # type: ignore[misc]
        line = "time=2026-11-21 07:01:09\tpin={}\tcardno=0\teventaddr=1\tevent=0\tinoutstatus=0\tverifytype=15\tindex=9"
        target = f"/iclock/cdata?SN={ACC}&AuthType=device"
        assert pc.send("POST", target, {}, line.format(7).encode()).body.startswith(b"AUTH=SUCCEED")
        no = pc.send("POST", target, {}, line.format(8).encode()).body
        assert no.startswith(b"AUTH=FAILED")
        assert "未完成安全教育".encode() in no
        until(lambda: server.events, what="the refusal")
        (event,) = server.events.values()
        assert (event["pin"], event["admitted"], event["reason"]) == (8, False, "untrained")
    finally:
        pc.close()


def state_of(server: FakeServer, name: str) -> str:
    beats = [one["state"] for beat in server.beats[-1:] for one in beat["devices"] if one["name"] == name]
    return str(beats[-1]) if beats else ""


def test_photos_go_after_their_passage_by_a_lane_of_their_own(server: FakeServer, lan: LanPc) -> None:
    att = adms.Terminal(ATT, lan.send, photos=True)
    att.connect()
    face = hikvision.Terminal(MAC, lan.send)
    server.mode = "broken"
    att.punch("7", NOW)
    face.recognise("9", NOW)
    assert (att.upload(), face.deliver()) == (1, 1)
    time.sleep(0.5)
    server.mode = "well"
    until(lambda: len(server.photos) == 2, 15, "two photos")
    by_device = {device: event for device, event, _size in server.photos}
    assert {device: server.devices[event] for device, event in by_device.items()} == {ATT: ATT, FACE: FACE}
