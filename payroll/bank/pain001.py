"""Writing a payment order: pain.001, one PmtInf, one special wage account, one day, one line per worker."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from payroll.bank.problems import malformed
from payroll.bank.xmlread import CHINA
from payroll.bank.xmlwrite import XmlWriter, escaped, format_amount, write_document

VERSIONS = ("pain.001.001.03", "pain.001.001.09")
_IDENTIFIER = re.compile(r"[A-Za-z0-9/?:().,'+-][A-Za-z0-9/?:().,'+ -]{0,34}")
_ACCOUNT = re.compile(r"[A-Za-z0-9-]{1,34}")
_UNREADABLE = re.compile("[\x00-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Account:
    """An account at a bank. `scheme` "other" writes Othr/Id with BBAN, "iban" writes IBAN."""

    name: str
    number: str
    bank_code: str
    bank_name: str = ""
    scheme: str = "other"


@dataclass(frozen=True, slots=True)
class LineOut:
    """One worker's payment. `payee.name` exactly as on the card; amount in fen."""

    end_to_end_id: str
    amount_fen: int
    payee: Account
    remittance: str = ""
    instruction_id: str = ""


@dataclass(frozen=True, slots=True)
class OrderOut:
    """A payment order. `message_id` is unique per account for ever; at most 35 characters."""

    message_id: str
    created_at: datetime
    execute_on: date
    payer: Account
    lines: tuple[LineOut, ...]
    initiator_name: str = ""
    initiator_id: str = ""
    version: str = "pain.001.001.09"
    clearing_system: str = "CNAPS"
    currency: str = "CNY"
    batch_booking: bool = False
    line_limit: int | None = None

    @property
    def total_fen(self) -> int:
        """The control sum in fen."""
        return sum(line.amount_fen for line in self.lines)


def check_order(order: OrderOut) -> None:
    """Refuse what the bank would refuse; raises Malformed bank.{version,text,account,amount,...}."""
    if order.version not in VERSIONS:
        raise malformed("bank.version", version=order.version)
    if order.created_at.tzinfo is None:
        raise malformed("bank.date", where="GrpHdr/CreDtTm")
    if not re.fullmatch("[A-Z]{3}", order.currency):
        raise malformed("bank.version", version=order.currency)
    if not order.lines:
        raise malformed("bank.no_lines")
    if order.line_limit is not None and len(order.lines) > order.line_limit:
        raise malformed("bank.too_many_lines", lines=len(order.lines), limit=order.line_limit)
    _identifier(order.message_id, "GrpHdr/MsgId")
    _party(order.payer, "Dbtr")
    if order.initiator_name:
        _text(order.initiator_name, 140, "InitgPty/Nm")
    if order.initiator_id:
        _identifier(order.initiator_id, "InitgPty/Id")
    seen: set[str] = set()
    for position, line in enumerate(order.lines, start=1):
        where = f"CdtTrfTxInf[{position}]"
        _identifier(line.end_to_end_id, where + "/PmtId/EndToEndId")
        if line.end_to_end_id in seen:
            raise malformed("bank.duplicate_id", where=where, end_to_end_id=line.end_to_end_id)
        seen.add(line.end_to_end_id)
        if line.instruction_id:
            _identifier(line.instruction_id, where + "/PmtId/InstrId")
        if not 0 < line.amount_fen < 10**15:
            raise malformed("bank.amount", where=where + "/Amt/InstdAmt")
        _party(line.payee, where + "/Cdtr")
        if line.remittance:
            _text(line.remittance, 140, where + "/RmtInf/Ustrd")


def write_pain001(order: OrderOut) -> bytes:
    """The order as the exact bytes to send; the same order gives the same bytes. Raises Malformed."""
    check_order(order)

    def content(out: XmlWriter) -> None:
        with out.into("CstmrCdtTrfInitn"):
            _header(out, order)
            _payment(out, order)

    return write_document(order.version, content)


def _header(out: XmlWriter, order: OrderOut) -> None:
    with out.into("GrpHdr"):
        out.put(order.message_id, "MsgId")
        out.put(order.created_at.astimezone(CHINA).isoformat(timespec="seconds"), "CreDtTm")
        out.put(str(len(order.lines)), "NbOfTxs")
        out.put(format_amount(order.total_fen), "CtrlSum")
        with out.into("InitgPty"):
            out.put(order.initiator_name or order.payer.name, "Nm")
            if order.initiator_id:
                out.put(order.initiator_id, "Id", "OrgId", "Othr", "Id")


def _payment(out: XmlWriter, order: OrderOut) -> None:
    with out.into("PmtInf"):
        out.put(order.message_id, "PmtInfId")
        out.put("TRF", "PmtMtd")
        out.put("true" if order.batch_booking else "false", "BtchBookg")
        out.put(str(len(order.lines)), "NbOfTxs")
        out.put(format_amount(order.total_fen), "CtrlSum")
        out.put("SALA", "PmtTpInf", "CtgyPurp", "Cd")
        execution = ("ReqdExctnDt",) if order.version.endswith(".03") else ("ReqdExctnDt", "Dt")
        out.put(order.execute_on.isoformat(), *execution)
        out.put(order.payer.name, "Dbtr", "Nm")
        _account(out, "DbtrAcct", order.payer, order.currency)
        _agent(out, "DbtrAgt", order.payer, order.clearing_system)
        out.write_many(_line(order, line) for line in order.lines)


def _line(order: OrderOut, line: LineOut) -> str:
    """One payment as XML: a file has thousands, and each through the writer's elements costs ten times as much."""
    payee = line.payee
    number = escaped(payee.number)
    agent = bank = remittance = ""
    if payee.bank_name:
        bank = f"<Nm>{escaped(payee.bank_name)}</Nm>"
    if payee.bank_code:
        system = f"<ClrSysId><Cd>{escaped(order.clearing_system)}</Cd></ClrSysId>"
        member = f"<ClrSysMmbId>{system}<MmbId>{escaped(payee.bank_code)}</MmbId></ClrSysMmbId>"
        agent = f"<CdtrAgt><FinInstnId>{member}{bank}</FinInstnId></CdtrAgt>"
    if payee.scheme == "iban":
        account = f"<IBAN>{number}</IBAN>"
    else:
        account = f"<Othr><Id>{number}</Id><SchmeNm><Cd>BBAN</Cd></SchmeNm></Othr>"
    if line.remittance:
        remittance = f"<RmtInf><Ustrd>{escaped(line.remittance)}</Ustrd></RmtInf>"
    return (
        f"<CdtTrfTxInf><PmtId><InstrId>{escaped(line.instruction_id or line.end_to_end_id)}</InstrId>"
        f"<EndToEndId>{escaped(line.end_to_end_id)}</EndToEndId></PmtId>"
        f'<Amt><InstdAmt Ccy="{order.currency}">{format_amount(line.amount_fen)}</InstdAmt></Amt>{agent}'
        f"<Cdtr><Nm>{escaped(payee.name)}</Nm></Cdtr><CdtrAcct><Id>{account}</Id></CdtrAcct>"
        f"<Purp><Cd>SALA</Cd></Purp>{remittance}</CdtTrfTxInf>"
    )


def _account(out: XmlWriter, tag: str, account: Account, currency: str) -> None:
    with out.into(tag):
        if account.scheme == "iban":
            out.put(account.number, "Id", "IBAN")
        else:
            with out.into("Id", "Othr"):
                out.put(account.number, "Id")
                out.put("BBAN", "SchmeNm", "Cd")
        if currency:
            out.put(currency, "Ccy")


def _agent(out: XmlWriter, tag: str, account: Account, clearing_system: str) -> None:
    with out.into(tag, "FinInstnId"):
        with out.into("ClrSysMmbId"):
            out.put(clearing_system, "ClrSysId", "Cd")
            out.put(account.bank_code, "MmbId")
        if account.bank_name:
            out.put(account.bank_name, "Nm")


def _identifier(value: str, where: str) -> None:
    if not _IDENTIFIER.fullmatch(value) or value.endswith(" "):
        raise malformed("bank.text", where=where)


def _text(value: str, limit: int, where: str) -> None:
    if not value.strip() or len(value) > limit or _UNREADABLE.search(value):
        raise malformed("bank.text", where=where)


def _party(account: Account, where: str) -> None:
    _text(account.name, 140, where + "/Nm")
    if not _ACCOUNT.fullmatch(account.number) or account.scheme not in ("other", "iban"):
        raise malformed("bank.account", where=where + "Acct/Id")
    if account.bank_code:
        _identifier(account.bank_code, where + "Agt/FinInstnId")
    elif where == "Dbtr":
        raise malformed("bank.missing", where="DbtrAgt")
    if account.bank_name:
        _text(account.bank_name, 140, where + "Agt/FinInstnId/Nm")
