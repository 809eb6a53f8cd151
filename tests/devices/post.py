"""Posting as a terminal does, through Django's test client."""

import itertools
import json
import secrets
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.test import Client

from devices import signing

_numbers = itertools.count(1)


def event(
    pin: int | None = 1, at: str = "2026-11-16T07:01:09+08:00", direction: str | None = "in", **more: Any
) -> dict[str, Any]:
    """One event as a terminal writes it, with an id of its own."""
    return {"id": f"e{next(_numbers)}", "pin": pin, "at": at, "direction": direction, **more}


def batch(*events: Any, name: str = "", **more: Any) -> bytes:
    """A batch body."""
    return json.dumps({"batch": name or f"b{next(_numbers)}", "events": list(events), **more}).encode()


def headers(
    method: str,
    path: str,
    body: bytes,
    *,
    now: datetime,
    key_id: str,
    secret: str,
    nonce: str = "",
) -> dict[str, str]:
    """The four headers of a signed request."""
    timestamp, nonce = str(int(now.timestamp())), nonce or secrets.token_urlsafe(18)
    return {
        signing.KEY_HEADER: key_id,
        signing.TIMESTAMP_HEADER: timestamp,
        signing.NONCE_HEADER: nonce,
        signing.SIGNATURE_HEADER: signing.sign(secret, method, path, timestamp, nonce, body),
    }


class Gate:
    """A terminal with its key; every call signs with a new nonce at the cast's time."""

    def __init__(self, key_id: str, secret: str, now: datetime) -> None:
        self.key_id, self.secret, self.now = key_id, secret, now
        self.client = Client()

    def send(self, body: bytes, *, path: str = "/api/v1/passages/", **changes: str) -> HttpResponse:
        """POST signed; `changes` replace headers."""
        signed = headers("POST", path, body, now=self.now, key_id=self.key_id, secret=self.secret)
        return self.client.post(path, body, content_type="application/json", headers={**signed, **changes})

    def get(self, path: str, **changes: str) -> HttpResponse:
        """GET signed."""
        signed = headers("GET", path, b"", now=self.now, key_id=self.key_id, secret=self.secret)
        return self.client.get(path, headers={**signed, **changes})

    def post(self, *events: Any, name: str = "", **more: Any) -> dict[str, Any]:
        """The answer to a batch that must be taken."""
        response = self.send(batch(*events, name=name, **more))
        assert response.status_code == 200, response.content
        return json.loads(response.content)
