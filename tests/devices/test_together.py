"""Several at once, over real connections: two same batches, overlapping batches, a roll-up among them."""

import json
import secrets
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from devices.models import AttendanceDay, Batch, DirtyDay, Passage
from devices.services.days import roll_up
from devices.services.passages import accept_batch
from devices.services.terminals import KnownTerminal, _terminal_by_key, forget_terminals
from tests.cast import Cast
from tests.devices.post import event

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run calls in threads of their own, started together; their results or exceptions in order."""
    barrier, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(place: int, call: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            results[place] = call()
        except Exception as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


@pytest.fixture
def terminal(transactional_db: None, cast: Cast) -> KnownTerminal:
    """The gate of the cast."""
    forget_terminals()
    known = _terminal_by_key("g1")
    assert known is not None
    return known


def test_the_same_batch_four_times_at_once_is_kept_once(terminal: KnownTerminal, cast: Cast) -> None:
    body = json.dumps({"batch": "x", "events": [event(1), event(2), event(77)]}).encode()
    send = lambda: accept_batch(terminal, body, nonce=secrets.token_hex(16), now=cast.now)  # noqa: E731
    answers = at_once(send, send, send, send)
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["accepted"] == 2
    assert (Batch.objects.count(), Passage.objects.count()) == (1, 2)


def test_overlapping_batches_at_once_lose_and_double_nothing(terminal: KnownTerminal, cast: Cast) -> None:
    events = [
        event(
            1 + n % 2, (cast.now - timedelta(seconds=2500 - 50 * n)).isoformat(), "in" if n % 4 < 2 else "out"
        )
        for n in range(48)
    ]

    def send(part: list[dict[str, Any]]) -> Callable[[], Any]:
        body = json.dumps({"batch": secrets.token_hex(4), "events": part}).encode()
        return lambda: accept_batch(terminal, body, nonce=secrets.token_hex(16), now=cast.now)

    answers = at_once(send(events[:36]), send(events[12:]), send(events[::-1]), send(events))
    assert [type(answer) for answer in answers] == [dict] * 4
    assert sum(a["accepted"] + a["repeated"] for a in answers) == 48
    assert sum(a["duplicates"] for a in answers) == 36 + 36 + 48 + 48 - 48
    assert Passage.objects.count() == 48


def test_a_roll_up_beside_arriving_batches_misses_nothing(terminal: KnownTerminal, cast: Cast) -> None:
    def send(number: int) -> Callable[[], Any]:
        start = cast.now - timedelta(hours=4)

        def run() -> None:
            for n in range(12):
                at = (start + timedelta(minutes=number * 60 + n * 4)).isoformat()
                some = [
                    event(1, at, "in" if n % 2 == 0 else "out"),
                    event(2, at, "in" if n % 2 == 0 else "out"),
                ]
                body = json.dumps({"batch": secrets.token_hex(6), "events": some}).encode()
                accept_batch(terminal, body, nonce=secrets.token_hex(16), now=cast.now)

        return run

    def roll() -> None:
        for _ in range(40):
            roll_up(now=cast.now)

    results = at_once(send(0), send(1), send(2), roll, roll)
    assert results == [None] * 5
    roll_up(now=cast.now)
    assert not DirtyDay.objects.exists()
    days = {d.worker_id: (d.minutes, d.passages, d.state) for d in AttendanceDay.objects.all()}
    assert days == {cast.sun.pk: (72, 36, "closed"), cast.zhou.pk: (72, 36, "closed")}
