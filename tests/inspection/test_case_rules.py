"""E2 and E3: open complaints; orders to pay that lapsed over a large amount."""

from datetime import date, timedelta

import pytest

from inspection.models import Alarm
from inspection.services import case_closing, case_intake, case_service, case_work
from inspection.words import headline, reason
from tests.cast import Cast
from tests.inspection.cases import accepted, after, filed, ordered
from tests.inspection.stage import flips, run, set_parameter, set_parameters

MONDAY = date(2026, 11, 16)


@pytest.fixture
def stage(cast: Cast, plain_papers: None) -> Cast:
    set_parameters()
    return cast


def test_a_complaint_is_orange_and_its_deadline_is_the_fifth_working_day(stage: Cast) -> None:
    filed(stage)
    filed(stage, project_id=None, region_code="330703")
    assert run(MONDAY, "E2").opened == 1
    alarm = Alarm.objects.get()
    assert (alarm.project, alarm.period, alarm.level, alarm.people) == (stage.project, "open", 2, 1)
    assert alarm.due_on == date(2026, 11, 23)
    assert alarm.facts == {"complaints": 1, "waiting": 1, "since": "2026-11-16", "mass": False}
    assert headline(alarm)
    assert "2026-11-23" in reason(alarm, MONDAY)


def test_many_people_or_a_crowd_make_it_red_and_the_end_of_the_case_closes_it(stage: Cast) -> None:
    case, li = accepted(stage), stage.actor(stage.li)
    run(MONDAY, "E2")
    case_work.set_size(case.pk, people=10, mass=False, actor=li, now=stage.now)
    run(MONDAY, "E2")
    case_work.set_size(case.pk, people=2, mass=True, actor=li, now=stage.now)
    run(MONDAY, "E2")
    case_closing.close_case(
        case.pk, outcome="unfounded", text="经核查，未发现拖欠工资。", actor=li, now=stage.now
    )
    run(MONDAY, "E2")
    assert flips(Alarm.objects.get()) == [
        ("opened", 2, 0, 1),
        ("raised", 3, 0, 10),
        ("changed", 3, 0, 2),
        ("closed", 3, 0, 0),
    ]


def test_a_region_may_set_more_people(stage: Cast) -> None:
    filed(stage)
    set_parameter("alarm.E2.people", {"orange": 2, "red": 5}, "330703")
    assert run(MONDAY, "E2").found == 0
    case_intake.take_complaint(filed(stage).reference, actor=stage.actor(stage.li), now=stage.now)
    assert run(MONDAY, "E2").opened == 1


def test_a_lapsed_order_over_a_large_amount_is_red_until_it_is_followed(stage: Cast) -> None:
    case, order = ordered(stage)
    assert run(date(2026, 11, 23), "E3").found == 0
    assert run(date(2026, 11, 24), "E3").opened == 1
    alarm = Alarm.objects.get()
    assert (alarm.level, alarm.amount_fen, alarm.people, alarm.due_on) == (
        3,
        4_200_000,
        12,
        date(2026, 11, 23),
    )
    assert alarm.facts["number"] == order.number
    assert headline(alarm)
    assert reason(alarm, MONDAY)
    case_service.check_order(
        case.pk, order.pk, corrected=False, text="还欠一部分工资", rest_fen=500_000, rest_people=2,
        rest_most_fen=300_000, **after(stage),
    )  # fmt: skip
    assert run(date(2026, 11, 25), "E3").closed == 1


def test_the_amount_alone_or_the_order_alone_is_not_enough(stage: Cast) -> None:
    ordered(stage, amount_fen=600_000, people=2, most_fen=400_000)
    assert run(MONDAY + timedelta(days=30), "E3").found == 0
    set_parameter("crime.one", {"months": 3, "fen": 400_000}, "330703")
    assert run(MONDAY + timedelta(days=30), "E3").found == 1
