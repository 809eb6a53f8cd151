"""6,000 people on one uploaded pay sheet: compared and written in the background, through a kill -9 of the worker."""

import io
import re
import time
from datetime import date, datetime, timedelta

import pytest
import xlsxwriter

from tests.journeys.people import HEADINGS
from tests.journeys.stage import Stack, wait_for
from tests.journeys.visitor import Visitor, words
from wagewatch.lib.dates import SITE_TZ
from wagewatch.lib.identity import luhn_ok, make_id_number

pytestmark = pytest.mark.fault
PEOPLE = 6_000
PATIENCE = 240.0
STATES = {
    "roster": "SELECT state FROM registration_rosterupload WHERE id = %s",
    "pay": "SELECT state FROM payroll_sheetupload WHERE id = %s",
}
SLIPS = "SELECT count(*) FROM payroll_payslip"
SHEETS = "SELECT count(*) FROM payroll_paysheet"


def _people() -> list[tuple[str, str, str]]:
    """Name, ID number and card."""
    found = []
    for n in range(PEOPLE):
        number = make_id_number("412723", date(1975, 1, 1) + timedelta(days=n), 1)
        name = "赵钱孙李周吴郑王"[n % 8] + "甲乙丙丁戊己庚辛壬癸"[n // 8 % 10] + "一二三四五"[n // 80 % 5]
        card = next(c for d in range(10) if luhn_ok(c := f"622599{n:012d}{d}"))
        found.append((name, number, card))
    return found


def _file(title: str, headings: tuple[str, ...], rows: list[list[object]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"constant_memory": True}) as book:
        page = book.add_worksheet(title)
        for r, row in enumerate([headings, *rows]):
            page.write_row(r, 0, row)
    return out.getvalue()


def _done(visitor: Visitor, path: str) -> int:
    found = re.search(r"(\d+) / (\d+)", words(visitor.get(path + "progress/").text))
    return int(found[1]) if found else 0


def test_six_thousand_slips_survive_a_kill_of_the_worker(stack: Stack) -> None:
    fault = stack.county["fault"]
    project, part = fault["project"], fault["parts"][0]
    today = datetime.now(SITE_TZ).date()
    zhao = Visitor(stack.url).sign_in("zhao")

    def state(table: str, upload: int) -> str:
        return str(stack.one(STATES[table], upload))

    people = _people()
    roster = _file(
        "花名册",
        HEADINGS,
        [
            [
                n,
                name,
                number,
                f"17{n:09d}",
                "木工",
                f"木工{n % 40 + 1}班",
                360,
                f"{today}",
                card,
                "金华商贸银行",
            ]
            for n, (name, number, card) in enumerate(people, 1)
        ],
    )
    uploads = f"/people/{project}/rosters/"
    zhao.get(uploads)
    form = {"participation": str(part), "basis": "day", "joined_on": f"{today}"}
    registered = zhao.post(uploads, form, {"file": ("花名册.xlsx", roster)}).location
    number = int(re.findall(r"\d+", registered)[-1])
    wait_for("the roster is read", lambda: state("roster", number) == "staged", PATIENCE)
    assert zhao.post(f"{registered}apply/", {}).status == 302
    wait_for("the roster is written", lambda: state("roster", number) == "applied", PATIENCE)
    sheets, slips = stack.one(SHEETS), stack.one(SLIPS)

    pay = _file(
        "工资表",
        ("序号", "姓名", "身份证号", "出勤天数", "应发工资", "实发工资"),
        [[n, name, number, 1, 360, 360] for n, (name, number, _card) in enumerate(people, 1)],
    )
    zhao.get("/pay/uploads/new/")
    sent = zhao.post(
        "/pay/uploads/new/", {"part": str(part), "month": f"{today:%Y-%m}"}, {"file": ("工资表.xlsx", pay)}
    )
    assert sent.status == 302
    large = sent.location
    upload = int(re.findall(r"\d+", large)[-1])
    wait_for("all rows are compared", lambda: state("pay", upload) == "staged", PATIENCE)

    asked = time.monotonic()
    assert zhao.post(f"{large}apply/", {}).status == 302
    assert time.monotonic() - asked < 10
    wait_for("some are written", lambda: _done(zhao, large) > 0, PATIENCE, pause=0.02)
    stack.kill("worker")
    assert state("pay", upload) == "applying"
    assert (stack.one(SHEETS), stack.one(SLIPS)) == (sheets, slips), "nothing of it may be there"
    assert zhao.get(large).status == 200
    assert zhao.post(f"{large}apply/", {}).status == 409

    # As if a minute had passed: beat's next round finds it.
    stack.sql(
        "UPDATE payroll_sheetupload SET applied_at = applied_at - interval '2 minutes' WHERE id = %s", upload
    )
    stack.run("worker")
    wait_for("all are written", lambda: state("pay", upload) == "applied", PATIENCE)
    assert (stack.one(SHEETS), stack.one(SLIPS)) == (sheets + 1, slips + PEOPLE)
    page = zhao.get(large)
    assert page.status == 200
    assert str(PEOPLE) in words(page.text)
