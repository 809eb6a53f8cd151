"""Who may post: signatures, windows, nonces, revoked terminals, other projects."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from devices import signing
from devices.models import Batch, Passage, SeenNonce, Terminal
from devices.services.terminals import enrol_terminal, forget_nonces, forget_terminals, revoke_terminal
from tests.cast import Cast
from tests.devices.post import Gate, batch, event, headers
from wagewatch.lib.errors import NotFound, NotPermitted, RuleViolation

PATH = "/api/v1/passages/"


def code(response: object) -> tuple[int, str]:
    return response.status_code, json.loads(response.content)["code"]  # type: ignore[attr-defined]


def test_signs_these_bytes() -> None:
    assert signing.message("post", "/a/?b=1", "1790000000", "n" * 16, b"{}") == (
        b"WW1\nPOST\n/a/?b=1\n1790000000\nnnnnnnnnnnnnnnnn\n"
        b"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    )
    assert len(signing.sign("s", "GET", "/", "1790000000", "n" * 16, b"")) == 64


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({signing.SIGNATURE_HEADER: "0" * 64}, "signature.wrong"),
        ({signing.SIGNATURE_HEADER: "é"}, "signature.wrong"),
        ({signing.SIGNATURE_HEADER: ""}, "signature.missing"),
        ({signing.KEY_HEADER: "nobody"}, "signature.wrong"),
        ({signing.KEY_HEADER: "k" * 4000}, "signature.wrong"),
        ({signing.KEY_HEADER: ""}, "signature.missing"),
        ({signing.NONCE_HEADER: "short"}, "signature.nonce"),
        ({signing.NONCE_HEADER: "n" * 20}, "signature.wrong"),
        ({signing.TIMESTAMP_HEADER: "now"}, "signature.expired"),
        ({signing.TIMESTAMP_HEADER: "9" * 400}, "signature.expired"),
    ],
)
def test_refuses_what_is_not_signed_by_the_terminal(
    cast: Cast, gate: Gate, changes: dict[str, str], expected: str
) -> None:
    assert code(gate.send(batch(event(1)), **changes)) == (401, expected)
    assert not Batch.objects.exists()
    assert not SeenNonce.objects.exists()


def test_refuses_a_changed_body_path_or_method(cast: Cast, gate: Gate) -> None:
    body = batch(event(1))
    signed = headers("POST", PATH, body, now=gate.now, key_id="g1", secret=cast.terminal_secret)
    client = Client()
    changed = client.post(PATH, body + b" ", content_type="application/json", headers=signed)
    assert code(changed) == (401, "signature.wrong")
    elsewhere = client.post("/api/v1/heartbeats/", body, content_type="application/json", headers=signed)
    assert code(elsewhere) == (401, "signature.wrong")
    assert client.get(PATH, headers=signed).status_code == 405
    assert not Batch.objects.exists()


@pytest.mark.parametrize(("seconds", "status"), [(-301, 401), (-300, 200), (300, 200), (301, 401)])
def test_believes_a_signature_for_five_minutes(cast: Cast, gate: Gate, seconds: int, status: int) -> None:
    gate.now = cast.now + timedelta(seconds=seconds)
    response = gate.send(batch(event(1)))
    assert response.status_code == status
    if status == 401:
        assert json.loads(response.content)["server_time"] == cast.now.isoformat()


def test_refuses_a_replayed_request_and_changes_nothing(cast: Cast, gate: Gate) -> None:
    body = batch(event(1))
    signed = headers("POST", PATH, body, now=gate.now, key_id="g1", secret=cast.terminal_secret)
    client = Client()
    first = client.post(PATH, body, content_type="application/json", headers=signed)
    assert first.status_code == 200
    assert code(client.post(PATH, body, content_type="application/json", headers=signed)) == (
        401,
        "signature.replayed",
    )
    assert (Batch.objects.count(), Passage.objects.count()) == (1, 1)


def test_forgets_nonces_that_are_too_old_to_be_replayed(cast: Cast, gate: Gate) -> None:
    gate.post(event(1))
    assert forget_nonces(now=cast.now + timedelta(seconds=1200)) == 0
    assert forget_nonces(now=cast.now + timedelta(seconds=1201)) == 1


def test_a_revoked_terminal_is_told_so(cast: Cast, gate: Gate) -> None:
    gate.post(event(1))
    revoke_terminal(cast.terminal.pk, project_id=cast.project.pk, actor=cast.actor(cast.zhao), now=cast.now)
    assert code(gate.send(batch(event(2)))) == (403, "terminal.revoked")
    assert code(gate.get("/api/v1/allow-list/")) == (403, "terminal.revoked")
    assert Passage.objects.count() == 1


def test_a_revocation_in_another_process_stops_the_next_batch(cast: Cast, gate: Gate) -> None:
    gate.post(event(1))
    Terminal.objects.filter(pk=cast.terminal.pk).update(
        is_active=False
    )  # this process still remembers the key
    assert code(gate.send(batch(event(2)))) == (403, "terminal.revoked")
    assert (Batch.objects.count(), Passage.objects.count()) == (1, 1)


def test_a_terminal_posts_only_for_its_own_project(cast: Cast, gate: Gate) -> None:
    enrolled = enrol_terminal(
        cast.other_project.pk, serial="G9", name="9", lane="both", actor=cast.actor(cast.kong), now=cast.now
    )
    other = Gate(enrolled.terminal.key_id, enrolled.secret, cast.now)
    answer = other.post(event(1), event(None, id_number=cast.sun.id_number))
    assert answer["accepted"] == 1  # number 1 is Wu on the other project
    assert [r["reason"] for r in answer["refused"]] == ["unregistered"]
    assert list(Passage.objects.values_list("project_id", "worker_id")) == [
        (cast.other_project.pk, cast.wu.pk)
    ]


def test_two_terminals_may_use_the_same_batch_id(cast: Cast, gate: Gate) -> None:
    enrolled = enrol_terminal(
        cast.project.pk, serial="G2", name="2", lane="in", actor=cast.actor(cast.zhao), now=cast.now
    )
    gate.post(event(1), name="same")
    answer = Gate(enrolled.terminal.key_id, enrolled.secret, cast.now).post(event(2), name="same")
    assert answer["accepted"] == 1


def test_the_key_opens_only_three_addresses(cast: Cast, gate: Gate) -> None:
    for path in ("/sites/", f"/sites/{cast.project.pk}/", "/me/days/"):
        assert gate.get(path).status_code == 302  # to sign-in, as for anybody


def test_only_the_general_contractors_clerk_enrols_and_revokes(cast: Cast) -> None:
    for who, error in (
        (cast.qian, NotPermitted),
        (cast.he, NotPermitted),
        (cast.kong, NotFound),
        (cast.wang, NotFound),
    ):
        with pytest.raises(error):
            enrol_terminal(
                cast.project.pk, serial="X", name="X", lane="in", actor=cast.actor(who), now=cast.now
            )
        with pytest.raises(error):
            revoke_terminal(cast.terminal.pk, project_id=cast.project.pk, actor=cast.actor(who), now=cast.now)
    assert Terminal.objects.count() == 1
    assert Terminal.objects.get().is_active
    with pytest.raises(NotFound):  # a terminal of the other project, named under this one
        revoke_terminal(
            cast.terminal.pk, project_id=cast.other_project.pk, actor=cast.actor(cast.kong), now=cast.now
        )


def test_refuses_a_serial_number_that_is_taken(cast: Cast) -> None:
    with pytest.raises(RuleViolation) as refusal:
        enrol_terminal(
            cast.other_project.pk,
            serial="G1-0001",
            name="9",
            lane="both",
            actor=cast.actor(cast.kong),
            now=cast.now,
        )
    assert refusal.value.code == "terminal.known"
    assert Terminal.objects.count() == 1


def test_keeps_the_secret_encrypted(cast: Cast) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM devices_terminal")
        assert cast.terminal_secret.encode() not in bytes(cursor.fetchone()[0])


def test_lists_who_may_come_in(cast: Cast, gate: Gate) -> None:
    first = gate.get("/api/v1/allow-list/")
    answer = json.loads(first.content)
    assert answer["people"] == [
        {"pin": 1, "name": "孙**", "from": "2026-08-03", "until": None},
        {"pin": 2, "name": "周**", "from": "2026-08-03", "until": None},
    ]
    assert answer["removed"] == []
    version = answer["version"]
    assert gate.get(f"/api/v1/allow-list/?since={version}").status_code == 304
    cast.zhou_posting.left_on = cast.today - timedelta(days=1)
    cast.zhou_posting.save()
    changed = json.loads(gate.get(f"/api/v1/allow-list/?since={version}").content)
    assert (changed["complete"], changed["since"]) == (False, version)
    assert (changed["people"], changed["denied"], changed["removed"]) == ([], [], [2])
    whole = json.loads(gate.get("/api/v1/allow-list/?since=never-heard-of").content)
    assert (whole["complete"], [person["pin"] for person in whole["people"]]) == (True, [1])
    assert whole["version"] == changed["version"]
    assert changed["version"] != version


def test_a_heartbeat_tells_the_time_and_notes_the_clock(cast: Cast, gate: Gate) -> None:
    body = json.dumps({"sent_at": (cast.now - timedelta(minutes=3)).isoformat(), "queue": 7}).encode()
    answer = json.loads(gate.send(body, path="/api/v1/heartbeats/").content)
    assert (answer["server_time"], answer["skew_ms"]) == (cast.now.isoformat(), -180_000)
    terminal = Terminal.objects.get()
    assert (terminal.last_seen_at, terminal.clock_skew_ms, terminal.queue_length) == (cast.now, -180_000, 7)
    assert gate.send(b"[1]", path="/api/v1/heartbeats/").status_code == 400


def test_a_terminal_is_remembered_for_seconds_only(cast: Cast, gate: Gate) -> None:
    gate.post(event(1))
    Terminal.objects.filter(pk=cast.terminal.pk).update(key_id="renamed")
    forget_terminals()
    with time_machine.travel(cast.now, tick=False):
        assert code(gate.send(batch(event(2)))) == (401, "signature.wrong")
