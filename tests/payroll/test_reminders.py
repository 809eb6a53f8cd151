"""Reminders that go out by themselves, once each, and the list of the silent."""

import threading
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from payroll import rules
from payroll.models import Reminder
from payroll.services import confirmations, reminders
from registration.models import Parameter, SensitiveView, SmsMessage, Worker
from registration.services import parameters
from tests.cast import Cast
from tests.payroll import stage

pytestmark = pytest.mark.django_db
HOURS = timedelta(hours=1)


def set_days(days: list[int], hours: list[int] | None = None) -> None:
    for key, value in (("pay.reminder_days", days), ("pay.reminder_hours", hours or [8, 20])):
        Parameter.objects.update_or_create(
            key=key, region=None, valid_from=date(2020, 5, 1), defaults={"value": value, "source": "test"}
        )
    parameters.forget()


def log() -> list[tuple[int, str, int, bool]]:
    return list(Reminder.objects.order_by("pk").values_list("worker_id", "kind", "step", "has_phone"))


def texts() -> int:
    return SmsMessage.objects.filter(kind="slip.reminder").count()


def test_each_step_goes_out_once_to_those_who_are_silent(cast: Cast) -> None:
    set_days([1, 3])
    sheet = stage.submit(cast, stage.make_sheet(cast))
    Worker.objects.filter(pk=cast.zhou.pk).update(phone=None, phone_index=None)
    assert reminders.remind_silent(now=cast.now + 5 * HOURS) == 0  # the same day
    tomorrow = cast.now + timedelta(days=1)
    assert reminders.remind_silent(now=tomorrow) == 2
    assert reminders.remind_silent(now=tomorrow + HOURS) == 0
    assert sorted(log()) == sorted([(cast.sun.pk, "auto", 1, True), (cast.zhou.pk, "auto", 1, False)])
    assert texts() == 1
    stage.confirm(cast, sheet, cast.sun)
    assert reminders.remind_silent(now=cast.now + timedelta(days=3)) == 1
    assert log()[-1] == (cast.zhou.pk, "auto", 3, False)
    assert reminders.remind_silent(now=cast.now + timedelta(days=9)) == 0


def test_after_an_outage_only_the_latest_step_is_sent(cast: Cast) -> None:
    set_days([1, 3])
    stage.submit(cast, stage.make_sheet(cast))
    assert reminders.remind_silent(now=cast.now + timedelta(days=4)) == 2
    assert {step for _w, _k, step, _p in log()} == {3}
    assert texts() == 2
    assert reminders.remind_silent(now=cast.now + timedelta(days=5)) == 0


def test_nobody_is_woken_at_night_and_drafts_are_silent(cast: Cast) -> None:
    set_days([0], [8, 20])
    sheet = stage.make_sheet(cast)
    assert reminders.remind_silent(now=cast.now) == 0
    stage.submit(cast, sheet)
    assert reminders.remind_silent(now=cast.now + 12 * HOURS) == 0  # 21:00 on site
    assert reminders.remind_silent(now=cast.now + HOURS) == 2


def test_a_changed_slip_is_a_new_question(cast: Cast) -> None:
    set_days([1])
    sheet = stage.submit(cast, stage.make_sheet(cast))
    assert reminders.remind_silent(now=cast.now + timedelta(days=1)) == 2
    slip = stage.slip_of(sheet, cast.sun)
    objection = confirmations.object_to_slip(
        slip.reference, reason="days", version=1, actor=cast.actor(cast.sun), now=cast.now
    )
    later = cast.now + timedelta(days=2)
    confirmations.answer_objection(
        objection.pk,
        accept=True,
        answer="加一天",
        days=stage.Decimal(23),
        actor=cast.actor(cast.qian),
        now=later,
    )
    assert reminders.remind_silent(now=later + HOURS) == 0
    assert reminders.remind_silent(now=later + timedelta(days=1)) == 1
    assert Reminder.objects.filter(version=2).values_list("worker_id", flat=True).get() == cast.sun.pk


def test_by_hand_it_stands_in_the_same_log(cast: Cast) -> None:
    sheet = stage.submit(cast, stage.make_sheet(cast))
    for _twice in range(2):
        reminders.remind_workers(sheet.pk, actor=cast.actor(cast.qian), now=cast.now + timedelta(days=2))
    assert sorted(log()) == sorted([(cast.sun.pk, "manual", 2, True), (cast.zhou.pk, "manual", 2, True)])


@pytest.mark.django_db(transaction=True)
def test_two_at_once_remind_once(cast: Cast) -> None:
    set_days([1])
    stage.submit(cast, stage.make_sheet(cast))
    now = cast.now + timedelta(days=1)
    counts: list[int] = []

    def run() -> None:
        try:
            counts.append(reminders.remind_silent(now=now))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _n in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(counts) == 2
    assert (Reminder.objects.count(), texts()) == (2, 2)


def test_the_last_day_is_the_one_before_silence_ends() -> None:
    sent = datetime.fromisoformat("2026-11-03T23:30:00+08:00")
    assert rules.last_day_to_answer(sent, 5) == date(2026, 11, 7)
    assert rules.silence_ends_on(sent, 5) == date(2026, 11, 8)


def test_the_list_of_the_silent_masks_phones_until_asked(cast: Cast, time_machine: Any) -> None:
    time_machine.move_to(cast.now)
    sheet = stage.submit(cast, stage.make_sheet(cast))
    stage.confirm(cast, sheet, cast.sun)
    client = cast.client(cast.qian)
    address = f"/pay/sheets/{sheet.pk}/silent/"
    page = client.get(address).content.decode()
    assert "周**" in page or "周*" in page
    assert cast.zhou_phone not in page
    assert SensitiveView.objects.count() == 0
    page = client.post(address).content.decode()
    assert cast.zhou_phone in page
    assert cast.sun_phone not in page
    assert list(SensitiveView.objects.values_list("worker_id", "fields")) == [(cast.zhou.pk, "phone")]
    assert client.get(f"/pay/sheets/{sheet.pk}/").status_code == 200
    assert cast.client(cast.kong).get(address).status_code == 404
    assert cast.client(cast.he).post(address).status_code == 403
