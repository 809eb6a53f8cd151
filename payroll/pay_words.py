"""A slip's lines in words: the same for the worker, the clerk, the inspector, and on paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language, gettext, pgettext

from payroll import labels, rules
from payroll.pay_items import Item, ItemKind, deducted_of, items_from
from wagewatch.lib.money import format_cny


@dataclass(frozen=True)
class Line:
    """One line as shown: `amount_fen` is negative for a deduction; `position` is its place among the items, None
    for pay by days; `how` tells quantity × price, `reason` what the clerk wrote."""

    label: str
    amount_fen: int
    how: str = ""
    reason: str = ""
    kind: str = "base"
    position: int | None = None
    origin: str = ""

    @property
    def is_deduction(self) -> bool:
        """Whether it takes money away."""
        return self.amount_fen < 0


def number(value: Decimal) -> str:
    """Without zeros at the end: 21.5, 3, 126.35."""
    return f"{value.normalize():f}"


def lines_of(slip: Any) -> list[Line]:
    """Every line of a slip (or a row with its fields), base first; they add up to net pay."""
    items = items_from(slip.items)
    lines = [*_base(slip), *(_of(item, place) for place, item in enumerate(items))]
    if slip.deduction_fen and not deducted_of(items):
        lines.append(
            Line(gettext("Deductions"), -slip.deduction_fen, reason=slip.deduction_note, kind="less_other")
        )
    return lines


def _base(slip: Any) -> list[Line]:
    base = slip.gross_fen - slip.extra_fen
    if slip.parts:
        found = [
            Line(
                gettext("Pay for work"),
                int(part["gross_fen"]),
                _times(Decimal(part["days"]), part["basis"], part["rate_fen"]),
            )
            for part in slip.parts
        ]
        if sum(line.amount_fen for line in found) == base:
            return found
    if not base and (slip.pay_basis == "piece" or not slip.days):
        return []
    if slip.pay_basis == "piece":
        return [Line(str(ItemKind.PIECE.label), base)]
    if not slip.days:
        return [Line(gettext("Agreed amount"), base, reason=slip.note)]
    how = _times(slip.days, slip.pay_basis, slip.rate_fen)
    if base != rules.gross_of(slip.pay_basis, slip.rate_fen, slip.days):
        how = gettext("%(how)s; the contractor's sheet says otherwise") % {"how": how}
        if slip.pay_basis == "month":
            how = _times(slip.days, slip.pay_basis, slip.rate_fen)
    return [Line(gettext("Pay for work"), base, how)]


def _times(quantity: Decimal, basis: str, rate_fen: int) -> str:
    words = {"quantity": number(quantity), "unit": labels.UNITS[basis], "rate": format_cny(rate_fen)}
    if basis == "month":
        return gettext("%(quantity)s days of %(rate)s per month ÷ 21.75") % words
    return gettext("%(quantity)s %(unit)s × %(rate)s") % words


def _of(item: Item, position: int) -> Line:
    how = ""
    if item.quantity is not None and item.rate_fen is not None:
        unit = pgettext("unit of work", "hours") if item.unit == "h" else item.unit
        how = f"{number(item.quantity)} {unit} × {format_cny(item.rate_fen)}".replace("  ", " ")
        if item.percent is not None and item.percent != 100:
            how += f" × {item.percent}%"
    elif item.kind == ItemKind.MONTH:
        how = gettext("%(holidays)s paid holidays, %(absence)s days of unpaid absence") % {
            "holidays": item.facts.get("holidays", 0),
            "absence": item.facts.get("absence", "0"),
        }
    elif item.facts.get("month_fen"):
        how = gettext("%(sum)s a month, for the days worked") % {"sum": format_cny(item.facts["month_fen"])}
    amount = -item.amount_fen if item.is_deduction else item.amount_fen
    return Line(item.label, amount, how, item.reason, item.kind, position, item.origin)


def short_sum(slip: Any) -> str:
    """All lines in one sentence: "Pay for work ¥7,920.00 + Meals ¥300.00 − Advance paid back ¥500.00"."""
    text = ""
    for line in lines_of(slip):
        sign = " − " if line.is_deduction else " + " if text else ""
        text += f"{sign}{line.label} {format_cny(abs(line.amount_fen))}"
    return text


def span_words(first: date, last: date) -> str:
    """ "26 Sep – 25 Oct", in Chinese "9月26日–10月25日"; years only where they differ."""
    if (get_language() or "zh").startswith("zh"):
        begin = f"{first.month}月{first.day}日"
        return (
            f"{first.year}年{begin}–{last.year}年{last.month}月{last.day}日"
            if first.year != last.year
            else (f"{begin}–{last.month}月{last.day}日")
        )
    year = first.year != last.year
    return f"{first.day} {first:%b}{f' {first.year}' if year else ''} – {last.day} {last:%b}{f' {last.year}' if year else ''}"


def is_odd_span(month: date, first: date, last: date) -> bool:
    """Whether a wage month has other days than the month it is named after."""
    return (first.year, first.month, first.day) != (month.year, month.month, 1) or last.month != month.month


def sums_of(lines: Sequence[Line]) -> tuple[int, int]:
    """Fen earned and fen deducted."""
    return (
        sum(line.amount_fen for line in lines if not line.is_deduction),
        -sum(line.amount_fen for line in lines if line.is_deduction),
    )
