"""OpenDocument spreadsheets, as LibreOffice and WPS write them."""

import datetime as dt

import pytest

from tests.lib.make_sheets import ods, ods_cell, ods_rows
from wagewatch.lib.errors import Malformed
from wagewatch.lib.sheets import Sheet, Workbook, read_workbook

ROW = "<table:table-row>{}</table:table-row>"
END = (
    '<table:table-row table:number-rows-repeated="1048500">'
    '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
)


def book(data: bytes) -> Workbook:
    return read_workbook(data, "工资.ods")


def sheet(body: str, **more: str) -> Sheet:
    return book(ods(("表", body), **more)).sheets[0]


def code(data: bytes) -> str:
    with pytest.raises(Malformed) as refused:
        book(data)
    return refused.value.code


def test_values_keep_their_kind() -> None:
    cells = (
        ods_cell("孙德旺")
        + ods_cell(7920.5)
        + '<table:table-cell office:value-type="date" office:date-value="2026-10-31"><text:p>26-10-31</text:p></table:table-cell>'
        + '<table:table-cell office:value-type="currency" office:currency="CNY" office:value="45"><text:p>￥45.00</text:p></table:table-cell>'
        + '<table:table-cell office:value-type="boolean" office:boolean-value="true"><text:p>真</text:p></table:table-cell>'
        + '<table:table-cell office:value-type="string"><office:annotation><text:p>批注</text:p></office:annotation>'
        + '<text:p>木工<text:s text:c="2"/>一<text:span>班</text:span></text:p><text:p>下行</text:p></table:table-cell>'
        + ods_cell(330722197811030011)
    )
    found = book(ods(("表", ">" + ROW.format(cells) + END)))
    row = found.sheets[0].rows[0]
    assert found.form == "ods"
    assert [(cell.value, cell.kind) for cell in row] == [
        ("孙德旺", "text"),
        (7920.5, "number"),
        (dt.date(2026, 10, 31), "date"),
        (45.0, "number"),
        (True, "bool"),
        ("木工  一班\n下行", "text"),
        (3.3072219781103e17, "number"),
    ]
    assert len(found.sheets[0].rows) == 1


def test_repeats_merges_and_blanks_keep_the_places() -> None:
    body = (
        '><table:table-row table:number-rows-repeated="3"><table:table-cell/></table:table-row>'
        '<table:table-row><table:table-cell table:number-columns-repeated="2"/>'
        '<table:table-cell table:number-columns-spanned="2" table:number-rows-spanned="2" '
        'office:value-type="string"><text:p>木工班</text:p></table:table-cell><table:covered-table-cell/></table:table-row>'
        '<table:table-row><table:table-cell/><table:table-cell/><table:covered-table-cell table:number-columns-repeated="2"/>'
        f"{ods_cell('尾')}</table:table-row>"
        f'<table:table-row table:number-rows-repeated="2">{ods_cell(7)}</table:table-row>' + END
    )
    found = sheet(body)
    assert [len(row) for row in found.rows] == [0, 0, 0, 4, 5, 1, 1]
    assert (found.cell(3, 2).merged, found.cell(4, 3).value, found.cell(4, 3).merged) == (
        False,
        "木工班",
        True,
    )
    assert [found.cell(r, 0).value for r in (5, 6)] == [7, 7]


def test_what_is_hidden_is_known() -> None:
    styles = (
        '<style:style style:name="ta1" style:family="table"><style:table-properties table:display="true"/></style:style>'
        '<style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style>'
    )
    body = (
        ' table:style-name="ta1"><table:table-column table:number-columns-repeated="2"/>'
        '<table:table-column table:visibility="collapse"/>'
        + ROW.format(ods_cell("甲"))
        + f'<table:table-row table:visibility="filter">{ods_cell("乙")}</table:table-row>'
    )
    old = ' table:style-name="ta2"' + ods_rows([["旧"]])
    found = book(ods(("本月", body), ("上月", old), styles=styles)).sheets
    assert [(one.name, one.visible) for one in found] == [("本月", True), ("上月", False)]
    assert (found[0].hidden_columns, found[0].hidden_rows) == ({2}, {1})


def test_formulas_without_a_result_and_errors() -> None:
    cells = (
        '<table:table-cell table:formula="of:=[.A1]" office:value-type="float" office:value="12"><text:p>12</text:p></table:table-cell>'
        '<table:table-cell table:formula="of:=[.A1]"/>'
        '<table:table-cell table:formula="of:=1/0" office:value-type="string" office:string-value="" '
        'calcext:value-type="error"><text:p>#DIV/0!</text:p></table:table-cell>'
    )
    row = sheet(">" + ROW.format(cells)).rows[0]
    assert [(cell.kind, cell.text) for cell in row] == [
        ("number", "12"), ("formula_missing", ""), ("error", "#DIV/0!"),
    ]  # fmt: skip


def test_a_table_inside_a_cell_is_not_read_as_rows() -> None:
    inner = f'<table:table-cell><table:table table:name="x">{ROW.format(ods_cell("里"))}</table:table></table:table-cell>'
    found = book(ods(("表", ">" + ROW.format(ods_cell("外") + inner) + ROW.format(ods_cell("下")))))
    assert [[cell.value for cell in row] for row in found.sheets[0].rows] == [["外"], ["下"]]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (ods(("表", ">" + END)), "file.empty"),
        (ods(("表", f'><table:table-row table:number-rows-repeated="1048576">{ods_cell(1)}</table:table-row>')), "file.too_many_rows"),
        (ods(("表", ods_rows([["a"]])), parts={"META-INF/manifest.xml": "<m:encryption-data xmlns:m='x'/>"}), "file.password"),
        (ods(("表", "><broken")), "file.damaged"),
        (ods(("表", ">"), parts={"content.xml": "<!DOCTYPE x [<!ENTITY e 'x'>]><x/>"}), "file.entities"),
        (ods(*[(f"S{n}", ods_rows([["a"]])) for n in range(201)]), "file.too_many_sheets"),
        (ods(("表", ods_rows([["a"]])))[:-40], "file.cut_off"),
        (ods(("表", ">" + " " * (400 * 1024 * 1024))), "file.zip_bomb"),
    ],
    ids=["blank", "rows", "password", "broken", "entities", "sheets", "cut", "bomb"],
)  # fmt: skip
def test_what_cannot_be_read_says_why(data: bytes, expected: str) -> None:
    assert code(data) == expected


def test_sixty_thousand_rows_are_read() -> None:
    rows = [["姓名", "金额"], *([f"工人{n}", n] for n in range(59_000))]
    assert len(sheet(ods_rows(rows)).rows) == 59_001
