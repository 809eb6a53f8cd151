"""The days behind a slip, for calendars."""

import calendar
from datetime import timedelta
from typing import Any

from devices.models import AttendanceDay
from payroll.models import PaySlip
from wagewatch.lib.dates import month_range


def days_of_month(slip: PaySlip) -> list[dict[str, Any]]:
    """Calendar cells of the slip's month, Monday first: day, whether worked, whether half a day."""
    first, last = month_range(slip.month)
    worked = dict(
        AttendanceDay.objects.filter(
            project=slip.project_id, worker_id=slip.worker_id, day__range=(first, last)
        ).values_list("day", "days")
    )
    cells: list[dict[str, Any]] = [{"day": ""} for _n in range(first.weekday())]
    for n in range(calendar.monthrange(first.year, first.month)[1]):
        day = first + timedelta(days=n)
        cells.append(
            {
                "day": day.day,
                "date": day,
                "on": bool(worked.get(day)),
                "half": 0 < worked.get(day, 0) < 1,
            }
        )
    return cells
