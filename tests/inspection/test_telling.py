"""Workers read that the office knows of their late wages, while it is so, and nothing else of the alarm."""

from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from inspection.models import Alarm
from inspection.services.telling import tell_workers
from payroll.models import OfficeWord
from tests.cast import NOW, Cast
from tests.payroll import stage


@pytest.fixture
def alarm(cast: Cast) -> Alarm:
    return Alarm.objects.create(
        project=cast.project, rule="D3", period="2026-10", level=3, due_on=date(2026, 11, 13),
        amount_fen=1_506_000, people=2, opened_at=cast.now, changed_at=cast.now,
    )  # fmt: skip


def test_an_open_alarm_is_told_once_and_taken_back_when_it_closes(cast: Cast, alarm: Alarm) -> None:
    assert [tell_workers(), tell_workers()] == [1, 0]
    word = OfficeWord.objects.get()
    assert (word.project_id, word.month, word.since) == (cast.project.pk, date(2026, 10, 1), cast.now)
    alarm.opened_at = cast.now + timedelta(days=1)
    alarm.save()
    assert tell_workers() == 2
    alarm.state = Alarm.State.CLOSED
    alarm.save()
    assert tell_workers() == 1
    assert not OfficeWord.objects.exists()


def test_alarms_about_other_things_or_no_month_are_not_told(cast: Cast, alarm: Alarm) -> None:
    Alarm.objects.filter(pk=alarm.pk).update(rule="B1")
    Alarm.objects.create(
        project=cast.project, rule="D3", period="all", level=1, opened_at=cast.now, changed_at=cast.now
    )
    assert tell_workers() == 0


def test_a_late_slip_says_how_late_and_since_when_the_office_knows(cast: Cast, alarm: Alarm) -> None:
    with time_machine.travel(NOW + timedelta(days=4), tick=True):
        sheet = stage.submit(cast, stage.make_sheet(cast))
        path = reverse("payroll:worker-slip", args=[stage.slip_of(sheet, cast.sun).reference])
        client = cast.client(cast.sun)
        client.cookies["django_language"] = "en"
        before = client.get(path).content.decode()
        assert "is warned by itself" in before
        tell_workers()
        text = client.get(path).content.decode()
    assert "days late" in text
    assert "has been warned since" in text
    assert "D3" not in text
