"""When the bank books, and how long to wait before sending again."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payroll.bank.backoff import FIRST, LONGEST, wait_before
from payroll.bank.booking import booking_day, instruct_by
from payroll.bank.profiles import DEMO_BANK
from registration.seed.calendar import calendar_rows
from wagewatch.lib.dates import SITE_TZ, Calendar

OFFICE = replace(DEMO_BANK, cut_off=time(16, 30), working_days_only=True)
CALENDAR = Calendar({row.day: row.is_working for row in calendar_rows((2026,))})


def at(day: int, hour: int, minute: int = 0, month: int = 2) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SITE_TZ)


@pytest.mark.parametrize(
    ("moment", "profile", "day"),
    [
        (at(9, 23), DEMO_BANK, date(2026, 2, 9)),
        (at(9, 16, 29), OFFICE, date(2026, 2, 9)),
        (at(9, 16, 30), OFFICE, date(2026, 2, 10)),
        (at(6, 16, 30), OFFICE, date(2026, 2, 9)),  # Friday evening: Monday
        (at(14, 10), OFFICE, date(2026, 2, 14)),  # a Saturday that is worked in exchange for the holiday
        (at(14, 17), OFFICE, date(2026, 2, 24)),  # then the spring festival
        (at(18, 10), OFFICE, date(2026, 2, 24)),
        (at(18, 10), replace(OFFICE, working_days_only=False), date(2026, 2, 18)),
        (at(18, 17), replace(OFFICE, working_days_only=False), date(2026, 2, 19)),
    ],
)
def test_books_at_the_banks_next_working_moment(moment: datetime, profile, day: date) -> None:
    assert booking_day(moment, profile, CALENDAR) == day


def test_asks_for_wages_due_on_a_holiday_before_it() -> None:
    assert instruct_by(date(2026, 2, 18), OFFICE, CALENDAR) == at(14, 16, 30)
    assert instruct_by(date(2026, 2, 18), DEMO_BANK, CALENDAR) == at(18, 23, 59)


@given(
    st.integers(0, 365 * 24 * 60),
    st.sampled_from([OFFICE, DEMO_BANK, replace(OFFICE, working_days_only=False)]),
)
def test_the_day_is_never_past_and_always_one_on_which_the_bank_books(minutes: int, profile) -> None:
    moment = datetime(2026, 1, 1, tzinfo=SITE_TZ) + timedelta(minutes=minutes)
    day = booking_day(moment, profile, CALENDAR)
    assert day >= moment.date()
    assert not profile.working_days_only or CALENDAR.is_working(day)
    # What is instructed by the last moment for that day is booked by then.
    last = instruct_by(day, profile, CALENDAR) - timedelta(minutes=1)
    assert booking_day(last, profile, CALENDAR) <= day


@given(st.integers(1, 200), st.floats(0, 1))
def test_pauses_grow_to_a_limit_and_never_vanish(tries: int, chance: float) -> None:
    wait = wait_before(tries, chance)
    assert FIRST / 2 <= wait <= LONGEST
    assert wait_before(tries + 1, 0) >= wait_before(tries, 0)
    if tries < 8:
        assert wait_before(tries, 1) == FIRST * 2 ** (tries - 1)
