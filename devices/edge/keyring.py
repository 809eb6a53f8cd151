"""The keys under which passages wait on the site PC's disk: one in use, former ones until nothing is sealed with them.

A passage may hold an ID number, and the queue of a site that is days offline tells who worked when. Keys lie in a file
beside the queue, or on a medium of its own (`[queue] key_file`): whoever gets a copy or a backup of the queue alone
reads nothing. What is sealed names its key, so that a change of keys may be cut off at any moment.
"""

import os
import secrets
import struct
import threading
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from devices.edge.vault import Unreadable, sync_folder

FORM = b"\x01"
NAME, NONCE, SEED = 4, 12, 32
_RECORD = struct.Struct(f">{NAME}s{SEED}sd")
RENEWED_SECONDS = 30 * 86_400.0
"""After a month another key is used."""
KEPT_SECONDS = 3_600.0
"""A former key stays so long at least: somebody may just be sealing with it."""


@dataclass(frozen=True)
class _One:
    name: bytes
    seed: bytes
    made: float
    box: AESGCM


def _box(seed: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=b"wagewatch edge: passages at rest").derive(seed))


class Keyring:
    """Seals with the newest key and opens with any of them. Any thread may call."""

    def __init__(self, path: Path, *, now: float) -> None:
        """Read the file, or make it with a first key. Raises OSError, ValueError for a file that is no key file."""
        self.path = path
        self._lock = threading.Lock()
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            self._keys = [self._fresh(now)]
            self._write(self._keys)
            return
        if not data or len(data) % _RECORD.size:
            raise ValueError(f"{path} is no key file of this agent")
        self._keys = [_One(name, seed, made, _box(seed)) for name, seed, made in _RECORD.iter_unpack(data)]

    def seal(self, plain: bytes, *, context: str) -> bytes:
        """The plain text under the newest key, bound to `context`."""
        with self._lock:
            key = self._keys[-1]
        nonce = secrets.token_bytes(NONCE)
        return FORM + key.name + nonce + key.box.encrypt(nonce, plain, context.encode())

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """The plain text. Raises Unreadable for a key that is gone, another context, or a changed byte."""
        name, rest = sealed[1 : 1 + NAME], sealed[1 + NAME :]
        with self._lock:
            key = next((one for one in self._keys if one.name == name), None)
        if key is None or sealed[:1] != FORM:
            raise Unreadable
        try:
            return key.box.decrypt(rest[:NONCE], rest[NONCE:], context.encode())
        except (InvalidTag, ValueError):
            raise Unreadable from None

    @property
    def current(self) -> bytes:
        """The name of the newest key."""
        with self._lock:
            return self._keys[-1].name

    def renew(self, *, now: float, even_young: bool = False) -> bool:
        """Use another key from now on if the newest is old; on disk before it is used. Raises OSError."""
        with self._lock:
            if not even_young and 0 <= now - self._keys[-1].made < RENEWED_SECONDS:
                return False
            keys = [*self._keys, self._fresh(now)]
            self._write(keys)
            self._keys = keys
        return True

    def drop(self, used: Collection[bytes], *, now: float) -> int:
        """Forget former keys with which nothing is sealed any more; how many. Raises OSError."""
        with self._lock:
            replaced_at = {
                one.name: later.made for one, later in zip(self._keys, self._keys[1:], strict=False)
            }
            keys = [
                one
                for one in self._keys
                if one.name in used or now - replaced_at.get(one.name, now) < KEPT_SECONDS
            ]
            gone = len(self._keys) - len(keys)
            if gone:
                self._write(keys)
                self._keys = keys
        return gone

    def _fresh(self, now: float) -> _One:
        seed = secrets.token_bytes(SEED)
        return _One(secrets.token_bytes(NAME), seed, now, _box(seed))

    def _write(self, keys: list[_One]) -> None:
        """The whole file or the one before; also after a power cut."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for left in self.path.parent.glob(f".{self.path.name}.????????"):
            left.unlink(missing_ok=True)  # of a process that was killed
        fresh = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(b"".join(_RECORD.pack(one.name, one.seed, one.made) for one in keys))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
        sync_folder(self.path.parent)
