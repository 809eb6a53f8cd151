"""People on face gates that are called: added, ended, removed, counted; gates that are deaf, choosy or empty."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from devices.edge.lan.allowed import FAILED
from devices.edge.lan.face_people import MOST_AT_ONCE
from devices.protocols.http import Response
from devices.simulators import hikvision, uface
from tests.devices.edge.lan_desk import START, LiveDesk
from tests.devices.servers import free_port


class Site:
    """A desk with one Hikvision terminal and one uface gate, each with its web server."""

    def __init__(self, folder: Path) -> None:
        (folder / "password").write_text("123456", encoding="utf-8")
        (folder / "password").chmod(0o600)
        self.ports = {"H1": free_port(), "U1": free_port()}
        secret = {"password_file": str(folder / "password"), "people": True}
        self.live = LiveDesk(
            folder,
            {"serial": "H1", "protocol": "hikvision", "mac": "e0:ba:ad:82:1a:a9", "user": "admin"}
            | secret | {"address": f"http://127.0.0.1:{self.ports['H1']}"},
            {"serial": "U1", "protocol": "uface"} | secret | {"address": f"http://127.0.0.1:{self.ports['U1']}"},
        )  # fmt: skip
        self.hik = hikvision.Terminal("e0baad821aa9", lambda *_: Response(status=503))
        self.uface = uface.Gate("U1", lambda *_: Response(status=503))
        self.servers: dict[str, ThreadingHTTPServer] = {}
        self.plug("H1")
        self.plug("U1")
        self.live.clock.learn(START.timestamp())

    def plug(self, serial: str) -> None:
        gate: Any = self.hik if serial == "H1" else self.uface
        make: Any = hikvision.serve if serial == "H1" else uface.serve
        self.servers[serial] = make(gate, self.ports[serial])

    def unplug(self, serial: str) -> None:
        server = self.servers.pop(serial)
        server.shutdown()
        server.server_close()

    def bring(self, rounds: int = 1) -> None:
        for _ in range(rounds):
            self.live.desk.bring_people()

    def held(self, serial: str) -> dict[str, Any]:
        return self.live.desk.terminals[serial].memory.people

    def close(self) -> None:
        for serial in list(self.servers):
            self.unplug(serial)
        self.live.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.close()


def ends(terminal: hikvision.Terminal) -> dict[str, str]:
    return {pin: one["Valid"]["endTime"] for pin, one in terminal.people.items()}


def test_people_are_added_ended_and_removed(site: Site) -> None:
    site.bring()
    assert not site.hik.people  # no list is known: nothing is said
    site.live.give_list("v1", [(7, "孙*"), (8, "周*", "2026-01-01", "2026-11-30"), (9, "吴*", "2026-12-01")])
    site.bring()
    assert ends(site.hik) == {
        "7": "2037-12-31T23:59:59",
        "8": "2026-11-30T23:59:59",
        "9": "2037-12-31T23:59:59",
    }
    assert site.hik.people["9"]["Valid"]["beginTime"] == "2026-12-01T00:00:00"
    assert {pin: one.get("time") for pin, one in site.uface.people.items()} == {
        "7": None,
        "8": "2026-11-30 23:59:59",  # and who may not enter yet is not on it: it knows no first day
    }
    site.live.give_list("v2", [(8, "周*"), (9, "吴*", "2026-12-01")], [(7, "entry.training", "未培训")])
    site.bring()
    assert ends(site.hik)["7"] == "2000-01-02T00:00:00"  # denied keeps the face
    assert site.uface.people == {"8": {"id": "8", "name": "周*"}}
    site.live.give_list("v3", [(8, "周*")])
    site.bring()
    assert (set(site.hik.people), set(site.uface.people)) == ({"8"}, {"8"})


def test_nothing_is_said_twice_and_a_restart_says_nothing_again(site: Site) -> None:
    site.live.give_list("v1", [(7, "孙*"), (8, "周*")])
    site.bring()
    with counting(site.hik) as calls:
        site.bring()
        site.live.again()
        site.live.clock.learn(START.timestamp())
        site.bring()
        assert calls == []
        site.live.later(3_601)
        site.bring()
    assert calls == ["Count"]


@contextmanager
def counting(terminal: hikvision.Terminal) -> Iterator[list[str]]:
    calls: list[str] = []
    before = terminal.isapi

    def isapi(method: str, path: str, body: bytes) -> tuple[int, bytes]:
        calls.append(path.split("/")[-1].split("?")[0])
        return before(method, path, body)

    terminal.isapi = isapi  # type: ignore[method-assign]
    yield calls


def test_a_deaf_gate_stops_no_other_and_gets_the_rest_later(site: Site) -> None:
    site.live.give_list("v1", [(n, f"孙{n}") for n in range(1, 31)])
    before = site.hik.isapi
    left = [12]

    def dies(method: str, path: str, body: bytes) -> tuple[int, bytes]:
        left[0] -= 1
        return before(method, path, body) if left[0] > 0 else (503, b"")

    site.hik.isapi = dies  # type: ignore[method-assign]
    site.bring()
    assert 0 < len(site.hik.people) < 30
    assert len(site.held("H1")) == len(site.hik.people)
    assert len(site.uface.people) == 30
    assert "people wait" in site.live.site.trouble
    site.hik.isapi = before  # type: ignore[method-assign]
    site.bring()
    assert len(site.hik.people) < 30  # not before half a minute
    site.live.later(31)
    site.bring()
    assert len(site.hik.people) == 30
    assert site.live.site.trouble == ""


def test_an_answer_that_was_lost_does_no_harm(site: Site) -> None:
    site.live.give_list("v1", [(7, "孙*", "2026-01-01", "2026-11-30")])
    before = site.uface.called

    def forgetful(method: str, target: str, body: bytes, now: datetime) -> bytes:
        answer = before(method, target, body, now)
        return b"" if target == "/person/create" else answer

    site.uface.called = forgetful  # type: ignore[method-assign]
    site.bring()
    assert set(site.uface.people) == {"7"}  # created, and nobody knows
    site.uface.called = before  # type: ignore[method-assign]
    site.live.later(86_401)
    site.bring()
    assert site.uface.people["7"]["time"] == "2026-11-30 23:59:59"
    assert site.held("U1")["7"].mark.endswith("+end")


def test_one_refused_person_stops_no_other_and_is_tried_again(site: Site) -> None:
    site.hik.refuses, site.uface.refuses = {"8"}, {"8"}
    site.live.give_list("v1", [(7, "孙*"), (8, "周*"), (9, "吴*")])
    site.bring()
    assert (set(site.hik.people), set(site.uface.people)) == ({"7", "9"}, {"7", "9"})
    assert site.held("H1")["8"].mark == FAILED
    assert "1 people were not taken" in site.live.site.trouble
    assert "周" not in site.live.site.trouble
    site.hik.refuses.clear()
    site.uface.refuses.clear()
    site.live.later(86_401)
    site.bring()
    assert (set(site.hik.people), set(site.uface.people)) == ({"7", "8", "9"}, {"7", "8", "9"})
    assert site.live.site.trouble == ""


def test_a_gate_that_is_full_says_so(site: Site) -> None:
    site.hik.room = 2
    site.live.give_list("v1", [(n, "孙*") for n in range(1, 6)])
    site.bring()
    assert len(site.hik.people) == 2
    assert "3 people were not taken" in site.live.site.trouble


def test_a_gate_that_comes_back_empty_is_filled_again(site: Site) -> None:
    site.live.give_list("v1", [(n, "孙*") for n in range(1, 41)])
    site.bring()
    site.unplug("H1")
    site.hik.people.clear()  # another one of the same kind hangs there now
    site.plug("H1")
    site.live.later(3_601)
    site.bring()
    assert len(site.hik.people) == 40


def test_what_others_enrolled_is_counted_and_who_left_is_removed_without_any_memory(site: Site) -> None:
    site.hik.people = {pin: {"employeeNo": pin, "name": "x"} for pin in ("7", "12", "janitor")}
    site.live.site.allowed.apply(
        {
            "version": "v1", "complete": True, "denied": [], "removed": [12],
            "people": [{"pin": 7, "name": "孙*", "from": "2026-01-01", "until": None}],
        },
        now=site.live.clock.now(),
    )  # fmt: skip
    site.bring()
    assert set(site.hik.people) == {"7", "janitor"}
    assert site.hik.people["7"]["name"] == "孙*"
    assert "1 people on it are on no list" in site.live.site.trouble


def test_a_long_list_comes_in_rounds(site: Site) -> None:
    site.live.give_list("v1", [(n, "孙*") for n in range(1, MOST_AT_ONCE + 11)])
    site.bring()
    assert (len(site.hik.people), len(site.uface.people)) == (MOST_AT_ONCE, MOST_AT_ONCE)
    site.bring()
    assert (len(site.hik.people), len(site.uface.people)) == (MOST_AT_ONCE + 10, MOST_AT_ONCE + 10)


def test_the_day_changes_who_is_on_a_gate_that_knows_no_first_day(site: Site) -> None:
    site.live.give_list("v1", [(9, "吴*", "2026-11-22")])
    site.bring()
    assert not site.uface.people
    site.live.later(86_400)
    site.bring()
    assert set(site.uface.people) == {"9"}
