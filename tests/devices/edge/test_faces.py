"""Pictures of faces at terminals: given only by name of the list, deleted with the terminal's own word, never on the disk."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.client import Refused
from devices.edge.lan.desk import Desk
from devices.edge.lan.sending import FacesLane
from devices.protocols.errors import WrongValue
from devices.protocols.iclock import commands
from devices.simulators import adms
from devices.simulators.callers import picture_of
from tests.devices.edge.lan_desk import START, LiveDesk
from tests.devices.edge.test_face_people import Site

A, B, C = ("0123456789abcdef0123", "b" * 20, "c" * 20)
SN = "CKJF260900017"
PICTURES = {(7, A): picture_of("7"), (8, B): picture_of("8"), (7, C): picture_of("7 anew")}


class Asked:
    """The server's pictures, and who was asked for."""

    def __init__(self) -> None:
        self.away = False
        self.calls: list[tuple[int, str]] = []

    def __call__(self, pin: int, name: str) -> bytes | None:
        self.calls.append((pin, name))
        if self.away:
            raise ConnectionRefusedError
        return PICTURES.get((pin, name))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    made.live.site.picture = Asked()
    yield made
    made.close()


def both(site: Site) -> tuple[set[str], set[str]]:
    return set(site.hik.faces), set(site.uface.faces)


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_face_gates_get_a_picture_and_delete_it(site: Site) -> None:
    site.live.give_list("v1", [(7, "孙*"), (8, "周*"), (9, "吴*")], faces={7: A, 9: ""})
    site.bring()
    assert site.hik.faces == {"7": PICTURES[7, A]}
    assert site.uface.faces == {"7": {A: PICTURES[7, A]}}
    said = site.live.desk.faces_said()
    assert said == {"H1": {"7": A, "9": ""}, "U1": {"7": A, "9": ""}}
    site.live.site.picture.calls.clear()  # type: ignore[attr-defined]
    site.bring(3)
    site.live.again()
    site.live.site.picture = Asked()
    site.live.clock.learn(START.timestamp())
    site.bring()
    assert site.live.site.picture.calls == [], "nothing is fetched twice"
    site.live.give_list("v2", [(7, "孙*"), (8, "周*"), (9, "吴*")], faces={7: C, 8: B, 9: ""})
    site.bring()
    assert site.uface.faces == {"7": {C: PICTURES[7, C]}, "8": {B: PICTURES[8, B]}}, "the new one alone"
    site.live.give_list("v3", [(7, "孙*"), (8, "周*")], faces={7: "", 8: B})
    site.bring()
    assert both(site) == ({"8"}, {"8"})
    assert set(site.hik.people) == {"7", "8"}, "who takes it back still comes in"
    assert site.live.desk.faces_said()["H1"] == {"7": "", "8": B}


def test_who_leaves_or_is_paused_takes_the_picture_along(site: Site) -> None:
    site.live.give_list("v1", [(7, "孙*"), (8, "周*")], faces={7: A, 8: B})
    site.bring()
    site.live.give_list("v2", [(8, "周*")], faces={8: B})
    site.bring()
    assert both(site) == ({"8"}, {"8"})
    assert site.live.desk.faces_said() == {"H1": {"7": "", "8": B}, "U1": {"7": "", "8": B}}
    site.live.desk.faces_told(site.live.desk.faces_said())
    assert site.live.desk.faces_said() == {"H1": {"8": B}, "U1": {"8": B}}
    site.live.give_list("v3", [], [(8, "entry.training", "未培训")], faces={8: B})
    site.bring()
    assert both(site) == ({"8"}, set()), "a uface gate knows no pause"
    assert site.live.desk.faces_said() == {"H1": {"8": B}, "U1": {"8": ""}}
    site.live.give_list("v4", [], [(8, "entry.training", "未培训")], faces={8: ""})
    site.bring()
    assert both(site) == (set(), set()), "denied and not wanted"


def test_firmware_without_the_call_loses_the_person_with_the_face_and_gets_them_back(site: Site) -> None:
    site.hik.knows_face_calls = False
    site.live.give_list("v1", [(7, "孙*")], faces={7: A})
    site.bring()
    assert set(site.hik.faces) == {"7"}
    site.live.give_list("v2", [(7, "孙*")], faces={7: ""})
    site.bring()
    assert (set(site.hik.people), site.hik.faces) == ({"7"}, {})
    assert site.live.desk.faces_said()["H1"] == {"7": ""}


def test_a_gate_that_says_done_and_still_has_it_has_not_deleted(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.live.give_list("v1", [(7, "孙*")], faces={7: A})
    site.bring()

    class Sticky(dict[str, bytes]):
        def pop(self, *_args: Any) -> Any:
            """Forgets nothing."""

    site.hik.faces = Sticky(site.hik.faces)
    site.live.give_list("v2", [(7, "孙*")], faces={7: ""})
    site.bring()
    assert site.live.desk.faces_said()["H1"] == {"7": A}, "no proof"
    assert "1 pictures were not deleted" in site.live.site.trouble
    site.hik.faces = {}
    site.live.later(3_601)
    site.bring()
    assert site.live.desk.faces_said()["H1"] == {"7": ""}
    assert "deleted" not in site.live.site.trouble


def test_a_picture_that_is_not_taken_is_said_and_stops_nobody(site: Site) -> None:
    site.live.give_list("v1", [(7, "孙*"), (8, "周*")])
    site.bring()
    site.hik.refuses = {"7"}
    site.live.give_list("v2", [(7, "孙*"), (8, "周*")], faces={7: A, 8: B})
    site.bring()
    assert both(site) == ({"8"}, {"7", "8"})
    assert site.live.desk.faces_said()["H1"] == {"7": f"!{A}", "8": B}
    assert "1 pictures were not taken" in site.live.site.trouble
    site.hik.refuses = set()
    site.live.later(86_401)
    site.bring()
    assert site.live.desk.faces_said()["H1"] == {"7": A, "8": B}


def test_pictures_wait_for_the_server_and_people_do_not(site: Site) -> None:
    asked: Any = site.live.site.picture
    asked.away = True
    site.live.give_list("v1", [(7, "孙*")], faces={7: A})
    site.bring()
    assert (set(site.hik.people), both(site)) == ({"7"}, (set(), set()))
    assert "pictures wait for the server" in site.live.site.trouble
    asked.away = False
    site.live.later(61)
    site.bring()
    assert both(site) == ({"7"}, {"7"})


def test_an_emptied_gate_tells_that_the_picture_is_gone_and_gets_it_again(site: Site) -> None:
    site.live.give_list("v1", [(7, "孙*")], faces={7: A})
    site.bring()
    site.hik.people.clear()
    site.hik.faces.clear()
    site.live.later(3_601)
    site.bring()
    assert both(site) == ({"7"}, {"7"})
    assert site.live.desk.faces_said()["H1"] == {"7": A}


def test_no_picture_lies_on_the_disk(site: Site, tmp_path: Path) -> None:
    site.live.give_list("v1", [(7, "孙*")], faces={7: A})
    site.bring()
    assert set(site.hik.faces) == {"7"}
    disk = on_disk(tmp_path)
    for piece in (PICTURES[7, A], PICTURES[7, A][100:164]):
        assert piece not in disk


# iclock: the terminal fetches its commands


@pytest.fixture(params=["att", "acc"])
def pushed(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[LiveDesk, adms.Terminal, Asked]]:
    table = {"serial": SN, "protocol": "iclock", "dialect": request.param, "people": True}
    live = LiveDesk(tmp_path, table)
    live.clock.learn(START.timestamp())
    asked = live.site.picture = Asked()
    terminal = adms.Terminal(SN, live.send, dialect=request.param)
    assert terminal.connect()
    yield live, terminal, asked
    live.close()


def turns(live: LiveDesk, terminal: adms.Terminal, count: int = 3) -> None:
    """So many times: the agent looks, the server is asked, the terminal polls."""
    for _ in range(count):
        live.desk.look_after()
        live.desk.fetch_pictures()
        terminal.poll(live.now)


def queue_of(live: LiveDesk) -> list[str]:
    return [queued.command.text for queued in live.desk.terminals[SN].memory.terminal.queue]


def test_a_terminal_that_fetches_gets_the_picture_in_the_moment_of_fetching(
    pushed: tuple[LiveDesk, adms.Terminal, Asked], tmp_path: Path
) -> None:
    live, terminal, asked = pushed
    live.give_list("1", [(7, "张*"), (8, "李*"), (9, "王*")], faces={7: A, 9: ""})
    live.desk.look_after()
    terminal.poll(live.now)
    live.desk.look_after()
    terminal.poll(live.now)
    assert terminal.faces == {}, "held back until the server has given it"
    assert any("Face=" in text for text in queue_of(live))
    assert set(terminal.people) == {"7", "8", "9"}
    turns(live, terminal)
    assert terminal.faces == {"7": PICTURES[7, A]}
    assert (asked.calls, queue_of(live)) == ([(7, A)], [])
    assert live.desk.faces_said() == {SN: {"7": A, "9": ""}}
    disk = on_disk(tmp_path)
    content = commands.with_picture("x\tFace=", PICTURES[7, A]).encode()
    assert content[200:300] not in disk
    assert PICTURES[7, A][100:164] not in disk
    live.give_list("2", [(7, "张*"), (8, "李*")], faces={7: "", 8: B})
    turns(live, terminal)
    assert terminal.faces == {"8": PICTURES[8, B]}
    assert set(terminal.people) == {"7", "8"}, "who takes it back still comes in"
    assert live.desk.faces_said() == {SN: {"7": "", "8": B}}
    live.give_list("3", [(7, "张*")], faces={7: ""})
    turns(live, terminal)
    assert (set(terminal.people), terminal.faces) == ({"7"}, {})
    assert live.desk.faces_said() == {SN: {"7": "", "8": ""}}
    assert live.desk.terminals[SN].memory.waiting_for == {}


def test_a_kill_between_asking_and_giving_loses_no_command(
    pushed: tuple[LiveDesk, adms.Terminal, Asked],
) -> None:
    live, terminal, asked = pushed
    live.give_list("1", [(7, "张*")], faces={7: A})
    live.desk.look_after()
    terminal.poll(live.now)
    live.desk.look_after()
    live.desk.fetch_pictures()
    live.again()
    terminal.send = live.send
    live.site.picture = asked
    live.clock.learn(START.timestamp())
    turns(live, terminal)
    assert terminal.faces == {"7": PICTURES[7, A]}


def test_a_picture_whose_answer_was_lost_goes_again(pushed: tuple[LiveDesk, adms.Terminal, Asked]) -> None:
    live, terminal, asked = pushed
    live.give_list("1", [(7, "张*")], faces={7: A})
    live.desk.look_after()
    terminal.poll(live.now)
    live.desk.look_after()
    live.desk.fetch_pictures()
    live.send("GET", f"/iclock/getrequest?SN={SN}", {}, b"")  # fetched, and the power went
    turns(live, terminal, 2)
    assert terminal.faces == {}
    live.later(121)
    turns(live, terminal, 2)
    assert terminal.faces == {"7": PICTURES[7, A]}
    assert asked.calls == [(7, A), (7, A)]


def test_a_deletion_that_failed_is_no_proof_and_is_tried_in_the_night(
    pushed: tuple[LiveDesk, adms.Terminal, Asked],
) -> None:
    live, terminal, _asked = pushed
    live.give_list("1", [(7, "张*")], faces={7: A})
    turns(live, terminal)
    terminal.fails = ("DATA DELETE",)
    live.give_list("2", [(7, "张*")], faces={7: ""})
    turns(live, terminal)
    assert live.desk.faces_said() == {SN: {"7": A}}
    terminal.fails = ()
    turns(live, terminal)
    assert set(terminal.faces) == {"7"}, "not at once: it said no"
    live.later(86_400)
    turns(live, terminal)
    assert terminal.faces == {}
    assert live.desk.faces_said() == {SN: {"7": ""}}


def test_a_picture_that_is_not_to_be_had_any_more_is_given_up(
    pushed: tuple[LiveDesk, adms.Terminal, Asked],
) -> None:
    live, terminal, _asked = pushed
    live.give_list("1", [(7, "张*")], faces={7: "d" * 20})
    turns(live, terminal)
    live.give_list("2", [(7, "张*")], faces={7: ""})
    turns(live, terminal)
    assert (terminal.faces, queue_of(live)) == ({}, [])
    assert live.desk.faces_said() == {SN: {"7": ""}}


def test_a_picture_stays_in_memory_for_a_minute_at_most(
    pushed: tuple[LiveDesk, adms.Terminal, Asked],
) -> None:
    live, terminal, _asked = pushed
    live.give_list("1", [(7, "张*")], faces={7: A})
    live.desk.look_after()
    terminal.poll(live.now)
    live.desk.look_after()
    live.desk.fetch_pictures()
    state = live.desk.terminals[SN].memory.terminal
    assert live.desk.pictures.lacking(state) == []
    live.later(61)
    assert live.desk.pictures.lacking(state) == [(7, A)]


def test_commands_about_faces() -> None:
    (waits,) = commands.put_face("att", "7", A)
    assert commands.waits_for(waits) == (7, A)
    assert commands.with_picture(waits, b"\xff\xd8\xff") == (
        "DATA UPDATE BIOPHOTO PIN=7\tType=9\tSize=4\tContent=/9j/\tFormat=0"
    )
    assert commands.waits_for("DATA UPDATE USERINFO PIN=7\tName=x\tFace=1") is None
    assert commands.drop_face("acc", "7")[-1] == "DATA DELETE biophoto PIN=7\tType=9"
    with pytest.raises(WrongValue):
        commands.put_face("att", "7", "a\tb")


class Server:
    """What the lane posts, and what it is answered."""

    def __init__(self) -> None:
        self.posted: list[Any] = []
        self.bodies: list[Any] = []
        self.answer: Any = {"deleted": 0}

    def call(self, _method: str, _path: str, body: bytes = b"") -> tuple[int, Any]:
        if isinstance(self.answer, Exception):
            raise self.answer
        self.bodies.append(json.loads(body))
        self.posted.append([(one["serial"], one["faces"]) for one in self.bodies[-1]["gates"]])
        return 200, self.answer


def test_what_terminals_said_is_told_until_the_server_has_it(site: Site) -> None:
    desk: Desk = site.live.desk
    lane, server = FacesLane(site.live.site, desk), Server()
    lane.send(server)  # type: ignore[arg-type]
    lane.send(server)  # type: ignore[arg-type]
    assert server.posted == [[("H1", {}), ("U1", {})]], "told once: gates that would take pictures"
    server.posted.clear()
    site.live.give_list("v1", [(7, "孙*")], faces={7: A})
    site.bring()
    assert desk.faces_changed.is_set()
    server.answer = Refused(503, {})
    with pytest.raises(Refused):
        lane.send(server)  # type: ignore[arg-type]
    server.answer = {"deleted": 0}
    lane.send(server)  # type: ignore[arg-type]
    lane.send(server)  # type: ignore[arg-type]
    assert server.posted == [[("H1", {"7": A}), ("U1", {"7": A})]]
    site.live.give_list("v2", [], faces={})
    site.bring()
    lane.send(server)  # type: ignore[arg-type]
    assert server.posted[1] == [("H1", {"7": ""}), ("U1", {"7": ""})]
    lane.send(server)  # type: ignore[arg-type]
    assert desk.faces_said() == {"H1": {}, "U1": {}}


def test_terminals_that_get_no_people_are_named_once_the_server_knows_them(tmp_path: Path) -> None:
    live = LiveDesk(tmp_path, {"serial": "A1"}, {"serial": "A2"})
    try:
        lane, server = FacesLane(live.site, live.desk), Server()
        lane.send(server)  # type: ignore[arg-type]
        assert server.posted == [], "a gate of no server's would have the whole report refused"
        row = {"serial": "A2", "kind": "adms", "name": "东门", "lane": "in", "networks": []}
        live.site.book.apply([row])
        lane.send(server)  # type: ignore[arg-type]
        lane.send(server)  # type: ignore[arg-type]
        assert server.posted == [[("A2", {})]]
        assert server.bodies[0]["gates"][0]["people"] is False
    finally:
        live.close()
