"""What a Hikvision callback may be wrapped in: JSON or XML, alone, several together, in a form, in parts with pictures.

Firmware differs by model and year: older terminals write `EventNotificationAlert` as XML, some leave the boundary
out of the header, some send a form. Each document is read alone: one that is broken costs no other.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

from devices.protocols.errors import Garbled
from devices.protocols.http import Request
from devices.protocols.multipart import Part, parts_of

LARGEST = 256 * 1024
"""The largest document in bytes; events are 1 kB."""
DEEPEST = 6
"""Levels of elements that are read; events have three."""

_DECLARED = re.compile(r"<\?xml[^>]*\?>")
_ENTITIES = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_BLANK = "\ufeff\0 \r\n\t"


@dataclass(frozen=True)
class Piece:
    """A document with its bytes, or a picture, or what could not be read (`bad` says why)."""

    raw: bytes = field(repr=False)
    document: dict[str, Any] | None = field(default=None, repr=False)
    picture: Part | None = None
    bad: str = ""


def pieces_of(request: Request) -> list[Piece]:
    """What a callback holds, in its order. Raises Garbled if its parts cannot be told apart."""
    found: list[Piece] = []
    for part in _parts(request):
        if part.header("content-type").lower().startswith("image/") or part.data.startswith(b"\xff\xd8\xff"):
            found.append(Piece(part.data, picture=part))
        elif part.data.lstrip(b"\xef\xbb\xbf \r\n\t\0")[:1] in (b"{", b"[", b"<"):
            try:
                found.extend(Piece(raw, document) for document, raw in documents_of(part.data))
            except Garbled as error:
                found.append(Piece(part.data, bad=error.code))
    return found


def _parts(request: Request) -> tuple[Part, ...]:
    kind, start = request.headers.get("content-type", ""), request.body.lstrip(b"\r\n \0")
    if start[:2] == b"--":
        return parts_of(request.body, kind)
    if start[:1] not in (b"{", b"[", b"<"):
        if kind.lower().strip().startswith("multipart/"):
            return parts_of(request.body, kind)
        if "=" in (text := request.body.decode("utf-8", "replace")) and "urlencoded" in kind.lower():
            try:
                fields = parse_qsl(text, errors="replace", max_num_fields=100)
            except ValueError:
                fields = []
            return tuple(Part((), value.encode()) for _name, value in fields)
    return (Part((), request.body),)


def documents_of(data: bytes) -> Iterator[tuple[dict[str, Any], bytes]]:
    """JSON or XML as objects, each with its bytes. Raises Garbled: `hikvision.json`, `hikvision.xml`."""
    if len(data) > LARGEST:
        raise Garbled("hikvision.json", f"{len(data)} bytes")
    text = _text(data)
    if text.startswith("<"):
        yield _xml(text), data
        return
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise Garbled("hikvision.json") from None
    rows = document if isinstance(document, list) else [document]
    for row in rows:
        if not isinstance(row, dict):
            raise Garbled("hikvision.json", "no object")
        inner = row.get("EventNotificationAlert")
        raw = data if len(rows) == 1 else json.dumps(row, ensure_ascii=False).encode("utf-8", "replace")
        for one in inner if isinstance(inner, list) else [inner if isinstance(inner, dict) else row]:
            if isinstance(one, dict):
                yield one, raw


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig").strip(_BLANK)
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace").strip(_BLANK)


def _xml(text: str) -> dict[str, Any]:
    """The root's children by name, without namespaces. Entities of a document's own are never expanded."""
    if _ENTITIES.search(text):
        raise Garbled("hikvision.xml", "declares entities")
    try:
        root = ElementTree.fromstring(_DECLARED.sub("", text, count=1).strip())  # noqa: S314 - no entities, see above
    except (ElementTree.ParseError, ValueError):
        raise Garbled("hikvision.xml") from None
    found = _children(root, DEEPEST)
    if not isinstance(found, dict):
        raise Garbled("hikvision.xml", "no elements")
    return found


def _children(element: ElementTree.Element, depth: int) -> dict[str, Any] | str:
    if not len(element) or not depth:
        return (element.text or "").strip()
    found: dict[str, Any] = {}
    for child in element:
        found.setdefault(str(child.tag).rsplit("}", 1)[-1], _children(child, depth - 1))
    return found
