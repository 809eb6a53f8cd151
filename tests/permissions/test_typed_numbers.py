"""Numbers and filters typed by hand: digits that are none, far too many, control characters in what becomes a header."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registration.rules.person_values import read_posting
from tests.cast import TODAY
from tests.permissions.stage import Stage, on_stage, undone
from tests.permissions.test_matrix import path_of
from wagewatch.lib.texts import whole_number

NO_NUMBERS = ["²", "٣", "①", "-1", "1" * 5000, "1e3", "", " 1", "1\x00"]


@pytest.fixture
def stage(db: None) -> Iterator[Stage]:
    with on_stage() as found:
        yield found


@given(st.one_of(st.text(max_size=30), st.integers(min_value=0).map(str), st.sampled_from(NO_NUMBERS)))
def test_a_whole_number_is_plain_digits_that_a_column_holds(text: str) -> None:
    found = whole_number(text)
    plain = 0 < len(text) <= 18 and set(text) <= set("0123456789")
    assert found == (int(text) if plain else None)
    assert found is None or found < 2**63


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number_is_answered_below_500(stage: Stage, text: str) -> None:
    line, library = path_of(stage, "payroll:statement-line"), path_of(stage, "inspection:check-library")
    asked = [
        ("zhao", "POST", line, {"act": "dismiss", "reason": "test", "note": "x", "version": text}),
        ("zhao", "POST", line, {"act": "duplicate", "version": "1", "other": text}),
        ("li", "POST", library, {"act": "end", "item": text}),
        ("li", "GET", path_of(stage, "inspection:looks"), {"user": text, "day": "2026-10-01"}),
        ("li", "GET", path_of(stage, "inspection:case-act"), {"order_id": text}),
    ]
    for role, method, path, data in asked:
        with undone():
            options = {"query_params": data} if method == "GET" else {}
            status = stage.ask(role, method, path, data, **options).status_code
            assert status < 500, (path, data, status)


@pytest.mark.parametrize("text", ["²", "29", "1" * 5000, "٣"])
def test_a_pay_day_is_a_day(text: str) -> None:
    typed = {"team": "木工", "trade": "木工", "rate": "300", "pay_day": text}
    values, said = read_posting(typed, today=TODAY)
    assert values is None
    assert "pay_day.range" in {message.code for message in said}


@pytest.mark.parametrize("name", ["inspection:cases-give", "inspection:alarms-give"])
def test_nothing_but_filters_gets_into_the_address_back_to_a_list(stage: Stage, name: str) -> None:
    back = "level=red&q=\x00\u202e\r\nSet-Cookie: a=b&project=7#x"
    answer = stage.ask("li", "POST", path_of(stage, name), {"back": back})
    assert answer.status_code == 302
    where = answer["Location"]
    assert where.isascii()
    assert where.isprintable()
    assert "level=red&q=%00" in where
    assert "#" not in where


@pytest.mark.parametrize("seconds", [4_000_000_001, 10**15, 10**30])
def test_a_span_beyond_time_breaks_no_page_of_the_gates(stage: Stage, seconds: int) -> None:
    report = {"name": "door", "kind": "face", "state": "ready", "seconds": 5, "heard_seconds": 5}
    page = path_of(stage, "devices:terminals")
    for field in ("seconds", "heard_seconds"):
        for value, status in ((seconds, 400), (4_000_000_000, 200)):
            body = json.dumps({"devices": [report | {field: value}]}).encode()
            with undone():
                assert stage.ask("g1", "POST", "/api/v1/heartbeats/", body).status_code == status
                assert stage.ask("zhao", "GET", page).status_code == 200
