"""The queue of passages under kills and a bad line: what went in comes out, once."""

import random
import threading
import time
from pathlib import Path

import pytest

from devices.client import Refused, TerminalClient
from devices.edge.clock import Clock
from devices.edge.lanes import EventsLane
from devices.edge.sending import NotAcknowledged
from devices.edge.site import Site
from devices.edge.vault import Vault
from devices.spool import Spool
from tests.devices.edge.server import SECRETS, FakeServer
from tests.devices.edge.site_pc import SitePc, until

GATE = '[[gate]]\nserial = "G1"\nkey_id = "gate"\nsecret_file = "gate"\n'


def stamp(number: int) -> dict[str, object]:
    return {"id": f"e{number}", "at": "2026-11-16T07:01:09+08:00", "pin": 1 + number % 40, "direction": "in"}


def test_count_in_equals_count_out_under_kills_cuts_and_lost_answers(server: FakeServer, pc: SitePc) -> None:
    pc.write(server.url, more=GATE)
    pc.start()
    gate = Spool(pc.queue)  # what a driver does, from another process
    dice = random.Random(5)
    put, done = [0], threading.Event()

    def stamping() -> None:
        while not done.is_set():
            gate.put("G1", [stamp(put[0] + n) for n in range(5)], made=time.time())
            put[0] += 5
            time.sleep(0.01)

    thread = threading.Thread(target=stamping)
    thread.start()
    try:
        for _ in range(6):
            server.mode = dice.choice(["well", "forgetful", "away", "broken", "vague"])
            time.sleep(dice.uniform(0.3, 0.7))
            server.mode = "well"
            time.sleep(dice.uniform(0.1, 0.4))
            pc.kill()
            pc.start(ready=False)
    finally:
        done.set()
        thread.join()
    until(lambda: gate.waiting() == 0, 40)
    assert put[0] > 200
    assert sorted(server.events) == sorted(f"e{n}" for n in range(put[0]))
    assert gate.count("dead") == 0
    gate.close()
    assert pc.stop() == 0


class Answering:
    """A client that gives one prepared answer."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def passages(self, _body: bytes) -> object:
        return self.answer


def test_only_an_answer_that_accounts_for_every_event_counts(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "q.sqlite")
    site = Site(spool, Vault(b"k" * 32), Clock())
    site.keep_events("G1", [stamp(n) for n in range(3)])
    lane = EventsLane("G1", site)
    parcel = spool.parcel("G1", most=200)
    assert parcel is not None
    whole = {
        "batch": parcel.id,
        "accepted": 1,
        "repeated": 0,
        "duplicates": 1,
        "refused": [],
        "bad": [{"id": "e2"}],
    }
    for answer in ([], {}, None, whole | {"accepted": 0}, whole | {"batch": "other"}, whole | {"bad": []}):
        with pytest.raises(NotAcknowledged):
            lane.send(Answering(answer))  # type: ignore[arg-type]
        assert spool.waiting("G1") == 3
    assert lane.send(Answering(whole)) is True  # type: ignore[arg-type]
    assert (spool.waiting("G1"), spool.count("sent"), spool.count("dead")) == (0, 2, 1)
    spool.forget(before=time.time() + 9, dead=False)
    assert spool.count("dead") == 1  # kept for a person to look at
    spool.close()


def test_a_queue_that_was_lost_takes_another_batch_id(server: FakeServer, tmp_path: Path) -> None:
    """A new file counts from 1 again: within one second the id may be one the server knows."""
    spool = Spool(tmp_path / "q.sqlite")
    site = Site(spool, Vault(b"k" * 32), Clock())
    site.keep_events("G1", [stamp(1)])
    parcel = spool.parcel("G1", most=200)
    assert parcel is not None
    server.batches[parcel.id] = ["something else"]
    lane = EventsLane("G1", site)
    client = TerminalClient(server.url, "gate", SECRETS["gate"])
    with pytest.raises(Refused, match="409"):
        lane.send(client)  # the sender waits and tries again
    assert lane.send(client) is True
    assert list(server.events) == ["e1"]
    spool.close()
