"""What the bank writes: pain.002.001.10, camt.052/053/054.001.08."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from payroll.bank.simulator.words import Refusal
from payroll.bank.xmlread import CHINA
from payroll.bank.xmlwrite import XmlWriter, format_amount, write_document


@dataclass(frozen=True, slots=True)
class StatusLine:
    """One line of a status report."""

    end_to_end_id: str
    instruction_id: str
    status: str
    amount_fen: int
    currency: str
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class DetailOut:
    """One payment within an entry; `party` is the other side, `card` its account."""

    end_to_end_id: str
    instruction_id: str
    message_id: str
    payment_id: str
    amount_fen: int
    party: str
    card: str
    remittance: str = ""
    returned: Refusal | None = None


@dataclass(frozen=True, slots=True)
class EntryOut:
    """One booked movement; `amount_fen` signed, `kind` wage, return, deposit or collection."""

    number: int
    kind: str
    amount_fen: int
    booked_at: datetime
    text: str
    details: tuple[DetailOut, ...]


@dataclass(frozen=True, slots=True)
class AccountOut:
    """The account a statement is about."""

    number: str
    name: str
    currency: str


_BANK_CODES = {
    "wage": ("PMNT", "ICDT", "SALA"),
    "return": ("PMNT", "ICDT", "RRTN"),
    "deposit": ("PMNT", "RCDT", "DMCT"),
    "collection": ("LDAS", "CSLN", "PPAY"),
}


def write_status(
    *,
    message_id: str,
    now: datetime,
    original_message_id: str,
    group_status: str,
    group_refusal: Refusal | None = None,
    payment_id: str = "",
    payment_status: str = "",
    lines: Sequence[StatusLine] = (),
) -> bytes:
    """A status report. Without `payment_id` it speaks of the whole file only."""

    def content(out: XmlWriter) -> None:
        with out.into("CstmrPmtStsRpt"):
            with out.into("GrpHdr"):
                out.put(message_id, "MsgId")
                out.put(_moment(now), "CreDtTm")
            with out.into("OrgnlGrpInfAndSts"):
                out.put(original_message_id, "OrgnlMsgId")
                out.put("pain.001.001.09", "OrgnlMsgNmId")
                out.put(group_status, "GrpSts")
                _refusal(out, group_refusal)
            if payment_id:
                with out.into("OrgnlPmtInfAndSts"):
                    out.put(payment_id, "OrgnlPmtInfId")
                    out.put(payment_status, "PmtInfSts")
                    for line in lines:
                        _status_line(out, line)

    return write_document("pain.002.001.10", content)


def _status_line(out: XmlWriter, line: StatusLine) -> None:
    with out.into("TxInfAndSts"):
        if line.instruction_id:
            out.put(line.instruction_id, "OrgnlInstrId")
        out.put(line.end_to_end_id, "OrgnlEndToEndId")
        out.put(line.status, "TxSts")
        _refusal(out, line.refusal)
        with out.into("OrgnlTxRef", "Amt"):
            out.put(format_amount(line.amount_fen), "InstdAmt", Ccy=line.currency)


def _refusal(out: XmlWriter, refusal: Refusal | None) -> None:
    if refusal is None:
        return
    with out.into("StsRsnInf"):
        if refusal.code:
            out.put(refusal.code, "Rsn", "Cd")
        out.put(refusal.text[:105], "AddtlInf")


def write_notification(
    *, message_id: str, now: datetime, account: AccountOut, entries: Sequence[EntryOut]
) -> bytes:
    """A camt.054: these entries have been booked."""

    def content(out: XmlWriter) -> None:
        with out.into("BkToCstmrDbtCdtNtfctn"):
            _header(out, message_id, now)
            with out.into("Ntfctn"):
                out.put(message_id, "Id")
                out.put(_moment(now), "CreDtTm")
                _account(out, account)
                _entries(out, account, entries)

    return write_document("camt.054.001.08", content)


def write_statement(
    *,
    kind: str,
    message_id: str,
    number: int,
    now: datetime,
    from_at: datetime,
    to_at: datetime,
    account: AccountOut,
    opening_fen: int,
    closing_fen: int,
    entries: Sequence[EntryOut],
) -> bytes:
    """A camt.053 statement (OPBD, CLBD), or for `kind` "camt.052" the interim report (OPBD, ITBD)."""
    root, block, closing = (
        ("BkToCstmrStmt", "Stmt", "CLBD") if kind == "camt.053" else ("BkToCstmrAcctRpt", "Rpt", "ITBD")
    )

    def content(out: XmlWriter) -> None:
        with out.into(root):
            _header(out, message_id, now)
            with out.into(block):
                out.put(message_id, "Id")
                out.put(str(number), "ElctrncSeqNb")
                out.put(_moment(now), "CreDtTm")
                with out.into("FrToDt"):
                    out.put(_moment(from_at), "FrDtTm")
                    out.put(_moment(to_at), "ToDtTm")
                _account(out, account)
                _balance(out, "OPBD", opening_fen, account.currency, from_at)
                _balance(out, closing, closing_fen, account.currency, to_at)
                _entries(out, account, entries)

    return write_document(f"{kind}.001.08", content)


def _moment(at: datetime) -> str:
    return at.astimezone(CHINA).isoformat(timespec="seconds")


def _day(at: datetime) -> str:
    return at.astimezone(CHINA).date().isoformat()


def _header(out: XmlWriter, message_id: str, now: datetime) -> None:
    with out.into("GrpHdr"):
        out.put(message_id, "MsgId")
        out.put(_moment(now), "CreDtTm")


def _account(out: XmlWriter, account: AccountOut) -> None:
    with out.into("Acct"):
        out.put(account.number, "Id", "Othr", "Id")
        out.put(account.currency, "Ccy")
        out.put(account.name[:70], "Nm")


def _direction(out: XmlWriter, amount_fen: int) -> None:
    out.put("CRDT" if amount_fen >= 0 else "DBIT", "CdtDbtInd")


def _balance(out: XmlWriter, kind: str, amount_fen: int, currency: str, at: datetime) -> None:
    with out.into("Bal"):
        out.put(kind, "Tp", "CdOrPrtry", "Cd")
        out.put(format_amount(abs(amount_fen)), "Amt", Ccy=currency)
        _direction(out, amount_fen)
        out.put(_day(at), "Dt", "Dt")


def _entries(out: XmlWriter, account: AccountOut, entries: Sequence[EntryOut]) -> None:
    for entry in entries:
        with out.into("Ntry"):
            out.put(str(entry.number), "NtryRef")
            out.put(format_amount(abs(entry.amount_fen)), "Amt", Ccy=account.currency)
            _direction(out, entry.amount_fen)
            out.put("BOOK", "Sts", "Cd")
            out.put(_moment(entry.booked_at), "BookgDt", "DtTm")
            out.put(_day(entry.booked_at), "ValDt", "Dt")
            out.put(f"B{entry.number}", "AcctSvcrRef")
            domain, family, sub = _BANK_CODES[entry.kind]
            with out.into("BkTxCd", "Domn"):
                out.put(domain, "Cd")
                with out.into("Fmly"):
                    out.put(family, "Cd")
                    out.put(sub, "SubFmlyCd")
            with out.into("NtryDtls"):
                for position, detail in enumerate(entry.details, start=1):
                    _detail(out, account, entry, detail, position)
            if entry.text:
                out.put(entry.text[:500], "AddtlNtryInf")


def _detail(out: XmlWriter, account: AccountOut, entry: EntryOut, detail: DetailOut, position: int) -> None:
    with out.into("TxDtls"):
        with out.into("Refs"):
            for tag, value in (
                ("MsgId", detail.message_id),
                ("AcctSvcrRef", f"B{entry.number}-{position}"),
                ("PmtInfId", detail.payment_id),
                ("InstrId", detail.instruction_id),
                ("EndToEndId", detail.end_to_end_id),
            ):
                if value:
                    out.put(value, tag)
        out.put(format_amount(detail.amount_fen), "Amt", Ccy=account.currency)
        _direction(out, entry.amount_fen)
        with out.into("RltdPties"):
            ours = (account.name, account.number)
            theirs = (detail.party, detail.card)
            # A return keeps the roles of the payment that it returns.
            payer, payee = (theirs, ours) if entry.kind == "deposit" else (ours, theirs)
            for tag, (name, number) in (("Dbtr", payer), ("Cdtr", payee)):
                if name:
                    out.put(name[:140], tag, "Pty", "Nm")
                if number:
                    out.put(number, tag + "Acct", "Id", "Othr", "Id")
        if detail.remittance:
            out.put(detail.remittance[:140], "RmtInf", "Ustrd")
        if detail.returned is not None:
            with out.into("RtrInf"):
                if detail.returned.code:
                    out.put(detail.returned.code, "Rsn", "Cd")
                out.put(detail.returned.text[:105], "AddtlInf")
