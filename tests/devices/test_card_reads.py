"""Identity cards that an agent posts: kept once, for the right project, for ten minutes, told to nobody."""

import base64
import io
import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from PIL import Image

from devices import signing
from devices.edge.drivers.idcard import card_fields
from devices.services.terminals import forget_terminals, revoke_terminal
from devices.simulators.persons import KINDS, person
from registration.models import CardRead
from registration.services.card_reads import Reader, forget_card_reads, readers_of, waiting_reads
from registration.tasks import tidy_up
from tests.cast import Cast
from tests.devices.post import Gate, headers

PATH = "/api/v1/card-reads/"


def read(number: int = 1, kind: str = "citizen", **more: Any) -> dict[str, Any]:
    """A read as the agent sends it."""
    card = card_fields(person(number, kind).card)  # type: ignore[arg-type]
    return {"key": f"read-{kind}-{number}", "reader": "登记台", "card": card, "age_ms": 900, **more}


def post(gate: Gate, *reads: Any, **changes: str) -> Any:
    response = gate.send(json.dumps({"reads": list(reads)}).encode(), path=PATH, **changes)
    return response.status_code, json.loads(response.content)


@pytest.mark.parametrize("kind", KINDS)
def test_keeps_a_card_of_each_kind_sealed(cast: Cast, gate: Gate, kind: str) -> None:
    status, answer = post(gate, read(1, kind))
    assert (status, answer["kept"], answer["refused"]) == (200, [f"read-{kind}-1"], [])
    assert answer["server_time"] == gate.now.isoformat()
    kept = CardRead.objects.get()
    assert (kept.project, kept.reader, kept.used_at) == (cast.project, "登记台", None)
    assert kept.read_at == gate.now - timedelta(milliseconds=900)
    (waiting,) = waiting_reads(cast.project, now=gate.now)
    card = person(1, kind).card  # type: ignore[arg-type]
    assert waiting.person["id_number"] == card.number
    assert waiting.person["name"] == (card.name or card.english_name)
    assert waiting_reads(cast.other_project, now=gate.now) == []


def test_the_same_read_twice_is_one(cast: Cast, gate: Gate) -> None:
    assert post(gate, read(1))[1]["kept"] == ["read-citizen-1"]
    assert post(gate, read(1, age_ms=5000), read(2))[1]["kept"] == ["read-citizen-1", "read-citizen-2"]
    assert CardRead.objects.count() == 2
    assert CardRead.objects.get(key="read-citizen-1").read_at == gate.now - timedelta(milliseconds=900)


def test_a_read_of_long_ago_is_named_and_not_kept(cast: Cast, gate: Gate) -> None:
    _status, answer = post(gate, read(1, age_ms=600_001), read(2, age_ms=599_000))
    assert answer["kept"] == ["read-citizen-2"]
    assert [(one["key"], one["code"]) for one in answer["refused"]] == [("read-citizen-1", "card_read.late")]
    assert CardRead.objects.count() == 1


def test_one_bad_read_costs_no_other_and_is_named_without_its_content(cast: Cast, gate: Gate) -> None:
    number = person(3).card.number
    bad = [
        read(3) | {"card": {"kind": "passport", "number": number}},
        read(3) | {"reader": ""},
        read(3) | {"reader": "a\x00b"},
        read(3) | {"photo": "no base64"},
        read(3) | {"card": {"kind": "citizen", "number": number * 2}},
        read(3) | {"age_ms": -1},
        {"key": "k"},
        17,
    ]
    status, answer = post(gate, *bad, read(1))
    assert (status, answer["kept"]) == (200, ["read-citizen-1"])
    assert [one["key"] for one in answer["refused"]] == ["read-citizen-3"] * 6 + ["k", None]
    assert {one["code"] for one in answer["refused"]} == {"card_read.unreadable"}
    assert number not in json.dumps(answer)
    assert CardRead.objects.count() == 1


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"reads": 1}', b"\xff", json.dumps({"reads": [1] * 21}).encode()]
)
def test_what_is_no_request_is_refused_whole(cast: Cast, gate: Gate, body: bytes) -> None:
    response = gate.send(body, path=PATH)
    assert (response.status_code, json.loads(response.content)["code"]) == (400, "card_reads.unreadable")
    assert not CardRead.objects.exists()


def test_only_a_terminal_of_the_project_may_post(cast: Cast, gate: Gate) -> None:
    assert post(gate, read(1), **{signing.SIGNATURE_HEADER: "0" * 64})[0] == 401
    revoke_terminal(cast.terminal.pk, project_id=cast.project.pk, actor=cast.actor(cast.zhao), now=cast.now)
    forget_terminals()
    assert post(gate, read(1))[0] == 403
    assert not CardRead.objects.exists()


def test_a_request_that_was_recorded_is_refused(cast: Cast, gate: Gate) -> None:
    body = json.dumps({"reads": [read(1)]}).encode()
    signed = headers(
        "POST", PATH, body, now=gate.now, key_id="g1", secret=cast.terminal_secret, nonce="n" * 20
    )
    first = gate.client.post(PATH, body, content_type="application/json", headers=signed)
    again = gate.client.post(PATH, body, content_type="application/json", headers=signed)
    assert (first.status_code, again.status_code) == (200, 401)
    assert json.loads(again.content)["code"] == "signature.replayed"


def picture(size: tuple[int, int] = (102, 126), kind: str = "JPEG") -> str:
    out = io.BytesIO()
    Image.new("RGB", size, "#8a9").save(out, kind)
    return base64.b64encode(out.getvalue()).decode()


def test_a_picture_that_can_be_shown_is_kept_as_a_small_jpeg_and_others_are_left_out(
    cast: Cast, gate: Gate
) -> None:
    junk = base64.b64encode(b"\xff\xd8\xff no picture").decode()
    wlt = base64.b64encode(person(4).photo).decode()
    answer = post(
        gate,
        read(1, photo=picture(), photo_kind="jpeg"),
        read(2, photo=picture(kind="PNG"), photo_kind="png"),
        read(3, photo=junk, photo_kind="jpeg"),
        read(4, photo=wlt, photo_kind="wlt"),
        read(5, photo=None, photo_kind="wlt"),
    )[1]
    assert len(answer["kept"]) == 5
    photos = {one.key[-1]: one.photo for one in CardRead.objects.all()}
    assert photos["1"].startswith(b"\xff\xd8\xff")
    assert photos["2"].startswith(b"\xff\xd8\xff")
    assert (photos["3"], photos["4"], photos["5"]) == (None, None, None)


def test_reads_are_forgotten_after_ten_minutes(cast: Cast, gate: Gate) -> None:
    post(gate, read(1))
    CardRead.objects.filter(key="read-citizen-1").update(
        received_at=gate.now - timedelta(minutes=9, seconds=59)
    )
    assert len(waiting_reads(cast.project, now=gate.now)) == 1
    assert forget_card_reads(now=gate.now) == 0
    CardRead.objects.update(received_at=gate.now - timedelta(minutes=10))
    assert waiting_reads(cast.project, now=gate.now) == []
    assert forget_card_reads(now=gate.now) == 1
    assert not CardRead.objects.exists()


def test_the_periodic_task_forgets_them(cast: Cast, gate: Gate) -> None:
    post(gate, read(1))
    with time_machine.travel(gate.now + timedelta(minutes=11), tick=False):
        tidy_up()
    assert not CardRead.objects.exists()


def test_heartbeats_tell_the_clerk_s_page_about_readers(cast: Cast, gate: Gate, clean_cache: None) -> None:
    devices = [
        {
            "name": "登记台",
            "kind": "idcard",
            "state": "ready",
            "seconds": 5,
            "heard_seconds": 0,
            "words": "",
            "facts": {},
        },
        {"name": "西门", "kind": "wiegand", "state": "lost"},
    ]
    body = json.dumps({"queue": 3, "devices": devices, "disk_used": 0.4, "trouble": ""}).encode()
    assert gate.send(body, path="/api/v1/heartbeats/").status_code == 200
    assert readers_of(cast.project) == [Reader("登记台", "ready")]
    assert readers_of(cast.other_project) == []
    bad = json.dumps({"queue": 3, "devices": [{"name": "x", "kind": "idcard", "state": "fine"}]}).encode()
    assert gate.send(bad, path="/api/v1/heartbeats/").status_code == 400
    cache.clear()
    assert readers_of(cast.project) == []


def test_the_newest_read_of_a_card_counts_and_readers_can_be_told_apart(cast: Cast, gate: Gate) -> None:
    post(gate, read(1), read(2), read(1, key="read-again-1"), read(3, reader="二号台"))
    waiting = waiting_reads(cast.project, now=gate.now)
    assert [one.read.key for one in waiting] == ["read-citizen-3", "read-again-1", "read-citizen-2"]
    assert [one.read.key for one in waiting_reads(cast.project, reader="二号台", now=gate.now)] == [
        "read-citizen-3"
    ]
