"""Money in integer fen. Yuan exist only in what people and banks read and write."""

import math
import re
import unicodedata
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction

from django.utils.translation import gettext_lazy as _

from wagewatch.lib.errors import Malformed
from wagewatch.lib.texts import odd_digits

MINUS = "\u2212"
LARGEST_FEN = 10**13
"""One hundred billion yuan: more than any labour-cost contract, far inside a BigInteger."""

_BLANKS = frozenset({"", "-", "--", "—", "——", "/", "\\", "无", "空", "nil", "n/a"})
_INVISIBLE = re.compile(r"[\s\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_CHINESE_NUMERALS = re.compile(r"[零〇壹贰叁肆伍陆柒捌玖拾佰仟一二两三四五六七八九十百千]")
_PLAIN = re.compile(r"\d+(\.\d*)?|\.\d+", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d*)?", re.ASCII)


def format_yuan(fen: int) -> str:
    """``648000`` -> ``"6,480.00"``; negative amounts carry a true minus sign (U+2212)."""
    yuan, rest = divmod(abs(fen), 100)
    return f"{MINUS if fen < 0 else ''}{yuan:,}.{rest:02d}"


def format_cny(fen: int) -> str:
    """``648000`` -> ``"¥6,480.00"``."""
    yuan, rest = divmod(abs(fen), 100)
    return f"{MINUS if fen < 0 else ''}¥{yuan:,}.{rest:02d}"


def fen_to_decimal(fen: int) -> Decimal:
    """Fen to yuan with two decimals, as bank files write it."""
    return Decimal(fen).scaleb(-2).quantize(Decimal("0.01"))


def decimal_to_fen(yuan: Decimal) -> int:
    """Yuan to fen; raises ``Malformed`` (``money.precision``) for fractions of a fen."""
    if not yuan.is_finite():
        raise Malformed("money.not_a_number", _("Write the amount in digits, for example 5600.00."))
    fen = yuan.scaleb(2)
    if fen != fen.to_integral_value():
        raise Malformed("money.precision", _("Write at most two decimals: the smallest amount is 0.01 yuan."))
    return _bounded(int(fen))


def multiply(rate_fen: int, quantity: Decimal) -> int:
    """Fen per unit times a quantity (days, hours, square metres), rounded once, half up (away from 0)."""
    exact = Fraction(rate_fen) * Fraction(quantity)
    return _round_half_up(exact)


def share(total_fen: int, weights: Sequence[int | Decimal]) -> list[int]:
    """Split an amount in proportion to weights so that the parts add up exactly.

    Largest remainder; equal remainders go to the earlier part. Raises ``ValueError`` without a
    positive weight.
    """
    exact = [Fraction(w) for w in weights]
    if any(w < 0 for w in exact) or not (whole := sum(exact)):
        raise ValueError("share() needs weights that are not negative and not all zero")
    sign, amount = (-1 if total_fen < 0 else 1), abs(total_fen)
    quotas = [amount * w / whole for w in exact]
    parts = [math.floor(q) for q in quotas]
    by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - quotas[i], i))
    for i in by_remainder[: amount - sum(parts)]:
        parts[i] += 1
    return [sign * p for p in parts]


def parse_yuan(value: str | int | float | Decimal | None, *, negative: bool = False) -> int:
    """Yuan as people write them, to fen.

    Text may carry ¥, 元, thousands commas and full-width digits, and at most two decimals. A number
    from a cell is rounded half up to the fen, as the cell shows it. Nothing is guessed: 0.56万,
    伍仟陆佰, 5.6E3, (5600) are refused with what to write instead. Raises ``Malformed`` with codes
    ``money.empty not_a_number chinese_numerals unit exponent precision negative too_large``.
    """
    if value is None:
        raise _empty()
    if isinstance(value, str):
        fen = _parse_text(value)
    elif isinstance(value, bool):
        raise _not_a_number()
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise _not_a_number()
        fen = _round_half_up(Fraction(repr(value)) * 100)
    elif isinstance(value, Decimal):
        if not value.is_finite():
            raise _not_a_number()
        fen = decimal_to_fen(value)
    else:
        fen = value * 100
    _bounded(fen)
    if fen < 0 and not negative:
        raise _negative()
    return fen


def _parse_text(raw: str) -> int:
    if odd_digits(raw):
        raise _not_a_number()
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", raw)).replace("，", ",")
    if text.lower() in _BLANKS:
        raise _empty()
    if text.startswith("(") and text.endswith(")"):
        raise _negative()
    text = re.sub(r"^(RMB|CNY|人民币)|元整?$", "", text, flags=re.IGNORECASE)
    sign = 1
    if text[:1] in {"-", MINUS, "+"}:
        sign, text = (1 if text[0] == "+" else -1), text[1:]
    text = text.lstrip("¥￥")
    if sign == 1 and text[:1] in {"-", MINUS}:
        sign, text = -1, text[1:]
    if text.endswith(("万", "千", "k", "K", "w", "W", "亿")) and _PLAIN.fullmatch(text[:-1]):
        raise Malformed("money.unit", _("Write the amount in yuan with digits: 5600, not 0.56万."))
    if _CHINESE_NUMERALS.search(text):
        raise Malformed("money.chinese_numerals", _("Write the amount in digits, for example 5600.00."))
    if re.fullmatch(r"[0-9.]+[eE][+-]?\d+", text):
        raise Malformed("money.exponent", _("Write the amount in full, for example 5600, not 5.6E3."))
    if not _PLAIN.fullmatch(text) and not _GROUPED.fullmatch(text):
        raise _not_a_number()
    try:
        return decimal_to_fen(sign * Decimal(text.replace(",", "")))
    except InvalidOperation:
        raise _not_a_number() from None


def _round_half_up(exact: Fraction) -> int:
    whole = math.floor(abs(exact) + Fraction(1, 2))
    return -whole if exact < 0 else whole


def round_half_up(value: Decimal) -> int:
    """A Decimal number of fen to whole fen, half away from zero."""
    return int(value.to_integral_value(rounding=ROUND_HALF_UP))


def _bounded(fen: int) -> int:
    if abs(fen) > LARGEST_FEN:
        raise Malformed("money.too_large", _("This amount is too large. Check the number of digits."))
    return fen


def _empty() -> Malformed:
    return Malformed("money.empty", _("The amount is missing. Write a number; write 0 if there is none."))


def _not_a_number() -> Malformed:
    return Malformed("money.not_a_number", _("Write the amount in digits, for example 5600.00."))


def _negative() -> Malformed:
    return Malformed(
        "money.negative", _("A negative amount is not allowed here. Write deductions without a minus.")
    )
