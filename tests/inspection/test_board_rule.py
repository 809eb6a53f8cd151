"""E1: the notice board, day by day; the newest look counts; closing by data."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from inspection.models import Alarm
from payroll.models import BoardCheck
from registration.models import Project
from tests.cast import Cast
from tests.inspection.stage import at, flips, run, set_parameter, set_parameters

STARTED = date(2026, 4, 1)


@pytest.fixture
def stage(cast: Cast) -> Cast:
    set_parameters()
    Project.objects.filter(pk=cast.other_project.pk).update(state="done")
    return cast


def look(stage: Cast, number: int, verdict: str, seen: date, made: date | None = None) -> None:
    BoardCheck.objects.create(
        project=stage.project,
        number=number,
        source="clerk",
        verdict=verdict,
        board_number=1 if made else None,
        made_on=made,
        seen_on=seen,
        made_at=at(seen),
    )


def test_no_photo_for_a_month_after_the_works_began(stage: Cast) -> None:
    assert run(STARTED + timedelta(days=31), "E1").found == 0
    assert run(STARTED + timedelta(days=32), "E1").opened == 1
    alarm = Alarm.objects.get()
    assert (alarm.level, alarm.due_on, alarm.facts["kind"]) == (1, date(2026, 5, 2), "unseen")
    assert alarm.participation_id == stage.gc_part.pk


def test_the_board_that_hangs_grows_old_and_a_new_one_closes_it(stage: Cast) -> None:
    look(stage, 1, "fresh", date(2026, 10, 6), date(2026, 10, 5))
    assert run(date(2026, 11, 5), "E1").found == 0
    assert run(date(2026, 11, 6), "E1").opened == 1
    assert Alarm.objects.get().facts == {
        "kind": "stale",
        "since": "2026-10-05",
        "made_on": "2026-10-05",
        "seen_on": "2026-10-06",
        "number": 1,
        "newest": None,
    }
    look(stage, 2, "stale", date(2026, 11, 7), date(2026, 10, 5))
    assert run(date(2026, 11, 7), "E1").changed == 0
    look(stage, 3, "no_code", date(2026, 11, 8))
    assert run(date(2026, 11, 8), "E1").closed == 0, "a blurred picture proves nothing"
    look(stage, 4, "fresh", date(2026, 11, 9), date(2026, 11, 9))
    assert run(date(2026, 11, 9), "E1").closed == 1
    assert next(kind for kind, *_rest in flips(Alarm.objects.get())) == "opened"


def test_an_inspector_who_finds_none_is_believed_at_once(stage: Cast) -> None:
    look(stage, 1, "fresh", date(2026, 11, 2), date(2026, 11, 1))
    look(stage, 2, "missing", date(2026, 11, 3))
    assert run(date(2026, 11, 3), "E1").opened == 1
    alarm = Alarm.objects.get()
    assert (alarm.level, alarm.due_on, alarm.facts["kind"]) == (1, date(2026, 11, 3), "missing")


def test_stopped_and_finished_works_need_none_and_regions_set_their_days(stage: Cast) -> None:
    day = STARTED + timedelta(days=40)
    for state in ("stopped", "done", "preparing"):
        Project.objects.filter(pk=stage.project.pk).update(state=state)
        assert run(day, "E1").found == 0
    Project.objects.filter(pk=stage.project.pk).update(state="building")
    set_parameter("alarm.E1.days", {"yellow": 45, "orange": 90}, "330700")
    assert run(STARTED + timedelta(days=45), "E1").found == 0
    assert run(STARTED + timedelta(days=46), "E1").opened == 1
    run(STARTED + timedelta(days=91), "E1")
    assert Alarm.objects.get().level == 2


def test_the_alarm_says_what_was_seen(stage: Cast) -> None:
    look(stage, 1, "fresh", date(2026, 10, 6), date(2026, 10, 5))
    run(date(2026, 11, 16), "E1")
    text = (
        stage.client(stage.li)
        .get(reverse("inspection:alarm", args=[Alarm.objects.get().pk]))
        .content.decode()
    )
    assert "告示牌是 2026-10-05 的" in text
    assert "2026-10-06 的照片上是第 1 版" in text
