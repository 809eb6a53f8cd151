"""On which day wage months begin: who sets it, for whom, and that no day is lost or counted twice."""

from datetime import date

import pytest
from django.urls import reverse

from payroll.models import PaySheet, WageMonthStart
from payroll.services import sheets
from payroll.services.month_starts import set_month_start
from payroll.services.salary_files import salary_file  # noqa: F401 imported so that its module loads
from payroll.wage_months import span_of
from registration.services import parameters
from tests.cast import Cast
from tests.payroll import stage
from wagewatch.lib.errors import NotFound, NotPermitted, RuleViolation

pytestmark = pytest.mark.django_db
NOVEMBER = date(2026, 11, 1)


def set_day(cast: Cast, day: int, *, part: int | None = None, who: str = "zhao", month: date = NOVEMBER):
    parameters.forget()
    return set_month_start(
        cast.project.pk, part, start_day=day, from_month=month, actor=cast.actor(getattr(cast, who)), now=cast.now
    )  # fmt: skip


def test_the_project_sets_a_day_and_a_firm_its_own(cast: Cast) -> None:
    set_day(cast, 26)
    assert span_of(cast.project, cast.sc_part.pk, NOVEMBER) == (date(2026, 11, 1), date(2026, 11, 25))
    assert span_of(cast.project, cast.sc_part.pk, date(2026, 12, 1)) == (
        date(2026, 11, 26),
        date(2026, 12, 25),
    )
    set_day(cast, 11, part=cast.sc_part.pk, who="qian", month=date(2026, 12, 1))
    assert span_of(cast.project, cast.sc_part.pk, date(2026, 12, 1)) == (
        date(2026, 11, 26),
        date(2026, 12, 10),
    )
    assert span_of(cast.project, cast.gc_part.pk, date(2026, 12, 1)) == (
        date(2026, 11, 26),
        date(2026, 12, 25),
    )
    set_day(cast, 21)
    assert list(WageMonthStart.objects.order_by("from_month").values_list("start_day", flat=True)) == [21, 11]


def test_refuses_months_that_have_a_sheet(cast: Cast) -> None:
    stage.make_sheet(cast)
    for part in (None, cast.sc_part.pk):
        with pytest.raises(RuleViolation, match=r"month_start\.sheets"):
            set_day(cast, 26, part=part, month=date(2026, 10, 1))
    assert not WageMonthStart.objects.exists()
    set_day(cast, 26)
    sheet = PaySheet.objects.get()
    assert (sheet.first_day, sheet.last_day) == (date(2026, 10, 1), date(2026, 10, 31))
    stage.attend(cast.sun_posting, 10, month=NOVEMBER)
    made = sheets.make_sheet_from_attendance(
        cast.project.pk, cast.sc_part.pk, NOVEMBER, actor=cast.actor(cast.qian), now=cast.now
    )
    assert (made.first_day, made.last_day) == (date(2026, 11, 1), date(2026, 11, 25))


def test_refuses_days_that_some_months_lack(cast: Cast) -> None:
    for day in (0, 29, 31):
        with pytest.raises(RuleViolation, match=r"month_start\.day"):
            set_day(cast, day)
    assert not WageMonthStart.objects.exists()


def test_who_may_set_the_day(cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        set_day(cast, 26, who="qian")
    with pytest.raises(NotFound):
        set_day(cast, 26, who="kong")
    with pytest.raises(NotFound):
        set_day(cast, 26, part=cast.gc_part.pk, who="qian")
    with pytest.raises(NotPermitted):
        set_day(cast, 26, part=cast.sc_part.pk, who="li")
    assert not WageMonthStart.objects.exists()


def test_the_page_shows_what_holds_and_changes_it(cast: Cast) -> None:
    url = reverse("payroll:month-starts", kwargs={"pk": cast.project.pk})
    client = cast.client(cast.qian)
    assert "岑岭" not in client.get(url).content.decode()
    sent = client.post(url, {"part": cast.sc_part.pk, "start_day": "26", "from_month": "2026-12"})
    assert sent.status_code == 302
    page = client.get(url).content.decode()
    assert "11月26日–12月25日" not in page or "12月" in page
    assert WageMonthStart.objects.get().participation_id == cast.sc_part.pk
    assert client.post(url, {"part": "", "start_day": "26", "from_month": "2026-12"}).status_code == 400
    manager = cast.client(cast.he)
    assert manager.post(url, {"part": "", "start_day": "20", "from_month": "2026-12"}).status_code == 302
    assert cast.client(cast.kong).get(url).status_code == 404
