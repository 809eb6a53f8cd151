"""Tables of the wage deposit (工资保证金): the nation's, and a province's that sets its own.

The national measures (人社部发〔2021〕65号) give a range of 1 to 3 per cent, at least 0.5 per cent for several
projects in a place, exemption of small works, halving after two clean years, exemption after three, half as
much again after arrears within two years and double for the listed. Within the range the middle is the
default; a province without a row of its own (Zhejiang too) follows it until someone enters its table.
"""

from datetime import date
from typing import Any

from registration.seed.rows import ParameterRow

KEY = "deposit.table"
IN_FORCE = date(2021, 11, 1)
NATION: dict[str, Any] = {
    "percent": "2",
    "least_percent": "0.5",
    "small_under_fen": 300_000_000,
    "small_clean_years": 1,
    "lowered_after_years": 2,
    "lowered": {"factor": "50"},
    "exempt_after_years": 3,
    "raised_within_years": 2,
    "raised": {"factor": "150"},
    "listed": {"factor": "200"},
}
GUIZHOU: dict[str, Any] = {
    "percent": "2",
    "least_percent": "0.5",
    "several": {"percent": "1.5"},
    "cap_fen": 1_000_000_000,
    "small_under_fen": 400_000_000,
    "small_clean_years": 1,
    "lowered_after_years": 2,
    "lowered": {"percent": "0.5"},
    "raised_within_years": 2,
    "raised": {"percent": "3"},
    "listed": {"percent": "4", "capped": False},
}


def deposit_rows() -> list[ParameterRow]:
    """The nation's table and Guizhou's."""
    return [
        ParameterRow(None, KEY, IN_FORCE, None, NATION, "人社部发〔2021〕65号（1%至3%，默认取2%）"),
        ParameterRow("520000", KEY, IN_FORCE, None, GUIZHOU, "贵州省工资保证金实施办法"),
    ]
