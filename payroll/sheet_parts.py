"""The amounts of one row of a contractor's pay sheet: earnings beside the days, deductions, totals; pure.

Each amount in a column of its own becomes a line of the slip, so that the worker sees what the clerk wrote. What does
not add up is said with the figures that do not fit, never set right in silence.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from payroll.pay_items import Item, ItemKind
from wagewatch.lib.money import format_cny, multiply

EARNED: Mapping[str, ItemKind] = {
    "overtime_pay": ItemKind.OVERTIME,
    "allowance": ItemKind.OTHER,
    "piece_pay": ItemKind.PIECE,
}
"""Columns that add to the pay for days, and what kind of line each is."""
DEDUCTED: Mapping[str, ItemKind] = {
    "advance": ItemKind.LESS_ADVANCE,
    "tax": ItemKind.LESS_TAX,
    "social_insurance": ItemKind.LESS_SOCIAL,
    "fine": ItemKind.LESS_OTHER,
    "paid_by_project": ItemKind.LESS_OTHER,
    "other_deduction": ItemKind.LESS_OTHER,
}
"""Columns that take away. A fine and what the project paid for the worker are no lawful kinds of their own."""


SEVERAL = frozenset(("allowance", "other_deduction"))
"""Meanings that more than one column of a table may have: they are added up, each a line of its own."""


def field_of(key: str) -> str:
    """The meaning of a column's key: "other_deduction" of "other_deduction#2"."""
    return key.partition("#")[0]


def keys_of(parts: Collection[str], names: Collection[str]) -> list[str]:
    """The keys of these meanings, in the meanings' order."""
    return [key for name in names for key in parts if field_of(key) == name]


@dataclass
class Amounts:
    """What a row says, in fen; None where the cell is empty. `headings` are the columns' own words. A second column of
    one meaning has a key such as "other_deduction#2" in both."""

    gross: int | None = None
    net: int | None = None
    base: int | None = None
    deductions: int | None = None
    parts: dict[str, int] = field(default_factory=dict)
    headings: Mapping[str, str] = field(default_factory=dict)
    hours: Decimal | None = None
    note: str = ""

    @property
    def earned(self) -> int:
        """The sum of what adds to the pay for days."""
        return sum(self.parts[key] for key in keys_of(self.parts, EARNED))

    @property
    def deducted(self) -> int:
        """The sum of the single deductions."""
        return sum(self.parts[key] for key in keys_of(self.parts, DEDUCTED))


@dataclass
class Added:
    """The row added up: gross, deductions and net in fen, the lines beside the days, what does not fit."""

    gross_fen: int | None = None
    deduction_fen: int = 0
    deduction_note: str = ""
    net_fen: int | None = None
    items: list[Item] = field(default_factory=list)
    stops: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)


def add_up(row: Amounts) -> Added:
    """Gross, deductions and net of a row, and whether the file agrees with itself."""
    found = Added()
    _deductions(row, found)
    gross = row.gross
    if gross is None and row.base is not None:
        gross = row.base + row.earned
    if gross is None and row.net is not None:
        gross = row.net + found.deduction_fen
    if gross is None:
        found.stops.append(("gross", _("There is neither gross nor net pay. Write one of them.")))
        return found
    if row.base is not None and row.gross is not None and row.base + row.earned != row.gross:
        found.warnings.append(
            (
                "gross",
                _("%(parts)s make %(sum)s, but the gross pay of the file is %(found)s.")
                % {
                    "parts": _words(row, ("base_pay", *EARNED)),
                    "sum": format_cny(row.base + row.earned),
                    "found": format_cny(row.gross),
                },
            )
        )
    if row.earned > gross:
        found.stops.append(
            (
                "gross",
                _("%(parts)s alone are more than the gross pay of %(gross)s.")
                % {"parts": _words(row, tuple(EARNED)), "gross": format_cny(gross)},
            )
        )
    found.gross_fen = gross
    found.net_fen = gross - found.deduction_fen
    found.items = _items(row, found)
    if row.net is not None and row.net != found.net_fen:
        found.stops.append(
            (
                "net",
                _("Net pay should be %(gross)s − %(deduction)s = %(net)s, but the sheet says %(found)s.")
                % {
                    "gross": format_cny(gross),
                    "deduction": format_cny(found.deduction_fen),
                    "net": format_cny(found.net_fen),
                    "found": format_cny(row.net),
                },
            )
        )
    return found


def _deductions(row: Amounts, found: Added) -> None:
    single = row.deducted
    found.deduction_fen = row.deductions if row.deductions is not None else single
    if row.deductions is not None and single and single != row.deductions:
        found.warnings.append(
            (
                "deductions",
                _(
                    "%(parts)s make %(sum)s, but the sum of deductions in the file is %(found)s, which is taken."
                )
                % {
                    "parts": _words(row, tuple(DEDUCTED)),
                    "sum": format_cny(single),
                    "found": format_cny(row.deductions),
                },
            )
        )
    words = [
        f"{row.headings.get(key, key)} {format_cny(row.parts[key])}"
        for key in keys_of(row.parts, DEDUCTED)
        if row.parts[key]
    ]
    found.deduction_note = ("、".join(words) or row.note or ("扣款" if found.deduction_fen else ""))[:200]


def _items(row: Amounts, found: Added) -> list[Item]:
    """The lines of the row; none of the deductions where they do not add up to the sum that counts."""
    items = [
        Item(
            kind := EARNED[field_of(key)],
            row.parts[key],
            quantity=row.hours if key == "overtime_pay" else None,
            unit="h" if key == "overtime_pay" and row.hours else "",
            reason=row.headings.get(key, "")[:120] if kind == ItemKind.OTHER else "",
            origin="file",
        )
        for key in keys_of(row.parts, EARNED)
        if row.parts[key]
    ]
    if found.deduction_fen == row.deducted:
        items += [
            Item(
                DEDUCTED[field_of(key)],
                row.parts[key],
                reason=row.headings.get(key, key)[:120],
                origin="file",
            )
            for key in keys_of(row.parts, DEDUCTED)
            if row.parts[key]
        ]
    elif found.deduction_fen:
        items.append(
            Item(ItemKind.LESS_OTHER, found.deduction_fen, reason=found.deduction_note[:120], origin="file")
        )
    if found.deduction_fen and not any(item.is_deduction for item in items):
        items.append(
            Item(ItemKind.LESS_OTHER, found.deduction_fen, reason=found.deduction_note[:120], origin="file")
        )
    return items


def _words(row: Amounts, names: Sequence[str]) -> str:
    amounts = {"base_pay": row.base or 0, **row.parts}
    return " + ".join(
        f"{row.headings.get(key, key)} {format_cny(amounts[key])}"
        for key in keys_of(amounts, names)
        if amounts[key]
    )


@dataclass(frozen=True)
class Reckoned:
    """What the pay for days should be: `days` (or hours) of the file or, without any, of the gates; the
    registered rate; what the gates count and what pay that gives."""

    basis: str
    unit: str
    rate_fen: int
    days: Decimal
    expected_fen: int
    gate_days: Decimal
    gate_fen: int


def why_base_differs(base_fen: int, rate_in_file: int | None, known: Reckoned) -> str:
    """In words: what the file pays for days, what days × rate give, and the likely reason of the difference."""
    gap = base_fen - known.expected_fen
    said = {
        "days": f"{known.days.normalize():f}",
        "unit": known.unit,
        "rate": format_cny(known.rate_fen),
        "expected": format_cny(known.expected_fen),
        "found": format_cny(base_fen),
        "gap": format_cny(abs(gap)),
    }
    words = (
        _("%(days)s %(unit)s × %(rate)s = %(expected)s, the file pays %(found)s: %(gap)s more.")
        if gap > 0
        else _("%(days)s %(unit)s × %(rate)s = %(expected)s, the file pays %(found)s: %(gap)s less.")
    ) % said
    return " ".join(filter(None, (words, _reason(base_fen, gap, rate_in_file, known))))


def _reason(base_fen: int, gap: int, rate_in_file: int | None, known: Reckoned) -> str:
    if rate_in_file and rate_in_file != known.rate_fen and multiply(rate_in_file, known.days) == base_fen:
        return _("The file reckons with a rate of %(rate)s.") % {"rate": format_cny(rate_in_file)}
    if known.days != known.gate_days and base_fen == known.gate_fen:
        return _("It is what the gates' %(days)s %(unit)s give.") % {
            "days": f"{known.gate_days.normalize():f}",
            "unit": known.unit,
        }
    if known.basis in ("day", "hour") and known.rate_fen:
        units = Decimal(abs(gap)) / known.rate_fen
        if units == units.quantize(Decimal("0.5")) and units:
            return _("That is %(days)s %(unit)s.") % {
                "days": f"{units.normalize():f}",
                "unit": known.unit,
            }
        if known.days and base_fen % 100 == 0 and not (base_fen / known.days) % 1:
            return _("As if the rate were %(rate)s.") % {"rate": format_cny(int(base_fen / known.days))}
    if gap % 100_00 == 0 and base_fen % 100_00 == 0:
        return _("The file has a round sum.")
    return ""
