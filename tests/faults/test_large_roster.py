"""50,000 people from one file: read and written in the background, through a kill -9 of the worker."""

import io
import re
import time
from datetime import date, datetime, timedelta

import pytest
import xlsxwriter

from tests.journeys.people import HEADINGS, crew, roster_file
from tests.journeys.stage import Stack, wait_for
from tests.journeys.visitor import Visitor, words
from wagewatch.lib.dates import SITE_TZ
from wagewatch.lib.identity import luhn_ok, make_id_number

pytestmark = pytest.mark.fault
PEOPLE = 50_000
COUNTS = (
    "SELECT (SELECT count(*) FROM registration_worker), (SELECT count(*) FROM registration_posting),"
    " (SELECT count(*) FROM registration_bankcard), (SELECT count(*) FROM registration_historicalposting)"
)
PATIENCE = 240.0


def _card(serial: int) -> str:
    return next(n for d in range(10) if luhn_ok(n := f"622588{serial:012d}{d}"))


def _large_file(joined: date) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"constant_memory": True}) as book:
        page = book.add_worksheet("花名册")
        page.write_row(0, 0, ["特大项目花名册"])
        page.write_row(1, 0, HEADINGS)
        for n in range(PEOPLE):
            born = date(1970, 1, 1) + timedelta(days=n % 12_000)
            number = make_id_number("411526", born, n // 12_000 + 1)
            name = "赵钱孙李周吴郑王"[n % 8] + "甲乙丙丁戊己庚辛壬癸"[n // 8 % 10] + "一二三四五"[n // 80 % 5]
            page.write_row(
                n + 2, 0,
                [n + 1, name, number, f"18{n:09d}", "木工", f"木工{n % 40 + 1}班", 360, f"{joined}", _card(n), "金华商贸银行"],
            )  # fmt: skip
    return out.getvalue()


def _state(stack: Stack, upload: int) -> str:
    return str(stack.one("SELECT state FROM registration_rosterupload WHERE id = %s", upload))


def _done(visitor: Visitor, path: str) -> tuple[int, int]:
    """What the progress bar says."""
    found = re.search(r"(\d+) / (\d+)", words(visitor.get(path + "progress/").text))
    return (int(found[1]), int(found[2])) if found else (0, 0)


def test_fifty_thousand_people_survive_a_kill_of_the_worker(stack: Stack) -> None:
    fault = stack.county["fault"]
    project, part = fault["project"], fault["parts"][0]
    today = datetime.now(SITE_TZ).date()
    zhao = Visitor(stack.url).sign_in("zhao")
    uploads = f"/people/{project}/rosters/"
    form = {"participation": str(part), "basis": "day", "joined_on": f"{today}"}
    zhao.get(uploads)
    before = stack.sql(COUNTS)[0]

    sent = zhao.post(uploads, form, {"file": ("特大花名册.xlsx", _large_file(today))})
    assert sent.status == 302
    large = sent.location
    upload = int(re.findall(r"\d+", large)[-1])
    seen = set()

    def read() -> bool:
        seen.add(_done(zhao, large)[0])
        return _state(stack, upload) == "staged"

    wait_for("all rows are read", read, PATIENCE, pause=0.05)
    assert len([done for done in seen if 0 < done < PEOPLE]) >= 2, "no progress was shown"
    assert stack.one("SELECT count(*) FROM registration_rosterrow WHERE upload_id = %s", upload) == PEOPLE
    assert stack.sql(COUNTS)[0] == before

    # The request that asks for it only hands it over.
    asked = time.monotonic()
    assert zhao.post(f"{large}apply/", {}).status == 302
    assert time.monotonic() - asked < 10
    wait_for("some are written", lambda: _done(zhao, large)[0] > 0, PATIENCE, pause=0.05)
    stack.kill("worker")
    assert _state(stack, upload) == "applying"
    assert stack.sql(COUNTS)[0] == before, "nothing of it may be there"

    # Meanwhile others work: pages open, a small roster is read and written.
    assert zhao.get(f"/people/{project}/").status == 200
    assert zhao.post(f"{large}apply/", {}).status == 409
    small = zhao.post(
        uploads, form, {"file": ("新进场.xlsx", roster_file(crew(30, start=300), today))}
    ).location
    assert zhao.post(f"{small}apply/", {}).status == 302
    assert _state(stack, int(re.findall(r"\d+", small)[-1])) == "applied"
    between = stack.sql(COUNTS)[0]

    # As if a minute had passed: beat's next round finds it.
    stack.sql(
        "UPDATE registration_rosterupload SET applied_at = applied_at - interval '2 minutes' WHERE id = %s",
        upload,
    )
    stack.run("worker")
    told: set[int] = set()

    def written() -> bool:
        told.add(_done(zhao, large)[0])
        return _state(stack, upload) == "applied"

    wait_for("all are written", written, PATIENCE, pause=0.05)
    after = stack.sql(COUNTS)[0]
    assert [b - a for a, b in zip(between, after, strict=True)] == [PEOPLE] * 4
    assert len([done for done in told if 0 < done < PEOPLE]) >= 2, "no progress was shown"
    assert (
        stack.one(
            "SELECT count(*) FROM (SELECT pin FROM registration_posting WHERE project_id = %s GROUP BY pin"
            " HAVING count(*) > 1) twice",
            project,
        )
        == 0
    )
    assert stack.one("SELECT count(*) FROM registration_readyrow WHERE upload_id = %s", upload) == 0
    page = zhao.get(large)
    assert page.status == 200
    assert str(PEOPLE) in words(page.text)
