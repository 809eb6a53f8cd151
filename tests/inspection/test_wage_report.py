"""The report on wages: what it counts, the year before, the region, the workbook and the paper."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from devices.models import AttendanceDay
from inspection.models import Alarm, AlarmFlip
from inspection.places import Scope
from inspection.services.stats import rebuild_stat
from inspection.statistics import Question, head_counts, statistics
from inspection.wage_report import span_of, wage_report
from payroll.ledger import sheet_lines
from payroll.models import CashPayment
from tests.inspection.stage import DUE, at, attend, paid_in_cash, run, sent_sheet, set_parameters, set_slips
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


def test_cash_that_the_worker_denies_is_unpaid(stage):
    given = paid_in_cash(stage, stage.sheet, stage.zhou)
    total = report(stage, stage.li, "2026-10").total
    assert (total["paid_slips"], total["cash_fen"], total["unpaid_fen"]) == (2, ZHOU, 0)
    CashPayment.objects.filter(pk=given.pk).update(denied_at=NOW)
    total = report(stage, stage.li, "2026-10").total
    assert (total["paid_slips"], total["cash_fen"], total["unpaid_fen"]) == (1, 0, ZHOU)
    (line,) = sheet_lines(stage.project, [stage.sheet])
    assert (line.paid_fen, line.unpaid) == (SUN, 1)
    page = stage.client(stage.zhou).get(reverse("payroll:worker-pay"))
    assert (page.context["owed_fen"], page.context["owed_months"]) == (ZHOU, 1)
    assert "您说没有收到现金" in page.content.decode()


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
    book = read_workbook(li.get(reverse("inspection:wage-report-export") + query).getvalue(), "wages.xlsx")
    cells = [str(cell) for row in book.sheets[0].rows for cell in row]
    assert any("¥15,060.00" in cell for cell in cells)
    paper = li.get(reverse("inspection:wage-report-pdf") + query)
    assert paper["Content-Type"] == "application/pdf"
    assert paper.content.startswith(b"%PDF")


def test_people_are_counted_as_in_the_statistics(stage):
    attend(stage.zhou_posting, 3)
    for posting, day in ((stage.wu_posting, date(2026, 10, 18)), (stage.zhou_posting, date(2026, 9, 30))):
        AttendanceDay.objects.create(
            day=day, project_id=posting.project_id, worker_id=posting.worker_id, posting_id=posting.pk, days=1,
            minutes=480, passages=2, state="closed",
        )  # fmt: skip
    for who in (stage.li, stage.wang):
        for today in (
            date(2026, 10, 30),
            date(2026, 11, 1),
            date(2026, 11, 16),
            date(2026, 11, 17),
            date(2027, 3, 1),
        ):
            for period in ("2026-10", "2026-11", "2026"):
                span, now = span_of(period, today), at(today)
                told = wage_report(stage.actor(who), span, Scope(""), now=now).people
                total = statistics(stage.actor(who), Question(span.period), now=now).total
                assert told == {name: total[name] for name in told}, (who, today, period)


def test_who_came_in_thirty_days_is_told_by_months_and_days(stage):
    project = stage.project.pk
    for posting, first in ((stage.sun_posting, date(2026, 9, 28)), (stage.zhou_posting, date(2026, 10, 17))):
        for n in range(2):
            AttendanceDay.objects.get_or_create(
                day=first + timedelta(days=9 * n), project_id=project, worker_id=posting.worker_id,
                posting_id=posting.pk, defaults={"days": 1, "minutes": 480, "passages": 2, "state": "closed"},
            )  # fmt: skip
    days = list(AttendanceDay.objects.filter(project=project).values_list("day", "worker_id"))
    last = max(day for day, _worker in days)
    for today in (last + timedelta(days=n) for n in range(45)):
        came = {worker for day, worker in days if today - timedelta(days=30) < day <= today}
        period = span_of("2026-10", today).period
        assert head_counts([project], period, now=at(today))["attended"] == len(came), today


def test_a_sector_holds_for_people_too(stage):
    other = wage_report(stage.actor(stage.li), span_of("2026-10", DUE), Scope("", "water"), now=NOW)
    assert other.total["projects"] == 0
    assert set(other.people.values()) == {0}
