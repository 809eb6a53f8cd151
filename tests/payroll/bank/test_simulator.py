"""The bank in one process with the time as an argument."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from payroll.bank.camt053 import Statement, gap_between, read_statement
from payroll.bank.codes import LineState, judge_line
from payroll.bank.pain001 import write_pain001
from payroll.bank.pain002 import Reason, StatusReport, read_pain002
from payroll.bank.simulator.bank import Bank
from payroll.bank.simulator.desk import Pace
from payroll.bank.simulator.words import BY_ENDING
from tests.payroll.bank.samples import NOW, PAYER, faults_of, line, order

PACE = Pace(timedelta(seconds=1), timedelta(seconds=10), timedelta(seconds=60))


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    """A bank with one special account holding 1,000,000.00 yuan, its first statement behind it."""
    bank = Bank(tmp_path / "bank.sqlite3", PACE)
    bank.open_account(PAYER.number, PAYER.name, NOW)
    bank.deposit(
        PAYER.number, 100_000_000, reference="A1", payer_name="钱塘城投", text="9月人工费用", now=NOW
    )
    yield bank
    bank.close()


def run(bank: Bank, seconds: int, since: str = "", start: datetime = NOW) -> list[tuple[str, bytes]]:
    """Let the bank work second by second; the messages released after `since`, as (kind, data)."""
    for second in range(seconds + 1):
        bank.work(start + timedelta(seconds=second))
    return [(m.kind, bank.message(m.name) or b"") for m in bank.messages(since)]


def reports(messages: list[tuple[str, bytes]]) -> list[StatusReport]:
    return [read_pain002(data) for kind, data in messages if kind == "pain.002"]


def statements(messages: list[tuple[str, bytes]], kind: str = "camt.053") -> list[Statement]:
    return [s for k, data in messages if k == kind for s in read_statement(data)]


def balance(bank: Bank) -> int:
    return int(bank.accounts()[0]["balance_fen"])


def test_pays_and_proves_it(bank: Bank) -> None:
    bank.accept(write_pain001(order()), NOW)
    messages = run(bank, 80)
    assert [kind for kind, _ in messages] == ["camt.054", "pain.002", "camt.054", "camt.053"]
    [report] = reports(messages)
    assert (report.original_message_id, report.group.code) == ("WW-20261015-0001", "ACCP")
    assert [judge_line(x).state for x in report.lines] == [LineState.RECEIVED] * 2
    booked = statements(messages, "camt.054")[1]
    assert [(e.amount_fen, e.details[0].end_to_end_id, e.details[0].message_id) for e in booked.entries] == [
        (-648000, "P1-1", "WW-20261015-0001"),
        (-712550, "P2-1", "WW-20261015-0001"),
    ]
    [statement] = statements(messages)
    assert (statement.sequence, statement.opening_fen, statement.closing_fen) == (1, 0, 98_639_450)
    assert statement.differs_fen == 0
    assert balance(bank) == 98_639_450


def test_everything_it_writes_suits_the_official_schemas(bank: Bank) -> None:
    lines = [
        line(f"P{n}-1", card="622202020000000" + end) for n, end in enumerate([*BY_ENDING, "3333", "7777"])
    ]
    bank.accept(write_pain001(order(*lines)), NOW)
    bank.accept(write_pain001(order(message_id="WW2", batch_booking=True)), NOW)
    bank.issue_report(PAYER.number, NOW)
    messages = run(bank, 120)
    assert {kind for kind, _ in messages} == {"pain.002", "camt.052", "camt.053", "camt.054"}
    for kind, data in messages:
        if kind == "pain.002":
            assert faults_of(data, "pain.002.001.12", written_as="pain.002.001.10") == []
        else:
            assert faults_of(data, f"{kind}.001.08") == []


@pytest.mark.parametrize(
    ("ending", "code", "text"),
    [
        ("0000", "AC03", "收款账号不存在"),
        ("1111", "BE01", "收款人户名不符"),
        ("2222", "AC04", "收款账户已销户"),
        ("4444", "AC06", "收款账户已冻结"),
        ("5555", "AC06", BY_ENDING["5555"].text),
        ("6666", "NARR", BY_ENDING["6666"].text),
    ],
)
def test_a_card_ending_decides(bank: Bank, ending: str, code: str, text: str) -> None:
    bank.accept(write_pain001(order(line("P1-1", card="622202020000000" + ending), line("P2-1"))), NOW)
    messages = run(bank, 20)
    [report] = reports(messages)
    assert report.group.code == "PART"
    verdict = judge_line(report.by_reference()["P1-1"])
    assert (verdict.state, verdict.code) == (LineState.REJECTED, code)
    assert text in verdict.verbatim
    assert balance(bank) == 100_000_000 - 648000


def test_returns_a_payment_after_booking(bank: Bank) -> None:
    bank.accept(write_pain001(order(line("P1-1", card="6222020200000003333"))), NOW)
    messages = run(bank, 200)
    chain = statements(messages)
    details = [e.details[0] for s in chain for e in s.entries]
    assert [(d.end_to_end_id, d.returned.code if d.returned else "") for d in details] == [
        ("", ""),
        ("P1-1", ""),
        ("P1-1", "AC06"),
    ]
    assert all(gap_between(a, b) is None for a, b in itertools.pairwise(chain))
    assert balance(bank) == 100_000_000


def test_compares_names_with_registered_cards(bank: Bank) -> None:
    bank.register_cards([("6222020200000007777", "孙大川", False), ("6222020200000008888", "周二妹", True)])
    bank.accept(
        write_pain001(order(line("P1-1"), line("P2-1", name="周二妹", card="6222020200000008888"))), NOW
    )
    [report] = reports(run(bank, 20))
    assert [x.status.reasons[0].code for x in report.lines] == ["BE01", "AC04"]
    assert balance(bank) == 100_000_000


def test_the_same_bytes_and_the_same_reference_are_duplicates(bank: Bank) -> None:
    data = write_pain001(order())
    assert bank.accept(data, NOW).known is False
    assert bank.accept(data, NOW).known is True
    other = write_pain001(order(line("P9-1")))
    assert bank.accept(other, NOW).known is False
    found = reports(run(bank, 80))
    assert sorted(r.group.code for r in found) == ["ACCP", "RJCT", "RJCT"]
    assert [r.group.reasons[0].code for r in found if r.group.code == "RJCT"] == ["DUPL", "DUPL"]
    assert balance(bank) == 98_639_450


def test_a_payment_reference_is_paid_once_for_ever(bank: Bank) -> None:
    bank.accept(write_pain001(order(line("P1-1"))), NOW)
    bank.accept(write_pain001(order(line("P1-1"), line("P2-1"), message_id="WW2")), NOW)
    found = {r.original_message_id: r for r in reports(run(bank, 80))}
    assert found["WW2"].by_reference()["P1-1"].status.reasons[0].code == "DU04"
    assert judge_line(found["WW2"].by_reference()["P1-1"]).state is LineState.MANUAL
    assert balance(bank) == 100_000_000 - 2 * 648000


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"<CtrlSum>13605.50<", b"<CtrlSum>13605.49<", "AM10"),
        (b"<NbOfTxs>2<", b"<NbOfTxs>1<", "AM18"),
        (b">P2-1<", b">P1-1<", "AM05"),
        (b"<PmtMtd>TRF<", b"<PmtMtd>CHK<", "FF01"),
        (b"33010199000000017", b"33010199000000018", "AC02"),
        (b"<CtgyPurp><Cd>SALA<", b"<CtgyPurp><Cd>SUPP<", "RR04"),
    ],
)
def test_refuses_a_whole_file(bank: Bank, old: bytes, new: bytes, code: str) -> None:
    data = write_pain001(order())
    assert old in data
    bank.accept(data.replace(old, new), NOW)
    [report] = reports(run(bank, 20))
    assert (report.group.code, report.group.reasons[0].code, report.lines) == ("RJCT", code, ())
    assert report.group.reasons[0].text
    assert balance(bank) == 100_000_000


def test_refuses_lines_that_no_bank_can_pay(bank: Bank) -> None:
    data = write_pain001(order(line("P1-1"), line("P2-1"), line("P3-1")))
    data = data.replace(b'Ccy="CNY">6480.00', b'Ccy="USD">6480.00', 1).replace(
        b">102100099996<", b">1021<", 2
    )
    data = data.replace(b">1021<", b">102100099996<", 1)
    bank.accept(data, NOW)
    [report] = reports(run(bank, 20))
    assert [x.status.reasons[0].code if x.status.reasons else "" for x in report.lines] == [
        "AM03",
        "RC01",
        "",
    ]


def test_refuses_an_order_that_the_account_cannot_cover(bank: Bank) -> None:
    bank.accept(write_pain001(order(line("P1-1", 60_000_000))), NOW)
    bank.accept(write_pain001(order(line("P2-1", 60_000_000), message_id="WW2")), NOW)
    found = {r.original_message_id: r for r in reports(run(bank, 80))}
    assert found["WW-20261015-0001"].group.code == "ACCP"
    assert found["WW2"].group.code == "RJCT"
    assert judge_line(found["WW2"].lines[0]).code == "AM04"
    assert balance(bank) == 40_000_000
    later = NOW + timedelta(minutes=10)
    bank.deposit(PAYER.number, 30_000_000, reference="A2", payer_name="钱塘城投", text="补足", now=later)
    bank.accept(write_pain001(order(line("P2-2", 60_000_000), message_id="WW3")), later)
    run(bank, 20, start=later)
    assert balance(bank) == 10_000_000


def test_waits_for_the_execution_date(bank: Bank) -> None:
    bank.accept(write_pain001(order(execute_on=date(2026, 10, 16))), NOW)
    run(bank, 60)
    assert balance(bank) == 100_000_000
    bank.work(datetime.fromisoformat("2026-10-15T23:59:59+08:00"))
    assert balance(bank) == 100_000_000
    bank.work(datetime.fromisoformat("2026-10-16T00:00:00+08:00"))
    assert balance(bank) == 98_639_450


def test_batch_booking_is_one_entry_with_details(bank: Bank) -> None:
    bank.accept(write_pain001(order(batch_booking=True)), NOW)
    booked = statements(run(bank, 20), "camt.054")[1]
    [entry] = booked.entries
    assert (entry.amount_fen, [d.end_to_end_id for d in entry.details], entry.details_differ_fen) == (
        -1_360_550,
        ["P1-1", "P2-1"],
        0,
    )


def test_a_deposit_counts_once_per_reference(bank: Bank) -> None:
    again = {"reference": "A1", "payer_name": "钱塘城投", "text": ""}
    assert bank.deposit(PAYER.number, 100_000_000, now=NOW, **again) is False
    with pytest.raises(ValueError, match="another amount"):
        bank.deposit(PAYER.number, 1, now=NOW, **again)
    with pytest.raises(LookupError):
        bank.deposit("999999", 1, now=NOW, **again)
    assert balance(bank) == 100_000_000


def test_a_collection_is_told_as_a_debit_with_its_reference_and_counts_once(bank: Bank) -> None:
    words = {"reference": "ZXH3-1", "payee_name": "金华商贸银行", "text": "归还工资专项贷款 ZXH3-1"}
    assert bank.collect(PAYER.number, 40_000_000, now=NOW, **words) is True
    assert bank.collect(PAYER.number, 40_000_000, now=NOW, **words) is False
    with pytest.raises(ValueError, match="another amount"):
        bank.collect(PAYER.number, 1, now=NOW, **words)
    with pytest.raises(ValueError, match="does not hold"):
        bank.collect(PAYER.number, 60_000_001, now=NOW, **{**words, "reference": "ZXH3-2"})
    assert balance(bank) == 60_000_000
    [entry] = statements(run(bank, 1), "camt.054")[-1].entries
    assert (entry.amount_fen, entry.details[0].remittance) == (-40_000_000, "归还工资专项贷款 ZXH3-1")
    assert entry.details[0].payee_name == "金华商贸银行"


def test_silent(bank: Bank) -> None:
    bank.set_faults({"silent": -1})
    bank.accept(write_pain001(order()), NOW)
    messages = run(bank, 90)
    assert [kind for kind, _ in messages] == ["camt.054", "camt.053"]
    assert statements(messages)[0].closing_fen == 98_639_450


def test_late(bank: Bank) -> None:
    bank.set_faults({"late": 100})
    bank.accept(write_pain001(order()), NOW)
    assert reports(run(bank, 100)) == []
    assert len(reports(run(bank, 5, start=NOW + timedelta(seconds=101)))) == 1


def test_twice(bank: Bank) -> None:
    bank.set_faults({"twice": 1})
    bank.accept(write_pain001(order()), NOW)
    first, second = (data for kind, data in run(bank, 5) if kind == "pain.002")
    assert first == second
    assert bank.set_faults({})["twice"] == 0


def test_out_of_order(bank: Bank) -> None:
    bank.set_faults({"out_of_order": -1})
    bank.accept(write_pain001(order()), NOW)
    assert [kind for kind, _ in run(bank, 30)] == ["camt.054", "camt.054", "pain.002"]


def test_partial(bank: Bank) -> None:
    bank.set_faults({"partial": 1})
    bank.accept(write_pain001(order()), NOW)
    messages = run(bank, 60)
    assert [[x.end_to_end_id for x in r.lines] for r in reports(messages)] == [["P1-1"], ["P2-1"]]
    assert [r.group.code for r in reports(messages)] == ["PART", "PART"]
    assert balance(bank) == 98_639_450


def test_statement_gap(bank: Bank) -> None:
    bank.set_faults({"statement_gap": 1})
    bank.accept(write_pain001(order()), NOW)
    [statement] = statements(run(bank, 90))
    assert statement.differs_fen == 100_000_000
    later = NOW + timedelta(minutes=5)
    bank.accept(write_pain001(order(line("P5-1"), message_id="WW5")), later)
    following = statements(run(bank, 90, start=later))[-1]
    assert (following.differs_fen, gap_between(statement, following)) == (0, None)


@pytest.mark.parametrize(("fault", "code"), [("reject_file", "FF01"), ("short_of_funds", "AM04")])
def test_a_refused_file_pays_nothing(bank: Bank, fault: str, code: str) -> None:
    bank.set_faults({fault: 1})
    bank.accept(write_pain001(order()), NOW)
    [report] = reports(run(bank, 90))
    assert report.resolve(["P1-1"])["P1-1"].status.reasons[0].code == code
    assert balance(bank) == 100_000_000
    bank.accept(write_pain001(order(line("P1-2"), message_id="WW2")), NOW + timedelta(seconds=91))
    run(bank, 30, start=NOW + timedelta(seconds=91))
    assert balance(bank) == 100_000_000 - 648000


def test_refuses_an_unknown_fault(bank: Bank) -> None:
    with pytest.raises(KeyError):
        bank.set_faults({"explode": 1})


def test_reads_other_peoples_files(bank: Bank) -> None:
    """Two payment blocks, IBAN and BIC, no claims of count in the blocks, no namespace."""
    block = (
        "<PmtInf><PmtInfId>{0}</PmtInfId><PmtMtd>TRF</PmtMtd><ReqdExctnDt>2026-10-15</ReqdExctnDt>"
        f"<Dbtr><Nm>x</Nm></Dbtr><DbtrAcct><Id><Othr><Id>{PAYER.number}</Id></Othr></Id></DbtrAcct>"
        "<CdtTrfTxInf><PmtId><EndToEndId>{0}-1</EndToEndId></PmtId><Amt><InstdAmt Ccy='CNY'>1.5</InstdAmt></Amt>"
        "<Cdtr><Nm>孙大山</Nm></Cdtr><CdtrAcct><Id><Othr><Id>6222020200000007777</Id></Othr></Id></CdtrAcct>"
        "</CdtTrfTxInf></PmtInf>"
    )
    data = (
        "<Document><CstmrCdtTrfInitn><GrpHdr><MsgId>X1</MsgId><CreDtTm>2026-10-15T09:00:00</CreDtTm>"
        f"<NbOfTxs>2</NbOfTxs></GrpHdr>{block.format('A')}{block.format('B')}</CstmrCdtTrfInitn></Document>"
    ).encode()
    bank.accept(data, NOW)
    found = reports(run(bank, 20))
    assert [(p.payment_id, p.status.code) for r in found for p in r.payments] == [
        ("A", "PART"),
        ("B", "PART"),
    ]
    assert balance(bank) == 100_000_000 - 300


def test_books_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "books.sqlite3"
    bank = Bank(path, PACE)
    bank.open_account(PAYER.number, PAYER.name, NOW)
    bank.deposit(PAYER.number, 5_000_000, reference="A1", payer_name="", text="", now=NOW)
    bank.accept(write_pain001(order()), NOW)
    bank.close()
    bank = Bank(path, replace(PACE, statement_every=None))
    messages = run(bank, 30)
    assert [kind for kind, _ in messages] == ["camt.054", "pain.002", "camt.054"]
    assert bank.issue_statement(PAYER.number, NOW + timedelta(seconds=31)) == 1
    bank.work(NOW + timedelta(seconds=31))
    [statement] = statements([(m.kind, bank.message(m.name) or b"") for m in bank.messages()])
    assert (statement.closing_fen, statement.differs_fen) == (5_000_000 - 1_360_550, 0)
    assert Reason("", "") not in [d.returned for e in statement.entries for d in e.details]
    bank.close()
