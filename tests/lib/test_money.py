"""Money: exact totals, one rounding, nothing guessed."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagewatch.lib.errors import Malformed
from wagewatch.lib.money import (
    decimal_to_fen,
    fen_to_decimal,
    format_cny,
    format_yuan,
    multiply,
    parse_yuan,
    share,
)


@pytest.mark.parametrize(
    ("fen", "text"),
    [
        (648_000, "6,480.00"),
        (0, "0.00"),
        (5, "0.05"),
        (-648_005, "−6,480.05"),
        (123_456_789_012, "1,234,567,890.12"),
    ],
)
def test_formats_yuan(fen: int, text: str) -> None:
    assert format_yuan(fen) == text
    assert format_cny(fen) == text.replace("−", "−¥") if fen < 0 else format_cny(fen) == "¥" + text


@pytest.mark.parametrize(
    ("given_value", "fen"),
    [
        ("￥5,600.00", 560_000),
        ("５６００．５元", 560_050),
        (" 5 600 ", 560_000),
        ("¥0.01", 1),
        ("5600元整", 560_000),
        ("1,234,567.8", 123_456_780),
        (5600, 560_000),
        (5600.1, 560_010),
        (215.38461538, 21_538),
        (0.125, 13),
        (Decimal("5600.10"), 560_010),
        ("人民币5600", 560_000),
    ],
)
def test_reads_amounts(given_value: str | float | Decimal, fen: int) -> None:
    assert parse_yuan(given_value) == fen


@pytest.mark.parametrize(
    ("given_value", "code"),
    [
        ("伍仟陆佰", "money.chinese_numerals"),
        ("0.56万", "money.unit"),
        ("5.6k", "money.unit"),
        ("5.6E3", "money.exponent"),
        ("-5600", "money.negative"),
        ("(5600)", "money.negative"),
        ("（5600）", "money.negative"),
        (-5600.0, "money.negative"),
        ("NaN", "money.not_a_number"),
        (float("nan"), "money.not_a_number"),
        (float("inf"), "money.not_a_number"),
        (Decimal("NaN"), "money.not_a_number"),
        ("Infinity", "money.not_a_number"),
        ("12345678901234567890", "money.too_large"),
        (1e300, "money.too_large"),
        ("56.005", "money.precision"),
        ("5,60", "money.not_a_number"),
        ("15000元/月", "money.not_a_number"),
        ("1.2.3", "money.not_a_number"),
        (True, "money.not_a_number"),
        ("", "money.empty"),
        ("-", "money.empty"),
        ("/", "money.empty"),
        ("无", "money.empty"),
        (None, "money.empty"),
        ("٣٤", "money.not_a_number"),
    ],
)
def test_refuses_what_would_have_to_be_guessed(given_value: str | float | None, code: str) -> None:
    with pytest.raises(Malformed) as refused:
        parse_yuan(given_value)
    assert refused.value.code == code


def test_reads_negatives_where_they_are_allowed() -> None:
    assert parse_yuan("-300", negative=True) == -30_000
    assert parse_yuan(-300.5, negative=True) == -30_050
    assert parse_yuan("¥-300", negative=True) == -30_000


@pytest.mark.parametrize(
    ("rate", "quantity", "fen"),
    [
        (30_000, "22.5", 675_000),
        (12_345, "0.5", 6_173),
        (-12_345, "0.5", -6_173),
        (1, "0.4", 0),
        (249_000, "0.3", 74_700),
    ],
)
def test_multiplies_with_one_rounding_half_up(rate: int, quantity: str, fen: int) -> None:
    assert multiply(rate, Decimal(quantity)) == fen


def test_shares_a_fen_that_does_not_divide() -> None:
    assert share(100, [1, 1, 1]) == [34, 33, 33]
    assert share(-100, [1, 1, 1]) == [-34, -33, -33]
    assert share(1_000, [Decimal("0.5"), Decimal("1.5"), 0]) == [250, 750, 0]
    with pytest.raises(ValueError, match="weights"):
        share(100, [0, 0])


@given(
    st.integers(-(10**13), 10**13),
    st.lists(st.integers(0, 10**6), min_size=1, max_size=40).filter(any),
)
def test_shares_add_up_and_stay_within_a_fen(total: int, weights: list[int]) -> None:
    parts = share(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < sum(weights)


@given(st.integers(-(10**13), 10**13))
def test_writes_and_reads_back(fen: int) -> None:
    assert parse_yuan(format_cny(fen), negative=True) == fen
    assert decimal_to_fen(fen_to_decimal(fen)) == fen
    assert str(fen_to_decimal(fen)).split(".")[1].__len__() == 2


@given(st.text(max_size=30))
def test_any_text_gives_an_amount_or_a_message(text: str) -> None:
    code = "money."
    try:
        assert isinstance(parse_yuan(text, negative=True), int)
    except Malformed as refused:
        code = refused.code
    assert code.startswith("money.")
