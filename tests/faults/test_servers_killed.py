"""PostgreSQL killed during batches, Valkey gone for a minute: nothing lost, nothing twice, no 500."""

import http.client
import json
import os
import threading
import time
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from devices.client import Refused, TerminalClient
from tests.journeys.people import crew, roster_file
from tests.journeys.stage import Stack, wait_for
from tests.journeys.visitor import Visitor, words
from wagewatch.console import Failure
from wagewatch.lib.dates import SITE_TZ, first_of_month, previous_month

pytestmark = pytest.mark.fault
OUTAGE_SECONDS = float(os.environ.get("WAGEWATCH_TEST_OUTAGE") or 60)


def _client(stack: Stack) -> TerminalClient:
    key = stack.county["fault"]["terminal"]
    return TerminalClient(stack.url, key["key_id"], key["secret"], timeout=20)


def _last_month() -> date:
    return previous_month(first_of_month(datetime.now(SITE_TZ).date()))


def _batch(name: str, day: date, pins: list[int]) -> bytes:
    """Everybody in at 7 and out at 17:30 on a day."""
    midnight = datetime.combine(day, datetime.min.time(), SITE_TZ)
    events = [
        {"id": f"{name}-{pin}-{way}", "pin": pin, "direction": way, "at": (midnight + after).isoformat()}
        for pin in pins
        for way, after in (("in", timedelta(hours=7, seconds=pin)), ("out", timedelta(hours=17, minutes=30)))
    ]
    return json.dumps({"batch": name, "events": events}).encode()


def _post_until_taken(
    stack: Stack, bodies: list[bytes], answers: dict[int, Any], statuses: list[int]
) -> None:
    """What a terminal does: each batch again and again until the server says 200."""
    client = _client(stack)
    deadline = time.monotonic() + 90
    for number, body in enumerate(bodies):
        while time.monotonic() < deadline:
            try:
                answers[number] = client.passages(body)
                statuses.append(200)
                break
            except Refused as refusal:
                statuses.append(refusal.status)
            except (OSError, http.client.HTTPException):
                statuses.append(0)
            time.sleep(0.3)
    client.close()


def _stored(stack: Stack, first: date, last: date) -> tuple[int, int]:
    project = stack.county["fault"]["project"]
    found = stack.sql(
        "SELECT count(*), count(DISTINCT event_id) FROM devices_passage"
        " WHERE project_id = %s AND day BETWEEN %s AND %s",
        project,
        first,
        last,
    )[0]
    return found[0], found[1]


def test_postgresql_killed_during_a_batch_loses_no_event_and_doubles_none(stack: Stack) -> None:
    project = stack.county["fault"]["project"]
    pins = [
        row[0]
        for row in stack.sql(
            "SELECT pin FROM registration_posting WHERE project_id = %s ORDER BY pin LIMIT 68", project
        )
    ]
    first = _last_month()
    bodies = [_batch(f"pg-{n}", first + timedelta(days=n), pins) for n in range(12)]
    answers: dict[int, Any] = {}
    statuses: list[int] = []
    _post_until_taken(stack, bodies[:3], answers, statuses)
    assert statuses == [200, 200, 200]

    link = stack.connect()
    link.autocommit = False
    link.cursor().execute("LOCK TABLE devices_passage IN SHARE MODE")
    terminal = threading.Thread(target=_post_until_taken, args=(stack, bodies, answers, statuses))
    terminal.start()
    wait_for(
        "a batch is in the middle of its transaction",
        lambda: stack.one("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"),
    )
    stack.servers.postgres.kill()
    link.close()
    wait_for("PostgreSQL recovers", lambda: _started(stack), 40, 0.5)
    terminal.join(90)
    assert sorted(answers) == list(range(12)), (statuses, stack.log("web")[-3000:])
    assert set(statuses) - {200} <= {0, 503}, statuses
    assert set(statuses) & {0, 503}, "no request met the outage"

    expected = (12 * 2 * len(pins),) * 2
    assert _stored(stack, first, first + timedelta(days=11)) == expected
    repeated: dict[int, Any] = {}
    _post_until_taken(stack, bodies, repeated, [])
    assert repeated == answers
    assert _stored(stack, first, first + timedelta(days=11)) == expected
    stack.wait_ready()
    wait_for(
        "the days are rolled up by the worker",
        lambda: (
            stack.one(
                "SELECT count(*) FROM devices_attendanceday WHERE project_id = %s AND day BETWEEN %s AND %s",
                project,
                first,
                first + timedelta(days=11),
            )
            == 12 * len(pins)
        ),
    )


def _started(stack: Stack) -> bool:
    try:
        stack.servers.postgres.start()
    except Failure:  # the last of the old processes is still leaving
        return False
    return True


def test_without_valkey_pages_and_terminals_are_served_and_tasks_resume(stack: Stack) -> None:
    fault = stack.county["fault"]
    first = _last_month() + timedelta(days=14)
    pins = [
        row[0]
        for row in stack.sql(
            "SELECT pin FROM registration_posting WHERE project_id = %s ORDER BY pin LIMIT 68",
            fault["project"],
        )
    ]
    zhao = Visitor(stack.url).sign_in("zhao")
    li = Visitor(stack.url).sign_in("li")
    stack.servers.valkey.kill()
    began = time.monotonic()
    slowest, rounds = 0.0, 0
    seen: dict[str, set[int]] = {}
    workers = stack.sql("SELECT count(*) FROM registration_worker")
    while time.monotonic() - began < OUTAGE_SECONDS:
        for visitor, path in (
            (zhao, "/today/"),
            (zhao, "/projects/"),
            (zhao, f"/people/{fault['project']}/"),
            (zhao, "/pay/sheets/"),
            (li, "/supervision/"),
            (li, "/supervision/alarms/"),
            (Visitor(stack.url), "/accounts/worker/"),
            (Visitor(stack.url), "/healthz"),
        ):
            asked = time.monotonic()
            seen.setdefault(path, set()).add(visitor.get(path).status)
            slowest = max(slowest, time.monotonic() - asked)
        if rounds < 8:
            client = _client(stack)  # the server hangs up on those who are silent for two seconds
            answer = client.passages(_batch(f"valkey-{rounds}", first + timedelta(days=rounds), pins))
            client.close()
            assert answer["batch"] == f"valkey-{rounds}"
        if rounds == 0:
            _sign_in_and_upload(stack, zhao)
            assert stack.readyz()[0] == 503
        rounds += 1
        time.sleep(1)
    assert {path: codes for path, codes in seen.items() if codes != {200}} == {}
    assert rounds >= 8
    assert slowest < 10
    assert stack.sql("SELECT count(*) FROM registration_worker") == workers
    waiting = stack.sql(
        "SELECT id FROM registration_smsmessage WHERE state = 'waiting' AND kind = 'login_code'"
    )
    assert len(waiting) == 1

    stack.servers.valkey.start()
    stack.wait_ready(60)
    sms = waiting[0][0]
    wait_for(
        "the code goes out once the queue is back",
        lambda: stack.one("SELECT state FROM registration_smsmessage WHERE id = %s", sms) == "sent",
        40,
    )
    assert (
        stack.log("worker").count(f"reference=sms-{sms}\n")
        + stack.log("worker").count(f"reference=sms-{sms} ")
        == 1
    )
    last = first + timedelta(days=7)
    assert _stored(stack, first, last) == (8 * 2 * len(pins),) * 2
    wait_for(
        "attendance of the outage is rolled up",
        lambda: (
            stack.one(
                "SELECT count(*) FROM devices_attendanceday WHERE project_id = %s AND day BETWEEN %s AND %s",
                fault["project"],
                first,
                last,
            )
            == 8 * len(pins)
        ),
    )
    assert "Internal Server Error" not in stack.log("web")


def _sign_in_and_upload(stack: Stack, zhao: Visitor) -> None:
    """A worker asks for a code, and a clerk uploads a roster that is large enough for the queue."""
    fault = stack.county["fault"]
    worker = Visitor(stack.url)
    worker.get("/accounts/worker/")
    assert worker.post("/accounts/worker/", {"phone": crew(1, start=200)[0].phone}).status == 302
    data = roster_file(crew(1200, start=1000), _last_month())
    assert len(data) > 60_000
    path = f"/people/{fault['project']}/rosters/"
    zhao.get(path)
    fields = {"participation": str(fault["parts"][0]), "basis": "day", "joined_on": f"{_last_month()}"}
    sent = zhao.post(path, fields, {"file": ("大花名册.xlsx", data)})
    assert sent.status == 302
    page = zhao.follow(sent)
    assert page.status == 200
    assert "1200" in words(page.text).replace(",", "")
