"""The days behind a slip, for calendars."""

from datetime import timedelta
from typing import Any

from devices.models import AttendanceDay
from payroll.models import PaySlip
from payroll.wage_months import days_of_sheet


def days_of_month(slip: PaySlip) -> list[dict[str, Any]]:
    """Calendar cells of the slip's wage month, Monday first: day, whether worked, whether half a day."""
    first, last = days_of_sheet(slip.sheet)
    worked = dict(
        AttendanceDay.objects.filter(
            project=slip.project_id, worker_id=slip.worker_id, day__range=(first, last)
        ).values_list("day", "days")
    )
    cells: list[dict[str, Any]] = [{"day": ""} for _n in range(first.weekday())]
    for n in range((last - first).days + 1):
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
