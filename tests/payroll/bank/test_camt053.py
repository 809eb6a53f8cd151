from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from payroll.bank.camt053 import Gap, gap_between, read_statement
from payroll.bank.pain002 import Reason
from payroll.bank.simulator.messages import (
    AccountOut,
    DetailOut,
    EntryOut,
    write_notification,
    write_statement,
)
from payroll.bank.simulator.words import RETURNED
from tests.payroll.bank.samples import NOW, PAYER, faults_of
from wagewatch.lib.errors import Malformed

GOLDEN = Path(__file__).parents[2] / "golden" / "bank"
ACCOUNT = AccountOut(PAYER.number, PAYER.name, "CNY")


def wage(number: int, *amounts: int) -> EntryOut:
    details = tuple(
        DetailOut(
            f"P{number}{n}-1",
            f"P{number}{n}-1",
            "WW1",
            "WW1",
            fen,
            "孙大山",
            "6222020200000007777",
            "9月工资",
        )
        for n, fen in enumerate(amounts)
    )
    return EntryOut(number, "wage", -sum(amounts), NOW, "", details)


DEPOSIT = EntryOut(
    1, "deposit", 2_000_000, NOW, "人工费用", (DetailOut("", "", "", "", 2_000_000, "钱塘城投", ""),)
)
RETURN = EntryOut(
    4,
    "return",
    648000,
    NOW,
    "退汇",
    (DetailOut("P20-1", "P20-1", "WW1", "WW1", 648000, "孙大山", "6222020200000007777", "", RETURNED),),
)


def statement(kind: str = "camt.053") -> bytes:
    return write_statement(
        kind=kind,
        message_id="WB2026101500000009",
        number=7,
        now=NOW,
        from_at=NOW - timedelta(days=1),
        to_at=NOW,
        account=ACCOUNT,
        opening_fen=0,
        closing_fen=1_287_450,
        entries=[DEPOSIT, wage(2, 648000), wage(3, 300000, 412550), RETURN],
    )


def test_the_simulator_writes_the_golden_statement() -> None:
    assert statement() == (GOLDEN / "camt053.xml").read_bytes()


def test_reads_balances_entries_batches_and_returns() -> None:
    [read] = read_statement((GOLDEN / "camt053.xml").read_bytes())
    assert (read.kind, read.version, read.statement_id, read.sequence) == (
        "camt.053",
        "camt.053.001.08",
        "WB2026101500000009",
        7,
    )
    assert (read.account, read.currency, read.opening_fen, read.closing_fen) == (
        PAYER.number,
        "CNY",
        0,
        1_287_450,
    )
    assert [e.amount_fen for e in read.entries] == [2_000_000, -648000, -712550, 648000]
    assert all(e.booked and e.booked_on == date(2026, 10, 15) for e in read.entries)
    assert [(d.end_to_end_id, d.amount_fen) for d in read.entries[2].details] == [
        ("P30-1", 300000),
        ("P31-1", 412550),
    ]
    assert read.entries[3].details[0].returned == Reason("AC06", RETURNED.text)
    assert read.entries[0].details[0].payer_name == "钱塘城投"
    assert (read.booked_fen, read.differs_fen, read.unsound_entries) == (1_287_450, 0, ())


@pytest.mark.parametrize("kind", ["camt.052", "camt.053"])
def test_the_official_schema_accepts_statements(kind: str) -> None:
    assert faults_of(statement(kind), f"{kind}.001.08") == []
    assert read_statement(statement(kind))[0].differs_fen == 0


def test_the_official_schema_accepts_notifications() -> None:
    data = write_notification(message_id="WB1", now=NOW, account=ACCOUNT, entries=[wage(2, 648000), RETURN])
    assert faults_of(data, "camt.054.001.08") == []
    [read] = read_statement(data)
    assert (read.kind, read.opening_fen, read.differs_fen, len(read.entries)) == ("camt.054", None, None, 2)


def test_reports_what_a_statement_leaves_out() -> None:
    data = (GOLDEN / "camt053.xml").read_bytes()
    start, end = data.index(b"<Ntry>"), data.index(b"</Ntry>") + len(b"</Ntry>")
    [read] = read_statement(data[:start] + data[end:])
    assert read.differs_fen == 2_000_000


def test_reports_details_that_do_not_add_up() -> None:
    data = (GOLDEN / "camt053.xml").read_bytes().replace(b">3000.00<", b">2999.00<")
    [read] = read_statement(data)
    assert [(e.reference, e.details_differ_fen) for e in read.unsound_entries] == [("3", 100)]


def test_finds_the_gap_between_two_statements() -> None:
    [first] = read_statement(statement())
    following = replace(
        first, sequence=8, balances=tuple(replace(b, amount_fen=1_287_450) for b in first.balances)
    )
    assert gap_between(first, following) is None
    assert gap_between(first, replace(following, sequence=10)) == Gap("sequence", 0, 2)
    assert gap_between(first, replace(following, sequence=1)) is None
    short = replace(following, balances=tuple(replace(b, amount_fen=1_287_000) for b in first.balances))
    assert gap_between(first, short) == Gap("balance", -450, 0)


OLD_SHAPE = """<Document><BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-10-15T20:00:00</CreDtTm></GrpHdr>
<Stmt><Id>S1</Id><LglSeqNb>12</LglSeqNb><CreDtTm>2026-10-15T20:00:00</CreDtTm>
<Acct><Id><IBAN>NL41MOCK0000000001</IBAN></Id></Acct>
<Bal><Tp><CdOrPrtry><Cd>PRCD</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">100</Amt><CdtDbtInd>DBIT</CdtDbtInd><Dt><Dt>2026-10-14+08:00</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">50.5</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-10-15</Dt></Dt></Bal>
<Ntry><Amt Ccy="CNY">150.50</Amt><CdtDbtInd>CRDT</CdtDbtInd><RvslInd>true</RvslInd><Sts>BOOK</Sts><BookgDt><DtTm>2026-10-14T17:30:00Z</DtTm></BookgDt>
<NtryDtls><TxDtls><Refs><EndToEndId>P1-1</EndToEndId></Refs><RtrInf><Rsn><Prtry>R7</Prtry></Rsn></RtrInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="CNY">9.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>PDNG</Sts><NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>
<AmtDtls><InstdAmt><Amt Ccy="CNY">4.00</Amt></InstdAmt></AmtDtls></TxDtls><TxDtls><Refs/><AmtDtls><TxAmt><Amt Ccy="CNY">5.00</Amt></TxAmt></AmtDtls></TxDtls></NtryDtls></Ntry>
</Stmt></BkToCstmrStmt></Document>"""


def test_reads_the_older_shape_of_other_makers() -> None:
    [read] = read_statement(OLD_SHAPE.encode())
    assert (read.account, read.sequence, read.opening_fen, read.closing_fen) == (
        "NL41MOCK0000000001",
        12,
        -10000,
        5050,
    )
    back, pending = read.entries
    # 17:30 UTC is already the next day in China.
    assert (back.booked, back.reversal, back.booked_on, back.details[0].amount_fen) == (
        True,
        True,
        date(2026, 10, 15),
        15050,
    )
    assert back.details[0].returned == Reason("R7")
    assert (pending.booked, [d.amount_fen for d in pending.details], pending.details_differ_fen) == (
        False,
        [400, 500],
        0,
    )
    assert pending.details[0].end_to_end_id == ""
    # What is pending does not count into the balance.
    assert read.differs_fen == 0
    assert read.created_at == datetime.fromisoformat("2026-10-15T12:00:00+00:00")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("CRDT</CdtDbtInd><RvslInd>", "PLUS</CdtDbtInd><RvslInd>", "bank.direction"),
        (">150.50<", ">150.505<", "bank.amount"),
        (">150.50<", ">-150.50<", "bank.amount"),
        (">150.50<", ">1e2<", "bank.amount"),
        (">150.50<", ">١٥<", "bank.amount"),
        (">150.50<", "><", "bank.amount"),
        ("2026-10-14T17:30:00Z", "2026-13-14T17:30:00Z", "bank.date"),
        ("2026-10-15</Dt></Dt>", "2026-02-30</Dt></Dt>", "bank.date"),
        ("<Id>S1</Id>", "", "bank.missing"),
        ("BkToCstmrStmt", "Something", "bank.wrong_message"),
    ],
)
def test_refuses_what_cannot_be_understood(old: str, new: str, code: str) -> None:
    assert old in OLD_SHAPE
    with pytest.raises(Malformed) as refusal:
        read_statement(OLD_SHAPE.replace(old, new).encode())
    assert refusal.value.code == code
    assert refusal.value.message
