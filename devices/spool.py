"""A terminal's queue on disk: SQLite in WAL mode with synchronous=FULL; standard library only.

An event is committed here before anything else happens with it. A batch is written down before it is sent,
so after a kill -9 the same events go out under the same batch id, and the server answers what it answered.
Beside the events, which are never dropped, lie briefs: what is useless after some minutes, as an identity card
that was laid on a reader. Briefs are sealed by their owner, and time out. Any thread may call.

With a sealer the events are sealed too; those that an older version left readable are sealed when the file is opened.
"""

import json
import logging
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

SCHEMA = """
CREATE TABLE IF NOT EXISTS event (
  seq INTEGER PRIMARY KEY, gate TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, batch TEXT,
  state TEXT NOT NULL DEFAULT 'waiting', made REAL NOT NULL, UNIQUE (gate, id)
);
CREATE INDEX IF NOT EXISTS event_waiting ON event (gate, seq) WHERE state = 'waiting';
CREATE TABLE IF NOT EXISTS brief (
  seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL, made REAL NOT NULL,
  UNIQUE (kind, id)
);
"""


RESEALED = 500
"""Events of one transaction when they are sealed anew: nobody at a gate waits longer for the queue than for these."""
log = logging.getLogger(__name__)


class Sealer(Protocol):
    """Seals what lies on the disk (devices.edge.keyring); `current` names the key in use, with which a sealed body
    begins after its first byte."""

    @property
    def current(self) -> bytes:
        """The key in use."""

    def seal(self, plain: bytes, *, context: str) -> bytes:
        """Seal, bound to a context."""

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """Open; raises an Exception where that cannot be done."""


class Locked(Exception):
    """An event is sealed with a key that is gone."""


@dataclass(frozen=True)
class Parcel:
    """Events that go out under one batch id."""

    id: str
    events: list[dict[str, Any]]


@dataclass(frozen=True)
class Brief:
    """Something short-lived; `made` by the clock of whoever put it here."""

    id: str
    body: bytes
    made: float


class Spool:
    """The queue of all gates of one process. Raises sqlite3.Error if the disk does not take it."""

    def __init__(self, path: Path, sealer: Sealer | None = None) -> None:
        self.path, self._sealer = path, sealer
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
        self._swept = False
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA secure_delete=ON")
        self._db.executescript(SCHEMA)
        if not self.ask("SELECT 1 FROM pragma_table_info('event') WHERE name = 'at'"):
            self._db.execute("ALTER TABLE event ADD COLUMN at TEXT")  # a queue of an earlier version
        # Sealed with keys that were gone: they may have been brought back.
        self._db.execute("UPDATE event SET state = 'waiting', batch = NULL WHERE state = 'locked'")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction; nothing of it stays if the disk is full. Others may keep tables of their own in the file."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def ask(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """All rows of a question."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def put(self, gate: str, events: list[dict[str, Any]], *, made: float, held: bool = False) -> int:
        """Keep events; those whose id is known already are left out. Returns how many are new.

        `held`: an opening that nobody has walked through yet; it is sent once it is released.
        """
        with self.writing() as db:
            before = db.total_changes
            db.executemany(
                "INSERT OR IGNORE INTO event (gate, id, body, state, made, at) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (
                        gate,
                        event["id"],
                        self._written(gate, event["id"], json.dumps(event)),
                        "held" if held else "waiting",
                        made,
                        event.get("at"),
                    )
                    for event in events
                ],
            )
            return db.total_changes - before

    def release(self, gate: str, name: str | None = None) -> int:
        """Somebody walked through: the held event of that id, or all held ones of a gate, may be sent. How many."""
        with self.writing() as db:
            return db.execute(
                "UPDATE event SET state = 'waiting' WHERE gate = ?1 AND state = 'held' AND id = ifnull(?2, id)",
                (gate, name),
            ).rowcount

    def discard(self, gate: str, name: str) -> None:
        """Nobody walked through. The row is kept as long as those that were sent."""
        with self.writing() as db:
            db.execute(
                "UPDATE event SET state = 'unused' WHERE gate = ? AND state = 'held' AND id = ?", (gate, name)
            )

    def parcel(self, gate: str, *, most: int) -> Parcel | None:
        """The parcel begun before a crash, or a new one of the oldest waiting events; None if none wait."""
        with self._lock:
            begun = self.ask(
                "SELECT batch FROM event WHERE gate = ? AND state = 'waiting' AND batch IS NOT NULL ORDER BY seq LIMIT 1",
                (gate,),
            )
            name = begun[0][0] if begun else self._begin(gate, most)
            if name is None:
                return None
            rows = self.ask(
                "SELECT id, body FROM event WHERE gate = ? AND batch = ? AND state = 'waiting' ORDER BY seq",
                (gate, name),
            )
            events, locked = [], []
            for event, body in rows:
                try:
                    events.append(self.read_body(gate, event, body))
                except Locked:
                    locked.append((gate, event))
            if locked:
                log.error("%s: %d passages are sealed with a key that is gone", gate, len(locked))
                with self.writing() as db:
                    db.executemany("UPDATE event SET state = 'locked' WHERE gate = ? AND id = ?", locked)
            if not events:
                return self.parcel(gate, most=most)
        return Parcel(name, events)

    def read_body(self, gate: str, event: str, body: str | bytes) -> dict[str, Any]:
        """An event as it was put in. Raises Locked."""
        if isinstance(body, bytes):
            if self._sealer is None:
                raise Locked
            try:
                body = self._sealer.open(body, context=_context(gate, event))
            except Exception as problem:
                raise Locked from problem
        found: dict[str, Any] = json.loads(body)
        return found

    def _written(self, gate: str, event: str, body: str) -> str | bytes:
        if self._sealer is None:
            return body
        return self._sealer.seal(body.encode(), context=_context(gate, event))

    def reseal(self) -> int:
        """Seal what lies readable, and under the key in use what is sealed with a former one; how many events.

        In many small transactions: a kill in between leaves each event as it was or sealed anew.
        """
        if self._sealer is None:
            return 0
        total, after, was_plain = 0, 0, False
        while rows := self.ask(
            "SELECT seq, gate, id, body FROM event WHERE seq > ?"
            " AND (typeof(body) = 'text' OR substr(body, 2, ?) <> ?) ORDER BY seq LIMIT ?",
            (after, len(self._sealer.current), self._sealer.current, RESEALED),
        ):
            after = rows[-1][0]
            new = []
            for seq, gate, event, body in rows:
                was_plain |= isinstance(body, str)
                try:
                    plain = self.read_body(gate, event, body)
                except Locked:
                    continue  # of a key that is gone; said when it is to be sent
                new.append((self._written(gate, event, json.dumps(plain)), plain.get("at"), seq, body))
            with self.writing() as db:
                # Only what nobody has changed or dropped meanwhile.
                total += db.executemany(
                    "UPDATE event SET body = ?, at = ? WHERE seq = ? AND body = ?", new
                ).rowcount
        if was_plain or not self._swept:
            # Nothing readable stays behind in file or log; once at the start too, for a kill may have come before it.
            with self._lock:
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._swept = True
        return total

    def keys_in_use(self, length: int) -> set[bytes]:
        """The names of the keys with which something is sealed."""
        rows = self.ask(
            "SELECT DISTINCT substr(body, 2, ?) FROM event WHERE typeof(body) = 'blob'", (length,)
        )
        return {bytes(name) for (name,) in rows}

    def _begin(self, gate: str, most: int) -> str | None:
        first = self.ask(
            "SELECT seq, made FROM event WHERE gate = ? AND state = 'waiting' ORDER BY seq LIMIT 1", (gate,)
        )
        if not first:
            return None
        name = f"{first[0][0]}-{int(first[0][1])}"
        with self.writing() as db:
            db.execute(
                "UPDATE event SET batch = ? WHERE seq IN (SELECT seq FROM event "
                "WHERE gate = ? AND state = 'waiting' ORDER BY seq LIMIT ?)",
                (name, gate, most),
            )
        return name

    def settle(self, gate: str, parcel: Parcel, state: str, *, dead: Iterable[str] = ()) -> None:
        """Mark a parcel `sent`, or `dead` if the server will never take it; `dead` names single events of it."""
        with self.writing() as db:
            db.execute("UPDATE event SET state = ? WHERE gate = ? AND batch = ?", (state, gate, parcel.id))
            db.executemany(
                "UPDATE event SET state = 'dead' WHERE gate = ? AND batch = ? AND id = ?",
                [(gate, parcel.id, name) for name in dead],
            )

    def rename(self, gate: str, parcel: Parcel) -> None:
        """The server knows this batch id with other events (the queue's file was lost): use another one."""
        with self.writing() as db:
            db.execute(
                "UPDATE event SET batch = batch || '-' || hex(randomblob(4))"
                " WHERE gate = ? AND batch = ? AND state = 'waiting'",
                (gate, parcel.id),
            )

    def waiting(self, gate: str | None = None) -> int:
        """Events of a gate, or of all, not yet answered."""
        rows = self.ask(
            "SELECT count(*) FROM event WHERE state = 'waiting' AND (?1 IS NULL OR gate = ?1)", (gate,)
        )
        return int(rows[0][0])

    def count(self, state: str) -> int:
        """Events of all gates in a state."""
        return int(self.ask("SELECT count(*) FROM event WHERE state = ?", (state,))[0][0])

    def forget(self, *, before: float, dead: bool = True) -> None:
        """Drop what was sent long ago, and what the server never took unless `dead` is false."""
        states = "('sent', 'unused', 'dead')" if dead else "('sent', 'unused')"
        with self.writing() as db:
            db.execute(f"DELETE FROM event WHERE state IN {states} AND made < ?", (before,))  # noqa: S608

    def put_brief(self, kind: str, brief: Brief) -> None:
        """Keep something short-lived; the same id again changes nothing."""
        with self.writing() as db:
            db.execute(
                "INSERT OR IGNORE INTO brief (kind, id, body, made) VALUES (?, ?, ?, ?)",
                (kind, brief.id, brief.body, brief.made),
            )

    def briefs(self, kind: str, *, most: int) -> list[Brief]:
        """The oldest that wait."""
        rows = self.ask("SELECT id, body, made FROM brief WHERE kind = ? ORDER BY seq LIMIT ?", (kind, most))
        return [Brief(*row) for row in rows]

    def drop_briefs(self, kind: str, names: Iterable[str]) -> None:
        """They were delivered, or nobody will take them. Their bytes are overwritten."""
        with self.writing() as db:
            db.executemany("DELETE FROM brief WHERE kind = ? AND id = ?", [(kind, name) for name in names])

    def forget_briefs(self, kind: str, *, before: float) -> int:
        """Drop those made before. How many they were."""
        if not self.ask("SELECT 1 FROM brief WHERE kind = ? AND made < ?", (kind, before)):
            return 0
        with self.writing() as db:
            return db.execute("DELETE FROM brief WHERE kind = ? AND made < ?", (kind, before)).rowcount

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()


def _context(gate: str, event: str) -> str:
    """What a sealed event is bound to, so that bodies cannot be exchanged."""
    return f"event {gate} {event}"
