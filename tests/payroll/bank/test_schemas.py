"""The official schemas at run time: what goes out keeps to them, what breaks them says where and why, without values."""

import re

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from payroll.bank import schemas
from payroll.bank.pain001 import Account, LineOut, write_pain001
from payroll.bank.schemas import check_message
from payroll.bank.xmlread import kind_of
from payroll.checks import check_schemas
from tests.payroll.bank.samples import line, order, schema
from tests.payroll.bank.test_camt053 import GOLDEN
from wagewatch.lib.errors import Malformed

STATEMENT = (GOLDEN / "camt053.xml").read_bytes()
REPORT = (GOLDEN / "pain002.xml").read_bytes()


def test_every_message_the_system_speaks_has_its_schema() -> None:
    there = schemas.files()
    for version in ("pain.001.001.09", "pain.001.001.03", "pain.002.001.03", "pain.002.001.12"):
        assert version in there
    assert {f"camt.05{k}.001.{n:02d}" for k in (2, 3, 4) for n in range(1, 15)} <= set(there)


def test_what_keeps_to_its_schema_has_no_fault() -> None:
    checked = check_message(STATEMENT)
    assert (checked.version, checked.schema, checked.faults, checked.binds) == (
        "camt.053.001.08", "camt.053.001.08", (), True,
    )  # fmt: skip
    assert check_message(write_pain001(order())).faults == ()


def test_a_version_without_a_schema_is_held_against_the_next_one_as_a_hint() -> None:
    checked = check_message(REPORT)
    assert (checked.version, checked.schema, checked.faults) == ("pain.002.001.10", "pain.002.001.12", ())
    broken = check_message(REPORT.replace(b"<GrpSts>", b"<Foo/><GrpSts>"))
    assert broken.faults
    assert not broken.binds
    schemas.refuse_faults(broken)  # no fault of its own version


@pytest.mark.parametrize(
    "named", [b"urn:example:bank", b"urn:iso:std:iso:20022:tech:xsd:camt.053.001.99", b""]
)
def test_a_message_that_names_no_known_version_cannot_be_checked(named: bytes) -> None:
    data = STATEMENT.replace(b"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08", named)
    assert check_message(data).schema == ""


@pytest.mark.parametrize(
    ("whole", "broken", "element", "why"),
    [
        (b"<CdtDbtInd>CRDT", b"<CdtDbtInd>PLUS", "CdtDbtInd", "not in the list"),
        (b"<BkTxCd>", b"<Foo/><BkTxCd>", "Foo", "expected here: Avlbty, BkTxCd"),
        (b"<Cd>BOOK</Cd>", b"", "Sts", "lacks Cd, Prtry"),
        (b' Ccy="CNY"', b"", "Amt", "attribute Ccy"),
        (b"<MsgId>", b"<MsgId>" + b"9" * 40, "MsgId", "too long"),
        (b"T09:30:00+08:00<", b" 9:30<", "CreDtTm", "no valid date"),
    ],
)
def test_a_fault_names_its_line_its_element_and_its_rule(
    whole: bytes, broken: bytes, element: str, why: str
) -> None:
    assert whole in STATEMENT
    lines = STATEMENT.replace(b"><", b">\n<").replace(whole, broken, 1)
    checked = check_message(lines)
    first = checked.faults[0]
    with translation.override("en"):
        assert (first.element, why in str(first.why)) == (element, True)
    assert f"<{element}".encode() in lines.split(b"\n")[first.line - 1]
    with pytest.raises(Malformed, match=r"bank\.schema") as refusal:
        schemas.refuse_faults(checked)
    with translation.override("en"):
        assert f"Line {first.line}, element {element}" in str(refusal.value.message)


def test_a_fault_never_tells_a_value() -> None:
    for secret in ("周长根" * 60, "6222020200000007777" * 9):
        data = re.sub(rb"<Nm>[^<]*</Nm>", f"<Nm>{secret}</Nm>".encode(), STATEMENT)
        checked = check_message(data)
        assert checked.faults
        assert not any(secret[:3] in str(f.why) + f.element for f in checked.faults)


def test_a_document_in_an_envelope_is_checked_alone() -> None:
    inside = STATEMENT.partition(b"?>")[2]
    wrap = b"<Envelope><Head>anything</Head>%s</Envelope>"
    assert check_message(wrap % inside).faults == ()
    found = check_message(wrap % inside.replace(b"<CdtDbtInd>CRDT", b"<CdtDbtInd>PLUS", 1)).faults
    assert [f.element for f in found] == ["CdtDbtInd"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030", "gbk"])
@pytest.mark.parametrize("data", [STATEMENT, REPORT])
def test_kind_and_schema_are_found_in_every_encoding(encoding: str, data: bytes) -> None:
    named = "utf-16" if encoding.startswith("utf-16") else encoding.removesuffix("-sig")
    text = data.decode().partition("?>")[2]
    written = f'<?xml version="1.0" encoding="{named}"?>{text}'.encode(encoding)
    if encoding == "utf-16-le":
        written = b"\xff\xfe" + written
    assert kind_of(written) == ("camt.053" if data is STATEMENT else "pain.002")
    checked = check_message(written)
    assert (checked.version, checked.faults) == (
        "camt.053.001.08" if data is STATEMENT else "pain.002.001.10", (),
    )  # fmt: skip


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"<html>", b"<a", b"\xff\xfe<\x00", b"a,b\n1,2"])
def test_what_is_no_message_is_none(data: bytes) -> None:
    assert kind_of(data) == ""


NAMES = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=160,
)


@settings(max_examples=60, deadline=None)
@given(
    NAMES,
    NAMES,
    st.integers(-5, 10**16),
    st.text("0123456789-AZ ", max_size=40),
    st.sampled_from(["pain.001.001.03", "pain.001.001.09"]),
)
def test_whatever_the_writer_lets_out_the_schema_takes(
    name: str, note: str, fen: int, reference: str, version: str
) -> None:
    payee = Account(name, "6222020200000007777", "102100099996")
    try:
        data = write_pain001(order(LineOut(reference, fen, payee, note), line("P2-1"), version=version))
    except Malformed:
        return
    assert check_message(data).faults == ()
    official = schema(version)
    assert official.validate(etree.fromstring(data))


@settings(max_examples=80, deadline=None)
@given(
    st.integers(0, len(STATEMENT)),
    st.sampled_from([b"<Foo/>", b"x", b"<Cd>1</Cd>", b"9", b""]),
    st.integers(0, 60),
)
def test_the_stream_says_what_the_whole_tree_says(at: int, put: bytes, gone: int) -> None:
    data = STATEMENT[:at] + put + STATEMENT[at + gone :]
    try:
        tree = etree.fromstring(data)
    except etree.XMLSyntaxError:
        return
    if etree.QName(tree).namespace != f"{schemas.NAMESPACE}camt.053.001.08":
        return  # names another version, or none
    assert bool(check_message(data).faults) is not schema("camt.053.001.08").validate(tree)


def test_a_big_message_is_checked_without_its_tree() -> None:
    entry = STATEMENT[STATEMENT.index(b"<Ntry>") : STATEMENT.index(b"</Ntry>") + 7]
    many = STATEMENT.replace(entry, entry * 20_000, 1)
    assert len(many) > schemas.TREE_BYTES
    assert check_message(many).faults == ()
    broken = many[::-1].replace(b"<TDRC>", b"<SULP>", 1)[::-1]
    (fault,) = check_message(broken).faults
    assert (fault.element, fault.line) == ("CdtDbtInd", 0)


def test_an_installation_without_the_schemas_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_schemas() == []
    monkeypatch.setattr(schemas, "files", dict)
    (refusal,) = check_schemas()
    assert (refusal.id, "camt.053.001.08" in refusal.msg) == ("payroll.E001", True)
    assert "schemas.txt" in (refusal.hint or "")
