"""The booked movements of one file of the bank, as it tells them; nothing is asked of the database here."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time

from payroll.bank.camt053 import Detail, Entry, Statement
from payroll.models import StatementLine, SubLedger
from payroll.statement_reader import END_TO_END
from wagewatch.lib.dates import SITE_TZ, site_date

State = StatementLine.State
LONGEST = 80


@dataclass
class Told:
    """One booked movement as the file tells it, and what became of it."""

    position: int
    reference: str
    made_up: bool
    end_to_end_id: str
    amount_fen: int
    at: datetime
    counterparty: str
    counterparty_account: str
    words: str
    detail: Detail
    state: str = State.UNMATCHED
    line: StatementLine | None = None
    known: bool = False
    share: SubLedger | None = None
    entry_kind: str = ""
    cause: str = ""
    order_id: str = ""
    assigned_fen: int = 0
    undoes: bool = False
    """The bank takes an earlier movement back (RvslInd)."""
    batches: tuple[str, ...] = ()
    """Numbers of orders that the whole movement names."""

    @property
    def key(self) -> tuple[str, str, int]:
        return (self.reference, self.end_to_end_id, self.amount_fen)

    @property
    def day(self) -> date:
        return site_date(self.at)

    @property
    def booking(self) -> str:
        """Under which reference a share's book holds the movement: several of one entry may have one amount."""
        if not self.end_to_end_id:
            return self.reference
        both = f"{self.reference} {self.end_to_end_id}"
        if len(both) <= LONGEST:
            return both
        return f"{both[: LONGEST - 17]}~{hashlib.sha256(both.encode()).hexdigest()[:16]}"


def told_lines(statement: Statement, now: datetime) -> list[Told]:
    """The booked movements of a file in its order; the same twice in one file keeps two references."""
    found: list[Told] = []
    seen: Counter[tuple[str, str, int]] = Counter()
    entry_references = Counter(entry.bank_reference for entry in statement.entries)
    for entry in statement.entries:
        if not entry.booked:
            continue
        for detail in _details(entry):
            position = len(found)
            sign = 1 if entry.amount_fen > 0 else -1
            fen = abs(entry.amount_fen) if detail.amount_fen is None else detail.amount_fen
            if not fen:
                continue
            signed = fen * sign
            own = _banks_own(detail, entry, entry_references)
            reference = (own or _made_up(statement, entry, position))[:76]
            words = " ".join(dict.fromkeys(w for w in (detail.remittance, entry.info) if w))
            named = _our_number(detail, words)
            key = (reference, named, signed)
            seen[key] += 1
            if seen[key] > 1:
                reference = f"{reference}#{seen[key]}"
            found.append(
                Told(
                    position,
                    reference,
                    not own or statement.kind == "table",
                    named,
                    signed,
                    _moment(entry, statement, now),
                    (detail.payee_name if signed < 0 else detail.payer_name)[:140],
                    detail.payee_account if signed < 0 else "",
                    words,
                    detail,
                    cause=detail.payer_name or detail.payee_name or detail.remittance or entry.info,
                    undoes=entry.reversal,
                    batches=entry.batches,
                )
            )
    return found


def _banks_own(detail: Detail, entry: Entry, references: Counter[str]) -> str:
    """The bank's reference of a movement. An entry of one payment is named by its own, which every kind of file gives,
    and not by its detail's, which only some do; one that stands for several by theirs."""
    if len(entry.details) == 1 and references[entry.bank_reference] == 1:
        return entry.bank_reference or detail.bank_reference
    return detail.bank_reference or entry.bank_reference


def _made_up(statement: Statement, entry: Entry, position: int) -> str:
    """A reference where the bank gives none. The day stands in it: some banks give every statement the same number."""
    day = f"/{entry.booked_on:%Y%m%d}" if entry.booked_on else ""
    return f"{statement.statement_id}{day}/{entry.reference or position}"


def _our_number(detail: Detail, words: str) -> str:
    """Our number of the payment: as the bank returns it, else as instruction, else where its text repeats one."""
    if detail.end_to_end_id:
        return detail.end_to_end_id[:35]
    if END_TO_END.fullmatch(detail.instruction_id):
        return detail.instruction_id
    found = set(END_TO_END.findall(words))
    return found.pop() if len(found) == 1 else ""


def _details(entry: Entry) -> tuple[Detail, ...]:
    """The payments of an entry; the entry as one line where they do not say what moved: without amounts of their
    own, or not adding up to it. Nobody's wage is then taken as paid, a person looks."""
    fen = [d.amount_fen for d in entry.details]
    if not fen or None in fen or entry.details_differ_fen:
        words = next((d.remittance for d in entry.details if d.remittance), "")
        parties = entry.details[0] if len(entry.details) == 1 else None
        return (
            Detail(
                end_to_end_id="",
                amount_fen=abs(entry.amount_fen),
                payee_name=parties.payee_name if parties else "",
                payer_name=parties.payer_name if parties else "",
                remittance=words,
            ),
        )
    return entry.details


def _moment(entry: Entry, statement: Statement, now: datetime) -> datetime:
    made = statement.created_at or now
    if entry.booked_on is None or entry.booked_on == site_date(made):
        return min(made, now)
    return min(datetime.combine(entry.booked_on, time(12), SITE_TZ), now)
