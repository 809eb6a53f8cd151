"""The draw of a random check (双随机), so simple that anybody can repeat it: integers and SHA-256, nothing else.

Standard library only; `manage.py replay_draw FILE` runs it over a published file, and so can a page of anybody's own.

1. A number for a step is SHA-256 over the seed (64 lower-case hexadecimal digits), a colon and the step's name, all
   as ASCII/UTF-8 text, read as a big-endian integer.
2. Targets are sorted by code. The k-th project (k from 1) is drawn by the number of step "target:k" modulo the sum of
   the weights of those not yet drawn: the first in order whose running sum of weights exceeds the remainder.
3. For each project in the order of the draw, two inspectors are drawn one after the other. Each is drawn from those
   who are not recused from it and have the fewest projects of this draw so far, sorted by certificate: the place of
   the k-th (k from 1) is the number of step "inspector:CODE:k" modulo how many they are, counted from 0.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

ALGORITHM = "ww-draw-1"
TEAM = 2
"""Inspectors per check (Labour Inspection Regulation, article 16: at least two)."""


class NotEnough(ValueError):
    """Fewer than two inspectors may go to a project; holds its code."""


@dataclass(frozen=True)
class Target:
    """A project in the library: its code and its weight, 1 or more."""

    code: str
    weight: int


@dataclass(frozen=True)
class Drawn:
    """One project of a draw and the certificates of its inspectors, in the order drawn."""

    code: str
    inspectors: tuple[str, ...]


def number_of(seed: str, step: str) -> int:
    """The integer of a step."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{step}".encode()).digest())


def draw_targets(seed: str, targets: Iterable[Target], count: int) -> list[str]:
    """Codes of `count` different projects, heavier ones more likely; all of them where there are fewer."""
    left = sorted(targets, key=lambda target: target.code)
    drawn = []
    for step in range(1, min(count, len(left)) + 1):
        rest = number_of(seed, f"target:{step}") % sum(target.weight for target in left)
        for place, target in enumerate(left):
            if rest < target.weight:
                drawn.append(left.pop(place).code)
                break
            rest -= target.weight
    return drawn


def draw_inspectors(
    seed: str, codes: Sequence[str], certificates: Iterable[str], recusals: Mapping[str, Iterable[str]]
) -> list[Drawn]:
    """Two inspectors for each project; `recusals` maps a certificate to the codes it may not go to. Raises NotEnough."""
    load = dict.fromkeys(certificates, 0)
    barred = {certificate: frozenset(codes_) for certificate, codes_ in recusals.items()}
    found = []
    for code in codes:
        free = sorted(c for c in load if code not in barred.get(c, ()))
        if len(free) < TEAM:
            raise NotEnough(code)
        team: list[str] = []
        for step in range(1, TEAM + 1):
            left = [c for c in free if c not in team]
            fewest = min(load[c] for c in left)
            light = [c for c in left if load[c] == fewest]
            team.append(light[number_of(seed, f"inspector:{code}:{step}") % len(light)])
        for certificate in team:
            load[certificate] += 1
        found.append(Drawn(code, tuple(team)))
    return found


def draw(
    seed: str,
    targets: Iterable[Target],
    certificates: Iterable[str],
    recusals: Mapping[str, Iterable[str]],
    count: int,
) -> list[Drawn]:
    """The whole draw. Raises NotEnough."""
    return draw_inspectors(seed, draw_targets(seed, targets, count), certificates, recusals)


def replay(published: Mapping[str, object]) -> list[Drawn]:
    """The draw of a published file. Raises ValueError for an unknown algorithm, KeyError for a file that lacks a list."""
    if published["algorithm"] != ALGORITHM:
        raise ValueError(f"unknown algorithm {published['algorithm']}")
    lists: Mapping[str, list[dict[str, object]]] = published["lists"]  # type: ignore[assignment]
    return draw(
        str(published["seed"]),
        [Target(str(t["code"]), int(str(t["weight"]))) for t in lists["targets"]],
        [str(i["certificate"]) for i in lists["inspectors"]],
        {str(r["certificate"]): [str(c) for c in r["codes"]] for r in lists["recusals"]},  # type: ignore[attr-defined]
        int(str(published["count"])),
    )
