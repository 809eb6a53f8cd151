"""The first contents of regions, calendar and parameters."""

from datetime import date

from registration.seed.calendar import calendar_rows
from registration.seed.parameters import parameter_rows
from registration.seed.regions import region_rows
from wagewatch.lib.dates import Calendar


def test_regions_are_a_tree_with_parents_first() -> None:
    rows = region_rows()
    seen: set[str] = set()
    for row in rows:
        assert row.code not in seen
        assert row.parent is None or row.parent in seen
        seen.add(row.code)
        assert row.name_en.isascii()
    assert [sum(r.level == level for r in rows) for level in ("province", "city", "county")] == [34, 12, 101]
    by_code = {row.code: row for row in rows}
    assert by_code["330113"] == ("330113", "临平区", "Linping District", "county", "330100")
    assert by_code["320115"].name == "江宁区"
    assert by_code["710000"].name == "台湾省"


def test_the_calendar_knows_exchanged_days() -> None:
    rows = {row.day: row for row in calendar_rows()}
    assert rows[date(2026, 10, 10)].is_working
    assert not rows[date(2026, 10, 7)].is_working
    assert rows[date(2026, 10, 10)].source == "国务院办公厅放假通知 2026"
    assert {row.source for row in rows.values() if row.day.year == 2027} == {"package"}
    calendar = Calendar({day: row.is_working for day, row in rows.items()})
    working = [sum(calendar.is_working(date.fromordinal(n)) for n in range(date(y, 1, 1).toordinal(), date(y + 1, 1, 1).toordinal()))
               for y in (2025, 2026)]  # fmt: skip
    assert working == [248, 248]


def test_parameters_are_unique_and_every_zhejiang_county_has_its_wage() -> None:
    rows = parameter_rows()
    assert len({(row.key, row.region, row.valid_from) for row in rows}) == len(rows)
    wages = {row.region: row.value for row in rows if row.key == "pay.minimum_wage_month_fen"}
    assert set(wages.values()) == {249_000, 226_000, 201_000}
    assert wages["330113"] == 249_000
    assert {r.code for r in region_rows() if r.level == "county" and r.code[:2] == "33"} == set(wages) - {
        "320100"
    }
    d3 = next(row for row in rows if row.key == "alarm.D3.days")
    assert d3.value == {"yellow": 0, "orange": 30, "red": 60}


def test_no_kind_of_rows_gets_lost_on_the_way() -> None:
    keys = {(row.key, row.region) for row in parameter_rows()}
    for wanted in (
        ("pay.heat_allowance", "330000"),
        ("pay.heat_allowance", None),
        ("people.retirement_age", None),
        ("account.small_under_fen", "500000"),
        ("guarantee.asked_since", None),
        ("guarantee.small_under_fen", None),
        ("alarm.A6.guarantee_days", None),
    ):
        assert wanted in keys
