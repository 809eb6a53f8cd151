"""The gate simulator as a process of its own against a real web server."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from devices.crowd import SITE_TZ, errand, working_day
from devices.models import Passage, RefusedEntry, Terminal
from devices.spool import Spool
from registration.models import Posting
from tests.cast import Cast
from tests.devices.servers import ROOT, database_url, free_port, gunicorn


def test_a_working_day_is_the_same_however_often_it_is_asked_for() -> None:
    day = date(2026, 11, 16)
    stamps = working_day("P", day, range(1, 41))
    assert stamps == working_day("P", day, range(1, 41))
    assert len({stamp.id for stamp in stamps}) == len(stamps)
    first = [s for s in stamps if s.id.endswith("-0")]
    assert all("06:30" <= s.at.astimezone(SITE_TZ).strftime("%H:%M") < "07:30" for s in first)
    visit = [errand("P", day, [1, 2], n, datetime(2026, 11, 16, 14, tzinfo=UTC)) for n in range(60)]
    assert {s.direction for stamps in visit for s in stamps if s.admitted} == {"in", "out"}
    assert any(not s.admitted for stamps in visit for s in stamps)


def test_the_queue_survives_a_crash_with_the_same_parcel(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "q.sqlite")
    events = [{"id": f"e{n}", "pin": 1} for n in range(5)]
    assert spool.put("G", events, made=100.0) == 5
    assert spool.put("G", events, made=101.0) == 0
    parcel = spool.parcel("G", most=3)
    assert parcel is not None
    assert [e["id"] for e in parcel.events] == ["e0", "e1", "e2"]
    del spool  # killed here: nothing was settled
    again = Spool(tmp_path / "q.sqlite")
    again.put("G", [{"id": "e9"}], made=102.0)
    assert again.parcel("G", most=3) == parcel
    again.settle("G", parcel, "sent")
    rest = again.parcel("G", most=10)
    assert rest is not None
    assert [e["id"] for e in rest.events] == ["e3", "e4", "e9"]
    assert again.parcel("H", most=3) is None
    assert again.waiting("G") == 3


@pytest.fixture
def config(transactional_db: None, cast: Cast, tmp_path: Path) -> Path:
    """Two gates of the cast's project, and people who joined long ago."""
    Posting.objects.update(joined_on=date(2026, 1, 5))
    Terminal.objects.create(
        project=cast.project, serial="OUT", name="出口", lane="out", key_id="g2", secret="s" * 32
    )
    gates = [
        {"serial": "G1-0001", "key_id": "g1", "secret": cast.terminal_secret, "lane": "both", "project": "P"},
        {"serial": "OUT", "key_id": "g2", "secret": "s" * 32, "lane": "out", "project": "P"},
    ]
    path = tmp_path / "gates.json"
    path.write_text(json.dumps({"gates": gates}), encoding="utf-8")
    return path


def simulate(server: str, config: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "devices.simulator", "--server", server, "--config", str(config), *more]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.fault
def test_sends_a_burst_once_although_it_is_killed_and_the_server_is_away(config: Path, cast: Cast) -> None:
    url, port = database_url(), free_port()
    nobody = f"http://127.0.0.1:{port}"
    away = simulate(nobody, config, "--once", "--patience", "1")
    assert away.returncode == 1  # nobody answered; no list, so nobody came
    with gunicorn(url, workers=1) as server:
        spool = Spool(config.with_suffix(".sqlite"))
        now = datetime.now(UTC)
        stamps = [
            {
                "id": f"k{n}",
                "pin": 1 + n % 2,
                "at": (now - timedelta(seconds=2 * n)).isoformat(),
                "direction": "in",
            }
            for n in range(3000)
        ]
        stamps.append({"id": "stranger", "pin": 90001, "at": now.isoformat(), "admitted": False})
        spool.put("G1-0001", stamps, made=now.timestamp())
        spool.close()
        for _ in range(4):  # killed wherever it stands
            child = subprocess.Popen(
                [sys.executable, "-m", "devices.simulator", "--server", server, "--config", str(config)],
                cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
            time.sleep(0.6)
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        done = simulate(server, config, "--once")
        assert done.returncode == 0, done.stdout + done.stderr
    assert Passage.objects.filter(event_id__startswith="k").count() == 3000
    assert RefusedEntry.objects.filter(event_id="stranger").count() == 1
