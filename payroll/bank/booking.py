"""When the bank books: cut-off times, working days, and the last moment to instruct for a pay day. Pure."""

from datetime import date, datetime, time, timedelta

from payroll.bank.profiles import BankProfile
from wagewatch.lib.dates import SITE_TZ, Calendar

_DAY = timedelta(days=1)


def books_on(day: date, profile: BankProfile, calendar: Calendar) -> bool:
    """Whether the bank books wages on a day."""
    return calendar.is_working(day) if profile.working_days_only else True


def booking_day(at: datetime, profile: BankProfile, calendar: Calendar) -> date:
    """The day on which the bank books an order that reaches it at this moment.

    Today before the cut-off, if the bank works today; else the next day on which it works.
    """
    local = at.astimezone(SITE_TZ)
    day = local.date()
    if profile.cut_off is not None and local.time() >= profile.cut_off and books_on(day, profile, calendar):
        day += _DAY
    return _on_or_after(day, profile, calendar)


def instruct_by(due_on: date, profile: BankProfile, calendar: Calendar) -> datetime:
    """The last moment to instruct so that wages are booked by `due_on` (Order 724, article 14: earlier, never
    later, when the bank does not work that day)."""
    day = calendar.on_or_before(due_on) if profile.working_days_only else due_on
    return datetime.combine(day, profile.cut_off or time(23, 59), SITE_TZ)


def _on_or_after(day: date, profile: BankProfile, calendar: Calendar) -> date:
    for ahead in range(400):
        if books_on(candidate := day + ahead * _DAY, profile, calendar):
            return candidate
    raise ValueError("the calendar has no working day in more than a year")
