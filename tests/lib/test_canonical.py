"""One record, one spelling."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest

from wagewatch.lib.canonical import CanonicalError, canonical


def test_keys_are_sorted_by_utf_16_and_nothing_is_spaced():
    # RFC 8785 section 3.2.3: an emoji (surrogates D83D…) sorts before U+FB33
    record = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    assert canonical(record) == '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"\U0001f600":5,"\ufb33":3}'.encode()


def test_chinese_is_written_as_it_is_and_controls_are_escaped():
    assert canonical({"工资": '\u001f\n"\\/'}) == '{"工资":"\\u001f\\n\\"\\\\/"}'.encode()


def test_values_of_the_database_have_one_spelling():
    record = {
        "at": datetime(2026, 11, 6, 19, 52, tzinfo=timezone(timedelta(hours=8))),
        "day": date(2026, 11, 6),
        "days": Decimal("21.50"),
        "whole": Decimal("2E+1"),
        "round": Decimal("100.00"),
        "zero": Decimal("-0.0"),
        "id": UUID(int=7),
        "list": (True, None, -3),
    }
    assert canonical(record) == (
        b'{"at":"2026-11-06T11:52:00.000000Z","day":"2026-11-06","days":"21.5",'
        b'"id":"00000000-0000-0000-0000-000000000007","list":[true,null,-3],"round":"100","whole":"20","zero":"0"}'
    )
    assert canonical({"at": datetime(2026, 11, 6, 11, 52, tzinfo=UTC), "days": Decimal("21.5")}) == canonical(
        {"days": Decimal("21.500"), "at": record["at"]}
    )


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        float("nan"),
        2**53,
        -(2**53),
        {1: "a"},
        {"a": b"bytes"},
        datetime(2026, 1, 1),  # noqa: DTZ001
        Decimal("NaN"),
        "\ud800",
        {"\ud800": 1},
        {1, 2},
    ],
)
def test_refuses_what_has_no_single_spelling(value):
    with pytest.raises(CanonicalError):
        canonical(value)


def test_refuses_bottomless_nesting():
    value: list = []
    for _ in range(100):
        value = [value]
    with pytest.raises(CanonicalError):
        canonical(value)
