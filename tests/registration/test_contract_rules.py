"""Which contract, how long, for how much: the rules as a table."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registration.rules import contract_text, contract_values
from registration.rules.contracts import (
    TRANSITIONS,
    Limits,
    Terms,
    add_months,
    check_terms,
    check_transition,
    first_denial,
    kind_for,
    lowest_rate_fen,
    retirement_day,
)
from registration.seed.contract_templates import template_rows
from registration.seed.parameters import parameter_rows
from wagewatch.lib.errors import Malformed, RuleViolation

TODAY = date(2026, 8, 10)
SCHEMES = {r.valid_from: r.value for r in parameter_rows() if r.key == "people.retirement_age"}
OLD, NEW = SCHEMES[date(1978, 6, 2)], SCHEMES[date(2025, 1, 1)]
LIMITS = Limits(
    retirement=NEW,
    month_wage_fen=226_000,
    hour_wage_fen=2_200,
    month_days=Decimal("21.75"),
    youngest_age=16,
    agency_months=24,
    conclude_months=1,
)
PLAIN = Terms(
    kind="labour",
    period="1",
    starts_on=date(2026, 8, 3),
    ends_on=None,
    joined_on=date(2026, 8, 3),
    role="subcontractor",
    pay_basis="day",
    rate_fen=34_000,
    sex=1,
    birth_date=date(1979, 3, 8),
)


@pytest.mark.parametrize(
    ("birth", "sex", "manager", "scheme", "day"),
    [
        # The published tables of the reform: month of birth, month of retirement.
        (date(1964, 12, 20), 1, False, NEW, date(2024, 12, 20)),
        (date(1965, 1, 15), 1, False, NEW, date(2025, 2, 15)),
        (date(1965, 4, 15), 1, False, NEW, date(2025, 5, 15)),
        (date(1965, 5, 15), 1, False, NEW, date(2025, 7, 15)),
        (date(1976, 8, 1), 1, False, NEW, date(2039, 7, 1)),
        (date(1976, 9, 1), 1, False, NEW, date(2039, 9, 1)),
        (date(1990, 9, 1), 1, False, NEW, date(2053, 9, 1)),
        (date(1975, 1, 31), 2, False, NEW, date(2025, 2, 28)),
        (date(1975, 3, 3), 2, False, NEW, date(2025, 5, 3)),
        (date(1984, 11, 3), 2, False, NEW, date(2039, 11, 3)),
        (date(1970, 1, 3), 2, True, NEW, date(2025, 2, 3)),
        (date(1981, 9, 3), 2, True, NEW, date(2039, 9, 3)),
        (date(1965, 1, 15), 1, False, OLD, date(2025, 1, 15)),
        (date(1975, 1, 15), 2, False, OLD, date(2025, 1, 15)),
    ],
)
def test_retirement_follows_the_reform_of_2025(birth, sex, manager, scheme, day) -> None:
    assert retirement_day(birth, sex, manager, scheme) == day


def test_from_the_day_of_retirement_on_it_is_an_agreement() -> None:
    born = date(1962, 8, 3)
    assert kind_for(replace(PLAIN, birth_date=born), LIMITS) == "agreement"
    assert kind_for(replace(PLAIN, birth_date=born, starts_on=date(2022, 8, 2)), LIMITS) == "labour"


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({}, []),
        ({"period": "0"}, ["no_end"]),
        ({"period": "0", "ends_on": date(2026, 8, 2)}, ["ends_before_start"]),
        ({"period": "0", "ends_on": date(2026, 8, 3)}, []),
        ({"period": "0", "ends_on": date(2036, 8, 4)}, ["far_ahead"]),
        ({"ends_on": date(2026, 12, 31)}, ["task_has_end"]),
        ({"role": "agency"}, ["agency_fixed"]),
        ({"role": "agency", "period": "0", "ends_on": date(2028, 8, 1)}, ["agency_short"]),
        ({"role": "agency", "period": "0", "ends_on": date(2028, 8, 2)}, []),
        ({"role": "agency", "kind": "agreement", "birth_date": date(1960, 1, 1)}, []),
        ({"birth_date": date(1960, 1, 1)}, ["needs_agreement"]),
        ({"kind": "agreement"}, ["needs_labour"]),
        ({"birth_date": date(2010, 8, 4)}, ["too_young"]),
        ({"birth_date": date(2010, 8, 3)}, []),
        ({"rate_fen": 10_390}, ["below_minimum"]),
        ({"rate_fen": 10_391}, []),
        ({"pay_basis": "month", "rate_fen": 225_999}, ["below_minimum"]),
        ({"pay_basis": "month", "rate_fen": 226_000}, []),
        ({"pay_basis": "hour", "rate_fen": 1_298}, ["below_minimum"]),
        ({"pay_basis": "hour", "rate_fen": 1_299}, ["below_hour_minimum"]),
        ({"pay_basis": "hour", "rate_fen": 2_200}, []),
        ({"pay_basis": "piece", "rate_fen": 1}, []),
        ({"starts_on": date(2026, 8, 4)}, ["gap"]),
        ({"joined_on": date(2026, 7, 10), "starts_on": date(2026, 7, 10)}, []),
        ({"joined_on": date(2026, 7, 9), "starts_on": date(2026, 7, 9)}, ["late"]),
        ({"period": "0", "rate_fen": 1}, ["no_end", "below_minimum"]),
    ],
)
def test_what_is_found(change: dict[str, object], codes: list[str]) -> None:
    found = check_terms(replace(PLAIN, **change), LIMITS, today=TODAY)
    assert [f.code for f in found] == [f"contract.{code}" for code in codes]
    assert all(f.message for f in found)


def test_warnings_do_not_stop_and_the_first_denial_is_the_refusal() -> None:
    warned = check_terms(replace(PLAIN, starts_on=date(2026, 8, 4)), LIMITS, today=TODAY)
    assert first_denial(warned) is None
    both = check_terms(replace(PLAIN, starts_on=date(2026, 8, 4), rate_fen=1), LIMITS, today=TODAY)
    denial = first_denial(both)
    assert denial is not None
    assert (denial.code, denial.facts) == ("contract.below_minimum", {"yuan": "103.91"})


def test_a_region_without_a_minimum_wage_sets_no_floor() -> None:
    limits = replace(LIMITS, month_wage_fen=None, hour_wage_fen=None)
    assert lowest_rate_fen("day", limits) is None
    assert check_terms(replace(PLAIN, rate_fen=1), limits, today=TODAY) == []


def test_months_are_added_by_the_calendar() -> None:
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert add_months(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert add_months(date(2026, 12, 1), 1) == date(2027, 1, 1)


@pytest.mark.parametrize("state", sorted(TRANSITIONS))
def test_each_state_allows_its_next_and_names_the_refusal_after_itself(state: str) -> None:
    for to in TRANSITIONS:
        if to in TRANSITIONS[state]:
            check_transition(state, to)
        else:
            with pytest.raises(RuleViolation) as refusal:
                check_transition(state, to)
            assert refusal.value.code == f"contract.is_{state}"
            assert refusal.value.message


def test_the_seeded_wordings_hold_what_the_law_asks() -> None:
    rows = template_rows()
    assert {(r.region, r.kind) for r in rows} == {(None, "labour"), ("330000", "labour"), (None, "agreement")}
    for row in rows:
        contract_text.check_template(row.body)
        for words in (
            "150%",
            "200%",
            "300%",
            "农民工工资专用账户",
            "提前到最近的工作日",
            "一次结清",
            "12333",
        ):
            assert words in row.body, (row.title, words)
    assert "{minimum_wage}" in next(r.body for r in rows if r.region == "330000")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "template.empty"),
        ("x" * 20_001, "template.too_long"),
        ("{worker", "template.brace"),
        ("worker}", "template.brace"),
        ("{{worker}}", "template.brace"),
        ("{worker} {salary}", "template.unknown_field"),
        ("{worker} {}", "template.unknown_field"),
        ("{worker}", "template.missing_field"),
    ],
)
def test_refuses_a_wording_that_cannot_become_a_contract(body: str, code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        contract_text.check_template(body)
    assert refusal.value.code == code


def test_values_are_put_in_once_and_not_read_again() -> None:
    filled = contract_text.fill("{worker} / {rate} / {clerk}", {"worker": "{rate}", "rate": "340"})
    assert filled == "{rate} / 340 / —"


def test_a_text_is_cut_into_headings_and_paragraphs() -> None:
    found = contract_text.blocks("甲\n\n# 一、期限\r\n\r\n乙\n丙\n\n\n")
    assert [(b.kind, b.text) for b in found] == [
        ("paragraph", "甲"),
        ("heading", "一、期限"),
        ("paragraph", "乙\n丙"),
    ]


def test_the_persons_own_data_are_masked() -> None:
    own = {
        "worker": "孙德旺",
        "worker_id": "342222197903086017",
        "worker_phone": "13857906017",
        "worker_address": "安徽省砀山县某镇某村",
    }
    text = "乙方：孙德旺 342222197903086017 13857906017 安徽省砀山县某镇某村"
    assert contract_text.masked(text, own) == "乙方：孙** 3422**********6017 138****6017 安徽省****"


def test_rate_and_term_in_words() -> None:
    assert contract_values.rate_text("day", 34_000) == "按日计酬，每日 340.00 元"
    assert contract_values.rate_text("piece", 1_250, "m2") == "计件，每平方米 12.50 元"
    fixed = contract_values.term_text("0", date(2026, 8, 3), date(2028, 8, 2), "木工")
    assert fixed == "期限为固定期限，自 2026 年 8 月 3 日起至 2028 年 8 月 2 日止"
    assert "木工工作完成" in contract_values.term_text("1", date(2026, 8, 3), None, "木工")


@given(st.text(max_size=300))
def test_any_text_is_refused_or_filled_without_a_field_left(body: str) -> None:
    try:
        contract_text.check_template(body)
    except Malformed:
        return
    assert not contract_text._FIELD.search(contract_text.fill(body, {}))
