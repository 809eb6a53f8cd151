"""Statements and pay sheets in shapes and wordings that no example of ours has."""

from datetime import date
from typing import Any

import pytest

from payroll.sheet_reader import read_pay_sheet
from payroll.statement_reader import read_table_statement
from wagewatch.lib.errors import Malformed
from wagewatch.lib.identity import make_id_number
from wagewatch.lib.sheets import ColumnOut, SheetOut, read_workbook, write_workbook

ACCOUNT = "33001719000096800"
MONTH = date(2026, 10, 1)
ZHANG = make_id_number("330102", date(1980, 1, 1), 1)
LI = make_id_number("330102", date(1982, 2, 3), 3)


def table(*rows: list[Any], name: str = "表") -> bytes:
    width = max(map(len, rows))
    head = [str(cell) for cell in rows[0]] + [""] * (width - len(rows[0]))
    return write_workbook(
        [SheetOut(name, [ColumnOut(h) for h in head], [tuple(map(str, r)) for r in rows[1:]])]
    )


def csv(*rows: str, encoding: str = "utf-8") -> bytes:
    return "\r\n".join(rows).encode(encoding)


def statement(data: bytes, name: str = "a.csv") -> list[tuple[str, int]]:
    read = read_table_statement(read_workbook(data, name), account_number=ACCOUNT)
    return [(str(e.booked_on), e.amount_fen) for e in read.statement.entries]


MOVED = [("2026-10-01", 100_000), ("2026-10-02", -36_000)]


@pytest.mark.parametrize(
    "rows",
    [
        ("交易时间,借方发生额/元(支取),贷方发生额/元(收入),余额,币种,对方户名,账户明细编号-交易流水号",
         "20261001 09:30:11,0.00,1000.00,1000.00,人民币元,业主,1-1", "20261002 09:30:11,360.00,0.00,640.00,人民币元,孙,1-2"),
        ("记账日,转出,转入,余额,对方,备注", "2026-10-01,,1000,1000,业主,", "2026-10-02,360,,640,孙,"),
        ("Transaction Date,Debit Amount,Credit Amount,Balance,Payee Name", "2026-10-01,,\"1,000.00\",\"1,000.00\",A",
         "2026-10-02,360.00,,640.00,B"),
        ("业务日期,资金流向,本次发生额,账户结余", "2026.10.01,收,1000,1000", "2026.10.02,付,360,640"),
        ("交易日期,发生额(借),发生额(贷),余额,摘要", "2026-10-01,,1000,1000,人工费", "2026-10-02,360,,640,工资"),
        ("记账日期,交易金额（贷）,交易金额（借）", "2026-10-01,1000,", "2026-10-02,,360"),
        ("交易日期,交易类型,交易金额,余额", "2026-10-01,转入,1000,1000", "2026-10-02,转出,360,640"),
        ("交易日期,交易类型,交易金额,余额", "2026-10-01,转账,1000,1000", "2026-10-02,代发工资,-360,640"),
        ("交易日期,交易金额,本次余额", "2026年10月1日,+1000.00,1000.00", "2026年10月2日,-360.00,640.00"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_statements_in_other_words_say_the_same(rows: tuple[str, ...], encoding: str) -> None:
    assert statement(csv(*rows, encoding=encoding)) == MOVED


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (("交易日期,借方发生额（万元）,贷方发生额（万元）,余额", "2026-10-01,,0.1,0.1"), "sheet.unit"),
        (("单位：人民币千元,,,", "交易日期,借方发生额,贷方发生额,余额", "2026-10-01,,1,1"), "sheet.unit"),
        (("交易日期,借方发生额,贷方发生额,余额", "2026-10-01,(360.00),,640"), "statement.brackets"),
        (
            ("交易日期,交易类型,交易金额", "2026-10-01,转账,1000", "2026-10-02,转出,360"),
            "statement.no_direction",
        ),
        (("交易日期,借方发生额,贷方发生额,余额", "01/10/2026,,1000,1000"), "date.unclear"),
    ],
)
def test_what_could_mean_two_things_is_refused(rows: tuple[str, ...], code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        statement(csv(*rows))
    assert refusal.value.code == code
    assert str(refusal.value.message)


def sheet(data: bytes, name: str = "a.xlsx") -> list[tuple[str, int | None, int, int | None]]:
    read = read_pay_sheet(read_workbook(data, name), MONTH)
    return [(x.id_number, x.gross_fen, x.deduction_fen, x.net_fen) for x in read.lines if not x.refused]


@pytest.mark.parametrize(
    "heads",
    [
        ["编号", "民工姓名", "身份证件号", "出勤(天)", "日工资(元/天)", "应得工资", "已借支", "实得工资"],
        ["序号", "姓 名", "身份证号码", "本月工天", "工资单价", "工资金额", "预支生活费", "实领金额"],
        ["序号", "姓名", "公民身份号码", "合计工日", "日工价", "应发数", "本月借支", "实付数"],
    ],
)
def test_pay_sheets_in_other_words_say_the_same(heads: list[str]) -> None:
    assert sheet(table(heads, [1, "张三", ZHANG, 22, 360, "7920", "500.00", "7,420.00"])) == [
        (ZHANG, 792_000, 50_000, 742_000)
    ]


@pytest.mark.parametrize("unit", ["应发工资（万元）", "应发工资(千元)", "应发工资[ 万元 ]"])
def test_amounts_in_ten_thousands_have_lost_their_fen(unit: str) -> None:
    data = table(["姓名", "身份证号", "出勤天数", unit, "实发工资"], ["张三", ZHANG, 22, "0.79", "0.79"])
    with pytest.raises(Malformed) as refusal:
        sheet(data)
    assert (refusal.value.code, "元" in str(refusal.value.message)) == ("sheet.unit", True)
    with pytest.raises(Malformed, match=r"sheet\.unit"):
        sheet(
            table(
                ["2026年10月工资表", "", "", "单位：万元"],
                ["姓名", "身份证号", "出勤天数", "实发工资"],
                ["张三", ZHANG, 22, "0.79"],
            )
        )


HEADS = ["姓名", "身份证号", "出勤天数", "应发工资", "实发工资"]


def book(**sheets: list[list[Any]]) -> bytes:
    columns = [ColumnOut(h) for h in HEADS]
    return write_workbook(
        [SheetOut(name, columns, [tuple(map(str, r)) for r in rows]) for name, rows in sheets.items()]
    )


def test_a_summary_beside_the_teams_counts_nobody_twice_but_one_that_differs_is_seen() -> None:
    zhang, li = ["张三", ZHANG, 22, 7920, 7920], ["李四", LI, 21, 7140, 7140]
    read = read_pay_sheet(read_workbook(book(木工班=[zhang], 瓦工班=[li], 汇总=[zhang, li]), "a.xlsx"), MONTH)
    assert [x.sheet for x in read.lines] == ["木工班", "瓦工班"]
    assert read.reading["passed_sheets"] == ["汇总"]
    other = ["李四", LI, 22, 7480, 7480]
    read = read_pay_sheet(
        read_workbook(book(木工班=[zhang], 瓦工班=[li], 汇总=[zhang, other]), "a.xlsx"), MONTH
    )
    assert len(read.lines) == 4
    read = read_pay_sheet(read_workbook(book(木工班=[zhang], 全部=[zhang, li]), "a.xlsx"), MONTH)
    assert len(read.lines) == 3  # one team alone proves no summary
