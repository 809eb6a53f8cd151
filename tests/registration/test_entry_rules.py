"""The conditions of entry as a pure rule: exact days at every edge."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import translation

from registration.rules.entry import Certified, Facts, birthday, findings, read_conditions
from registration.seed.entry import entry_rows
from registration.services.parameters import region_line

ON = date(2026, 11, 16)
JOINED = date(2026, 8, 3)
MAN, WOMAN = 1, 2


def values(region: str) -> dict[str, Any]:
    """The seeded values of a region, nearest first."""
    found: dict[str, Any] = {}
    for code in reversed(region_line(region)):
        found |= {row.key: row.value for row in entry_rows() if (row.region or "") == code}
    return found


NATION, SHANGHAI = read_conditions(values("330703")), read_conditions(values("310115"))


def facts(**changes: Any) -> Facts:
    """A carpenter of 41, trained before joining, under contract."""
    good: dict[str, Any] = {
        "sex": MAN, "birth_date": date(1985, 6, 1), "trade": "木工", "joined_on": JOINED,
        "trained_on": date(2026, 8, 1), "has_contract": True,
    }  # fmt: skip
    return Facts(**good | changes)


def codes(asked: Facts, conditions: Any = NATION, on: date = ON) -> list[tuple[str, str]]:
    return [(f.code, f.level) for f in findings(asked, conditions, on=on)]


def test_nothing_stands_against_who_has_everything() -> None:
    assert codes(facts()) == []
    assert codes(facts(), SHANGHAI) == []


def test_without_parameters_only_the_law_on_children_and_a_denial_hold() -> None:
    off = read_conditions({})
    assert codes(facts(trained_on=None, has_contract=False, birth_date=date(1950, 1, 1)), off) == []
    assert codes(facts(birth_date=date(2012, 1, 1)), off) == [("entry.young", "deny")]
    assert codes(facts(denied=True), off) == [("entry.denied", "deny")]


def test_a_missing_contract_warns_or_denies_as_the_region_says() -> None:
    assert codes(facts(has_contract=False)) == [("entry.contract", "warn")]
    strict = read_conditions(values("330703") | {"entry.contract": {"level": "deny"}})
    assert codes(facts(has_contract=False), strict) == [("entry.contract", "deny")]
    assert codes(facts(has_contract=None), strict) == []
    assert codes(facts(has_contract=False), strict, on=JOINED - timedelta(days=1)) == []


@pytest.mark.parametrize(
    ("trained_on", "expected"),
    [
        (None, [("entry.training", "deny")]),
        (JOINED - timedelta(days=366), [("entry.training", "deny")]),
        (JOINED - timedelta(days=365), []),
        (JOINED, []),
        (ON, []),
    ],
)
def test_safety_training_counts_from_a_year_before_joining(
    trained_on: date | None, expected: list[tuple[str, str]]
) -> None:
    assert codes(facts(trained_on=trained_on)) == expected


@pytest.mark.parametrize(
    ("away", "trained_on", "expected"),
    [
        (JOINED - timedelta(days=364), JOINED - timedelta(days=364), []),
        (JOINED - timedelta(days=365), JOINED - timedelta(days=365), [("entry.stale", "deny")]),
        (JOINED - timedelta(days=365), JOINED - timedelta(days=364), []),
        (JOINED - timedelta(days=900), None, [("entry.stale", "deny")]),
        (JOINED - timedelta(days=900), JOINED + timedelta(days=3), []),
        (None, JOINED, []),
    ],
)
def test_a_year_without_data_means_training_again(
    away: date, trained_on: date | None, expected: list[tuple[str, str]]
) -> None:
    assert codes(facts(active_before=away, trained_on=trained_on)) == expected


def test_a_year_away_asks_for_training_where_the_region_asks_for_no_other() -> None:
    only = read_conditions({"entry.stale": {"level": "deny", "days": 365}})
    assert codes(facts(active_before=date(2024, 1, 1), trained_on=None), only) == [("entry.stale", "deny")]
    assert codes(facts(active_before=date(2026, 7, 1), trained_on=None), only) == []


@pytest.mark.parametrize(
    ("birth", "region", "expected"),
    [
        (date(2010, 11, 17), NATION, [("entry.young", "deny")]),
        (date(2010, 11, 16), NATION, [("entry.minor", "warn")]),
        (date(2008, 11, 17), NATION, [("entry.minor", "warn")]),
        (date(2008, 11, 16), NATION, []),
        (date(2008, 11, 17), SHANGHAI, [("entry.minor", "deny")]),
        (date(2008, 11, 16), SHANGHAI, []),
        (date(1966, 11, 16), NATION, []),
        (date(1966, 11, 15), NATION, [("entry.age", "warn")]),
        (date(1966, 11, 16), SHANGHAI, []),
        (date(1966, 11, 15), SHANGHAI, [("entry.age", "deny")]),
    ],
)
def test_age_of_a_man_on_the_day(birth: date, region: Any, expected: list[tuple[str, str]]) -> None:
    assert codes(facts(birth_date=birth), region) == expected


@pytest.mark.parametrize(
    ("sex", "birth", "trade", "expected"),
    [
        (WOMAN, date(1976, 11, 15), "木工", [("entry.age", "deny")]),
        (WOMAN, date(1976, 11, 16), "木工", []),
        (WOMAN, date(1981, 11, 15), "塔吊司机", [("entry.age", "deny")]),
        (WOMAN, date(1981, 11, 16), "塔吊司机", []),
        (MAN, date(1971, 11, 15), "架子工", [("entry.age", "deny")]),
        (MAN, date(1971, 11, 15), "木工", []),
    ],
)
def test_shanghai_bars_by_sex_age_and_trade(
    sex: int, birth: date, trade: str, expected: list[tuple[str, str]]
) -> None:
    certified = [Certified("建筑架子工、塔式起重机司机", None)]
    found = findings(facts(sex=sex, birth_date=birth, trade=trade, certificates=certified), SHANGHAI, on=ON)
    assert [(f.code, f.level) for f in found] == expected
    assert all(f.source == "上海市2019年规定（二手资料，起用日按当年首日）" for f in found)


@pytest.mark.parametrize(
    ("trade", "certificates", "expected"),
    [
        ("木工", [], []),
        ("架子工", [], [("entry.certificate", "warn")]),
        ("架子工", [Certified("建筑架子工", None)], []),
        ("架子工", [Certified("建筑架子工", ON)], []),
        ("架子工", [Certified("建筑架子工", ON - timedelta(days=1))], [("entry.certificate", "warn")]),
        ("架子工", [Certified("焊工", None)], [("entry.certificate", "warn")]),
        ("塔吊司机", [Certified("塔式起重机司机", None)], []),
        ("电焊工", [Certified("熔化焊接与热切割（焊工）", None)], []),
        ("起重", [Certified("起重信号司索工", None), Certified("起重", ON - timedelta(days=9))], []),
    ],
)
def test_special_operations_need_a_certificate(
    trade: str, certificates: list[Certified], expected: list[tuple[str, str]]
) -> None:
    assert codes(facts(trade=trade, certificates=certificates)) == expected


def test_what_denies_comes_first_and_says_why() -> None:
    found = findings(facts(trade="架子工", trained_on=None, has_contract=False), NATION, on=ON)
    assert [f.code for f in found] == ["entry.training", "entry.certificate", "entry.contract"]
    with translation.override("en"):
        said = [f.message for f in found[:2]]
    assert said == [
        "No safety training is on record. Train, record it, and the gates open.",
        "“架子工” is a special operation and needs a certificate. Enter it.",
    ]
    assert [f.source for f in found] == ["建市〔2019〕18号", "安全生产法第30条", "国务院令第724号第28条"]


def test_no_rule_ever_speaks_of_a_citizen_card() -> None:
    assert not [row.key for row in entry_rows() if row.key.startswith("entry.") and "card" in row.key]
    assert "card" not in str(facts()._fields)


def test_who_is_born_on_the_29th_of_february() -> None:
    assert birthday(date(2008, 2, 29), 18) == date(2026, 3, 1)
    assert birthday(date(2008, 2, 29), 20) == date(2028, 2, 29)


def test_nonsense_in_a_parameter_switches_off_and_breaks_nothing() -> None:
    odd = read_conditions({"entry.contract": {"level": "perhaps"}, "entry.training": None, "entry.age": {}})
    assert codes(facts(trained_on=None, has_contract=False), odd) == []
