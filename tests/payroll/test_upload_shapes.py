"""The shapes in which contractors really send pay sheets: each is generated, read, and compared with the gates."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import xlsxwriter

from payroll.models import SheetUpload
from payroll.pay_items import items_from
from payroll.services import upload_writing
from payroll.sheet_reader import ReadLine, read_pay_sheet
from tests.cast import Cast
from tests.lib.make_sheets import biff, book, xlsx, xml2003
from tests.payroll import stage
from tests.payroll.stage import MONTH
from tests.payroll.test_uploads import receive
from wagewatch.lib.errors import Malformed
from wagewatch.lib.sheets import read_workbook

SUN, ZHOU = "33072219781103001X", "522121198804053310"
HEADS = ("序号", "姓名", "身份证号", "出勤天数", "应发工资", "扣款", "实发工资", "签字")
SUN_ROW = (1, "孙德旺", "", 22, 7920, 0, 7920, "")
ZHOU_ROW = (2, "周长根", "", 21, 7140, 40, 7100, "")
ROWS: list[tuple[Any, ...]] = [HEADS, SUN_ROW, ZHOU_ROW]


def read(data: bytes, name: str = "工资.xlsx") -> list[ReadLine]:
    return read_pay_sheet(read_workbook(data, name), MONTH).lines


def figures(lines: list[ReadLine]) -> list[tuple[str, Any, Any, Any]]:
    return [(line.name, line.days, line.gross_fen, line.net_fen) for line in lines]


EXPECTED = [("孙德旺", Decimal(22), 792_000, 792_000), ("周长根", Decimal(21), 714_000, 710_000)]


def text_rows(rows: list[tuple[Any, ...]] = ROWS) -> list[list[str]]:
    return [[str(cell) for cell in row] for row in rows]


def csv_of(rows: list[tuple[Any, ...]], separator: str = ",") -> str:
    return "\r\n".join(separator.join(str(cell) for cell in row) for row in rows)


def grouped(workbook: xlsxwriter.Workbook) -> None:
    """Two heading rows, the upper one merged across groups, 实发工资 twice: under base pay and as the true net."""
    page = workbook.add_worksheet("工资表")
    page.merge_range(0, 0, 0, 8, "2026年10月农民工工资表")
    for column, text in enumerate(("序号", "姓名", "身份证号")):
        page.merge_range(1, column, 2, column, text)
    page.merge_range(1, 3, 1, 5, "基本工资")
    page.merge_range(1, 6, 1, 8, "财务审核")
    for column, text in enumerate(("出勤天数", "应发工资", "实发工资", "扣款", "实发工资", "签字"), start=3):
        page.write_string(2, column, text)
    for r, row in enumerate(
        ((1, "孙德旺", "", 22, 7920, 1, 0, 7920), (2, "周长根", "", 21, 7140, 1, 40, 7100)), start=3
    ):
        for c, value in enumerate(row):
            page.write(r, c, value)


def with_totals_and_titles() -> bytes:
    rows: list[tuple[Any, ...]] = [
        ("浙江岑岭建设有限公司 2026年10月工资表",),
        ("编制单位：木工一班", "", "", "单位：元"),
        ("姓名和身份证号必须与证件一致",),
        HEADS,
        SUN_ROW,
        ("小计", "", "", 22, 7920, 0, 7920),
        HEADS,
        ZHOU_ROW,
        ("合 计", "", "", 43, 15060, 40, 15020),
        ("制表人：兰晓", "", "", "审核：", "", "分管经理签字："),
        ("说明：工资于次月15日发放",),
    ]
    return xlsx(rows)


def hidden(workbook: xlsxwriter.Workbook) -> None:
    """A hidden sheet with older figures, a hidden column before the visible one, a sheet of attendance marks."""
    old = workbook.add_worksheet("上月")
    for c, value in enumerate(HEADS):
        old.write(0, c, value)
    old.write_row(1, 0, (1, "孙德旺", "", 1, 360, 0, 360))
    old.hide()
    page = workbook.add_worksheet("本月")
    page.write_row(0, 0, ("姓名", "实发工资", "出勤天数", "应发工资", "扣款", "实发工资"))
    page.write_row(1, 0, ("孙德旺", 1, 22, 7920, 0, 7920))
    page.write_row(2, 0, ("周长根", 1, 21, 7140, 40, 7100))
    page.set_column(1, 1, 10, None, {"hidden": True})
    marks = workbook.add_worksheet("考勤表")
    marks.write_row(0, 0, ("姓名", *range(1, 32)))
    marks.write_row(1, 0, ("孙德旺", *["√"] * 22))
    page.activate()
    page.set_first_sheet()


def wide_and_spaced() -> bytes:
    return xlsx(
        [
            (
                "序 号",
                "姓　名",
                "身份证号码*",
                "出勤\n天数（天）",
                "本月应发工资\n(元)",
                "扣款（元）",
                "实 发 工 资（元）",
            ),
            ("１", "孙 德旺", "", "２２天", "￥７，９２０．００", "—", "7,920.00元"),
            ("2", "\u200b周长根 ", "", "21 ", "¥7140", "-40", "７１００"),
        ]
    )


def xml_rows(rows: list[tuple[Any, ...]]) -> bytes:
    cells = "".join(
        "<Row>"
        + "".join(
            f'<Cell><Data ss:Type="{"Number" if isinstance(v, int) else "String"}">{v}</Data></Cell>'
            for v in row
        )
        + "</Row>"
        for row in rows
    )
    return xml2003(cells)


def html_rows(rows: list[tuple[Any, ...]]) -> bytes:
    body = "".join("<tr>" + "".join(f"<td>{v}</td>" for v in row) + "</tr>" for row in rows)
    return f'<html><meta charset="utf-8"><body><table>{body}</table></body></html>'.encode()


SHAPES: dict[str, tuple[Callable[[], bytes], str]] = {
    "xlsx": (lambda: xlsx(ROWS), "工资.xlsx"),
    "xls": (lambda: biff([list(row) for row in ROWS]), "工资.xls"),
    "csv in UTF-8": (lambda: csv_of(ROWS).encode(), "工资.csv"),
    "csv with a mark": (lambda: csv_of(ROWS).encode("utf-8-sig"), "工资.csv"),
    "csv in GBK": (lambda: csv_of(ROWS).encode("gb18030"), "工资.csv"),
    "csv in UTF-16 with tabs": (lambda: csv_of(ROWS, "\t").encode("utf-16"), "工资.csv"),
    "xml named xls": (lambda: xml_rows(ROWS), "工资.xls"),
    "html named xls": (lambda: html_rows(ROWS), "工资.xls"),
    "numbers as text": (lambda: xlsx([tuple(row) for row in text_rows()]), "工资.xlsx"),
    "grouped headings, net twice": (lambda: book(grouped), "工资.xlsx"),
    "titles, subtotals, headings again, footer": (with_totals_and_titles, "工资.xlsx"),
    "hidden sheet, hidden column, marks": (lambda: book(hidden), "工资.xlsx"),
    "full width, spaces, units, minus": (wide_and_spaced, "工资.xlsx"),
    "not at A1": (lambda: xlsx([(), (), *[("", "", *row) for row in ROWS]]), "工资.xlsx"),
}


@pytest.mark.parametrize("shape", list(SHAPES))
def test_every_shape_gives_the_same_lines(shape: str) -> None:
    make, name = SHAPES[shape]
    lines = read(make(), name)
    assert figures(lines) == EXPECTED
    assert not any(line.refused for line in lines), [line.messages for line in lines]


def test_columns_of_their_own_become_lines() -> None:
    heads = (
        "姓名",
        "出勤天数",
        "日工资",
        "基本工资",
        "加班工时",
        "加班工资",
        "高温补贴",
        "应发工资",
        "个税",
        "社保",
        "借支",
        "罚款",
        "实发工资",
    )
    (line,) = read(xlsx([heads, ("孙德旺", 22, "360元/天", 7920, 6, 405, 300, 8625, 10, 200, 500, 50, 7865)]))
    assert (line.gross_fen, line.base_fen, line.deduction_fen, line.net_fen) == (
        862_500,
        792_000,
        76_000,
        786_500,
    )
    assert (line.rate_fen, line.refused) == (36_000, False)
    assert [(item.kind, item.amount_fen) for item in line.items] == [
        ("overtime", 40_500),
        ("other", 30_000),
        ("less_advance", 50_000),
        ("less_tax", 1_000),
        ("less_social", 20_000),
        ("less_other", 5_000),
    ]
    assert (line.items[0].quantity, line.items[0].unit, line.items[1].reason) == (6, "h", "高温补贴")


def test_overtime_as_a_clock_counts_it_is_hours() -> None:
    heads = ("姓名", "出勤天数", "基本工资", "加班工时", "加班工资", "应发工资", "实发工资")

    def fill(made: Any) -> None:
        page = made.add_worksheet("工资表")
        page.write_row(0, 0, heads)
        page.write_row(1, 0, ("孙德旺", 22, 7920, "", 405, 8325, 8325))
        page.write_number(1, 3, 1.5, made.add_format({"num_format": "[h]:mm"}))
        page.write_row(2, 0, ("周长根", 21, 7140, "36:30", 400, 7540, 7540))

    sun, zhou = read(book(fill))
    assert [line.items[0].quantity for line in (sun, zhou)] == [36, Decimal("36.5")]


def test_what_does_not_add_up_is_said_with_its_figures() -> None:
    heads = ("姓名", "基本工资", "加班工资", "应发工资", "借支", "罚款", "扣款合计", "实发工资")
    (line,) = read(xlsx([heads, ("孙德旺", 7000, 500, 7600, 100, 50, 200, 7400)]))
    texts = {m.field: m.text for m in line.messages}
    assert (line.refused, line.net_fen) == (False, 740_000)
    assert "¥7,500.00" in texts["gross"]
    assert "¥7,600.00" in texts["gross"]
    assert "¥150.00" in texts["deductions"]
    assert [(item.kind, item.amount_fen) for item in line.items if item.is_deduction] == [
        ("less_other", 20_000)
    ]


def test_totals_that_are_no_sums_are_told() -> None:
    rows = [
        HEADS,
        SUN_ROW,
        ("小计", "", "", "", 7920, "", 7920),
        ZHOU_ROW,
        ("合计", "", "", "", 15060, "", 15000),
    ]
    warnings = read_pay_sheet(read_workbook(xlsx(rows), "工资.xlsx"), MONTH).reading["warnings"]
    assert len(warnings) == 1
    assert "¥15,000.00" in warnings[0]
    assert "¥15,020.00" in warnings[0]


def test_a_span_of_other_days_is_told() -> None:
    from datetime import date

    data = xlsx([("3月11日-4月10日工资表",), *ROWS])
    span = (date(2026, 10, 1), date(2026, 10, 31))
    warnings = read_pay_sheet(read_workbook(data, "工资.xlsx"), MONTH, span).reading["warnings"]
    assert any("3-11 – 4-10" in text for text in warnings)
    same = xlsx([("10月1日至10月31日工资表",), *ROWS])
    assert read_pay_sheet(read_workbook(same, "工资.xlsx"), MONTH, span).reading["warnings"] == []


REFUSED: dict[str, tuple[tuple[Any, ...], str]] = {
    "the number as a number": ((1, "孙德旺", 330722197811030011, 22, 7920, 0, 7920), "id_number"),
    "hours as days": ((1, "孙德旺", "", 176, 7920, 0, 7920), "days"),
    "numerals": ((1, "孙德旺", "", 22, "柒仟玖佰贰拾", 0, 7920), "gross"),
    "in ten thousands": ((1, "孙德旺", "", 22, "0.792万", 0, 7920), "gross"),
    "negative pay": ((1, "孙德旺", "", 22, -7920, 0, 7920), "gross"),
    "net that does not follow": ((1, "孙德旺", "", 22, 7920, 0, 7000), "net"),
    "two names": ((1, "孙德旺、周长根", "", 22, 7920, 0, 7920), "name"),
}


@pytest.mark.parametrize("what", list(REFUSED))
def test_refuses_a_row_at_its_field(what: str) -> None:
    row, name = REFUSED[what]
    first, second = read(xlsx([HEADS, row, ZHOU_ROW]))
    assert first.refused
    assert name in {m.field for m in first.messages if m.kind == "stop"}
    assert not second.refused


def test_an_error_in_a_formula_stops_its_row_only() -> None:
    def fill(workbook: xlsxwriter.Workbook) -> None:
        page = workbook.add_worksheet()
        page.write_row(0, 0, HEADS)
        page.write_row(1, 0, SUN_ROW)
        page.write_formula(1, 6, "=E2-F2")  # written without a result, as programs do
        page.write_row(2, 0, ZHOU_ROW)

    sun, zhou = read(book(fill))
    assert (sun.refused, zhou.refused) == (True, False)


def formula_sheet(overtime: Any, less: Any, gross: Any, net: Any) -> list[Any]:
    """Amounts in fields of formulas, each with its stored result; None: the file stores 0, as for one never reckoned."""

    def fill(workbook: xlsxwriter.Workbook) -> None:
        page = workbook.add_worksheet()
        page.write_row(0, 0, ("姓名", "出勤天数", "基本工资", "加班费", "扣款", "应发工资", "实发工资"))
        page.write_row(1, 0, ("孙德旺", 22, 7920))
        for column, result in enumerate((overtime, less, gross, net), 3):
            page.write_formula(1, column, "=B2*0", None, result or 0)

    return read(book(fill))


def test_a_formula_that_comes_to_nought_beside_others_that_were_reckoned_is_nought() -> None:
    (sun,) = formula_sheet(None, None, 7920, 7920)
    assert (sun.refused, sun.gross_fen, sun.deduction_fen, sun.items) == (False, 792_000, 0, [])


@pytest.mark.parametrize(
    "amounts",
    [(None, None, None, None), (None, None, 7920, None), (None, 45, None, 7875), (None, None, 7920, 7875)],
)
def test_a_formula_that_nobody_reckoned_is_not_nought(amounts: tuple[Any, ...]) -> None:
    (sun,) = formula_sheet(*amounts)
    assert sun.refused


def test_a_roster_is_no_pay_sheet() -> None:
    with pytest.raises(Malformed, match=r"sheet\."):
        read(xlsx([("姓名", "身份证号", "工种"), ("孙德旺", SUN, "木工")]))


@pytest.mark.django_db
class TestCompared:
    """What the clerk reads beside a line that differs."""

    def upload(self, cast: Cast, row: tuple[Any, ...], heads: tuple[str, ...] = HEADS) -> SheetUpload:
        stage.attend(cast.sun_posting, 22)
        return receive(cast, xlsx([heads, row]))

    def text(self, upload: SheetUpload) -> str:
        return " ".join(m["text"] for m in upload.rows[0]["messages"] if m["kind"] == "diff")

    def test_a_day_more(self, cast: Cast) -> None:
        said = self.text(self.upload(cast, (1, "孙德旺", "", 22, 8280, 0, 8280)))
        assert "¥8,280.00" in said
        assert "¥360.00" in said

    def test_another_rate(self, cast: Cast) -> None:
        heads = ("姓名", "出勤天数", "日工资", "应发工资")
        said = self.text(self.upload(cast, ("孙德旺", 22, 380, 8360), heads))
        assert "¥380.00" in said

    def test_overtime_is_no_difference_and_a_line_of_the_slip(self, cast: Cast) -> None:
        heads = ("姓名", "出勤天数", "加班工资", "应发工资", "借支", "实发工资")
        upload = self.upload(cast, ("孙德旺", 22, 405, 8325, 300, 8025), heads)
        assert upload.rows[0]["verdict"] == "same"
        sheet = upload_writing.apply_sheet_upload(upload.pk, actor=cast.actor(cast.qian), now=cast.now)
        slip = stage.slip_of(sheet, cast.sun)
        assert (slip.base_fen, slip.extra_fen, slip.gross_fen, slip.net_fen) == (
            792_000,
            40_500,
            832_500,
            802_500,
        )
        assert [item.kind for item in items_from(slip.items)] == ["overtime", "less_advance"]
