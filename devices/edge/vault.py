"""Seals what identity cards say while it waits on the site PC's disk.

The key lies in memory only (a file on tmpfs): an agent that was killed finds it again, a power cut or a stolen disk
takes it away, and what it sealed with it. That is meant: a card read is useless after ten minutes anyway.
"""

import hashlib
import logging
import os
import secrets
import stat
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

log = logging.getLogger(__name__)
NONCE = 12
IN_MEMORY = frozenset({"tmpfs", "ramfs"})


class Unreadable(Exception):
    """Sealed with a key that is gone."""


class Vault:
    """AES-256-GCM. `is_new`: nothing sealed before can be opened."""

    def __init__(self, key: bytes, *, is_new: bool = True) -> None:
        self._box = AESGCM(key)
        self.is_new = is_new

    @classmethod
    def beside(cls, queue: Path, runtime: Path | None = None) -> "Vault":
        """The vault of a queue. `runtime` is a folder in memory; by default systemd's, else one in /dev/shm.

        Where no such folder can be had the key lives in this process only, and a killed agent loses what it
        had not delivered.
        """
        folder = runtime or default_runtime()
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            check_private(folder)
        except OSError as problem:
            log.warning("the key of card reads stays in this process: %s", problem)
            return cls(secrets.token_bytes(32))
        name = hashlib.sha256(str(queue.resolve()).encode()).hexdigest()[:24]
        key, is_new = _read_or_make(folder / f"{name}.key")
        return cls(key, is_new=is_new)

    def seal(self, plain: bytes, *, context: str) -> bytes:
        """Nonce and ciphertext, bound to `context`."""
        nonce = secrets.token_bytes(NONCE)
        return nonce + self._box.encrypt(nonce, plain, context.encode())

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """The plain text. Raises Unreadable."""
        try:
            return self._box.decrypt(sealed[:NONCE], sealed[NONCE:], context.encode())
        except (InvalidTag, ValueError):
            raise Unreadable from None


def disk_vault(queue: Path) -> Vault:
    """A vault whose key lies beside the queue, for what must outlive a power cut: it protects a copy of the
    queue's file, not the disk. Raises OSError."""
    key, is_new = _read_or_make(queue.with_suffix(".key"))
    if is_new:  # nothing may be sealed with a key that a power cut takes away
        sync_folder(queue.resolve().parent)
    return Vault(key, is_new=is_new)


def sync_folder(folder: Path) -> None:
    """The folder's own entries survive a power cut too. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def default_runtime() -> Path:
    """systemd's RuntimeDirectory, else a folder of this user in /dev/shm."""
    if given := os.environ.get("RUNTIME_DIRECTORY"):
        return Path(given.split(":")[0])
    return Path(f"/dev/shm/wagewatch-edge-{os.getuid()}")  # noqa: S108 private, checked before use


def check_private(folder: Path) -> None:
    """Refuse a folder that is somebody else's, open to others, or not in memory. Raises OSError."""
    facts = folder.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid() or facts.st_mode & 0o077:
        raise PermissionError(f"{folder} must be a folder that only this user may enter")
    if filesystem_of(folder) not in IN_MEMORY:
        raise OSError(f"{folder} is not in memory (tmpfs)")


def filesystem_of(path: Path) -> str:
    """The type of the filesystem that holds a path, by the table of mounts."""
    real = path.resolve()
    best, kind = -1, ""
    for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
        _device, place, found, *_rest = line.split(" ")
        mount = Path(place.replace("\\040", " "))
        if (mount == real or mount in real.parents) and len(mount.parts) >= best:
            best, kind = len(mount.parts), found
    return kind


def _read_or_make(path: Path) -> tuple[bytes, bool]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            key = file.read()
        if len(key) == 32:
            return key, False
        path.unlink()
    except FileNotFoundError:
        pass
    key = secrets.token_bytes(32)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key, True
