"""The estimate of tax: worked examples, and what holds for every year of wages."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payroll.models import PaySlip
from payroll.tax import TABLE, estimate, tax_of_year
from tests.cast import Cast
from tests.payroll import stage


@pytest.mark.parametrize(
    ("months", "this_month", "so_far"),
    [
        ([650_000], 4_500, 0),  # 6,500 a month: 45 yuan
        ([650_000] * 3, 4_500, 9_000),
        ([500_000], 0, 0),
        ([400_000, 600_000], 0, 0),  # the low month lets the next one be free
        ([3_000_000] * 2, 173_000, 75_000),
        ([], 0, 0),
    ],
)
def test_worked_examples(months: list[int], this_month: int, so_far: int) -> None:
    found = estimate(months, TABLE)
    assert (found.this_month_fen, found.so_far_fen) == (this_month, so_far)


def test_brackets_meet_without_a_step() -> None:
    ends = [end for end, _percent, _quick in TABLE["brackets"] if end is not None]
    for end in ends:
        assert 0 <= tax_of_year(end + 100, TABLE)[0] - tax_of_year(end, TABLE)[0] <= 45


@given(st.lists(st.integers(0, 10_000_000), min_size=1, max_size=12))
def test_never_negative_never_more_than_the_income(months: list[int]) -> None:
    found = estimate(months, TABLE)
    assert found.this_month_fen >= 0
    assert found.so_far_fen + found.this_month_fen <= found.income_fen
    assert found.income_fen == sum(months)


@pytest.mark.django_db
def test_the_worker_sees_it_beside_the_slip(cast: Cast, time_machine: Any) -> None:
    time_machine.move_to(cast.now)
    sheet = stage.submit(cast, stage.make_sheet(cast))
    PaySlip.objects.filter(month=date(2026, 10, 1), worker=cast.sun).update(
        gross_fen=650_000, net_fen=650_000
    )
    page = cast.client(cast.sun).get(f"/my/pay/{stage.slip_of(sheet, cast.sun).reference}/").content.decode()
    assert "¥45.00" in page
