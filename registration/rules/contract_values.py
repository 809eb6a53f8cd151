"""The values of a contract as its Chinese text says them, whatever language the page is in."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from registration.rules.contracts import FIXED
from wagewatch.lib.money import format_yuan

UNITS = {
    "m": "米",
    "m2": "平方米",
    "m3": "立方米",
    "t": "吨",
    "piece": "件",
    "set": "套",
    "job": "项（整项工作）",
}
_RATES = {
    "day": "按日计酬，每日 {yuan} 元",
    "hour": "按小时计酬，每小时 {yuan} 元",
    "month": "按月计酬，每月 {yuan} 元",
    "piece": "计件，每{unit} {yuan} 元",
}

COMPARED = ("employer", "trade", "team", "pay_basis", "piece_unit", "rate_fen", "pay_day")
"""Terms whose change after an offer makes the offered text wrong."""


def day_text(day: date) -> str:
    """2026 年 8 月 3 日."""
    return f"{day.year} 年 {day.month} 月 {day.day} 日"


def rate_text(pay_basis: str, rate_fen: int, piece_unit: str = "") -> str:
    """按日计酬，每日 340.00 元."""
    return _RATES[pay_basis].format(yuan=format_yuan(rate_fen), unit=UNITS.get(piece_unit, "件"))


def term_text(period: str, starts_on: date, ends_on: date | None, trade: str) -> str:
    """How long, as one sentence without its full stop."""
    if period == FIXED and ends_on is not None:
        return f"期限为固定期限，自 {day_text(starts_on)}起至 {day_text(ends_on)}止"
    return (
        f"以完成一定工作任务为期限，自 {day_text(starts_on)}起至本项目约定的{trade}工作完成、"
        "办理离场和工资结清手续之日止"
    )


def contract_values(
    terms: Mapping[str, Any],
    person: Mapping[str, str],
    *,
    number: str,
    period: str,
    starts_on: date,
    ends_on: date | None,
) -> dict[str, str]:
    """A value for every field of a template (`contract_text.FIELDS`)."""
    wage = terms.get("minimum_wage_fen")
    return {
        **{name: str(terms.get(name) or "") for name in
           ("employer", "employer_code", "manager", "clerk", "project", "place", "general_contractor", "team", "trade")},
        **person,
        "number": number,
        "term": term_text(period, starts_on, ends_on, str(terms["trade"])),
        "rate": rate_text(str(terms["pay_basis"]), int(terms["rate_fen"]), str(terms.get("piece_unit") or "")),
        "pay_day": f"次月 {terms['pay_day']} 日",
        "minimum_wage": f"每月 {format_yuan(int(wage))} 元" if wage else "",
    }  # fmt: skip


def terms_differ(kept: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Names of the terms that are no longer what the contract says."""
    return [name for name in COMPARED if kept.get(name) != now.get(name)]
