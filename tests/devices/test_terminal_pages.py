"""The page of a site's terminals: health in plain words, codes shown once, who may do what."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils.translation import override

from devices.models import EnrolmentCode, Terminal, TerminalFacts
from devices.services.terminals import register_terminal
from devices.terminal_list import terminal_list
from tests.cast import Cast
from tests.devices.post import Gate
from tests.permissions.matrix import LINES


@pytest.fixture
def site(cast: Cast, gate: Gate) -> Cast:
    """A gate that answers, an agent with a full disk, two devices on it and a card reader, a PC without its key."""
    actor: dict[str, Any] = {"actor": cast.actor(cast.zhao), "now": cast.now}
    make = register_terminal
    Terminal.objects.filter(pk=cast.terminal.pk).update(
        last_seen_at=cast.now, clock_skew_ms=900, queue_length=0
    )
    agent = make(
        cast.project.pk, serial="PC-1", name="门卫电脑", lane="both", kind="agent",
        key={"key_id": "k1", "secret": "s"}, **actor,
    )  # fmt: skip
    Terminal.objects.filter(pk=agent.pk).update(
        last_seen_at=cast.now - timedelta(minutes=1), clock_skew_ms=-190_000, queue_length=420
    )
    for serial, name, lane in (("FACE-1", "东门进", "in"), ("FACE-2", "东门出", "out")):
        make(
            cast.project.pk, serial=serial, name=name, lane=lane, kind="adms", agent_id=agent.pk,
            networks=["192.168.1.20"], **actor,
        )  # fmt: skip
    reports = [("FACE-1", "adms", "ready"), ("FACE-2", "adms", "lost"), ("登记台", "idcard", "silent")]
    TerminalFacts.objects.create(
        project=cast.project, terminal=agent, said_at=cast.now, disk_percent=92,
        devices=[{"name": n, "kind": k, "state": s, "seconds": 7300} for n, k, s in reports],
    )  # fmt: skip
    make(cast.project.pk, serial="PC-2", name="食堂电脑", lane="both", kind="agent", **actor)
    return cast


def test_says_how_each_one_is(site: Cast) -> None:
    with override("en"):
        _says_how_each_one_is(site)


def _says_how_each_one_is(site: Cast) -> None:
    found = terminal_list(site.project, now=site.now)
    rows = {one.terminal.serial: one for one in found.in_use}
    assert (found.well, found.count) == (2, 5)
    assert found.title == "3 of 5 terminals need somebody"
    assert [one.terminal.serial for one in found.in_use] == ["PC-1", "PC-2", "G1-0001"]
    agent = rows["PC-1"]
    assert [agent.head, *agent.troubles] == [
        "Its disk is 92 % full",
        "Clock is 3 min behind: set it",
        "Stamps pile up",
    ]
    assert [(d.terminal.serial, d.state, d.head) for d in agent.devices] == [
        ("FACE-2", "trouble", "Gone for 2 h: look at plug and power"),
        ("FACE-1", "well", "Answers"),
    ]
    assert [(p.name, p.words, p.is_bad) for p in agent.parts] == [("登记台", "Silent for 2 h", True)]
    assert (rows["G1-0001"].head, rows["G1-0001"].clock) == ("Answers", "right")
    assert rows["PC-2"].head == "Has no key yet: make a code"


def test_says_what_an_agent_cannot_put_right_and_not_that_its_disk_is_full(site: Cast) -> None:
    """A gate that took no picture was once told to the clerk as a full disk."""
    agent = Terminal.objects.get(serial="PC-1")
    told = [
        {"code": "people.faceless", "about": "东门", "count": 1},
        {"code": "people.strangers", "about": "东门", "count": 3},
        {"code": "unread", "about": "", "count": 2},
        {"code": "of.tomorrow", "about": "x", "count": 1},
    ]
    TerminalFacts.objects.filter(terminal=agent).update(disk_percent=10, worries=told, trouble="")
    with override("en"):
        row = next(r for r in terminal_list(site.project, now=site.now).in_use if r.terminal == agent)
    assert row.state == "trouble"
    assert row.worries == [
        "东门 did not take 1 picture: take a better one",
        "3 people on 东门 are on no list: delete them there",
        "2 stamps have no time, or a number that nobody here has: look at clock and people of the gates",
        "Something is wrong on the agent: look at its log (x)",
    ]
    TerminalFacts.objects.filter(terminal=agent).update(
        worries=[{"code": "queue.full", "about": "", "count": 0}], trouble="database or disk is full"
    )
    with override("en"):
        row = next(r for r in terminal_list(site.project, now=site.now).in_use if r.terminal == agent)
    assert [row.head, *row.troubles, *row.worries].count("Cannot keep stamps: its disk takes nothing") == 1
    TerminalFacts.objects.filter(terminal=agent).update(worries=told[:1], trouble="")
    Terminal.objects.filter(pk=agent.pk).update(clock_skew_ms=0, queue_length=0)
    with override("en"):
        row = next(r for r in terminal_list(site.project, now=site.now).in_use if r.terminal == agent)
    assert (row.head, row.troubles) == ("Answers, with something to do", [])
    assert site.client(site.zhao).get(f"/sites/{site.project.pk}/terminals/").status_code == 200


def test_a_heartbeat_brings_worries_and_the_next_one_takes_them(cast: Cast, gate: Gate) -> None:
    worry = {"code": "unread", "about": "", "count": 2}
    answer = gate.send(json.dumps({"worries": [worry]}).encode(), path="/api/v1/heartbeats/")
    assert answer.status_code == 200
    assert TerminalFacts.objects.get().worries == [worry]
    gate.send(json.dumps({"worries": [], "disk_used": 0.1}).encode(), path="/api/v1/heartbeats/")
    assert TerminalFacts.objects.get().worries == []
    for bad in ({"code": "<b>"}, {"code": "a", "count": -1}, {"code": "a", "about": "x" * 61}):
        refused = gate.send(json.dumps({"worries": [bad]}).encode(), path="/api/v1/heartbeats/")
        assert refused.status_code == 400


def test_says_since_when_it_is_silent(site: Cast) -> None:
    with override("en"):
        found = terminal_list(site.project, now=site.now + timedelta(hours=5))
    heads = {one.terminal.serial: one.head for one in found.in_use}
    assert heads["G1-0001"] == "Silent for 5 h"
    assert heads["PC-1"] == "Silent for 5 h"


def test_the_page_costs_the_same_for_any_number(site: Cast, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(3):
        terminal_list(site.project, now=site.now)


def test_shows_an_empty_site(cast: Cast, gate: Gate) -> None:
    page = cast.client(cast.kong).get(f"/sites/{cast.other_project.pk}/terminals/").content.decode()
    assert "Nothing reports from this site so far" in page or "工地" in page


def test_the_clerk_registers_an_agent_and_a_device_on_it(site: Cast) -> None:
    client = site.client(site.zhao)
    new = f"/sites/{site.project.pk}/terminals/new/"
    agent = {"name": "新电脑", "serial": "PC-3", "lane": "both", "kind": "agent"}
    page = client.post(new, agent).content.decode()
    (code,) = set(re.findall(r"(?:[0-9A-Z]{4}-){3}[0-9A-Z]{4}", page))
    made = Terminal.objects.get(serial="PC-3")
    assert (made.kind, made.key_id) == ("agent", None)
    assert code not in client.get(f"/sites/{site.project.pk}/terminals/").content.decode()
    device = {
        "name": "三号",
        "serial": "F-3",
        "lane": "in",
        "kind": "hikvision",
        "networks": "10.0.0.7, 10.1.0.0/16",
    }
    assert client.post(new, device).status_code == 400
    assert client.post(new, device | {"agent": made.pk, "networks": "here"}).status_code == 400
    assert client.post(new, agent | {"serial": "PC-4", "agent": made.pk}).status_code == 400
    assert client.post(new, device | {"agent": made.pk}).status_code == 302
    row = Terminal.objects.get(serial="F-3")
    assert (row.agent_id, row.networks, row.key_id) == (made.pk, ["10.0.0.7/32", "10.1.0.0/16"], None)


def test_a_code_and_a_wish_by_the_clerk_alone(site: Cast) -> None:
    paths = [f"/sites/{site.project.pk}/terminals/{site.terminal.pk}/{act}/" for act in ("code", "rotate")]
    for who, status in (
        (site.he, 403),
        (site.qian, 403),
        (site.guard, 403),
        (site.li, 403),
        (site.kong, 404),
    ):
        for path in paths:
            assert site.client(who).post(path).status_code == status
    assert not EnrolmentCode.objects.exists()
    client = site.client(site.zhao)
    shown = client.post(paths[0])
    assert (shown.status_code, EnrolmentCode.objects.count()) == (200, 1)
    assert "no-store" in shown["Cache-Control"]
    assert client.post(paths[1]).status_code == 302
    assert Terminal.objects.get(pk=site.terminal.pk).rotate_wanted_at == site.now
    face = Terminal.objects.get(serial="FACE-1")
    refused = client.post(f"/sites/{site.project.pk}/terminals/{face.pk}/code/", follow=True)
    assert "One-time" not in refused.content.decode()
    assert EnrolmentCode.objects.count() == 1


def test_a_key_of_a_terminal_opens_its_few_endpoints_and_nothing_else() -> None:
    opened = {
        name
        for line in LINES
        for name, role, anybody in [(line[1], line[-2], line[2])]
        if role in {"200", "go", "400"} and role != anybody
    }
    assert {name for name in opened if name.startswith("devices:")} == {
        "devices:api-passages",
        "devices:api-card-reads",
        "devices:api-allow-list",
        "devices:api-heartbeats",
        "devices:api-devices",
        "devices:api-photos",
        "devices:api-faces",
        "devices:api-rotate-key",
    }
