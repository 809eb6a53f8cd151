"""From which address a request comes: what the trusted proxies wrote down, never what the sender says of itself."""

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

_NETWORK = 64
"""Bits of an IPv6 address that name a household or a phone; the rest its owner changes at will."""


def client_address(request: HttpRequest) -> str | None:
    """The sender's address, for limits that count by it; None where there is none, as on a Unix socket.

    Every one of the `WAGEWATCH_PROXIES` proxies adds the address it was called from at the end of
    `X-Forwarded-For`, so as many entries from the right are true, and what stands left of them is anybody's
    invention. Of an IPv6 address the network counts, else one line would have 2^64 addresses.
    """
    near = request.META.get("REMOTE_ADDR", "")
    told = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    count = settings.WAGEWATCH_PROXIES
    if 0 < count <= len(told):
        return _plain(told[-count]) or _plain(near)
    return _plain(near)


def _plain(text: str) -> str | None:
    if text.startswith("["):  # [2001:db8::1]:4711, as some proxies write it
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:  # 192.0.2.1:4711
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ip_network((int(found), _NETWORK), strict=False).network_address)
    return str(found)
