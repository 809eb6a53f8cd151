"""A uface face gate: calls back, and listens on a port for calls like the real one."""

import argparse
import base64
import http.client
import json
import random
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from devices.simulators.callers import Send, numbers, over_http, picture_of
from devices.simulators.ptys import say

HELP = "a uface face gate (port 8090): calls back and can be called"
SITE = timezone(timedelta(hours=8))
STRANGER = "STRANGERBABY"


@dataclass
class Gate:
    """One gate: people, records, a clock that may be wrong. An unanswered record is not told again."""

    key: str
    send: Send
    password: str = "123456"  # noqa: S105  what these gates leave the works with
    path: str = "/uface/recognition"
    form: bool = False
    fast_by: timedelta = timedelta(0)
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    records: list[dict[str, Any]] = field(default_factory=list)
    opened: int = 0
    lost: int = 0
    callbacks: dict[str, str] = field(default_factory=dict)
    faces: dict[str, dict[str, bytes]] = field(default_factory=dict)
    """Person to the pictures of their face, by faceId."""
    refuses: set[str] = field(default_factory=set)
    """Numbers it does not take."""

    def recognise(self, person: str, now: datetime) -> bool:
        """Somebody stands before it and is told to the server once; True if the server took it."""
        known = person in self.people or not self.people
        record = {
            "id": len(self.records) + 1,
            "personId": person if known else STRANGER,
            "time": int((now + self.fast_by).timestamp() * 1000),
            "type": "face_0" if known else "face_2",
            "path": f"http://127.0.0.1/{len(self.records) + 1}.jpg",
        }
        self.records.append(record)
        fields = {name: str(value) for name, value in record.items() if name != "id"}
        picture = base64.b64encode(picture_of(person)).decode()
        fields |= {"deviceKey": self.key, "ip": "127.0.0.1", "imgBase64": picture}
        kind = "application/x-www-form-urlencoded" if self.form else "application/json"
        body = urlencode(fields) if self.form else json.dumps(fields)
        try:
            answer = self.send("POST", self.path, {"Content-Type": kind}, body.encode())
            taken = answer.status == 200 and json.loads(answer.body).get("result") == 1
        except (OSError, http.client.HTTPException, ValueError):
            taken = False
        self.lost += not taken
        return taken

    def heartbeat(self) -> bool:
        """A sign of life; True if tasks wait for it."""
        fields = {"deviceKey": self.key, "ip": "127.0.0.1", "personCount": len(self.people), "version": "1"}
        body = json.dumps(fields).encode()
        answer = self.send("POST", self.path, {"Content-Type": "application/json"}, body)
        return answer.status == 200 and json.loads(answer.body)["result"] is True

    def called(self, method: str, target: str, body: bytes, now: datetime) -> bytes:
        """Its answer to a call."""
        parts = urlsplit(target)
        fields = dict(parse_qsl(parts.query if method == "GET" else body.decode("utf-8", "replace")))
        if fields.get("pass") != self.password:
            return _answer(False, code="LAN_EXP-1001", message="password")
        if parts.path == "/newFindRecords":
            return self._find(fields)
        if parts.path == "/person/findByPage":
            return self._page(fields)
        if parts.path in ("/person/create", "/person/update"):
            person = json.loads(fields["person"])
            is_new = person["id"] not in self.people
            if person["id"] in self.refuses or is_new != (parts.path == "/person/create"):
                return _answer(False, code="LAN_EXP-3005", message="id")
            self.people[person["id"]] = {**self.people.get(person["id"], {}), **person}
        elif parts.path == "/person/delete":
            self.people.pop(fields["id"], None)
            self.faces.pop(fields["id"], None)
        elif parts.path == "/face/create":
            if fields["personId"] not in self.people:
                return _answer(False, code="LAN_EXP-4001", message="no such person")
            picture = base64.b64decode(fields["imgBase64"])
            self.faces.setdefault(fields["personId"], {})[fields["faceId"]] = picture
        elif parts.path == "/face/deletePerson":
            self.faces.pop(fields["personId"], None)
        elif parts.path == "/face/find":
            rows = [{"faceId": name} for name in self.faces.get(fields["personId"], {})]
            return _answer(True, data=rows)
        elif parts.path == "/person/permissionsCreate":
            self.people.get(fields["personId"], {})["time"] = fields["time"]
        elif parts.path == "/person/permissionsDelete":
            if "time" not in self.people.get(fields["personId"], {}):
                return _answer(False, code="LAN_EXP-3009", message="none")
            del self.people[fields["personId"]]["time"]
        elif parts.path == "/device/openDoorControl":
            self.opened += 1
        elif parts.path == "/setTime":
            self.fast_by = datetime.fromtimestamp(int(fields["timestamp"]) / 1000, SITE) - now
        elif parts.path in ("/setIdentifyCallBack", "/setDeviceHeartBeat"):
            self.callbacks[parts.path] = fields.get("callbackUrl") or fields.get("url", "")
        else:
            return _answer(False, code="LAN_EXP-1000", message="no such call")
        return _answer(True)

    def _page(self, fields: dict[str, str]) -> bytes:
        index, length = int(fields["index"]), int(fields["length"])
        rows = list(self.people.values())[index * length : (index + 1) * length]
        info = {"index": index, "length": length, "size": len(rows), "total": len(self.people)}
        return _answer(True, data={"pageInfo": info, "personInfo": rows})

    def _find(self, fields: dict[str, str]) -> bytes:
        index, length = int(fields["index"]), int(fields["length"])
        inside = [
            record
            for record in self.records
            if fields["startTime"]
            <= f"{datetime.fromtimestamp(record['time'] / 1000, SITE):%Y-%m-%d %H:%M:%S}"
            <= fields["endTime"]
        ]
        page = inside[index * length : (index + 1) * length]
        info = {"index": index, "length": length, "size": len(page), "total": len(inside)}
        return _answer(True, data={"pageInfo": info, "records": page})


def _answer(good: bool, *, data: Any = "", code: str = "LAN_SUS-0", message: str = "") -> bytes:
    return json.dumps({"result": 1, "success": good, "code": code, "msg": message, "data": data}).encode()


def serve(gate: Gate, port: int) -> ThreadingHTTPServer:
    """Its own web server on a port, running in a thread."""

    class Handler(BaseHTTPRequestHandler):
        def _call(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            data = gate.called(self.command, self.path, body, datetime.now(SITE))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _call  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            """Silent: addresses hold the password."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line."""
    parser.add_argument("--server", default="http://127.0.0.1:8003", help="the agent's address")
    parser.add_argument("--path", default="/uface/recognition")
    parser.add_argument("--key", default="84E0F42B1A000017", help="deviceKey")
    parser.add_argument("--password", default="123456")
    parser.add_argument("--port", type=int, default=8090, help="where it listens for calls")
    parser.add_argument("--pins", type=numbers, default=numbers("1-20"), help="who walks by, e.g. 1-20,31")
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two people")
    parser.add_argument("--count", type=int, default=0, help="end after so many people")
    parser.add_argument("--form", action="store_true", help="forms instead of JSON")
    parser.add_argument("--fast", type=float, default=0.0, help="hours by which the clock is fast")


def run(options: argparse.Namespace) -> int:
    """Until Ctrl-C, or until --count people came."""
    gate = Gate(
        options.key,
        over_http(options.server),
        options.password,
        options.path,
        form=options.form,
        fast_by=timedelta(hours=options.fast),
    )
    server = serve(gate, options.port)
    say(f"uface gate {gate.key} listens on 127.0.0.1:{options.port}")
    try:
        while not options.count or len(gate.records) < options.count:
            taken = gate.recognise(random.choice(options.pins), datetime.now(SITE))
            say(f"{len(gate.records)} records, {'taken' if taken else 'LOST until reconciled'}")
            time.sleep(options.every)
    except KeyboardInterrupt:
        pass
    finally:
        server.shutdown()
        server.server_close()
    return 0
