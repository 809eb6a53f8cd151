"""How a terminal signs a request; pure, standard library only, shared by server, client and simulator.

HMAC-SHA256 with the terminal's secret over six lines: the word WW1, method, path with query, unix seconds,
nonce, SHA-256 of the body in hexadecimal. Four headers carry key id, time, nonce and signature.
A request is good for WINDOW_SECONDS around the server's time, and its nonce only once.
"""

import hashlib
import hmac
import re

WINDOW_SECONDS = 300
SCHEME = "WW1"
KEY_HEADER = "X-WW-Key"
TIMESTAMP_HEADER = "X-WW-Timestamp"
NONCE_HEADER = "X-WW-Nonce"
SIGNATURE_HEADER = "X-WW-Signature"

_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_SECONDS = re.compile(r"[0-9]{9,11}")


def message(method: str, path: str, timestamp: str, nonce: str, body: bytes) -> bytes:
    """The bytes that are signed. `path` starts with / and holds the query as sent."""
    lines = (SCHEME, method.upper(), path, timestamp, nonce, hashlib.sha256(body).hexdigest())
    return "\n".join(lines).encode()


def sign(secret: str, method: str, path: str, timestamp: str, nonce: str, body: bytes) -> str:
    """The signature in hexadecimal."""
    return hmac.digest(secret.encode(), message(method, path, timestamp, nonce, body), "sha256").hex()


def is_signed(
    secret: str, signature: str, method: str, path: str, timestamp: str, nonce: str, body: bytes
) -> bool:
    """Whether the signature is the secret's own, compared in constant time."""
    expected = sign(secret, method, path, timestamp, nonce, body)
    return hmac.compare_digest(expected.encode(), signature.lower().encode("utf-8", "replace"))


def is_in_window(timestamp: str, now_seconds: float) -> bool:
    """Whether the time is a plain number of seconds within the window around the server's time."""
    return bool(_SECONDS.fullmatch(timestamp)) and abs(int(timestamp) - now_seconds) <= WINDOW_SECONDS


def is_nonce(nonce: str) -> bool:
    """16 to 64 letters, digits, - or _."""
    return bool(_NONCE.fullmatch(nonce))
