"""When a project's special account may be closed, as pure functions (Order 724 art. 27; measures of 2021)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class ClosingFacts:
    """What decides whether a project's account may be closed."""

    done_on: date | None
    unpaid_people: int
    unpaid_fen: int
    open_sheets: int
    objections: int
    on_its_way_fen: int
    unassigned_lines: int
    alarms: int
    arrears: bool
    notice_from: date | None
    notice_days: int
    pledge: bool
    released: bool
    balance_fen: int
    today: date

    @property
    def notice_until(self) -> date | None:
        """The last day of the public notice."""
        return None if self.notice_from is None else self.notice_from + timedelta(days=self.notice_days)


@dataclass(frozen=True)
class Condition:
    """One line of the checklist: its code, whether it holds, and the figures it rests on."""

    code: str
    holds: bool
    count: int = 0
    fen: int = 0
    day: date | None = None


BEFORE_ASKING = ("finished", "paid", "sheets", "objections", "on_its_way", "lines", "arrears", "alarms")
BEFORE_RELEASE = (*BEFORE_ASKING, "pledge", "notice")
BEFORE_CLOSING = (*BEFORE_RELEASE, "released", "balance")


def closing_conditions(facts: ClosingFacts) -> list[Condition]:
    """Every condition of closing in the order in which it must hold (art. 27; measures of 2021)."""
    until = facts.notice_until
    return [
        Condition("finished", facts.done_on is not None, day=facts.done_on),
        Condition("paid", not facts.unpaid_people, facts.unpaid_people, facts.unpaid_fen),
        Condition("sheets", not facts.open_sheets, facts.open_sheets),
        Condition("objections", not facts.objections, facts.objections),
        Condition("on_its_way", not facts.on_its_way_fen, fen=facts.on_its_way_fen),
        Condition("lines", not facts.unassigned_lines, facts.unassigned_lines),
        Condition("arrears", not facts.arrears),
        Condition("alarms", not facts.alarms, facts.alarms),
        Condition("pledge", facts.pledge),
        Condition("notice", until is not None and until < facts.today, day=until),
        Condition("released", facts.released),
        Condition("balance", facts.released and facts.balance_fen == 0, fen=facts.balance_fen),
    ]


def missing(conditions: Sequence[Condition], wanted: Sequence[str]) -> list[Condition]:
    """The wanted conditions that do not hold."""
    return [c for c in conditions if c.code in wanted and not c.holds]
