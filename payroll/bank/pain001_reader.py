"""Reading a payment order as a bank does: pain.001 in any version from any maker, with a bank's checks."""

from dataclasses import dataclass
from datetime import date, datetime

from lxml import etree

from payroll.bank.problems import malformed
from payroll.bank.xmlread import (
    account,
    amount,
    bank_code,
    child,
    children,
    day,
    fen,
    moment,
    required,
    text,
    units,
    version_of,
)


@dataclass(frozen=True, slots=True)
class LineIn:
    """One payment of an order that was received; amount in hundredths of `currency`."""

    end_to_end_id: str
    instruction_id: str
    amount_fen: int
    currency: str
    payee_name: str
    payee_account: str
    payee_bank_code: str
    purpose: str
    remittance: str


@dataclass(frozen=True, slots=True)
class PaymentIn:
    """One PmtInf: payer, day and lines; the count and sum are what the file claims (None: no claim)."""

    payment_id: str
    method: str
    execute_on: date | None
    payer_name: str
    payer_account: str
    payer_bank_code: str
    category_purpose: str
    batch_booking: bool
    count: int | None
    total_fen: int | None
    lines: tuple[LineIn, ...]


@dataclass(frozen=True, slots=True)
class OrderIn:
    """A whole pain.001 as received."""

    message_id: str
    version: str
    created_at: datetime | None
    initiator_name: str
    count: int | None
    total_fen: int | None
    payments: tuple[PaymentIn, ...]

    @property
    def lines(self) -> tuple[LineIn, ...]:
        """The lines of all payment blocks in order."""
        return tuple(line for payment in self.payments for line in payment.lines)


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason to refuse the whole file: ISO reason code and where."""

    code: str
    where: str


_UNITS = frozenset({"GrpHdr", "CdtTrfTxInf", "PmtInf", "CstmrCdtTrfInitn"})


def read_pain001(data: bytes) -> OrderIn:
    """Parse a payment order; raises Malformed when it is none or a needed field is missing."""
    header: tuple[str, str, datetime | None, str, int | None, int | None] | None = None
    lines: list[LineIn] = []
    payments: list[PaymentIn] = []
    complete = False
    for name, element in units(data, _UNITS):
        if name == "GrpHdr":
            header = _header(element)
        elif name == "CdtTrfTxInf":
            lines.append(_line(element))
        elif name == "PmtInf":
            payments.append(_payment(element, lines))
            lines = []
        else:
            complete = True
    if not complete:
        raise malformed("bank.wrong_message", expected="pain.001")
    if header is None:
        raise malformed("bank.missing", where="GrpHdr")
    return OrderIn(*header, payments=tuple(payments))


def findings(order: OrderIn) -> tuple[Finding, ...]:
    """Counts, control sums and double references that a bank refuses a file for."""
    found: list[Finding] = []
    lines = order.lines
    if not lines:
        found.append(Finding("FF01", "PmtInf"))
    if order.count is None:
        found.append(Finding("FF01", "GrpHdr/NbOfTxs"))
    elif order.count != len(lines):
        found.append(Finding("AM18", "GrpHdr/NbOfTxs"))
    if order.total_fen is not None and order.total_fen != sum(line.amount_fen for line in lines):
        found.append(Finding("AM10", "GrpHdr/CtrlSum"))
    for position, payment in enumerate(order.payments, start=1):
        if payment.count is not None and payment.count != len(payment.lines):
            found.append(Finding("AM18", f"PmtInf[{position}]/NbOfTxs"))
        if payment.total_fen is not None and payment.total_fen != sum(x.amount_fen for x in payment.lines):
            found.append(Finding("AM10", f"PmtInf[{position}]/CtrlSum"))
        if payment.method != "TRF":
            found.append(Finding("FF01", f"PmtInf[{position}]/PmtMtd"))
    if len({line.end_to_end_id for line in lines}) != len(lines):
        found.append(Finding("AM05", "CdtTrfTxInf/PmtId/EndToEndId"))
    return tuple(found)


def _header(element: etree._Element) -> tuple[str, str, datetime | None, str, int | None, int | None]:
    return (
        required(element, "MsgId"),
        version_of(element),
        moment(text(element, "CreDtTm"), "GrpHdr/CreDtTm"),
        text(element, "InitgPty", "Nm"),
        _count(text(element, "NbOfTxs"), "GrpHdr/NbOfTxs"),
        _sum(text(element, "CtrlSum"), "GrpHdr/CtrlSum"),
    )


def _payment(element: etree._Element, lines: list[LineIn]) -> PaymentIn:
    return PaymentIn(
        payment_id=required(element, "PmtInfId"),
        method=text(element, "PmtMtd"),
        execute_on=day(element, "ReqdExctnDt"),
        payer_name=text(element, "Dbtr", "Nm"),
        payer_account=account(child(element, "DbtrAcct")),
        payer_bank_code=bank_code(child(element, "DbtrAgt")),
        category_purpose=text(element, "PmtTpInf", "CtgyPurp", "Cd"),
        batch_booking=text(element, "BtchBookg").lower() in ("true", "1"),
        count=_count(text(element, "NbOfTxs"), "PmtInf/NbOfTxs"),
        total_fen=_sum(text(element, "CtrlSum"), "PmtInf/CtrlSum"),
        lines=tuple(lines),
    )


def _line(element: etree._Element) -> LineIn:
    instructed = amount(element, "Amt", "InstdAmt")
    if instructed is None:
        raise malformed("bank.missing", where="CdtTrfTxInf/Amt/InstdAmt")
    return LineIn(
        end_to_end_id=required(element, "PmtId", "EndToEndId"),
        instruction_id=text(element, "PmtId", "InstrId"),
        amount_fen=instructed[0],
        currency=instructed[1],
        payee_name=text(element, "Cdtr", "Nm"),
        payee_account=account(child(element, "CdtrAcct")),
        payee_bank_code=bank_code(child(element, "CdtrAgt")),
        purpose=text(element, "Purp", "Cd") or text(element, "Purp", "Prtry"),
        remittance=" ".join(filter(None, (text(u) for u in children(child(element, "RmtInf"), "Ustrd")))),
    )


def _count(value: str, where: str) -> int | None:
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 15):
        raise malformed("bank.amount", where=where)
    return int(value)


def _sum(value: str, where: str) -> int | None:
    return fen(value, where) if value else None
