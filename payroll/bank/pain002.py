"""Reading the bank's status report: pain.002 in any version, at group, payment and line level.

The line's own status always wins: banks send a group that is accepted (ACTC) over lines that are all
rejected. A status is inherited from above only by lines of a report that lists no lines at all.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from lxml import etree

from payroll.bank.problems import malformed
from payroll.bank.xmlread import amount, child, children, counted, moment, required, text, units, version_of


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: a code (ISO or the bank's own, may be empty) and the bank's text word for word."""

    code: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """A status code as the bank wrote it (empty when absent) with its reasons."""

    code: str
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class LineStatus:
    """What the bank says about one payment. `inherited` marks a status taken from the level above."""

    end_to_end_id: str
    status: Status
    instruction_id: str = ""
    payment_id: str = ""
    amount_fen: int | None = None
    currency: str = ""
    bank_reference: str = ""
    accepted_at: datetime | None = None
    inherited: bool = False


@dataclass(frozen=True, slots=True)
class PaymentStatus:
    """Status of one PmtInf block and the number of lines the report listed for it."""

    payment_id: str
    status: Status
    line_count: int


@dataclass(frozen=True, slots=True)
class StatusReport:
    """A whole pain.002. `original_message_id` is the MsgId of the order it answers, `original` how many payments and
    which sum (fen) the bank read in it, None where it does not say."""

    message_id: str
    version: str
    created_at: datetime | None
    original_message_id: str
    group: Status
    payments: tuple[PaymentStatus, ...]
    lines: tuple[LineStatus, ...]
    original: tuple[int, int] | None = None

    def by_reference(self) -> dict[str, LineStatus]:
        """The listed lines by EndToEndId, or InstrId where a bank returns only that (our orders carry the same number in
        both); the last word counts where a report names a line twice."""
        named = ((line.end_to_end_id or line.instruction_id, line) for line in self.lines)
        return {reference: line for reference, line in named if reference}

    def resolve(self, end_to_end_ids: list[str]) -> dict[str, LineStatus]:
        """The status of each of an order's lines, as far as the report says one.

        Listed lines have their own. When the report lists no line at all, all take the status of the
        payment block, or else of the group. PART says nothing about any single line.
        """
        if self.lines:
            listed = self.by_reference()
            return {ref: listed[ref] for ref in end_to_end_ids if ref in listed}
        above = next((p.status for p in self.payments if p.status.code), self.group)
        if len(self.payments) > 1 or above.code in ("", "PART"):
            above = self.group
        if above.code in ("", "PART"):
            return {}
        reasons = above.reasons or self.group.reasons
        status = Status(above.code, reasons)
        return {ref: LineStatus(ref, status, inherited=True) for ref in end_to_end_ids}


_UNITS = frozenset({"GrpHdr", "OrgnlGrpInfAndSts", "OrgnlPmtInfAndSts", "TxInfAndSts", "CstmrPmtStsRpt"})


def read_pain002(data: bytes) -> StatusReport:
    """Parse a status report. Raises Malformed bank.not_xml, bank.wrong_message, bank.missing, ..."""
    message_id = version = original = ""
    created_at: datetime | None = None
    group = Status("")
    payments: list[PaymentStatus] = []
    lines: list[LineStatus] = []
    pending: list[LineStatus] = []
    read: tuple[int, int] | None = None
    complete = False
    for name, element in units(data, _UNITS):
        if name == "GrpHdr":
            message_id = required(element, "MsgId")
            created_at = moment(text(element, "CreDtTm"), "GrpHdr/CreDtTm")
            version = version_of(element)
        elif name == "OrgnlGrpInfAndSts":
            original = text(element, "OrgnlMsgId")
            read = counted(element, "OrgnlNbOfTxs", "OrgnlCtrlSum")
            group = _status(element, "GrpSts")
        elif name == "TxInfAndSts":
            pending.append(_line(element))
        elif name == "OrgnlPmtInfAndSts":
            payment = PaymentStatus(
                text(element, "OrgnlPmtInfId"), _status(element, "PmtInfSts"), len(pending)
            )
            payments.append(payment)
            lines.extend(_within(line, payment) for line in pending)
            pending.clear()
        else:
            complete = True
    # Some banks put TxInfAndSts straight under the report.
    lines.extend(pending)
    if not complete:
        raise malformed("bank.wrong_message", expected="pain.002")
    if not message_id:
        raise malformed("bank.missing", where="GrpHdr/MsgId")
    return StatusReport(message_id, version, created_at, original, group, tuple(payments), tuple(lines), read)


def _status(element: etree._Element, tag: str) -> Status:
    return Status(text(element, tag).upper(), tuple(_reason(r) for r in children(element, "StsRsnInf")))


def _reason(element: etree._Element) -> Reason:
    code = text(element, "Rsn", "Cd") or text(element, "Rsn", "Prtry")
    return Reason(code, " ".join(t for t in (text(i) for i in children(element, "AddtlInf")) if t))


def _line(element: etree._Element) -> LineStatus:
    original = child(element, "OrgnlTxRef")
    paid = amount(original, "Amt", "InstdAmt")
    end_to_end_id = text(element, "OrgnlEndToEndId")
    return LineStatus(
        end_to_end_id="" if end_to_end_id == "NOTPROVIDED" else end_to_end_id,
        status=_status(element, "TxSts"),
        instruction_id=text(element, "OrgnlInstrId"),
        amount_fen=paid[0] if paid else None,
        currency=paid[1] if paid else "",
        bank_reference=text(element, "AcctSvcrRef"),
        accepted_at=moment(text(element, "AccptncDtTm"), "AccptncDtTm"),
    )


def _within(line: LineStatus, payment: PaymentStatus) -> LineStatus:
    """A line of a block. One listed without a status of its own has the block's, if that is one of all its lines."""
    line = replace(line, payment_id=payment.payment_id)
    if line.status.code or payment.status.code in ("", "PART"):
        return line
    reasons = line.status.reasons or payment.status.reasons
    return replace(line, status=Status(payment.status.code, reasons), inherited=True)
