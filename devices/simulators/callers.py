"""How a simulated device reaches a server: over HTTP, or straight into a function in a test."""

import argparse
import http.client
import io
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache
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
_SKINS = ((214, 180, 152), (198, 160, 130), (226, 196, 170), (186, 146, 118))


@lru_cache(maxsize=512)
def picture_of(person: str) -> bytes:
    """A drawn head with the person's number under it, another one for each; only the frame without Pillow."""
    try:
        from PIL import Image, ImageDraw
    except ImportError:
        return PICTURE
    seed = zlib.crc32(person.encode())
    picture = Image.new("RGB", (150, 200), (206, 214, 220))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((15, 140, 135, 260), fill=(38 + seed % 90, 84, 124))
    pen.ellipse((45, 40, 105, 130), fill=_SKINS[seed % len(_SKINS)])
    pen.pieslice((40, 30, 110, 105), 180, 360, fill=(36, 32, 30) if seed % 3 else (226, 178, 40))
    for x in (62, 84):
        pen.ellipse((x, 80, x + 5, 84), fill=(30, 30, 30))
    pen.text((8, 184), person, fill=(255, 255, 255))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()


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
