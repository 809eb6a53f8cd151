"""Workbooks of a province's lists, and its report, against what cannot be avoided. Times are kept, only results asserted.

`manage.py test -m benchmark tests/benchmarks/test_exports.py --province 2000 --days 6`; without options a fiftieth of
a province is made. A workbook is compared with xlsxwriter given the same cells, the report with one scan of postings.
"""

import io
from datetime import date
from typing import Any

import pytest
import time_machine
import xlsxwriter
from django.test import Client
from django.urls import reverse

from inspection.models import Alarm
from inspection.services import rules
from inspection.services.stats import rebuild_stat
from registration.models import Authority, Role
from tests.benchmarks.province import Size
from tests.benchmarks.results import keep
from tests.benchmarks.test_province import NOW, fastest, province, scan, set_all_parameters
from tests.cast import make_user
from wagewatch.lib.sheets import read_workbook

__all__ = ["province"]
pytestmark = [pytest.mark.benchmark]
WORKBOOKS = ("alarms", "people", "projects", "accounts", "deposits", "boards", "money", "risk")
PAGES = ("accounts", "deposits", "boards")
REPORTS = ("wage-report", "reports")


def _bare(data: bytes) -> tuple[int, float]:
    """How many cells a workbook has, and the seconds xlsxwriter takes for the same texts, numbers and days."""
    cells = [
        (r, c, cell.value.toordinal() if isinstance(cell.value, date) else cell.value)
        for r, row in enumerate(read_workbook(data, "a.xlsx").sheets[0].rows)
        for c, cell in enumerate(row)
        if cell.value not in (None, "")
    ]

    def write() -> None:
        book = xlsxwriter.Workbook(io.BytesIO(), {"in_memory": True})
        page = book.add_worksheet()
        for r, c, value in cells:
            if isinstance(value, str):
                page.write_string(r, c, value)
            else:
                page.write_number(r, c, value)
        book.close()

    return len(cells), fastest(write, 1)


@pytest.mark.django_db
def test_workbooks_and_reports_of_a_province(province: Size, capsys: pytest.CaptureFixture[str]) -> None:
    set_all_parameters()
    wide = Authority.objects.create(name="省总队", kind="labour", region_id="340000")
    client = Client()
    client.force_login(
        make_user("wide", "丁一", Role.INSPECTOR, wide), backend="django.contrib.auth.backends.ModelBackend"
    )
    figures: dict[str, Any] = {"projects": province.projects}
    with time_machine.travel(NOW):
        list(rules.run_rules(now=NOW))
        rebuild_stat(now=NOW)
        for name in WORKBOOKS:
            path, made = reverse(f"inspection:{name}-export"), []
            seconds = fastest(lambda path=path, made=made: made.append(client.get(path).getvalue()))
            cells, bare = _bare(made[-1])
            figures[name] = f"{cells} cells, {seconds:.2f} s = {seconds / bare:.1f} x {bare:.2f} s"
            if name == "alarms":
                rows = read_workbook(made[-1], "alarms.xlsx").sheets[0].rows
                assert len(rows) - 1 == Alarm.objects.filter(state="open").count()
        for name in PAGES:
            path = reverse(f"inspection:{name}")
            figures[f"page of {name}"] = f"{fastest(lambda path=path: client.get(path)):.2f} s"
        base = scan("registration_posting")
        for name in REPORTS:
            path = reverse(f"inspection:{name}")
            seconds = fastest(lambda path=path: client.get(path))
            figures[name] = f"{seconds:.2f} s = {seconds / base:.0f} x {base:.2f} s"
    with capsys.disabled():
        keep("province_exports", figures)
