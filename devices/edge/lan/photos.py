"""Pictures from the gates: a queue of their own in a file of its own, bounded, the oldest dropped first.

A picture proves a passage, it is none: it must never take the place of one. What is dropped is counted and said.
Sealed like everything that shows a person.
"""

import hashlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from devices.edge.clock import Clock
from devices.edge.lan.known import Known
from devices.edge.lan.store import LanStore
from devices.edge.vault import Unreadable, Vault
from devices.protocols.records import PHOTO_WINDOW, Event, Photo, event_key

log = logging.getLogger(__name__)

SCHEMA = """
CREATE TABLE IF NOT EXISTS photo (
  seq INTEGER PRIMARY KEY, serial TEXT NOT NULL, digest TEXT NOT NULL, event TEXT, who TEXT NOT NULL,
  taken REAL NOT NULL, kind TEXT NOT NULL, size INTEGER NOT NULL, body BLOB NOT NULL, made REAL NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL DEFAULT 0, UNIQUE (serial, digest)
);
CREATE INDEX IF NOT EXISTS photo_lonely ON photo (serial, who) WHERE event IS NULL;
"""
MOST, MOST_BYTES = 5_000, 500_000_000
LARGEST = 300_000
"""The largest picture the server takes, in bytes."""
MOST_TRIES = 10
"""How often the server may not know a passage it has answered for, half a day in all."""
LONELY_SECONDS = 86_400.0
"""How long a picture waits for its passage."""
KINDS = {b"\xff\xd8": "image/jpeg", b"\x89P": "image/png"}


@dataclass(frozen=True)
class Waiting:
    """A picture that can be sent."""

    seq: int
    serial: str
    event: str
    kind: str
    data: bytes = field(repr=False)


class PhotoQueue:
    """The pictures of one agent. Any thread may call."""

    def __init__(
        self,
        path: Path,
        vault: Vault,
        clock: Clock,
        *,
        most: int = MOST,
        most_bytes: int = MOST_BYTES,
        has_room: Callable[[], bool] = lambda: True,
    ) -> None:
        """`has_room` says whether the disk has place left for more than passages."""
        self._vault, self._now, self._boot, self._has_room = vault, clock.now, clock.boot, has_room
        self._most, self._most_bytes = most, most_bytes
        self._lock = threading.RLock()
        self.wake = threading.Event()
        self.dropped = 0
        """Pictures given up since the agent started."""
        self.changed: Callable[[str], None] = lambda _words: None
        """Called with words when pictures are lost, and with none when all is well again."""
        self.db = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.execute("PRAGMA secure_delete=ON")
        self.db.executescript(SCHEMA)
        self.db.execute("UPDATE photo SET due = 0 WHERE due > 0")  # seconds since a boot that may be another

    def put(
        self, known: Known, photo: Photo, event: Event | None, store: LanStore, *, may_wait: bool
    ) -> None:
        """Keep a picture. `may_wait`: the terminal may be told to bring it again if the disk is full.

        Raises sqlite3.Error only then; a picture never costs the passage it came with.
        """
        moment = photo.taken.moment(known.utc_offset)
        kind = KINDS.get(photo.data[:2])
        if kind is None or len(photo.data) > LARGEST or photo.person is None or moment is None:
            self._lost(1, "too large, of nobody, or no picture")
            return
        if not self._has_room():
            self._lost(1, "the disk is nearly full")
            return
        who, taken = who_is(photo.person.value), moment.timestamp()
        name = event_key(event) if event is not None else owner_of(known, who, taken, store)
        try:
            self._insert(known.serial, photo, name, who, taken, kind)
        except sqlite3.Error:
            if may_wait:
                raise
            self._lost(1, "the disk is full")

    def _insert(
        self, serial: str, photo: Photo, event: str | None, who: str, taken: float, kind: str
    ) -> None:
        digest = self._digest(photo, taken)
        body = self._vault.seal(photo.data, context=f"photo {serial} {digest}")
        with self._lock:
            self.db.execute("BEGIN IMMEDIATE")
            try:
                self.db.execute(
                    "INSERT OR IGNORE INTO photo (serial, digest, event, who, taken, kind, size, body, made)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (serial, digest, event, who, taken, kind, len(body), body, self._now()),
                )
                dropped = self._bound()
                self.db.execute("COMMIT")
            except BaseException:
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")
                raise
        if dropped:
            self._lost(dropped, "the queue of photos is full")
        self.wake.set()

    @staticmethod
    def _digest(photo: Photo, taken: float) -> str:
        """The same picture again is the same; two people may look the same to a broken camera."""
        person = photo.person.value if photo.person else ""
        return hashlib.sha256(f"{person} {taken} {photo.digest}".encode()).hexdigest()

    def _bound(self) -> int:
        """Drop the oldest above the limits; how many."""
        rows = self.db.execute("SELECT seq, size FROM photo ORDER BY seq").fetchall()
        number, total = len(rows), sum(size for _seq, size in rows)
        drop = []
        for seq, size in rows:
            if number <= self._most and total <= self._most_bytes:
                break
            drop.append((seq,))
            number, total = number - 1, total - size
        self.db.executemany("DELETE FROM photo WHERE seq = ?", drop)
        return len(drop)

    def waits_for_passage(self, serial: str) -> bool:
        """Whether a picture of a terminal's came before its passage; so nearly never that a backlog costs nothing."""
        with self._lock:
            row = self.db.execute(
                "SELECT 1 FROM photo WHERE serial = ? AND event IS NULL LIMIT 1", (serial,)
            ).fetchone()
        return row is not None

    def match(self, known: Known, events: Sequence[Event]) -> None:
        """Give pictures that came before their passage to it. A full disk leaves them waiting."""
        try:
            with self._lock:
                for event in events:
                    moment = event.time.moment(known.utc_offset)
                    if moment is None:
                        continue
                    at, window = moment.timestamp(), PHOTO_WINDOW.total_seconds()
                    for person in event.persons:
                        self.db.execute(
                            "UPDATE photo SET event = ? WHERE serial = ? AND who = ? AND event IS NULL"
                            " AND taken BETWEEN ? AND ?",
                            (event_key(event), known.serial, who_is(person.value), at - window, at + window),
                        )
        except sqlite3.Error as problem:
            log.warning("pictures were not matched: %s", problem)

    def next(self, store: LanStore) -> Waiting | None:
        """The oldest picture whose passage the server has; None if none is ready."""
        with self._lock:
            rows = self.db.execute(
                "SELECT seq, serial, event FROM photo WHERE event IS NOT NULL AND due <= ?"
                " ORDER BY seq LIMIT 500",
                (self._boot(),),
            ).fetchall()
        for seq, serial, event in rows:
            if store.still_waits(serial, event):
                continue
            with self._lock:
                row = self.db.execute("SELECT digest, kind, body FROM photo WHERE seq = ?", (seq,)).fetchone()
            if row is None:
                continue
            digest, kind, body = row
            try:
                data = self._vault.open(body, context=f"photo {serial} {digest}")
            except Unreadable:
                self.drop(seq)
                self._lost(1, "sealed with another key")
                continue
            return Waiting(seq, serial, event, kind, data)
        return None

    def drop(self, seq: int) -> None:
        """A picture was delivered, or will never be taken."""
        with self._lock:
            self.db.execute("DELETE FROM photo WHERE seq = ?", (seq,))

    def forget_lonely(self) -> None:
        """Give up pictures that have waited a day for a passage."""
        with self._lock:
            gone = self.db.execute(
                "DELETE FROM photo WHERE event IS NULL AND made < ?", (self._now() - LONELY_SECONDS,)
            ).rowcount
        if gone:
            self._lost(gone, "no passage came for them")

    def later(self, seq: int) -> None:
        """The server does not know the passage yet: again after a minute, then two, four; in the end it is given up."""
        with self._lock:
            self.db.execute(
                "UPDATE photo SET tries = tries + 1, due = ? + 60 * (1 << tries) WHERE seq = ?",
                (self._boot(), seq),
            )
            gone = self.db.execute(
                "DELETE FROM photo WHERE seq = ? AND tries >= ?", (seq, MOST_TRIES)
            ).rowcount
        if gone:
            self._lost(1, "the server does not know their passage")

    def refused(self, seq: int, reason: str) -> None:
        """The server will never take it."""
        self.drop(seq)
        self._lost(1, reason)

    def count(self) -> tuple[int, int]:
        """How many pictures wait, and their bytes."""
        with self._lock:
            number, size = self.db.execute("SELECT count(*), coalesce(sum(size), 0) FROM photo").fetchone()
        return int(number), int(size)

    def _lost(self, number: int, why: str) -> None:
        with self._lock:
            self.dropped += number
            words = f"{self.dropped} photos given up, last: {why}"
        self.changed(words)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self.db.close()


def who_is(value: str) -> str:
    """A person key that can be compared and not read."""
    return hashlib.sha256(value.upper().encode()).hexdigest()[:24]


def owner_of(known: Known, who: str, taken: float, store: LanStore) -> str | None:
    """The passage in the queue that a picture belongs to."""
    best: tuple[float, str] | None = None
    for row in store.events_near(known.serial, taken, PHOTO_WINDOW.total_seconds()):
        person = str(row.get("pin") or row.get("id_number") or "")
        if who_is(person) == who:
            distance = abs(datetime.fromisoformat(row["at"]).timestamp() - taken)
            best = min(best or (distance, row["id"]), (distance, row["id"]))
    return best[1] if best else None
