"""Pay sheets as contractors send them, made by hand; of Sun (22 days at 360) and Zhou (21 days at 340)."""

import io
import zipfile
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import xlsxwriter

from tests.lib.make_sheets import biff, book, ods, ods_rows, xlsx

HEADS = ("序号", "姓名", "身份证号", "出勤天数", "应发工资", "扣款", "实发工资")


class People(NamedTuple):
    """The ID numbers."""

    sun: str
    zhou: str


class Sent(NamedTuple):
    """A file as it arrives."""

    data: bytes
    name: str


def good(p: People) -> list[tuple[Any, ...]]:
    """The plain table."""
    return [HEADS, (1, "孙德旺", p.sun, 22, 7920, 0, 7920), (2, "周长根", p.zhou, 21, 7140, 45, 7095)]


def text(rows: Sequence[Sequence[Any]], delimiter: str = ",") -> str:
    return "\r\n".join(delimiter.join(map(str, row)) for row in rows) + "\r\n"


def printed_form(p: People) -> bytes:
    """Merged title, two heading rows, an empty column, totals and signatures."""

    def fill(workbook: xlsxwriter.Workbook) -> None:
        page = workbook.add_worksheet("10月")
        page.merge_range("A1:L1", "某某项目部农民工工资发放表")
        page.merge_range("A2:F2", "编制单位：杭州某某劳务有限公司")
        page.merge_range("G2:L2", "2026 年 10 月")
        for c, head in (
            (0, "序号"),
            (1, "姓 名"),
            (2, "身份证号码"),
            (3, "工种"),
            (10, "实发工资（元）"),
            (11, "领款人签字"),
        ):
            page.merge_range(2, c, 3, c, head)
        page.merge_range(2, 4, 2, 6, "应发部分")
        page.merge_range(2, 7, 2, 8, "扣款部分")
        for c, head in ((4, "出勤天数"), (5, "单价"), (6, "应发工资"), (7, "借支"), (8, "伙食费")):
            page.write(3, c, head)
        page.write_row(4, 0, (1, "孙德旺", p.sun, "木工", 22, 360, 7920, 500, 0, "", 7420))
        page.write_row(5, 0, (2, "周长根", p.zhou, "瓦工", 21, 340, 7140, "", 45, "", 7095))
        page.merge_range("A7:D7", "合    计")
        page.write_row(6, 4, (43, "", 15060, 500, 45, "", 14515))
        page.merge_range("A8:L8", "人民币（大写）：壹万肆仟伍佰壹拾伍元整")
        page.merge_range(
            "A9:L9", "项目负责人：        劳资专管员：        班组长：        制表日期：2026年11月5日"
        )
        page.merge_range("A10:L10", "本人已核对出勤和金额，签字确认后不再有异议。")

    return book(fill)


def two_halves(p: People) -> bytes:
    """Printed in two halves side by side to save paper."""
    return xlsx(
        [
            ("姓名", "身份证号", "出勤天数", "实发工资", "", "姓名", "身份证号", "出勤天数", "实发工资"),
            ("孙德旺", p.sun, 22, 7920, "", "周长根", p.zhou, 21, 7140),
        ]
    )


def two_tables(p: People) -> bytes:
    """Two teams below each other, the second with its columns in another order."""
    return xlsx(
        [
            ("木工班",),
            ("姓名", "身份证号", "出勤天数", "应发工资", "扣款", "实发工资"),
            ("孙德旺", p.sun, 22, 7920, 20, 7900),
            ("瓦工班",),
            ("姓名", "身份证号", "应发工资", "扣款", "实发工资", "出勤天数"),
            ("周长根", p.zhou, 7140, 40, 7100, 21),
        ]
    )


def two_tables_that_look_right(p: People) -> bytes:
    """The second table has gross and net pay the other way round: every figure would pass for the other."""
    return xlsx(
        [
            ("姓名", "身份证号", "出勤天数", "应发工资", "实发工资"),
            ("孙德旺", p.sun, 22, 7920, 7920),
            ("小计", "", 22, 7920, 7920),
            ("姓名", "身份证号", "应发工资", "实发工资", "出勤天数"),
            ("周长根", p.zhou, 30, 30, 21),
            ("合计", "", 7950, 7950, 43),
        ]
    )


def halves_with_numbers(p: People) -> bytes:
    """As above, with row numbers and a shared title; the right half is shorter."""
    heads = ("序号", "姓名", "出勤天数", "实发工资", "签字")
    return xlsx(
        [
            ("2026年10月工资表",),
            (*heads, *heads),
            (1, "孙德旺", 22, 7920, "", 2, "周长根", 21, 7140, ""),
            ("", "合计", "", 7920, "", "", "合计", "", 7140),
        ]
    )


def halves_not_alike(p: People) -> bytes:
    return xlsx(
        [
            ("姓名", "身份证号", "出勤天数", "实发工资", "姓名", "实发工资", "出勤天数"),
            ("孙德旺", p.sun, 22, 7920, "周长根", 7140, 21),
        ]
    )


def unread_deductions(p: People) -> bytes:
    """Deductions in columns that nobody knows."""
    heads = ("姓名", "身份证号", "出勤天数", "应发工资", "伙食费", "工具费", "实发工资")
    return xlsx([heads, ("孙德旺", p.sun, 22, 7920, 300, 50, 7570), ("周长根", p.zhou, 21, 7140, 0, 0, 7140)])


def days_of_two_months(p: People) -> bytes:
    """A wage month from the 26th on: the days of two months, the pay at the right under no heading of its own."""

    def fill(workbook: xlsxwriter.Workbook) -> None:
        page = workbook.add_worksheet()
        page.merge_range(0, 2, 0, 7, "10月")
        page.merge_range(0, 8, 0, 11, "11月")
        page.write_row(
            1, 0, ("姓名", "身份证号", *range(26, 32), *range(1, 5), "出勤天数", "应发工资", "实发工资")
        )
        page.write_row(2, 0, ("孙德旺", p.sun, *["√"] * 10, 22, 7920, 7920))

    return book(fill)


def name_again_at_the_signature(p: People) -> bytes:
    """The name stands again where people sign, and net pay twice, as the real template has it."""
    heads = ("姓名", "身份证号", "出勤天数", "实发工资", "扣款", "实发工资", "姓名", "签字")
    return xlsx(
        [
            heads,
            ("孙德旺", p.sun, 22, 1, 0, 7920, "孙德旺", ""),
            ("周长根", p.zhou, 21, 1, 0, 7140, "周长根", ""),
        ]
    )


def two_allowances(p: People) -> bytes:
    heads = ("姓名", "身份证号", "出勤天数", "基本工资", "高温补贴", "奖金", "应发工资", "实发工资")
    return xlsx([heads, ("孙德旺", p.sun, 22, 7920, 300, 200, 8420, 8420)])


def slips(p: People) -> bytes:
    """Slips to be cut: the heading above every worker, a blank row below."""
    one, two = good(p)[1:]
    return xlsx([HEADS, one, (), HEADS, two, ()])


def attendance_and_pay(p: People) -> bytes:
    """A column for each day and the pay at the right."""
    heads = ("序号", "姓名", "身份证号", *range(1, 32), "合计", "单价", "应发", "借支", "实发", "签名")
    marks = ["√"] * 22 + [""] * 9
    return xlsx(
        [
            ("2026年10月考勤及工资表",),
            heads,
            (1, "孙德旺", p.sun, *marks, 22, 360, 7920, 0, 7920),
            (2, "周长根", p.zhou, *marks[1:], "", 21, 340, 7140, 0, 7140),
        ]
    )


def two_rows_a_person(p: People) -> bytes:
    """Normal hours and overtime in two rows, name and number merged over both."""

    def fill(workbook: xlsxwriter.Workbook) -> None:
        page = workbook.add_worksheet()
        page.write_row(0, 0, ("姓名", "身份证号", "类别", "出勤天数", "应发工资", "实发工资"))
        page.merge_range(1, 0, 2, 0, "孙德旺")
        page.merge_range(1, 1, 2, 1, p.sun)
        page.write_row(1, 2, ("正常", 22, 7920, 7920))
        page.write_row(2, 2, ("加班", "", 405, 405))
        page.write_row(3, 0, ("周长根", p.zhou, "正常", 21, 7140, 7140))

    return book(fill)


def months_side_by_side(p: People, first: str = "9月", second: str = "10月") -> bytes:
    """September beside October."""

    def fill(workbook: xlsxwriter.Workbook) -> None:
        page = workbook.add_worksheet()
        page.merge_range(0, 0, 1, 0, "姓名")
        page.merge_range(0, 1, 1, 1, "身份证号")
        page.merge_range(0, 2, 0, 4, first)
        page.merge_range(0, 5, 0, 7, second)
        page.write_row(1, 2, ("工日", "应发工资", "实发工资", "工日", "应发工资", "实发工资"))
        page.write_row(2, 0, ("孙德旺", p.sun, 20, 7200, 7200, 22, 7920, 7920))
        page.write_row(3, 0, ("周长根", p.zhou, 20, 6800, 6800, 21, 7140, 7140))

    return book(fill)


def teams_and_summary(p: People) -> bytes:
    """A sheet for each team, a summary with formulas, a roster and the marks."""

    def fill(workbook: xlsxwriter.Workbook) -> None:
        for name, row in (("木工班", good(p)[1]), ("瓦工班", good(p)[2])):
            page = workbook.add_worksheet(name)
            page.write_row(0, 0, HEADS)
            page.write_row(1, 0, row)
        page = workbook.add_worksheet("汇总")
        page.write_row(0, 0, ("班组", "人数", "应发工资", "实发工资"))
        page.write_row(1, 0, ("木工班", 1))
        page.write_formula(1, 2, "=SUM(木工班!E:E)", None, 7920)
        page.write_formula(1, 3, "=SUM(木工班!G:G)", None, 7920)
        roster = workbook.add_worksheet("花名册")
        roster.write_row(0, 0, ("姓名", "身份证号", "工种", "进场日期", "银行卡号"))
        roster.write_row(1, 0, ("孙德旺", p.sun, "木工", "2026.3.5", "6217000000000000001"))
        marks = workbook.add_worksheet("考勤")
        marks.write_row(0, 0, ("姓名", *range(1, 32)))
        marks.write_row(1, 0, ("孙德旺", *["√"] * 22))

    return book(fill)


def hidden_rows(p: People) -> bytes:
    """Last month's people are hidden by a filter, not deleted."""

    def fill(workbook: xlsxwriter.Workbook) -> None:
        page = workbook.add_worksheet()
        for r, row in enumerate(good(p)):
            page.write_row(r, 0, row)
        page.set_row(2, None, None, {"hidden": True})

    return book(fill)


def formulas_without_results(p: People) -> bytes:
    """As programs write formulas that nobody has opened in Excel."""

    def fill(workbook: xlsxwriter.Workbook) -> None:
        page = workbook.add_worksheet()
        for r, row in enumerate(good(p)):
            page.write_row(r, 0, row)
        for r in (1, 2):
            page.write_formula(r, 6, f"=E{r + 1}-F{r + 1}")

    return book(fill)


def picture_only(_p: People) -> bytes:
    """A photograph of the paper, pasted into a sheet."""
    import struct
    import zlib

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    png = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\x00\x00"))
        + chunk(b"IEND", b"")
    )

    def fill(workbook: xlsxwriter.Workbook) -> None:
        workbook.add_worksheet().insert_image(0, 0, "a.png", {"image_data": io.BytesIO(png)})

    return book(fill)


def million_rows(p: People) -> bytes:
    """Formats dragged down to the last row."""

    def fill(workbook: xlsxwriter.Workbook) -> None:
        page = workbook.add_worksheet()
        for r, row in enumerate(good(p)):
            page.write_row(r, 0, row)
        frame = workbook.add_format({"border": 1})
        for r in range(3, 30_000):
            page.write_blank(r, 0, None, frame)
        page.write_blank(1_048_575, 6, None, frame)

    return book(fill, constant_memory=False)


def with_macro(p: People) -> bytes:
    """A workbook with a (dead) macro."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx(good(p)))) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            new.writestr(info, old.read(info))
        new.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0 macro")
    return out.getvalue()


def locked() -> bytes:
    """What Excel makes of a password: an OLE container."""
    names = "".join(name.ljust(32, "\0") for name in ("EncryptionInfo", "EncryptedPackage"))
    return (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + names.encode("utf-16-le")).ljust(8192, b"\0")


def html(p: People) -> bytes:
    """A web page that a finance program calls .xls."""
    body = "".join("<tr>" + "".join(f"<td>{v}</td>" for v in row) + "</tr>" for row in good(p))
    return f'<html><head><meta charset="gb2312"></head><body><table border=1>{body}</table></body></html>'.encode(
        "gb18030"
    )


def zip_with(names: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in names.items():
            archive.writestr(name, content)
    return out.getvalue()


def changed(p: People, **fields: Any) -> bytes:
    """The plain table with fields of Sun's row changed."""
    places = dict(zip(("no", "name", "id", "days", "gross", "less", "net"), range(7), strict=True))
    rows = [list(row) for row in good(p)]
    for name, value in fields.items():
        rows[1][places[name]] = value
    return xlsx(rows)


FILES: dict[str, Callable[[People], Sent]] = {
    "printed form": lambda p: Sent(printed_form(p), "10月工资发放表.xlsx"),
    "two halves side by side": lambda p: Sent(two_halves(p), "工资.xlsx"),
    "two tables below each other": lambda p: Sent(two_tables(p), "工资.xlsx"),
    "two halves with row numbers": lambda p: Sent(halves_with_numbers(p), "工资.xlsx"),
    "two halves that are not alike": lambda p: Sent(halves_not_alike(p), "工资.xlsx"),
    "two tables that look right": lambda p: Sent(two_tables_that_look_right(p), "工资.xlsx"),
    "days of two months": lambda p: Sent(days_of_two_months(p), "工资.xlsx"),
    "name again at the signature": lambda p: Sent(name_again_at_the_signature(p), "工资.xlsx"),
    "unread deductions": lambda p: Sent(unread_deductions(p), "工资.xlsx"),
    "two allowances": lambda p: Sent(two_allowances(p), "工资.xlsx"),
    "other months": lambda p: Sent(months_side_by_side(p, "8月", "2026年9月"), "工资.xlsx"),
    "slips to be cut": lambda p: Sent(slips(p), "工资条.xlsx"),
    "attendance and pay": lambda p: Sent(attendance_and_pay(p), "考勤工资.xlsx"),
    "two rows a person": lambda p: Sent(two_rows_a_person(p), "工资.xlsx"),
    "months side by side": lambda p: Sent(months_side_by_side(p), "工资.xlsx"),
    "teams, summary, roster, marks": lambda p: Sent(teams_and_summary(p), "工资.xlsx"),
    "hidden rows": lambda p: Sent(hidden_rows(p), "工资.xlsx"),
    "formulas without results": lambda p: Sent(formulas_without_results(p), "工资.xlsx"),
    "picture only": lambda p: Sent(picture_only(p), "工资.xlsx"),
    "formats to the last row": lambda p: Sent(million_rows(p), "工资.xlsx"),
    "macro": lambda p: Sent(with_macro(p), "工资.xlsm"),
    "password": lambda _p: Sent(locked(), "工资.xlsx"),
    "web page named xls": lambda p: Sent(html(p), "工资.xls"),
    "web archive named xls": lambda _p: Sent(b'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="x"\r\n\r\n--x\r\n', "工资.xls"),
    "xls": lambda p: Sent(biff([list(row) for row in good(p)]), "工资.xls"),
    "xlsb": lambda _p: Sent(zip_with({"xl/workbook.bin": b"x", "[Content_Types].xml": b"<x/>"}), "工资.xlsb"),
    "ods": lambda p: Sent(ods(("工资", ods_rows(good(p)))), "工资.ods"),
    "csv in GB18030": lambda p: Sent(text(good(p)).encode("gb18030"), "工资.csv"),
    "csv with a mark and semicolons": lambda p: Sent(text(good(p), ";").encode("utf-8-sig"), "工资.csv"),
    "text with tabs": lambda p: Sent(text(good(p), "\t").encode("gb18030"), "工资.txt"),
    "text in UTF-16": lambda p: Sent(text(good(p), "\t").encode("utf-16"), "工资.txt"),
    "csv with bare thousands": lambda p: Sent(text(good(p)).replace("7920", "7,920.00").encode(), "工资.csv"),
    "headings only": lambda p: Sent(xlsx(good(p)[:1]), "工资.xlsx"),
    "nothing at all": lambda _p: Sent(xlsx([]), "工资.xlsx"),
    "no bytes": lambda _p: Sent(b"", "工资.xlsx"),
    "word": lambda _p: Sent(zip_with({"word/document.xml": b"<x/>"}), "工资.docx"),
    "zip of a spreadsheet": lambda p: Sent(zip_with({"10月.xlsx": xlsx(good(p))}), "工资.zip"),
    "pdf": lambda _p: Sent(b"%PDF-1.7 ...", "工资.pdf"),
    "photograph": lambda _p: Sent(b"\xff\xd8\xff\xe0 jpeg", "工资.jpg"),
    "ten thousands above": lambda p: Sent(xlsx([("2026年10月工资表", "", "", "单位：万元"), HEADS, (1, "孙德旺", p.sun, 22, 0.79, 0, 0.79)]), "工资.xlsx"),
    "ten thousands in a cell": lambda p: Sent(changed(p, gross="0.792万元", net="0.792万元"), "工资.xlsx"),
    "yuan in a cell": lambda p: Sent(changed(p, gross="7,920元整", net="￥７９２０．００元"), "工资.xlsx"),
    "blanks in amounts": lambda p: Sent(changed(p, gross="7 920.00", net=" 7920 "), "工资.xlsx"),
    "number as a number": lambda p: Sent(changed(p, id=float(p.sun[:17] + "0")), "工资.xlsx"),
    "number with .0": lambda p: Sent(changed(p, id=p.sun + ".0"), "工资.xlsx"),
    "number with blanks and a mark": lambda p: Sent(changed(p, id="'" + p.sun.lower() + " \u200b"), "工资.xlsx"),
    "number as a power": lambda p: Sent(changed(p, id="3.30722E+17"), "工资.xlsx"),
    "name with a remark": lambda p: Sent(changed(p, name="孙德旺（班长）"), "工资.xlsx"),
    "name in two lines": lambda p: Sent(changed(p, name="孙\n德 旺"), "工资.xlsx"),
    "deduction in words": lambda p: Sent(changed(p, less="饭卡45", net=7875), "工资.xlsx"),
    "negative deduction": lambda p: Sent(changed(p, less=-45, net=7875), "工资.xlsx"),
    "negative pay": lambda p: Sent(changed(p, gross=-7920, net=-7920), "工资.xlsx"),
    "brackets": lambda p: Sent(changed(p, gross="(7920)", net="(7920)"), "工资.xlsx"),
    "days with a half": lambda p: Sent(changed(p, days="22.0天"), "工资.xlsx"),
    "hours as days": lambda p: Sent(changed(p, days=176), "工资.xlsx"),
    "the same worker twice": lambda p: Sent(xlsx([*good(p), (3, "孙德旺", p.sun, 2, 720, 0, 720)]), "工资.xlsx"),
    "another month": lambda p: Sent(xlsx([("2026年9月份工资表",), *good(p)]), "9月工资.xlsx"),
    "bank's upload form": lambda p: Sent(xlsx([("序号", "姓名", "帐号", "金额", "身份证"), (1, "孙德旺", "6217000000000000001", 7920, p.sun)]), "代发.xlsx"),
    "unknown headings": lambda p: Sent(xlsx([("工友", "证件", "出工", "到账"), ("孙德旺", p.sun, 22, 7920)]), "工资.xlsx"),
    "amount in words too": lambda p: Sent(xlsx([("姓名", "身份证号", "出勤天数", "实发工资", "实发金额（大写）"), ("孙德旺", p.sun, 22, 7920, "柒仟玖佰贰拾元整")]), "工资.xlsx"),
    "roster": lambda p: Sent(xlsx([("姓名", "身份证号", "工种"), ("孙德旺", p.sun, "木工")]), "花名册.xlsx"),
    "marks only": lambda _p: Sent(xlsx([("姓名", *range(1, 32)), ("孙德旺", *["√"] * 22)]), "考勤.xlsx"),
    "empty columns": lambda p: Sent(xlsx([[x for v in row for x in (v, "")] for row in good(p)]), "工资.xlsx"),
    "total without a word": lambda p: Sent(xlsx([*good(p), ("", "", "", 43, 15060, 45, 15015)]), "工资.xlsx"),
    "signature in the name column": lambda p: Sent(xlsx([*good(p), ("", "制表：兰晓", "", "", "审核：", "", ""), ("", "本页小计", "", 43, 15060, 45, 15015)]), "工资.xlsx"),
    "same as above": lambda p: Sent(xlsx([("班组", *HEADS), ("木工", *good(p)[1]), ("同上", *good(p)[2])]), "工资.xlsx"),
}  # fmt: skip
