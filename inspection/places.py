"""Drilling down by place: the reach of a page from its address, and where a region's tile stands on the map."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest

from registration.models import Sector
from registration.services.parameters import region_labels

TILES_PER_ROW = 4
# Row and column as the places lie to each other; a tile map keeps neighbours, not borders.
PLACES: dict[str, tuple[int, int]] = {
    "330700:330781": (1, 1),
    "330700:330726": (1, 2),
    "330700:330782": (1, 3),
    "330700:330702": (2, 1),
    "330700:330703": (2, 2),
    "330700:330783": (2, 3),
    "330700:330727": (2, 4),
    "330700:330723": (3, 2),
    "330700:330784": (3, 3),
    "330000:330500": (1, 2),
    "330000:330400": (1, 3),
    "330000:330100": (2, 2),
    "330000:330600": (2, 3),
    "330000:330200": (2, 4),
    "330000:330900": (2, 5),
    "330000:330800": (3, 1),
    "330000:330700": (3, 2),
    "330000:331000": (3, 4),
    "330000:331100": (4, 2),
    "330000:330300": (4, 3),
    "320100:320116": (1, 1),
    "320100:320111": (2, 1),
    "320100:320106": (2, 2),
    "320100:320102": (2, 3),
    "320100:320113": (2, 4),
    "320100:320105": (3, 2),
    "320100:320104": (3, 3),
    "320100:320114": (4, 2),
    "320100:320115": (4, 3),
    "320100:320117": (5, 3),
    "320100:320118": (6, 3),
}


@dataclass(frozen=True)
class Scope:
    """What the address asks for: a region's GB/T 2260 prefix ('' for all) and a sector ('' for all)."""

    region: str = ""
    sector: str = ""

    @property
    def is_county(self) -> bool:
        return len(self.region) == 6


def scope_of_address(request: HttpRequest) -> Scope:
    """?region= with 2, 4 or 6 digits (zeros at the end mean the larger region) and ?sector=."""
    region = request.GET.get("region", "")
    region = region if region.isascii() and region.isdigit() and len(region) in {2, 4, 6} else ""
    while len(region) > 2 and region.endswith("00"):
        region = region[:-2]
    sector = request.GET.get("sector", "")
    return Scope(region, sector if sector in Sector.values else "")


def full_code(prefix: str) -> str:
    """ "3307" -> "330700"."""
    return prefix.ljust(6, "0")


def level_below(codes: Iterable[str], scope: Scope) -> int:
    """How many digits the tiles have: cities where several of them have projects, else counties."""
    found = [code for code in codes if code.startswith(scope.region)]
    for digits in (2, 4):
        if digits > len(scope.region) and len({code[:digits] for code in found}) > 1:
            return digits
    return 6


def tile_places(codes: list[str]) -> dict[str, tuple[int, int]]:
    """Row and column of each region's tile: as they lie where all of them are known, else in rows of four."""
    parents = {full_code(code[:4] if code[4:] != "00" else code[:2]) for code in codes}
    if len(parents) == 1 and len(codes) > 1:
        parent = parents.pop()
        known = {code: PLACES.get(f"{parent}:{code}") for code in codes}
        if codes and all(known.values()):
            return {code: place for code, place in known.items() if place}
    return {
        code: (number // TILES_PER_ROW + 1, number % TILES_PER_ROW + 1) for number, code in enumerate(codes)
    }


def trail(scope: Scope, reach: Iterable[str]) -> list[tuple[str, str]]:
    """(prefix, name) of the chosen region and those around it within reach, the widest first."""
    names = region_labels()
    shortest = min((len(prefix) for prefix in reach), default=2)
    return [
        (scope.region[:digits], names.get(full_code(scope.region[:digits]), scope.region[:digits]))
        for digits in (2, 4, 6)
        if shortest < digits <= len(scope.region)
    ]
