"""Statistics of people: each figure counts what its definition says, within reach."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils.translation import override

from devices.models import Passage
from inspection.statistics import OTHER, Period, Question, Statistics, ordered, statistics
from inspection.statistics_words import DEFINITIONS, MEASURE_NAMES
from registration.models import BankCard, CitizenCard, Posting
from registration.services import acknowledging
from tests.cast import NOW, TODAY, Cast, make_posting, make_worker
from tests.inspection.stage import sent_sheet, set_parameters
from tests.payroll import stage
from wagewatch.lib.sheets import read_workbook

NOVEMBER = Period(date(2026, 11, 1), TODAY)


def counted(cast: Cast, who: str = "li", period: Period = NOVEMBER, **more: str) -> Statistics:
    return statistics(cast.actor(getattr(cast, who)), Question(period, **more), now=NOW)


def crowd(cast: Cast) -> None:
    """Beside Sun and Zhou: Lin left in October, Ho came in November with no card and registered by himself."""
    lin, _card = make_worker("林一", region="411300", birth=date(1960, 1, 1), seq=301)
    make_posting(lin, cast.team, pin=31, left_on=date(2026, 10, 20))
    ho, _none = make_worker("何二", region="411300", birth=date(2002, 1, 1), seq=303, card=False)
    posting = make_posting(ho, cast.gc_team, pin=33, trade="焊工", joined_on=date(2026, 11, 2))
    Posting.objects.filter(pk=posting.pk).update(registered_by="self", acknowledged_at=NOW)
    Posting.objects.filter(pk=cast.sun_posting.pk).update(acknowledged_at=NOW)
    Posting.objects.filter(pk=cast.zhou_posting.pk).update(denied_at=NOW)


def test_every_figure_counts_what_it_says(cast: Cast) -> None:
    set_parameters()
    crowd(cast)
    stage.attend(cast.sun_posting, 3, month=date(2026, 11, 1))
    sheet = sent_sheet(cast.sc_part, [(cast.sun_posting, 100)], month=date(2026, 10, 1), due_on=TODAY)
    sheet.slips.update(payment="paid", paid_at=datetime(2026, 11, 14, tzinfo=UTC))
    CitizenCard.objects.create(
        worker=cast.zhou,
        region_id="320100",
        organisation=cast.gc,
        state="active",
        applied_on=TODAY,
        state_on=TODAY,
    )
    Passage.objects.create(
        day=TODAY,
        project_id=cast.project.pk,
        worker_id=cast.sun.pk,
        at=NOW - timedelta(hours=1),
        direction=1,
        terminal_id=cast.terminal.pk,
        batch_pk=1,
        event_id="s1",
    )
    found = counted(cast)
    assert dict(found.total) == {
        "ever": 4,
        "registered": 1,
        "new_people": 0,
        "on_site": 3,
        "inside": 1,
        "attended": 1,
        "carded": 2,
        "citizen": 1,
        "paid": 1,
        "by_others": 2,
        "acknowledged": 1,
        "denied": 1,
    }
    assert found.silent == 0
    assert found.inflation == pytest.approx(4 / 3)
    assert set(DEFINITIONS) == set(MEASURE_NAMES) == {*found.total, "silent"}


def test_a_person_counts_once_and_the_breakdowns_add_up(cast: Cast) -> None:
    crowd(cast)
    Posting.objects.filter(pk=cast.sun_posting.pk).update(left_on=date(2026, 8, 31))
    second = make_posting(cast.sun, cast.gc_team, pin=40, trade="普工", joined_on=date(2026, 9, 1))
    found = counted(cast)
    assert (found.total["ever"], found.total["on_site"]) == (4, 3)
    for dimension, rows in found.rows.items():
        for measure in found.total:
            assert sum(counts[measure] for counts in rows.values()) == found.total[measure], dimension
    assert {key: c["ever"] for key, c in found.rows["trade"].items()} == {
        second.trade: 1,
        "木工": 2,
        "焊工": 1,
    }
    assert {key: c["ever"] for key, c in found.rows["age"].items()} == {
        "18-29": 1,
        "30-39": 1,
        "40-49": 1,
        "60-": 1,
    }
    assert {key: c["ever"] for key, c in found.rows["origin"].items()} == {"34": 1, "33": 1, "41": 2}


def test_an_authority_counts_its_own_region_only(cast: Cast) -> None:
    assert (counted(cast).total["ever"], counted(cast).projects) == (2, 1)
    assert counted(cast, "wang").total["ever"] == 1
    assert counted(cast, region="330702").projects == 0
    assert counted(cast, "zhao").total["ever"] == 0


def test_filters_narrow_and_the_period_counts_both_ends(cast: Cast) -> None:
    crowd(cast)
    assert counted(cast, trade="焊工").total["ever"] == 1
    assert counted(cast, origin="41", age="60-").total["ever"] == 1
    assert counted(cast, way="self").total["on_site"] == 1
    day = date(2026, 11, 2)
    assert counted(cast, period=Period(day, day)).total["registered"] == 1
    assert counted(cast, period=Period(day + timedelta(days=1), TODAY)).total["registered"] == 0
    assert BankCard.objects.filter(worker__name="何二").count() == 0


def test_moves_name_a_project_out_of_reach_by_its_city(cast: Cast) -> None:
    Posting.objects.filter(pk=cast.sun_posting.pk).update(left_on=date(2026, 11, 3))
    make_posting(cast.sun, cast.other_team, pin=9, joined_on=date(2026, 11, 5))
    here = counted(cast)
    assert [(m.from_project, m.to_project, m.to_city, m.people) for m in here.moves] == [
        ("多湖 B-07 地块住宅", "", "330700", 1)
    ]
    cast.project.name_en = "Duohu B-07 housing"
    cast.project.save()
    with override("en"):
        assert [m.from_project for m in counted(cast).moves] == ["Duohu B-07 housing"]
    there = counted(cast, "wang")
    assert [(m.from_project, m.to_project) for m in there.moves] == [("", "白龙桥标准厂房")]
    assert (here.moved, here.moved_city) == (1, 0)
    cast.other_project.region_id = "320100"
    cast.other_project.save()
    far = counted(cast)
    assert [(m.from_city, m.to_city, m.people) for m in far.city_moves] == [("330700", "320100", 1)]
    assert counted(cast, period=Period(date(2026, 11, 6), TODAY)).moves == []


def test_rare_trades_stand_in_one_row(cast: Cast) -> None:
    rows = {f"工种{n:02d}": dict.fromkeys(counted(cast).total, n) for n in range(20)}
    shown = ordered("trade", rows)
    assert len(shown) == 13
    assert shown[-1][0] == OTHER
    assert sum(counts["ever"] for _key, counts in shown) == sum(range(20))


def test_the_page_and_the_workbook_say_the_same(cast: Cast) -> None:
    crowd(cast)
    client = cast.client(cast.li)
    page = client.get("/supervision/reports/?by=trade&from=2026-11-01&to=2026-11-16")
    assert page.status_code == 200
    sheets = read_workbook(client.get("/supervision/reports/export/").getvalue(), "a.xlsx").sheets
    assert len(sheets) == 9
    assert any(cell.value == 4 for row in sheets[0].rows for cell in row)
    for odd in (
        "?from=x&to=9999-99-99",
        "?from=2027-01-01&to=0001-01-01",
        "?region=33%25&skill=99&by=zz&age=%00",
    ):
        assert client.get(f"/supervision/reports/{odd}").status_code == 200, odd


def test_the_inspector_reads_who_denies_the_registration(cast: Cast) -> None:
    acknowledging.deny(
        cast.project.pk,
        cast.zhou_posting.pk,
        reason="id_used",
        text="去年借过身份证",
        actor=cast.actor(cast.zhou),
        now=NOW,
    )
    page = cast.client(cast.li).get("/supervision/reports/").content.decode()
    assert "周**" in page
    assert "去年借过身份证" in page
    assert cast.zhou.name not in page
    assert "去年借过身份证" not in cast.client(cast.wang).get("/supervision/reports/").content.decode()


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "1999-12-31", "2100-01-01", "2026-02-31", "²"])
@pytest.mark.parametrize("name", ["reports", "reports-export"])
def test_days_beyond_any_calendar_are_left_out_of_the_question(cast: Cast, name: str, day: str) -> None:
    client = cast.client(cast.li)
    for query in ({"from": day}, {"to": day}, {"from": day, "to": day}):
        assert client.get(reverse(f"inspection:{name}"), query).status_code == 200, query
