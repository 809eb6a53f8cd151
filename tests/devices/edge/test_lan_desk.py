"""Commands to terminals, the question at the door, the nightly reconciliation, full disks and stepped clocks."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from devices.protocols.http import Response
from devices.protocols.iclock.commands import Command
from devices.simulators import adms, hikvision, uface
from tests.devices.edge.lan_desk import START, LiveDesk
from tests.devices.servers import free_port

SN = "CKJF260900017"
ATT: dict[str, Any] = {"serial": SN, "people": True}
ACC: dict[str, Any] = {"serial": SN, "dialect": "acc", "people": True}
Open = Callable[..., LiveDesk]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Open]:
    made: list[LiveDesk] = []

    def build(*tables: dict[str, Any], **more: Any) -> LiveDesk:
        made.append(LiveDesk(tmp_path, *tables, **more))
        return made[-1]

    yield build
    for one in made:
        one.close()


def events(live: LiveDesk) -> list[dict[str, Any]]:
    return [json.loads(body) for (body,) in live.rows("SELECT body FROM event ORDER BY seq")]


@pytest.mark.parametrize("table", [ATT, ACC])
def test_people_go_to_the_terminal_with_their_end_and_leave_it(desk: Open, table: dict[str, Any]) -> None:
    live = desk(table)
    terminal = adms.Terminal(SN, live.send, dialect=table.get("dialect", "att"))
    assert terminal.connect()
    live.give_list("1", [(7, "张*", "2026-03-02", None), (8, "李*", "2026-03-02", "2026-11-30")])
    live.desk.look_after()
    assert terminal.poll(live.now)
    assert set(terminal.people) == {"7", "8"}
    ends = terminal.people["8"].get("EndDatetime") or terminal.people["8"]["EndTime"]
    assert ends in {"2026-11-30T23:59:59", "865036799"}
    live.desk.look_after()
    assert terminal.poll(live.now) == []  # nothing is said twice
    live.give_list("2", [], [(7, "untrained", "Not trained")])
    live.desk.look_after()
    terminal.poll(live.now)
    assert set(terminal.people) == {"7"}  # enrolled still, with a permission that has ended
    ends = terminal.people["7"].get("EndDatetime") or terminal.people["7"]["EndTime"]
    assert ends in {"2000-01-02T00:00:00", "86400"}
    assert live.desk.terminals[SN].memory.waiting_for == {}


def test_a_terminal_is_not_emptied_while_no_list_is_known(desk: Open) -> None:
    live = desk(ATT)
    terminal = adms.Terminal(SN, live.send)
    terminal.connect()
    live.give_list("1", [(7, "张*")])
    live.desk.look_after()
    terminal.poll(live.now)
    for table in ("allowed", "allowed_facts"):
        live.store.db.execute(f"DELETE FROM {table}")  # noqa: S608 the list is lost
    live.again()
    terminal.send = live.send
    assert live.site.allowed.version == ""
    live.desk.look_after()
    assert terminal.poll(live.now) == []
    assert set(terminal.people) == {"7"}


def test_a_long_list_goes_in_parts_and_survives_a_restart(desk: Open) -> None:
    live = desk(ATT)
    terminal = adms.Terminal(SN, live.send)
    terminal.connect()
    live.give_list("1", [(pin,) for pin in range(1, 501)])
    live.desk.look_after()
    assert len(live.desk.terminals[SN].memory.terminal.queue) == 200
    live.again()
    terminal.send = live.send
    for _ in range(4):
        terminal.poll(live.now)
        live.desk.look_after()
    assert len(terminal.people) == 500
    ids = [queued.command.id for queued in live.desk.terminals[SN].memory.terminal.queue]
    assert ids == []
    assert live.desk.terminals[SN].memory.next_command == 501


def ask(live: LiveDesk, pin: str) -> tuple[bytes, float]:
    line = f"time=2026-11-21 07:01:09\tpin={pin}\tcardno=0\teventaddr=2\tevent=0\tinoutstatus=0\tverifytype=1\tindex=9"
    began = time.monotonic()
    answer = live.send("POST", f"/iclock/cdata?SN={SN}&AuthType=device", {}, line.encode())
    return answer.body, time.monotonic() - began


def test_who_stands_at_a_door_is_answered_by_the_list_in_time(desk: Open) -> None:
    live = desk(ACC | {"lane": "both"})
    live.give_list("1", [(7, "张*")], [(8, "left", "已离场")])
    body, _ = ask(live, "7")
    assert body.startswith(b"AUTH=SUCCEED")
    assert b"CONTROL DEVICE 01020105" in body  # door 2, by its own timer
    assert events(live) == []  # the passage itself comes when the person has gone through
    body, _ = ask(live, "8")
    assert body.startswith(b"AUTH=FAILED")
    assert "TIPS=已离场".encode() in body
    for pin in ("9", "0", "A7", "99999999999999999999"):
        assert ask(live, pin)[0].startswith(b"AUTH=FAILED")
    assert [(e["pin"], e["admitted"], e["reason"]) for e in events(live)] == [
        (8, False, "left"),
        (9, False, "unknown"),
    ]
    told = "time=2026-11-21 07:01:10\tpin=8\tcardno=0\teventaddr=2\tevent=44\tinoutstatus=0\tverifytype=1\tindex=9"
    assert live.send("POST", f"/iclock/cdata?SN={SN}&table=rtlog", {}, told.encode()).body == b"OK"
    assert len(events(live)) == 2  # the terminal's record of our own refusal
    other = told.replace("pin=8", "pin=6").replace("07:01:10", "09:01:10")
    live.send("POST", f"/iclock/cdata?SN={SN}&table=rtlog", {}, other.encode())
    assert len(events(live)) == 3  # one that we did not give
    took = sorted(ask(live, "7")[1] for _ in range(30))
    assert took[-1] < 0.3


def test_an_order_that_opens_a_door_is_not_given_late(desk: Open) -> None:
    live = desk(ATT)
    terminal = adms.Terminal(SN, live.send)
    one = live.desk.terminals[SN]
    sent = one.memory.terminal.with_commands(Command("w1", "AC_UNLOCK"))
    one.memory = one.memory.__class__(terminal=sent)
    live.send("GET", f"/iclock/getrequest?SN={SN}", {}, b"")  # fetched, but no result came
    live.wall -= 86_400  # the PC's clock is set back, the server has not been heard
    assert terminal.poll(live.now) == []
    assert terminal.opened == 0


def test_what_did_not_arrive_is_asked_for_at_night(desk: Open) -> None:
    live = desk({"serial": SN})
    live.clock.learn(START.timestamp())
    terminal = adms.Terminal(SN, live.send)
    terminal.connect()
    terminal.poll(live.now)  # the clock's command
    for number in range(6):
        terminal.punch(str(number + 1), START + timedelta(minutes=number))
    terminal.records[2].sent = terminal.records[4].sent = True  # it believes that it sent them
    assert terminal.upload() == 4
    live.later(20 * 3600)  # 03:01 of the next day
    live.desk.look_after()
    terminal.poll(live.now)
    terminal.poll(live.now)
    assert terminal.upload() == 6
    assert sorted(event["pin"] for event in events(live)) == [1, 2, 3, 4, 5, 6]
    live.desk.look_after()
    terminal.poll(live.now)
    assert not any(text.startswith("VERIFY") for text in terminal.poll(live.now))  # once a night


def test_gaps_in_record_numbers_are_asked_for_at_night(desk: Open) -> None:
    live = desk(ACC | {"people": False})
    live.clock.learn(START.timestamp())
    terminal = adms.Terminal(SN, live.send, dialect="acc")
    terminal.connect()
    for number in range(6):
        terminal.punch(str(number + 1), START + timedelta(minutes=number))
    terminal.records[2].sent = terminal.records[4].sent = True
    terminal.upload()
    assert live.desk.terminals[SN].memory.runs == ((1, 2), (4, 4), (6, 6))
    live.later(20 * 3600)
    live.desk.look_after()
    terminal.poll(live.now)
    assert sorted(event["pin"] for event in events(live)) == [1, 2, 3, 4, 5, 6]
    assert live.desk.terminals[SN].memory.runs == ((1, 6),)


def test_a_clock_is_set_daily_and_never_late(desk: Open) -> None:
    live = desk(ATT)
    terminal = adms.Terminal(SN, live.send, wrong_by=timedelta(minutes=9))
    terminal.connect()
    assert terminal.poll(live.now) == []  # this PC does not know the time yet
    live.clock.learn(START.timestamp())
    terminal.poll(live.now)
    assert abs(terminal.wrong_by) <= timedelta(seconds=1)
    assert terminal.poll(live.now) == []
    live.later(86_401)
    lost = live.send("GET", f"/iclock/getrequest?SN={SN}", {}, b"")  # the terminal dies with it
    assert b"SET OPTION" in lost.body
    live.later(600)
    assert terminal.poll(live.now) == []


def test_a_full_disk_answers_503_and_loses_nothing(desk: Open) -> None:
    live = desk(
        {"serial": SN},
        {"serial": "H1", "protocol": "hikvision", "mac": "e0baad821aa9"},
        {"serial": "U1", "protocol": "uface"},
    )
    terminal = adms.Terminal(SN, live.send)
    face = hikvision.Terminal("e0baad821aa9", live.send)
    gate = uface.Gate("U1", live.send)
    terminal.connect()
    pages = live.rows("PRAGMA page_count")[0][0]
    for db in (live.spool._db, live.store.db):
        db.execute(f"PRAGMA max_page_count = {pages + 4}")
    number = 0
    while not terminal.failures:
        number += 1
        terminal.punch(str(number), START + timedelta(seconds=number))
        terminal.upload()
        assert number < 500
    for extra in range(30):  # a page may have had room for some more
        face.recognise(str(extra + 1), START)
        if face.deliver() == 0:
            break
    assert face.waiting
    while gate.recognise("1", START + timedelta(seconds=len(gate.records))):
        assert len(gate.records) < 500
    assert "cannot be written" in live.site.trouble
    for db in (live.spool._db, live.store.db):
        db.execute("PRAGMA max_page_count = 1000000")
    terminal.upload()
    face.deliver()
    assert len(events(live)) == len(terminal.records) + len(face.events) + len(gate.records) - gate.lost
    assert live.site.trouble == ""


def test_a_clock_that_is_stepped_back_doubles_nothing(desk: Open) -> None:
    live = desk(ATT)
    terminal = adms.Terminal(SN, live.send)
    terminal.connect()
    for number in range(20):
        terminal.punch(str(number + 1), START + timedelta(seconds=number))
    terminal.upload()
    live.give_list("1", [(7,)])
    live.desk.look_after()
    live.send("GET", f"/iclock/getrequest?SN={SN}", {}, b"")  # sent, no result
    live.wall -= 30 * 86_400
    terminal.resend_everything()
    assert terminal.upload() == 20
    assert len(events(live)) == 20
    assert terminal.poll(live.now)  # what was sent "in the future" is said again
    assert set(terminal.people) == {"7"}


def test_photos_are_bounded_and_what_is_dropped_is_said(desk: Open) -> None:
    live = desk({"serial": SN}, most_photos=3)
    terminal = adms.Terminal(SN, live.send, photos=True)
    terminal.connect()
    for number in range(5):
        terminal.punch(str(number + 1), START + timedelta(seconds=number))
    terminal.upload()
    assert live.photos.count()[0] == 3
    assert live.photos.dropped == 2
    assert "2 photos given up" in live.site.trouble
    assert live.photos.next(live.store) is None  # their passages are not delivered yet
    parcel = live.spool.parcel(SN, most=9)
    assert parcel is not None
    live.spool.settle(SN, parcel, "sent")
    first = live.photos.next(live.store)
    assert first is not None
    assert first.event == events(live)[2]["id"]  # the oldest were dropped
    live.photos.later(first.seq)  # the server does not know the passage yet: others go on
    second = live.photos.next(live.store)
    assert second is not None
    assert second.event == events(live)[3]["id"]
    live.later(61)
    again = live.photos.next(live.store)
    assert again == first
    for _ in range(9):
        live.photos.later(first.seq)
    assert live.photos.count()[0] == 2
    assert live.photos.dropped == 3
    assert len(events(live)) == 5


def test_a_photo_that_comes_before_its_passage_waits_for_it(desk: Open) -> None:
    live = desk({"serial": SN})
    terminal = adms.Terminal(SN, live.send)
    record = terminal.punch("7", START)
    terminal._send_photo(record)
    terminal._send_photo(record)
    assert live.photos.db.execute("SELECT event FROM photo").fetchall() == [(None,)]
    terminal.upload()
    assert live.photos.db.execute("SELECT event FROM photo").fetchall() == [(events(live)[0]["id"],)]
    other = terminal.punch("8", START)
    terminal._send_photo(other)
    live.later(86_401)
    live.photos.forget_lonely()
    assert live.photos.count()[0] == 1


def test_unread_lines_are_bounded_but_nobodys_passage_is_dropped(desk: Open) -> None:
    live = desk({"serial": SN})
    lines = [f"A{n}\t2026-11-21 07:01:09\t0\t15" for n in range(60)] + [f"rubbish {n}" for n in range(80)]
    answer = live.send("POST", f"/iclock/cdata?SN={SN}&table=ATTLOG", {}, "\n".join(lines).encode())
    assert answer.body == b"OK: 140"
    kept = live.store.unread(SN)
    assert sum(code == "event.person" for _s, code, _r in kept) == 60
    assert [raw for _s, code, raw in kept if code != "event.person"] == [
        f"rubbish {n}".encode() for n in range(30, 80)
    ]
    for _ in range(2):  # now, and after a restart
        live.desk.look_after()
        assert live.site.worries == [{"code": "unread", "about": "", "count": 60}], "a person has to look"
        assert live.site.full == ""
        live.again()


def test_a_uface_gate_is_asked_for_what_it_told_nobody(desk: Open, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("123456", encoding="utf-8")
    (tmp_path / "password").chmod(0o600)
    port = free_port()
    live = desk(
        {
            "serial": "U1",
            "protocol": "uface",
            "address": f"http://127.0.0.1:{port}",
            "password_file": str(tmp_path / "password"),
        }
    )

    def away(*_: Any) -> Response:
        raise OSError

    now = datetime.now(UTC)
    live.wall = now.timestamp()
    gate = uface.Gate("U1", live.send, fast_by=timedelta(hours=4))
    assert gate.recognise("1", now - timedelta(minutes=3))
    gate.send = away
    assert not gate.recognise("2", now - timedelta(minutes=2))
    server = uface.serve(gate, port)
    try:
        live.desk.visit()
        assert len(events(live)) == 1  # the time is not known yet
        live.clock.learn(now.timestamp())
        live.desk.visit()
        assert sorted(event["pin"] for event in events(live)) == [1, 2]
        assert abs(gate.fast_by) < timedelta(minutes=1)
        gate.recognise("3", now)
        live.desk.visit()
        assert len(events(live)) == 2  # not again within the hour
        live.later(3_601)
        live.desk.visit()
        assert sorted(event["pin"] for event in events(live)) == [1, 2, 3]
    finally:
        server.shutdown()
        server.server_close()
    live.later(3_601)
    live.desk.visit()  # the gate is away: nothing breaks
    assert "password" not in repr(live.desk.terminals["U1"].known)
    assert "123456" not in repr(live.desk.terminals["U1"].known)


def test_a_hikvision_terminal_is_searched_with_a_digest(desk: Open, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("pass-1", encoding="utf-8")
    (tmp_path / "password").chmod(0o600)
    terminal = hikvision.Terminal("e0baad821aa9", lambda *_: Response(status=503))
    for number in range(40):
        terminal.recognise(str(number + 1), START + timedelta(minutes=number))
    calls: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            is_signed = 'username="admin"' in self.headers.get("Authorization", "")
            self.send_response(200 if is_signed else 401)
            if not is_signed:
                self.send_header("WWW-Authenticate", 'Digest realm="DS", nonce="abc", qop="auth"')
            calls.append(f"{self.command} {self.path} {is_signed}")
            data = terminal.search(body) if is_signed and "AcsEvent" in self.path else b""
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_PUT = _answer  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        live = desk(
            {
                "serial": "H1",
                "protocol": "hikvision",
                "mac": "e0:ba:ad:82:1a:a9",
                "address": f"http://127.0.0.1:{server.server_address[1]}",
                "user": "admin",
                "password_file": str(tmp_path / "password"),
            }
        )
        terminal.send, terminal.path = live.send, "/hikvision"
        assert terminal.deliver() == 40
        live.clock.learn(START.timestamp())
        live.desk.visit()
    finally:
        server.shutdown()
        server.server_close()
    assert len(events(live)) == 40  # the same keys by both ways
    assert "PUT /ISAPI/System/time True" in calls
    assert sum("AcsEvent" in one and one.endswith("True") for one in calls) == 2  # two pages


def test_a_face_gate_whose_address_was_set_without_a_page_is_heard(desk: Open) -> None:
    live = desk(
        {"serial": "H1", "protocol": "hikvision", "mac": "e0baad821aa9"},
        {"serial": "U1", "protocol": "uface"},
    )
    event = {"majorEventType": 5, "subEventType": 75, "employeeNoString": "7", "serialNo": 1}
    alert = {
        "macAddress": "e0:ba:ad:82:1a:a9",
        "dateTime": "2026-11-21T07:01:09+08:00",
        "eventType": "AccessControllerEvent",
        "AccessControllerEvent": event,
    }
    for path, body, status in (
        ("/", json.dumps(alert), 200),
        ("/ISAPI/Event/notification", json.dumps({**alert, "eventType": "heartBeat"}), 200),
        ("/identify", "deviceKey=U1&personId=8&time=1795215669000&type=face_0", 200),
        ("/", json.dumps({**alert, "macAddress": "00:00:00:00:00:01"}), 404),
        ("/identify", "deviceKey=U2&personId=8&time=1795215669000&type=face_0", 404),
        ("/", "hello", 404),
        ("/iclock/cdata?SN=H1&table=ATTLOG", "7\t2026-11-21 07:01:09\t0\t15", 403),
    ):
        assert live.send("POST", path, {}, body.encode()).status == status, (path, body)
    assert live.send("GET", "/", {}, b"").status == 404
    assert live.rows("SELECT gate, count(*) FROM event GROUP BY 1 ORDER BY 1") == [("H1", 1), ("U1", 1)]


def test_the_time_of_the_answer_is_the_servers(desk: Open) -> None:
    live = desk({"serial": SN})
    live.clock.learn(datetime(2026, 12, 1, 8, 0, 0, tzinfo=UTC).timestamp())
    answer = live.send("GET", f"/iclock/ping?SN={SN}", {}, b"")
    assert answer.headers["Date"] == "Tue, 01 Dec 2026 08:00:00 GMT"
