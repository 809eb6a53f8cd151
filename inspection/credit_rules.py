"""The grade of a firm's credit about wages, with every reason (order 724, article 47); pure.

The points and borders come from the regional, dated parameter `credit.table`; nothing here is a constant of law.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Record:
    """What is on record about a firm over the months of the table.

    Alarms opened are counted by level (red, orange, yellow), but for those that were found not true; `fined` and
    `lapsed` are orders to correct for which a fine was decided, and that were not followed in time; `slips` and `late_slips` those whose pay day lay in
    the months; `registered` and `attended` people of its running projects, now and in the last 30 days.
    """

    on_list: bool = False
    arrears: bool = False
    red: int = 0
    orange: int = 0
    yellow: int = 0
    deposit_used: int = 0
    fined: int = 0
    lapsed: int = 0
    slips: int = 0
    late_slips: int = 0
    registered: int = 0
    attended: int = 0

    @property
    def late_percent(self) -> int:
        """Slips not paid by their pay day, per hundred, rounded up: one late slip never counts as none."""
        return -(-self.late_slips * 100 // self.slips) if self.slips else 0

    @property
    def absent_percent(self) -> int:
        """Registered people whom no gate saw in the last 30 days, per hundred, rounded down."""
        missing = max(0, self.registered - self.attended)
        return missing * 100 // self.registered if self.registered else 0


@dataclass(frozen=True)
class Reason:
    """One line of the grade: how often something was the case, and the points it took."""

    code: str
    count: int
    points: int


@dataclass(frozen=True)
class Grade:
    """A, B or C, the points left, and why. `known` is False where nothing is on record at all."""

    letter: str
    points: int
    reasons: tuple[Reason, ...]
    known: bool


COUNTED = (
    "deposit_used",
    "arrears",
    "fined",
    "lapsed",
    "red",
    "orange",
    "yellow",
    "late_percent",
    "absent_percent",
)


def grade_of(record: Record, table: Mapping[str, Any]) -> Grade:
    """Points each time, up to the most of a reason; who is on the list is C whatever the points."""
    reasons = []
    points = int(table["start"])
    for code in COUNTED:
        count = int(getattr(record, code))
        each, most = table["points"].get(code, (0, 0))
        free = int(table.get("free", {}).get(code, 0))
        lost = min(int(most), max(0, count - free) * int(each))
        if lost:
            reasons.append(Reason(code, count, lost))
            points -= lost
    points = max(0, points)
    letter = "A" if points >= table["grades"]["A"] else "B" if points >= table["grades"]["B"] else "C"
    if record.on_list:
        reasons.insert(0, Reason("on_list", 1, 0))
        letter = "C"
    known = bool(record.slips or record.registered or reasons)
    return Grade(letter, points, tuple(reasons), known)
