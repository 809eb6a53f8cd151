"""The risk score of a project: a sum of points that anybody can check by hand. Plain values in and out.

Each factor has a figure, a weight, and two marks: at `from` it begins to count, at `full` it counts wholly,
in between in proportion. Two factors count by how near the pay day is, since an account is filled shortly
before it: an empty one a month ahead says little. No factor is learned, none is hidden; weights and marks
are the dated parameter `risk.factors`, chosen on simulated history (`manage.py replay_risk`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

FACTORS = ("balance", "allocation", "sheet", "confirmation", "attendance", "late", "firms")
HIGHEST = 100


@dataclass(frozen=True)
class Facts:
    """What is known of a project at an instant. Amounts in fen."""

    project_id: int
    region_id: str
    today: date
    due_on: date | None
    """The next pay day, moved earlier over rest days."""
    need_fen: int
    """Overdue wages and those of the next pay day; of the latest month where no sheet is there yet."""
    is_estimated: bool
    balance_fen: int | None
    """None without a special account."""
    allocation_days: int
    """How long the oldest allocation that did not come is late; 0 without one."""
    allocation_short_fen: int
    sheet_sent: bool
    """The sheet of the next pay day was sent to the workers."""
    people: int
    """Who worked in the last five weeks."""
    wait_days: float
    """Mean days that unpaid slips waited, or wait, for the worker's word."""
    attended_now: float
    """People a day, the last seven days."""
    attended_before: float
    """People a day, the four weeks before, less what the region's other sites lost in the last week."""
    late_days: int
    """The largest delay of the last pay days, or of one still open."""
    firm_count: int
    """Records of arrears of its firms, and other projects of theirs that are late now."""

    @property
    def gap_fen(self) -> int:
        """What the account lacks for the wages that come."""
        return max(0, self.need_fen - max(0, self.balance_fen or 0))

    @property
    def days_left(self) -> int | None:
        return (self.due_on - self.today).days if self.due_on else None

    @property
    def cover_percent(self) -> float | None:
        """The balance in per cent of the wages that come; None when none come."""
        return 100 * max(0, self.balance_fen or 0) / self.need_fen if self.need_fen > 0 else None

    @property
    def drop_percent(self) -> float:
        """How far attendance fell; 0 for crews under three people a day, where one absence is a third."""
        if self.attended_before < 3:
            return 0.0
        return max(0.0, 100 * (1 - self.attended_now / self.attended_before))


@dataclass(frozen=True)
class Reason:
    """One factor's part of the score. `value` is the figure compared with the marks."""

    code: str
    points: int
    weight: int
    value: float
    detail: dict[str, Any]

    def as_row(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "points": self.points,
            "weight": self.weight,
            "value": self.value,
            **self.detail,
        }


@dataclass(frozen=True)
class Score:
    """The sum, at most 100, and its reasons, the largest first."""

    facts: Facts
    points: int
    reasons: tuple[Reason, ...]


def share_of(value: float, start: float, full: float) -> float:
    """0 at `start`, 1 at `full` and beyond, in proportion between; `full` may lie below `start`."""
    if start == full:
        return 1.0 if value >= full else 0.0
    return min(1.0, max(0.0, (value - start) / (full - start)))


def nearness(days_left: int | None, marks: Mapping[str, int]) -> float:
    """How much a lack of money counts so many days before the pay day."""
    return 0.0 if days_left is None else share_of(days_left, marks["none"], marks["full"])


def score(facts: Facts, factors: Mapping[str, Mapping[str, float]], near: Mapping[str, int]) -> Score:
    """Points for every factor that has a weight."""
    close = nearness(facts.days_left, near)
    values: dict[str, tuple[float, float, dict[str, Any]]] = {
        "allocation": (facts.allocation_days, 1.0, {"fen": facts.allocation_short_fen}),
        "confirmation": (round(facts.wait_days, 1), 1.0, {}),
        "attendance": (
            round(facts.drop_percent, 1),
            1.0,
            {"now": round(facts.attended_now, 1), "before": round(facts.attended_before, 1)},
        ),
        "late": (facts.late_days, 1.0, {}),
        "firms": (facts.firm_count, 1.0, {}),
    }
    if facts.cover_percent is not None:
        values["balance"] = (
            round(facts.cover_percent, 1),
            close,
            {"fen": facts.gap_fen, "left": facts.days_left, "estimated": facts.is_estimated},
        )
    if not facts.sheet_sent and facts.days_left is not None and facts.people:
        values["sheet"] = (facts.days_left, 1.0, {})
    reasons = []
    for code, (value, times, detail) in values.items():
        figures = factors.get(code)
        if figures is None:
            continue
        part = share_of(value, figures["from"], figures["full"]) * times
        points = round(figures["weight"] * part)
        if points > 0:
            reasons.append(Reason(code, points, int(figures["weight"]), value, detail))
    reasons.sort(key=lambda reason: (-reason.points, FACTORS.index(reason.code)))
    return Score(facts, min(HIGHEST, sum(reason.points for reason in reasons)), tuple(reasons))
