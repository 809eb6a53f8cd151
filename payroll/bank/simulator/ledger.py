"""The books: crediting wages, returns, allocations, and the statements that prove them."""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime

from payroll.bank.simulator import words
from payroll.bank.simulator.desk import Pace
from payroll.bank.simulator.messages import (
    AccountOut,
    DetailOut,
    EntryOut,
    write_notification,
    write_statement,
)
from payroll.bank.simulator.outbox import new_message_id, queue
from payroll.bank.simulator.store import stamp, strikes, unstamp
from payroll.bank.simulator.words import Refusal


def book_part(db: sqlite3.Connection, part: sqlite3.Row, now: datetime, pace: Pace) -> None:
    """Pay the accepted lines of a part, in the caller's transaction."""
    lines = db.execute(
        "SELECT * FROM lines WHERE part_id = ? AND state = 'accepted' ORDER BY id", (part["id"],)
    ).fetchall()
    groups: list[Sequence[sqlite3.Row]] = [lines] if part["batch"] and lines else [[line] for line in lines]
    entries = [
        _book(db, part["account"], "wage", -sum(x["amount_fen"] for x in group), group, now)
        for group in groups
    ]
    db.executemany(
        "UPDATE lines SET state = 'booked', return_at = ? WHERE id = ?",
        [
            (stamp(now + pace.processing) if x["card"].endswith(words.RETURN_ENDING) else None, x["id"])
            for x in lines
        ],
    )
    db.execute("UPDATE parts SET state = 'done' WHERE id = ?", (part["id"],))
    _notify(db, part["account"], entries, now)


def book_returns(db: sqlite3.Connection, account: str, now: datetime) -> None:
    """Put the money of the returns that are due back into the account."""
    lines = db.execute(
        "SELECT * FROM lines WHERE state = 'booked' AND return_at <= ? AND account = ? ORDER BY id",
        (stamp(now), account),
    ).fetchall()
    entries = [
        _book(db, account, "return", line["amount_fen"], [line], now, refusal=words.RETURNED)
        for line in lines
    ]
    db.executemany("UPDATE lines SET state = 'returned' WHERE id = ?", [(line["id"],) for line in lines])
    _notify(db, account, entries, now)


def book_deposit(
    db: sqlite3.Connection,
    account: str,
    amount_fen: int,
    *,
    reference: str,
    payer_name: str,
    text: str,
    now: datetime,
) -> bool:
    """Credit an allocation once per reference. False when it was booked before; ValueError on a clash."""
    earlier = db.execute(
        "SELECT amount_fen FROM entries WHERE account = ? AND kind = 'deposit' AND reference = ?",
        (account, reference),
    ).fetchone()
    if earlier is not None:
        if earlier["amount_fen"] != amount_fen:
            raise ValueError("reference used with another amount")
        return False
    _book_plain(db, account, "deposit", amount_fen, reference, payer_name, text, now)
    return True


def book_collection(
    db: sqlite3.Connection,
    account: str,
    amount_fen: int,
    *,
    reference: str,
    payee_name: str,
    text: str,
    now: datetime,
) -> bool:
    """Take money for the bank's own loan once per reference. False when it was booked before; ValueError on a
    clash or when the account does not hold it."""
    earlier = db.execute(
        "SELECT amount_fen FROM entries WHERE account = ? AND kind = 'collection' AND reference = ?",
        (account, reference),
    ).fetchone()
    if earlier is not None:
        if earlier["amount_fen"] != -amount_fen:
            raise ValueError("reference used with another amount")
        return False
    held = db.execute("SELECT balance_fen FROM accounts WHERE number = ?", (account,)).fetchone()[0]
    if amount_fen > held:
        raise ValueError("the account does not hold this much")
    _book_plain(db, account, "collection", -amount_fen, reference, payee_name, text, now)
    return True


def _book_plain(
    db: sqlite3.Connection,
    account: str,
    kind: str,
    amount_fen: int,
    reference: str,
    party: str,
    text: str,
    now: datetime,
) -> None:
    """One entry of one detail that belongs to no order."""
    entry = _book(db, account, kind, amount_fen, [], now, reference=reference, text=text)
    db.execute(
        "INSERT INTO details (entry_id, kind, amount_fen, party, text) VALUES (?, ?, ?, ?, ?)",
        (entry, kind, abs(amount_fen), party, text),
    )
    _notify(db, account, [entry], now)


def _book(
    db: sqlite3.Connection,
    account: str,
    kind: str,
    amount_fen: int,
    lines: Iterable[sqlite3.Row],
    now: datetime,
    *,
    reference: str | None = None,
    text: str = "",
    refusal: Refusal | None = None,
) -> int:
    entry = db.execute(
        "INSERT INTO entries (account, kind, amount_fen, booked_at, reference, text)"
        " VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
        (account, kind, amount_fen, stamp(now), reference, text or (refusal.text if refusal else "")),
    ).fetchone()[0]
    # UNIQUE (line_id, kind) is what makes a second payment of a line impossible.
    db.executemany(
        "INSERT INTO details (entry_id, kind, line_id, amount_fen, code, text) VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                entry,
                kind,
                x["id"],
                x["amount_fen"],
                refusal.code if refusal else "",
                refusal.text if refusal else "",
            )
            for x in lines
        ],
    )
    db.execute("UPDATE accounts SET balance_fen = balance_fen + ? WHERE number = ?", (amount_fen, account))
    return int(entry)


def _notify(db: sqlite3.Connection, account: str, entry_ids: list[int], now: datetime) -> None:
    if not entry_ids:
        return
    first, last = min(entry_ids), max(entry_ids)
    entries = _entries(db, account, first, last)
    data = write_notification(
        message_id=new_message_id(db, now), now=now, account=account_of(db, account), entries=entries
    )
    queue(db, "camt.054", data, now)


def account_of(db: sqlite3.Connection, number: str) -> AccountOut:
    """The account as messages show it; LookupError when it is not kept here."""
    row = db.execute("SELECT * FROM accounts WHERE number = ?", (number,)).fetchone()
    if row is None:
        raise LookupError(number)
    return AccountOut(row["number"], row["name"], row["currency"])


def issue_statement(db: sqlite3.Connection, account: str, now: datetime) -> int:
    """Close the period: a camt.053 of everything booked since the last one. Returns its number."""
    number, from_at, opening = _chain(db, account, now)
    entries = _entries(db, account, unstated=True)
    closing = opening + sum(entry.amount_fen for entry in entries)
    statement = db.execute(
        "INSERT INTO statements (account, number, from_at, to_at, opening_fen, closing_fen)"
        " VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
        (account, number, stamp(from_at), stamp(now), opening, closing),
    ).fetchone()[0]
    db.execute(
        "UPDATE entries SET statement_id = ? WHERE account = ? AND statement_id IS NULL", (statement, account)
    )
    shown = entries[1:] if entries and strikes(db, "statement_gap") else entries
    data = write_statement(
        kind="camt.053",
        message_id=new_message_id(db, now),
        number=number,
        now=now,
        from_at=from_at,
        to_at=now,
        account=account_of(db, account),
        opening_fen=opening,
        closing_fen=closing,
        entries=shown,
    )
    queue(db, "camt.053", data, now)
    return number


def issue_report(db: sqlite3.Connection, account: str, now: datetime) -> None:
    """A camt.052 of the running period; it closes nothing."""
    number, from_at, opening = _chain(db, account, now)
    entries = _entries(db, account, unstated=True)
    data = write_statement(
        kind="camt.052",
        message_id=new_message_id(db, now),
        number=number,
        now=now,
        from_at=from_at,
        to_at=now,
        account=account_of(db, account),
        opening_fen=opening,
        closing_fen=opening + sum(entry.amount_fen for entry in entries),
        entries=entries,
    )
    queue(db, "camt.052", data, now)


def _chain(db: sqlite3.Connection, account: str, now: datetime) -> tuple[int, datetime, int]:
    last = db.execute(
        "SELECT number, to_at, closing_fen FROM statements WHERE account = ? ORDER BY number DESC LIMIT 1",
        (account,),
    ).fetchone()
    if last is not None:
        return last["number"] + 1, unstamp(last["to_at"]), last["closing_fen"]
    opened = db.execute("SELECT opened_at FROM accounts WHERE number = ?", (account,)).fetchone()
    return 1, min(unstamp(opened["opened_at"]), now), 0


def _entries(
    db: sqlite3.Connection, account: str, first: int = 0, last: int = 2**62, *, unstated: bool = False
) -> list[EntryOut]:
    rows = db.execute(
        "SELECT e.id, e.kind, e.amount_fen AS entry_fen, e.booked_at, e.text AS entry_text, d.amount_fen,"
        " d.party, d.code, d.text, l.end_to_end_id, l.instruction_id, l.name, l.card, l.remittance,"
        " p.payment_id, o.message_id FROM entries e JOIN details d ON d.entry_id = e.id"
        " LEFT JOIN lines l ON l.id = d.line_id LEFT JOIN parts p ON p.id = l.part_id"
        " LEFT JOIN orders o ON o.id = p.order_id WHERE e.account = ? AND e.id BETWEEN ? AND ?"
        " AND (NOT ? OR e.statement_id IS NULL) ORDER BY e.id, d.id",
        (account, first, last, unstated),
    )
    grouped: dict[int, list[sqlite3.Row]] = {}
    for row in rows:
        grouped.setdefault(row["id"], []).append(row)
    return [
        EntryOut(
            number=entry_id,
            kind=group[0]["kind"],
            amount_fen=group[0]["entry_fen"],
            booked_at=unstamp(group[0]["booked_at"]),
            text=group[0]["entry_text"],
            details=tuple(_detail(row) for row in group),
        )
        for entry_id, group in grouped.items()
    ]


def _detail(row: sqlite3.Row) -> DetailOut:
    return DetailOut(
        end_to_end_id=row["end_to_end_id"] or "",
        instruction_id=row["instruction_id"] or "",
        message_id=row["message_id"] or "",
        payment_id=row["payment_id"] or "",
        amount_fen=row["amount_fen"],
        party=row["name"] or row["party"],
        card=row["card"] or "",
        remittance=row["remittance"] or (row["text"] if row["kind"] in ("deposit", "collection") else ""),
        returned=Refusal(row["code"], row["text"]) if row["kind"] == "return" else None,
    )
