"""The bank in one object: every public step is one transaction, every step takes the time."""

import sqlite3
import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from payroll.bank.pain001_reader import read_pain001
from payroll.bank.simulator import desk, ledger, outbox
from payroll.bank.simulator.desk import Pace, Receipt
from payroll.bank.simulator.outbox import Listed
from payroll.bank.simulator.store import FAULTS, connect, fault, stamp, transaction


class Bank:
    """A bank over one SQLite file. Safe to use from several threads; one process at a time."""

    def __init__(self, path: str | Path, pace: Pace | None = None) -> None:
        self.pace = pace or Pace()
        self._db = connect(path)
        self._lock = threading.RLock()

    def close(self) -> None:
        """Close the books."""
        with self._lock:
            self._db.close()

    def open_account(self, number: str, name: str, now: datetime) -> bool:
        """Open a special wage account, empty; False when it is open already (the name is then updated)."""
        with self._lock, transaction(self._db) as db:
            known = db.execute("SELECT 1 FROM accounts WHERE number = ?", (number,)).fetchone()
            db.execute(
                "INSERT INTO accounts (number, name, opened_at) VALUES (?, ?, ?)"
                " ON CONFLICT (number) DO UPDATE SET name = excluded.name",
                (number, name, stamp(now)),
            )
            return known is None

    def deposit(
        self, number: str, amount_fen: int, *, reference: str, payer_name: str, text: str, now: datetime
    ) -> bool:
        """Credit an allocation; False when this reference was credited before.

        Raises LookupError for an unknown account, ValueError for a reference used with another amount.
        """
        with self._lock, transaction(self._db) as db:
            ledger.account_of(db, number)
            return ledger.book_deposit(
                db, number, amount_fen, reference=reference, payer_name=payer_name, text=text, now=now
            )

    def collect(
        self, number: str, amount_fen: int, *, reference: str, payee_name: str, text: str, now: datetime
    ) -> bool:
        """Take back money that the bank lent; False when this reference was collected before.

        Raises LookupError for an unknown account, ValueError where the account holds less or the reference clashes.
        """
        with self._lock, transaction(self._db) as db:
            ledger.account_of(db, number)
            return ledger.book_collection(
                db, number, amount_fen, reference=reference, payee_name=payee_name, text=text, now=now
            )

    def register_cards(self, cards: list[tuple[str, str, bool]]) -> None:
        """Make cards known as (number, name, closed): from then on names are compared with them."""
        with self._lock, transaction(self._db) as db:
            db.executemany(
                "INSERT INTO cards VALUES (?, ?, ?) ON CONFLICT (number) DO UPDATE"
                " SET name = excluded.name, closed = excluded.closed",
                cards,
            )

    def accept(self, data: bytes, now: datetime) -> Receipt:
        """Take in a pain.001. On return it is on disk and will be worked off. Raises Malformed."""
        order = read_pain001(data)
        with self._lock, transaction(self._db) as db:
            return desk.take_in(db, order, data, now, self.pace)

    def work(self, now: datetime) -> int:
        """Do everything that is due by `now`, oldest first; returns the number of steps taken."""
        steps = 0
        while self._step(now):
            steps += 1
        with self._lock, transaction(self._db) as db:
            return steps + outbox.release(db, now)

    def _step(self, now: datetime) -> bool:
        due = stamp(now)
        with self._lock, transaction(self._db) as db:
            part = db.execute(
                "SELECT * FROM parts WHERE (state = 'waiting' AND answer_at <= ?)"
                " OR (state = 'answered' AND book_at <= ?)"
                " ORDER BY CASE state WHEN 'waiting' THEN answer_at ELSE book_at END, id LIMIT 1",
                (due, due),
            ).fetchone()
            if part is not None:
                if part["state"] == "waiting":
                    desk.answer(db, part, now)
                else:
                    ledger.book_part(db, part, now, self.pace)
                return True
            back = db.execute(
                "SELECT account FROM lines WHERE state = 'booked' AND return_at IS NOT NULL"
                " AND return_at <= ? LIMIT 1",
                (due,),
            ).fetchone()
            if back is not None:
                ledger.book_returns(db, back["account"], now)
                return True
            if self.pace.statement_every is None:
                return False
            full = db.execute(
                "SELECT account FROM entries WHERE statement_id IS NULL AND booked_at <= ? LIMIT 1",
                (stamp(now - self.pace.statement_every),),
            ).fetchone()
            if full is not None:
                ledger.issue_statement(db, full["account"], now)
            return full is not None

    def issue_statement(self, number: str, now: datetime) -> int:
        """Close the period of an account now; returns the statement's number. LookupError if unknown."""
        with self._lock, transaction(self._db) as db:
            ledger.account_of(db, number)
            return ledger.issue_statement(db, number, now)

    def issue_report(self, number: str, now: datetime) -> None:
        """Send an interim report (camt.052) of an account. LookupError if unknown."""
        with self._lock, transaction(self._db) as db:
            ledger.account_of(db, number)
            ledger.issue_report(db, number, now)

    def messages(self, after: str = "", limit: int = 200) -> list[Listed]:
        """What can be collected after a name, in order of release."""
        with self._lock:
            return outbox.listing(self._db, after, limit)

    def newest_messages(self, limit: int = 50) -> list[Listed]:
        """The last released messages, newest first, for the status page."""
        with self._lock:
            last = self._db.execute("SELECT coalesce(max(seq), 0) FROM released").fetchone()[0]
            return outbox.listing(self._db, str(max(last - limit, 0)), limit)[::-1]

    def message(self, name: str) -> bytes | None:
        """The bytes of one message, or None."""
        with self._lock:
            return outbox.message(self._db, name)

    def acknowledge(self, name: str, now: datetime) -> bool:
        """Note that the customer has a message; False when there is no such message."""
        with self._lock, transaction(self._db) as db:
            return outbox.acknowledge(db, name, now)

    def set_faults(self, values: Mapping[str, int]) -> dict[str, int]:
        """Switch faults (see store.FAULTS) and return all of them. Raises KeyError for an unknown one."""
        unknown = set(values) - set(FAULTS)
        if unknown:
            raise KeyError(sorted(unknown)[0])
        with self._lock, transaction(self._db) as db:
            db.executemany(
                "INSERT INTO faults VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                list(values.items()),
            )
            return {name: fault(db, name) for name in FAULTS}

    def accounts(self) -> list[dict[str, Any]]:
        """Every account with balance and available funds in fen."""
        with self._lock:
            rows = self._db.execute("SELECT * FROM accounts ORDER BY number").fetchall()
            return [
                {
                    "number": row["number"],
                    "name": row["name"],
                    "currency": row["currency"],
                    "balance_fen": row["balance_fen"],
                    "available_fen": desk.available_fen(self._db, row["number"]),
                }
                for row in rows
            ]

    def orders(self, limit: int = 50) -> list[sqlite3.Row]:
        """The newest orders with counts of their lines, for the status page."""
        with self._lock:
            return self._db.execute(
                "SELECT o.message_id, o.account, o.received_at, count(l.id) AS lines,"
                " coalesce(sum(l.state IN ('waiting', 'accepted')), 0) AS open,"
                " coalesce(sum(l.state = 'booked'), 0) AS booked,"
                " coalesce(sum(l.state = 'refused'), 0) AS refused,"
                " coalesce(sum(l.state = 'returned'), 0) AS returned"
                " FROM orders o LEFT JOIN parts p ON p.order_id = o.id LEFT JOIN lines l ON l.part_id = p.id"
                " GROUP BY o.id ORDER BY o.id DESC LIMIT ?",
                (limit,),
            ).fetchall()
