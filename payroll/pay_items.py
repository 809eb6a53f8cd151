"""What a slip adds to and takes from the pay for days worked, line by line; pure, amounts in fen.

A slip's pay for days × rate is its base; everything else is an item: piece work, overtime, allowances, and the
deductions. Items stand on the slip in their order, and gross, deductions and net are their sums (the database
checks them). Sources: Labour Law 41, 44; rules on wages of 1994 (劳部发〔1994〕489号), articles 13, 15, 16.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from wagewatch.lib.errors import RuleViolation
from wagewatch.lib.money import LARGEST_FEN, multiply

LESS = "less_"
"""Kinds of deductions begin with this word, here and in the database's own sums."""
LARGEST_QUANTITY = Decimal(999_999)
LONGEST_REASON = 120


class ItemKind(models.TextChoices):
    """What a line of a slip is."""

    PIECE = "piece", _("Piece work")
    OVERTIME_WORKDAY = "overtime_workday", _("Overtime on workdays")
    OVERTIME_REST_DAY = "overtime_rest_day", _("Work on rest days")
    OVERTIME_HOLIDAY = "overtime_holiday", _("Work on statutory holidays")
    OVERTIME = "overtime", _("Overtime")
    MONTH = "month", _("Paid holidays and full month")
    HEAT = "heat", _("Heat allowance")
    MEALS = "meals", _("Meals")
    TRANSPORT = "transport", _("Transport")
    OTHER = "other", pgettext_lazy("kind of allowance", "Other allowance")
    CORRECTION = "correction", _("Correction of an earlier slip")
    LESS_TAX = "less_tax", _("Income tax")
    LESS_SOCIAL = "less_social", _("Social insurance, the worker's part")
    LESS_COURT = "less_court", _("By order of a court")
    LESS_DAMAGE = "less_damage", _("Damage")
    LESS_ADVANCE = "less_advance", _("Advance paid back")
    LESS_AGREED = "less_agreed", _("Paid too much before, agreed")
    LESS_OTHER = "less_other", pgettext_lazy("kind of deduction", "Other deduction")


OVERTIME = {
    ItemKind.OVERTIME_WORKDAY.value: "workday",
    ItemKind.OVERTIME_REST_DAY.value: "rest_day",
    ItemKind.OVERTIME_HOLIDAY.value: "holiday",
}
"""Kind to the key of parameter `pay.overtime_percent`."""
ALLOWANCES = ("heat", "meals", "transport", "other")
BY_HAND = (
    "piece",
    *OVERTIME,
    *ALLOWANCES,
    "less_tax",
    "less_social",
    "less_court",
    "less_damage",
    "less_other",
)
"""What a clerk may write into a draft; the rest comes from attendance, advances, files or agreements."""
_ORDER = {kind: place for place, kind in enumerate(ItemKind.values)}


@dataclass(frozen=True)
class Item:
    """A line: `quantity` in `unit` (h, days, m², …) × `rate_fen` × `percent` makes `amount_fen`; an allowance or
    a deduction has an amount alone. `origin`: hand, gates, rule, file, or what it belongs to ("advance:12").
    `facts` is what the amount was computed from, where that is more than quantity × rate."""

    kind: str
    amount_fen: int
    quantity: Decimal | None = None
    unit: str = ""
    rate_fen: int | None = None
    percent: int | None = None
    reason: str = ""
    origin: str = "hand"
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_deduction(self) -> bool:
        """Whether the line takes money away."""
        return self.kind.startswith(LESS)

    @property
    def label(self) -> str:
        """The kind in words."""
        return str(ItemKind(self.kind).label)

    def as_json(self) -> dict[str, Any]:
        """As stored: empty fields are left out."""
        found: dict[str, Any] = {"kind": self.kind, "amount_fen": self.amount_fen}
        if self.quantity is not None:
            found["quantity"] = f"{self.quantity:f}"
        for name in ("unit", "rate_fen", "percent", "reason", "origin"):
            if (value := getattr(self, name)) not in ("", None):
                found[name] = value
        if self.facts:
            found["facts"] = dict(self.facts)
        return found

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Item":
        """What `as_json` wrote."""
        found = dict(stored)
        if "quantity" in found:
            found["quantity"] = Decimal(found["quantity"])
        return cls(**found)


def items_from(stored: Iterable[Mapping[str, Any]]) -> list[Item]:
    """A slip's stored items as values."""
    return [Item.from_json(one) for one in stored]


def in_order(items: Iterable[Item]) -> list[Item]:
    """Earnings before deductions, each in the order of the kinds; equal kinds as they came."""
    return sorted(items, key=lambda item: _ORDER[item.kind])


def earned_of(items: Iterable[Item]) -> int:
    """Sum in fen of what is added to the base."""
    return sum(item.amount_fen for item in items if not item.is_deduction)


def deducted_of(items: Iterable[Item]) -> int:
    """Sum in fen of the deductions."""
    return sum(item.amount_fen for item in items if item.is_deduction)


def deduction_words(items: Sequence[Item]) -> str:
    """What the deductions are for, in one short text (Chinese, as every worker reads it)."""
    return "、".join(item.reason or item.label for item in items if item.is_deduction)[:200]


def priced(
    kind: str,
    *,
    quantity: Decimal | None = None,
    unit: str = "",
    rate_fen: int | None = None,
    percent: int | None = None,
    amount_fen: int | None = None,
    reason: str = "",
    origin: str = "hand",
    facts: Mapping[str, Any] | None = None,
) -> Item:
    """A line with its amount: given, or quantity × rate × percent rounded once, half up.

    Raises RuleViolation `item.kind`, `item.quantity`, `item.amount`, `item.reason`.
    """
    if kind not in ItemKind.values:
        raise RuleViolation("item.kind", _("Choose what the line is."))
    if quantity is not None and (
        not quantity.is_finite() or not 0 < quantity <= LARGEST_QUANTITY or quantity != round(quantity, 2)
    ):
        raise RuleViolation("item.quantity", _("Write a quantity above 0 with at most two decimals."))
    if amount_fen is None:
        if quantity is None or rate_fen is None:
            raise RuleViolation("item.amount", _("Write an amount, or a quantity and a price."))
        amount_fen = multiply(rate_fen, quantity * Decimal(100 if percent is None else percent) / 100)
    if not 0 < amount_fen <= LARGEST_FEN:
        raise RuleViolation("item.amount", _("Write an amount above 0."))
    if not reason.strip() and (kind.startswith(LESS) or kind in ("other", "correction")):
        raise RuleViolation("item.reason", _("Write what it is for: the worker will read it."))
    return Item(
        kind,
        amount_fen,
        quantity,
        unit,
        rate_fen,
        percent,
        reason.strip()[:LONGEST_REASON],
        origin,
        facts or {},
    )
