"""The allow-list on the site PC: what it decides, what it keeps, what it does with answers that do not fit."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.client import TerminalClient
from devices.edge.allowed import TEXTS, AllowList, Denied, UnusableList
from devices.edge.allowed_lane import AllowedLane
from devices.edge.clock import Clock
from devices.edge.config import Entry
from devices.edge.sending import NotAcknowledged
from devices.edge.site import Site
from devices.edge.vault import Vault
from devices.spool import Spool
from tests.devices.edge.server import SECRETS, FakeServer

NOW = datetime(2026, 11, 16, 2, 0, tzinfo=UTC).timestamp()
DAY = 86_400.0


class Time:
    """A wall clock and a boot clock that a test turns."""

    def __init__(self) -> None:
        self.wall, self.boot = NOW, 1000.0

    def clock(self) -> Clock:
        return Clock(lambda: self.wall, lambda: self.boot)

    def goes_on(self, seconds: float) -> None:
        self.wall += seconds
        self.boot += seconds


def person(pin: int, until: str | None = None, since: str = "2026-01-05", **more: Any) -> dict[str, Any]:
    return {"pin": pin, "name": "孙*", "from": since, "until": until, **more}


def whole(version: str = "v1", people: Any = (), denied: Any = (), removed: Any = ()) -> dict[str, Any]:
    return {"version": version, "people": [*people], "denied": [*denied], "removed": [*removed]}


FIRST = whole(
    "v1",
    [
        person(1),
        person(2, until="2026-11-16"),
        person(3, until="2026-11-15"),
        person(4, since="2026-11-17"),
        person(5, badges=["188,24910"]),
    ],
    [{"pin": 6, "reason": "entry.training", "text": "未培训"}],
    [7],
)


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    made = Spool(tmp_path / "q.sqlite")
    yield made
    made.close()


def test_decides_by_list_dates_and_deny_list(spool: Spool) -> None:
    time = Time()
    allowed = AllowList(spool, time.clock())
    assert allowed.decide(1, now=NOW) == (False, "no_list", "名单未下载", False)
    assert allowed.apply(FIRST, now=NOW) is True
    assert allowed.version == "v1"
    found = {pin: allowed.decide(pin, now=NOW)[:2] for pin in (1, 2, 3, 4, 5, 6, 7, 8)}
    assert found == {
        1: (True, "ok"), 2: (True, "ok"), 3: (False, "expired"), 4: (False, "not_yet"), 5: (True, "ok"),
        6: (False, "entry.training"), 7: (False, "removed"), 8: (False, "unknown"),
    }  # fmt: skip
    assert allowed.decide(6, now=NOW).text == "未培训"
    assert allowed.decide(None, now=NOW)[:2] == (False, "unknown")
    assert allowed.denied() == {6: Denied(6, "entry.training", "未培训")}
    assert sorted(allowed.people()) == [1, 2, 3, 4, 5]


def test_the_last_day_ends_at_midnight_of_the_site(spool: Spool) -> None:
    allowed = AllowList(spool, Time().clock())
    allowed.apply(FIRST, now=NOW)
    last = datetime(2026, 11, 16, 15, 59, 59, tzinfo=UTC).timestamp()
    assert allowed.decide(2, now=last).admit
    assert not allowed.decide(2, now=last + 1).admit
    assert not allowed.decide(3, now=0.0).admit, "a clock set back makes nobody valid again"


def test_a_delta_moves_each_number_where_it_is_named(spool: Spool) -> None:
    allowed = AllowList(spool, Time().clock())
    allowed.apply(FIRST, now=NOW)
    changes = {
        "version": "v2", "since": "v1", "complete": False, "people": [person(6)],
        "denied": [{"pin": 1, "reason": "entry.denied", "text": "非本人"}], "removed": [5],
    }  # fmt: skip
    assert allowed.apply(changes, now=NOW) is True
    for one in (allowed, AllowList(spool, Time().clock())):  # in memory, and read from the disk again
        assert one.version == "v2"
        assert [one.decide(pin, now=NOW).reason for pin in (1, 2, 5, 6, 7)] == [
            "entry.denied", "ok", "removed", "ok", "removed",
        ]  # fmt: skip
        assert one.pin_of("188,24910") is None, "the badge of somebody who left opens nothing"


def test_a_badge_that_the_server_ended_opens_nothing_whatever_site_toml_says(spool: Spool) -> None:
    entry = Entry(
        unknown_cards="admit_and_flag",
        offline_policy="admit_and_flag",
        badges={"188,24910": 1, "001,00001": 2, "002,00002": 1},
    )
    time = Time()
    allowed = AllowList(spool, time.clock(), entry)
    ended = [
        {"badge": "188,24910", "reason": "badge_lost"},
        {"badge": "001,00001", "reason": "badge_returned"},
    ]
    allowed.apply({**FIRST, "people": [person(1)], "badges_ended": ended}, now=NOW)
    time.goes_on(30 * DAY)
    for one in (allowed, AllowList(spool, time.clock(), entry)):  # in memory, and read from the disk again
        assert one.judge("0012345678", now=time.wall) == (None, (False, "badge_lost", "此卡已挂失", False))
        assert one.judge("001,00001", now=time.wall)[1].reason == "badge_returned"
        assert one.judge("002,00002", now=time.wall)[0] == 1, (
            "what the server does not know stands in site.toml"
        )
        assert one.judge("9,9", now=time.wall)[1].flagged
    allowed.apply({**whole("v2", [person(1, badges=["188,24910"])]), "badges_ended": []}, now=NOW)
    assert allowed.judge("188,24910", now=time.wall)[0] == 1, "found again and handed out again"
    with pytest.raises(UnusableList):
        allowed.apply({**whole("v3"), "badges_ended": [{"badge": 1, "reason": "x"}]}, now=NOW)
    assert allowed.version == "v2"


@pytest.mark.parametrize(
    "answer",
    [
        None, [], {}, {"version": "v9"}, whole(""), whole("v9", [{"pin": "1"}]), whole("v9", [person(1, until="soon")]),
        whole("v9", [], [{"pin": 1}]), whole("v9", removed=[True]),
        {**whole("v9"), "complete": False}, {**whole("v9"), "complete": False, "since": "v0"},
    ],
)  # fmt: skip
def test_an_answer_that_does_not_fit_changes_nothing(spool: Spool, answer: Any) -> None:
    allowed = AllowList(spool, Time().clock())
    allowed.apply(FIRST, now=NOW)
    with pytest.raises(UnusableList):
        allowed.apply(answer, now=NOW + 9)
    for one in (allowed, AllowList(spool, Time().clock())):
        assert one.version == "v1"
        assert sorted(one.people()) == [1, 2, 3, 4, 5]


PARTS = st.dictionaries(st.integers(1, 12), st.sampled_from(["people", "denied", "removed", "gone"]))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(PARTS, st.booleans()), min_size=1, max_size=6))
def test_deltas_and_whole_lists_end_in_the_same_list(steps: list[tuple[dict[int, str], bool]]) -> None:
    spool = Spool(":memory:")  # type: ignore[arg-type]
    allowed, stands, version = AllowList(spool, Time().clock()), {}, ""
    for number, (moves, complete) in enumerate(steps):
        complete = complete or not version or "gone" in moves.values()
        stands = {pin: part for pin, part in {**stands, **moves}.items() if part != "gone"}
        told = stands if complete else moves
        rows = whole(
            f"v{number}",
            [person(pin) for pin, part in told.items() if part == "people"],
            [{"pin": p, "reason": "r", "text": ""} for p, part in told.items() if part == "denied"],
            [pin for pin, part in told.items() if part == "removed"],
        )
        allowed.apply({**rows, "complete": complete, "since": version}, now=NOW)
        version = f"v{number}"
    for one in (allowed, AllowList(spool, Time().clock())):
        found = {
            **dict.fromkeys(one.people(), "people"),
            **dict.fromkeys(one.denied(), "denied"),
            **dict.fromkeys(one.removed(), "removed"),
        }
        assert found == stands
    spool.close()


def test_a_full_disk_keeps_the_old_list(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "q.sqlite")
    allowed = AllowList(spool, Time().clock())
    allowed.apply(FIRST, now=NOW)
    pages = spool.ask("PRAGMA page_count")[0][0]
    spool.ask(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(sqlite3.Error, match="full"):
        allowed.apply(whole("v2", [person(n) for n in range(1, 5_000)]), now=NOW + 1)
    assert (allowed.version, len(allowed.people())) == ("v1", 5)
    spool.ask("PRAGMA max_page_count = 100000")
    assert allowed.apply(whole("v2", [person(n) for n in range(1, 5_000)]), now=NOW + 1)
    assert len(allowed.people()) == 4_999
    spool.close()


@pytest.mark.parametrize(
    ("policy", "known", "stranger"),
    [
        ("last_list", (True, "ok", False), (False, "unknown", False)),
        ("refuse", (False, "old_list", False), (False, "unknown", False)),
        ("admit_and_flag", (True, "old_list", True), (True, "old_list", True)),
    ],
)
def test_after_the_days_offline_the_policy_decides(
    spool: Spool, policy: str, known: tuple[Any, ...], stranger: tuple[Any, ...]
) -> None:
    time = Time()
    allowed = AllowList(spool, time.clock(), Entry(offline_days=3, offline_policy=policy))
    allowed.apply(FIRST, now=NOW)
    time.goes_on(3 * DAY)
    assert allowed.decide(1, now=time.wall)[:2] == (True, "ok")
    time.goes_on(60)
    for pin, wanted in ((1, known), (8, stranger)):
        admit, reason, text, flagged = allowed.decide(pin, now=time.wall)
        assert (admit, reason, flagged) == wanted
        assert text in TEXTS.values()
    for pin, reason in ((6, "entry.training"), (7, "removed"), (3, "expired")):
        assert allowed.decide(pin, now=time.wall)[:2] == (False, reason), "the deny list and dates win"
    allowed.confirm(now=time.wall)
    assert allowed.decide(1, now=time.wall)[:2] == (True, "ok")


def test_a_clock_set_back_makes_no_list_younger(spool: Spool) -> None:
    """A PC without a battery starts in 2000; what it spent in silence is on the disk."""
    time = Time()
    allowed = AllowList(spool, time.clock(), Entry(offline_days=3, offline_policy="refuse"))
    allowed.apply(FIRST, now=NOW)
    time.goes_on(2 * DAY)
    allowed.note_silence()
    time.wall, time.boot = 946_684_800.0, 10.0
    again = AllowList(spool, time.clock(), Entry(offline_days=3, offline_policy="refuse"))
    assert again.decide(1, now=time.wall).admit
    time.goes_on(DAY + 60)
    assert again.decide(1, now=time.wall)[:2] == (False, "old_list")


def test_badges_of_the_server_win_over_those_of_the_file(spool: Spool) -> None:
    entry = Entry(badges={"188,24910": 1, "001,00001": 2}, unknown_cards="admit_and_flag")
    allowed = AllowList(spool, Time().clock(), entry)
    allowed.apply(FIRST, now=NOW)
    assert (allowed.pin_of("188,24910"), allowed.pin_of("001,00001"), allowed.pin_of("9,9")) == (5, 2, None)
    assert allowed.decide(None, now=NOW) == (True, "unknown", "请通行，离线登记", True)
    assert allowed.decide(8, now=NOW).admit is False, "a number is no card: the server would have named it"


def test_the_lane_fetches_confirms_and_asks_for_the_whole_list_after_a_misfit(
    server: FakeServer, tmp_path: Path
) -> None:
    spool = Spool(tmp_path / "q.sqlite")
    site = Site(spool, Vault(b"k" * 32), Clock())
    told = site.allowed.subscribe()
    lane, client = AllowedLane(site), TerminalClient(server.url, "agent", SECRETS["agent"])
    server.allowed = FIRST
    lane.send(client)
    assert (site.allowed.version, told.is_set()) == ("v1", True)
    told.clear()
    lane.send(client)
    assert (server.statuses[304], told.is_set()) == (1, False)
    site.allowed.hint("v1")
    assert not lane.wake.is_set()
    site.allowed.hint("v2")
    assert lane.wake.is_set()
    server.allowed = {**whole("v2", [person(9)]), "complete": False, "since": "v0"}
    with pytest.raises(NotAcknowledged):
        lane.send(client)
    assert site.allowed.version == "v1"
    server.allowed = whole("v2", [person(9)])
    lane.send(client)
    assert server.calls["/api/v1/allow-list/?since="] == 2, "the first, and the whole list after the misfit"
    assert sorted(site.allowed.people()) == [9]
    client.close()
    spool.close()
