"""One call to a browser's push service: only to public addresses, nothing followed, ten seconds at most."""

import http.client
import ipaddress
import socket
import ssl
from urllib.parse import urlsplit

from django.conf import settings

SECONDS = 10


class PrivateAddress(OSError):
    """The name of a push service leads into a private network: never called."""


def public_address(host: str, port: int) -> str:
    """The first address of a host, if all of them are on the public internet; PrivateAddress, OSError."""
    found = [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not found or not all(ipaddress.ip_address(one.partition("%")[0]).is_global for one in found):
        raise PrivateAddress("not a public address")
    return found[0]


class _Pinned(http.client.HTTPSConnection):
    """Connects to the address that was looked at, so that a second look-up cannot lead elsewhere."""

    def connect(self) -> None:
        plain = socket.create_connection((public_address(self.host, self.port), self.port), timeout=SECONDS)
        self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)


def post(endpoint: str, body: bytes, headers: dict[str, str]) -> int:
    """POST to a checked endpoint and return the status; OSError when it cannot be reached.

    With `WAGEWATCH_PUSH_RELAY` (an installation without a direct way out) the call goes to the operator's own
    relay as `<relay>/<host><path>`.
    """
    target = urlsplit(endpoint)
    path = target.path + (f"?{target.query}" if target.query else "")
    connection: http.client.HTTPConnection
    if settings.WAGEWATCH_PUSH_RELAY:
        relay = urlsplit(settings.WAGEWATCH_PUSH_RELAY)
        kind = http.client.HTTPSConnection if relay.scheme == "https" else http.client.HTTPConnection
        connection = kind(relay.hostname or "", relay.port, timeout=SECONDS)
        path = f"{relay.path.rstrip('/')}/{target.hostname}{path}"
    else:
        connection = _Pinned(target.hostname or "", 443, timeout=SECONDS)
    try:
        connection.request("POST", path, body=body, headers=headers)
        return connection.getresponse().status
    except http.client.HTTPException as error:
        raise OSError(type(error).__name__) from None
    finally:
        connection.close()
