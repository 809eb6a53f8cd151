"""A request and an answer as plain values, for the devices that speak HTTP. The listener owns the sockets."""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

from devices.protocols.errors import TooLong

_BLANK = " \t\r\n"
"""Around names and values of a query where firmware fills a field of fixed length."""
MAX_BODY = 16 * 1024 * 1024
"""A whole backlog of 100,000 lines is 5 MB, a photo 2 MB; more is an attack or a defect."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a device sent. Names of query fields and headers are lower case; `source` is its address."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    source: str = ""

    @classmethod
    def build(
        cls,
        method: str,
        target: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        source: str = "",
    ) -> "Request":
        """From the request line's target. Raises TooLong (`http.body`)."""
        if len(body) > MAX_BODY:
            raise TooLong("http.body", f"{len(body)} bytes")
        path, query = _split(target)
        lowered = {name.lower(): value for name, value in (headers or {}).items()}
        return cls(method=method.upper(), path=path, query=query, headers=lowered, body=body, source=source)


def _split(target: str) -> tuple[str, dict[str, str]]:
    try:
        parts = urlsplit(target)
        path, text = parts.path, parts.query
    except ValueError:  # a host in brackets that is none
        path, _, text = target.partition("?")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="replace")
    except ValueError:  # more fields than anyone sends
        pairs = []
    query: dict[str, str] = {}
    for name, value in pairs:
        query.setdefault(name.strip(_BLANK).lower(), value.strip(_BLANK))
    return path or "/", query


@dataclass(frozen=True, kw_only=True)
class Response:
    """What to answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def plain(body: bytes | str, now: datetime, status: int = 200) -> Response:
    """A text answer with the Date header by which terminals set their clocks."""
    data = body.encode() if isinstance(body, str) else body
    return Response(status=status, body=data, headers={"Content-Type": "text/plain", "Date": http_date(now)})


def http_date(now: datetime) -> str:
    """RFC 9110 date, always GMT."""
    return format_datetime(now.astimezone(UTC), usegmt=True)


def is_from(source: str, networks: Sequence[str]) -> bool:
    """Whether an address lies in one of the networks; no networks means anywhere."""
    if not networks:
        return True
    try:
        address = ipaddress.ip_address(source)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in _network(network) for network in networks)


@lru_cache(maxsize=1024)
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text, strict=False)


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request to be made to a device: what to send to its own web server. The agent owns the sockets."""

    method: str
    path: str
    body: bytes = b""
    content_type: str = "application/x-www-form-urlencoded"
