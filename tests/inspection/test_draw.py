"""The draw itself: pure, repeatable by anybody, fair by weight, recusals kept."""

import hashlib
import json
from collections import Counter

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from inspection.draw import (
    ALGORITHM,
    Drawn,
    NotEnough,
    Target,
    draw,
    draw_inspectors,
    draw_targets,
    number_of,
    replay,
)

SEED = "0f" * 32
PEOPLE = ["ZF-01", "ZF-02", "ZF-03", "ZF-04"]
CODES = [f"P{number:02}" for number in range(1, 9)]


def test_a_number_is_the_digest_as_anybody_computes_it() -> None:
    digest = hashlib.sha256(b"00:target:1").hexdigest()
    assert number_of("00", "target:1") == int(digest, 16)


def test_the_same_seed_gives_the_same_and_the_order_of_lists_does_not_matter() -> None:
    targets = [Target(code, 1) for code in CODES]
    first = draw(SEED, targets, PEOPLE, {}, 3)
    assert first == draw(SEED, targets[::-1], PEOPLE[::-1], {}, 3)
    assert first != draw("f0" * 32, targets, PEOPLE, {}, 3)
    assert len({d.code for d in first}) == 3
    assert all(len(set(d.inspectors)) == 2 for d in first)


def test_heavier_projects_come_more_often() -> None:
    targets = [Target("A", 1), Target("B", 5)]
    first = Counter(draw_targets(f"{n:064x}", targets, 1)[0] for n in range(600))
    assert 420 < first["B"] < 560, first


def test_recusals_are_kept_and_too_few_are_refused() -> None:
    for number in range(50):
        (found,) = draw_inspectors(f"{number:064x}", ["A"], PEOPLE, {"ZF-01": ["A"], "ZF-03": ["A", "B"]})
        assert set(found.inspectors) == {"ZF-02", "ZF-04"}
    with pytest.raises(NotEnough, match="A"):
        draw_inspectors(SEED, ["A"], PEOPLE[:2], {"ZF-01": ["A"]})


@given(st.integers(0, 2**64), st.integers(1, 12), st.integers(1, 8))
def test_work_is_shared(seed: int, wanted: int, kinds: int) -> None:
    targets = [Target(f"P{n:02}", 1 + n % kinds) for n in range(10)]
    found = draw(f"{seed:064x}", targets, PEOPLE, {}, wanted)
    assert len(found) == min(wanted, 10)
    load = Counter(certificate for d in found for certificate in d.inspectors)
    counts = [load[person] for person in PEOPLE]
    assert max(counts) - min(counts) <= 1


def published(found: list[Drawn]) -> dict[str, object]:
    return {
        "algorithm": ALGORITHM,
        "seed": SEED,
        "count": 3,
        "lists": {
            "targets": [{"code": code, "name": "x", "weight": 1} for code in CODES],
            "inspectors": [{"certificate": one, "name": "x"} for one in PEOPLE],
            "recusals": [{"certificate": "ZF-01", "codes": ["P01"]}],
        },
        "outcome": [{"code": d.code, "inspectors": list(d.inspectors)} for d in found],
    }


def test_anybody_replays_a_published_file(tmp_path, capsys) -> None:
    found = draw(SEED, [Target(c, 1) for c in CODES], PEOPLE, {"ZF-01": ["P01"]}, 3)
    said = published(found)
    assert replay(said) == found
    file = tmp_path / "draw.json"
    file.write_text(json.dumps(said), encoding="utf-8")
    call_command("replay_draw", file)
    assert "The same 3 projects" in capsys.readouterr().out
    said["seed"] = "f0" * 32
    file.write_text(json.dumps(said), encoding="utf-8")
    with pytest.raises(CommandError, match="another one"):
        call_command("replay_draw", file)
    file.write_text("[]", encoding="utf-8")
    with pytest.raises(CommandError, match="no published draw"):
        call_command("replay_draw", file)
