"""Days, wage months and deadlines."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registration.seed.calendar import calendar_rows
from wagewatch.lib.dates import (
    Calendar,
    month_range,
    next_month,
    parse_date,
    parse_month,
    pay_due_on,
    previous_month,
    site_date,
)
from wagewatch.lib.errors import Malformed

CHINA = Calendar({row.day: row.is_working for row in calendar_rows()})
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))


def test_a_day_at_the_site_is_shanghais() -> None:
    assert site_date(datetime(2026, 11, 14, 16, 0, tzinfo=UTC)) == date(2026, 11, 15)
    assert site_date(datetime(2026, 11, 14, 15, 59, tzinfo=UTC)) == date(2026, 11, 14)
    assert site_date(datetime(2026, 11, 14, 19, 59, tzinfo=UTC), day_start_hour=4) == date(2026, 11, 14)
    with pytest.raises(ValueError, match="aware"):
        site_date(datetime(2026, 11, 14))  # noqa: DTZ001


def test_month_ranges() -> None:
    assert month_range(date(2026, 2, 1)) == (date(2026, 2, 1), date(2026, 2, 28))
    assert month_range(date(2026, 4, 1), start_day=11) == (date(2026, 3, 11), date(2026, 4, 10))
    assert month_range(date(2026, 1, 1), start_day=26) == (date(2025, 12, 26), date(2026, 1, 25))


@pytest.mark.parametrize(
    ("month", "pay_day", "due"),
    [
        (date(2026, 9, 1), 15, date(2026, 10, 15)),
        (date(2026, 10, 1), 15, date(2026, 11, 13)),  # the 15th is a Sunday
        (date(2026, 9, 1), 5, date(2026, 9, 30)),  # 1-7 October is the holiday
        (date(2026, 1, 1), 20, date(2026, 2, 14)),  # Spring Festival; Saturday 14 is a make-up workday
        (date(2026, 1, 1), 31, date(2026, 2, 28)),  # February; Saturday 28 is a make-up workday
        (date(2025, 12, 1), 4, date(2026, 1, 4)),  # a Sunday that is worked
    ],
)
def test_a_pay_date_on_a_rest_day_moves_earlier(month: date, pay_day: int, due: date) -> None:
    assert pay_due_on(month, pay_day, CHINA) == due


def test_counts_working_days_over_the_national_holiday() -> None:
    assert CHINA.add_working(date(2026, 9, 30), 1) == date(2026, 10, 8)
    assert CHINA.add_working(date(2026, 10, 8), -1) == date(2026, 9, 30)
    assert CHINA.working_days_between(date(2026, 9, 30), date(2026, 10, 10)) == 3
    assert not CHINA.is_working(date(2026, 10, 5))
    assert CHINA.is_working(date(2026, 10, 10))


def test_a_calendar_cannot_be_changed() -> None:
    special = {date(2026, 1, 2): False}
    calendar = Calendar(special)
    special[date(2026, 1, 5)] = False
    assert calendar.is_working(date(2026, 1, 5))
    with pytest.raises(TypeError):
        calendar.special[date(2026, 1, 5)] = False  # type: ignore[index]


@given(DAYS, st.integers(-300, 300))
def test_adding_and_counting_agree(day: date, count: int) -> None:
    reached = CHINA.add_working(day, count)
    if count:
        assert CHINA.is_working(reached)
    if count >= 0:
        assert CHINA.working_days_between(day, reached) == count


@given(DAYS, st.integers(1, 31))
def test_a_due_date_is_worked_and_never_late(day: date, pay_day: int) -> None:
    month = day.replace(day=1)
    due = pay_due_on(month, pay_day, CHINA)
    assert CHINA.is_working(due)
    latest = min(
        next_month(month) + timedelta(days=pay_day - 1), next_month(next_month(month)) - timedelta(days=1)
    )
    assert due <= latest
    assert previous_month(next_month(month)) == month


@pytest.mark.parametrize(
    "text",
    [
        "2026-10",
        "2026年10月",
        "2026.10",
        "2026/10",
        "202610",
        "２０２６年１０月",
        " 2026 年 10 月 ",
        "2026年10月份",
    ],
)
def test_reads_months(text: str) -> None:
    assert parse_month(text) == date(2026, 10, 1)


@pytest.mark.parametrize("text", ["", "2026-13", "10-2026", "2026", "九月", "1026-10"])
def test_refuses_months(text: str) -> None:
    with pytest.raises(Malformed) as refused:
        parse_month(text)
    assert refused.value.code == "date.month"


@pytest.mark.parametrize(
    "value",
    [
        "2026-3-5", "2026.3.5", "2026/03/05", "2026年3月5日", "20260305", "26.3.5", "２０２６．３．５", "2026-03-05 00:00:00",
        46086, 46086.0, 20260305.0, date(2026, 3, 5), "'2026-3-5", "46086",
        datetime(2026, 3, 5, 8, 30),  # noqa: DTZ001 - cells know no zone
    ],
)  # fmt: skip
def test_reads_dates(value: str | float | date) -> None:
    assert parse_date(value) == date(2026, 3, 5)


def test_reads_serials_of_the_1904_system() -> None:
    assert parse_date(46086 - 1462, date1904=True) == date(2026, 3, 5)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("2026.10", "date.no_day"),
        (2026.1, "date.no_day"),
        ("2026年3月", "date.no_day"),
        ("202603", "date.no_day"),
        ("05/03/2026", "date.unclear"),
        ("26/3/5", "date.unclear"),
        ("2026-2-30", "date.impossible"),
        ("20261305", "date.impossible"),
        ("3月5日", "date.unclear"),
        (7, "date.unclear"),
        (float("nan"), "date.unclear"),
        (float("inf"), "date.unclear"),
        ("", "date.empty"),
        ("/", "date.empty"),
        (None, "date.empty"),
        (True, "date.empty"),
    ],
)
def test_refuses_dates(value: str | float | None, code: str) -> None:
    with pytest.raises(Malformed) as refused:
        parse_date(value)
    assert refused.value.code == code


@given(st.one_of(st.text(max_size=20), st.floats(), st.integers()))
def test_any_value_gives_a_date_or_a_message(value: str | float) -> None:
    code = "date."
    try:
        assert isinstance(parse_date(value), date)
    except Malformed as refused:
        code = refused.code
    assert code.startswith("date.")
