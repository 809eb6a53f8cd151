"""The report on wages: what it counts, the year before, the region, the workbook and the paper."""

from datetime import date

import pytest
from django.urls import reverse

from inspection.models import Alarm, AlarmFlip
from inspection.places import Scope
from inspection.services.stats import rebuild_stat
from inspection.wage_report import span_of, wage_report
from tests.inspection.stage import DUE, at, attend, run, sent_sheet, set_parameters, set_slips
from wagewatch.lib.sheets import read_workbook

SUN, ZHOU, WU = 792_000, 714_000, 500_000
NOW = at(date(2026, 11, 20))


@pytest.fixture
def stage(cast):
    set_parameters()
    cast.sheet = sent_sheet(cast.sc_part, [(cast.sun_posting, SUN), (cast.zhou_posting, ZHOU)])
    sent_sheet(cast.other_part, [(cast.wu_posting, WU)])
    attend(cast.sun_posting, 20)
    set_slips(cast.sheet, worker=cast.sun.pk, payment="paid", paid_at=at(DUE), confirmation="confirmed")
    run(DUE)
    rebuild_stat(now=NOW)
    return cast


def report(stage, who, period, region=""):
    return wage_report(stage.actor(who), span_of(period, DUE), Scope(region), now=NOW)


def test_a_wage_month_in_figures(stage):
    total = report(stage, stage.li, "2026-10").total
    assert (total["projects"], total["with_account"], total["attending"], total["sheeted"]) == (1, 0, 1, 1)
    assert (total["slips"], total["confirmed"], total["paid_slips"]) == (2, 1, 1)
    assert (total["net_fen"], total["paid_fen"], total["cash_fen"]) == (SUN + ZHOU, SUN, 0)
    assert total["unpaid_fen"] == ZHOU
    # The case was opened on the due date, in the month after the wage month.
    assert (total["opened"], total["open_at_end"]) == (0, 0)


def test_cases_count_in_the_month_in_which_they_opened_and_closed(stage):
    november = report(stage, stage.li, "2026-11").total
    assert (november["opened"], november["closed"], november["open_at_end"]) == (1, 0, 1)
    assert (november["owed_fen"], november["owed_people"], november["red"]) == (ZHOU, 1, 0)
    set_slips(stage.sheet, payment="paid", paid_at=at(DUE), state="settled")
    run(date(2026, 12, 1))
    assert report(stage, stage.li, "2026-11").total == november
    december = report(stage, stage.li, "2026-12").total
    assert (december["opened"], december["closed"], december["open_at_end"]) == (0, 1, 0)
    year = report(stage, stage.li, "2026").total
    assert (year["slips"], year["opened"], year["closed"]) == (2, 1, 1)


def test_without_records_a_year_before_there_is_no_comparison(stage):
    assert report(stage, stage.li, "2026-11").before is None
    alarm = Alarm.objects.get(project=stage.project)
    early = at(date(2025, 11, 5))
    other = Alarm.objects.create(
        project=stage.project, rule="D3", period="2025-09", level=1, opened_at=early, changed_at=early
    )
    AlarmFlip.objects.create(
        alarm=other, project=stage.project, kind="opened", at=early, level=1, amount_fen=7, people=1
    )
    before = report(stage, stage.li, "2026-11").before
    assert (before["opened"], before["owed_fen"]) == (1, 7)
    assert alarm.state == "open"


def test_only_what_is_within_reach_is_counted(stage):
    assert report(stage, stage.wang, "2026-10").total["net_fen"] == WU
    assert report(stage, stage.wang, "2026-10", "330703").total["net_fen"] == 0


@pytest.mark.parametrize("text", ["", "x", "2026-13", "0000", "99999"])
def test_nonsense_is_the_last_full_month(text):
    assert span_of(text, date(2026, 11, 20)).key == "2026-10"


def test_a_year_before():
    assert span_of("2026-02", DUE).a_year_before().key == "2025-02"
    assert span_of("2026", DUE).a_year_before().period.until == date(2025, 12, 31)


def test_page_workbook_and_paper_say_the_same(stage):
    li = stage.client(stage.li)
    query = "?period=2026-10"
    page = li.get(reverse("inspection:wage-report") + query)
    assert page.status_code == 200
    assert "¥15,060.00" in page.content.decode()
    book = read_workbook(li.get(reverse("inspection:wage-report-export") + query).content, "wages.xlsx")
    cells = [str(cell) for row in book.sheets[0].rows for cell in row]
    assert any("¥15,060.00" in cell for cell in cells)
    paper = li.get(reverse("inspection:wage-report-pdf") + query)
    assert paper["Content-Type"] == "application/pdf"
    assert paper.content.startswith(b"%PDF")
