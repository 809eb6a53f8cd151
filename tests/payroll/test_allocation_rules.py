"""When labour cost is due, what counts for which month, how late it is: pure rules."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payroll.allocation_rules import (
    CONTRACT,
    PROGRESS,
    Plan,
    Receipt,
    counts_from,
    due_day,
    least_percent,
    periods,
    portion,
    settle,
)

AUG, SEP, OCT, NOV = (date(2026, m, 1) for m in (8, 9, 10, 11))
TODAY = date(2026, 11, 16)
MONTHLY = Plan(1, "amount", 20, AUG, amount_fen=1_000_00)


def account(receipts, by_hand=None, plans=(MONTHLY,), today=TODAY):
    return settle(periods(plans, {}, today=today), receipts, by_hand or {}, today=today)


def test_a_month_is_due_on_its_day_and_the_coming_one_is_shown() -> None:
    found = periods([MONTHLY], {}, today=TODAY)
    assert [(p.month, p.due_on) for p in found] == [
        (AUG, date(2026, 8, 20)),
        (SEP, date(2026, 9, 20)),
        (OCT, date(2026, 10, 20)),
        (NOV, date(2026, 11, 20)),
    ]
    result = account([])
    assert (result.agreed_fen, result.short_fen, result.coming.period.month) == (300_000, 300_000, NOV)


@pytest.mark.parametrize(
    ("month", "day", "due"),
    [(date(2026, 2, 1), 31, date(2026, 2, 28)), (date(2028, 2, 1), 30, date(2028, 2, 29)), (OCT, 31, date(2026, 10, 31))],
)  # fmt: skip
def test_day_31_is_the_last_of_a_shorter_month(month: date, day: int, due: date) -> None:
    assert due_day(month, day) == due


def test_money_fills_the_oldest_gap_first() -> None:
    result = account([Receipt(1, date(2026, 8, 25), 60_000), Receipt(2, date(2026, 9, 30), 100_000)])
    august, september, october, _november = result.standings
    assert [(p.number, p.amount_fen) for p in august.parts] == [(1, 60_000), (2, 40_000)]
    assert (august.days_late, august.filled_on) == (41, date(2026, 9, 30))
    assert (september.received_fen, september.short_fen, september.days_late) == (60_000, 40_000, 57)
    assert (october.received_fen, october.days_late) == (0, 27)
    assert (result.short_fen, result.days_late, result.oldest_short.period.month) == (140_000, 57, SEP)


def test_a_person_may_say_for_which_month_money_is() -> None:
    receipts = [Receipt(1, date(2026, 8, 20), 100_000), Receipt(2, date(2026, 10, 20), 130_000)]
    result = account(receipts, {2: OCT})
    assert [(s.received_fen, s.short_fen) for s in result.standings] == [
        (100_000, 0), (30_000, 70_000), (100_000, 0), (0, 100_000),
    ]  # fmt: skip
    assert result.standings[2].parts[0].by_hand
    assert not result.standings[1].parts[0].by_hand


def test_what_is_too_much_is_an_advance() -> None:
    result = account([Receipt(1, date(2026, 8, 19), 450_000)])
    assert (result.short_fen, result.advance_fen, result.days_late) == (0, 50_000, 0)


def test_money_of_the_time_before_the_plan_does_not_count() -> None:
    assert counts_from([MONTHLY]) == date(2026, 7, 21)
    assert counts_from([]) is None


def test_a_ratio_of_the_progress_payment_waits_for_the_figure() -> None:
    plan = Plan(1, PROGRESS, 10, SEP, percent=Decimal("20"))
    found = periods([plan], {SEP: 333_33}, today=TODAY)
    assert [p.due_fen for p in found] == [6667, None, None, None]
    result = settle(found, [], {}, today=TODAY)
    assert [s.is_unmeasured for s in result.standings] == [False, True, True, False]
    assert result.short_fen == 6667


def test_a_ratio_of_the_contract_is_spread_to_the_fen() -> None:
    plan = Plan(1, CONTRACT, 5, SEP, NOV, percent=Decimal("25"), contract_sum_fen=400_01)
    found = periods([plan], {}, today=date(2027, 3, 1))
    assert [p.due_fen for p in found] == [3334, 3333, 3333]
    assert sum(p.due_fen for p in found) == portion(400_01, Decimal(25))


def test_a_later_version_holds_from_its_month_on_and_works_end() -> None:
    later = Plan(2, "amount", 10, OCT, amount_fen=2_000_00)
    found = periods([MONTHLY, later], {}, today=TODAY, done_on=date(2026, 10, 25))
    assert [(p.month, p.due_fen, p.plan) for p in found] == [
        (AUG, 100_000, 1),
        (SEP, 100_000, 1),
        (OCT, 200_000, 2),
    ]


@pytest.mark.parametrize(
    ("table", "sector", "least"),
    [(20, "water", 20), ({"building": 20, "municipal": 15}, "municipal", 15), ({"building": 20}, "water", 20), (None, "x", 0)],
)  # fmt: skip
def test_the_least_ratio_of_a_kind_of_works(table: object, sector: str, least: int) -> None:
    assert least_percent(table, sector) == least


RECEIPTS = st.lists(
    st.tuples(st.integers(0, 120), st.integers(1, 400_000), st.sampled_from([None, AUG, SEP, OCT, NOV])),
    max_size=12,
)


@given(RECEIPTS)
def test_no_fen_is_lost_or_counted_twice(rows) -> None:
    receipts = [Receipt(n, date(2026, 7, 21) + timedelta(days=d), fen) for n, (d, fen, _m) in enumerate(rows)]
    by_hand = {n: month for n, (_d, _f, month) in enumerate(rows) if month}
    result = account(receipts, by_hand)
    counted = sum(s.received_fen for s in result.standings)
    assert counted + result.advance_fen == sum(fen for _d, fen, _m in rows) == result.received_fen
    for standing in result.standings:
        assert 0 <= standing.received_fen <= standing.period.due_fen
        assert standing.received_fen + standing.short_fen == standing.period.due_fen
    short = [s.short_fen > 0 for s in result.standings]
    assert result.advance_fen == 0 or not any(short)
