"""A signing HTTP client for terminals; standard library only. Used by the simulator, tests and benchmarks."""

import http.client
import json
import secrets
import time
from typing import Any
from urllib.parse import urlsplit

from devices import signing


class Refused(Exception):
    """The server answered with an error: `status`, and its JSON or text in `answer`."""

    def __init__(self, status: int, answer: Any) -> None:
        super().__init__(f"{status} {answer}")
        self.status = status
        self.answer = answer


class TerminalClient:
    """One keep-alive connection of one terminal. Raises OSError or http.client.HTTPException when cut off."""

    def __init__(self, server: str, key_id: str, secret: str, *, timeout: float = 20.0) -> None:
        parts = urlsplit(server)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._link = kind(parts.hostname or "127.0.0.1", parts.port, timeout=timeout)
        self._key_id, self._secret = key_id, secret
        self.clock_offset = 0.0
        """Seconds to add to this machine's clock; learned from the server's Date header."""

    def passages(self, body: bytes) -> dict[str, Any]:
        """Post a batch as given; the server's answer."""
        answer: dict[str, Any] = self.call("POST", "/api/v1/passages/", body)[1]
        return answer

    def heartbeat(self, queue: int) -> dict[str, Any]:
        """Say that this terminal lives and how much waits in its queue."""
        sent_at = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() + self.clock_offset))
        body = json.dumps({"sent_at": sent_at, "queue": queue}).encode()
        answer: dict[str, Any] = self.call("POST", "/api/v1/heartbeats/", body)[1]
        return answer

    def allow_list(self, since: str = "") -> dict[str, Any] | None:
        """The allow-list, or None if `since` is still its version."""
        status, answer = self.call("GET", f"/api/v1/allow-list/?since={since}")
        return None if status == 304 else answer

    def call(self, method: str, path: str, body: bytes = b"") -> tuple[int, Any]:
        """One signed request: status and decoded answer. Raises Refused for 4xx and 5xx."""
        timestamp, nonce = str(int(time.time() + self.clock_offset)), secrets.token_urlsafe(18)
        headers = {
            signing.KEY_HEADER: self._key_id,
            signing.TIMESTAMP_HEADER: timestamp,
            signing.NONCE_HEADER: nonce,
            signing.SIGNATURE_HEADER: signing.sign(self._secret, method, path, timestamp, nonce, body),
            "Content-Type": "application/json",
        }
        try:
            self._link.request(method, path, body or None, headers)
            response = self._link.getresponse()
            data = response.read()
        except (OSError, http.client.HTTPException):
            self._link.close()
            raise
        answer = _decoded(data)
        if response.status >= 400:
            raise Refused(response.status, answer)
        return response.status, answer

    def close(self) -> None:
        """Hang up."""
        self._link.close()


def _decoded(data: bytes) -> Any:
    try:
        return json.loads(data) if data else None
    except ValueError:
        return data.decode("utf-8", "replace")[:500]
