"""Web push without a network: the message sealed for one browser (RFC 8291, RFC 8188), the sender's signed
name (VAPID, RFC 8292), and which addresses a browser may name. Bytes and plain values only.
"""

import base64
import json
import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.utils.translation import gettext_lazy as _

from wagewatch.lib.errors import Malformed

RECORD = 4096
LARGEST_TEXT = RECORD - 86 - 17
"""Bytes of a message: push services take 4096 with the header (86), the tag (16) and the end mark (1)."""
LONGEST_ADDRESS = 1000
SIGNED_FOR = timedelta(hours=12)
"""RFC 8292 allows 24 hours; half of it bears a clock that is wrong."""


def encode(data: bytes) -> str:
    """base64url without padding, as all of web push writes it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The bytes of base64url with or without padding; ValueError for anything else."""
    if not text.isascii() or len(text) > LONGEST_ADDRESS:
        raise ValueError("not base64url")
    return base64.b64decode(
        text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True
    )


def private_key(text: str) -> ec.EllipticCurvePrivateKey:
    """A P-256 key from its 32 bytes in base64url; ValueError for what is none."""
    return ec.derive_private_key(int.from_bytes(decode(text), "big"), ec.SECP256R1())


def public_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public point, 65 bytes: what browsers call applicationServerKey and p256dh."""
    point = serialization.PublicFormat.UncompressedPoint
    return key.public_key().public_bytes(serialization.Encoding.X962, point)


def check_keys(p256dh: str, auth: str) -> tuple[bytes, bytes]:
    """A browser's public point (65 bytes, on the curve) and its secret (16 bytes); Malformed `push.keys`."""
    try:
        point, secret = decode(p256dh), decode(auth)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        point, secret = b"", b""
    if len(point) != 65 or len(secret) != 16:
        raise Malformed("push.keys", _("This browser cannot receive notices. They come by text message."))
    return point, secret


def check_endpoint(address: str, hosts: Iterable[str]) -> str:
    """The host of a push service's address; Malformed `push.endpoint` for any that is not one of `hosts`.

    Only https, no port of its own, no user, no numeric host. A host "*.example.org" stands for all below it.
    The address comes from a browser: without this the server would call whatever it is told to.
    """
    refusal = Malformed("push.endpoint", _("This browser cannot receive notices. They come by text message."))
    if (
        len(address) > LONGEST_ADDRESS
        or not address.isascii()
        or any(c <= " " or c in '\\"<>' for c in address)
    ):
        raise refusal
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise refusal from None
    host = parts.hostname or ""
    bare = parts.netloc.lower() in {host, f"{host}:443"}
    if (
        parts.scheme != "https"
        or not bare
        or port not in {None, 443}
        or parts.fragment
        or len(parts.path) < 2
    ):
        raise refusal
    if not any(host == one or (one.startswith("*.") and host.endswith(one[1:])) for one in hosts):
        raise refusal
    return host


def seal(
    text: bytes,
    point: bytes,
    secret: bytes,
    *,
    salt: bytes | None = None,
    own: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """The body that only this browser opens (RFC 8291). `salt` and `own` are given by tests alone."""
    if len(text) > LARGEST_TEXT:
        raise ValueError("too long for one push")
    salt = salt or os.urandom(16)
    own = own or ec.generate_private_key(ec.SECP256R1())
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    ours = public_bytes(own)
    shared = own.exchange(ec.ECDH(), theirs)
    info = b"WebPush: info\x00" + point + ours
    material = HKDF(hashes.SHA256(), 32, secret, info).derive(shared)
    key = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(material)
    nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(material)
    head = salt + RECORD.to_bytes(4, "big") + len(ours).to_bytes(1, "big") + ours
    return head + AESGCM(key).encrypt(nonce, text + b"\x02", None)


def vapid(host: str, key: ec.EllipticCurvePrivateKey, subject: str, *, now: datetime) -> str:
    """The Authorization header by which a push service knows its sender (RFC 8292)."""
    head = encode(b'{"typ":"JWT","alg":"ES256"}')
    claims = {"aud": f"https://{host}", "exp": int((now + SIGNED_FOR).timestamp()), "sub": subject}
    body = encode(json.dumps(claims, separators=(",", ":")).encode())
    r, s = decode_dss_signature(key.sign(f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256())))
    signature = encode(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return f"vapid t={head}.{body}.{signature}, k={encode(public_bytes(key))}"
