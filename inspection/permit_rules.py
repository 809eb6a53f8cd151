"""What a building permit asks of the wage side (order 724, articles 24, 26, 28, 32; source 2 for Nanjing); pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from payroll.guarantee_rules import COVERED

State = Literal["met", "missing", "not_asked"]


@dataclass(frozen=True)
class Facts:
    """What is on record about a project on a day. Sums in fen.

    `account_state` is a value of `AccountState`, "" without an account; `account_asked` is False for works so
    small that the region asks for none. `deposit_state` and `guarantee_state` are codes of the `state_of` in
    `payroll.deposit_rules` and `payroll.guarantee_rules`;
    `social_asked` is False where the region asks for no social pre-deposit; `people` and `with_contract` count
    those on the register today; `listed_on` is since when the general contractor is on the list of serious
    dishonesty. `…_on` and `…_paper` say on what a condition rests.
    """

    today: date
    code: str
    has_owner: bool
    has_contractor: bool
    signed_on: date | None
    sum_fen: int
    address: str
    account_asked: bool
    account_state: str
    account_opened_on: date | None
    account_filed_on: date | None
    account_paper: str
    deposit_state: str
    deposit_due_fen: int
    deposit_balance_fen: int
    deposit_on: date | None
    deposit_paper: str
    guarantee_asked: bool
    guarantee_state: str
    guarantee_fen: int
    guarantee_until: date | None
    guarantee_paper: str
    social_asked: bool
    social_due_fen: int | None
    social_paid_fen: int
    social_on: date | None
    social_paper: str
    clerk: str
    subcontractors: int
    subcontractors_signed: int
    people: int
    with_contract: int
    contracts_percent: int
    listed_on: date | None


@dataclass(frozen=True)
class Point:
    """One condition: its code, whether it is met, and the figures its sentence names."""

    code: str
    state: State
    figures: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The point as it is kept in an answer."""
        return {"code": self.code, "state": self.state, "figures": dict(self.figures)}


ACCOUNT_WORKS = frozenset({"open", "closing"})
"""States in which the bank keeps the account for the project."""
DEPOSIT_IN_ORDER = frozenset({"lodged", "exempt", "expiring", "return_asked", "release"})
"""States of a wage deposit that stand in nobody's way."""


def points_of(facts: Facts) -> list[Point]:
    """The nine conditions in the order in which a permit office asks for them."""
    return [
        _registered(facts),
        _account(facts),
        _deposit(facts),
        _guarantee(facts),
        _social(facts),
        _clerk(facts),
        _subcontracts(facts),
        _contracts(facts),
        _point("listed", facts.listed_on is None, on=_iso(facts.listed_on)),
    ]


def is_ready(points: list[Point]) -> bool:
    """Whether nothing that is asked for is missing."""
    return all(point.state != "missing" for point in points)


def differing(then: list[dict[str, Any]], now: list[Point]) -> list[str]:
    """Codes of the conditions whose state is another one than when an answer was given."""
    before = {point["code"]: point["state"] for point in then}
    # A condition that was not looked at when the answer was given differs only where it is missing.
    return [
        point.code
        for point in now
        if (before[point.code] != point.state if point.code in before else point.state == "missing")
    ]


def social_due_fen(base_fen: int, base: str, rates: Mapping[str, Any]) -> int:
    """Nanjing's pre-deposit: `labour_percent` of the labour cost or `construction_permille` of the building cost,
    half up to the fen."""
    share, of = (rates["labour_percent"], 100) if base == "labour" else (rates["construction_permille"], 1000)
    return int((Decimal(base_fen) * Decimal(str(share)) / of).quantize(Decimal(1), ROUND_HALF_UP))


def _point(code: str, met: bool, /, **figures: Any) -> Point:
    return Point(code, "met" if met else "missing", figures)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _registered(facts: Facts) -> Point:
    lacking = [
        name
        for name, there in (
            ("owner", facts.has_owner),
            ("contractor", facts.has_contractor),
            ("contract_day", facts.signed_on is not None),
            ("contract_sum", facts.sum_fen > 0),
            ("address", bool(facts.address)),
        )
        if not there
    ]
    return _point("registered", not lacking, code=facts.code, lacking=lacking, on=_iso(facts.signed_on))


def _account(facts: Facts) -> Point:
    if not facts.account_asked and not facts.account_state:
        return Point("account", "not_asked", {})
    return _point(
        "account",
        facts.account_state in ACCOUNT_WORKS and facts.account_filed_on is not None,
        state=facts.account_state,
        opened=_iso(facts.account_opened_on),
        on=_iso(facts.account_filed_on),
        paper=facts.account_paper,
    )


def _deposit(facts: Facts) -> Point:
    return _point(
        "deposit",
        facts.deposit_state in DEPOSIT_IN_ORDER,
        state=facts.deposit_state,
        due_fen=facts.deposit_due_fen,
        balance_fen=facts.deposit_balance_fen,
        on=_iso(facts.deposit_on),
        paper=facts.deposit_paper,
    )


def _guarantee(facts: Facts) -> Point:
    if not facts.guarantee_asked:
        return Point("guarantee", "not_asked", {})
    return _point(
        "guarantee",
        facts.guarantee_state in COVERED,
        state=facts.guarantee_state,
        fen=facts.guarantee_fen,
        until=_iso(facts.guarantee_until),
        paper=facts.guarantee_paper,
    )


def _social(facts: Facts) -> Point:
    if not facts.social_asked:
        return Point("social", "not_asked", {})
    due = facts.social_due_fen
    return _point(
        "social",
        due is not None and facts.social_paid_fen >= due,
        due_fen=due,
        paid_fen=facts.social_paid_fen,
        on=_iso(facts.social_on),
        paper=facts.social_paper,
    )


def _clerk(facts: Facts) -> Point:
    return _point("clerk", bool(facts.clerk), name=facts.clerk)


def _subcontracts(facts: Facts) -> Point:
    if facts.subcontractors == 0:
        return Point("subcontracts", "not_asked", {})
    return _point(
        "subcontracts",
        facts.subcontractors_signed == facts.subcontractors,
        signed=facts.subcontractors_signed,
        all=facts.subcontractors,
    )


def _contracts(facts: Facts) -> Point:
    if facts.people == 0:
        return Point("contracts", "not_asked", {})
    return _point(
        "contracts",
        facts.with_contract * 100 >= facts.people * facts.contracts_percent,
        signed=facts.with_contract,
        all=facts.people,
        percent=facts.contracts_percent,
        on=facts.today.isoformat(),
    )
