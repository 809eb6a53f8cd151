"""The line between the system and the bank: passes everything on, and can be cut at a chosen moment."""

import http.client
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

Cut = Callable[[str, str], bool]
"""Called with method and path after the bank has answered; True keeps the answer from the caller."""


class Wire:
    """A forwarding HTTP server in front of the bank; `cut` sees each answer before the caller does."""

    def __init__(self, bank_url: str) -> None:
        self.cut: Cut | None = None
        self.calls: list[tuple[str, str, int]] = []
        bank = urlsplit(bank_url)
        wire = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                link = http.client.HTTPConnection(bank.hostname or "", bank.port, timeout=20)
                try:
                    headers = {
                        k: v for k, v in self.headers.items() if k.lower() not in {"host", "connection"}
                    }
                    link.request(self.command, self.path, body or None, headers)
                    answer = link.getresponse()
                    data = answer.read()
                except (OSError, http.client.HTTPException):
                    self.close_connection = True
                    return
                finally:
                    link.close()
                wire.calls.append((self.command, self.path, answer.status))
                if wire.cut is not None and wire.cut(self.command, self.path):
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for key in ("Content-Type",):
                    if answer.getheader(key):
                        self.send_header(key, answer.getheader(key) or "")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = forward  # noqa: N815 the names http.server calls

            def log_message(self, format: str, *args: object) -> None:
                """The bank and the worker keep logs of their own."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """A caller that was killed hangs up: that is what this is for."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.1,), daemon=True)
        self._thread.start()

    def clear(self) -> None:
        """Pass everything on again."""
        self.cut = None

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.server.server_close()
        self._thread.join(5)
