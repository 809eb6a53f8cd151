"""A signing HTTP client for terminals and for other real-name systems; standard library only.

Used by the site agent, the simulator, `python -m devices.push` and tests.
"""

import hashlib
import http.client
import json
import secrets
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from devices import signing


class Refused(Exception):
    """The server answered with an error: `status`, and its JSON or text in `answer`."""

    def __init__(self, status: int, answer: Any) -> None:
        super().__init__(f"{status} {answer}")
        self.status = status
        self.answer = answer


class TerminalClient:
    """One keep-alive connection of one terminal. Raises OSError or http.client.HTTPException when cut off."""

    def __init__(
        self,
        server: str,
        key_id: str,
        secret: str,
        *,
        timeout: float = 20.0,
        clock: Callable[[], float] = time.time,
        ca_file: Path | None = None,
        keys: Callable[[], tuple[str, str]] | None = None,
    ) -> None:
        """`clock` in seconds since 1970; `ca_file` names who may vouch for the server instead of the system's.
        `keys` gives key id and secret anew for each request, for a key that may change."""
        parts = urlsplit(server)
        host = parts.hostname or "127.0.0.1"
        self._link: http.client.HTTPConnection
        if parts.scheme == "https":
            trust = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
            self._link = http.client.HTTPSConnection(host, parts.port, timeout=timeout, context=trust)
        else:
            self._link = http.client.HTTPConnection(host, parts.port, timeout=timeout)
        self._keys, self._clock = keys or (lambda: (key_id, secret)), clock
        self._is_reused = False
        self.clock_offset = 0.0
        """Seconds to add to this machine's clock; learned from the server's Date header."""

    def passages(self, body: bytes) -> dict[str, Any]:
        """Post a batch as given; the server's answer."""
        answer: dict[str, Any] = self.call("POST", "/api/v1/passages/", body)[1]
        return answer

    def card_reads(self, reads: list[dict[str, Any]]) -> dict[str, Any]:
        """Post identity cards that were read; the server's answer names those it keeps."""
        body = json.dumps({"reads": reads}, separators=(",", ":")).encode()
        answer: dict[str, Any] = self.call("POST", "/api/v1/card-reads/", body)[1]
        return answer

    def heartbeat(self, queue: int, **more: Any) -> dict[str, Any]:
        """Say that this terminal lives and how much waits in its queue; `more` is what an agent reports."""
        sent_at = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(self._now()))
        body = json.dumps({"sent_at": sent_at, "queue": queue, **more}).encode()
        answer: dict[str, Any] = self.call("POST", "/api/v1/heartbeats/", body)[1]
        return answer

    def allow_list(self, since: str = "") -> dict[str, Any] | None:
        """The allow-list, or None if `since` is still its version."""
        status, answer = self.call("GET", f"/api/v1/allow-list/?since={since}")
        return None if status == 304 else answer

    def call(
        self, method: str, path: str, body: bytes = b"", more: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """One signed request with `more` headers: status and decoded answer. Raises Refused for 4xx and 5xx."""
        status, data = self._asked(method, path, body, more)
        answer = _decoded(data)
        if status >= 400:
            raise Refused(status, answer)
        return status, answer

    def picture(self, pin: int, name: str) -> bytes | None:
        """The picture that the list names for a person; None where it is not to be had any more. Raises Refused."""
        status, data = self._asked("GET", f"/api/v1/faces/{pin}/{quote(name, safe='')}/", b"", None)
        if status == 404:
            return None
        if status >= 400:
            raise Refused(status, _decoded(data))
        return data

    def _asked(
        self, method: str, path: str, body: bytes, more: Mapping[str, str] | None
    ) -> tuple[int, bytes]:
        reused, self._is_reused = self._is_reused, False
        try:
            status, data = self._exchange(method, path, body, more)
        except (ConnectionError, http.client.BadStatusLine):
            # The server hung up on a connection that had rested; what was sent may be sent again.
            if not reused:
                raise
            status, data = self._exchange(method, path, body, more)
        self._is_reused = True
        return status, data

    def _now(self) -> float:
        return self._clock() + self.clock_offset

    def _exchange(
        self, method: str, path: str, body: bytes, more: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Sign, send, read the whole answer; a new nonce each time."""
        timestamp, nonce = str(int(self._now())), secrets.token_urlsafe(18)
        key_id, secret = self._keys()
        headers = {
            signing.KEY_HEADER: key_id,
            signing.TIMESTAMP_HEADER: timestamp,
            signing.NONCE_HEADER: nonce,
            signing.SIGNATURE_HEADER: signing.sign(secret, method, path, timestamp, nonce, body),
            "Content-Type": "application/json",
            **(more or {}),
        }
        try:
            self._link.request(method, path, body or None, headers)
            response = self._link.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            self._link.close()
            raise

    def close(self) -> None:
        """Hang up."""
        self._link.close()


class SourceClient(TerminalClient):
    """Another real-name system that pushes people and stamps; keys as for a terminal.

    Keep what is to be sent until it is answered, and send it again under the same id when in doubt.
    """

    def push_people(
        self, request_id: str, project: str, people: list[dict[str, Any]], **more: Any
    ) -> dict[str, Any]:
        """Push at most 2,000 people; the answer has a line for each. `more`: firm, defaults."""
        asked = {"request": request_id, "project": project, "people": people, **more}
        return self._push("people", asked)

    def push_attendance(
        self, batch: str, project: str, events: list[dict[str, Any]], *, gate: str = ""
    ) -> dict[str, Any]:
        """Push at most 5,000 stamps of one gate; the answer counts them and names those refused."""
        return self._push("attendance", {"batch": batch, "project": project, "gate": gate, "events": events})

    def people_on_record(self, project: str) -> dict[str, Any]:
        """Counts and digest of the people that this system vouches for."""
        return self._ask(f"people/?project={quote(project)}")

    def days_on_record(self, project: str, first: str, last: str) -> list[dict[str, Any]]:
        """For each day, 2026-11-16 style, what was received and what is on record."""
        days: list[dict[str, Any]] = self._ask(f"days/?project={quote(project)}&from={first}&to={last}")[
            "days"
        ]
        return days

    def _push(self, what: str, asked: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps(asked, ensure_ascii=False, separators=(",", ":")).encode()
        answer: dict[str, Any] = self.call("POST", f"/api/v1/push/{what}/", body)[1]
        return answer

    def _ask(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.call("GET", f"/api/v1/push/{path}")[1]
        return answer


def digest_of_ids(ids: Iterable[str]) -> str:
    """The digest of a day as the server makes it: SHA-256 over its event ids in the order of their bytes."""
    lines = sorted({one.encode() for one in ids})
    return hashlib.sha256(b"".join(line + b"\n" for line in lines)).hexdigest()


def _decoded(data: bytes) -> Any:
    try:
        return json.loads(data) if data else None
    except ValueError:
        return data.decode("utf-8", "replace")[:500]
