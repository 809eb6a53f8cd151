"""Invented people of the journeys and the files that clerks make of them; no Django."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import xlsxwriter

from wagewatch.lib.identity import luhn_ok, make_id_number

PASSWORD = "correct-horse-8"
HEADINGS = (
    "序号",
    "姓名",
    "身份证号码",
    "联系电话",
    "工种",
    "班组",
    "日工资",
    "进场时间",
    "工资卡号",
    "开户行",
)
_GIVEN = "德旺长根小妹国强志明玉兰建军永福春生海波文华水林金宝天云红梅"


@dataclass(frozen=True)
class Person:
    """What a clerk writes down about somebody."""

    name: str
    id_number: str
    phone: str
    card: str
    trade: str = "木工"
    team: str = "木工一班"
    yuan: int = 360


def card_number(serial: int, ending: str = "") -> str:
    """A synthetic 19-digit card number that passes the Luhn check, with a chosen ending if asked for."""
    last = ending or f"{serial % 900 + 10:03d}8"
    return next(
        number
        for d in range(10)
        if luhn_ok(number := f"621700{serial:08d}{d}{last}")
    )  # fmt: skip


def crew(count: int, *, start: int) -> list[Person]:
    """`count` people with numbers of their own from `start` on."""
    return [
        Person(
            name="孙周吴郑冯陈褚卫"[n % 8] + _GIVEN[n * 2 % len(_GIVEN)] + _GIVEN[(n * 2 + 1) % len(_GIVEN)],
            id_number=make_id_number(
                "411300", date(1980 + (start + n) // 1000, 1 + n % 12, 1 + n % 28), (start + n) % 1000
            ),
            phone=f"1990001{start + n:04d}",
            card=card_number(start + n),
        )
        for n in range(count)
    ]


def roster_file(people: Sequence[Person], joined: date) -> bytes:
    """A tidy roster."""
    return _file([_row(n, p, joined) for n, p in enumerate(people, start=1)], title="")


def messy_roster(good: Sequence[Person], bad: Sequence[Person], joined: date, *, numeric: Person) -> bytes:
    """A roster as contractors really have it: a title over merged cells, a blank row, an ID number that
    Excel turned into a number, spaces within names, a total and a signature line at the end."""
    rows = [_row(n, p, joined) for n, p in enumerate([*good, *bad, numeric], start=1)]
    rows[0][1] = f" {good[0].name[0]} {good[0].name[1:]} "
    rows[-1][2] = float(numeric.id_number[:17] + "0")
    rows += [
        [],
        ["合计", "", "", "", "", "", sum(int(str(r[6])) for r in rows)],
        ["制表人：钱文娟", "审核："],
    ]
    return _file(rows, title="多湖 B-07 地块住宅 主体结构劳务 农民工花名册")


def _row(number: int, person: Person, joined: date) -> list[object]:
    return [
        number,
        person.name,
        person.id_number,
        person.phone,
        person.trade,
        person.team,
        person.yuan,
        joined,
        person.card,
        "金华商贸银行",
    ]


def _file(rows: Sequence[Sequence[object]], *, title: str) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("花名册")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    top = 0
    if title:
        sheet.merge_range(0, 0, 0, len(HEADINGS) - 1, title)
        sheet.merge_range(1, 0, 1, len(HEADINGS) - 1, "填报单位：金华沐川建筑劳务有限公司")
        top = 2
    for column, heading in enumerate(HEADINGS):
        sheet.write_string(top, column, heading)
    for line, row in enumerate(rows, start=top + 1):
        for column, value in enumerate(row):
            if isinstance(value, date):
                sheet.write_datetime(line, column, datetime(value.year, value.month, value.day), day)  # noqa: DTZ001 a cell has no zone
            elif isinstance(value, int | float):
                sheet.write_number(line, column, value)
            elif value:
                sheet.write_string(line, column, str(value))
    book.close()
    return out.getvalue()
