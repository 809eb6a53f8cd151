"""Every form of spreadsheet gives the same cells; types, formulas and hidden things are seen."""

import contextlib
import io
from datetime import date, datetime
from typing import Any

import pytest
import xlwt

from tests.lib import make_sheets
from wagewatch.lib import sheets
from wagewatch.lib.errors import Malformed
from wagewatch.lib.sheets import Cell, ColumnOut, Sheet, SheetOut, read_workbook, write_workbook

ROWS = [["姓名", "身份证号", "实发工资"], ["刘勇", "510722198503129000", 5600.5]]


def only(data: bytes, filename: str = "花名册.xlsx", **options: Any) -> Sheet:
    return read_workbook(data, filename, **options).sheets[0]


def texts(sheet: Sheet) -> list[list[str]]:
    return [[cell.text for cell in row] for row in sheet.rows]


def test_reads_xlsx_with_cell_types() -> None:
    sheet = only(make_sheets.xlsx([*ROWS, ["王强", 510722198503129000, None]]))
    assert sheet.name == "花名册"
    assert sheet.visible
    assert sheet.rows[1] == [
        Cell("刘勇", "text"), Cell("510722198503129000", "text"), Cell(5600.5, "number"),
    ]  # fmt: skip
    assert sheet.rows[2][1].kind == "number"
    assert sheet.rows[2][2].kind == "empty"


def test_reads_dates_of_both_systems() -> None:
    def fill(book: Any) -> None:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        page = book.add_worksheet()
        page.write_datetime(0, 0, date(2026, 3, 5), day)
        page.write_datetime(0, 1, datetime(2026, 3, 5, 8, 30), moment)  # noqa: DTZ001 - cells know no zone
        page.write_number(0, 2, 46086)
        page.write_boolean(0, 3, True)

    for is_1904 in (False, True):
        workbook = read_workbook(make_sheets.book(fill, date_1904=is_1904), "a.xlsx")
        assert workbook.date1904 is is_1904
        assert workbook.sheets[0].rows[0] == [
            Cell(date(2026, 3, 5), "date"),
            Cell(datetime(2026, 3, 5, 8, 30), "date"),  # noqa: DTZ001
            Cell(46086.0, "number"),
            Cell(True, "bool"),
        ]


def test_formulas_without_a_result_are_missing_not_zero() -> None:
    def fill(book: Any) -> None:
        page = book.add_worksheet()
        page.write_formula(0, 0, "=B1*2")  # stored result 0
        page.write_formula(0, 1, "=1+1", None, 2)
        page.write_formula(0, 2, '="a"', None, "a")
        page.write_formula(0, 3, "=1/0", None, "#DIV/0!")
        page.write_formula(0, 4, "=X", None, "")
        page.write_number(0, 5, 0)
        page.write_string(0, 6, "#REF!")

    row = only(make_sheets.book(fill)).rows[0]
    assert [cell.kind for cell in row] == [
        "formula_missing", "number", "text", "error", "formula_missing", "number", "text",
    ]  # fmt: skip
    assert row[3].value == "#DIV/0!"


def test_a_formula_with_no_value_element_at_all_is_missing() -> None:
    sheet = only(
        make_sheets.raw_xlsx(
            '<row r="1"><c r="A1"><v>5</v></c><c r="B1"><f>A1*2</f></c><c r="C1"><f t="shared" si="0"/><v>7</v></c></row>'
        )
    )
    assert [cell.kind for cell in sheet.rows[0]] == ["number", "formula_missing", "number"]


def test_prefixed_xml_is_read_the_same() -> None:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    body = (
        f'<x:worksheet xmlns:x="{main}"><x:sheetData><x:row r="1"><x:c r="A1"><x:f>1</x:f><x:v>0</x:v></x:c>'
        '<x:c r="B1" t="e"><x:v>#N/A</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    )
    sheet = only(make_sheets.raw_xlsx("", parts={"xl/worksheets/sheet1.xml": body}))
    assert [cell.kind for cell in sheet.rows[0]] == ["formula_missing", "error"]


def test_attributes_in_single_quotes_are_read_the_same() -> None:
    cells = """<c r='A1'><f>1+1</f><v>0</v></c><c r='B1' t='e'><v>#REF!</v></c><c r='C1'><v>7</v></c>"""
    sheet = only(
        make_sheets.raw_xlsx(f"<row r='1'>{cells}</row><row r='2' hidden='1'><c r='A2'><v>5</v></c></row>")
    )
    assert [c.kind for c in sheet.rows[0]] == ["formula_missing", "error", "number"]
    assert sheet.hidden_rows == {1}


def test_a_formula_that_says_no_place_is_not_taken_for_nought() -> None:
    with pytest.raises(Malformed) as refusal:
        only(make_sheets.raw_xlsx("<row><c><v>5</v></c><c><f>1+1</f><v>0</v></c></row>"))
    assert refusal.value.code == "file.damaged"


def test_a_stretch_of_time_is_what_the_cell_shows_not_a_number_of_days() -> None:
    def fill(book: Any) -> None:
        page = book.add_worksheet()
        page.write_number(0, 0, 1.5, book.add_format({"num_format": "[h]:mm"}))
        page.write_number(0, 1, 8.25 / 24, book.add_format({"num_format": "h:mm"}))

    assert only(make_sheets.book(fill)).rows[0] == [Cell("36:00", "text"), Cell("08:15", "text")]


def test_merged_cells_fill_their_own_range_only() -> None:
    def fill(book: Any) -> None:
        page = book.add_worksheet()
        page.merge_range(0, 0, 1, 0, "木工班组")
        for r in range(4):
            page.write_string(r, 1, f"工人{r}")

    sheet = only(make_sheets.book(fill))
    assert texts(sheet) == [["木工班组", "工人0"], ["木工班组", "工人1"], ["", "工人2"], ["", "工人3"]]
    assert [row[0].merged for row in sheet.rows] == [False, True, False, False]


def test_hidden_sheets_rows_columns_and_signs_are_marked() -> None:
    def fill(book: Any) -> None:
        page = book.add_worksheet("工资表")
        hiding = book.add_format({"num_format": "#,##0.00;#,##0.00"})
        showing = book.add_format({"num_format": "#,##0.00;-#,##0.00"})
        page.write_number(0, 0, -300, hiding)
        page.write_number(0, 1, -300, showing)
        page.write_number(0, 2, 300, hiding)
        page.write_string(1, 0, "x")
        page.set_row(1, None, None, {"hidden": True})
        page.set_column(2, 2, None, None, {"hidden": True})
        book.add_worksheet("旧表").write_string(0, 0, "x")
        book.worksheets()[1].hide()

    workbook = read_workbook(make_sheets.book(fill), "a.xlsx")
    first, second = workbook.sheets
    assert first.sign_hidden == {(0, 0)}
    assert first.hidden_rows == {1}
    assert first.hidden_columns == {2}
    assert (first.visible, second.visible, second.name) == (True, False, "旧表")


def test_reads_biff() -> None:
    workbook = read_workbook(make_sheets.biff(ROWS), "花名册.xls")
    assert workbook.form == "xls"
    assert texts(workbook.sheets[0]) == [
        ["姓名", "身份证号", "实发工资"],
        ["刘勇", "510722198503129000", "5600.5"],
    ]


def test_reads_html_that_is_called_xls() -> None:
    html = (
        "<html><head><meta charset='gbk'></head><body><table><tr><th colspan=2>花名册</th></tr>"
        "<tr><td rowspan=2>木工班组</td><td>刘勇</td></tr><tr><td>510722198503129000</td></tr></table></body></html>"
    ).encode("gb18030")
    workbook = read_workbook(html, "花名册.xls")
    assert workbook.form == "html"
    assert texts(workbook.sheets[0]) == [
        ["花名册", "花名册"],
        ["木工班组", "刘勇"],
        ["木工班组", "510722198503129000"],
    ]


@pytest.mark.parametrize("rows", [4, 3_000])
def test_biff_tells_what_is_hidden_without_result_or_an_error(rows: int) -> None:
    """A small file stands in the container's short sectors, a large one in its long ones."""
    workbook = xlwt.Workbook()
    workbook.dates_1904 = True
    page = workbook.add_sheet("花名册")
    for r in range(rows):
        page.write(r, 0, f"刘勇{r}")
        page.write(r, 1, r + 1)
    page.write(0, 2, xlwt.Formula("1+1"))
    page.row(1).set_cell_error(2, "#REF!")
    page.row(2).hidden = True
    page.col(1).hidden = True
    workbook.add_sheet("二").write(0, 0, 7)
    out = io.BytesIO()
    workbook.save(out)
    book = read_workbook(out.getvalue(), "花名册.xls")
    first, second = book.sheets
    assert book.date1904
    assert (first.hidden_rows, first.hidden_columns) == ({2}, {1})
    assert first.cell(0, 2).kind == "formula_missing"
    assert first.cell(1, 2) == Cell("#REF!", "error")
    assert [len(first.rows), first.cell(rows - 1, 1).value] == [rows, rows]
    assert (second.hidden_rows, second.hidden_columns) == (set(), set())


def test_a_biff_file_with_broken_bytes_is_read_or_refused_in_words() -> None:
    good = make_sheets.biff([["姓名", "实发工资"], *([f"刘勇{n}", n] for n in range(200))])
    for at in range(28, len(good), 397):
        broken = good[:at] + bytes((good[at] ^ 0x5A,)) + good[at + 1 :]
        with contextlib.suppress(Malformed):
            read_workbook(broken, "a.xls")


def test_reads_xml_spreadsheet_2003() -> None:
    data = make_sheets.xml2003(
        '<Column/><Column ss:Hidden="1"/><Row><Cell><Data ss:Type="String">刘勇</Data></Cell>'
        '<Cell ss:Index="3"><Data ss:Type="Number">5600.5</Data></Cell></Row>'
        '<Row ss:Index="3"><Cell><Data ss:Type="DateTime">2026-03-05T00:00:00.000</Data></Cell>'
        '<Cell ss:Formula="=1"><Data ss:Type="Number">0</Data></Cell>'
        '<Cell><Data ss:Type="Error">#REF!</Data></Cell></Row>'
    )
    workbook = read_workbook(data, "花名册.xls")
    assert workbook.form == "xml2003"
    sheet = workbook.sheets[0]
    assert texts(sheet) == [["刘勇", "", "5600.5"], [], ["2026-03-05", "0", "#REF!"]]
    assert [cell.kind for cell in sheet.rows[2]] == ["date", "formula_missing", "error"]
    assert sheet.hidden_columns == {1}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_reads_delimited_text(encoding: str, delimiter: str) -> None:
    rows = [["姓名", "身份证号", "金额"], ["𠅤䶮", "510722198503129000", '"5,600.00"'], ["王强", "", "1"]]
    data = "\r\n".join(delimiter.join(row) for row in rows).encode(encoding)
    workbook = read_workbook(data, "工资.csv")
    assert workbook.form == "csv"
    assert texts(workbook.sheets[0]) == [
        ["姓名", "身份证号", "金额"], ["𠅤䶮", "510722198503129000", "5,600.00"], ["王强", "", "1"],
    ]  # fmt: skip


def test_an_unquoted_thousands_comma_is_seen() -> None:
    sheet = only("姓名,金额\n刘勇,100\n王强,5,600.00\n张三,7\n".encode(), "a.csv")
    assert sheet.ragged_rows == {2}


@pytest.mark.parametrize(
    "lines",
    [
        ["姓名,金额", '"刘勇,100', "王强,200", "张三,7"],
        ["姓名,金额", '"刘勇,100', "王强,200", '"张三,7'],
        ["姓名,金额", '"刘勇",100', '"王强",200', '张三,7"'],
        ["姓名,金额", '刘勇,"100"元', "王强,200", "张三,7"],
    ],
)
def test_a_quote_that_nothing_closes_swallows_no_rows(lines: list[str]) -> None:
    sheet = only("\n".join(lines).encode(), "a.csv")
    assert [len(row) for row in sheet.rows] == [2, 2, 2, 2]
    assert [cell.text.strip('"') for cell in (row[0] for row in sheet.rows)] == [
        "姓名",
        "刘勇",
        "王强",
        "张三",
    ]


def test_a_break_inside_a_quoted_field_stays_in_it() -> None:
    assert texts(only('姓名,备注\n刘勇,"一\n二"\n'.encode(), "a.csv")) == [
        ["姓名", "备注"],
        ["刘勇", "一\n二"],
    ]


def test_a_space_in_the_last_cell_costs_nothing() -> None:
    sheet = only(
        make_sheets.raw_xlsx(
            '<row r="1"><c r="A1" t="inlineStr"><is><t>姓名</t></is></c></row>'
            '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t> </t></is></c></row>'
        )
    )
    assert texts(sheet) == [["姓名"]]
    assert sheet.note == "stray_cells"


def test_blank_rows_at_the_end_do_not_count() -> None:
    rows: list[list[Any]] = [["姓名"], *([" "] for _ in range(300))]
    assert len(only(make_sheets.xlsx(rows), max_rows=100).rows) == 1


def test_too_many_rows_are_refused() -> None:
    rows = [["姓名"], *([f"工人{n}"] for n in range(100))]
    assert len(only(make_sheets.xlsx(rows), max_rows=101).rows) == 101
    for data, name in ((make_sheets.xlsx(rows), "a.xlsx"), ("\n".join(r[0] for r in rows).encode(), "a.csv")):
        with pytest.raises(Malformed) as refused:
            read_workbook(data, name, max_rows=100)
        assert refused.value.code == "file.too_many_rows"
        assert "100" in refused.value.message


def test_writes_text_that_no_program_runs() -> None:
    dangerous = [
        '=HYPERLINK("http://x")',
        "+cmd|' /C calc'!A0",
        "-1+1",
        "@SUM(A1)",
        "\t=1",
        "http://x.example",
        "<b>",
    ]
    data = write_workbook([SheetOut("退回", [ColumnOut("原因")], [[text] for text in dangerous])])
    sheet = only(data)
    assert [row[0] for row in sheet.rows[1:]] == [Cell(text, "text") for text in dangerous]
    import zipfile
    from io import BytesIO

    xml = zipfile.ZipFile(BytesIO(data)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in xml
    assert b"hyperlink" not in xml


def test_writes_ids_as_text_money_as_yuan_and_lists() -> None:
    trades = [f"工种{n:03d}" for n in range(80)]
    data = write_workbook(
        [
            SheetOut(
                "花名册/模板",
                [ColumnOut("身份证号"), ColumnOut("工资", "money"), ColumnOut("进场", "date"),
                 ColumnOut("性别", choices=["男", "女"]), ColumnOut("工种", choices=trades, required=True)],
                [["510722198503129000", 560_010, date(2026, 3, 5), "男", "\x00木工"], [510722198503129000, None, "", None, ""]],
                title="花名册",
                marked=frozenset({(1, 0)}),
            ),
            SheetOut("花名册/模板", [ColumnOut("a")]),
        ]
    )  # fmt: skip
    workbook = read_workbook(data, "a.xlsx")
    assert [(s.name, s.visible) for s in workbook.sheets] == [
        ("花名册 模板", True), ("花名册 模板(2)", True), ("_lists", False),
    ]  # fmt: skip
    assert [c.value for c in workbook.sheets[0].rows[2]] == [
        "510722198503129000", 5600.1, date(2026, 3, 5), "男", "木工",
    ]  # fmt: skip
    assert workbook.sheets[0].rows[3][0] == Cell("510722198503129000", "text")


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("../../etc/花名册.xlsx", "花名册.xlsx"),
        ("C:\\a\\b.xls", "b.xls"),
        ("a\u202excod\x00.xlsx", "axcod.xlsx"),
        ("", "upload"),
        ('<img src="x">.csv', "_img src=_x__.csv"),
        ("名" * 300 + ".xlsx", "名" * 111 + ".xlsx"),
    ],
)
def test_file_names_are_made_safe(given: str, safe: str) -> None:
    assert sheets.safe_filename(given) == safe
