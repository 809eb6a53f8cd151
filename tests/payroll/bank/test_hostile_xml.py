import random
from pathlib import Path
from typing import Any

import pytest

from payroll.bank import xmlread
from payroll.bank.camt053 import read_statement
from payroll.bank.pain001 import write_pain001
from payroll.bank.pain001_reader import read_pain001
from payroll.bank.pain002 import read_pain002
from tests.payroll.bank.samples import order
from wagewatch.lib.errors import Malformed

GOLDEN = Path(__file__).parents[2] / "golden" / "bank"
READERS: list[Any] = [read_pain001, read_pain002, read_statement]

BOMB = b"""<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><Document><CstmrPmtStsRpt>&c;</CstmrPmtStsRpt></Document>"""
OUTSIDE = b"""<!DOCTYPE d [<!ENTITY f SYSTEM "file:///etc/hostname">]><Document><CstmrPmtStsRpt><GrpHdr><MsgId>&f;
</MsgId></GrpHdr></CstmrPmtStsRpt></Document>"""
EXTERNAL = b"""<!DOCTYPE Document SYSTEM "http://192.0.2.1/x.dtd"><Document><CstmrPmtStsRpt/></Document>"""


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("data", [BOMB, OUTSIDE, EXTERNAL, BOMB.decode().encode("utf-16")])
def test_refuses_every_document_type(reader: Any, data: bytes) -> None:
    with pytest.raises(Malformed) as refusal:
        reader(data)
    assert refusal.value.code == "bank.forbidden_xml"


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\xff\xfe",
        b"not xml",
        b"<Document>",
        b"<?xml version='1.0' encoding='no-such'?><Document/>",
        b"<a>" * 5000,
        b"PK\x03\x04 a workbook",
    ],
)
def test_refuses_what_is_no_xml(reader: Any, data: bytes) -> None:
    with pytest.raises(Malformed) as refusal:
        reader(data)
    assert refusal.value.code == "bank.not_xml"


def test_refuses_a_file_over_the_limit_without_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xmlread, "MAX_BYTES", 10)
    with pytest.raises(Malformed) as refusal:
        read_pain002(b"<Document></Document>")
    assert refusal.value.code == "bank.too_large"


def test_refuses_a_file_of_nothing_but_tags() -> None:
    with pytest.raises(Malformed) as refusal:
        read_statement(b"<Document>" + b"<a/>" * 6_000_001 + b"</Document>")
    assert refusal.value.code == "bank.too_large"


@pytest.mark.parametrize("reader", READERS)
def test_refuses_entities_in_attributes(reader: Any) -> None:
    entities = b"".join(b'<!ENTITY e%d "%s">' % (n + 1, b"&e%d;" % n * 10) for n in range(12))
    data = (
        b'<!DOCTYPE d [<!ENTITY e0 "aaaaaaaaaa">' + entities + b']><Document a="&e12;"><GrpHdr/></Document>'
    )
    with pytest.raises(Malformed) as refusal:
        reader(data)
    assert refusal.value.code in ("bank.forbidden_xml", "bank.not_xml")


def test_a_comment_does_not_cut_a_value_short() -> None:
    data = write_pain001(order()).replace("孙大山".encode(), "孙<!-- x -->大<?p y?>山".encode())
    assert read_pain001(data).lines[0].payee_name == "孙大山"


@pytest.mark.parametrize(
    ("reader", "name"),
    [(read_pain001, "pain001.xml"), (read_pain002, "pain002.xml"), (read_statement, "camt053.xml")],
)
def test_mutated_files_are_read_or_refused_but_never_crash(reader: Any, name: str) -> None:
    good = (GOLDEN / name).read_bytes()
    dice = random.Random(20261015)
    codes: list[str] = []
    for _ in range(600):
        data = bytearray(good)
        for _ in range(dice.randint(1, 4)):
            at = dice.randrange(len(data))
            kind = dice.randrange(4)
            if kind == 0:
                data[at] = dice.randrange(256)
            elif kind == 1:
                del data[at : at + dice.randint(1, 60)]
            elif kind == 2:
                data[at:at] = data[at : at + dice.randint(1, 60)]
            else:
                data[at:at] = dice.choice([b"<x/>", b"-", b"999999999999999999", b"&lt;", "工".encode()])
        try:
            reader(bytes(data))
        except Malformed as refusal:
            codes.append(refusal.code)
    assert len(codes) > 200
    assert {code.partition(".")[0] for code in codes} == {"bank"}
