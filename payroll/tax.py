"""What the tax office would usually reckon from wages, made plain. Nothing is taken here, and it is no advice.

Cumulative withholding on wages: income of the year so far less the monthly allowance times the months, by the
yearly table, less what was reckoned for the months before (个人所得税扣缴申报管理办法, 国家税务总局公告2018年第61号,
article 6). Special deductions of the worker (children, parents, rent) are not known here and would lower it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TABLE: Mapping[str, Any] = {
    "monthly_allowance_fen": 500_000,
    # upper end of the year's taxable income in fen (None: no end), percent, quick deduction in fen
    "brackets": [
        [3_600_000, 3, 0],
        [14_400_000, 10, 252_000],
        [30_000_000, 20, 1_692_000],
        [42_000_000, 25, 3_192_000],
        [66_000_000, 30, 5_292_000],
        [96_000_000, 35, 8_592_000],
        [None, 45, 18_192_000],
    ],
}
"""The table of the individual income tax law (2018), parameter `tax.withholding`."""


@dataclass(frozen=True)
class Estimate:
    """The estimate for the last of several months, in fen."""

    months: int
    income_fen: int
    allowance_fen: int
    percent: int
    so_far_fen: int
    this_month_fen: int


def tax_of_year(taxable_fen: int, table: Mapping[str, Any]) -> tuple[int, int]:
    """Tax on a year's taxable income so far, in fen rounded half up, and the percent of its bracket."""
    if taxable_fen <= 0:
        return 0, int(table["brackets"][0][1])
    for end, percent, quick in table["brackets"]:
        if end is None or taxable_fen <= end:
            return max(0, (taxable_fen * percent + 50) // 100 - quick), percent
    raise ValueError("the table of withholding has no last bracket")


def estimate(gross_by_month: Sequence[int], table: Mapping[str, Any]) -> Estimate:
    """The estimate for the last month. `gross_by_month`: gross pay in fen from one employer, one entry for each month
    of the year from the first with pay to this one. Withholding is never given back within the year."""
    withheld = this_month = percent = 0
    income = 0
    for count, gross in enumerate(gross_by_month, start=1):
        income += gross
        due, percent = tax_of_year(income - table["monthly_allowance_fen"] * count, table)
        this_month = max(0, due - withheld)
        withheld += this_month
    months = len(gross_by_month)
    return Estimate(
        months, income, table["monthly_allowance_fen"] * months, percent, withheld - this_month, this_month
    )
