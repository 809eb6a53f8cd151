"""The counter: taking in orders, deciding each line, answering."""

import hashlib
import sqlite3
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from payroll.bank.pain001_reader import LineIn, OrderIn, PaymentIn, findings
from payroll.bank.simulator import words
from payroll.bank.simulator.messages import StatusLine, write_status
from payroll.bank.simulator.outbox import new_message_id, queue
from payroll.bank.simulator.store import stamp, strikes, unstamp
from payroll.bank.simulator.words import Refusal
from payroll.bank.xmlread import CHINA


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the bank takes. `statement_every` None: statements only when asked for."""

    status_delay: timedelta = timedelta(seconds=1)
    processing: timedelta = timedelta(seconds=3)
    statement_every: timedelta | None = timedelta(seconds=15)
    honour_dates: bool = True


@dataclass(frozen=True, slots=True)
class Receipt:
    """The file is safe with the bank; `known` when these very bytes had come before."""

    message_id: str
    sha256: str
    known: bool


def take_in(db: sqlite3.Connection, order: OrderIn, data: bytes, now: datetime, pace: Pace) -> Receipt:
    """Store an order with its answer's due times, in the caller's transaction.

    What was sent before, by its bytes or by its MsgId, is answered DUPL and changes nothing.
    """
    digest = hashlib.sha256(data).hexdigest()
    account = order.payments[0].payer_account if order.payments else ""
    same_bytes = db.execute("SELECT 1 FROM orders WHERE sha256 = ?", (digest,)).fetchone() is not None
    same_name = db.execute(
        "SELECT 1 FROM orders WHERE account = ? AND message_id = ?", (account, order.message_id)
    ).fetchone()
    if same_bytes or same_name:
        _refuse_file(db, order.message_id, words.DUPLICATE_FILE, now, pace)
        return Receipt(order.message_id, digest, known=same_bytes)
    order_id = db.execute(
        "INSERT INTO orders (account, message_id, sha256, received_at, data) VALUES (?, ?, ?, ?, ?)",
        (account, order.message_id, digest, stamp(now), data),
    ).lastrowid
    refusal = _refusal_of_file(db, order)
    if refusal is not None:
        _refuse_file(db, order.message_id, refusal, now, pace)
        return Receipt(order.message_id, digest, known=False)
    split = strikes(db, "partial")
    for payment in order.payments:
        middle = (len(payment.lines) + 1) // 2 if split else len(payment.lines)
        whole = len(order.payments) == 1 and middle == len(payment.lines)
        _store_part(db, order_id, payment, payment.lines[:middle], whole, now, pace)
        if middle < len(payment.lines):
            later = now + pace.status_delay + 2 * pace.processing
            _store_part(db, order_id, payment, payment.lines[middle:], False, later, pace)
    return Receipt(order.message_id, digest, known=False)


def _refusal_of_file(db: sqlite3.Connection, order: OrderIn) -> Refusal | None:
    found = findings(order)
    if found:
        return Refusal(found[0].code, f"{words.FINDINGS[found[0].code]} {found[0].where}")
    for payment in order.payments:
        if not db.execute("SELECT 1 FROM accounts WHERE number = ?", (payment.payer_account,)).fetchone():
            return words.UNKNOWN_PAYER
        if payment.category_purpose not in ("SALA", ""):
            return words.NOT_WAGES
    if strikes(db, "reject_file"):
        return words.FILE_REFUSED
    if strikes(db, "short_of_funds"):
        return words.SHORT_OF_FUNDS
    return None


def _refuse_file(db: sqlite3.Connection, original: str, refusal: Refusal, now: datetime, pace: Pace) -> None:
    data = write_status(
        message_id=new_message_id(db, now),
        now=now,
        original_message_id=original,
        group_status="RJCT",
        group_refusal=refusal,
    )
    queue(db, "pain.002", data, now, now + pace.status_delay)


def _store_part(
    db: sqlite3.Connection,
    order_id: int | None,
    payment: PaymentIn,
    lines: tuple[LineIn, ...],
    whole: bool,
    start: datetime,
    pace: Pace,
) -> None:
    answer_at = start + pace.status_delay
    book_at = answer_at + pace.processing
    if pace.honour_dates and payment.execute_on is not None:
        book_at = max(book_at, datetime.combine(payment.execute_on, time(), CHINA))
    part_id = db.execute(
        "INSERT INTO parts (order_id, account, payment_id, batch, whole, state, answer_at, book_at)"
        " VALUES (?, ?, ?, ?, ?, 'waiting', ?, ?)",
        (
            order_id,
            payment.payer_account,
            payment.payment_id,
            payment.batch_booking,
            whole,
            stamp(answer_at),
            stamp(book_at),
        ),
    ).lastrowid
    for line in lines:
        used = db.execute(
            "SELECT 1 FROM lines WHERE account = ? AND end_to_end_id = ? AND repeated = 0",
            (payment.payer_account, line.end_to_end_id),
        ).fetchone()
        db.execute(
            "INSERT INTO lines (part_id, account, end_to_end_id, instruction_id, amount_fen, currency, name,"
            " card, bank_code, remittance, repeated, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting')",
            (
                part_id,
                payment.payer_account,
                line.end_to_end_id,
                line.instruction_id,
                line.amount_fen,
                line.currency,
                line.payee_name,
                line.payee_account,
                line.payee_bank_code,
                line.remittance,
                used is not None,
            ),
        )


def answer(db: sqlite3.Connection, part: sqlite3.Row, now: datetime) -> None:
    """Decide the lines of a part and queue the status report, in the caller's transaction."""
    lines = db.execute("SELECT * FROM lines WHERE part_id = ? ORDER BY id", (part["id"],)).fetchall()
    refusals = {line["id"]: _refusal_of_line(db, line) for line in lines}
    total = sum(line["amount_fen"] for line in lines if refusals[line["id"]] is None)
    if total > available_fen(db, part["account"]):
        refusals = {key: refusal or words.SHORT_OF_FUNDS for key, refusal in refusals.items()}
    db.executemany(
        "UPDATE lines SET state = ?, code = ?, text = ? WHERE id = ?",
        [
            ("refused", refusal.code, refusal.text, key) if refusal else ("accepted", "", "", key)
            for key, refusal in refusals.items()
        ],
    )
    refused = sum(1 for refusal in refusals.values() if refusal)
    status = "RJCT" if refused == len(lines) else "PART" if refused else "ACCP"
    original = db.execute("SELECT message_id FROM orders WHERE id = ?", (part["order_id"],)).fetchone()[0]
    data = write_status(
        message_id=new_message_id(db, now),
        now=now,
        original_message_id=original,
        group_status=status if part["whole"] else "PART",
        payment_id=part["payment_id"],
        payment_status=status if part["whole"] else "PART",
        lines=[
            StatusLine(
                line["end_to_end_id"],
                line["instruction_id"],
                "RJCT" if refusals[line["id"]] else "ACCP",
                line["amount_fen"],
                line["currency"],
                refusals[line["id"]],
            )
            for line in lines
        ],
    )
    after = unstamp(part["book_at"]) + timedelta(seconds=1) if strikes(db, "out_of_order") else now
    queue(db, "pain.002", data, now, after)
    db.execute("UPDATE parts SET state = 'answered' WHERE id = ?", (part["id"],))


def available_fen(db: sqlite3.Connection, account: str) -> int:
    """Balance less what is accepted and not yet booked."""
    row = db.execute(
        "SELECT a.balance_fen - coalesce((SELECT sum(l.amount_fen) FROM lines l JOIN parts p ON p.id = l.part_id"
        " WHERE p.state = 'answered' AND l.account = a.number AND l.state = 'accepted'), 0)"
        " FROM accounts a WHERE a.number = ?",
        (account,),
    ).fetchone()
    return int(row[0]) if row else 0


def _refusal_of_line(db: sqlite3.Connection, line: sqlite3.Row) -> Refusal | None:
    card = line["card"]
    if line["repeated"]:
        return words.REFERENCE_USED
    if line["currency"] != "CNY":
        return words.BAD_CURRENCY
    if line["amount_fen"] <= 0:
        return words.BAD_AMOUNT
    if not line["name"]:
        return words.NAME_MISSING
    if not (card.isascii() and card.isdigit() and 8 <= len(card) <= 30):
        return words.BAD_ACCOUNT
    bank = line["bank_code"]
    if bank and not (bank.isascii() and bank.isdigit() and len(bank) == 12):
        return words.BAD_BANK
    known = db.execute("SELECT name, closed FROM cards WHERE number = ?", (card,)).fetchone()
    if known is not None:
        if known["closed"]:
            return words.CLOSED
        if known["name"] != line["name"]:
            return words.NAME_MISMATCH
    return words.refusal_for_card(card)
