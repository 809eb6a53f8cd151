"""Reading what the bank booked: camt.053 statements, camt.052 reports, camt.054 notifications.

Sums that do not add up are reported, not raised: the statement is evidence as it stands, and the gap is
the alarm.
"""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime

from lxml import etree

from payroll.bank.pain002 import Reason
from payroll.bank.problems import malformed
from payroll.bank.xmlread import account as account_number
from payroll.bank.xmlread import (
    amount,
    child,
    children,
    counted,
    day,
    fen,
    local,
    moment,
    required,
    text,
    units,
    version_of,
)


@dataclass(frozen=True, slots=True)
class Balance:
    """A balance in fen, negative when overdrawn. `kind` OPBD, CLBD, ITBD, PRCD, CLAV, ..."""

    kind: str
    amount_fen: int
    on: date | None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Detail:
    """One payment within an entry. `amount_fen` unsigned, None where the bank gave none."""

    end_to_end_id: str
    amount_fen: int | None
    instruction_id: str = ""
    message_id: str = ""
    payment_id: str = ""
    bank_reference: str = ""
    returned: Reason | None = None
    payee_name: str = ""
    payee_account: str = ""
    payer_name: str = ""
    remittance: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement. `amount_fen` is signed: credits positive. `status` BOOK, PDNG, INFO or FUTR. `batches` are the
    numbers of orders that the entry names as a whole."""

    reference: str
    bank_reference: str
    status: str
    amount_fen: int
    currency: str
    booked_on: date | None
    value_on: date | None
    reversal: bool
    details: tuple[Detail, ...]
    info: str = ""
    batches: tuple[str, ...] = ()

    @property
    def booked(self) -> bool:
        """Whether the money really moved."""
        return self.status == "BOOK"

    @property
    def details_differ_fen(self) -> int:
        """Entry less the sum of its details; 0 where details are absent or without amounts."""
        sums = [d.amount_fen for d in self.details]
        if not sums or any(s is None for s in sums):
            return 0
        return abs(self.amount_fen) - sum(s or 0 for s in sums)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, report or notification of one account, or one page of it. `kind` is "camt.052", ".053" or
    ".054"; the number of a later page ends with its page, e.g. "S1/p2"."""

    kind: str
    version: str
    message_id: str
    statement_id: str
    sequence: int | None
    created_at: datetime | None
    account: str
    currency: str
    from_at: datetime | None
    to_at: datetime | None
    balances: tuple[Balance, ...]
    entries: tuple[Entry, ...]
    page: int = 1
    said: tuple[int, int] | None = None
    """How many entries there are and their unsigned sum (fen), as the file's own summary says it;
    None where it does not, and for pages."""

    @property
    def holds(self) -> tuple[int, int]:
        """How many entries there are and their unsigned sum in fen."""
        return len(self.entries), sum(abs(e.amount_fen) for e in self.entries)

    def balance(self, *kinds: str) -> Balance | None:
        """The first balance of the first kind that the statement carries."""
        for kind in kinds:
            for balance in self.balances:
                if balance.kind == kind:
                    return balance
        return None

    @property
    def opening_fen(self) -> int | None:
        """Opening booked balance, or the previous closing one where the bank gives only that; a later page goes on from
        an interim balance."""
        found = self.balance("OPBD", "PRCD") or (self.balance("ITBD") if self.page > 1 else None)
        return found.amount_fen if found else None

    @property
    def closing_fen(self) -> int | None:
        """Closing booked balance; for a report of the running day, its interim balance."""
        interim = [b for b in self.balances if b.kind == "ITBD"][1 if self.page > 1 else 0 :]
        found = self.balance("CLBD") or (interim[-1] if interim else None)
        return found.amount_fen if found else None

    @property
    def booked_fen(self) -> int:
        """Sum of the booked entries, signed."""
        return sum(entry.amount_fen for entry in self.entries if entry.booked)

    @property
    def differs_fen(self) -> int | None:
        """Closing less (opening + booked entries): 0 when it adds up, None when a balance is missing."""
        opening, closing = self.opening_fen, self.closing_fen
        return None if opening is None or closing is None else closing - opening - self.booked_fen

    @property
    def unsound_entries(self) -> tuple[Entry, ...]:
        """Entries whose details do not add up to them."""
        return tuple(entry for entry in self.entries if entry.details_differ_fen)


@dataclass(frozen=True, slots=True)
class Gap:
    """Why two statements do not join: `kind` "sequence" or "balance"; the missing amount in fen."""

    kind: str
    missing_fen: int
    missing_statements: int


def gap_between(previous: Statement, following: Statement) -> Gap | None:
    """What is missing between two consecutive statements of one account, or None when they join.

    Balances decide: numbers that jump over days without movement are common and harmless only when
    the closing balance carries over, but a jump is still reported, as a missing statement.
    """
    missing_fen = 0
    if previous.closing_fen is not None and following.opening_fen is not None:
        missing_fen = following.opening_fen - previous.closing_fen
    missing = 0
    if previous.sequence is not None and following.sequence is not None:
        step = following.sequence - previous.sequence
        # A fall to 1 is the bank's new year.
        missing = max(step - 1, 0) if following.sequence != 1 else 0
    if missing_fen:
        return Gap("balance", missing_fen, missing)
    return Gap("sequence", 0, missing) if missing else None


LARGEST_SUM_FEN = 10**17
"""What a file may move at most: far over any money there is, far under what a column holds."""
PAGE = re.compile(r"/p(\d{1,5})$")
_KINDS = {"Stmt": "camt.053", "Rpt": "camt.052", "Ntfctn": "camt.054"}
_ROOTS = {"BkToCstmrStmt": "camt.053", "BkToCstmrAcctRpt": "camt.052", "BkToCstmrDbtCdtNtfctn": "camt.054"}
_UNITS = frozenset({"GrpHdr", "TxDtls", "Ntry", *_KINDS, *_ROOTS})


def check_currency(statement: Statement, expected: str) -> None:
    """Amounts of another currency are no fen of ours. Raises Malformed `bank.currency`; a bank that names none
    means the account's own."""
    named = {
        statement.currency,
        *(b.currency for b in statement.balances),
        *(e.currency for e in statement.entries),
    }
    foreign = sorted(c for c in named if c and c.upper() not in (expected, *_SAME.get(expected, ())))
    if foreign:
        raise malformed("bank.currency", currency=foreign[0][:3], expected=expected)


_SAME = {"CNY": ("RMB",)}
"""What banks also call a currency."""


def page_of(statement_id: str) -> int:
    """Which page of its statement a kept one is, by its number."""
    found = PAGE.search(statement_id)
    return int(found[1]) if found else 1


def read_statement(data: bytes) -> list[Statement]:
    """The statements of one camt.052, .053 or .054 file. Raises Malformed (see problems.py)."""
    found: list[Statement] = []
    entries: list[Entry] = []
    details: list[Detail] = []
    message_id = ""
    complete = False
    page = ""
    for name, element in units(data, _UNITS):
        if name == "GrpHdr":
            message_id = text(element, "MsgId")
            page = text(element, "MsgPgntn", "PgNb")
        elif name == "TxDtls":
            details.append(_detail(element))
        elif name == "Ntry":
            entries.append(_entry(element, details))
            details = []
        elif name in _KINDS:
            found.append(_statement(element, _KINDS[name], entries, page))
            entries = []
        else:
            complete = True
    if not complete or entries:
        raise malformed("bank.wrong_message", expected="camt.052, camt.053 or camt.054")
    return [replace(s, message_id=message_id) for s in found]


def _statement(element: etree._Element, kind: str, entries: list[Entry], page: str) -> Statement:
    if sum(abs(e.amount_fen) for e in entries) > LARGEST_SUM_FEN:
        raise malformed("bank.amount", where="Ntry/Amt")
    paged = text(element, "StmtPgntn", "PgNb") or text(element, "RptPgntn", "PgNb") or page
    at_page = max(int(paged), 1) if paged.isascii() and paged.isdigit() and len(paged) < 6 else 1
    number = text(element, "ElctrncSeqNb") or text(element, "LglSeqNb")
    return Statement(
        kind=kind,
        version=version_of(element),
        message_id="",
        statement_id=required(element, "Id") + (f"/p{at_page}" if at_page > 1 else ""),
        sequence=int(number) if number.isascii() and number.isdigit() and len(number) < 19 else None,
        created_at=moment(text(element, "CreDtTm"), "CreDtTm"),
        account=account_number(child(element, "Acct")),
        currency=text(element, "Acct", "Ccy"),
        from_at=moment(text(element, "FrToDt", "FrDtTm"), "FrToDt/FrDtTm"),
        to_at=moment(text(element, "FrToDt", "ToDtTm"), "FrToDt/ToDtTm"),
        balances=tuple(_balance(b) for b in children(element, "Bal")),
        entries=tuple(entries),
        page=at_page,
        said=counted(child(element, "TxsSummry", "TtlNtries"), "NbOfNtries", "Sum") if not paged else None,
    )


def _signed(element: etree._Element, where: str) -> tuple[int, str]:
    found = child(element, "Amt")
    if found is None:
        raise malformed("bank.missing", where=where + "/Amt")
    value = fen((found.text or "").strip(), where + "/Amt")
    direction = text(element, "CdtDbtInd").upper()
    if direction not in ("CRDT", "DBIT"):
        raise malformed("bank.direction", where=where)
    return (value if direction == "CRDT" else -value), (found.get("Ccy") or "").strip()


def _balance(element: etree._Element) -> Balance:
    signed, currency = _signed(element, "Bal")
    kind = text(element, "Tp", "CdOrPrtry", "Cd") or text(element, "Tp", "CdOrPrtry", "Prtry")
    return Balance(kind.upper(), signed, day(element, "Dt"), currency)


def _entry(element: etree._Element, details: list[Detail]) -> Entry:
    signed, currency = _signed(element, "Ntry")
    # The direction is the movement's own; RvslInd only says that it undoes an earlier one.
    status = (text(element, "Sts", "Cd") or text(element, "Sts")).upper()
    # A payment instructed in another currency tells its own amount; what moved is the entry's.
    details = [
        replace(d, amount_fen=None) if d.currency and currency and d.currency != currency else d
        for d in details
    ]
    named = (
        text(element, "NtryDtls", "Btch", "MsgId"),
        text(element, "NtryDtls", "Btch", "PmtInfId"),
        *(n for d in details[:1] if len(details) == 1 for n in (d.message_id, d.payment_id)),
    )
    if len(details) == 1 and details[0].amount_fen is None:
        details = [replace(details[0], amount_fen=abs(signed))]
    return Entry(
        reference=text(element, "NtryRef"),
        bank_reference=text(element, "AcctSvcrRef"),
        status=status,
        amount_fen=signed,
        currency=currency,
        booked_on=day(element, "BookgDt"),
        value_on=day(element, "ValDt"),
        reversal=text(element, "RvslInd").lower() in ("true", "1"),
        details=tuple(details),
        info=text(element, "AddtlNtryInf"),
        batches=tuple(dict.fromkeys(n for n in named if n)),
    )


def _detail(element: etree._Element) -> Detail:
    references = child(element, "Refs")
    own = (
        amount(element, "Amt")
        or amount(element, "AmtDtls", "TxAmt", "Amt")
        or amount(element, "AmtDtls", "InstdAmt", "Amt")
    )
    parties = child(element, "RltdPties")
    end_to_end_id = text(references, "EndToEndId")
    return Detail(
        end_to_end_id="" if end_to_end_id == "NOTPROVIDED" else end_to_end_id,
        amount_fen=own[0] if own else None,
        currency=own[1] if own else "",
        instruction_id=text(references, "InstrId"),
        message_id=text(references, "MsgId"),
        payment_id=text(references, "PmtInfId"),
        bank_reference=text(references, "AcctSvcrRef"),
        returned=_returned(element),
        payee_name=text(parties, "Cdtr", "Pty", "Nm") or text(parties, "Cdtr", "Nm"),
        payee_account=account_number(child(parties, "CdtrAcct")),
        payer_name=text(parties, "Dbtr", "Pty", "Nm") or text(parties, "Dbtr", "Nm"),
        remittance=" ".join(filter(None, (text(u) for u in children(child(element, "RmtInf"), "Ustrd")))),
    )


def _returned(element: etree._Element) -> Reason | None:
    info = next((c for c in element if local(c) == "RtrInf"), None)
    if info is None:
        return None
    texts = [text(i) for i in children(info, "AddtlInf")]
    return Reason(text(info, "Rsn", "Cd") or text(info, "Rsn", "Prtry"), " ".join(filter(None, texts)))
