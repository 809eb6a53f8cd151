"""The bank's books: one SQLite file, written so that kill -9 loses nothing and doubles nothing."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
  number TEXT PRIMARY KEY, name TEXT NOT NULL, currency TEXT NOT NULL DEFAULT 'CNY',
  balance_fen INTEGER NOT NULL DEFAULT 0, opened_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS cards (
  number TEXT PRIMARY KEY, name TEXT NOT NULL, closed INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS orders (
  id INTEGER PRIMARY KEY, account TEXT NOT NULL, message_id TEXT NOT NULL, sha256 TEXT NOT NULL UNIQUE,
  received_at TEXT NOT NULL, data BLOB NOT NULL, UNIQUE (account, message_id));
CREATE TABLE IF NOT EXISTS parts (
  id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders, account TEXT NOT NULL,
  payment_id TEXT NOT NULL, batch INTEGER NOT NULL, whole INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'answered', 'done')),
  answer_at TEXT NOT NULL, book_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS parts_open ON parts (state) WHERE state <> 'done';
CREATE TABLE IF NOT EXISTS lines (
  id INTEGER PRIMARY KEY, part_id INTEGER NOT NULL REFERENCES parts, account TEXT NOT NULL,
  end_to_end_id TEXT NOT NULL, instruction_id TEXT NOT NULL, amount_fen INTEGER NOT NULL,
  currency TEXT NOT NULL, name TEXT NOT NULL, card TEXT NOT NULL, bank_code TEXT NOT NULL,
  remittance TEXT NOT NULL, repeated INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'accepted', 'refused', 'booked', 'returned')),
  code TEXT NOT NULL DEFAULT '', text TEXT NOT NULL DEFAULT '', return_at TEXT);
CREATE INDEX IF NOT EXISTS lines_part ON lines (part_id);
CREATE UNIQUE INDEX IF NOT EXISTS lines_reference ON lines (account, end_to_end_id) WHERE repeated = 0;
CREATE INDEX IF NOT EXISTS lines_return ON lines (return_at) WHERE state = 'booked' AND return_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS entries (
  id INTEGER PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts, kind TEXT NOT NULL,
  amount_fen INTEGER NOT NULL, booked_at TEXT NOT NULL, reference TEXT, text TEXT NOT NULL DEFAULT '',
  statement_id INTEGER, UNIQUE (account, kind, reference));
CREATE INDEX IF NOT EXISTS entries_open ON entries (account) WHERE statement_id IS NULL;
CREATE TABLE IF NOT EXISTS details (
  id INTEGER PRIMARY KEY, entry_id INTEGER NOT NULL REFERENCES entries, kind TEXT NOT NULL,
  line_id INTEGER REFERENCES lines, amount_fen INTEGER NOT NULL, party TEXT NOT NULL DEFAULT '',
  code TEXT NOT NULL DEFAULT '', text TEXT NOT NULL DEFAULT '', UNIQUE (line_id, kind));
CREATE INDEX IF NOT EXISTS details_entry ON details (entry_id);
CREATE TABLE IF NOT EXISTS statements (
  id INTEGER PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts, number INTEGER NOT NULL,
  from_at TEXT NOT NULL, to_at TEXT NOT NULL, opening_fen INTEGER NOT NULL, closing_fen INTEGER NOT NULL,
  UNIQUE (account, number));
CREATE TABLE IF NOT EXISTS outbox (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, data BLOB NOT NULL, made_at TEXT NOT NULL,
  release_at TEXT NOT NULL, copies INTEGER NOT NULL DEFAULT 1); -- copies still to be released
CREATE INDEX IF NOT EXISTS outbox_open ON outbox (release_at) WHERE copies > 0;
CREATE TABLE IF NOT EXISTS released (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, outbox_id INTEGER NOT NULL REFERENCES outbox,
  released_at TEXT NOT NULL, acknowledged_at TEXT);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS faults (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""


def connect(path: str | Path) -> sqlite3.Connection:
    """Open the books, making them on first use. ":memory:" keeps them in memory.

    WAL with synchronous=FULL: what was committed survives a power cut, not only a killed process.
    """
    connection = sqlite3.connect(str(path), isolation_level=None, check_same_thread=False, timeout=30)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.executescript(SCHEMA)
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All or nothing; takes the write lock at once, so that what was read stays true."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def stamp(at: datetime) -> str:
    """A moment as text that sorts by time."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def unstamp(text: str) -> datetime:
    """The moment of a stamp."""
    return datetime.fromisoformat(text)


def next_number(connection: sqlite3.Connection, name: str) -> int:
    """The next number of a series, inside the caller's transaction."""
    row = connection.execute(
        "INSERT INTO counters VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
        (name,),
    ).fetchone()
    return int(row[0])


FAULTS = {
    "late": "seconds that every message is held back",
    "silent": "no status report and no notification; the statement still shows what was booked",
    "twice": "every message is sent twice",
    "out_of_order": "the status report comes after the notification of the booking",
    "partial": "the second half of an order is answered and booked later than the first",
    "statement_gap": "the statement leaves out its first entry",
    "reject_file": "the whole file is refused, FF01",
    "short_of_funds": "the whole file is refused, AM04",
}
"""Name and effect. 0 is off, -1 on until switched off, n the next n times ("late": seconds, until off)."""


def fault(connection: sqlite3.Connection, name: str) -> int:
    """The value of a fault as it stands, without using it up."""
    row = connection.execute("SELECT value FROM faults WHERE name = ?", (name,)).fetchone()
    return int(row[0]) if row else 0


def strikes(connection: sqlite3.Connection, name: str) -> bool:
    """Whether the fault strikes now; uses up one time where it has a number of times."""
    value = fault(connection, name)
    if value > 0:
        connection.execute("UPDATE faults SET value = value - 1 WHERE name = ?", (name,))
    return value != 0
