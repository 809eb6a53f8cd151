"""C1 at the gate, D1 without a sheet."""

from datetime import date, timedelta

import pytest

from devices.models import RefusedEntry
from inspection.models import Alarm
from payroll.models import PaySheet
from tests.inspection.stage import OCTOBER, at, attend, flips, run, sent_sheet, set_parameter, set_parameters

MONDAY = date(2026, 11, 16)


@pytest.fixture
def stage(cast):
    set_parameters()
    return cast


def refuse(stage, n, *, day=MONDAY, reason="unregistered", let_in=False, worker=None, person=None):
    RefusedEntry.objects.create(
        day=day,
        project_id=stage.project.pk,
        at=at(day, 7),
        direction=1,
        terminal_id=stage.terminal.pk,
        batch_pk=1,
        event_id=f"e{n}",
        reason=reason,
        was_let_in=let_in,
        worker_id=worker,
        person_index=person,
    )


def test_counts_entries_and_people_of_the_week(stage):
    refuse(stage, 1, day=MONDAY - timedelta(days=1))
    refuse(stage, 2, person=b"a" * 32)
    refuse(stage, 3, person=b"a" * 32, let_in=True)
    refuse(stage, 4, worker=stage.wu.pk, reason="left")
    refuse(stage, 5)
    refuse(stage, 6, reason="bad_time")
    run(MONDAY, "C1")
    alarm = Alarm.objects.get()
    assert (alarm.period, alarm.level, alarm.people, alarm.amount_fen) == ("2026-W47", 1, 3, 0)
    assert alarm.facts == {"entries": 4, "let_in": 1, "days": 1}


def test_turns_orange_when_people_are_let_in_on_more_than_one_day(stage):
    refuse(stage, 1, let_in=True)
    run(MONDAY, "C1")
    refuse(stage, 2, day=MONDAY + timedelta(days=1))
    run(MONDAY + timedelta(days=1), "C1")
    assert flips(Alarm.objects.get()) == [("opened", 1, 0, 1), ("raised", 2, 0, 2)]


def test_a_region_may_ask_for_more_entries(stage):
    set_parameter("alarm.C1.entries", {"yellow": 3}, "330703")
    refuse(stage, 1)
    refuse(stage, 2)
    assert run(MONDAY, "C1").found == 0
    refuse(stage, 3)
    assert run(MONDAY, "C1").opened == 1


def test_a_week_without_closes_it(stage):
    refuse(stage, 1)
    run(MONDAY, "C1")
    assert run(MONDAY + timedelta(days=7), "C1").closed == 1


def test_asks_for_the_sheet_from_the_sixth_day_on(stage):
    attend(stage.sun_posting, 10)
    attend(stage.zhou_posting, 10)
    assert run(date(2026, 11, 5), "D1").found == 0
    assert run(date(2026, 11, 6), "D1").opened == 1
    alarm = Alarm.objects.get()
    assert (alarm.period, alarm.level, alarm.due_on, alarm.amount_fen, alarm.people) == (
        "2026-10",
        1,
        None,
        700_000,
        2,
    )


def test_waits_for_a_sheet_beyond_the_next_month(stage):
    attend(stage.sun_posting, 10)
    run(date(2026, 11, 6), "D1")
    assert run(date(2026, 12, 2), "D1").closed == 0
    sent_sheet(stage.sc_part, [(stage.sun_posting, 360_000)], month=OCTOBER)
    assert run(date(2026, 12, 3), "D1").closed == 1


def test_the_sheet_of_one_team_answers_for_that_team_alone(stage):
    attend(stage.sun_posting, 10)
    attend(stage.zhou_posting, 10)
    own = sent_sheet(stage.sc_part, [(stage.zhou_posting, 340_000)], number=2)
    PaySheet.objects.filter(pk=own.pk).update(team=stage.team, team_name=stage.team.name)
    assert run(date(2026, 11, 6), "D1").opened == 1
    alarm = Alarm.objects.get()
    assert (alarm.people, alarm.amount_fen) == (1, 360_000)
    sent_sheet(stage.sc_part, [(stage.sun_posting, 360_000)])
    assert run(date(2026, 11, 7), "D1").closed == 1


def test_a_draft_or_a_leavers_sheet_is_not_the_months_sheet(stage):
    attend(stage.sun_posting, 10)
    attend(stage.zhou_posting, 10)
    sent_sheet(stage.sc_part, [(stage.sun_posting, 360_000)], kind="leaver")
    sent_sheet(stage.sc_part, [(stage.zhou_posting, 340_000)], state="draft", confirmation="draft")
    run(date(2026, 11, 6), "D1")
    assert (Alarm.objects.get().people, Alarm.objects.get().amount_fen) == (1, 340_000)
