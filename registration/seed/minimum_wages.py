"""Minimum wages from 2024-01-01: Zhejiang's three tiers per county, Nanjing.

The amounts were published; which county has which tier is a sample and must be checked against the
city's own notice before use, as the source of each row says.
"""

from datetime import date

from registration.seed.regions import region_rows
from registration.seed.rows import ParameterRow

FROM = date(2024, 1, 1)
MONTH_FEN = {1: 249_000, 2: 226_000, 3: 201_000}
HOUR_FEN = {1: 2_400, 2: 2_200, 3: 2_000}
_SAMPLE = "浙江省最低工资标准 2024-01-01；{tier}档归属为样例，使用前须核对"
_NANJING = "江苏省最低工资标准 2024-01-01；样例，使用前须核对"

_TIER_1_CITIES = frozenset(("3301", "3302"))
_TIER_1 = frozenset(("330302", "330303", "330304", "330782"))
_TIER_3_CITIES = frozenset(("3308", "3311"))
_TIER_3 = frozenset(
    ("330127", "330328", "330329", "330727", "330723", "330726", "330922", "331022", "331023", "331024")
)


def zhejiang_tier(county: str) -> int:
    """1 to 3. Districts and county-level cities of Hangzhou and Ningbo are in tier 1, mountain counties in 3."""
    if county in _TIER_3 or county[:4] in _TIER_3_CITIES:
        return 3
    return 1 if county in _TIER_1 or county[:4] in _TIER_1_CITIES else 2


def minimum_wage_rows() -> list[ParameterRow]:
    """Two rows (month, part-time hour) per county of Zhejiang, two for Nanjing; all in fen."""
    rows: list[ParameterRow] = []
    for region in region_rows():
        if region.level == "county" and region.code.startswith("33"):
            tier = zhejiang_tier(region.code)
            rows += _pair(region.code, tier, _SAMPLE.format(tier=tier))
    return rows + _pair("320100", 1, _NANJING)


def _pair(region: str, tier: int, source: str) -> list[ParameterRow]:
    return [
        ParameterRow(region, "pay.minimum_wage_month_fen", FROM, None, MONTH_FEN[tier], source),
        ParameterRow(region, "pay.minimum_wage_hour_fen", FROM, None, HOUR_FEN[tier], source),
    ]
