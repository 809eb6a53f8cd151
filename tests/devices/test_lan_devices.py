"""Devices that know only their serial number: the agent signs for them, and for no others."""

import json

import pytest

from devices.models import Batch, Passage, RefusedEntry, SeenNonce, Terminal
from devices.services.terminals import device_of, register_terminal, revoke_terminal
from tests.cast import Cast
from tests.devices.post import Gate, batch, event
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation


@pytest.fixture
def agent(cast: Cast, gate: Gate) -> Gate:
    """The cast's terminal as the site's agent, with two face terminals on the LAN."""
    Terminal.objects.filter(pk=cast.terminal.pk).update(kind="agent", lane="both")
    for serial, lane in (("FACE-1", "in"), ("FACE-2", "out")):
        register(cast, serial=serial, lane=lane)
    return gate


def register(cast: Cast, **changes: object) -> Terminal:
    """A device under the cast's agent, by the clerk Zhao."""
    values = {
        "serial": "FACE-9", "name": "脸机", "lane": "in", "kind": "adms", "agent_id": cast.terminal.pk,
        "networks": ["192.168.1.20"], "actor": cast.actor(cast.zhao), "now": cast.now,
    }  # fmt: skip
    return register_terminal(cast.project.pk, **(values | changes))  # type: ignore[arg-type]


def stored() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Passage, RefusedEntry, Batch, SeenNonce))


def test_passages_are_the_devices_own_with_its_lane_and_queue(cast: Cast, agent: Gate) -> None:
    face = Terminal.objects.get(serial="FACE-2")
    answer = agent.post(event(1, direction="in"), device="FACE-2", queue=3, sent_at=cast.now.isoformat())
    assert answer["accepted"] == 1
    passage = Passage.objects.get()
    assert (passage.terminal_id, passage.direction) == (face.pk, 2)
    receipt = Batch.objects.get()
    assert (receipt.terminal_id, receipt.device_id) == (cast.terminal.pk, face.pk)
    assert SeenNonce.objects.get().terminal_id == cast.terminal.pk
    face.refresh_from_db()
    mine = Terminal.objects.get(pk=cast.terminal.pk)
    assert (face.last_seen_at, face.queue_length, face.clock_skew_ms) == (cast.now, 3, None)
    assert (mine.last_seen_at, mine.queue_length, mine.clock_skew_ms) == (cast.now, None, 0)


def test_a_batch_id_belongs_to_the_device(cast: Cast, agent: Gate) -> None:
    one, two = event(1), event(2)
    first = agent.post(one, name="same", device="FACE-1")
    assert agent.post(two, name="same", device="FACE-2")["accepted"] == 1
    assert agent.post(event(1, "2026-11-16T08:00:00+08:00"), name="same")["accepted"] == 1
    assert agent.post(one, name="same", device="FACE-1") == first
    refused = agent.send(batch(two, name="same", device="FACE-1"))
    assert (refused.status_code, json.loads(refused.content)["code"]) == (409, "batch.other_events")
    assert Batch.objects.count() == 3


@pytest.mark.parametrize("serial", ["NOBODY", "G1-0001", "FACE-OTHER", "FACE-OLD", "a\\u0000b"])
def test_stores_nothing_for_a_device_that_is_not_the_agents(cast: Cast, agent: Gate, serial: str) -> None:
    other = register_terminal(
        cast.project.pk, serial="A-2", name="二号电脑", lane="both", kind="agent",
        actor=cast.actor(cast.zhao), now=cast.now,
    )  # fmt: skip
    register(cast, serial="FACE-OTHER", agent_id=other.pk)
    old = register(cast, serial="FACE-OLD")
    revoke_terminal(old.pk, project_id=cast.project.pk, actor=cast.actor(cast.zhao), now=cast.now)
    body = batch(event(1)).replace(b'"batch"', f'"device": "{serial}", "batch"'.encode(), 1)
    response = agent.send(body)
    assert (response.status_code, json.loads(response.content)["code"]) == (403, "device.unknown")
    assert stored() == (0, 0, 0, 0)


def test_a_device_revoked_meanwhile_stores_nothing(cast: Cast, agent: Gate) -> None:
    agent.post(event(1), device="FACE-1")
    before = stored()
    Terminal.objects.filter(serial="FACE-1").update(is_active=False)  # this process still remembers it
    response = agent.send(batch(event(2), device="FACE-1"))
    assert (response.status_code, json.loads(response.content)["code"]) == (403, "device.unknown")
    assert stored() == before
    assert agent.post(event(2), device="FACE-2")["accepted"] == 1


def test_lists_the_agents_devices_in_use(cast: Cast, agent: Gate) -> None:
    revoke_terminal(
        Terminal.objects.get(serial="FACE-1").pk,
        project_id=cast.project.pk,
        actor=cast.actor(cast.zhao),
        now=cast.now,
    )
    assert json.loads(agent.get("/api/v1/devices/").content) == [
        {"serial": "FACE-2", "kind": "adms", "name": "脸机", "lane": "out", "networks": ["192.168.1.20/32"]}
    ]


def test_a_revoked_agent_speaks_for_nobody(cast: Cast, agent: Gate) -> None:
    revoke_terminal(cast.terminal.pk, project_id=cast.project.pk, actor=cast.actor(cast.zhao), now=cast.now)
    response = agent.send(batch(event(1), device="FACE-1"))
    assert (response.status_code, json.loads(response.content)["code"]) == (403, "terminal.revoked")
    assert stored() == (0, 0, 0, 0)


def test_refuses_what_cannot_be_a_device(cast: Cast, agent: Gate) -> None:
    before = Terminal.objects.count()
    for error, code, changes in (
        (Malformed, "terminal.kind", {"kind": "gate"}),
        (Malformed, "terminal.kind", {"agent_id": None}),
        (Malformed, "terminal.kind", {"kind": "toaster"}),
        (Malformed, "terminal.network", {"networks": ["192.168.1.300"]}),
        (RuleViolation, "terminal.agent", {"agent_id": Terminal.objects.get(serial="FACE-1").pk}),
        (RuleViolation, "terminal.known", {"serial": "FACE-1"}),
        (NotPermitted, "not_permitted", {"actor": cast.actor(cast.qian)}),
        (NotFound, "not_found", {"actor": cast.actor(cast.kong)}),
    ):
        with pytest.raises(error) as refusal:
            register(cast, **changes)
        assert refusal.value.code == code
    assert Terminal.objects.count() == before


def test_a_serial_number_out_of_use_may_be_registered_again(cast: Cast, agent: Gate) -> None:
    old = Terminal.objects.get(serial="FACE-1")
    revoke_terminal(old.pk, project_id=cast.project.pk, actor=cast.actor(cast.zhao), now=cast.now)
    new = register(cast, serial="FACE-1", lane="out")
    old.refresh_from_db()
    assert (new.serial, old.serial, old.is_active) == ("FACE-1", f"FACE-1~{old.pk}", False)
    agent.post(event(1), device="FACE-1")
    assert Passage.objects.get().terminal_id == new.pk


def test_remembers_a_device_without_asking_again(
    cast: Cast, agent: Gate, django_assert_num_queries: object
) -> None:
    from devices.services.terminals import _terminal_by_key

    known = _terminal_by_key("g1")
    assert known is not None
    device_of(known, "FACE-1")
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert device_of(known, "FACE-1").lane == "in"
