"""The secure-channel keys of OSDP readers on disk: one file per reader, and a second while a key is changed.

A new key is on disk before the reader hears of it; if the answer is lost, both are tried.
"""

import os
import re
import secrets
from pathlib import Path

from devices.protocols.errors import Garbled
from devices.protocols.osdp import KEY_BYTES

_HEX = re.compile(r"[0-9A-Fa-f]{32}")


def new_key() -> bytes:
    """A key from the system's source of randomness. (libosdp's own KeyStore uses a guessable generator.)"""
    return secrets.token_bytes(KEY_BYTES)


class KeyRing:
    """A folder of keys, readable by its owner only. Raises OSError; Garbled (`osdp.key`) for a damaged file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def current(self, address: int) -> bytes | None:
        """The key in use, None before the first."""
        return self._read(self._path(address, "key"))

    def coming(self, address: int) -> bytes | None:
        """The key of a change that is not finished."""
        return self._read(self._path(address, "next"))

    def install(self, address: int) -> bytes:
        """The first key of a reader; the same again if there is one."""
        key = self.current(address)
        if key is None:
            key = new_key()
            self._write(self._path(address, "key"), key)
        return key

    def prepare(self, address: int) -> bytes:
        """A new key, on disk before it is sent; the same again until it is known which one the reader holds."""
        key = self.coming(address)
        if key is None:
            key = new_key()
            self._write(self._path(address, "next"), key)
        return key

    def promote(self, address: int) -> None:
        """The reader took the new key."""
        self._path(address, "next").replace(self._path(address, "key"))

    def forget_coming(self, address: int) -> None:
        """The reader kept the old key."""
        self._path(address, "next").unlink(missing_ok=True)

    def _path(self, address: int, kind: str) -> Path:
        return self._folder / f"reader-{address}.{kind}"

    def _read(self, path: Path) -> bytes | None:
        try:
            text = path.read_text(encoding="ascii", errors="replace").strip()
        except FileNotFoundError:
            return None
        if not _HEX.fullmatch(text):
            raise Garbled("osdp.key", path.name)
        return bytes.fromhex(text)

    def _write(self, path: Path, key: bytes) -> None:
        part = path.with_suffix(".part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, key.hex().encode() + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        part.replace(path)
