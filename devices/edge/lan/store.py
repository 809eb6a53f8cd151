"""What the agent remembers of its terminals, in the queue's file: their state, and what could not be posted.

Sealed under a key beside the queue, since commands hold names and lines hold numbers. WAL and synchronous=FULL,
over a connection of its own. Raises sqlite3.Error if the disk does not take it. Any thread may call.
"""

import hashlib
import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from devices.edge.vault import Unreadable, Vault
from devices.spool import Locked

log = logging.getLogger(__name__)

SCHEMA = """
CREATE TABLE IF NOT EXISTS lan_terminal (serial TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS lan_unread (
  seq INTEGER PRIMARY KEY, serial TEXT NOT NULL, code TEXT NOT NULL, digest TEXT NOT NULL, body BLOB NOT NULL,
  lasting INTEGER NOT NULL, made REAL NOT NULL, UNIQUE (serial, digest)
);
CREATE INDEX IF NOT EXISTS lan_unread_passing ON lan_unread (seq) WHERE NOT lasting;
"""
MOST_UNREAD = 5_000
MOST_UNREAD_BYTES = 32 * 1024 * 1024
LONGEST_UNREAD = 1024 * 1024
"""Bytes of one line or body that are kept; a table nobody knows may be a whole backlog."""


NEWEST = 2_000
"""Passages among which a photo looks for its own."""


@dataclass(frozen=True)
class Unread:
    """A line or body that is no event the server takes, and why. `lasting`: somebody passed; it is never dropped."""

    code: str
    raw: bytes = field(repr=False)
    lasting: bool = False


class LanStore:
    """The tables of one agent's terminals."""

    def __init__(
        self,
        path: Path,
        vault: Vault,
        *,
        most_unread: int = MOST_UNREAD,
        most_unread_bytes: int = MOST_UNREAD_BYTES,
    ) -> None:
        self._vault, self._most, self._most_bytes = vault, most_unread, most_unread_bytes
        self.read_event: Callable[[str, str, str | bytes], dict[str, Any]] = lambda _gate, _id, body: (
            json.loads(body)
        )
        """Opens a passage of the queue; the driver puts the queue's own way here."""
        self._lock = threading.RLock()
        self.db = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.execute("PRAGMA secure_delete=ON")
        self.db.executescript(SCHEMA)
        self.lasting: int = self.db.execute("SELECT count(*) FROM lan_unread WHERE lasting").fetchone()[0]
        """Passages of somebody who was let in that the server cannot be told: without time, or of no number."""

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield self.db
                self.db.execute("COMMIT")
            except BaseException:
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")
                raise

    def states(self) -> dict[str, dict[str, Any]]:
        """What is known of each terminal, by serial. What cannot be opened is left out: the terminal begins anew."""
        with self._lock:
            rows = self.db.execute("SELECT serial, body FROM lan_terminal").fetchall()
        found: dict[str, dict[str, Any]] = {}
        for serial, body in rows:
            try:
                found[serial] = json.loads(self._vault.open(body, context=f"lan {serial}"))
            except (Unreadable, ValueError):
                log.warning("%s: its state was sealed with another key; it begins anew", serial)
        return found

    def keep(self, serial: str, state: dict[str, Any] | None, unread: Sequence[Unread], *, now: float) -> int:
        """Commit a terminal's state and its unread lines together; how many lines are new."""
        if state is None and not unread:
            return 0
        with self._writing() as db:
            if state is not None:
                body = self._vault.seal(json.dumps(state).encode(), context=f"lan {serial}")
                db.execute(
                    "INSERT INTO lan_terminal (serial, body) VALUES (?1, ?2)"
                    " ON CONFLICT (serial) DO UPDATE SET body = ?2",
                    (serial, body),
                )
            fresh = [one for one in unread if self._put(db, serial, one, now)]
            if fresh:
                self._bound(db)
        self.lasting += sum(one.lasting for one in fresh)
        return len(fresh)

    def _put(self, db: sqlite3.Connection, serial: str, one: Unread, now: float) -> int:
        digest = hashlib.sha256(one.code.encode() + b"\0" + one.raw).hexdigest()
        body = self._vault.seal(one.raw[:LONGEST_UNREAD], context=f"unread {serial} {digest}")
        done = db.execute(
            "INSERT OR IGNORE INTO lan_unread (serial, code, digest, body, lasting, made)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (serial, one.code[:64], digest, body, one.lasting, now),
        )
        return done.rowcount

    def _bound(self, db: sqlite3.Connection) -> None:
        """Drop the oldest above the limits, but nobody's passage."""
        rows = db.execute(
            "SELECT seq, length(body) FROM lan_unread WHERE NOT lasting ORDER BY seq DESC"
        ).fetchall()
        total, drop = 0, []
        for number, (seq, size) in enumerate(rows, 1):
            total += size
            if number > self._most or total > self._most_bytes:
                drop.append((seq,))
        if drop:
            db.executemany("DELETE FROM lan_unread WHERE seq = ?", drop)
            log.warning("%d of the oldest unread lines were dropped", len(drop))

    def unread(self, serial: str | None = None) -> list[tuple[str, str, bytes]]:
        """Serial, code and raw line of what is kept, oldest first."""
        with self._lock:
            rows = self.db.execute(
                "SELECT serial, code, digest, body FROM lan_unread WHERE ?1 IS NULL OR serial = ?1 ORDER BY seq",
                (serial,),
            ).fetchall()
        found = []
        for owner, code, digest, body in rows:
            try:
                found.append((owner, code, self._vault.open(body, context=f"unread {owner} {digest}")))
            except Unreadable:
                continue
        return found

    def count_unread(self) -> int:
        """How many there are."""
        with self._lock:
            return int(self.db.execute("SELECT count(*) FROM lan_unread").fetchone()[0])

    def count_events(self, serial: str, first: str, last: str) -> int:
        """Passages of a gate in the queue between two moments in UTC (ISO 8601), sent ones too."""
        with self._lock:
            rows = self.db.execute(
                "SELECT count(*) FROM event WHERE gate = ? AND at BETWEEN ? AND ?",
                (serial, first, last),
            )
            return int(rows.fetchone()[0])

    def events_near(self, serial: str, moment: float, window: float) -> list[dict[str, Any]]:
        """Passages of a gate within a window of seconds around a moment, among the newest, to find a photo's owner."""
        first, last = (datetime.fromtimestamp(moment + shift, UTC).isoformat() for shift in (-window, window))
        with self._lock:
            rows = self.db.execute(
                "SELECT id, body FROM (SELECT id, body, at FROM event WHERE gate = ? ORDER BY seq DESC LIMIT ?)"
                " WHERE at BETWEEN ? AND ?",
                (serial, NEWEST, first, last),
            ).fetchall()
        found = []
        for event, body in rows:
            with suppress(Locked):
                found.append(self.read_event(serial, event, body))
        return found

    def still_waits(self, serial: str, event: str) -> bool:
        """Whether the server has not yet answered for an event."""
        with self._lock:
            row = self.db.execute(
                "SELECT 1 FROM event WHERE gate = ? AND id = ? AND state = 'waiting'", (serial, event)
            ).fetchone()
        return row is not None

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self.db.close()
