"""multipart bodies as gates send them: tolerant where gates are careless, never raising but Garbled."""

import re
from dataclasses import dataclass, field

from devices.protocols.errors import Garbled

MAX_PARTS = 32

_BOUNDARY = re.compile(r"""boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;,"]{1,200}))""", re.IGNORECASE)
_NAME = re.compile(r"""(file)?name\s*=\s*(?:"([^"]*)"|([^\s;"]+))""", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """One part: its headers by lower-case name, and its bytes."""

    headers: tuple[tuple[str, str], ...]
    data: bytes = field(repr=False)

    def header(self, name: str) -> str:
        """A header, '' if it is not there."""
        return dict(self.headers).get(name, "")

    @property
    def name(self) -> str:
        """The field's name."""
        return self._disposition("")

    @property
    def filename(self) -> str:
        """The file's name."""
        return self._disposition("file")

    def _disposition(self, kind: str) -> str:
        for match in _NAME.finditer(self.header("content-disposition")):
            if (match[1] or "").lower() == kind:
                return match[2] if match[2] is not None else match[3]
        return ""


def boundary_of(content_type: str) -> bytes:
    """The boundary, quoted or not. Raises Garbled (`multipart.boundary`)."""
    match = _BOUNDARY.search(content_type)
    if match is None:
        raise Garbled("multipart.boundary")
    return (match[1] or match[2]).encode("latin-1", "replace")


def parts_of(body: bytes, content_type: str) -> tuple[Part, ...]:
    """The parts of a body. Lines end in CRLF or LF; the last boundary may be missing.

    A part with a Content-Length is cut by it: a JPEG may hold the boundary by chance.
    Raises Garbled: `multipart.boundary`, `multipart.parts`.
    """
    mark = _mark_of(body, content_type)
    parts: list[Part] = []
    at = body.find(mark)
    while at >= 0:
        at += len(mark)
        if body[at : at + 2] == b"--":
            break
        head_end, data_start = _end_of_head(body, at)
        if data_start < 0:
            break
        headers = _headers(body[at:head_end])
        length = dict(headers).get("content-length", "")
        if (
            length.isascii()
            and length.isdigit()
            and len(length) < 10
            and data_start + int(length) <= len(body)
        ):
            data_end = data_start + int(length)
            at = body.find(mark, data_end)
            parts.append(Part(headers, body[data_start:data_end]))
        else:
            at = _next(body, mark, data_start)
            parts.append(Part(headers, _without_newline(body[data_start : at if at >= 0 else len(body)])))
        if len(parts) > MAX_PARTS:
            raise Garbled("multipart.parts", f"more than {MAX_PARTS}")
    if not parts:
        raise Garbled("multipart.parts", "none")
    return tuple(parts)


def _mark_of(body: bytes, content_type: str) -> bytes:
    """Where parts begin: by the header, or by the body's first line where the two do not agree."""
    try:
        mark = b"--" + boundary_of(content_type)
    except Garbled:
        mark = b""
    if mark and mark in body:
        return mark
    first = body.lstrip(b"\r\n").split(b"\n", 1)[0].rstrip(b"\r ")
    if first.startswith(b"--") and 2 < len(first) <= 202:
        return first
    return mark or b"--" + boundary_of(content_type)


def _next(body: bytes, mark: bytes, start: int) -> int:
    """The next boundary at the beginning of a line."""
    at = body.find(mark, start)
    while at > start and body[at - 1 : at] != b"\n":
        at = body.find(mark, at + 1)
    return at


def _end_of_head(body: bytes, start: int) -> tuple[int, int]:
    ends = [
        (found, found + len(blank))
        for blank in (b"\r\n\r\n", b"\n\n")
        if (found := body.find(blank, start)) >= 0
    ]
    return min(ends, default=(-1, -1))


def _headers(head: bytes) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for line in head.split(b"\n"):
        name, colon, value = line.partition(b":")
        if colon:
            found.setdefault(name.strip().decode("latin-1").lower(), value.strip().decode("utf-8", "replace"))
    return tuple(found.items())


def _without_newline(data: bytes) -> bytes:
    return data[:-2] if data.endswith(b"\r\n") else data[:-1] if data.endswith(b"\n") else data
