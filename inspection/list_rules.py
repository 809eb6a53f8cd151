"""When a firm may be put on the list of serious dishonesty, and taken off it (MOHRSS order 45); pure.

Order 45 asks for arrears that reach the amount of the criminal law (interpretation of 2013, article 3), or a mass or
extreme incident, and an order to pay that lapsed. The firm has five working days to object, the authority five
to check and twenty to decide, once twenty more. The term is three years; six months after correction the firm may
ask to be removed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Owed:
    """What one person is owed by slips past their pay day: wage months, and fen."""

    months: int
    fen: int


@dataclass(frozen=True)
class Sum:
    """What a firm owes: people, fen, and the most months of one person."""

    people: int
    fen: int
    months: int

    @classmethod
    def of(cls, owed: Iterable[Owed]) -> "Sum":
        """All together."""
        every = list(owed)
        return cls(len(every), sum(o.fen for o in every), max((o.months for o in every), default=0))


def reaches_amount(owed: Iterable[Owed], one: Mapping[str, int], many: Mapping[str, int]) -> bool:
    """One person with `months` of pay and `fen`, or `people` with `fen` together."""
    every = list(owed)
    if any(o.months >= one["months"] and o.fen >= one["fen"] for o in every):
        return True
    return len(every) >= many["people"] and sum(o.fen for o in every) >= many["fen"]


@dataclass(frozen=True)
class Stage:
    """A proceeding as the rules see it on a day."""

    state: str
    object_until: date
    decide_until: date
    kinds: tuple[str, ...]
    ground: str
    owed_fen: int
    removal_months: int
    today: date

    @property
    def objection_open(self) -> bool:
        """The last objection has not been answered."""
        said = [k for k in self.kinds if k in {"objection", "answered"}]
        return bool(said) and said[-1] == "objection"

    @property
    def removal_open(self) -> bool:
        """The last request for removal has not been decided."""
        said = [k for k in self.kinds if k in {"asked", "refused", "removed"}]
        return bool(said) and said[-1] == "asked"


def months_after(day: date, months: int) -> date:
    """The same day `months` later; the last of a shorter month."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, min(day.day, last))
        except ValueError:
            continue
    raise ValueError(day)


def possible(stage: Stage) -> list[str]:
    """The steps that the state allows, the likeliest first; time may still stand against one."""
    if stage.state == "noticed":
        steps = ["answered"] if stage.objection_open else ["listed", "spared", "objection"]
        if stage.objection_open:
            steps.append("spared")
        return steps if "extended" in stage.kinds else [*steps, "extended"]
    if stage.state == "listed":
        return ["removed", "refused"] if stage.removal_open else ["asked"]
    return []


def obstacle(stage: Stage, kind: str, on: date) -> tuple[str, Mapping[str, Any]] | None:
    """What stands against a step today: a code and the figures its sentence names; None if nothing does."""
    if kind not in possible(stage):
        return "list.not_now", {}
    if on > stage.today:
        return "list.day", {}
    if kind == "objection" and on > stage.object_until:
        return "list.objection_late", {"day": stage.object_until}
    if kind == "extended" and stage.today > stage.decide_until:
        return "list.time_over", {"day": stage.decide_until}
    if kind == "listed":
        if stage.today <= stage.object_until:
            return "list.hear_first", {"day": stage.object_until}
        if stage.today > stage.decide_until:
            return "list.time_over", {"day": stage.decide_until}
        if stage.ground == "amount" and stage.owed_fen == 0:
            return "list.corrected", {}
    if kind == "asked":
        free_from = months_after(on, stage.removal_months)
        if stage.today < free_from:
            return "list.too_soon", {"months": stage.removal_months, "day": free_from}
        if stage.owed_fen:
            return "list.still_owes", {}
    return None
