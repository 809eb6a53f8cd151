"""The keys that this PC signs with: files that only their owner reads, replaced as a whole or not at all.

A secret's file holds the secret alone, with `key_id` in site.toml, or, as enrolment and key changes write it, key id
and secret in one line. The file is what counts: who changes it changes the key of the running agent.
"""

import logging
import os
import secrets
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from devices.client import TerminalClient

log = logging.getLogger(__name__)


class Key:
    """What a terminal signs with. With a `path` it follows the file."""

    def __init__(self, key_id: str, secret: str, path: Path | None = None) -> None:
        self._named, self._pair, self.path = key_id, (key_id, secret), path
        self._lock = threading.Lock()
        self._seen = _mark(path)

    @property
    def key_id(self) -> str:
        """The key's name, which is no secret."""
        return self.pair()[0]

    @property
    def secret(self) -> str:
        """The secret."""
        return self.pair()[1]

    def pair(self) -> tuple[str, str]:
        """Key id and secret that belong together, as the file says now; as before while it cannot be read."""
        with self._lock:
            mark = _mark(self.path)
            if self.path is not None and mark != self._seen and mark is not None:
                with suppress(OSError, ValueError):
                    self._pair = read_pair(self.path, self._named)
                    self._seen = mark
            return self._pair


def _mark(path: Path | None) -> tuple[int, int] | None:
    if path is None:
        return None
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def read_pair(path: Path, key_id: str = "") -> tuple[str, str]:
    """Key id and secret of a file; `key_id` for one that holds the secret alone.

    Raises OSError, ValueError with words about a file that others may read, that is empty, or that names no key.
    """
    mode = path.stat().st_mode
    words = path.read_text(encoding="utf-8").split()
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ValueError(f"others may read {path}; run: chmod 600 {path}")
    if not words:
        raise ValueError(f"{path} is empty")
    if len(words) == 2:
        return words[0], words[1]
    if not key_id:
        raise ValueError(f"key_id is missing, and {path} holds no key id either")
    return key_id, words[0]


def replace_key(path: Path, fetch: Callable[[], tuple[str, str]]) -> None:
    """Fetch a key and put it in the file's place. Whatever happens in between, the file holds the old or the new one.

    That the folder takes a new file is tried before anything is fetched: a key that cannot be kept is not asked
    for. Raises OSError and whatever `fetch` raises; then the file is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{path.name}.????????"):
        left.unlink(missing_ok=True)  # of a process that was killed
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            key_id, secret = fetch()
            file.write(f"{key_id} {secret}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    _settle(path.parent)


def _settle(folder: Path) -> None:
    """The folder's own entry survives a power cut too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def claim_beside(path: Path) -> str:
    """A number made up for one enrolment and written down before it is used, so that the same PC may ask again."""
    place = path.with_name(f"{path.name}.claim")
    with suppress(OSError):
        if kept := place.read_text(encoding="utf-8").strip():
            return kept
    path.parent.mkdir(parents=True, exist_ok=True)
    claim = secrets.token_urlsafe(24)
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(claim)
        file.flush()
        os.fsync(file.fileno())
    return claim


def drop_claim(path: Path) -> None:
    """The enrolment is over."""
    path.with_name(f"{path.name}.claim").unlink(missing_ok=True)


def change_key(client: TerminalClient, key: Key) -> None:
    """Ask for a new key and write it down. A kill at any moment leaves the old key, which stays good for days and
    is offered a new one again, or the new one. Raises what TerminalClient raises, OSError."""
    if key.path is None:
        return

    def fetch() -> tuple[str, str]:
        answer = client.call("POST", "/api/v1/rotate-key/", b"{}")[1]
        return str(answer["key_id"]), str(answer["secret"])

    replace_key(key.path, fetch)
    log.info("the key was changed; its new name is %s", key.key_id)
