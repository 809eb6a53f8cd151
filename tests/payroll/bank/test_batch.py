"""Orders as tables for banks without messages, and their result tables."""

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payroll.bank import shapes
from payroll.bank.batch import write_batch
from payroll.bank.batch_reader import CONTRADICTION, LineRef, read_batch_result
from payroll.bank.codes import Action, LineState, judge_line
from payroll.bank.pain001 import LineOut
from payroll.bank.simulator.counter import answer_table
from tests.payroll.bank import samples
from tests.payroll.bank.samples import order
from wagewatch.lib.errors import Malformed
from wagewatch.lib.sheets import read_workbook

XLSX = shapes.batch_shape("xlsx", shapes.XLSX_COLUMNS, "utf-8-sig", "comma")
TXT = shapes.batch_shape("txt", shapes.TXT_COLUMNS, "gb18030", "bar")
CSV = shapes.batch_shape("csv", shapes.CSV_COLUMNS, "utf-8-sig", "comma")
RESULT = shapes.result_shape(shapes.RESULT_COLUMNS, shapes.RESULT_STATES, "查无 = AC03", "gb18030", "bar")
CSV_RESULT = shapes.result_shape(shapes.CSV_RESULT_COLUMNS, shapes.RESULT_STATES, "", "utf-8-sig", "comma")


def line(n: int) -> LineOut:
    return samples.line(f"P{n}-1", 600_000 + n * 111, card=f"62220202000000{n:05d}")


LINES = (line(1), line(2), line(3))
ORDER = order(*LINES)
REFS = [LineRef(x.end_to_end_id, x.payee.number, x.payee.name, x.amount_fen) for x in LINES]


def read(data: bytes, shape: shapes.ResultShape = RESULT, refs: list[LineRef] = REFS):
    return read_batch_result(data, "result", shape, refs, message_id=ORDER.message_id, created_at=None)


def table(*rows: str, head: str = "客户流水号|收款账号|收款户名|金额|处理状态|失败原因") -> bytes:
    return "\r\n".join([head, *rows]).encode("gb18030")


def test_the_workbook_has_the_banks_columns_and_only_text() -> None:
    [page] = read_workbook(write_batch(ORDER, XLSX), "order.xlsx").sheets
    rows = [[cell.value for cell in row] for row in page.rows]
    assert rows[0] == [c.heading for c in XLSX.columns]
    assert len(rows) == 4
    assert rows[1][0] == "1"
    assert rows[1][7] == LINES[0].payee.number
    assert rows[1][9] == f"{LINES[0].amount_fen / 100:.2f}"
    assert all(value is None or isinstance(value, str) for row in rows for value in row)
    assert all(cell.kind in ("text", "empty") for row in page.rows for cell in row)


def test_the_text_file_is_gb18030_with_bars() -> None:
    text = write_batch(ORDER, TXT).decode("gb18030")
    first = text.split("\r\n")[1].split("|")
    assert first[:3] == [LINES[0].end_to_end_id, LINES[0].payee.number, LINES[0].payee.name]
    assert first[5] == f"{LINES[0].amount_fen / 100:.2f}"
    assert first[6:8] == ["CNY", "工资"]


def test_a_rare_character_survives_gb18030() -> None:
    named = replace(LINES[0], payee=replace(LINES[0].payee, name="王𬭎䶮"))
    assert "王𬭎䶮" in write_batch(order(named), TXT).decode("gb18030")


@pytest.mark.parametrize("name", ["=1+1", "+86", "@x", "-5"])
def test_no_cell_starts_a_formula(name: str) -> None:
    evil = order(replace(LINES[0], payee=replace(LINES[0].payee, name=name)))
    rows = list(csv.reader(io.StringIO(write_batch(evil, CSV).decode("utf-8-sig"))))
    assert rows[1][1] == "'" + name
    cell = read_workbook(write_batch(evil, XLSX), "order.xlsx").sheets[0].cell(1, 8)
    assert (cell.value, cell.kind) == (name, "text")


@pytest.mark.parametrize("name", ["张|三", "张\n三"])
def test_refuses_what_would_break_the_banks_columns(name: str) -> None:
    with pytest.raises(Malformed) as refusal:
        write_batch(order(replace(LINES[0], payee=replace(LINES[0].payee, name=name))), TXT)
    assert refusal.value.code == "bank.text"


def test_the_sum_of_the_cells_is_the_sum_of_the_order() -> None:
    odd = order(*(replace(line(n), amount_fen=n * 7 + 1) for n in range(1, 60)))
    rows = list(csv.reader(io.StringIO(write_batch(odd, CSV).decode("utf-8-sig"))))[1:]
    assert sum(int(row[4].replace(".", "")) for row in rows) == odd.total_fen


def test_reads_states_reasons_and_masked_cards() -> None:
    a, b, c = LINES
    masked = b.payee.number[:6] + "****" + b.payee.number[-4:]
    found = read(
        table(
            f"{a.end_to_end_id}|{a.payee.number}|甲|{a.amount_fen / 100:.2f}|交易成功|",
            f"{b.end_to_end_id}|{masked}|乙|{b.amount_fen / 100:.2f}|交易失败|户名不符",
            f"{c.end_to_end_id}|{c.payee.number}|丙|{c.amount_fen / 100:.2f}|处理中|",
            "合计|||3||",
        )
    )
    verdicts = {x.end_to_end_id: judge_line(x, RESULT.texts) for x in found.report.lines}
    assert [verdicts[x.end_to_end_id].state for x in LINES] == [
        LineState.PAID, LineState.REJECTED, LineState.RECEIVED,
    ]  # fmt: skip
    assert verdicts[b.end_to_end_id].code == "BE01"
    assert found.strange_rows == (5,)


def test_a_word_that_only_contains_success_is_not_success() -> None:
    a = LINES[0]
    [answer] = read(table(f"{a.end_to_end_id}|{a.payee.number}|甲||未成功|")).report.lines
    assert judge_line(answer).state is LineState.MANUAL
    assert "未成功" in judge_line(answer).verbatim


def test_an_unmapped_reason_goes_to_a_person_word_for_word() -> None:
    a = LINES[0]
    [answer] = read(table(f"{a.end_to_end_id}|{a.payee.number}|甲||失败|业务处理未果")).report.lines
    verdict = judge_line(answer, RESULT.texts)
    assert (verdict.state, verdict.action, verdict.verbatim) == (
        LineState.REJECTED,
        Action.MANUAL,
        "业务处理未果",
    )


def test_the_banks_own_words_go_first() -> None:
    a = LINES[0]
    [answer] = read(table(f"{a.end_to_end_id}|{a.payee.number}|甲||失败|查无")).report.lines
    assert judge_line(answer, RESULT.texts).code == "AC03"


def test_without_a_reference_card_and_amount_must_name_one_line() -> None:
    head = "收款账号|金额|处理状态"
    a = LINES[0]
    row = f"{a.payee.number}|{a.amount_fen / 100:,.2f}|成功"
    assert [x.end_to_end_id for x in read(table(row, head=head)).report.lines] == [a.end_to_end_id]
    twins = [*REFS, replace(REFS[0], end_to_end_id="twin")]
    assert read(table(row, head=head), refs=twins).report.lines == ()
    assert read(table(row, head=head), refs=twins).strange_rows == (2,)


def test_another_card_beside_our_reference_is_strange() -> None:
    a = LINES[0]
    found = read(table(f"{a.end_to_end_id}|6222020000000000001|甲||成功|"))
    assert (found.report.lines, found.strange_rows) == ((), (2,))


def test_two_rows_that_contradict_each_other_go_to_a_person() -> None:
    a = LINES[0]
    rows = [f"{a.end_to_end_id}|{a.payee.number}|甲||{word}|" for word in ("成功", "失败")]
    [answer] = read(table(*rows)).report.lines
    assert answer.status.code == CONTRADICTION
    assert judge_line(answer).state is LineState.MANUAL


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "bank.no_headings"),
        (b"\x00\x01\x02", "bank.not_table"),
        (b"a|b|c\r\n1|2|3", "bank.no_headings"),
        (table(), "bank.no_rows"),
        (table("x|y|z|12.345|成功|"), "bank.amount"),
        (table("x|y|z|-1|成功|"), "bank.amount"),
        (table("x|y|z|NaN|成功|"), "bank.amount"),
        (b"PK\x03\x04 nothing", "file.cut_off"),
    ],
)
def test_says_what_is_wrong_with_a_file(data: bytes, code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        read(data)
    assert refusal.value.code == code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_reads_any_encoding_a_bank_exports(encoding: str) -> None:
    a = LINES[0]
    text = f"客户流水号|收款账号|处理状态|失败原因\r\n{a.end_to_end_id}|{a.payee.number}|失败|账户已销户"
    [answer] = read(text.encode(encoding)).report.lines
    assert judge_line(answer).code == "AC04"


@pytest.mark.parametrize(("shape", "result"), [(XLSX, RESULT), (TXT, RESULT), (CSV, CSV_RESULT)])
def test_the_simulators_counter_answers_every_form(
    shape: shapes.BatchShape, result: shapes.ResultShape
) -> None:
    cards = ("1111", "2222", "6666", "9998")
    lines = tuple(
        replace(line(n), payee=replace(line(n).payee, number="621700000000000" + end))
        for n, end in enumerate(cards, start=1)
    )
    refs = [LineRef(x.end_to_end_id, x.payee.number, x.payee.name, x.amount_fen) for x in lines]
    answer = answer_table(write_batch(order(*lines), shape), shape, result)
    found = read(answer, result, refs).report
    codes = [judge_line(x).code for x in found.lines]
    assert codes == ["BE01", "AC04", "", ""]
    assert [judge_line(x).state for x in found.lines][2:] == [LineState.REJECTED, LineState.PAID]


def test_the_counters_faults() -> None:
    sent = write_batch(ORDER, TXT)
    whole = read(answer_table(sent, TXT, RESULT)).report
    assert len(whole.lines) == 3
    partial = read(answer_table(sent, TXT, RESULT, fault="partial")).report
    assert len(partial.lines) == 2
    refused = read(answer_table(sent, TXT, RESULT, fault="reject_file")).report
    assert {judge_line(x).state for x in refused.lines} == {LineState.REJECTED}
    short = read(answer_table(sent, TXT, RESULT, fault="short_of_funds")).report
    assert {judge_line(x).code for x in short.lines} == {"AM04"}


names = st.text(st.characters(categories=["L"]), min_size=1, max_size=12)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(names, st.integers(1, 10**11)), min_size=1, max_size=12))
def test_what_is_written_is_answered_and_read_back(people: list[tuple[str, int]]) -> None:
    lines = tuple(
        replace(line(n), amount_fen=fen, payee=replace(line(n).payee, name=name))
        for n, (name, fen) in enumerate(people, start=1)
    )
    refs = [LineRef(x.end_to_end_id, x.payee.number, x.payee.name, x.amount_fen) for x in lines]
    for shape, result in ((TXT, RESULT), (CSV, CSV_RESULT)):
        found = read(answer_table(write_batch(order(*lines), shape), shape, result), result, refs)
        assert [(x.end_to_end_id, x.amount_fen) for x in found.report.lines] == [
            (x.end_to_end_id, x.amount_fen) for x in lines
        ]
        assert found.strange_rows == ()


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ("账号 account", "bank.line"),
        ("账号 = account\n账号 = name", "bank.line_twice"),
        ("账号 = akkount", "bank.field"),
        ("账号 = account", "bank.field_missing"),
    ],
)
def test_says_which_line_of_the_terms_is_wrong(columns: str, code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        shapes.batch_shape("csv", columns, "utf-8", "comma")
    assert refusal.value.code == code


def test_a_result_needs_a_way_to_know_its_lines_and_known_states() -> None:
    with pytest.raises(Malformed) as refusal:
        shapes.result_shape("状态 = state", shapes.RESULT_STATES, "", "utf-8", "comma")
    assert refusal.value.code == "bank.field_missing"
    with pytest.raises(Malformed) as refusal:
        shapes.result_shape("状态 = state\n号 = reference", "成功 = PAID", "", "utf-8", "comma")
    assert refusal.value.code == "bank.state"
