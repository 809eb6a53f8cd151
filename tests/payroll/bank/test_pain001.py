import tracemalloc
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payroll.bank.pain001 import Account, LineOut, OrderOut, write_pain001
from payroll.bank.pain001_reader import Finding, findings, read_pain001
from tests.payroll.bank.samples import NOW, PAYER, faults_of, line, order
from wagewatch.lib.errors import Malformed

GOLDEN = Path(__file__).parents[2] / "golden" / "bank"


def test_writes_the_golden_order_byte_for_byte() -> None:
    assert write_pain001(order()) == (GOLDEN / "pain001.xml").read_bytes()


@pytest.mark.parametrize("version", ["pain.001.001.03", "pain.001.001.09"])
def test_writes_what_the_official_schema_accepts(version: str) -> None:
    data = write_pain001(order(version=version, initiator_id="91330100MA2XXXXX1A", batch_booking=True))
    assert faults_of(data, version) == []


def test_writes_an_iban_payer_that_the_schema_accepts() -> None:
    payer = replace(PAYER, number="NL41MOCK0000000001", scheme="iban")
    assert faults_of(write_pain001(order(payer=payer)), "pain.001.001.09") == []


def test_escapes_markup_in_names() -> None:
    data = write_pain001(order(line("P1-1", name='<孙>&"大"山')))
    assert faults_of(data, "pain.001.001.09") == []
    assert read_pain001(data).lines[0].payee_name == '<孙>&"大"山'


def test_the_bank_reads_count_sum_and_parties() -> None:
    read = read_pain001(write_pain001(order()))
    assert (read.message_id, read.version, read.count, read.total_fen) == (
        "WW-20261015-0001",
        "pain.001.001.09",
        2,
        1360550,
    )
    payment = read.payments[0]
    assert (payment.payer_account, payment.category_purpose, payment.execute_on) == (
        "33010199000000017",
        "SALA",
        date(2026, 10, 15),
    )
    assert [(x.end_to_end_id, x.amount_fen, x.payee_bank_code) for x in read.lines] == [
        ("P1-1", 648000, "102100099996"),
        ("P2-1", 712550, "102100099996"),
    ]
    assert findings(read) == ()


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (order(message_id="长" * 3), "bank.text"),
        (order(message_id="M" * 36), "bank.text"),
        (order(version="pain.001.001.99"), "bank.version"),
        (order(line("P1-1"), line("P1-1")), "bank.duplicate_id"),
        (order(line("P1-1", 0)), "bank.amount"),
        (order(line("P1-1", -1)), "bank.amount"),
        (order(line("P1-1", name="")), "bank.text"),
        (order(line("P1-1", name="孙\x07大山")), "bank.text"),
        (order(line("P1-1", name="孙" * 141)), "bank.text"),
        (order(line("P1-1", card="6222 0202")), "bank.account"),
        (order(created_at=datetime(2026, 10, 15)), "bank.date"),  # noqa: DTZ001
        (order(line_limit=1), "bank.too_many_lines"),
        (replace(order(), lines=()), "bank.no_lines"),
    ],
)
def test_refuses_an_order_that_no_bank_would_take(changed: OrderOut, code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        write_pain001(changed)
    assert refusal.value.code == code
    assert "孙" not in refusal.value.message


def test_finds_wrong_sums_counts_and_double_references() -> None:
    data = write_pain001(order())
    wrong_sum = data.replace(b"<CtrlSum>13605.50</CtrlSum>", b"<CtrlSum>13605.51</CtrlSum>", 1)
    assert findings(read_pain001(wrong_sum)) == (Finding("AM10", "GrpHdr/CtrlSum"),)
    wrong_count = data.replace(b"<NbOfTxs>2</NbOfTxs>", b"<NbOfTxs>3</NbOfTxs>", 1)
    assert findings(read_pain001(wrong_count)) == (Finding("AM18", "GrpHdr/NbOfTxs"),)
    twice = data.replace(b"<EndToEndId>P2-1<", b"<EndToEndId>P1-1<")
    assert findings(read_pain001(twice)) == (Finding("AM05", "CdtTrfTxInf/PmtId/EndToEndId"),)


def test_ten_thousand_lines_need_little_memory_to_read() -> None:
    many = order(*(line(f"P{n}-1", 600000 + n) for n in range(10_000)))
    data = write_pain001(many)
    tracemalloc.start()
    read = read_pain001(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert read.total_fen == many.total_fen == sum(x.amount_fen for x in read.lines)
    assert len(read.lines) == 10_000
    # The values themselves take about 8 MB; a tree kept whole would add several times that.
    assert peak < 40 * 1024 * 1024


_names = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=140)
_ids = st.text("ABCXYZabc0189-+/", min_size=1, max_size=35)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(_ids, st.integers(1, 10**12), _names, st.text("0123456789", min_size=1, max_size=34)),
        min_size=1,
        max_size=8,
        unique_by=lambda row: row[0],
    ),
    message_id=_ids,
)
def test_what_is_written_is_read_back(rows: list[tuple[str, int, str, str]], message_id: str) -> None:
    lines = tuple(LineOut(ref, fen, Account(name, card, "102100099996")) for ref, fen, name, card in rows)
    written = OrderOut(message_id, NOW.astimezone(UTC), date(2026, 10, 15), PAYER, lines)
    data = write_pain001(written)
    read = read_pain001(data)
    assert findings(read) == ()
    assert (read.message_id, read.created_at) == (message_id, NOW)
    assert [(x.end_to_end_id, x.amount_fen, x.payee_name, x.payee_account) for x in read.lines] == rows
    assert write_pain001(written) == data
