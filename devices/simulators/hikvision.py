"""A Hikvision face terminal that calls back."""

import argparse
import http.client
import json
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from devices.protocols.errors import ProtocolError
from devices.protocols.multipart import Part, parts_of
from devices.simulators.callers import Send, numbers, over_http, picture_of
from devices.simulators.ptys import say

HELP = "a Hikvision face terminal that calls back"
SITE = timezone(timedelta(hours=8))
BOUNDARY = "MIME_boundary"
FACE = 75


@dataclass
class Terminal:
    """One terminal: events in its memory, told once, told again after a failure as not current."""

    mac: str
    send: Send
    path: str = "/hikvision"
    multipart: bool = True
    events: list[dict[str, object]] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    room: int = 100_000
    faces: dict[str, bytes] = field(default_factory=dict)
    refuses: set[str] = field(default_factory=set)
    """Numbers it does not take."""
    knows_face_calls: bool = True
    """Whether its firmware deletes a face by itself, and can be asked for one."""

    def faces_called(self, path: str, body: bytes, content_type: str) -> tuple[int, bytes]:
        """Status and answer to a call about its face library."""
        page = path.partition("?")[0].removeprefix("/ISAPI/Intelligent/FDLib/")
        good = {"statusCode": 1, "statusString": "OK", "subStatusCode": "ok"}
        if page == "FDSetUp":
            parts = {_name_of(part): part.data for part in parts_of(body, content_type)}
            pin, picture = json.loads(parts["FaceDataRecord"])["FPID"], parts["img"]
            if pin not in self.people or pin in self.refuses or not picture.startswith(b"\xff\xd8\xff"):
                why = {
                    "statusCode": 6,
                    "statusString": "Invalid Content",
                    "subStatusCode": "faceModelingFailed",
                }
                return 400, json.dumps(why).encode()
            self.faces[pin] = picture
        elif page == "FDSearch/Delete" and self.knows_face_calls:
            for one in json.loads(body)["FPID"]:
                self.faces.pop(one["value"], None)
        elif page == "FDSearch" and self.knows_face_calls:
            pin = json.loads(body)["FPID"]
            rows = [{"FPID": pin}] if pin in self.faces else []
            state = "OK" if rows else "NO MATCH"
            found = {"responseStatusStrg": state, "numOfMatches": len(rows), "totalMatches": len(rows)}
            return 200, json.dumps(good | found | ({"MatchList": rows} if rows else {})).encode()
        else:
            return 404, b""
        return 200, json.dumps(good).encode()

    def isapi(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        """Status and answer to a call of ISAPI about people; 404 for what it does not know."""
        page = path.removeprefix("/ISAPI/AccessControl/UserInfo/").removesuffix("?format=json")
        if page == "Count":
            return 200, json.dumps({"UserInfoCount": {"userNumber": len(self.people)}}).encode()
        asked = json.loads(body or b"{}")
        if page == "Search":
            condition = asked["UserInfoSearchCond"]
            first = int(condition["searchResultPosition"])
            rows = list(self.people.values())[first : first + int(condition["maxResults"])]
            more = first + len(rows) < len(self.people)
            state = ("MORE" if more else "OK") if rows else "NO MATCH"
            found = {"responseStatusStrg": state, "numOfMatches": len(rows), "totalMatches": len(self.people)}
            return 200, json.dumps({"UserInfoSearch": found | ({"UserInfo": rows} if rows else {})}).encode()
        if page == "SetUp":
            person = asked["UserInfo"]
            pin = person["employeeNo"]
            if pin in self.refuses or (pin not in self.people and len(self.people) >= self.room):
                why = {"statusCode": 6, "statusString": "Invalid Content", "subStatusCode": "badParameters"}
                return 400, json.dumps(why).encode()
            self.people[pin] = person
        elif page == "Delete":
            for one in asked["UserInfoDelCond"]["EmployeeNoList"]:
                self.people.pop(one["employeeNo"], None)
                self.faces.pop(one["employeeNo"], None)
        else:
            return 404, b""
        return 200, json.dumps({"statusCode": 1, "statusString": "OK", "subStatusCode": "ok"}).encode()

    def recognise(
        self, pin: str, now: datetime, *, code: int = FACE, card: str = "", status: str = "undefined"
    ) -> int:
        """Somebody stands before it; the serial number of the event."""
        serial = len(self.events) + 1
        self.events.append(
            {
                "majorEventType": 5,
                "subEventType": code,
                "employeeNoString": pin,
                "cardNo": card,
                "serialNo": serial,
                "doorNo": 1,
                "attendanceStatus": status,
                "dateTime": now.astimezone(SITE).isoformat(timespec="seconds"),
            }
        )
        self.waiting.append(serial)
        return serial

    def deliver(self) -> int:
        """Tells what was not told; how many the server took. The first failure ends the round."""
        taken = 0
        while self.waiting:
            serial = self.waiting[0]
            event = self.events[serial - 1]
            headers, body = self.callback(serial, current=not event.get("failed"))
            answer = self.send("POST", self.path, headers, body)
            if answer.status != 200:
                for late in self.waiting:
                    self.events[late - 1]["failed"] = True
                break
            self.waiting.pop(0)
            taken += 1
        return taken

    def heartbeat(self) -> int:
        """A sign of life; the status of the answer."""
        body = json.dumps({"macAddress": self.mac, "eventType": "heartBeat", "eventState": "active"}).encode()
        return self.send("POST", self.path, {"Content-Type": "application/json"}, body).status

    def callback(self, serial: int, *, current: bool) -> tuple[Mapping[str, str], bytes]:
        """Headers and body of one event."""
        event = {
            key: value for key, value in self.events[serial - 1].items() if key not in ("dateTime", "failed")
        }
        document = {
            "ipAddress": "192.168.1.64",
            "macAddress": self.mac,
            "dateTime": self.events[serial - 1]["dateTime"],
            "eventType": "AccessControllerEvent",
            "AccessControllerEvent": {**event, "currentEvent": current},
        }
        text = json.dumps(document).encode()
        if not self.multipart:
            return {"Content-Type": "application/json"}, text
        picture = picture_of(str(event.get("employeeNoString", "")))
        body = (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="event_log"\r\nContent-Type: application/json\r\n'
            f"Content-Length: {len(text)}\r\n\r\n".encode()
            + text
            + f'\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name="Picture"; filename="Picture.jpg"\r\n'
            f"Content-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n".encode()
            + picture
            + f"\r\n--{BOUNDARY}--\r\n".encode()
        )
        return {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}, body

    def search(self, body: bytes) -> bytes:
        """What it answers to a search for events (ISAPI AcsEvent). Raises ProtocolError for another question."""
        try:
            condition = json.loads(body)["AcsEventCond"]
            position, most = int(condition["searchResultPosition"]), int(condition["maxResults"])
        except (ValueError, KeyError, TypeError):
            raise ProtocolError("hikvision.search") from None
        rows = [
            {
                **{key: value for key, value in event.items() if key not in ("dateTime", "failed")},
                "major": event["majorEventType"],
                "minor": event["subEventType"],
                "time": event["dateTime"],
            }
            for event in self.events[position : position + most]
        ]
        more = position + len(rows) < len(self.events)
        return json.dumps(
            {
                "AcsEvent": {
                    "searchID": condition["searchID"],
                    "responseStatusStrg": "MORE" if more else "OK",
                    "numOfMatches": len(rows),
                    "totalMatches": len(self.events),
                    "InfoList": rows,
                }
            }
        ).encode()


def _name_of(part: Part) -> str:
    return part.header("content-disposition").partition('name="')[2].partition('"')[0]


def serve(terminal: Terminal, port: int) -> ThreadingHTTPServer:
    """Its own web server on a port, running in a thread; it wants a digest, as the real one does."""

    class Handler(BaseHTTPRequestHandler):
        def _call(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if "username=" not in self.headers.get("Authorization", ""):
                status, data = 401, b""
            elif "AcsEvent" in self.path:
                status, data = 200, terminal.search(body)
            elif self.path.startswith("/ISAPI/AccessControl/UserInfo/"):
                status, data = terminal.isapi(self.command, self.path, body)
            elif self.path.startswith("/ISAPI/Intelligent/FDLib/"):
                kind = self.headers.get("Content-Type", "")
                status, data = terminal.faces_called(self.path, body, kind)
            else:
                status, data = 200, b""
            self.send_response(status)
            if status == 401:
                self.send_header("WWW-Authenticate", 'Digest realm="DS", nonce="abc", qop="auth"')
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = _call  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            """Silent: bodies hold names."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line."""
    parser.add_argument("--server", default="http://127.0.0.1:8003", help="the agent's address")
    parser.add_argument("--path", default="/hikvision")
    parser.add_argument("--mac", default="e0:ba:ad:82:1a:a9")
    parser.add_argument("--pins", type=numbers, default=numbers("1-20"), help="who walks by, e.g. 1-20,31")
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two people")
    parser.add_argument("--count", type=int, default=0, help="end after so many people")
    parser.add_argument("--port", type=int, default=0, help="where it listens for people and their faces")
    parser.add_argument("--plain", action="store_true", help="JSON alone, without pictures")


def run(options: argparse.Namespace) -> int:
    """Until Ctrl-C, or until --count events were taken."""
    terminal = Terminal(options.mac, over_http(options.server), options.path, multipart=not options.plain)
    server = serve(terminal, options.port) if options.port else None
    due, told = 0.0, (0, 0)
    try:
        while not options.count or len(terminal.events) < options.count or terminal.waiting:
            if time.monotonic() >= due and (not options.count or len(terminal.events) < options.count):
                here = _here(terminal, options.pins)
                if here:
                    terminal.recognise(random.choice(here), datetime.now(SITE))
                due = time.monotonic() + options.every
            try:
                if terminal.deliver():
                    say(f"{len(terminal.events)} events, {len(terminal.waiting)} wait")
            except (OSError, http.client.HTTPException) as error:
                say(f"server away: {type(error).__name__}")
            if (holds := (len(terminal.people), len(terminal.faces))) != told:
                told = holds
                say(f"{holds[0]} people enrolled, {holds[1]} with a face")
            time.sleep(min(1.0, options.every))
    except KeyboardInterrupt:
        pass
    finally:
        if server is not None:
            server.shutdown()
            server.server_close()
    return 0


def _here(terminal: Terminal, pins: list[str]) -> list[str]:
    """Who can be recognised: one that gets its people from an agent knows the faces it was given, and no other."""
    return [pin for pin in pins if pin in terminal.faces] if terminal.people else pins
