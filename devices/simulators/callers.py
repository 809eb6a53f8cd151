"""How a simulated device reaches a server: over HTTP, or straight into a function in a test."""

import argparse
import http.client
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from devices.protocols.http import Request, Response

Send = Callable[[str, str, Mapping[str, str], bytes], Response]
"""(method, target, headers, body) to an answer. Raises OSError or HTTPException when nobody answers."""

TIMEOUT = 10.0
"""Seconds a device waits for an answer."""
PICTURE = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xdb\x00C\x00"
    + bytes(range(64))
    + b"\xff\xd9"
)
"""A picture of nobody: the frame of a JPEG."""


def over_http(server: str) -> Send:
    """To a server by its address, one connection per request as terminals do."""
    parts = urlsplit(server)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection

    def send(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Response:
        connection = kind(parts.netloc, timeout=TIMEOUT)
        try:
            connection.request(
                method, parts.path.rstrip("/") + target, body=body or None, headers=dict(headers)
            )
            answer = connection.getresponse()
            found = {name.title(): value for name, value in answer.getheaders()}
            return Response(status=answer.status, body=answer.read(), headers=found)
        finally:
            connection.close()

    return send


def into(handler: Callable[[Request], Response], source: str = "127.0.0.1") -> Send:
    """Straight into a function that answers requests."""

    def send(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Response:
        return handler(Request.build(method, target, headers, body, source))

    return send


def numbers(text: str) -> list[str]:
    """Project numbers from `1-20,31`. Raises ArgumentTypeError."""
    found: list[str] = []
    try:
        for piece in text.split(","):
            first, _, last = piece.partition("-")
            found += [str(n) for n in range(int(first), int(last or first) + 1)]
    except ValueError:
        raise argparse.ArgumentTypeError("written 1-20,31") from None
    return found
