"""What the bank has written and when the customer may see it."""

import sqlite3
from datetime import datetime, timedelta
from typing import NamedTuple

from payroll.bank.simulator.store import fault, next_number, stamp, strikes
from payroll.bank.xmlread import CHINA


class Listed(NamedTuple):
    """A message that can be collected. Names sort in the order of release."""

    name: str
    kind: str
    released_at: str
    size: int
    acknowledged_at: str | None


def new_message_id(db: sqlite3.Connection, now: datetime) -> str:
    """A message reference of this bank, never used twice."""
    return f"WB{now.astimezone(CHINA):%Y%m%d}{next_number(db, 'message'):08d}"


def queue(
    db: sqlite3.Connection, kind: str, data: bytes, now: datetime, after: datetime | None = None
) -> None:
    """Put a message up for release at `after` (default now), subject to the faults."""
    if kind in ("pain.002", "camt.054") and strikes(db, "silent"):
        return
    release_at = (after or now) + timedelta(seconds=max(fault(db, "late"), 0))
    db.execute(
        "INSERT INTO outbox (kind, data, made_at, release_at, copies) VALUES (?, ?, ?, ?, ?)",
        (kind, data, stamp(now), stamp(release_at), 2 if strikes(db, "twice") else 1),
    )


def release(db: sqlite3.Connection, now: datetime) -> int:
    """Give what is due its place in the customer's list; returns how many messages."""
    due = db.execute(
        "SELECT id, copies FROM outbox WHERE copies > 0 AND release_at <= ? ORDER BY release_at, id",
        (stamp(now),),
    ).fetchall()
    rows = [(row["id"], stamp(now)) for row in due for _ in range(row["copies"])]
    db.executemany("INSERT INTO released (outbox_id, released_at) VALUES (?, ?)", rows)
    db.executemany("UPDATE outbox SET copies = 0 WHERE id = ?", [(row["id"],) for row in due])
    return len(rows)


_SELECT = (
    "SELECT r.seq, o.kind, r.released_at, length(o.data) AS size, r.acknowledged_at"
    " FROM released r JOIN outbox o ON o.id = r.outbox_id"
)


def listing(db: sqlite3.Connection, after: str, limit: int) -> list[Listed]:
    """Released messages after a name (or "" for all), oldest first."""
    rows = db.execute(_SELECT + " WHERE r.seq > ? ORDER BY r.seq LIMIT ?", (_sequence(after), limit))
    return [
        Listed(
            f"{r['seq']:09d}-{r['kind']}.xml", r["kind"], r["released_at"], r["size"], r["acknowledged_at"]
        )
        for r in rows
    ]


def message(db: sqlite3.Connection, name: str) -> bytes | None:
    """The bytes of a released message, or None."""
    row = db.execute(
        "SELECT o.data, o.kind FROM released r JOIN outbox o ON o.id = r.outbox_id WHERE r.seq = ?",
        (_sequence(name),),
    ).fetchone()
    return bytes(row["data"]) if row and name.endswith(f"-{row['kind']}.xml") else None


def acknowledge(db: sqlite3.Connection, name: str, now: datetime) -> bool:
    """Note that the customer has it; the first time counts. False for an unknown name."""
    if message(db, name) is None:
        return False
    db.execute(
        "UPDATE released SET acknowledged_at = coalesce(acknowledged_at, ?) WHERE seq = ?",
        (stamp(now), _sequence(name)),
    )
    return True


def _sequence(name: str) -> int:
    head = name.partition("-")[0]
    return int(head) if head.isascii() and head.isdigit() and len(head) <= 15 else 0
