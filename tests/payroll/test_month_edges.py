"""The edges of a month: midnight in China, the shortest and the longest month, wage months from the 26th to the 25th."""

import itertools
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payroll.models import PaySlip
from payroll.services import sheets, uploads
from payroll.services.month_starts import set_month_start
from payroll.wage_months import month_of, span, span_of
from registration.services import parameters
from tests.cast import Cast
from tests.lib.make_sheets import xlsx
from tests.payroll import stage
from wagewatch.lib.errors import RuleViolation

pytestmark = pytest.mark.django_db
OCTOBER, NOVEMBER, DECEMBER = date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)


def make(cast: Cast, month: date, now: datetime):
    return sheets.make_sheet_from_attendance(
        cast.project.pk, cast.sc_part.pk, month, actor=cast.actor(cast.qian), now=now
    )


def from_26th(cast: Cast, month: date = NOVEMBER) -> None:
    parameters.forget()
    set_month_start(
        cast.project.pk, None, start_day=26, from_month=month, actor=cast.actor(cast.zhao), now=cast.now
    )


def test_the_first_and_the_last_day_count_once(cast: Cast) -> None:
    """From the 26th: the change makes one short month, and every day of three months is paid exactly once."""
    from_26th(cast)
    stage.attend(cast.sun_posting, 31, month=OCTOBER)
    stage.attend(cast.sun_posting, 30, month=NOVEMBER)
    stage.attend(cast.sun_posting, 25, month=DECEMBER)
    paid: list[tuple[date, date, Decimal]] = []
    now = datetime(2026, 12, 26, 1, tzinfo=UTC)
    for month in (OCTOBER, NOVEMBER, DECEMBER):
        sheet = make(cast, month, now)
        assert (sheet.first_day, sheet.last_day) == span_of(cast.project, cast.sc_part.pk, month)
        paid.append((sheet.first_day, sheet.last_day, stage.slip_of(sheet, cast.sun).days))
    assert paid == [
        (date(2026, 10, 1), date(2026, 10, 31), Decimal(31)),
        (date(2026, 11, 1), date(2026, 11, 25), Decimal(25)),
        (date(2026, 11, 26), date(2026, 12, 25), Decimal(30)),
    ]
    assert sum(PaySlip.objects.values_list("gross_fen", flat=True)) == 86 * 36_000


def test_a_wage_month_begins_with_its_first_day_in_china(cast: Cast) -> None:
    """December's wage month begins on 26 November at midnight in China, which is 16:00 of the 25th in UTC."""
    from_26th(cast)
    stage.attend(cast.sun_posting, 1, month=NOVEMBER, start=26)
    late = datetime(2026, 11, 25, 15, 59, 59, tzinfo=UTC)
    with pytest.raises(RuleViolation) as refusal:
        make(cast, DECEMBER, late)
    assert refusal.value.code == "sheet.month_to_come"
    made = make(cast, DECEMBER, late + timedelta(seconds=1))
    assert stage.slip_of(made, cast.sun).days == 1
    assert month_of(cast.project, cast.sc_part.pk, date(2026, 11, 25)) == NOVEMBER
    assert month_of(cast.project, cast.sc_part.pk, date(2026, 11, 26)) == DECEMBER


def test_an_uploaded_sheet_of_such_a_month_is_compared_with_its_own_days(cast: Cast) -> None:
    from_26th(cast)
    stage.attend(cast.sun_posting, 30, month=NOVEMBER, start=26)
    stage.attend(cast.zhou_posting, 20, month=NOVEMBER)  # all of it before the 26th but the last
    heads = ("姓名", "出勤天数", "应发工资", "实发工资")

    def receive(days: int):
        return uploads.receive_sheet_file(
            cast.project.pk, cast.sc_part.pk, DECEMBER, filename="11月26日至12月25日.xlsx",
            data=xlsx([("11月26日-12月25日工资表",), heads, ("孙德旺", days, days * 360, days * 360)]),
            actor=cast.actor(cast.qian), now=datetime(2026, 12, 26, 1, tzinfo=UTC),
        )  # fmt: skip

    upload = receive(30)
    assert (upload.rows[0]["verdict"], upload.reading["warnings"]) == ("same", [])
    assert upload.reading["absent"] == []
    refused = receive(31)
    assert refused.rows[0]["verdict"] == "refused"
    assert "30" in refused.rows[0]["messages"][0]["text"]


@given(st.integers(2020, 2035), st.integers(1, 12), st.lists(st.integers(1, 28), min_size=40, max_size=40))
def test_no_rule_leaves_a_day_out_or_counts_one_twice(year: int, month: int, days: list[int]) -> None:
    """Whatever day each of 40 months begins on, their spans follow one another."""
    months = [date(year + (month - 1 + n) // 12, (month - 1 + n) % 12 + 1, 1) for n in range(40)]
    rule = dict(zip(months, days, strict=True))
    spans = [span(one, lambda m: rule.get(m, 1)) for one in months]
    for (_first, last), (following, _last) in itertools.pairwise(spans):
        assert following == last + timedelta(days=1)
    assert all(first <= last for first, last in spans)


def test_the_last_day_of_february_and_of_the_year(cast: Cast) -> None:
    parameters.forget()
    for posting in (cast.sun_posting,):
        posting.joined_on = date(2026, 8, 3)
    stage.attend(cast.sun_posting, 28, month=date(2027, 2, 1))
    stage.attend(cast.sun_posting, 1, month=date(2027, 3, 1))
    made = make(cast, date(2027, 2, 1), datetime(2027, 2, 28, 15, 30, tzinfo=UTC))
    assert (made.last_day, stage.slip_of(made, cast.sun).days) == (date(2027, 2, 28), Decimal(28))
    assert made.due_on.month == 3
    stage.attend(cast.zhou_posting, 31, month=DECEMBER)
    stage.attend(cast.zhou_posting, 1, month=date(2027, 1, 1))
    made = make(cast, DECEMBER, datetime(2026, 12, 31, 16, 30, tzinfo=UTC))
    assert (made.last_day, stage.slip_of(made, cast.zhou).days) == (date(2026, 12, 31), Decimal(31))
