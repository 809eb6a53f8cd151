"""Site pages: who sees what, exact figures, constant queries; the worker's own days."""

import io
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from devices.models import Terminal
from devices.services.days import roll_up
from tests.cast import Cast, make_posting, make_worker
from tests.devices.post import Gate, event


@pytest.fixture
def lively(cast: Cast, gate: Gate) -> Cast:
    """Sun is in, Zhou has left again, a stranger was refused; on the tenth Sun worked a day, on the eleventh half."""
    gate.post(
        event(1, "2026-11-10T07:00:00+08:00"),
        event(1, "2026-11-10T17:00:00+08:00", "out"),
        event(1, "2026-11-11T07:00:00+08:00"),
        event(1, "2026-11-11T11:00:00+08:00", "out"),
        event(1, "2026-11-12T07:00:00+08:00"),
        event(1, "2026-11-16T07:01:09+08:00"),
        event(2, "2026-11-16T07:00:00+08:00"),
        event(2, "2026-11-16T08:00:00+08:00", "out"),
        event(77, "2026-11-16T08:10:00+08:00", admitted=False),
        sent_at="2026-11-16T09:00:00+08:00",
    )
    roll_up(now=cast.now)
    return cast


def test_shows_who_is_in_now(lively: Cast) -> None:
    page = lively.client(lively.guard).get(f"/sites/{lively.project.pk}/")
    assert page.context["people"] == 1
    assert [(t.team, t.count) for t in page.context["teams"]] == [("木工一班", 1)]
    assert [s["figure"] for s in page.context["stats"]] == [1, 2, 1, "1/1"]
    assert [row["entry"].reason for row in page.context["refused"]] == ["unregistered"]
    assert [row["name"] for row in page.context["latest"]][:3] == ["周长根", "孙德旺", "周长根"]
    text = page.content.decode()
    assert "孙**" in text
    assert "孙德旺" not in text
    names = lively.client(lively.guard).get(f"/sites/{lively.project.pk}/inside/?team={lively.team.pk}")
    assert [p.worker_id for p in names.context["people"]] == [lively.sun.pk]


def test_forgets_people_after_sixteen_hours(lively: Cast, gate: Gate) -> None:
    import time_machine

    with time_machine.travel(lively.now + timedelta(hours=15), tick=False):
        page = lively.client(lively.guard).get(f"/sites/{lively.project.pk}/")
    assert page.context["people"] == 0


def test_lists_the_sites_with_their_counts(lively: Cast) -> None:
    for who, came, refused in ((lively.zhao, 2, 1), (lively.qian, None, None)):
        rows = lively.client(who).get("/sites/").context["rows"]
        assert [(r["project"].pk, r["inside"], r["came"], r["refused"]) for r in rows] == [
            (lively.project.pk, 1, came, refused)
        ]


def test_the_month_shows_a_day_a_half_and_a_missing_exit(lively: Cast) -> None:
    page = lively.client(lively.qian).get(f"/sites/{lively.project.pk}/days/?month=2026-11")
    matrix = page.context["matrix"]
    row = matrix.groups[0].rows[0]
    assert (row.name, row.days, row.open_days) == ("孙**", 1.5, 1)
    assert [(c.day.day, c.mark, c.is_open) for c in row.cells if c.mark] == [
        (10, "●", False),
        (11, "◐", False),
        (12, "○", True),
        (16, "○", False),
    ]
    assert (matrix.people, matrix.days) == (2, 1.5)


def test_exports_the_month_as_a_workbook(lively: Cast) -> None:
    from python_calamine import CalamineWorkbook

    response = lively.client(lively.zhao).get(f"/sites/{lively.project.pk}/days.xlsx?month=2026-11")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(response.content)).get_sheet_by_index(0).to_python()
    sun = next(row for row in rows if row[1] == "孙**")
    assert sun[3 + 9] == "●"
    assert sun[3 + 11] == "○!"
    assert sun[33] == 1.5


@pytest.mark.parametrize(
    "bad", ["2026-13", "x", "1", "0000-01", "2026-11&team=x", "2026-11&team=" + "9" * 30]
)
def test_a_strange_address_is_no_error(lively: Cast, bad: str) -> None:
    assert lively.client(lively.zhao).get(f"/sites/{lively.project.pk}/days/?month={bad}").status_code == 200
    assert lively.client(lively.sun).get(f"/me/days/?month={bad}").status_code == 200


@pytest.mark.parametrize("page", ["", "now/", "inside/", "days/", "days.xlsx"])
def test_outsiders_find_nothing(lively: Cast, page: str) -> None:
    address = f"/sites/{lively.project.pk}/{page}"
    for insider in (lively.guard, lively.zhao, lively.he, lively.qian, lively.li):
        assert lively.client(insider).get(address).status_code == 200, insider
    for outsider in (lively.kong, lively.wang):
        assert lively.client(outsider).get(address).status_code == 404, outsider
    assert lively.client(lively.officer).get(address).status_code in (403, 404)
    assert lively.client(lively.sun).get(address).status_code == 302


def test_a_subcontractor_sees_only_its_own_people(lively: Cast, gate: Gate) -> None:
    other, _card = make_worker("郑大力", seq=801)
    make_posting(other, lively.gc_team, pin=3)
    gate.post(event(3, "2026-11-16T08:00:00+08:00"))
    seen = lively.client(lively.qian).get(f"/sites/{lively.project.pk}/").context
    assert seen["people"] == 1
    assert seen["refused"] == []
    assert "郑大力" not in {row["name"] for row in seen["latest"]}
    assert lively.client(lively.zhao).get(f"/sites/{lively.project.pk}/").context["people"] == 2
    matrix = lively.client(lively.qian).get(f"/sites/{lively.project.pk}/days/").context["matrix"]
    assert matrix.people == 2


def test_enrols_a_gate_and_shows_the_secret_once(lively: Cast) -> None:
    client = lively.client(lively.zhao)
    address = f"/sites/{lively.project.pk}/terminals/new/"
    assert client.get(address).status_code == 200
    assert client.post(address, {"name": "", "serial": "", "lane": "x"}).status_code == 400
    page = client.post(address, {"name": "2 号门", "serial": "G2-0002", "lane": "in"})
    terminal = Terminal.objects.get(serial="G2-0002")
    assert terminal.secret in page.content.decode()
    assert page["Cache-Control"].startswith("max-age=0")
    assert client.post(address, {"name": "2", "serial": "G2-0002", "lane": "in"}).status_code == 400
    assert terminal.secret not in client.get(f"/sites/{lively.project.pk}/").content.decode()
    revoke = f"/sites/{lively.project.pk}/terminals/{terminal.pk}/revoke/"
    assert client.get(revoke).status_code == 200
    assert client.post(revoke).status_code == 302
    assert Terminal.objects.get(serial="G2-0002").is_active is False
    for who, status in ((lively.qian, 403), (lively.guard, 403), (lively.kong, 404)):
        assert (
            lively.client(who).post(address, {"name": "3", "serial": "G3", "lane": "in"}).status_code
            == status
        )
        assert lively.client(who).post(revoke).status_code == status
    assert Terminal.objects.count() == 2


def test_a_worker_sees_their_own_days(lively: Cast) -> None:
    page = lively.client(lively.sun).get("/me/days/")
    found = page.context["found"]
    assert (found.days, [(p.name, p.days, p.open_dates) for p in found.projects]) == (
        1.5,
        [("多湖 B-07 地块住宅", 1.5, [date(2026, 11, 12)])],
    )
    cells = page.context["cells"]
    assert cells[:6] == [{}] * 6
    assert [c["day"] for c in cells[6:] if c["on"]] == [10, 11]
    assert cells[6 + 10]["half"] is True
    assert lively.client(lively.zhou).get("/me/days/").context["found"].days == 0
    assert lively.client(lively.zhao).get("/me/days/").status_code == 302


@pytest.mark.parametrize(
    "page", ["/sites/", "/sites/{p}/", "/sites/{p}/now/", "/sites/{p}/inside/", "/sites/{p}/days/"]
)
def test_queries_do_not_grow_with_rows(
    lively: Cast, gate: Gate, page: str, record: Callable[[str, int], None]
) -> None:
    client = lively.client(lively.zhao)
    address = page.format(p=lively.project.pk)

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    count()
    before = count()
    for n in range(12):
        worker, _card = make_worker(f"工{n}", seq=810 + n, card=False)
        make_posting(worker, lively.team if n % 2 else lively.gc_team, pin=50 + n)
        Terminal.objects.create(
            project=lively.project, serial=f"S{n}", name=f"S{n}", key_id=f"s{n}", secret="s"
        )
    gate.post(
        *[event(50 + n, "2026-11-16T08:20:00+08:00") for n in range(12)], *[event(900 + n) for n in range(9)]
    )
    roll_up(now=lively.now)
    assert count() == before
    record(page, before)


@pytest.fixture
def record(root: Path) -> Callable[[str, int], None]:
    """Keep a page's query count on file; WAGEWATCH_RECORD=1 writes it anew."""
    import os

    path = root / "tests" / "golden" / "query_counts_devices.json"

    def keep(page: str, count: int) -> None:
        counts = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if os.environ.get("WAGEWATCH_RECORD"):
            counts[page] = count
            path.write_text(json.dumps(counts, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        assert counts.get(page) == count

    return keep
