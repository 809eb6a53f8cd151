"""What may be done about an alarm at which stage, and until when: plain values in and out."""

from collections.abc import Mapping
from datetime import date

from inspection.models import Alarm
from inspection.rules import LEVEL_NAMES
from wagewatch.lib.dates import Calendar

Stage = Alarm.Stage
TO_CHECK = frozenset({Stage.NEW, Stage.ASSIGNED, Stage.READ})
"""Nobody has found out yet whether it is true."""
WITHIN = {
    Stage.NEW: "alarm.handle_within_wd",
    Stage.ASSIGNED: "alarm.handle_within_wd",
    Stage.READ: "alarm.handle_within_wd",
    Stage.TRUE: "alarm.measures_within_wd",
    Stage.HANDLED: "alarm.recheck_within_wd",
}
"""Which parameter says, per level, in how many working days the next step is due. What was found not true has none."""


def due_on(start: date, level: int, days: Mapping[str, int] | None, calendar: Calendar) -> date | None:
    """The last day for the next step; None where the region sets no figure for the level."""
    count = (days or {}).get(LEVEL_NAMES[level])
    return None if count is None else calendar.add_working(start, count)


def earlier(one: date | None, other: date | None) -> date | None:
    """The nearer of two deadlines; None only if both are."""
    return min((day for day in (one, other) if day is not None), default=None)
