"""Alarms in a sentence: the figures in the plural that English wants."""

from datetime import date

import pytest
from django.utils.translation import override

from inspection.models import Alarm
from inspection.words import headline, reason


@pytest.mark.parametrize(
    ("entries", "people", "said"),
    [(1, 1, "1 time, 1 person"), (3, 1, "3 times, 1 person"), (3, 2, "3 times, 2 people")],
)
def test_times_and_people_have_a_plural_each(entries: int, people: int, said: str) -> None:
    alarm = Alarm(rule="C1", period="2026-W47", people=people, facts={"entries": entries, "let_in": 1})
    with override("en"):
        assert headline(alarm) == f"Refused at the gate this week: {said}"
        assert reason(alarm, date(2026, 11, 16)) == "1 of them was let in all the same."
        alarm.state = Alarm.State.CLOSED
        assert headline(alarm) == f"Refused at the gate in week 2026-W47: {said}"
    with override("zh-hans"):
        assert headline(alarm) == f"2026-W47 周闸机拒入 {entries} 人次，{people} 人"


def test_one_person_and_one_day_in_words() -> None:
    alarm = Alarm(
        rule="D3",
        period="2026-10",
        people=1,
        amount_fen=648000,
        due_on=date(2026, 11, 13),
        facts={"stage": 6},
    )
    with override("en"):
        assert reason(alarm, date(2026, 11, 14)).startswith(
            "Due on 2026-11-13, 1 day ago; ¥6,480.00 has not reached 1 person."
        )
    with override("zh-hans"):
        assert reason(alarm, date(2026, 11, 14)).startswith(
            "应在 2026-11-13 付清，已过 1 天，1 人的 ¥6,480.00 还没有到账。"
        )
    alarm.rule = "D1"
    with override("en"):
        assert headline(alarm) == "No pay sheet for October, 1 person worked"
