"""The conditions of entry at the gate: the allow-list, the site's page, and people named by their citizen card."""

import json
from datetime import date
from typing import Any

import pytest

from devices.models import Passage, RefusedEntry
from registration.models import Posting
from tests.cast import Cast, make_posting
from tests.devices.post import Gate, event
from tests.registration.papers import Nanjing, apply_for, move, nanjing, seed_conditions, train


@pytest.fixture(autouse=True)
def _conditions(cast: Cast) -> None:
    seed_conditions()


def listed(gate: Gate) -> Any:
    return json.loads(gate.get("/api/v1/allow-list/").content)


def test_who_is_denied_is_not_on_the_list_and_the_gate_is_told_why(cast: Cast, gate: Gate) -> None:
    first = listed(gate)
    assert [p["pin"] for p in first["people"]] == []
    assert first["denied"] == [
        {"pin": 1, "reason": "entry.training", "text": "没有安全培训"},
        {"pin": 2, "reason": "entry.training", "text": "没有安全培训"},
    ]
    train(cast, cast.sun)
    second = listed(gate)
    assert ([p["pin"] for p in second["people"]], [d["pin"] for d in second["denied"]]) == ([1], [2])
    assert second["removed"] == []
    assert second["version"] != first["version"]
    Posting.objects.filter(pk=cast.sun_posting.pk).update(denied_at=cast.now)
    assert listed(gate)["denied"][0] == {"pin": 1, "reason": "entry.denied", "text": "本人说不是自己"}


def test_only_what_denies_keeps_out(cast: Cast, gate: Gate) -> None:
    train(cast, cast.sun, cast.zhou)
    Posting.objects.filter(pk=cast.zhou_posting.pk).update(trade="架子工")
    assert [p["pin"] for p in listed(gate)["people"]] == [1, 2], "no contract and no certificate only warn"


def test_a_passage_of_somebody_denied_is_kept_and_shown(cast: Cast, gate: Gate) -> None:
    train(cast, cast.zhou)
    answer = gate.post(event(1), event(2))
    assert (answer["accepted"], answer["refused"]) == (2, [])
    assert Passage.objects.filter(worker_id=cast.sun.pk).count() == 1
    assert not RefusedEntry.objects.exists()
    for who in (cast.guard, cast.zhao, cast.li):
        page = cast.client(who).get(f"/sites/{cast.project.pk}/")
        assert [
            (b.worker_id, b.findings[0].code, b.came_at is not None) for b in page.context["kept_out"]
        ] == [(cast.sun.pk, "entry.training", True)]
        assert page.context["entered_anyway"] == 1
    page = cast.client(cast.guard).get(f"/sites/{cast.project.pk}/kept-out/")
    assert cast.sun.name not in page.content.decode()
    page = cast.client(cast.li).get(f"/supervision/projects/{cast.project.pk}/")
    assert (page.context["kept_out_count"], page.context["entered_anyway"]) == (1, 1)


def test_a_subcontractor_is_not_told_of_others(cast: Cast, gate: Gate) -> None:
    make_posting(cast.wu, cast.gc_team, pin=9)
    assert {b.worker_id for b in cast.client(cast.zhao).get(f"/sites/{cast.project.pk}/").context["kept_out"]} == {
        cast.sun.pk, cast.zhou.pk, cast.wu.pk,
    }  # fmt: skip
    assert {b.worker_id for b in cast.client(cast.qian).get(f"/sites/{cast.project.pk}/").context["kept_out"]} == {
        cast.sun.pk, cast.zhou.pk,
    }  # fmt: skip


@pytest.fixture
def site(cast: Cast) -> Nanjing:
    """Nanjing's Wang works on the cast's project as well, with a card in hand."""
    site = nanjing(cast)
    make_posting(site.wang, cast.team, pin=41)
    (card,) = apply_for(cast, site, site.wang)
    steps = (
        ("submitted", date(2026, 11, 4)),
        ("issued", date(2026, 11, 11)),
        ("collected", date(2026, 11, 12)),
    )
    move(cast, site, card, *steps, number="NJ 2100 0001")
    return site


@pytest.mark.parametrize("many", [0, 40], ids=["arrays", "copy"])
def test_a_citizen_card_names_its_holder(cast: Cast, gate: Gate, site: Nanjing, many: int) -> None:
    filler = [event(1, f"2026-11-16T08:{n:02}:00+08:00", "in" if n % 2 else "out") for n in range(many)]
    answer = gate.post(
        event(None, card="nj-21000001", type=6),
        event(None, "2026-11-16T07:20:00+08:00", id_number=cast.zhou.id_number),
        event(2, "2026-11-16T07:30:00+08:00", "out"),
        event(None, card="NJ99999999", id="nobody"),
        event(None, card="NJ21000001", id_number=cast.zhou.id_number, id="both"),
        *filler,
    )
    assert (answer["accepted"], answer["refused"]) == (3 + many, [{"id": "nobody", "reason": "unregistered"}])
    assert [(bad["id"], bad["code"]) for bad in answer["bad"]] == [("both", "event.person")]
    passage = Passage.objects.get(worker_id=site.wang.pk)
    assert (passage.attend_type, passage.day) == (6, date(2026, 11, 16))
    assert RefusedEntry.objects.get().person_key == "NJ99999999"
    assert Passage.objects.filter(worker_id=cast.zhou.pk).count() == 2


def test_a_lost_card_names_nobody_and_an_id_number_is_no_card(cast: Cast, gate: Gate, site: Nanjing) -> None:
    card = site.wang.citizen_cards.get()
    answer = gate.post(event(None, id="number", card=site.wang.id_number))
    assert answer["refused"] == [{"id": "number", "reason": "unregistered"}]
    move(cast, site, card, ("lost", date(2026, 11, 16)))
    answer = gate.post(event(None, id="lost", card="NJ21000001"))
    assert answer["refused"] == [{"id": "lost", "reason": "unregistered"}]
    assert not Passage.objects.exists()


def test_without_a_card_the_gate_lets_in_all_the_same(cast: Cast, gate: Gate, site: Nanjing) -> None:
    train(cast, site.wang)
    move(cast, site, site.wang.citizen_cards.get(), ("lost", date(2026, 11, 16)))
    assert 41 in [p["pin"] for p in listed(gate)["people"]]
