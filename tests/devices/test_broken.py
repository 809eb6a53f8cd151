"""Terminals that send nonsense under a right signature: refused in words, never a fault, and the pages still open."""

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from devices.models import Batch, Passage, RefusedEntry
from tests.cast import Cast
from tests.devices.post import Gate, batch, event, headers

PAGES = (
    "site",
    "site-live",
    "site-refused",
    "site-may-enter",
    "bad-times",
    "terminals",
    "badges",
    "oddities",
)


def pages_open(cast: Cast) -> None:
    """Every page that shows what gates sent, after whatever they sent."""
    client = cast.client(cast.zhao)
    for name in PAGES:
        answer = client.get(reverse(f"devices:{name}", args=[cast.project.pk]) + "?to=2099-12-31")
        assert answer.status_code == 200, name


@pytest.mark.parametrize(
    "at",
    [
        "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z",
        "1970-01-01T00:00:00Z", "2000-01-01T00:00:00+08:00", "2127-01-01T00:00:00Z", "2026-11-16T23:59:60+08:00",
        "2026-11-16T07:01:09", "2026-11-16T07:01:09+23:59", "now", "", "2026-02-30T00:00:00Z", 5, None,
    ],
)  # fmt: skip
def test_a_clock_far_away_breaks_no_page(cast: Cast, gate: Gate, at: Any) -> None:
    answer = gate.post(event(1, at=at), event(1))
    told = len(answer["refused"]) + len(answer["bad"])
    assert (answer["accepted"], told) == (1, 1)
    pages_open(cast)
    assert Passage.objects.count() == 1


@pytest.mark.parametrize("field", ["id", "card", "id_number", "reason", "badge"])
@pytest.mark.parametrize(
    "text", ["\x00", "\ud800", "a\\b", "\u202e倒", "é" * 20, "\n\t", "'; DROP TABLE x; --", "%s%d{}"]
)
def test_odd_characters_break_nothing(cast: Cast, gate: Gate, field: str, text: str) -> None:
    row = event(1) | {field: text}
    if field in {"card", "id_number"}:
        row["pin"] = None
    body = json.dumps({"batch": "b-odd", "events": [row, event(2)]}).encode()
    answer = gate.send(body)
    if text == "\ud800":  # half a character: no JSON at all
        assert (answer.status_code, json.loads(answer.content)["code"]) == (400, "batch.unreadable")
    else:
        assert answer.status_code == 200, answer.content
        assert json.loads(answer.content)["accepted"] >= 1
    pages_open(cast)


BODIES = [
        b"", b"null", b"[]", b"{}", b"{", b"\xff\xfe", b'{"batch": "b", "events": {}}', b'{"batch": "b", "events": [1, null, "x"]}',
        b'{"batch": "", "events": []}', b'{"batch": "b\\u0000", "events": []}', b'{"batch": "b", "events": [[[[[[]]]]]]}',
        b'{"batch": "b", "events": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", b'{"batch": "b", "device": "\\u0000", "events": []}',
        b'{"batch": "b", "device": "\\ud800", "events": []}', b'{"batch": "\\ud800", "events": []}',
        gzip.compress(b'{"batch": "b", "events": []}', mtime=0), b'{"batch": "b", "events": [], "queue": 1e400}',
        b'{"batch": "b", "events": [], "queue": 99999999999999999999999}', b'{"batch": "b", "events": [{"id": "e", "at": 1e999, "pin": 1}]}',
]  # fmt: skip


@pytest.mark.parametrize("path", ["passages", "card-reads", "heartbeats", "rotate-key", "enrol", "photos"])
def test_odd_bodies_are_refused_in_words(cast: Cast, gate: Gate, path: str) -> None:
    address = f"/api/v1/{path}/"
    for body in BODIES:
        signed = headers("POST", address, body, now=gate.now, key_id=gate.key_id, secret=gate.secret)
        answer = gate.client.post(
            address, body, content_type="application/json", headers={**signed, "Content-Encoding": "gzip"}
        )
        assert answer.status_code in {200, 400, 401, 403, 404, 409, 413, 429}, (body[:60], answer.content)
        assert json.loads(answer.content), body[:60]
    assert Passage.objects.count() == 0


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1970-01-01T00:00:00Z"]
)
def test_a_heartbeat_of_another_age_breaks_no_page(cast: Cast, gate: Gate, moment: str) -> None:
    answer = gate.send(
        json.dumps({"sent_at": moment, "clock_wrong_by": -1e12}).encode(), path="/api/v1/heartbeats/"
    )
    assert answer.status_code == 200
    pages_open(cast)


@pytest.mark.parametrize(
    "changes",
    [
        {"X-WW-Key": "\x00"}, {"X-WW-Key": "é"}, {"X-WW-Key": "k" * 10_000}, {"X-WW-Timestamp": "٣"},
        {"X-WW-Timestamp": "1e9"}, {"X-WW-Timestamp": "9" * 400}, {"X-WW-Timestamp": "-1"}, {"X-WW-Nonce": "\x00" * 16},
        {"X-WW-Nonce": "n" * 5_000}, {"X-WW-Nonce": "é" * 16}, {"X-WW-Signature": "é"}, {"X-WW-Signature": ""},
        {"X-WW-Signature": "\x00"}, {"X-WW-Signature": "f" * 100_000},
    ],
)  # fmt: skip
def test_odd_headers_are_not_signed(cast: Cast, gate: Gate, changes: dict[str, str]) -> None:
    body = batch(event(1))
    signed = headers("POST", "/api/v1/passages/", body, now=gate.now, key_id=gate.key_id, secret=gate.secret)
    assert set(changes) <= set(signed), signed
    answer = gate.client.post(
        "/api/v1/passages/", body, content_type="application/json", headers={**signed, **changes}
    )
    assert (answer.status_code, Batch.objects.count()) == (401, 0)


def test_more_than_a_batch_may_hold_is_refused_whole(cast: Cast, gate: Gate) -> None:
    rows = [{"id": f"e{n}", "pin": 1, "at": "2026-11-16T07:01:09+08:00"} for n in range(5_001)]
    answer = gate.send(json.dumps({"batch": "b", "events": rows}).encode())
    assert (answer.status_code, json.loads(answer.content)["code"]) == (413, "batch.too_many")
    answer = gate.send(json.dumps({"batch": "b", "events": rows * 20}).encode())
    assert (answer.status_code, json.loads(answer.content)["code"]) == (413, "batch.too_large")
    assert (Batch.objects.count(), RefusedEntry.objects.count()) == (0, 0)


def test_a_lost_badge_in_an_impossible_year_breaks_no_page(cast: Cast, gate: Gate) -> None:
    from devices.services import badges

    made = badges.hand_out_badge(
        cast.project.pk, "1", "188,24910", actor=cast.actor(cast.zhao), now=cast.now - timedelta(days=2)
    )
    badges.report_badge_lost(
        cast.project.pk, made.pk, actor=cast.actor(cast.zhao), now=cast.now - timedelta(days=1)
    )
    for at in ("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"):
        answer = gate.post(event(None, at=at, card="188,24910"))
        assert [one["code"] for one in answer["bad"]] == ["event.time"]
    pages_open(cast)
