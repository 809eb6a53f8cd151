"""A server that takes what a site agent sends, checks every signature, and fails on demand."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from devices import signing

SECRETS = {"agent": "a" * 32, "gate": "g" * 32}


class FakeServer:
    """`mode`: well, away (hangs up), deaf (never answers), forgetful (stores, then hangs up), vague (names
    nothing), broken (500). `ahead` seconds its clock is before the agent's."""

    def __init__(self, port: int) -> None:
        self.port, self.mode, self.ahead = port, "well", 0.0
        self.reads: dict[str, dict[str, Any]] = {}
        self.read_at: dict[str, float] = {}
        self.events: dict[str, dict[str, Any]] = {}
        self.devices: dict[str, str] = {}
        self.signers: dict[str, str] = {}
        self.photos: dict[tuple[str, str, int], bytes] = {}
        self.posted_twice = 0
        """Events that came in two batches."""
        self.batches: dict[str, Any] = {}
        self.beats: list[dict[str, Any]] = []
        self.gate_beats: list[dict[str, Any]] = []
        """Of gates with a key of their own."""
        self.named: list[dict[str, Any]] = []
        """The devices of the agent, as its page of the server has them."""
        self.rotate: set[str] = set()
        """Key ids that are to be changed."""
        self.allowed: dict[str, Any] = {"version": "v0", "people": [], "denied": [], "removed": []}
        self.secrets = dict(SECRETS)
        self.calls: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self._http: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                owner._answer(self, body)

            def do_GET(self) -> None:
                owner._answer(self, b"")

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._http.daemon_threads = True
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        if self._http is not None:
            self._http.shutdown()
            self._http.server_close()
            self._http = None

    def _answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        path = handler.path
        self.calls[path] += 1
        if self.mode == "deaf":
            time.sleep(30)
            return
        if self.mode == "away":
            handler.close_connection = True
            return
        status, answer = self._work(handler, path, body)
        if self.mode == "forgetful":
            handler.close_connection = True
            return
        data = json.dumps(answer).encode()
        self.statuses[status] += 1
        handler.send_response(status)
        if status != 304:
            handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data if status != 304 else b"")

    def _work(self, handler: BaseHTTPRequestHandler, path: str, body: bytes) -> tuple[int, Any]:
        now = time.time() + self.ahead
        said = datetime.fromtimestamp(now, UTC).isoformat()
        get = handler.headers.get
        stamp, nonce = get(signing.TIMESTAMP_HEADER, ""), get(signing.NONCE_HEADER, "")
        secret = self.secrets[get(signing.KEY_HEADER, "")]
        assert signing.is_signed(
            secret, get(signing.SIGNATURE_HEADER, ""), handler.command, path, stamp, nonce, body
        )
        if not signing.is_in_window(stamp, now):
            return 401, {"code": "signature.expired", "server_time": said}
        if self.mode == "broken":
            return 500, {"code": "broken"}
        if path == "/api/v1/devices/":
            return 200, self.named
        if handler.command == "GET":
            since = path.partition("since=")[2]
            return (304, None) if since == self.allowed["version"] else (200, self.allowed)
        if path == "/api/v1/photos/":
            device, event = get("X-Wagewatch-Device", ""), get("X-Wagewatch-Event", "")
            kept = self.devices.get(event) == device
            if kept:
                self.photos[device, event, len(body)] = body
            return 200, {"kept": kept, "reason": "" if kept else "event_unknown"}
        data = json.loads(body)
        if self.mode == "vague":
            return 200, {"kept": [], "refused": [], "batch": data.get("batch"), "accepted": 0, "bad": []}
        if path == "/api/v1/heartbeats/":
            (self.beats if "devices" in data else self.gate_beats).append(data)
            answer = {"server_time": said, "skew_ms": 0, "allow_list": self.allowed["version"]}
            key_id = get(signing.KEY_HEADER, "")
            return 200, answer | ({"rotate_key": True} if key_id in self.rotate else {})
        if path == "/api/v1/rotate-key/":
            old = get(signing.KEY_HEADER, "")
            self.rotate.discard(old)
            self.secrets[f"{old}-2"] = "n" * 32
            return 200, {"key_id": f"{old}-2", "secret": "n" * 32}
        if path == "/api/v1/card-reads/":
            for read in data["reads"]:
                if read["key"] not in self.reads:
                    self.read_at[read["key"]] = now - read["age_ms"] / 1000
                self.reads[read["key"]] = read
            return 200, {"server_time": said, "kept": [read["key"] for read in data["reads"]], "refused": []}
        ids = [event["id"] for event in data["events"]]
        if data["batch"] in self.batches and self.batches[data["batch"]] != ids:
            return 409, {"code": "batch.other_events"}
        if data["batch"] not in self.batches:
            self.posted_twice += sum(name in self.events for name in ids)
        self.batches[data["batch"]] = ids
        self.devices.update(dict.fromkeys(ids, data.get("device", "")))
        self.signers.update(dict.fromkeys(ids, get(signing.KEY_HEADER, "")))
        new = [event for event in data["events"] if event["id"] not in self.events]
        self.events.update({event["id"]: event for event in new})
        known = len(ids) - len(new)
        return 200, {
            "batch": data["batch"], "accepted": len(new), "repeated": 0, "duplicates": known, "refused": [], "bad": [],
        }  # fmt: skip


@contextmanager
def serving(port: int) -> Iterator[FakeServer]:
    server = FakeServer(port)
    server.start()
    try:
        yield server
    finally:
        server.stop()
