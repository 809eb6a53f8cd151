"""What becomes of a batch: passages, repeats, duplicates, refusals, bad events."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from devices.models import Batch, DirtyDay, Passage, RefusedEntry, Terminal
from devices.services.passages import batch_body
from registration.models import Posting
from tests.cast import Cast
from tests.devices.post import Gate, batch, event
from wagewatch.lib.identity import make_id_number


def test_keeps_the_passages_of_registered_people(cast: Cast, gate: Gate) -> None:
    answer = gate.post(event(1, type=1), event(2, "2026-11-16T07:02:00+08:00", type=2), name="first")
    assert answer == {
        "batch": "first",
        "accepted": 2,
        "repeated": 0,
        "duplicates": 0,
        "refused": [],
        "bad": [],
    }
    passages = list(
        Passage.objects.order_by("at").values_list("day", "project_id", "worker_id", "at", "direction")
    )
    assert passages == [
        (date(2026, 11, 16), cast.project.pk, cast.sun.pk, datetime(2026, 11, 15, 23, 1, 9, tzinfo=UTC), 1),
        (date(2026, 11, 16), cast.project.pk, cast.zhou.pk, datetime(2026, 11, 15, 23, 2, tzinfo=UTC), 1),
    ]
    assert Passage.objects.get(worker_id=cast.sun.pk).attend_type == 1
    waiting = DirtyDay.objects.get()
    assert (waiting.day, sorted(waiting.worker_ids)) == (
        date(2026, 11, 16),
        sorted([cast.sun.pk, cast.zhou.pk]),
    )


def test_gives_the_first_answer_to_a_batch_sent_again(cast: Cast, gate: Gate) -> None:
    events = [event(1), event(99), {"id": "x"}]
    first = gate.post(*events, name="again", queue=5)
    assert gate.post(*events, name="again", queue=3) == first
    assert first["accepted"] == 1
    assert (Passage.objects.count(), RefusedEntry.objects.count(), Batch.objects.count()) == (1, 1, 1)


def test_refuses_a_known_batch_id_with_other_events(cast: Cast, gate: Gate) -> None:
    gate.post(event(1), name="one")
    response = gate.send(batch(event(2), name="one"))
    assert (response.status_code, json.loads(response.content)["code"]) == (409, "batch.other_events")
    assert Passage.objects.count() == 1


def test_counts_events_that_came_in_another_batch_as_duplicates(cast: Cast, gate: Gate) -> None:
    same = event(1)
    gate.post(same, event(2))
    answer = gate.post(same, event(1, "2026-11-16T08:30:00+08:00", "out"))
    assert (answer["accepted"], answer["duplicates"]) == (1, 1)
    assert Passage.objects.count() == 3


@pytest.mark.parametrize("many", [0, 40], ids=["arrays", "copy"])
def test_takes_both_ways_into_the_table(cast: Cast, gate: Gate, many: int) -> None:
    filler = [event(1, f"2026-11-16T08:{n:02}:00+08:00", "in" if n % 2 else "out") for n in range(many)]
    by_number = event(None, "2026-11-16T07:30:00+08:00", id_number=cast.zhou.id_number)
    answer = gate.post(event(1), by_number, event(7), {"id": "q", "pin": 1, "at": "no"}, *filler)
    assert (answer["accepted"], answer["duplicates"]) == (2 + many, 0)
    assert answer["refused"] == [{"id": answer["refused"][0]["id"], "reason": "unregistered"}]
    assert [(bad["id"], bad["index"], bad["code"]) for bad in answer["bad"]] == [("q", 3, "event.unreadable")]
    assert Passage.objects.filter(worker_id=cast.zhou.pk).count() == 1


def test_keeps_strange_texts_as_they_are(cast: Cast, gate: Gate) -> None:
    awkward = ["a\tb", "a\nb", "back\\slash", "\\N", "nul\u0000", "é—门", "x" * 64]
    answer = gate.post(*[event(1, f"2026-11-16T08:{n:02}:00+08:00", id=i) for n, i in enumerate(awkward)])
    assert {bad["index"] for bad in answer["bad"]} == {0, 1, 2, 3, 4}
    assert set(Passage.objects.values_list("event_id", flat=True)) == {"é—门", "x" * 64}


def test_refuses_strangers_leavers_and_early_birds_and_keeps_the_record(cast: Cast, gate: Gate) -> None:
    Posting.objects.filter(pk=cast.sun_posting.pk).update(left_on=date(2026, 11, 15))
    Posting.objects.filter(pk=cast.zhou_posting.pk).update(joined_on=date(2026, 11, 17))
    stranger = make_id_number("330703", date(1970, 1, 1), 77)
    answer = gate.post(
        event(1, id="left"),
        event(2, id="early", admitted=False),
        event(99, id="pin"),
        event(None, id="card", id_number=stranger, admitted=False, reason="not on list"),
        event(None, id="nonsense", id_number="12345"),
    )
    assert answer["accepted"] == 0
    assert {r["id"]: r["reason"] for r in answer["refused"]} == {
        "left": "left",
        "early": "not_yet",
        "pin": "unregistered",
        "card": "unregistered",
        "nonsense": "unregistered",
    }
    rows = {r.event_id: r for r in RefusedEntry.objects.all()}
    assert rows["left"].worker_id == cast.sun.pk
    assert rows["left"].was_let_in is True
    assert rows["early"].was_let_in is False
    assert rows["card"].person_key == stranger
    assert rows["pin"].person_key == "99"
    assert not Passage.objects.exists()
    assert not DirtyDay.objects.exists()


def test_accepts_a_worker_on_the_last_day_and_after_coming_back_under_a_new_number(
    cast: Cast, gate: Gate
) -> None:
    Posting.objects.filter(pk=cast.sun_posting.pk).update(left_on=date(2026, 11, 10))
    again = cast.sun_posting
    Posting.objects.create(
        project=cast.project, worker=cast.sun, participation=cast.sc_part, team=cast.team, pin=17,
        trade="木工", rate_fen=36000, joined_on=date(2026, 11, 14),
    )  # fmt: skip
    answer = gate.post(
        event(1, "2026-11-10T07:00:00+08:00"),
        event(1, "2026-11-12T07:00:00+08:00", id="between"),
        event(1, "2026-11-14T07:00:00+08:00"),
        event(17, "2026-11-16T07:00:00+08:00"),
    )
    assert again.pin == 1
    assert (answer["accepted"], [r["id"] for r in answer["refused"]]) == (3, ["between"])


def test_keeps_what_the_device_refused_although_the_person_is_registered(cast: Cast, gate: Gate) -> None:
    answer = gate.post(event(1, id="shut", admitted=False, reason="face"))
    assert answer["refused"] == [{"id": "shut", "reason": "device"}]
    assert RefusedEntry.objects.get().was_let_in is False
    assert not Passage.objects.exists()


@pytest.mark.parametrize(
    "at", ["2000-01-01T00:00:00+08:00", "2026-11-16T09:10:01+08:00", "2019-12-31T23:00:00Z"]
)
def test_does_not_believe_impossible_times(cast: Cast, gate: Gate, at: str) -> None:
    answer = gate.post(event(1, at, id="t"))
    assert answer["refused"] == [{"id": "t", "reason": "bad_time"}]
    assert RefusedEntry.objects.get().day == date(2026, 11, 16)
    assert not Passage.objects.exists()


def test_believes_a_clock_ten_minutes_ahead(cast: Cast, gate: Gate) -> None:
    assert gate.post(event(1, "2026-11-16T09:10:00+08:00"))["accepted"] == 1


def test_the_work_date_begins_at_four(cast: Cast, gate: Gate) -> None:
    gate.post(event(1, "2026-11-16T03:59:59+08:00"), event(2, "2026-11-16T04:00:00+08:00"))
    assert dict(Passage.objects.values_list("worker_id", "day")) == {
        cast.sun.pk: date(2026, 11, 15),
        cast.zhou.pk: date(2026, 11, 16),
    }


def test_marks_repeats_within_a_minute_also_across_batches(cast: Cast, gate: Gate) -> None:
    first = gate.post(
        event(1, "2026-11-16T07:00:00+08:00"),
        event(1, "2026-11-16T07:01:00+08:00"),
        event(2, "2026-11-16T07:00:30+08:00"),
        event(1, "2026-11-16T07:01:10+08:00", "out"),
    )
    second = gate.post(event(1, "2026-11-16T07:01:30+08:00"), event(1, "2026-11-16T07:02:31+08:00"))
    assert (first["accepted"], first["repeated"]) == (3, 1)
    assert (second["accepted"], second["repeated"]) == (1, 1)


@pytest.mark.parametrize(
    ("lane", "said", "kept"), [("in", "out", 1), ("out", None, 2), ("both", "out", 2), ("both", None, 0)]
)
def test_the_lane_decides_the_direction(
    cast: Cast, gate: Gate, lane: str, said: str | None, kept: int
) -> None:
    Terminal.objects.filter(pk=cast.terminal.pk).update(lane=lane)
    gate.post(event(1, direction=said))
    assert Passage.objects.get().direction == kept


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{", b'{"batch":"a"}', b'{"batch":"","events":[]}', b'{"batch":"a","events":{}}',
        b'{"batch":"a b","events":[]}', b'\xff\xfe', b'{"batch":"a","events":[],"queue":-1}',
        b'{"batch":"a","events":[],"sent_at":"yesterday"}', b'{"batch":"\\u0000","events":[]}',
    ],
)  # fmt: skip
def test_says_400_to_what_it_cannot_read(cast: Cast, gate: Gate, body: bytes) -> None:
    response = gate.send(body)
    assert response.status_code == 400
    assert "code" in json.loads(response.content)
    assert not Batch.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {}, 5, None, "x", {"id": 3, "pin": 1, "at": "2026-11-16T07:00:00+08:00"},
        event(1, "2026-11-16T07:00:00"), event(0), event(2**40), event(None), event(1, id_number="3"),
        event(1, direction="up"), event(1, type=12), event(1, id=""), event(1, id="y" * 65),
        event(1, admitted="yes"), event(1, at=3),
    ],
)  # fmt: skip
def test_one_bad_event_does_not_block_the_batch(cast: Cast, gate: Gate, wrong: Any) -> None:
    answer = gate.post(event(1), wrong, event(2))
    assert answer["accepted"] == 2
    assert [bad["index"] for bad in answer["bad"]] == [1]


def test_refuses_too_many_events_and_too_many_bytes(cast: Cast, gate: Gate) -> None:
    assert gate.send(batch(*[event(1)] * 5001)).status_code == 413
    assert gate.send(b" " * (2 * 1024 * 1024 + 1)).status_code == 413
    assert not Batch.objects.exists()


def test_an_empty_batch_is_a_batch(cast: Cast, gate: Gate) -> None:
    assert gate.post()["accepted"] == 0


def test_keeps_the_body_as_received_but_sealed(cast: Cast, gate: Gate) -> None:
    number = cast.sun.id_number
    body = batch(event(None, id_number=number))
    gate.send(body)
    stored = Batch.objects.get()
    assert batch_body(stored) == body
    assert number.encode() not in bytes(stored.body)
    assert number not in json.dumps(stored.answer)


def test_notes_the_terminals_clock_and_queue(cast: Cast, gate: Gate) -> None:
    gate.post(event(1), queue=42, sent_at=(gate.now + timedelta(seconds=90)).isoformat())
    terminal = Terminal.objects.get(pk=cast.terminal.pk)
    assert (terminal.last_seen_at, terminal.clock_skew_ms, terminal.queue_length) == (gate.now, 90_000, 42)


def test_an_offset_that_no_place_has_is_bad_and_costs_no_other_event(cast: Cast, gate: Gate) -> None:
    far = event(1, "2026-11-16T07:01:09+16:00")
    answer = gate.post(far, event(2, "2026-11-16T07:01:09+08:00"))
    assert answer["accepted"] == 1
    assert [(bad["id"], bad["code"]) for bad in answer["bad"]] == [(far["id"], "event.offset")]
