"""Encryption of personal data and keyed indexes to find it again.

A stored value is ``version | length of key id | key id | nonce (12) | ciphertext and tag``; the
context (``worker.id_number``) is authenticated with it, so a value moved to another column does not
open. ``settings.WAGEWATCH_MASTER_KEYS`` is ``"id:base64,id2:base64"``: the first key encrypts, all
decrypt. ``settings.WAGEWATCH_CIPHER`` is ``aes-256-gcm`` (default) or ``sm4-gcm`` (GB/T 32907).
The blind index uses ``settings.WAGEWATCH_INDEX_KEY`` (base64) or, without one, the last (oldest)
master key, so that putting a new key in front changes no index.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from os import urandom

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.translation import gettext_lazy as _

from wagewatch.lib.errors import WagewatchError

AES, SM4 = 1, 2
_VERSIONS = {"aes-256-gcm": AES, "sm4-gcm": SM4}
_NONCE = 12
_TAG = 16
_Seal = Callable[[bytes, bytes, bytes], bytes]


class UnreadableValue(WagewatchError):
    """A stored value does not open: damaged, moved, or its key is gone."""

    status = 503

    def __init__(self) -> None:
        super().__init__(
            "crypto.unreadable",
            _("Protected data could not be read. Tell the administrator; nothing was changed."),
        )

    def __reduce__(self) -> tuple[type["UnreadableValue"], tuple[()]]:
        return (UnreadableValue, ())


class _Sm4Gcm:
    """SM4 in GCM mode behind the two calls of AESGCM."""

    def __init__(self, key: bytes) -> None:
        self._algorithm = algorithms.SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, aad: bytes) -> bytes:
        sealer = Cipher(self._algorithm, modes.GCM(nonce)).encryptor()
        sealer.authenticate_additional_data(aad)
        return sealer.update(data) + sealer.finalize() + sealer.tag

    def decrypt(self, nonce: bytes, data: bytes, aad: bytes) -> bytes:
        if len(data) < _TAG:
            raise InvalidTag
        opener = Cipher(self._algorithm, modes.GCM(nonce, data[-_TAG:])).decryptor()
        opener.authenticate_additional_data(aad)
        return opener.update(data[:-_TAG]) + opener.finalize()


@dataclass(frozen=True)
class _Ring:
    head: bytes
    seal: _Seal
    open_by_head: dict[bytes, _Seal]
    index_inner: "hashlib._Hash"
    index_outer: "hashlib._Hash"


def encrypt(plain: str, *, context: str) -> bytes:
    """Seal a text for one purpose; two calls never give the same bytes."""
    return encrypt_bytes(plain.encode(), context=context)


def sealer(context: str) -> Callable[[str], bytes]:
    """``encrypt`` for many texts of one context in a row; the key is looked up once."""
    ring = _current_ring()
    head, seal, about = ring.head, ring.seal, context.encode()

    def sealed(plain: str) -> bytes:
        nonce = urandom(_NONCE)
        return head + nonce + seal(nonce, plain.encode(), about)

    return sealed


def encrypt_bytes(plain: bytes, *, context: str) -> bytes:
    """Seal bytes for one purpose."""
    ring = _current_ring()
    nonce = urandom(_NONCE)
    return ring.head + nonce + ring.seal(nonce, plain, context.encode())


def decrypt(blob: bytes, *, context: str) -> str:
    """Open what ``encrypt`` sealed under the same context; raises ``UnreadableValue``."""
    return decrypt_bytes(blob, context=context).decode()


def decrypt_bytes(blob: bytes, *, context: str) -> bytes:
    """Open what ``encrypt_bytes`` sealed under the same context; raises ``UnreadableValue``."""
    if len(blob) < 2:
        raise UnreadableValue
    end = 2 + blob[1]
    opener = _current_ring().open_by_head.get(blob[:end])
    if opener is None or len(blob) < end + _NONCE + _TAG:
        raise UnreadableValue
    try:
        return opener(blob[end : end + _NONCE], blob[end + _NONCE :], context.encode())
    except InvalidTag:
        raise UnreadableValue from None


def blind_index(value: str, *, kind: str) -> bytes:
    """32 bytes by which an encrypted value is found. Pass the normalised value; ``kind`` keeps an ID
    number and a card number with the same digits apart."""
    ring = _current_ring()
    # HMAC-SHA256 with the key's two blocks hashed beforehand: hmac.digest() sets the key up each time.
    inner, outer = ring.index_inner.copy(), ring.index_outer.copy()
    inner.update(f"{kind}\0{value}".encode())
    outer.update(inner.digest())
    return outer.digest()


def needs_new_key(blob: bytes) -> bool:
    """Whether a stored value should be sealed again with the current key or cipher."""
    return not blob.startswith(_current_ring().head)


@lru_cache(maxsize=1)
def _current_ring() -> _Ring:
    return _ring(
        settings.WAGEWATCH_MASTER_KEYS,
        getattr(settings, "WAGEWATCH_CIPHER", "aes-256-gcm"),
        getattr(settings, "WAGEWATCH_INDEX_KEY", "") or "",
    )


def _forget_ring(*, setting: str, **_kwargs: object) -> None:
    if setting in {"WAGEWATCH_MASTER_KEYS", "WAGEWATCH_CIPHER", "WAGEWATCH_INDEX_KEY"}:
        _current_ring.cache_clear()


setting_changed.connect(_forget_ring)


def _ring(keys_text: str, cipher: str, index_text: str) -> _Ring:
    keys = parse_master_keys(keys_text)
    if cipher not in _VERSIONS:
        raise ImproperlyConfigured("WAGEWATCH_CIPHER must be aes-256-gcm or sm4-gcm")
    sealers: dict[bytes, AESGCM | _Sm4Gcm] = {}
    for key_id, master in keys.items():
        sealers[_head(AES, key_id)] = AESGCM(_derive(master, b"wagewatch field aes-256-gcm", 32))
        sealers[_head(SM4, key_id)] = _Sm4Gcm(_derive(master, b"wagewatch field sm4-gcm", 16))
    head = _head(_VERSIONS[cipher], next(iter(keys)))
    index_master = _decode_key("WAGEWATCH_INDEX_KEY", index_text) if index_text else list(keys.values())[-1]
    index_key = _derive(index_master, b"wagewatch blind index", 32).ljust(hashlib.sha256().block_size, b"\0")
    return _Ring(
        head=head,
        seal=sealers[head].encrypt,
        open_by_head={name: sealer.decrypt for name, sealer in sealers.items()},
        index_inner=hashlib.sha256(bytes(byte ^ 0x36 for byte in index_key)),
        index_outer=hashlib.sha256(bytes(byte ^ 0x5C for byte in index_key)),
    )


def parse_master_keys(text: str) -> dict[str, bytes]:
    """``"id:base64,..."`` to keys by id, first one current. Raises ``ImproperlyConfigured``, never
    showing a key."""
    keys: dict[str, bytes] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        key_id, colon, encoded = part.partition(":")
        if not colon or not key_id.isascii() or not key_id.isalnum() or len(key_id) > 16:
            raise ImproperlyConfigured(
                "WAGEWATCH_MASTER_KEYS must read id:base64,id2:base64 (id: 1-16 letters, digits)"
            )
        if key_id in keys:
            raise ImproperlyConfigured("WAGEWATCH_MASTER_KEYS names a key id twice")
        keys[key_id] = _decode_key("WAGEWATCH_MASTER_KEYS", encoded)
    if not keys:
        raise ImproperlyConfigured("WAGEWATCH_MASTER_KEYS is empty")
    return keys


def _decode_key(setting: str, encoded: str) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise ImproperlyConfigured(f"{setting} holds a key that is not base64") from None
    if len(key) < 32:
        raise ImproperlyConfigured(f"{setting} holds a key shorter than 32 bytes")
    return key


def _head(version: int, key_id: str) -> bytes:
    return bytes((version, len(key_id))) + key_id.encode()


def _derive(master: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt=None, info=purpose).derive(master)
