"""Everything that real rosters do wrong, item by item, each as a file that goes the whole way.

The numbers are those of the catalogue of shapes: layout 1-15, ID numbers 16-30, names 31-35, dates 36-40,
phones and cards 41-45, people 46-48, amounts 49-55, formulas 56-58, files 59-75. The expected outcome is
written as one text per row: the verdict, then what stops the row, then ``~`` what asks to look at it. A
file refused whole is written ``! code``.

Not here, because a roster has none of it: 5 (two columns for net pay), 15, 48, 51, 52, 53 and 74 are pay
sheets: tests/payroll/test_uploads.py and tests/lib/test_headings.py. 66-69, 71 and 72 as attacks, with limits on
time and memory: tests/lib/test_hostile_files.py and tests/faults/test_hostile_rosters.py. 68 with 50,000 rows:
tests/faults/test_large_roster.py. 75: tests/registration/test_pages.py.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pytest

from registration.models import RosterRow, RosterUpload
from tests.cast import Cast
from tests.lib import make_sheets
from tests.lib.test_hostile_files import GOOD, LAUGHS, bomb, ole_with, zip_of
from tests.registration.rosters import HEADINGS, applied, person, staged
from wagewatch.lib.identity import make_id_number

HEAD = list(HEADINGS)
NEW = ["new"]
Rows = list[list[Any]]


def row(number: int, **changes: Any) -> list[Any]:
    """A good row in the order of HEAD, with changes by heading."""
    made = person(number, **changes)
    return [made[heading] for heading in HEAD]


def only(*headings: str, number: int = 1, **changes: Any) -> list[Any]:
    made = person(number, **changes)
    return [made.get(heading) for heading in headings]


def sheets(*pages: tuple[str, Rows], hidden: str = "", options: dict[str, Any] | None = None) -> bytes:
    """A workbook of several sheets; the one named ``hidden`` is hidden."""

    def fill(book: Any) -> None:
        for name, rows in pages:
            page = book.add_worksheet(name)
            for r, values in enumerate(rows):
                for c, value in enumerate(values):
                    if isinstance(value, str):
                        page.write_string(r, c, value)
                    elif value is not None:
                        page.write_number(r, c, value)
            if name == hidden:
                page.hide()

    return make_sheets.book(fill, **(options or {}))


def filled(fill: Callable[[Any, Any], None], rows: Rows) -> bytes:
    """One sheet with rows from A1, then something done to it."""

    def write(book: Any) -> None:
        page = book.add_worksheet("花名册")
        for r, values in enumerate(rows):
            for c, value in enumerate(values):
                if isinstance(value, str):
                    page.write_string(r, c, value)
                elif value is not None:
                    page.write_number(r, c, value)
        fill(book, page)

    return make_sheets.book(write)


def delimited(rows: Rows, encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    lines = [delimiter.join("" if v is None else str(v) for v in values) for values in rows]
    return "\r\n".join(lines).encode(encoding)


def html(rows: Rows) -> bytes:
    lines = ["<tr>" + "".join(f"<td>{v or ''}</td>" for v in values) + "</tr>" for values in rows]
    return (
        "<html><head><meta charset='gbk'></head><body><table>" + "".join(lines) + "</table></body></html>"
    ).encode("gb18030")


def xml2003(rows: Rows) -> bytes:
    def cell(value: Any) -> str:
        kind = "Number" if isinstance(value, (int, float)) else "String"
        return f'<Cell><Data ss:Type="{kind}">{"" if value is None else value}</Data></Cell>'

    return make_sheets.xml2003("".join("<Row>" + "".join(map(cell, r)) + "</Row>" for r in rows))


def outcome(upload: RosterUpload) -> list[str]:
    """One text per row, or ``! code`` of a file refused whole."""
    if upload.state != "staged":
        return [f"! {upload.error_code or upload.state}"]
    found = []
    for kept in RosterRow.objects.filter(upload=upload).order_by("row"):
        stops = [m["code"] for m in kept.messages if m["kind"] == "stop"]
        warns = ["~" + m["code"] for m in kept.messages if m["kind"] == "warn"]
        found.append(" ".join([kept.verdict, *stops, *warns]))
    return found


def one(**changes: Any) -> bytes:
    """A roster of one person with changes by heading."""
    return make_sheets.xlsx([HEAD, row(1, **changes)])


def renamed(**names: str) -> bytes:
    """A good roster with other headings."""
    return make_sheets.xlsx([[names.get(h, h) for h in HEAD], row(1)])


def _merged_teams(_book: Any, page: Any) -> None:
    page.merge_range(1, 4, 3, 4, "钢筋班组")


def _hide(_book: Any, page: Any) -> None:
    page.set_row(2, None, None, {"hidden": True})
    page.set_column(6, 6, None, None, {"hidden": True})


def _formula(_book: Any, page: Any) -> None:
    page.write_formula(1, 1, '=TEXT(A1,"0")')  # the writer stores 0, as many programs do
    page.write_formula(2, 5, "=1/0", None, "#DIV/0!")
    page.write_formula(3, 5, "=300+60", None, 360)


def _date_cell(book: Any, page: Any) -> None:
    page.write_datetime(1, 8, date(2026, 11, 16), book.add_format({"num_format": "yyyy-mm-dd"}))


ID = str(person(1)["身份证号"])
X_ENDED = next(
    i for i in (make_id_number("330723", date(1980, 1, 2), n) for n in range(999)) if i.endswith("X")
)
ENDS_000 = next(
    i for i in (make_id_number("330723", date(1980, 1, d), 0) for d in range(1, 29)) if i.endswith("000")
)
MAN = make_id_number("330723", date(1985, 5, 5), 17)
TWO_UP = ["姓名", "身份证号", "工作", "", "工资", "工资卡", ""]
TWO_DOWN = ["", "", "班组", "工种", "日工资", "银行卡号", "开户行"]
TWO_ROW = only("姓名", "身份证号", "班组", "工种", "日工资", "银行卡号", "开户行")
TEAMLESS = [h for h in HEAD if h != "班组"]

LAYOUT: list[tuple[str, bytes, list[str]]] = [
    ("1 a title with words of headings", make_sheets.xlsx([["项目工人姓名及身份证号一览"], ["编制单位：某某公司", "", "2026年11月"], HEAD, row(1)]), NEW),
    ("2 not at A1", make_sheets.xlsx([[], [], *([None, None, *r] for r in (HEAD, row(1)))]), NEW),
    ("3 totals, signatures, notes", make_sheets.xlsx([HEAD, row(1), ["合计", "", "", "", "", 360], ["制表人：", "李四"], ["备注：本表一式三份。"]]), NEW),
    ("4 two heading rows", make_sheets.xlsx([["花名册"], TWO_UP, TWO_DOWN, TWO_ROW]), ["new ~phone.none"]),
    ("5 a heading twice, one hidden", filled(lambda _b, p: p.set_column(9, 9, None, None, {"hidden": True}), [[*HEAD, "银行卡号"], [*row(1), "1234"]]), NEW),
    ("6 headings with spaces, breaks, stars, units", renamed(姓名="姓 名", 身份证号="*身份证\n号码：", 日工资="日工资（元/天）", 进场时间="进场日期 ★"), NEW),
    ("7 a team in a cell merged downwards", filled(_merged_teams, [HEAD, row(1), row(2, 班组=None), row(3, 班组=None), row(4, 班组=None)]), ["new", "new", "new", "refused team.missing"]),
    ("8 the team in a banner row", make_sheets.xlsx([TEAMLESS, ["木工班组"], only(*TEAMLESS), ["钢筋二班"], only(*TEAMLESS, number=2)]), ["new", "new"]),
    ("8 the team in the name of the sheet", make_sheets.xlsx([TEAMLESS, only(*TEAMLESS)], name="瓦工班"), NEW),
    ("9 headings repeated on each page", make_sheets.xlsx([HEAD, row(1), HEAD, row(2)]), ["new", "new"]),
    ("10 subtotals under the name", make_sheets.xlsx([HEAD, row(1), ["小 计", "", "", "", "", 360], row(2), ["总 计", "", "", "", "", 720]]), ["new", "new"]),
    ("11 a sheet per team, a summary, attendance", sheets(("木工班", [HEAD, row(1), row(2)]), ("瓦工班", [HEAD, row(3)]), ("汇总", [HEAD, row(1), row(2), row(3)]), ("考勤表", [["姓名", "1", "2", "3"], ["孔乙", "√", "√", ""]])), ["new", "new", "new"]),
    ("11 two sheets with the same person", sheets(("一", [HEAD, row(1)]), ("二", [HEAD, row(1), row(2)])), ["new", "refused person.twice", "new"]),
    ("12 a hidden sheet", sheets(("花名册", [HEAD, row(1)]), ("旧", [HEAD, row(2)]), hidden="旧"), NEW),
    ("12 hidden row and column", filled(_hide, [HEAD, row(1), row(2)]), ["new", "new ~row.hidden"]),
    ("13 an example and a sheet of instructions", sheets(("花名册", [HEAD, ["示例：张三", MAN, *row(5)[2:]], row(1)]), ("填写说明", [["1. 身份证号为文本"], ["2. 不要合并单元格"]])), NEW),
    ("14 blank rows, numbers that begin again, unknown columns", make_sheets.xlsx([["序号", *HEAD, "血型"], [1, *row(1), "A"], [], [1, *row(2), "B"], [2, *row(3), ""]]), ["new", "new", "new"]),
]  # fmt: skip
CELLS: list[tuple[str, bytes, list[str]]] = [
    ("16 the ID number as a number", one(身份证号=float(make_id_number("330723", date(1980, 1, 2), 11)[:17] + "0")), ["refused id.number_cell"]),
    ("17 a damaged number that passes the check", one(身份证号=510722198503129000.0), ["refused id.number_cell"]),
    ("18 5.1E+17 as text", one(身份证号="5.10722E+17"), ["refused id.scientific"]),
    ("19 a good number that ends in 000", one(身份证号=ENDS_000), NEW),
    ("20 letters that look like X", one(身份证号=X_ENDED[:-1] + "Х"), NEW),
    ("20 a multiplication sign", one(身份证号=X_ENDED[:-1] + "×"), NEW),
    ("21 full-width digits", one(身份证号=ID.translate({ord(str(d)): chr(0xFF10 + d) for d in range(10)})), NEW),
    ("22 quotes and formula tricks", make_sheets.xlsx([HEAD, row(1, 身份证号="'" + ID), row(2, 身份证号=f'="{person(2)["身份证号"]}"')]), ["new", "new"]),
    ("23 spaces, no-break, zero-width, direction marks", one(身份证号=f"\u200e{ID[:6]}\u00a0{ID[6:14]}\u200b {ID[14:]}\n"), NEW),
    ("24 a wrong digit", one(身份证号=ID[:9] + str((int(ID[9]) + 1) % 10) + ID[10:]), ["refused id.checksum"]),
    ("25 fifteen digits", one(身份证号="330723800102001"), ["refused id.fifteen_digits"]),
    ("25 seventeen characters", one(身份证号=ID[:17]), ["refused id.length"]),
    ("25 masked", one(身份证号=ID[:6] + "********" + ID[14:]), ["refused id.masked"]),
    ("26 the thirtieth of February", one(身份证号="330723198002300017"), ["refused id.birth_date"]),
    ("26 born in 2099", one(身份证号="330723209901010017"), ["refused id.birth_date"]),
    ("27 an abolished county", one(身份证号=make_id_number("330126", date(1980, 1, 2), 11)), NEW),
    ("27 no such province", one(身份证号="990723198001020015"), ["refused id.province"]),
    ("28 residence permits", make_sheets.xlsx([HEAD, *(row(n, 身份证号=make_id_number(f"{p}0000", date(1980, 1, 2), n)) for n, p in enumerate(("81", "82", "83"), 1))]), ["new"] * 3),
    ("29 the sex contradicts", make_sheets.xlsx([[*HEAD, "性别"], [*row(1, 身份证号=MAN), "女"]]), ["new ~id.sex"]),
    ("30 under 16", one(身份证号=make_id_number("330723", date(2011, 4, 1), 17)), ["refused age.too_young"]),
    ("30 sixteen, and over sixty", make_sheets.xlsx([HEAD, row(1, 身份证号=make_id_number("330723", date(2009, 4, 1), 17)), row(2, 身份证号=make_id_number("330723", date(1958, 4, 1), 17))]), ["new ~age.young", "new ~age.old"]),
    ("31 spaces and breaks in names", make_sheets.xlsx([HEAD, row(1, 姓名="刘 勇"), row(2, 姓名="王\n强"), row(3, 姓名="\u00a0张三\u3000")]), ["new"] * 3),
    ("32 dots of every kind", make_sheets.xlsx([HEAD, *(row(n, 姓名=f"买买提{dot}艾力") for n, dot in enumerate("·•・∙●", 1))]), ["new"] * 5),
    ("33 rare characters", make_sheets.xlsx([HEAD, row(1, 姓名="㐂明"), row(2, 姓名="𠅤䶮"), row(3, 姓名="李\ue863")]), ["new"] * 3),
    ("34 hints, stars, two names, ditto", make_sheets.xlsx([HEAD, row(1, 姓名="孔乙（班长）"), row(2, 姓名="孔丙*"), row(3, 姓名="孔丁、孔戊"), row(4, 姓名="同上")]), ["refused name.hint", "refused name.hint", "refused name.several", "refused name.ditto"]),
    ("35 two people of the same name", make_sheets.xlsx([HEAD, row(1, 姓名="王强"), row(2, 姓名="王强")]), ["new", "new"]),
    ("36 a serial number as day", one(进场时间=46342), NEW),
    ("36 a date cell", filled(_date_cell, [HEAD, row(1)]), NEW),
    ("37 days as people write them", make_sheets.xlsx([HEAD, *(row(n, 进场时间=text) for n, text in enumerate(("2026.3.5", "2026年3月5日", "20260305", "26.3.5", "2026/3/5"), 1))]), ["new"] * 5),
    ("38 2026.10 that became 2026.1", one(进场时间=2026.1), ["refused date.no_day"]),
    ("39 no day, 2062, unclear order", make_sheets.xlsx([HEAD, row(1, 进场时间="2026-11"), row(2, 进场时间="2062-11-16"), row(3, 进场时间="05/03/2026")]), ["refused date.no_day", "refused date.ahead ~age.old", "refused date.unclear"]),
    ("40 the 1904 system", sheets(("花名册", [HEAD, row(1, 进场时间=44880)]), options={"date_1904": True}), NEW),
    ("41 +86, spaces, two numbers", make_sheets.xlsx([HEAD, row(1, 联系电话="+86 139 0000 0001"), row(2, 联系电话="13900000002/13900000003")]), ["new", "refused phone.several"]),
    ("42 1.3E+10 and a decimal point", make_sheets.xlsx([HEAD, row(1, 联系电话="1.3E+10"), row(2, 联系电话="13900000002.0"), row(3, 联系电话=13900000003)]), ["refused phone.scientific", "new", "new"]),
    ("43 the card as a number", one(银行卡号=6222020000000010016.0), ["refused card.number_cell"]),
    ("44 check digit, bank and card swapped", make_sheets.xlsx([HEAD, row(1, 银行卡号=str(person(1)["银行卡号"])[:-1] + str((int(str(person(1)["银行卡号"])[-1]) + 1) % 10)), row(2, 银行卡号="金华商贸银行", 开户行=person(2)["银行卡号"])]), ["new ~card.luhn", "refused card.characters"]),
    ("45 one card for two", make_sheets.xlsx([HEAD, row(1), row(2, 银行卡号=person(1)["银行卡号"])]), ["refused card.shared", "refused card.shared"]),
    ("46 the same person twice", make_sheets.xlsx([HEAD, row(1), row(1)]), ["new", "refused person.twice"]),
    ("47 one number, two names", make_sheets.xlsx([HEAD, row(1), row(1, 姓名="孔庚")]), ["refused person.twice_differs", "refused person.twice"]),
    ("49 currency signs", make_sheets.xlsx([HEAD, row(1, 日工资="￥360.00"), row(2, 日工资="３６０元"), row(3, 日工资="1,360")]), ["new", "new", "new"]),
    ("50 words, ten-thousands, exponents", make_sheets.xlsx([HEAD, row(1, 日工资="叁佰陆拾"), row(2, 日工资="0.036万"), row(3, 日工资="3.6E2")]), ["refused money.chinese_numerals", "refused money.unit", "refused money.exponent"]),
    ("51 negatives", make_sheets.xlsx([HEAD, row(1, 日工资=-360), row(2, 日工资="(360)")]), ["refused money.negative", "refused money.negative"]),
    ("54 no numbers, twenty digits", make_sheets.xlsx([HEAD, row(1, 日工资="NaN"), row(2, 日工资="Infinity"), row(3, 日工资="1" * 20)]), ["refused money.not_a_number", "refused money.not_a_number", "refused money.too_large"]),
    ("55 blanks of every kind", make_sheets.xlsx([HEAD, *(row(n, 银行卡号=text, 联系电话=text) for n, text in enumerate(("-", "/", "无", ""), 1))]), ["new ~phone.none ~card.none"] * 4),
    ("56-58 formulas without, with stale and with broken results", filled(_formula, [HEAD, row(1, 身份证号=None), row(2, 日工资=None), row(3, 日工资=None)]), ["refused cell.formula", "refused cell.formula", "new"]),
]  # fmt: skip
FILES: list[tuple[str, bytes, str, list[str]]] = [
    ("59 GBK", delimited([HEAD, row(1, 姓名="𠅤䶮")], "gb18030"), "名单.csv", NEW),
    ("60 UTF-8 with mark", delimited([HEAD, row(1)], "utf-8-sig"), "a.csv", NEW),
    ("60 UTF-16", delimited([HEAD, row(1)], "utf-16", "\t"), "a.txt", NEW),
    ("61 an unquoted comma in an amount", delimited([HEAD, row(1, 日工资="1,360.00"), row(2)]), "a.csv", ["*ragged", "new"]),
    ("62 BIFF", make_sheets.biff([HEAD, row(1)]), "花名册.xls", NEW),
    ("62 BIFF with an ID number as number", make_sheets.biff([HEAD, row(1, 身份证号=510722198503129000.0)]), "花名册.xls", ["refused id.number_cell"]),
    ("63 HTML named .xls", html([HEAD, row(1)]), "花名册.xls", NEW),
    ("63 XML 2003 named .xls", xml2003([HEAD, row(1)]), "花名册.xls", NEW),
    ("63 an .xlsx named .xls", make_sheets.xlsx([HEAD, row(1)]), "花名册.xls", NEW),
    ("64 a password", ole_with("EncryptedPackage", "EncryptionInfo"), "a.xlsx", ["! file.password"]),
    ("65 a bomb", bomb(), "a.xlsx", ["! file.zip_bomb"]),
    ("66 entities", make_sheets.raw_xlsx("<row/>", prologue=LAUGHS), "a.xlsx", ["! file.entities"]),
    ("67 formulas and markup as names", delimited([HEAD, row(1, 姓名='=HYPERLINK("http://x")'), row(2, 姓名="+cmd|'/C calc'!A0"), row(3, 姓名="@SUM(A1)"), row(4, 姓名="<b>孔</b>")], delimiter="\t"), "a.txt", ["refused name.hint", "refused name.characters", "refused name.hint", "refused name.characters"]),
    ("68 three thousand sheets", make_sheets.raw_xlsx('<row r="1"><c r="A1"><v>1</v></c></row>', sheets=3000), "a.xlsx", ["! file.too_many_sheets"]),
    ("70 nothing", b"", "a.xlsx", ["! file.empty"]),
    ("70 headings only", make_sheets.xlsx([HEAD]), "a.xlsx", ["! file.no_rows"]),
    ("71 a picture", b"\x89PNG\r\n\x1a\n" + bytes(200), "a.xlsx", ["! file.picture"]),
    ("71 a document", zip_of({"word/document.xml": b"<x/>"}), "a.xlsx", ["! file.word"]),
    ("72 cut off", GOOD[: len(GOOD) // 2], "a.xlsx", ["! file.cut_off"]),
    ("73 a pay sheet", make_sheets.xlsx([["姓名", "身份证号", "出勤天数", "实发工资"], ["孔乙", ID, 22, 7920]]), "a.xlsx", ["! file.pay_sheet"]),
    ("73 no ID numbers at all", make_sheets.xlsx([["姓名", "电话"], ["孔乙", "13900000001"]]), "a.xlsx", ["! sheet.missing_columns"]),
    ("73 ID numbers under an unknown heading", make_sheets.xlsx([["姓名", "号"], ["孔乙", ID]]), "a.xlsx", ["! naming"]),
    ("73 no table", make_sheets.xlsx([["通知"], ["请各班组于周五前交花名册"]]), "a.xlsx", ["! sheet.no_headings"]),
]  # fmt: skip


def _ids(cases: Sequence[tuple[Any, ...]]) -> list[str]:
    return [re.sub(r"[^0-9A-Za-z]+", "-", case[0]) for case in cases]


@pytest.mark.parametrize("case", LAYOUT, ids=_ids(LAYOUT))
def test_layouts(cast: Cast, case: tuple[str, bytes, list[str]]) -> None:
    assert outcome(staged(cast, case[1])) == case[2]


@pytest.mark.parametrize("case", CELLS, ids=_ids(CELLS))
def test_cells(cast: Cast, case: tuple[str, bytes, list[str]]) -> None:
    assert outcome(staged(cast, case[1])) == case[2]


@pytest.mark.parametrize("case", FILES, ids=_ids(FILES))
def test_files(cast: Cast, case: tuple[str, bytes, str, list[str]]) -> None:
    _item, data, name, expected = case
    found = outcome(staged(cast, data, filename=name))
    if expected[0] == "*ragged":
        assert "row.ragged" in found[0]
        found, expected = found[1:], expected[1:]
    assert found == expected


def test_teams_come_from_where_they_stand(cast: Cast) -> None:
    """7 and 8: merged cells fill their range only, banners the rows below, a sheet's name all its rows."""
    from registration.models import Posting

    rows = [TEAMLESS, ["木工班组"], only(*TEAMLESS), ["钢筋二班"], only(*TEAMLESS, number=2)]
    applied(cast, make_sheets.xlsx(rows))
    applied(cast, make_sheets.xlsx([TEAMLESS, only(*TEAMLESS, number=3)], name="瓦工班"))
    merged = [HEAD, row(4), row(5, 班组=None), row(6, 班组=None)]
    applied(cast, filled(_merged_teams, merged))
    found = Posting.objects.filter(project=cast.project, pin__gt=2).order_by("pin")
    assert [p.team.name for p in found.select_related("team")] == [
        "木工班组", "钢筋二班", "瓦工班", "钢筋班组", "钢筋班组", "钢筋班组",
    ]  # fmt: skip


def test_the_page_says_what_was_left_out(cast: Cast) -> None:
    """11-14: sheets, rows and columns that were not read are named."""
    data = sheets(
        ("木工班", [HEAD, row(1), ["合计", "", "", "", "", 360]]),
        ("瓦工班", [[*HEAD, "血型"], [*row(2), "A"]]),
        ("汇总", [HEAD, row(1), row(2)]),
        ("旧", [HEAD, row(9)]),
        ("填写说明", [["身份证号为文本"]]),
        hidden="旧",
    )
    upload = staged(cast, data)
    assert [s["name"] for s in upload.reading["sheets"]] == ["木工班", "瓦工班"]
    assert {o["sheet"]: o["reason"] for o in upload.reading["left_out"]} == {
        "汇总": "summary",
        "旧": "hidden",
        "填写说明": "no_table",
    }
    assert upload.reading["sheets"][0]["skipped"] == [{"row": 3, "reason": "total"}]
    assert upload.reading["sheets"][1]["columns"][-1]["field"] == ""
    client = cast.client(cast.zhao)
    page = client.get(f"/people/{cast.project.pk}/rosters/{upload.pk}/").content.decode()
    for text in ("汇总", "旧", "填写说明", "血型", "第 3 行合计行"):
        assert text in page, text


def test_a_summary_with_somebody_who_is_nowhere_else_is_read(cast: Cast) -> None:
    """11: nobody gets lost because a sheet looks like a summary."""
    data = sheets(
        ("木工班", [HEAD, row(1)]), ("瓦工班", [HEAD, row(2)]), ("汇总", [HEAD, row(1), row(2), row(3)])
    )
    assert outcome(staged(cast, data)) == [
        "new", "new", "refused person.twice", "refused person.twice", "new",
    ]  # fmt: skip


def test_a_space_in_the_last_cell_and_a_thousand_far_ones(cast: Cast) -> None:
    """69: a single stray cell costs nothing and is told; a field of them is refused."""
    rows = "".join(
        f'<row r="{r}">' + "".join(
            f'<c r="{chr(65 + c)}{r}" t="inlineStr"><is><t>{value}</t></is></c>' for c, value in enumerate(values)
        ) + "</row>"
        for r, values in enumerate((HEAD, row(1)), 1)
    )  # fmt: skip
    far = '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t> </t></is></c></row>'
    assert outcome(staged(cast, make_sheets.raw_xlsx(rows + far))) == NEW
    many = "".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(3, 3000))
    assert outcome(staged(cast, make_sheets.raw_xlsx(rows + many))) == ["! file.too_wide"]
