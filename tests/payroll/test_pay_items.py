"""The lines of a slip: worked examples of overtime, monthly wages, deductions, the minimum wage. Pure."""

import itertools
from datetime import date, timedelta
from decimal import Decimal

import pytest

from payroll.deductions import Floor, capped_advance, check_deductions, doubtful
from payroll.low_pay import floor_of, missing
from payroll.overtime import (
    MonthFacts,
    Terms,
    Worked,
    hour_rate,
    kind_of_day,
    month_line,
    overtime_lines,
    warnings_of,
)
from payroll.pay_items import Item, deducted_of, earned_of, in_order, priced
from wagewatch.lib.errors import RuleViolation

MONTH_DAYS = Decimal("21.75")
TERMS = Terms({"workday": 150, "rest_day": 200, "holiday": 300})


def day(n: int, hours: float, days: str = "1") -> Worked:
    return Worked(date(2026, 9, n), int(hours * 60), Decimal(days))


@pytest.mark.parametrize(
    ("basis", "rate", "expected"),
    [("hour", 3_000, 3_000), ("day", 36_000, 4_500), ("month", 652_500, 3_750), ("month", 600_000, 3_448)],
)
def test_an_hour_is_priced_from_day_and_month(basis: str, rate: int, expected: int) -> None:
    assert hour_rate(basis, rate, MONTH_DAYS) == expected


def test_a_monthly_worker_gets_150_200_and_300_percent() -> None:
    worked = [(day(1, 10), "workday"), (day(5, 8), "rest_day"), (day(25, 9), "holiday")]
    lines = overtime_lines("month", 652_500, MONTH_DAYS, worked, TERMS, whole_month=True)
    assert [(i.kind, i.quantity, i.rate_fen, i.percent, i.amount_fen) for i in lines] == [
        ("overtime_workday", Decimal("2.00"), 3_750, 150, 11_250),
        ("overtime_rest_day", Decimal("8.00"), 3_750, 200, 60_000),
        ("overtime_holiday", Decimal("8.00"), 3_750, 300, 90_000),
        ("overtime_holiday", Decimal("1.00"), 3_750, 300, 11_250),
    ]


def test_an_hourly_worker_gets_only_what_the_law_adds_to_hours_already_paid() -> None:
    worked = [(day(1, 10), "workday"), (day(5, 6), "rest_day")]
    lines = overtime_lines("hour", 3_000, MONTH_DAYS, worked, TERMS)
    assert [(i.kind, i.quantity, i.percent, i.amount_fen) for i in lines] == [
        ("overtime_workday", Decimal("2.00"), 50, 3_000),
        ("overtime_rest_day", Decimal("6.00"), 100, 18_000),
    ]


def test_a_daily_worker_is_paid_beyond_eight_hours_in_full_and_rest_days_in_part() -> None:
    worked = [(day(1, 9.5), "workday"), (day(5, 10), "rest_day")]
    lines = overtime_lines("day", 36_000, MONTH_DAYS, worked, TERMS)
    assert [(i.kind, i.quantity, i.percent, i.amount_fen) for i in lines] == [
        ("overtime_workday", Decimal("1.50"), 150, 10_125),
        ("overtime_rest_day", Decimal("8.00"), 100, 36_000),
        ("overtime_rest_day", Decimal("2.00"), 200, 18_000),
    ]


def test_a_rest_day_makes_good_a_day_of_absence_before_it_is_overtime() -> None:
    worked = [(day(5, 8), "rest_day"), (day(6, 8), "rest_day")]
    lines = overtime_lines(
        "month", 652_500, MONTH_DAYS, worked, TERMS, absent_days=Decimal(1), whole_month=True
    )
    assert [(i.kind, i.quantity, i.amount_fen) for i in lines] == [
        ("overtime_rest_day", Decimal("8.00"), 60_000)
    ]


def test_short_minutes_and_piece_work_are_no_overtime() -> None:
    assert overtime_lines("month", 652_500, MONTH_DAYS, [(day(1, 8.4), "workday")], TERMS) == []
    assert overtime_lines("piece", 1_000, MONTH_DAYS, [(day(1, 12), "workday")], TERMS) == []


def test_a_holiday_stays_one_whatever_the_calendar_exchanges() -> None:
    holidays = frozenset([date(2026, 10, 1)])
    assert kind_of_day(date(2026, 10, 1), True, holidays) == "holiday"
    assert kind_of_day(date(2026, 10, 10), True, holidays) == "workday"
    assert kind_of_day(date(2026, 10, 5), False, holidays) == "rest_day"


def test_warns_above_three_hours_a_day_and_36_a_month() -> None:
    worked = [(day(n, 12.5), "workday") for n in range(1, 10)]
    words = warnings_of(overtime_lines("month", 652_500, MONTH_DAYS, worked, TERMS), TERMS)
    assert len(words) == 2
    assert "40.5" in words[0]
    assert "36" in words[0]
    assert "09-01" in words[1]
    by_hand = priced("overtime_workday", quantity=Decimal(8), unit="h", rate_fen=1_000, facts={"on_days": 2})
    assert len(warnings_of([by_hand], TERMS)) == 1


@pytest.mark.parametrize(
    ("attended", "facts", "expected"),
    [
        # a whole month of 17 workdays and 3 holidays, no absence: the wage in full
        (Decimal(17), MonthFacts(17, 3, True), 652_500),
        # two days of unpaid absence: less 2 ÷ 21.75
        (Decimal(18), MonthFacts(20, 0, True), 652_500 - 60_000),
        # much absence: paid days ÷ 21.75 is more for the worker than the wage less the absence
        (Decimal(5), MonthFacts(23, 0, True), 150_000),
        # joined in the month: days and the holidays since
        (Decimal(8), MonthFacts(8, 1, False), 270_000),
        # more days than workdays: never above the wage
        (Decimal(26), MonthFacts(22, 0, True), 652_500),
        (Decimal(0), MonthFacts(22, 3, True), 0),
        # one of three holidays worked: it counts once here
        (Decimal(10), MonthFacts(12, 3, False, Decimal(1)), 360_000),
    ],
)
def test_a_monthly_wage_with_absence_holidays_and_parts(
    attended: Decimal, facts: MonthFacts, expected: int
) -> None:
    base = min(652_500, int(attended * 30_000))
    assert base + month_line(652_500, attended, facts, MONTH_DAYS, base).amount_fen == expected


def test_piece_work_is_quantity_times_price() -> None:
    wall = priced("piece", quantity=Decimal("126.35"), unit="m²", rate_fen=1_850)
    assert wall.amount_fen == 233_748  # 126.35 × 18.50 = 2,337.475
    assert Item.from_json(wall.as_json()) == wall


def test_lines_keep_an_order_and_add_up() -> None:
    items = in_order(
        [
            priced("less_tax", amount_fen=4_500, reason="个税"),
            priced("meals", amount_fen=30_000),
            priced("piece", quantity=Decimal(10), rate_fen=100),
        ]
    )
    assert [i.kind for i in items] == ["piece", "meals", "less_tax"]
    assert (earned_of(items), deducted_of(items)) == (31_000, 4_500)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"kind": "bonus", "amount_fen": 1}, "item.kind"),
        ({"kind": "piece", "quantity": Decimal(0), "rate_fen": 1}, "item.quantity"),
        ({"kind": "piece", "quantity": Decimal("0.001"), "rate_fen": 1}, "item.quantity"),
        ({"kind": "piece", "quantity": Decimal("NaN"), "rate_fen": 1}, "item.quantity"),
        ({"kind": "meals"}, "item.amount"),
        ({"kind": "meals", "amount_fen": -1}, "item.amount"),
        ({"kind": "less_tax", "amount_fen": 100}, "item.reason"),
        ({"kind": "other", "amount_fen": 100, "reason": " "}, "item.reason"),
    ],
)
def test_refuses_a_line_that_cannot_be(line: dict, code: str) -> None:
    with pytest.raises(RuleViolation) as refused:
        priced(**line)
    assert refused.value.code == code


def test_damage_takes_a_fifth_at_most_and_leaves_the_minimum_wage() -> None:
    floor = Floor(226_000, 226_000, Decimal(1))
    check_deductions(300_000, [priced("less_damage", amount_fen=60_000, reason="模板")], floor)
    with pytest.raises(RuleViolation) as refused:
        check_deductions(300_000, [priced("less_damage", amount_fen=60_001, reason="模板")], floor)
    assert refused.value.code == "slip.damage_fifth"
    assert "16" in refused.value.message
    with pytest.raises(RuleViolation) as refused:
        check_deductions(250_000, [priced("less_damage", amount_fen=30_000, reason="模板")], floor)
    assert refused.value.code == "slip.damage_floor"
    with pytest.raises(RuleViolation) as refused:
        check_deductions(1_000, [priced("less_court", amount_fen=1_001, reason="抚养费")])
    assert refused.value.code == "slip.deduction_too_large"


def test_an_advance_takes_no_more_than_is_left() -> None:
    advance = Item("less_advance", 50_000, reason="预支", origin="advance:1")
    tax = priced("less_tax", amount_fen=20_000, reason="个税")
    cut = capped_advance(60_000, [tax], advance)
    assert cut is not None
    assert (cut.amount_fen, cut.origin) == (40_000, "advance:1")
    assert capped_advance(20_000, [tax], advance) is None
    assert doubtful([tax, advance, priced("less_other", amount_fen=1, reason="罚款")])[0].reason == "罚款"


def test_the_minimum_wage_is_pro_rata_and_leaves_overtime_out() -> None:
    assert floor_of(226_000, "day", Decimal(22), MONTH_DAYS).fen == 226_000
    assert floor_of(226_000, "day", Decimal(10), MONTH_DAYS).fen == 103_908
    assert floor_of(226_000, "hour", Decimal(87), MONTH_DAYS).fen == 113_000
    floor = floor_of(226_000, "piece", Decimal("21.75"), MONTH_DAYS)
    items = [priced("overtime_workday", amount_fen=50_000), priced("heat", amount_fen=10_000)]
    assert missing(270_000, items, floor) == 16_000
    assert missing(286_000, items, floor) == 0


def test_wage_months_leave_no_day_out_when_the_rule_changes() -> None:
    from payroll.wage_months import span

    def starts(month: date) -> int:
        return 26 if date(2026, 4, 1) <= month < date(2026, 8, 1) else 1

    spans = [span(date(2026, m, 1), starts) for m in range(2, 11)]
    for (_first, last), (begin, _end) in itertools.pairwise(spans):
        assert begin == last + timedelta(days=1)
    assert spans[2] == (date(2026, 4, 1), date(2026, 4, 25))
    assert spans[3] == (date(2026, 4, 26), date(2026, 5, 25))
    assert spans[6] == (date(2026, 7, 26), date(2026, 8, 31))
