"""The minimum wage of a slip, as pure functions. Regulation on minimum wages (劳社部令第21号), articles 11, 12."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from payroll.deductions import Floor
from payroll.pay_items import Item, ItemKind, earned_of

LEFT_OUT = ("overtime", "heat")
"""Kinds that never count towards the minimum wage (article 12): overtime, allowances for heat."""
STANDARD_HOURS = 8


def floor_of(month_fen: int, basis: str, quantity: Decimal, month_days: Decimal) -> Floor:
    """The monthly minimum for the days (or hours) of a slip: a full month from 21.75 days on, else its part."""
    paid_days = Fraction(quantity) / STANDARD_HOURS if basis == "hour" else Fraction(quantity)
    part = min(Fraction(1), paid_days / Fraction(month_days))
    share = Decimal(part.numerator) / Decimal(part.denominator)
    return Floor(int(month_fen * part), month_fen, share.quantize(Decimal("0.0001")))


def counted(gross_fen: int, items: Sequence[Item]) -> int:
    """What of the gross pay counts towards the minimum wage, in fen: without overtime and heat allowance, and after
    what is taken for damage."""
    left_out = earned_of(item for item in items if item.kind.startswith(LEFT_OUT))
    damage = sum(item.amount_fen for item in items if item.kind == ItemKind.LESS_DAMAGE)
    return gross_fen - left_out - damage


def missing(gross_fen: int, items: Sequence[Item], floor: Floor) -> int:
    """How many fen are missing to the minimum wage; 0 if none."""
    return max(0, floor.fen - counted(gross_fen, items))
