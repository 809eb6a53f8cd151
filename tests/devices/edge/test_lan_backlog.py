"""A terminal that was alone for months: a whole backlog in one body, and clocks that say anything."""

import json
import resource
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.protocols.http import Request
from devices.wire import read_events
from tests.devices.edge.lan_desk import START, LiveDesk

SN = "CKJF260900017"
LINES = 100_000
CPU_SECONDS, MEGABYTES = 40, 400
"""Measured 5 s and 130 MB; a limit that only a mistake reaches."""
FAR = (
    "0001-01-01 00:00:00", "1899-12-31 23:59:59", "1970-01-01 00:00:00", "2000-00-00 00:00:00", "2026-02-30 08:00:00",
    "2099-12-31 23:59:59", "9999-12-31 23:59:59", "0000-00-00 00:00:00", "99999-01-01 00:00:00", "-1",
)  # fmt: skip


@pytest.fixture
def live(tmp_path: Path) -> LiveDesk:
    made = LiveDesk(tmp_path, {"serial": SN, "protocol": "iclock"})
    made.clock.learn(START.timestamp())
    return made


def attlog(live: LiveDesk, lines: list[str]) -> tuple[int, bytes]:
    body = "\n".join(lines).encode()
    target = f"/iclock/cdata?SN={SN}&table=ATTLOG&Stamp=9999"
    answer = live.desk.answer(Request.build("POST", target, {}, body, "127.0.0.1"))
    return answer.status, answer.body


def test_a_hundred_thousand_lines_in_one_body_are_on_disk_before_the_answer(live: LiveDesk) -> None:
    first = datetime(2026, 11, 1)  # noqa: DTZ001 a wall clock
    lines = [
        f"{1 + n % 2_000}\t{first + timedelta(seconds=17 * n)}\t{n % 2}\t15\t0\t0\t0" for n in range(LINES)
    ]
    lines[50_000] = "nonsense"
    began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert attlog(live, lines) == (200, f"OK: {LINES}".encode())
    assert time.process_time() - began < CPU_SECONDS
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MEGABYTES
    assert live.spool.waiting() == LINES - 1
    assert live.store.count_unread() == 1
    assert attlog(live, lines)[0] == 200
    assert live.spool.waiting() == LINES - 1, "sent again is kept once"
    live.close()


def test_a_clock_far_away_loses_no_line_and_stops_no_other(live: LiveDesk) -> None:
    lines = [f"7\t{when}\t0\t15" for when in FAR] + ["8\t2026-11-21 07:01:09\t0\t15"]
    assert attlog(live, lines) == (200, f"OK: {len(lines)}".encode())
    kept = live.spool.waiting() + live.store.count_unread()
    assert kept == len(lines)
    parcel = live.spool.parcel(SN, most=100)
    assert parcel is not None
    sent = [row["at"] for row in parcel.events]
    assert "2026-11-20T23:01:09+00:00" in sent
    decoded = read_events(json.dumps(parcel.events).encode())
    # Years that no database takes are named, and set aside by the agent; the others wait for the clerk on the server.
    assert len(decoded.good) + len(decoded.bad) == len(sent)
    assert {bad.code for bad in decoded.bad} == {"event.time"}
    assert len(decoded.good) >= 3
    live.close()


@given(st.datetimes(), st.integers(-14, 14))
@settings(max_examples=200, deadline=None)
def test_no_moment_of_any_clock_breaks_the_reading(when: datetime, hours: int) -> None:
    from devices.protocols.records import DeviceTime

    for text in (
        f"{when:%Y-%m-%d %H:%M:%S}",
        f"{when.isoformat()}{hours:+03d}:00",
        str(when.toordinal() * 10**9),
    ):
        read = DeviceTime.read(text)
        moment = read.moment(timedelta(hours=hours))
        assert moment is None or moment.tzinfo is UTC
        DeviceTime.from_epoch(text)
