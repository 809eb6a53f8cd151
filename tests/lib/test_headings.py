"""Finding the table on the sheets that contractors really upload."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.lib import make_sheets
from wagewatch.lib.errors import Malformed
from wagewatch.lib.heading_names import PAYROLL_FIELDS, ROSTER_FIELDS
from wagewatch.lib.headings import Table, find_table, normalise_heading
from wagewatch.lib.sheets import read_workbook

HEAD = ["序号", "姓 名", "身份证\n号码*", "工种", "班组", "日工资（元/天）", "备注"]
LIU = ["1", "刘勇", "510722198503129000", "木工", "木工班组", "300", ""]
WANG = ["2", "王强", "510722198503129019", "木工", "木工班组", "310", ""]


def table(
    rows: Sequence[Sequence[Any]],
    fields: Mapping[str, Sequence[str]] = ROSTER_FIELDS,
    required: Sequence[str] = ("name", "id_number"),
) -> Table:
    return find_table(read_workbook(make_sheets.xlsx(rows), "a.xlsx").sheets[0], fields, required)


def names(found: Table) -> list[tuple[int, str]]:
    return [(row.number, row["name"].text) for row in found.data]


def skipped(found: Table) -> list[tuple[int, str]]:
    return [(row.number, row.reason) for row in found.skipped]


@pytest.mark.parametrize(
    ("written", "normal"),
    [("姓 名", "姓名"), ("日工资（元/天）", "日工资"), ("*身份证号码:", "身份证号码"), ("出勤\n天数(天)", "出勤天数"), ("Ｎｏ．", "no"),
     ("(天)", "天"), ("", "")],
)  # fmt: skip
def test_compares_headings_without_decoration(written: str, normal: str) -> None:
    assert normalise_heading(written) == normal


def test_every_spelling_belongs_to_one_field() -> None:
    for fields in (ROSTER_FIELDS, PAYROLL_FIELDS):
        seen: dict[str, str] = {}
        for name, spellings in fields.items():
            for spelling in spellings:
                assert seen.setdefault(normalise_heading(spelling), name) == name, spelling


def test_finds_the_table_below_a_title() -> None:
    found = table([["某某项目花名册 姓名"], ["编制单位：某某公司", "", "2026年5月"], HEAD, LIU, WANG])
    assert found.heading_rows == (3,)
    assert found.columns == {
        "row_number": 0, "name": 1, "id_number": 2, "trade": 3, "team": 4, "day_rate": 5, "note": 6,
    }  # fmt: skip
    assert found.headings["day_rate"].hint == "元/天"
    assert found.titles == ("某某项目花名册 姓名", "编制单位：某某公司", "2026年5月")
    assert names(found) == [(4, "刘勇"), (5, "王强")]


def test_finds_a_table_that_is_not_at_a1() -> None:
    found = table([[], [], *([None, None, *row] for row in (HEAD, LIU))])
    assert found.columns["name"] == 3
    assert names(found) == [(4, "刘勇")]


def test_sorts_out_totals_footers_repeats_and_blanks_with_a_reason() -> None:
    found = table(
        [
            HEAD,
            ["例", "张三", "510722198503129000", "木工", "", "300", ""],
            LIU,
            ["小计", "", "", "", "", "300", ""],
            [],
            HEAD,
            WANG,
            ["", "总 计", "", "", "", "610", ""],
            ["3", "", "", "", "", "", ""],
            ["本页合计", "", "", "", "", "610", ""],
            ["制表人：", "李四", "", "审核：", "", "", ""],
            ["备注：1. 本表一式三份。"],
        ]
    )
    assert names(found) == [(3, "刘勇"), (7, "王强")]
    assert skipped(found) == [
        (2, "example"), (4, "total"), (5, "blank"), (6, "heading"), (8, "total"), (9, "blank"), (10, "total"),
        (11, "footer"), (12, "footer"),
    ]  # fmt: skip


def test_nobody_is_dropped_for_missing_everything_but_a_name() -> None:
    found = table(
        [
            HEAD,
            ["", "刘勇", "", "", "", "", ""],
            ["2", "王强", "", "", "", "", ""],
            ["", "", "510722198503129000"],
        ]
    )
    assert [row.number for row in found.data] == [2, 3, 4]


def test_a_name_that_begins_like_a_total_is_a_person() -> None:
    found = table(
        [HEAD, ["1", "合计", "", "", "", "1", ""], ["2", "总小明", *LIU[2:]], ["3", "例行", *LIU[2:]]]
    )
    assert skipped(found) == [(2, "total")]
    assert names(found) == [(3, "总小明"), (4, "例行")]


def test_a_banner_names_the_team_of_the_rows_below() -> None:
    found = table([HEAD, ["木工班组"], LIU, ["", "钢筋二班", "", "", "", "", ""], WANG])
    assert [(row["name"].text, row.banner) for row in found.data] == [
        ("刘勇", "木工班组"),
        ("王强", "钢筋二班"),
    ]


def test_merged_banners_titles_and_teams() -> None:
    def fill(book: Any) -> None:
        page = book.add_worksheet()
        page.merge_range(0, 0, 0, 6, "花名册")
        page.write_row(1, 0, HEAD)
        page.merge_range(2, 0, 2, 6, "木工班组")
        page.write_row(3, 0, LIU)
        page.write_row(4, 0, WANG)
        page.write_blank(4, 4, None)
        page.merge_range(5, 4, 7, 4, "钢筋班组")
        page.write_row(5, 0, LIU[:4])

    found = find_table(
        read_workbook(make_sheets.book(fill, strings_to_numbers=False), "a.xlsx").sheets[0], ROSTER_FIELDS
    )
    assert [(row["name"].text, row["team"].text, row.banner) for row in found.data] == [
        ("刘勇", "木工班组", "木工班组"), ("王强", "木工班组", "木工班组"), ("刘勇", "钢筋班组", "木工班组"),
    ]  # fmt: skip
    assert skipped(found) == [(3, "banner")]


@pytest.mark.parametrize("merged", [True, False])
def test_reads_two_heading_rows_and_the_right_one_of_two_net_columns(merged: bool) -> None:
    upper = ["姓名", "身份证号", "基本工资", "", "", "财务审核", "", "签字"]
    lower = ["", "", "日工资", "出勤天数", "实发工资", "扣款", "实发工资", ""]

    def fill(book: Any) -> None:
        page = book.add_worksheet()
        for c, text in enumerate(upper):
            if text and merged and not lower[c]:
                page.merge_range(0, c, 1, c, text)
            elif text:
                page.write_string(0, c, text)
        if merged:
            page.merge_range(0, 2, 0, 4, "基本工资")
            page.merge_range(0, 5, 0, 6, "财务审核")
        for c, text in enumerate(lower):
            if text:
                page.write_string(1, c, text)
        page.write_row(2, 0, ["刘勇", "510722198503129000", 300, 20, 6000, 500, 5500])

    sheet = read_workbook(make_sheets.book(fill), "a.xlsx").sheets[0]
    found = find_table(sheet, PAYROLL_FIELDS, ("name", "id_number", "net"))
    assert [(row["name"].text, row["days"].value, row["net"].value) for row in found.data] == [
        ("刘勇", 20, 5500)
    ]
    assert [(h.column, h.group) for h in found.duplicates["net"]] == [(6, "财务审核"), (4, "基本工资")]
    assert found.columns["signature"] == 7


def test_takes_the_visible_one_of_two_columns() -> None:
    def fill(book: Any) -> None:
        page = book.add_worksheet()
        page.write_row(0, 0, ["姓名", "银行卡号", "银行卡号"])
        page.write_row(1, 0, ["刘勇", "a", "b"])
        page.set_column(1, 1, None, None, {"hidden": True})

    found = find_table(read_workbook(make_sheets.book(fill), "a.xlsx").sheets[0], ROSTER_FIELDS)
    assert found.columns["card_number"] == 2
    assert [h.hidden for h in found.duplicates["card_number"]] == [False, True]


def test_names_unknown_headings() -> None:
    found = table([[*HEAD, "血型"], [*LIU, "A"]])
    assert [(h.column, h.text) for h in found.unknown] == [(7, "血型")]


def test_says_which_column_is_missing() -> None:
    with pytest.raises(Malformed) as refused:
        table([["姓名", "工种"], ["刘勇", "木工"]])
    assert refused.value.code == "sheet.missing_columns"
    assert refused.value.facts["missing"] == "身份证号"
    with pytest.raises(Malformed) as refused:
        table([["a", "b"], ["c", "d"]])
    assert refused.value.code == "sheet.no_headings"


def test_ragged_lines_are_marked() -> None:
    data = "姓名,身份证号,实发工资\n刘勇,1,100\n王强,2,5,600.00\n张三,3,9\n".encode()
    found = find_table(read_workbook(data, "a.csv").sheets[0], PAYROLL_FIELDS, ("name", "net"))
    assert [row.ragged for row in found.data] == [False, True, False]
