"""The worker is told when the gates count otherwise than the slip, and what happens next."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from devices.models import AttendanceDay
from payroll.late_worker import calendar_notes, told_on_slip
from payroll.models import PaySheet
from payroll.services import late
from tests.cast import Cast
from tests.devices.conftest import gate  # noqa: F401
from tests.devices.post import Gate
from tests.payroll import stage
from tests.payroll.stage import MONTH
from tests.payroll.test_late import dismiss, late_day, sheet  # noqa: F401

pytestmark = pytest.mark.django_db


def told(cast: Cast, sheet: PaySheet) -> object:  # noqa: F811
    return told_on_slip(stage.slip_of(sheet, cast.sun))


def pages(cast: Cast, sheet: PaySheet) -> list[str]:  # noqa: F811
    sun = cast.client(cast.sun)
    slip = reverse("payroll:worker-slip", args=[stage.slip_of(sheet, cast.sun).reference])
    return [
        sun.get(address, headers={"accept-language": "en"}).content.decode()
        for address in (slip, reverse("devices:worker-days") + "?month=2026-10")
    ]


def test_nothing_is_said_while_nothing_changed(cast: Cast, sheet: PaySheet) -> None:  # noqa: F811
    assert told(cast, sheet) is None
    assert calendar_notes(cast.sun, MONTH) == []
    for page in pages(cast, sheet):
        assert "At the gate now" not in page


def test_slip_and_calendar_say_that_the_gate_counts_more(cast: Cast, sheet: PaySheet, gate: Gate) -> None:  # noqa: F811
    late_day(cast, gate)
    said = told_on_slip(stage.slip_of(sheet, cast.sun))
    assert said is not None
    assert (said.on_slip, said.at_gate, [day for day, _words in said.days]) == (
        Decimal(22),
        Decimal(23),
        [date(2026, 10, 28)],
    )
    for page in pages(cast, sheet):
        assert "The gate now counts more than your slip" in page
        assert "The gate sent this day late" in page
        assert "must pay the rest with an extra slip" in page
        assert reverse("devices:worker-day", args=[cast.project.pk, "2026-10-28"]) in page
    assert calendar_notes(cast.sun, date(2026, 9, 1)) == []
    assert calendar_notes(cast.zhou, MONTH) == []  # nobody reads another's


def test_fewer_days_take_nothing_off(cast: Cast, sheet: PaySheet) -> None:  # noqa: F811
    AttendanceDay.objects.filter(worker_id=cast.sun.pk, day=date(2026, 10, 5)).delete()
    for page in pages(cast, sheet):
        assert "The gate now counts less than your slip" in page
        assert "this change takes nothing off it" in page


def test_the_extra_slip_is_announced_and_then_answers(cast: Cast, sheet: PaySheet, gate: Gate) -> None:  # noqa: F811
    late_day(cast, gate)
    made = late.make_supplement(sheet.pk, actor=cast.actor(cast.qian), now=cast.now)
    for page in pages(cast, sheet):
        assert "is making an extra slip for you" in page
    stage.submit(cast, made)
    assert told(cast, sheet) is None


def test_the_clerks_reason_is_shown(cast: Cast, sheet: PaySheet, gate: Gate) -> None:  # noqa: F811
    late_day(cast, gate)
    dismiss(cast, sheet)
    for page in pages(cast, sheet):
        assert "They were on site but did not work" in page
        assert "那天来领工具，没有干活" in page


def test_somebody_on_no_slip_is_told_on_the_calendar(cast: Cast, sheet: PaySheet) -> None:  # noqa: F811
    (posting,) = stage.crew(cast, 1)
    stage.attend(posting, 3)
    (note,) = calendar_notes(posting.worker, MONTH)
    assert (note.context.on_slip, note.context.at_gate) == (Decimal(0), Decimal(3))
    page = cast.client(posting.worker).get(reverse("devices:worker-days") + "?month=2026-10")
    assert [one.context.at_gate for one in page.context["notes"]] == [Decimal(3)]
