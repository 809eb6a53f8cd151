"""A terminal's queue on disk: SQLite in WAL mode with synchronous=FULL; standard library only.

An event is committed here before anything else happens with it. A batch is written down before it is sent,
so after a kill -9 the same events go out under the same batch id, and the server answers what it answered.
"""

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS event (
  seq INTEGER PRIMARY KEY, gate TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, batch TEXT,
  state TEXT NOT NULL DEFAULT 'waiting', made REAL NOT NULL, UNIQUE (gate, id)
);
CREATE INDEX IF NOT EXISTS event_waiting ON event (gate, seq) WHERE state = 'waiting';
"""


@dataclass(frozen=True)
class Parcel:
    """Events that go out under one batch id."""

    id: str
    events: list[dict[str, Any]]


class Spool:
    """The queue of all gates of one process. Raises sqlite3.Error if the disk does not take it."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, timeout=30)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(SCHEMA)

    def put(self, gate: str, events: list[dict[str, Any]], *, made: float) -> int:
        """Keep events; those whose id is known already are left out. Returns how many are new."""
        before = self._db.total_changes
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(
            "INSERT OR IGNORE INTO event (gate, id, body, made) VALUES (?, ?, ?, ?)",
            [(gate, event["id"], json.dumps(event), made) for event in events],
        )
        self._db.execute("COMMIT")
        return self._db.total_changes - before

    def parcel(self, gate: str, *, most: int) -> Parcel | None:
        """The parcel begun before a crash, or a new one of the oldest waiting events; None if none wait."""
        row = self._db.execute(
            "SELECT batch FROM event WHERE gate = ? AND state = 'waiting' AND batch IS NOT NULL ORDER BY seq LIMIT 1",
            (gate,),
        ).fetchone()
        if row is None:
            first = self._db.execute(
                "SELECT seq, made FROM event WHERE gate = ? AND state = 'waiting' ORDER BY seq LIMIT 1",
                (gate,),
            ).fetchone()
            if first is None:
                return None
            name = f"{first[0]}-{int(first[1])}"
            self._db.execute(
                "UPDATE event SET batch = ? WHERE seq IN (SELECT seq FROM event "
                "WHERE gate = ? AND state = 'waiting' ORDER BY seq LIMIT ?)",
                (name, gate, most),
            )
        else:
            name = row[0]
        rows = self._db.execute(
            "SELECT body FROM event WHERE gate = ? AND batch = ? AND state = 'waiting' ORDER BY seq",
            (gate, name),
        )
        return Parcel(name, [json.loads(body) for (body,) in rows])

    def settle(self, gate: str, parcel: Parcel, state: str) -> None:
        """Mark a parcel `sent`, or `dead` if the server will never take it."""
        self._db.execute("UPDATE event SET state = ? WHERE gate = ? AND batch = ?", (state, gate, parcel.id))

    def waiting(self, gate: str) -> int:
        """Events of a gate not yet answered."""
        row = self._db.execute(
            "SELECT count(*) FROM event WHERE gate = ? AND state = 'waiting'", (gate,)
        ).fetchone()
        return int(row[0])

    def count(self, state: str) -> int:
        """Events of all gates in a state."""
        return int(self._db.execute("SELECT count(*) FROM event WHERE state = ?", (state,)).fetchone()[0])

    def forget(self, *, before: float) -> None:
        """Drop what was sent long ago."""
        self._db.execute("DELETE FROM event WHERE state <> 'waiting' AND made < ?", (before,))

    def close(self) -> None:
        """Close the file."""
        self._db.close()
