"""Reading XML from outside: hardened, streaming, by local names.

Real files come without a namespace, with a misspelt one, or wrapped in an envelope, so nothing here
looks at namespaces. Document types are refused before any content is looked at.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from io import BytesIO

from lxml import etree

from payroll.bank.problems import malformed

MAX_BYTES = 64 * 1024 * 1024
"""Largest file read. 100,000 salary lines are 47 MB."""

CHINA = timezone(timedelta(hours=8))
"""Bank times without an offset are China standard time, which has no daylight saving."""

MAX_TAGS = 6_000_000
"""A real file has a tag in 12 bytes; one made of tags alone would need gigabytes of memory."""

_AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,5})?")


def local(element: etree._Element) -> str:
    """The name of an element without its namespace; empty for what is not an element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def version_of(element: etree._Element) -> str:
    """The message version that the namespace names, e.g. pain.002.001.10; empty without a namespace."""
    tag = element.tag
    if not isinstance(tag, str) or not tag.startswith("{"):
        return ""
    return tag[1:].partition("}")[0].rpartition(":")[2]


def units(data: bytes, names: frozenset[str]) -> Iterator[tuple[str, etree._Element]]:
    """The elements with these local names, innermost first, each complete when it is yielded.

    An element is freed once a later sibling *of the same name* is complete: the usual idiom of freeing
    everything before it loses headers such as PmtInfSts, which bank files put before the first line.
    Raises Malformed bank.not_xml, bank.forbidden_xml, bank.too_large.
    """
    if len(data) > MAX_BYTES or data.count(b"<") > MAX_TAGS:
        raise malformed("bank.too_large", bytes=len(data))
    parser = etree.iterparse(
        BytesIO(data),
        events=("end",),
        tag=[f"{{*}}{name}" for name in names],
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
        huge_tree=False,
    )
    try:
        for _event, element in parser:
            _refuse_document_type(element)
            yield local(element), element
            previous = element.getprevious()
            parent = element.getparent()
            if previous is not None and parent is not None and previous.tag == element.tag:
                parent.remove(previous)
    except (etree.XMLSyntaxError, UnicodeError, LookupError, ValueError) as problem:
        raise malformed("bank.not_xml", detail=str(problem)[:200]) from problem
    # Also of a file in which nothing was found worth yielding.
    _refuse_document_type(parser.root)


ROOTS = {
    "CstmrPmtStsRpt": "pain.002",
    "BkToCstmrStmt": "camt.053",
    "BkToCstmrAcctRpt": "camt.052",
    "BkToCstmrDbtCdtNtfctn": "camt.054",
}
"""What the element under Document says the message is."""


def kind_of(data: bytes) -> str:
    """Which message a file holds, in whatever encoding: "pain.002", "camt.053", ...; empty for anything else."""
    if len(data) > MAX_BYTES or not data.lstrip(b"\xef\xbb\xbf \r\n\t\x00").startswith(
        (b"<", b"\xff\xfe", b"\xfe\xff")
    ):
        return ""
    parser = etree.iterparse(
        BytesIO(data),
        events=("start",),
        tag=[f"{{*}}{name}" for name in ROOTS],
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
    )
    try:
        for _event, element in parser:
            return ROOTS[local(element)]
    except (etree.XMLSyntaxError, UnicodeError, LookupError, ValueError):
        pass
    return ""


def _refuse_document_type(element: etree._Element | None) -> None:
    """Entities are never expanded in content; a file that declares any is refused all the same."""
    if element is None:
        return
    info = element.getroottree().docinfo
    if info.doctype or info.internalDTD is not None:
        raise malformed("bank.forbidden_xml")


def child(element: etree._Element | None, *path: str) -> etree._Element | None:
    """The first descendant down a path of local names, or None."""
    return None if element is None else element.find(_path(path))


def children(element: etree._Element | None, name: str) -> list[etree._Element]:
    """All direct children with a local name."""
    return [] if element is None else element.findall("{*}" + name)


def text(element: etree._Element | None, *path: str) -> str:
    """Text at a path (or of the element itself), trimmed; empty where the path does not exist."""
    if element is None:
        return ""
    return ((element.findtext(_path(path)) if path else element.text) or "").strip()


@cache
def _path(names: tuple[str, ...]) -> str:
    """A path that any namespace, and none, satisfies."""
    return "/".join("{*}" + name for name in names)


def required(element: etree._Element | None, *path: str) -> str:
    """Text at a path; raises Malformed bank.missing where it is absent or empty."""
    found = text(element, *path)
    if not found:
        raise malformed("bank.missing", where="/".join(path))
    return found


def fen(value: str, where: str) -> int:
    """An amount as ISO 20022 writes it (unsigned, dot) in hundredths; raises Malformed bank.amount.

    More than two decimals are accepted only as zeros: a third digit is a fault to report, not to round.
    """
    if not _AMOUNT.fullmatch(value) or not value.isascii():
        raise malformed("bank.amount", where=where)
    hundredths = Decimal(value) * 100
    if hundredths != hundredths.to_integral_value():
        raise malformed("bank.amount", where=where)
    return int(hundredths)


def counted(element: etree._Element | None, count: str, total: str) -> tuple[int, int] | None:
    """How many there are and their sum in hundredths, as a header says it; None where it does not say both clearly."""
    number, value = text(element, count), text(element, total)
    if not (number.isascii() and number.isdigit() and len(number) < 16 and _AMOUNT.fullmatch(value)):
        return None
    hundredths = Decimal(value) * 100
    return (int(number), int(hundredths)) if hundredths == hundredths.to_integral_value() else None


def amount(element: etree._Element | None, *path: str) -> tuple[int, str] | None:
    """(hundredths, currency) of an amount element, or None where it is absent."""
    found = child(element, *path)
    if found is None:
        return None
    return fen((found.text or "").strip(), "/".join(path)), (found.get("Ccy") or "").strip()


def moment(value: str, where: str) -> datetime | None:
    """An ISODateTime as aware UTC; None when empty; raises Malformed bank.date."""
    if not value:
        return None
    try:
        parsed = datetime.fromisoformat(value)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=CHINA)).astimezone(UTC)
    except (ValueError, OverflowError) as problem:
        raise malformed("bank.date", where=where) from problem


def day(element: etree._Element | None, *path: str) -> date | None:
    """A date given directly, as Dt or as DtTm (then the day in China); raises Malformed bank.date."""
    found = child(element, *path)
    if found is None:
        return None
    value = text(found, "Dt") or text(found, "DtTm") or (found.text or "").strip()
    where = "/".join(path)
    if len(value) > 10 and "T" in value:
        at = moment(value, where)
        return at.astimezone(CHINA).date() if at else None
    try:
        # xs:date allows a zone after the day ("2026-10-15+08:00"); the day is what counts.
        return date.fromisoformat(value[:10]) if value else None
    except ValueError as problem:
        raise malformed("bank.date", where=where) from problem


def account(element: etree._Element | None) -> str:
    """The account number of an account element: Othr/Id, IBAN, or a bare proprietary form."""
    return text(element, "Id", "Othr", "Id") or text(element, "Id", "IBAN") or text(element, "Id")


def bank_code(agent: etree._Element | None) -> str:
    """The clearing member id of a bank (CNAPS in China), else its BIC."""
    institution = child(agent, "FinInstnId")
    return (
        text(institution, "ClrSysMmbId", "MmbId")
        or text(institution, "CmbndId", "ClrSysMmbId", "MmbId")
        or text(institution, "Othr", "Id")
        or text(institution, "BICFI")
        or text(institution, "BIC")
    )
