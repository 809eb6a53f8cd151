"""An HTTP listener for a hostile network: every size, number and time has an end.

Standard library only. A request is whole or it is nothing: a body that ends early is never handed on.
"""

import contextlib
import logging
import socket
import threading
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import Any

from devices.edge.clock import since_boot
from devices.protocols.errors import ProtocolError
from devices.protocols.http import MAX_BODY, Request, Response

log = logging.getLogger(__name__)
Answer = Callable[[Request], Response]
LONGEST_CHUNK_HEAD = 1024
CONNECTIONS_EACH = 3
"""For each terminal: one for its passages, one for pictures, one that the cable cut off and nobody closed."""
WITHOUT_BODY = ("/ping", "/push")
"""Pages to which terminals POST nothing, and do not say so."""
PACKED = {"gzip": 31, "x-gzip": 31, "deflate": 47}
"""Codings to the window bits of zlib: gzip; zlib or gzip, whatever the sender takes deflate for."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bytes, numbers and seconds. `at_once` is the sum of all bodies in memory.

    `connections` is the least for all together, `per_source` for each terminal that may live at an address.
    """

    body: int = MAX_BODY
    at_once: int = 64 * 1024 * 1024
    connections: int = 64
    per_source: int = 8
    head_seconds: float = 10.0
    body_seconds: float = 60.0
    idle_seconds: float = 60.0
    answer_seconds: float = 600.0
    """For what is done with a body that is here: a backlog of weeks is a hundred thousand lines on a small PC."""


class Listener(ThreadingMixIn, TCPServer):
    """One thread for each connection. Raises OSError if the port cannot be had."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512
    """A whole site comes back at once after a power cut."""

    def __init__(
        self,
        host: str,
        port: int,
        answer: Answer,
        *,
        may_call: Callable[[str], int] = lambda _source: 1,
        terminals: Callable[[], int] = lambda: 0,
        limits: Limits | None = None,
    ) -> None:
        """`may_call` says how many terminals may speak from an address; none, and it is hung up on before it is
        heard. `terminals` is how many there are: there is room for some connections of each."""
        self.answer, self._may_call, self.limits = answer, may_call, limits or Limits()
        self._terminals = terminals
        self._lock = threading.Lock()
        self._sources: Counter[str] = Counter()
        self._due: dict[socket.socket, float] = {}
        self._bytes = 0
        self.turned_away = 0
        """Connections that were not heard: strangers, and those above the limits."""
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Handler)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Count a connection in, or refuse it."""
        source = str(client_address[0])
        share = self.limits.per_source * self._may_call(source)
        most = max(self.limits.connections, CONNECTIONS_EACH * self._terminals())
        with self._lock:
            if len(self._due) >= most or self._sources[source] >= share:
                self.turned_away += 1
                return False
            self._sources[source] += 1
            self._due[request] = since_boot() + self.limits.head_seconds
        return True

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """One connection from its first byte to its last."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            source = str(client_address[0])
            with self._lock:
                self._due.pop(request, None)
                self._sources[source] -= 1
                if not self._sources[source]:
                    del self._sources[source]

    def allow(self, connection: socket.socket, seconds: float) -> None:
        """From now on the connection has so long for what it is at."""
        with self._lock:
            if connection in self._due:
                self._due[connection] = since_boot() + seconds

    def take(self, size: int) -> bool:
        """Room for a body, if there is any."""
        with self._lock:
            if self._bytes + size > self.limits.at_once:
                return False
            self._bytes += size
            return True

    def give_back(self, size: int) -> None:
        """A body is done with."""
        with self._lock:
            self._bytes -= size

    def service_actions(self) -> None:
        """Called by serve_forever between connections: hang up on those whose time is over."""
        now = since_boot()
        with self._lock:
            late = [connection for connection, due in self._due.items() if due <= now]
        for connection in late:
            _hang_up(connection)

    def close(self) -> None:
        """Stop listening and hang up on everybody. What was not answered will be sent again."""
        self.shutdown()
        self.server_close()
        with self._lock:
            everyone = list(self._due)
        for connection in everyone:
            _hang_up(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke is no news; it comes again. Bodies and lines never reach the log."""
        log.debug("a connection broke")


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it was gone already
        connection.shutdown(socket.SHUT_RDWR)


class _Unreadable(Exception):
    """The body cannot be had; answer `status` and hang up."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    """Reads one request after the other. Its own deadlines are those of the listener."""

    server: Listener
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    raw_requestline: bytes

    def setup(self) -> None:
        limits = self.server.limits
        super().setup()
        self.connection.settimeout(max(limits.head_seconds, limits.body_seconds, limits.idle_seconds))

    def parse_request(self) -> bool:
        """The request line is there: the rest of the head has its own time.

        Some firmware does not encode blanks in what it says of itself (`INFO=Ver 8.0.4,12,0`).
        """
        self.server.allow(self.connection, self.server.limits.head_seconds)
        words = self.raw_requestline.split()
        if len(words) > 3 and words[-1].startswith(b"HTTP/"):
            self.raw_requestline = b" ".join((words[0], b"%20".join(words[1:-1]), words[-1])) + b"\r\n"
        return super().parse_request()

    def do_POST(self) -> None:
        """Whole body, then the answer."""
        held = 0
        try:
            coding = self.headers.get("Content-Encoding", "").strip().lower().replace("identity", "")
            if coding and coding not in PACKED:
                # Packed lines would be taken for lines that nobody can read, and be answered as if they were kept.
                raise _Unreadable(415)
            size = self._announced()
            held = self.server.limits.body if size is None else size
            if not self.server.take(held):
                held = 0
                raise _Unreadable(503)
            self.server.allow(self.connection, self.server.limits.body_seconds)
            body = self._chunks() if size is None else self._exactly(size)
            if coding and body:
                held += (room := self._room())
                body = self._unpacked(body, PACKED[coding], room)
            self.server.allow(self.connection, self.server.limits.answer_seconds)
            self._reply(self._asked(body))
        except _Unreadable as problem:
            self.close_connection = True
            self._reply(Response(status=problem.status))
            self._hear_out()
        finally:
            if held:
                self.server.give_back(held)
        self.server.allow(self.connection, self.server.limits.idle_seconds)

    do_GET = do_POST  # noqa: N815

    def _asked(self, body: bytes) -> Response:
        headers = {name: str(value) for name, value in self.headers.items()}
        try:
            request = Request.build(self.command, self.path, headers, body, str(self.client_address[0]))
        except ProtocolError:
            raise _Unreadable(413) from None
        try:
            return self.server.answer(request)
        except Exception:  # one request that breaks us must not be taken for stored
            log.exception("a request could not be answered")
            raise _Unreadable(500) from None

    def _announced(self) -> int | None:
        """The size of the body; None for one in chunks."""
        coding = self.headers.get("Transfer-Encoding", "").strip().lower()
        lengths = {text.strip() for text in self.headers.get_all("Content-Length") or ["0"]}
        page = self.path.partition("?")[0].rstrip("/").lower()
        says_nothing = not coding and self.headers.get("Content-Length") is None
        if says_nothing and self.command == "POST" and not page.endswith(WITHOUT_BODY):
            raise _Unreadable(411)  # taken for empty, its lines would be answered as kept, and be gone
        if coding:
            if coding != "chunked" or self.headers.get("Content-Length") is not None:
                raise _Unreadable(400)
            return None
        text = lengths.pop()
        if lengths or not (text.isascii() and text.isdigit() and len(text) < 12):
            raise _Unreadable(400)
        if int(text) > self.server.limits.body:
            raise _Unreadable(413)
        return int(text)

    def _exactly(self, size: int) -> bytes:
        body = self.rfile.read(size) if size else b""
        if len(body) != size:
            raise _Unreadable(400)
        return body

    def _room(self) -> int:
        """Memory for what a packed body holds."""
        size = self.server.limits.body
        if not self.server.take(size):
            raise _Unreadable(503)
        return size

    def _unpacked(self, packed: bytes, bits: int, most: int) -> bytes:
        """What was packed, whole; a small bomb is not let grow."""
        for window in (bits, -15) if bits == PACKED["deflate"] else (bits,):
            unpack = zlib.decompressobj(window)
            try:
                body = unpack.decompress(packed, most + 1)
            except zlib.error:
                continue
            if len(body) > most:
                raise _Unreadable(413)
            if unpack.eof:
                return body
        raise _Unreadable(400)

    def _chunks(self) -> bytes:
        parts: list[bytes] = []
        total = 0
        while True:
            head = self.rfile.readline(LONGEST_CHUNK_HEAD).split(b";")[0].strip()
            if not 0 < len(head) <= 8 or head.strip(b"0123456789abcdefABCDEF"):
                raise _Unreadable(400)
            size = int(head, 16)
            total += size
            if total > self.server.limits.body:
                raise _Unreadable(413)
            if not size:
                break
            parts.append(self._exactly(size))
            if self.rfile.readline(3) not in (b"\r\n", b"\n"):
                raise _Unreadable(400)
        for _ in range(20):  # trailers
            if self.rfile.readline(LONGEST_CHUNK_HEAD) in (b"\r\n", b"\n"):
                return b"".join(parts)
        raise _Unreadable(400)

    def _reply(self, response: Response) -> None:
        self.send_response_only(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(response.body)

    def _hear_out(self) -> None:
        """Take in some of what is still on its way, or the refusal would be lost in a reset."""
        with contextlib.suppress(OSError):
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(0.3)
            for _ in range(8):
                if not self.rfile.read1(65536):
                    break

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Without a page, and without what was sent."""
        self.close_connection = True
        self._reply(Response(status=code))

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: queries hold numbers of people."""
