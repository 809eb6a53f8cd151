from pathlib import Path

import pytest

from payroll.bank.codes import LineState, judge_line
from payroll.bank.pain002 import Reason, Status, read_pain002
from tests.payroll.bank.samples import faults_of
from wagewatch.lib.errors import Malformed


def report(
    body: str, *, root: str = '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10">'
) -> bytes:
    """A status report around a body, in the shape of any version."""
    return (
        f"<?xml version='1.0' encoding='UTF-8'?>{root}<CstmrPmtStsRpt><GrpHdr><MsgId>B1</MsgId>"
        f"<CreDtTm>2026-10-15T09:31:00+08:00</CreDtTm></GrpHdr>{body}</CstmrPmtStsRpt></Document>"
    ).encode()


def group(status: str, more: str = "") -> str:
    return (
        "<OrgnlGrpInfAndSts><OrgnlMsgId>WW1</OrgnlMsgId><OrgnlMsgNmId>pain.001</OrgnlMsgNmId>"
        f"<GrpSts>{status}</GrpSts>{more}</OrgnlGrpInfAndSts>"
    )


def payment(status: str, lines: str = "") -> str:
    return (
        f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>WW1</OrgnlPmtInfId><PmtInfSts>{status}</PmtInfSts>{lines}"
        "</OrgnlPmtInfAndSts>"
    )


def tx(reference: str, status: str, reason: str = "") -> str:
    return (
        f"<TxInfAndSts><OrgnlEndToEndId>{reference}</OrgnlEndToEndId><TxSts>{status}</TxSts>{reason}"
        "<OrgnlTxRef><Amt><InstdAmt Ccy='CNY'>6480.00</InstdAmt></Amt></OrgnlTxRef></TxInfAndSts>"
    )


def reason(code: str, text: str = "") -> str:
    inside = f"<Rsn><Cd>{code}</Cd></Rsn>" if code else ""
    return f"<StsRsnInf>{inside}<AddtlInf>{text}</AddtlInf></StsRsnInf>"


@pytest.mark.parametrize(
    "version", ["pain.002.001.03", "pain.002.001.10", "pain.002.001.12", "pain.002.001.14"]
)
def test_reads_every_line_of_every_version(version: str) -> None:
    root = f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{version}">'
    body = group("PART") + payment("PART", tx("P1-1", "ACSC") + tx("P2-1", "RJCT", reason("AC04", "已销户")))
    read = read_pain002(report(body, root=root))
    assert (read.version, read.message_id, read.original_message_id) == (version, "B1", "WW1")
    assert [(x.end_to_end_id, x.status, x.amount_fen, x.currency, x.payment_id) for x in read.lines] == [
        ("P1-1", Status("ACSC"), 648000, "CNY", "WW1"),
        ("P2-1", Status("RJCT", (Reason("AC04", "已销户"),)), 648000, "CNY", "WW1"),
    ]
    assert read.payments[0].status == Status("PART")
    assert read.payments[0].line_count == 2


@pytest.mark.parametrize(
    "root", ["<Document>", "<Document Xmlns='urn:iso:std:iso:20022:tech:xsd:pain.002.001.03'>"]
)
def test_reads_a_file_without_or_with_a_misspelt_namespace(root: str) -> None:
    read = read_pain002(report(group("ACTC") + payment("ACSP", tx("P1-1", "ACSP")), root=root))
    assert read.version == ""
    assert read.payments[0].status.code == "ACSP"
    assert read.lines[0].end_to_end_id == "P1-1"


def test_reads_a_report_in_an_envelope_with_a_prefix() -> None:
    body = group("RCVD").replace("<", "<p:").replace("<p:/", "</p:")
    data = (
        "<Envelope><AppHdr><MsgId>X</MsgId></AppHdr><p:Document xmlns:p='urn:iso:std:iso:20022:tech:xsd:"
        "pain.002.001.12'><p:CstmrPmtStsRpt><p:GrpHdr><p:MsgId>B1</p:MsgId></p:GrpHdr>"
        f"{body}</p:CstmrPmtStsRpt></p:Document></Envelope>"
    ).encode()
    assert read_pain002(data).group == Status("RCVD")


def test_a_line_wins_over_an_accepted_group() -> None:
    lines = tx("P1-1", "RJCT", reason("BE01")) + tx("P2-1", "RJCT", reason("BE01"))
    read = read_pain002(report(group("ACTC") + payment("RJCT", lines)))
    assert {ref: s.status.code for ref, s in read.resolve(["P1-1", "P2-1"]).items()} == {
        "P1-1": "RJCT",
        "P2-1": "RJCT",
    }


def test_a_line_that_is_not_listed_among_others_inherits_nothing() -> None:
    read = read_pain002(report(group("ACCP") + payment("ACCP", tx("P1-1", "RJCT", reason("AC04")))))
    assert set(read.resolve(["P1-1", "P2-1"])) == {"P1-1"}


def test_lines_inherit_only_when_none_is_listed() -> None:
    read = read_pain002(report(group("RJCT", reason("AM04", "余额不足"))))
    inherited = read.resolve(["P1-1", "P2-1"])
    assert [inherited[ref].inherited for ref in ("P1-1", "P2-1")] == [True, True]
    assert judge_line(inherited["P2-1"]).code == "AM04"
    assert judge_line(inherited["P2-1"]).state is LineState.REJECTED


def test_payment_level_goes_before_the_group_and_part_is_no_status() -> None:
    read = read_pain002(report(group("ACTC") + payment("RJCT")))
    assert read.resolve(["P1-1"])["P1-1"].status.code == "RJCT"
    assert read_pain002(report(group("PART"))).resolve(["P1-1"]) == {}
    assert read_pain002(report(group("PART") + payment("PART"))).resolve(["P1-1"]) == {}


def test_a_duplicate_in_free_text_never_becomes_a_rejection() -> None:
    read = read_pain002(report(group("RJCT", reason("NARR", "该文件重复提交"))))
    verdict = judge_line(read.resolve(["P1-1"])["P1-1"])
    assert (verdict.state, verdict.code, verdict.verbatim) == (
        LineState.MANUAL,
        "AM05",
        "NARR 该文件重复提交",
    )


def test_keeps_several_reasons_and_proprietary_codes() -> None:
    own = "<StsRsnInf><Rsn><Prtry>E1001</Prtry></Rsn><AddtlInf>户名</AddtlInf><AddtlInf>不符</AddtlInf></StsRsnInf>"
    read = read_pain002(report(group("PART") + payment("", tx("P1-1", "RJCT", own + reason("NARR", "详询")))))
    assert read.lines[0].status.reasons == (Reason("E1001", "户名 不符"), Reason("NARR", "详询"))
    assert judge_line(read.lines[0]).code == "BE01"


def test_reads_lines_straight_under_the_report() -> None:
    assert read_pain002(report(group("PART") + tx("P1-1", "ACSP"))).lines[0].status == Status("ACSP")


def test_the_simulators_report_suits_the_official_schema() -> None:
    # No package carries the schema of .10; for what is used here .12 says the same.
    golden = (Path(__file__).parents[2] / "golden" / "bank" / "pain002.xml").read_bytes()
    assert faults_of(golden, "pain.002.001.12", written_as="pain.002.001.10") == []
    read = read_pain002(golden)
    assert [(x.end_to_end_id, judge_line(x).state, judge_line(x).code) for x in read.lines] == [
        ("P1-1", LineState.RECEIVED, ""),
        ("P2-1", LineState.REJECTED, "BE01"),
    ]


def test_reads_gb18030() -> None:
    data = (
        report(group("RJCT", reason("", "户名不符"))).decode().replace("UTF-8", "GB18030").encode("gb18030")
    )
    assert read_pain002(data).group.reasons == (Reason("", "户名不符"),)


def test_refuses_another_message() -> None:
    with pytest.raises(Malformed) as refusal:
        read_pain002(
            b"<Document><CstmrCdtTrfInitn><GrpHdr><MsgId>1</MsgId></GrpHdr></CstmrCdtTrfInitn></Document>"
        )
    assert refusal.value.code == "bank.wrong_message"
