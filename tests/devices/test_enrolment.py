"""One-time codes and the change of keys: once, in time, and never locking a terminal out."""

import json
import re
import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client

from devices.models import EnrolmentCode, EnrolmentTry, Terminal
from devices.services import enrolment
from devices.services.terminals import forget_nonces, forget_terminals, register_terminal, revoke_terminal
from tests.cast import Cast
from tests.devices.post import Gate
from wagewatch.lib.errors import NotFound, NotPermitted, RuleViolation

CLAIM = "a-claim-of-its-own-1234"


def new_agent(cast: Cast) -> Terminal:
    return register_terminal(
        cast.project.pk, serial="PC-1", name="门卫电脑", lane="both", kind="agent",
        actor=cast.actor(cast.zhao), now=cast.now,
    )  # fmt: skip


def make(cast: Cast, terminal: Terminal) -> str:
    return enrolment.make_code(
        terminal.pk, project_id=cast.project.pk, actor=cast.actor(cast.zhao), now=cast.now
    ).code


def enrol(code: str, **more: Any) -> tuple[int, dict[str, Any]]:
    response = Client().post(
        "/api/v1/enrol/", json.dumps({"code": code, **more}), content_type="application/json"
    )
    return response.status_code, json.loads(response.content)


def call(gate: Gate, path: str, body: bytes = b"{}") -> tuple[int, dict[str, Any]]:
    response = gate.send(body, path=path)
    return response.status_code, json.loads(response.content)


def test_a_code_gives_a_key_once(cast: Cast, gate: Gate) -> None:
    terminal = new_agent(cast)
    code = make(cast, terminal)
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", code)
    status, answer = enrol(code.lower().replace("-", " ").replace("0", "o").replace("1", "l"))
    assert (status, answer["serial"], answer["name"]) == (200, "PC-1", "门卫电脑")
    assert answer["server_time"] == cast.now.isoformat()
    agent = Gate(answer["key_id"], answer["secret"], cast.now)
    assert call(agent, "/api/v1/heartbeats/")[0] == 200
    status, again = enrol(code)
    assert (status, again["code"]) == (403, "enrol.code")
    terminal.refresh_from_db()
    assert (terminal.key_id, terminal.key_used_at) == (answer["key_id"], cast.now)


def test_keeps_a_code_and_a_secret_unreadable(cast: Cast, gate: Gate) -> None:
    code = make(cast, new_agent(cast))
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(c)::text FROM devices_enrolmentcode c")
        kept = cursor.fetchone()[0]
    assert code not in kept
    assert code.replace("-", "") not in kept
    response = Client().post("/api/v1/enrol/", json.dumps({"code": code}), content_type="application/json")
    assert response["Cache-Control"] == "no-store"


def test_an_old_a_replaced_and_a_revoked_code_give_nothing(cast: Cast, gate: Gate) -> None:
    terminal = new_agent(cast)
    replaced, revoked = make(cast, terminal), make(cast, terminal)
    assert enrol(replaced)[1]["code"] == "enrol.code"
    with time_machine.travel(cast.now + timedelta(hours=24), tick=False):
        assert enrol(revoked)[1]["code"] == "enrol.code"
    revoke_terminal(terminal.pk, project_id=cast.project.pk, actor=cast.actor(cast.zhao), now=cast.now)
    assert enrol(revoked)[1]["code"] == "enrol.code"
    terminal.refresh_from_db()
    assert (terminal.key_id, terminal.secret) == (None, None)


def test_the_serial_number_must_fit_and_the_code_stays_good(cast: Cast, gate: Gate) -> None:
    code = make(cast, new_agent(cast))
    status, answer = enrol(code, serial="PC-2")
    assert (status, answer["code"]) == (409, "enrol.serial")
    assert EnrolmentCode.objects.get().used_at is None
    assert enrol(code, serial="PC-1")[0] == 200


def test_stops_an_address_after_ten_wrong_codes(cast: Cast, gate: Gate) -> None:
    code = make(cast, new_agent(cast))
    for _n in range(10):
        assert enrol("0000-0000-0000-0000")[0] == 403
    status, answer = enrol(code)
    assert (status, answer["code"]) == (429, "enrol.too_many")
    assert EnrolmentTry.objects.count() == 10
    assert EnrolmentCode.objects.get().used_at is None
    later = cast.now + timedelta(minutes=11)
    with time_machine.travel(later, tick=False):
        assert enrol(code)[0] == 200
    forget_nonces(now=later + timedelta(hours=1))
    assert not EnrolmentTry.objects.exists()


@pytest.mark.parametrize("body", [b"", b"[]", b'{"code": 5}', b'{"code": "x", "claim": "short"}', b"\xff"])
def test_answers_400_to_what_is_no_code(cast: Cast, body: bytes) -> None:
    response = Client().post("/api/v1/enrol/", body, content_type="application/json")
    assert (response.status_code, json.loads(response.content)["code"]) == (400, "enrol.unreadable")


def test_the_same_claim_may_ask_again_while_the_key_is_unused(cast: Cast, gate: Gate) -> None:
    code = make(cast, new_agent(cast))
    first = enrol(code, claim=CLAIM)[1]
    assert enrol(code, claim=CLAIM[::-1])[0] == 403
    assert enrol(code)[0] == 403
    second = enrol(code, claim=CLAIM)[1]
    assert second["key_id"] != first["key_id"]
    assert call(Gate(first["key_id"], first["secret"], cast.now), "/api/v1/heartbeats/")[0] == 401
    assert call(Gate(second["key_id"], second["secret"], cast.now), "/api/v1/heartbeats/")[0] == 200
    assert enrol(code, claim=CLAIM)[0] == 403


@pytest.mark.django_db(transaction=True)
def test_of_two_who_try_at_once_one_gets_the_key(cast: Cast) -> None:
    code = enrolment.make_code(
        new_agent(cast).pk, project_id=cast.project.pk, actor=cast.actor(cast.zhao), now=cast.now
    ).code
    answers: list[tuple[int, dict[str, Any]]] = []
    ready = threading.Barrier(4)

    def attempt() -> None:
        ready.wait()
        try:
            answers.append(enrol(code))
        finally:
            connection.close()

    with time_machine.travel(cast.now, tick=False):
        threads = [threading.Thread(target=attempt) for _n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(status for status, _answer in answers) == [200, 403, 403, 403]
    (key,) = [answer for status, answer in answers if status == 200]
    assert Terminal.objects.get(serial="PC-1").key_id == key["key_id"]


def test_only_the_general_contractors_clerk_makes_codes_and_wishes(cast: Cast) -> None:
    for act in (enrolment.make_code, enrolment.want_rotation):
        for who, error in ((cast.qian, NotPermitted), (cast.he, NotPermitted), (cast.kong, NotFound)):
            with pytest.raises(error):
                act(cast.terminal.pk, project_id=cast.project.pk, actor=cast.actor(who), now=cast.now)
        with pytest.raises(NotFound):
            act(
                cast.terminal.pk,
                project_id=cast.other_project.pk,
                actor=cast.actor(cast.kong),
                now=cast.now,
            )
    assert not EnrolmentCode.objects.exists()
    assert Terminal.objects.get().rotate_wanted_at is None


def wish(cast: Cast) -> None:
    enrolment.want_rotation(
        cast.terminal.pk, project_id=cast.project.pk, actor=cast.actor(cast.zhao), now=cast.now
    )


def at(gate: Gate, key: dict[str, Any], when: Any) -> Gate:
    forget_terminals()
    return Gate(key["key_id"], key["secret"], when)


def test_a_wish_reaches_the_terminal_and_the_former_key_ends_an_hour_after_the_new_ones_use(
    cast: Cast, gate: Gate
) -> None:
    assert "rotate_key" not in call(gate, "/api/v1/heartbeats/")[1]
    wish(cast)
    assert call(gate, "/api/v1/heartbeats/")[1]["rotate_key"] is True
    key = call(gate, "/api/v1/rotate-key/")[1]
    assert key["old_until"] == (cast.now + timedelta(days=7)).isoformat()
    new = at(gate, key, cast.now)
    assert "rotate_key" not in call(new, "/api/v1/heartbeats/")[1]
    forget_terminals()
    assert call(gate, "/api/v1/heartbeats/")[0] == 200
    hour = cast.now + timedelta(hours=1)
    with time_machine.travel(hour, tick=False):
        forget_terminals()
        old = Gate("g1", cast.terminal_secret, hour)
        assert call(old, "/api/v1/heartbeats/")[1]["code"] == "signature.former_key"
        assert call(Gate(new.key_id, new.secret, hour), "/api/v1/heartbeats/")[0] == 200


def test_an_answer_that_was_lost_locks_nobody_out(cast: Cast, gate: Gate) -> None:
    wish(cast)
    lost = call(gate, "/api/v1/rotate-key/")[1]
    forget_terminals()
    assert call(gate, "/api/v1/heartbeats/")[1]["rotate_key"] is True
    found = call(gate, "/api/v1/rotate-key/")[1]
    assert found["old_until"] == lost["old_until"]
    assert call(at(gate, lost, cast.now), "/api/v1/heartbeats/")[0] == 401
    assert call(at(gate, found, cast.now), "/api/v1/heartbeats/")[0] == 200
    forget_terminals()
    status, answer = call(gate, "/api/v1/rotate-key/")
    assert (status, answer["code"]) == (409, "key.changed_already")
    assert Terminal.objects.get().key_id == found["key_id"]


def test_the_former_key_ends_after_the_days_of_the_region(cast: Cast, gate: Gate) -> None:
    call(gate, "/api/v1/rotate-key/")
    week = cast.now + timedelta(days=7)
    with time_machine.travel(week, tick=False):
        forget_terminals()
        status, answer = call(Gate("g1", cast.terminal_secret, week), "/api/v1/heartbeats/")
    assert (status, answer["code"]) == (401, "signature.former_key")


def test_a_revocation_ends_both_keys(cast: Cast, gate: Gate) -> None:
    key = call(gate, "/api/v1/rotate-key/")[1]
    revoke_terminal(cast.terminal.pk, project_id=cast.project.pk, actor=cast.actor(cast.zhao), now=cast.now)
    for one in (gate, at(gate, key, cast.now)):
        status, answer = call(one, "/api/v1/heartbeats/")
        assert (status, answer["code"]) == (403, "terminal.revoked")


def test_a_device_of_an_agent_gets_no_key(cast: Cast) -> None:
    Terminal.objects.filter(pk=cast.terminal.pk).update(kind="agent")
    face = register_terminal(
        cast.project.pk, serial="F", name="F", lane="in", kind="adms", agent_id=cast.terminal.pk,
        actor=cast.actor(cast.zhao), now=cast.now,
    )  # fmt: skip
    for act in (enrolment.make_code, enrolment.want_rotation):
        with pytest.raises(RuleViolation) as refusal:
            act(face.pk, project_id=cast.project.pk, actor=cast.actor(cast.zhao), now=cast.now)
        assert refusal.value.code == "terminal.no_key"


def test_no_secret_stands_in_the_history(cast: Cast, gate: Gate) -> None:
    call(gate, "/api/v1/rotate-key/")
    names = {field.name for field in Terminal.history.model._meta.get_fields()}
    assert not {name for name in names if "secret" in name}
    reasons = Terminal.history.values_list("history_change_reason", flat=True)
    assert any(reason and reason.startswith("key changed") for reason in reasons)
