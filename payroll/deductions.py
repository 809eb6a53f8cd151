"""The limits of deductions, line by line; pure. Rules on wages of 1994 (劳部发〔1994〕489号), articles 15, 16."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from payroll.pay_items import Item, ItemKind, deducted_of
from wagewatch.lib.errors import RuleViolation
from wagewatch.lib.money import format_cny

DAMAGE_PERCENT = 20
"""At most so much of the month's wage for damage (1994 rules, article 16)."""
_LAWFUL = frozenset(("less_tax", "less_social", "less_court", "less_damage", "less_advance", "less_agreed"))


@dataclass(frozen=True)
class Floor:
    """The minimum wage that holds for a slip: fen for its days, and how it came about."""

    fen: int
    month_fen: int
    share: Decimal


def check_deductions(gross_fen: int, items: Sequence[Item], floor: Floor | None = None) -> None:
    """Whether the deductions are within the law's limits, line by line.

    All together at most the gross pay; damage at most a fifth of it, and what is left after damage not under the
    minimum wage (1994 rules, article 16). Raises RuleViolation `slip.deduction_too_large`, `slip.damage_fifth`,
    `slip.damage_floor`.
    """
    total = deducted_of(items)
    if total > gross_fen:
        raise RuleViolation(
            "slip.deduction_too_large",
            _("A deduction of %(deduction)s is more than the gross pay of %(gross)s. Correct one of them."),
            deduction=format_cny(total),
            gross=format_cny(gross_fen),
        )
    damage = sum(item.amount_fen for item in items if item.kind == ItemKind.LESS_DAMAGE)
    if not damage:
        return
    if damage * 100 > gross_fen * DAMAGE_PERCENT:
        raise RuleViolation(
            "slip.damage_fifth",
            _(
                "Damage: %(damage)s is more than a fifth of the month's wage (%(most)s at most). "
                "Rules on wages of 1994, article 16."
            ),
            damage=format_cny(damage),
            most=format_cny(gross_fen * DAMAGE_PERCENT // 100),
        )
    if floor is not None and gross_fen - damage < floor.fen:
        raise RuleViolation(
            "slip.damage_floor",
            _(
                "After %(damage)s for damage %(left)s would be left, under the minimum wage of %(floor)s for these "
                "days. Rules on wages of 1994, article 16."
            ),
            damage=format_cny(damage),
            left=format_cny(gross_fen - damage),
            floor=format_cny(floor.fen),
        )


def doubtful(items: Iterable[Item]) -> list[Item]:
    """Deductions of a kind that article 15 of the 1994 rules does not name: lawful only by agreement."""
    return [item for item in items if item.is_deduction and item.kind not in _LAWFUL]


def capped_advance(gross_fen: int, items: Sequence[Item], item: Item) -> Item | None:
    """An advance to be paid back, cut to what is left after the other deductions; None if nothing is left."""
    left = gross_fen - deducted_of(items)
    if left <= 0:
        return None
    return item if item.amount_fen <= left else replace(item, amount_fen=left)
