"""Stamps pushed by another real-name system: a terminal's path, national codes, the source shown, nothing lost."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from devices.models import Batch, Passage, RefusedEntry, Terminal
from devices.push_wire import event_id, read_pushed_events
from devices.services.sources import REQUESTS_A_MINUTE
from registration.models import Push, SourceSystem
from tests.cast import Cast
from tests.devices.post import Gate, event
from tests.devices.pushing import ATTENDANCE, DAYS, PEOPLE, System, let_system_in, person


@pytest.fixture
def system(cast: Cast) -> Iterator[System]:
    with time_machine.travel(cast.now, tick=False):
        yield System(let_system_in(cast), cast)


def national(
    cast: Cast, at: str = "2026-11-16 07:01:09", direction: str = "01", code: str = "001"
) -> dict[str, Any]:
    """A line of the national interface's WorkerAttendance."""
    number = str(cast.sun.id_number)
    return {
        "idCardType": "01",
        "idCardNumber": number,
        "date": at,
        "direction": direction,
        "attendType": code,
    }


def test_keeps_stamps_in_both_dialects(cast: Cast, system: System) -> None:
    answer = system.stamps(
        national(cast),
        national(cast, "2026-11-16 08:31:00", "02", "010"),
        event(2, direction="in", type=3),
        gate="东门",
    )
    assert (answer["accepted"], answer["refused"], answer["bad"]) == (3, [], [])
    kept = list(
        Passage.objects.order_by("at", "worker_id").values_list("worker_id", "direction", "attend_type")
    )
    assert kept == [(cast.sun.pk, 1, 1), (cast.zhou.pk, 1, 3), (cast.sun.pk, 2, 10)]
    terminal = Terminal.objects.get(source__isnull=False)
    assert (terminal.name, terminal.source, terminal.project) == (
        "东门 · 岑岭实名制", system.made.source, cast.project,
    )  # fmt: skip
    assert set(Passage.objects.values_list("terminal_id", flat=True)) == {terminal.pk}


def test_one_terminal_for_each_gate_and_no_key_that_opens(cast: Cast, system: System) -> None:
    for gate in ("东门", "西门", "东门", ""):
        system.stamps(event(1), gate=gate)
    assert sorted(Terminal.objects.filter(source__isnull=False).values_list("name", flat=True)) == [
        "东门 · 岑岭实名制", "岑岭实名制", "西门 · 岑岭实名制",
    ]  # fmt: skip
    foreign = Gate(system.made.source.key_id, system.secret, cast.now)
    assert foreign.send(b'{"batch":"b","events":[]}').status_code == 401
    own = Gate("g1", cast.terminal_secret, cast.now)
    assert own.send(system.stamps_body(event(1)), path=ATTENDANCE).status_code == 401


def test_the_same_batch_again_changes_nothing_and_repeats_are_not_counted(cast: Cast, system: System) -> None:
    body = system.stamps_body(national(cast), national(cast, "2026-11-16 07:01:40"), batch="b-1")
    first = json.loads(system.send(ATTENDANCE, body).content)
    assert (first["accepted"], first["repeated"]) == (1, 1)
    assert json.loads(system.send(ATTENDANCE, body).content) == first
    assert (Passage.objects.count(), Batch.objects.count(), Push.objects.count()) == (2, 1, 1)
    other = system.send(ATTENDANCE, system.stamps_body(event(1), batch="b-1"))
    assert (other.status_code, json.loads(other.content)["code"]) == (409, "batch.other_events")
    again = system.stamps(national(cast), batch="b-2")
    assert (again["accepted"], again["duplicates"]) == (0, 1)


def test_the_unregistered_and_the_future_are_refused_with_reason(cast: Cast, system: System) -> None:
    stranger = {**national(cast), "idCardNumber": person(391)["id_number"]}
    answer = system.stamps(
        stranger, national(cast, "2027-01-01 07:00:00"), {**national(cast), "direction": "03"}
    )
    assert sorted(one["reason"] for one in answer["refused"]) == ["bad_time", "unregistered"]
    assert [one["code"] for one in answer["bad"]] == ["event.unreadable"]
    assert RefusedEntry.objects.count() == 2
    push = Push.objects.get()
    assert (push.rows, push.kept, push.refused) == (3, 0, 3)
    assert push.problems == {"unregistered": 1, "bad_time": 1, "event.unreadable": 1}


def test_outside_the_scope_nothing_is_stored(cast: Cast, system: System) -> None:
    for code in (cast.other_project.code, "NO-SUCH", "x"):
        for path, body in (
            (ATTENDANCE, system.stamps_body(event(1), project=code)),
            (PEOPLE, system.people_body(person(), project=code)),
        ):
            response = system.send(path, body)
            assert (response.status_code, json.loads(response.content)["code"]) == (403, "push.outside")
        assert system.get(f"{DAYS}?project={code}&from=2026-11-16").status_code == 403
        assert system.get(f"{PEOPLE}?project={code}").status_code == 403
    assert (Passage.objects.count(), Batch.objects.count(), Push.objects.count()) == (0, 0, 0)
    assert not Terminal.objects.filter(source__isnull=False).exists()
    assert SourceSystem.objects.get().last_refusal == "push.outside"


def test_a_listed_project_is_in_scope_until_the_firm_no_longer_leads_it(cast: Cast) -> None:
    with time_machine.travel(cast.now, tick=False):
        system = System(let_system_in(cast, projects=[cast.project.pk]), cast)
        assert system.stamps(event(1))["accepted"] == 1
        cast.gc_part.left_on = cast.today
        cast.gc_part.save()
        assert system.send(ATTENDANCE, system.stamps_body(event(2))).status_code == 403
    assert Passage.objects.count() == 1


def test_a_replay_and_too_many_requests_are_refused(cast: Cast, system: System) -> None:
    from devices import signing

    body = system.stamps_body(event(1))
    assert system.send(ATTENDANCE, body, **{signing.NONCE_HEADER: "n" * 20}).status_code == 401
    from tests.devices.post import headers

    signed = headers(
        "POST", ATTENDANCE, body, now=cast.now, key_id=system.made.source.key_id, secret=system.secret
    )
    codes = [
        system.client.post(ATTENDANCE, body, content_type="application/json", headers=signed).status_code
        for _ in range(2)
    ]
    assert codes == [200, 401]
    for _ in range(REQUESTS_A_MINUTE - 1):
        assert system.get(f"{DAYS}?project={cast.project.code}&from=2026-11-16").status_code == 200
    refused = system.send(ATTENDANCE, system.stamps_body(event(2)))
    assert (refused.status_code, json.loads(refused.content)["code"], refused["Retry-After"]) == (
        429, "push.too_often", "60",
    )  # fmt: skip
    assert Passage.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"[]", b'{"batch":"b","project":"x","events":[' + b"[" * 50_000, b"\xff\xfe",
        b'{"batch":"b","project":"x","gate":"\\\\","events":[]}',
        b'{"batch":"b","project":"x","gate":"\\ud800","events":[]}',
    ],
)  # fmt: skip
def test_garbage_is_answered_and_stores_nothing(cast: Cast, system: System, body: bytes) -> None:
    assert system.send(ATTENDANCE, body).status_code == 400
    assert not Batch.objects.exists()


def test_a_huge_body_is_refused_before_it_is_read(cast: Cast, system: System) -> None:
    response = system.send(ATTENDANCE, b" " * (2 * 1024 * 1024 + 1))
    assert (response.status_code, json.loads(response.content)["code"]) == (413, "push.too_large")


def test_events_that_are_none_cost_no_others(cast: Cast, system: System) -> None:
    answer = system.stamps(
        national(cast), 7, None, [], {"date": 5, "idCardNumber": 7}, {**national(cast), "attendType": "099"},
        {**national(cast), "date": "gestern"}, {**national(cast), "id": "x\\y"},
    )  # fmt: skip
    assert answer["accepted"] == 1
    assert [one["index"] for one in answer["bad"]] == [1, 2, 3, 4, 5, 6, 7]


def test_reconciliation_proves_what_was_received(cast: Cast, system: System) -> None:
    sent = [event(1), event(2, "2026-11-15T23:30:00+08:00"), event(99)]
    system.stamps(*sent, national(cast, "2026-11-16 07:01:09"))
    system.stamps(sent[0], batch="again")
    answer = json.loads(
        system.get(f"{DAYS}?project={cast.project.code}&from=2026-11-15&to=2026-11-16").content
    )
    ids = [
        sent[0]["id"],
        sent[2]["id"],
        event_id(str(cast.sun.id_number), "2026-11-16 07:01:09", "01", "001"),
    ]
    digest = hashlib.sha256("".join(f"{one}\n" for one in sorted(ids)).encode()).hexdigest()
    assert answer["project"] == cast.project.code
    assert answer["days"] == [
        {
            "day": "2026-11-15", "received": 1, "passages": 1, "refused": {},
            "digest": hashlib.sha256(f"{sent[1]['id']}\n".encode()).hexdigest(),
        },
        # The national line is the stamp of the first event: one passage, two events received.
        {"day": "2026-11-16", "received": 3, "passages": 1, "refused": {"unregistered": 1}, "digest": digest},
    ]  # fmt: skip


@pytest.mark.parametrize(
    "span", ["", "from=x", "from=2026-11-16&to=2026-11-15", "from=2026-01-01&to=2026-02-01"]
)
def test_reconciliation_asks_for_a_span_of_days(cast: Cast, system: System, span: str) -> None:
    assert system.get(f"{DAYS}?project={cast.project.code}&{span}").status_code == 400


def test_our_own_events_are_read_as_they_are() -> None:
    raw = json.dumps([event(1), event(2, type=4)]).encode()
    assert [one.type for _index, one in read_pushed_events(raw).good] == [11, 4]


def test_a_person_named_by_a_mark_is_still_read() -> None:
    raw = json.dumps([{**event(1), "id": "attendType"}]).encode()
    assert [one.id for _index, one in read_pushed_events(raw).good] == ["attendType"]
