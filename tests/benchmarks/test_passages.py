"""Passages through the real HTTP endpoint against raw COPY of the same rows into the same table.

Four terminals in another process, one connection each; gunicorn as the demo runs it; batches of 1, 100 and
1,000. The limit is four parallel COPY sessions of pre-encoded rows into devices_passage. Rounds of both are
interleaved; the medians and their ratio are printed and kept, and so is the CPU per event, which other work on
the machine disturbs less. Nothing is asserted about time.
"""

import contextlib
import io
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.db import connection

from devices.models import AttendanceDay, DirtyDay, Passage, Terminal
from devices.services.days import roll_up
from registration.models import Posting, Team, Worker
from tests.cast import Cast, make_project
from tests.devices.servers import database_url, gunicorn

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True)]

PEOPLE, LANES = 2_500, 4
EVENTS = {1: 1_600, 100: 40_000, 1_000: 120_000}
ROUNDS = 3
CLIENT = Path(__file__).with_name("passages_client.py")


@pytest.fixture
def site(transactional_db: None, cast: Cast) -> list[Terminal]:
    """Four projects with 2,500 people and a terminal each."""
    Worker.objects.bulk_create(
        Worker(
            name="工人",
            id_number=f"x{n}",
            id_index=n.to_bytes(32, "big"),
            id_tail="0000",
            sex=1,
            birth_date=cast.sun.birth_date,
            registered_at=cast.now,
        )
        for n in range(PEOPLE * LANES)
    )
    people = list(Worker.objects.filter(name="工人").order_by("pk"))
    terminals = []
    for lane in range(LANES):
        project, _owner_part, part = make_project(f"B{lane}", f"B{lane}", "330703", cast.owner, cast.gc)
        team = Team.objects.create(project=project, participation=part, name="班")
        Posting.objects.bulk_create(
            Posting(
                project=project,
                worker=worker,
                participation=part,
                team=team,
                pin=1 + n,
                trade="木工",
                rate_fen=36000,
                joined_on=date(2026, 1, 5),
            )
            for n, worker in enumerate(people[lane * PEOPLE : (lane + 1) * PEOPLE])
        )
        terminals.append(
            Terminal.objects.create(
                project=project, serial=f"B{lane}", name=f"B{lane}", key_id=f"b{lane}", secret=f"s{lane}" * 16
            )
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE registration_posting, registration_worker")
    return terminals


def _requests(terminals: list[Terminal], size: int, count: int, name: str, now: datetime, path: Path) -> None:
    """Prepared bodies, one JSON line each: people come one after the other, within the last half hour."""
    with path.open("w", encoding="utf-8") as out:
        for lane, terminal in enumerate(terminals):
            mine = range(lane * count // LANES, (lane + 1) * count // LANES)
            for start in range(mine.start, mine.stop, size):
                events = [
                    {
                        "id": f"{name}-{n}",
                        "pin": 1 + (n - mine.start) % PEOPLE,
                        "at": (
                            now - timedelta(seconds=1700 - 1600 * (n - mine.start) / len(mine))
                        ).isoformat(),
                        "direction": "in" if (n - mine.start) // PEOPLE % 2 == 0 else "out",
                        "type": 1,
                        "admitted": True,
                    }
                    for n in range(start, min(start + size, mine.stop))
                ]
                batch = {"batch": f"{name}-{start}", "sent_at": now.isoformat(), "queue": 0, "events": events}
                row = {"key_id": terminal.key_id, "secret": terminal.secret, "body": json.dumps(batch)}
                out.write(json.dumps(row) + "\n")


def _empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE devices_passage, devices_dirtyday, devices_attendanceday, devices_batch")


def _post(server: str, path: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(CLIENT), server, str(path)], capture_output=True, text=True, check=True
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _cpu(pids: list[int]) -> float:
    """CPU seconds that these processes have used; 0 where there is no /proc. Steadier than wall time."""
    total = 0.0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def _web_pids(server: str) -> list[int]:
    """The processes of our gunicorn, known by the address they were started with."""
    address = server.removeprefix("http://").encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if address in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
    return found


def _backends() -> list[int]:
    """The other sessions of this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND backend_type = 'client backend'"
        )
        return [pid for (pid,) in cursor.fetchall()]


def _copy(url: str, parts: list[str]) -> tuple[float, float]:
    """Wall and CPU seconds of parallel COPY sessions of pre-encoded rows; the limit."""
    links = [psycopg2.connect(url) for _ in parts]
    barrier = threading.Barrier(len(parts) + 1)

    def run(link: Any, part: str) -> None:
        barrier.wait()
        with link.cursor() as cursor:
            cursor.copy_expert("COPY devices_passage FROM STDIN", io.StringIO(part))
        link.commit()

    threads = [threading.Thread(target=run, args=pair) for pair in zip(links, parts, strict=True)]
    for thread in threads:
        thread.start()
    barrier.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    cpu = _cpu([link.info.backend_pid for link in links])
    for link in links:
        link.close()
    return seconds, cpu


def _rows(count: int) -> list[str]:
    """The rows that the last round of posts left, as COPY text in as many parts as there are lanes."""
    out = io.StringIO()
    with connection.cursor() as cursor:
        cursor.copy_expert(
            "COPY (SELECT * FROM devices_passage ORDER BY batch_pk, at, worker_id) TO STDOUT", out
        )
    lines = out.getvalue().splitlines(keepends=True)
    assert len(lines) == count
    size = -(-count // LANES)
    return ["".join(lines[k : k + size]) for k in range(0, count, size)]


def test_passages_against_copy(site: list[Terminal], tmp_path: Path, root: Path) -> None:
    url, results = database_url(), []
    with gunicorn(url) as server:
        for size, count in EVENTS.items():
            posted, copied, times = [], [], []
            web, backend, copy_cpu = 0.0, 0.0, 0.0
            for number in range(ROUNDS + 1):  # the first warms up
                _empty()
                path = tmp_path / "requests.jsonl"
                _requests(site, size, count, f"r{size}-{number}", datetime.now(UTC), path)
                web_pids, pids = _web_pids(server), _backends()
                web_before, backend_before = _cpu(web_pids), _cpu(pids)
                answer = _post(server, path)
                web_used, backend_used = _cpu(web_pids) - web_before, _cpu(_backends()) - backend_before
                assert answer["accepted"] == count
                assert Passage.objects.count() == count
                assert DirtyDay.objects.exists()
                parts = _rows(count)
                _empty()
                seconds, copy_used = _copy(url, parts)
                assert Passage.objects.count() == count
                if number:
                    posted.append(count / answer["seconds"])
                    copied.append(count / seconds)
                    times += answer["times"]
                    web, backend, copy_cpu = web + web_used, backend + backend_used, copy_cpu + copy_used
            times.sort()
            results.append(
                {
                    "benchmark": "passages",
                    "batch": size,
                    "events_per_second": round(statistics.median(posted)),
                    "copy_rows_per_second": round(statistics.median(copied)),
                    "ratio": round(statistics.median(p / c for p, c in zip(posted, copied, strict=True)), 4),
                    "cpu_ratio": round(copy_cpu / (web + backend), 4) if web + backend else None,
                    "web_cpu_us": round(web / (ROUNDS * count) * 1e6, 1),
                    "postgres_cpu_us": round(backend / (ROUNDS * count) * 1e6, 1),
                    "copy_cpu_us": round(copy_cpu / (ROUNDS * count) * 1e6, 1),
                    "p50_ms": round(times[len(times) // 2] * 1000, 1),
                    "p95_ms": round(times[int(len(times) * 0.95)] * 1000, 1),
                }
            )
    _keep(results, root)


@pytest.mark.parametrize("days", [20, 50])
def test_roll_up_against_one_scan(site: list[Terminal], cast: Cast, root: Path, days: int) -> None:
    """Attendance days from 200,000 and 500,000 passages, against one GROUP BY and one scan of the same rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO devices_passage (day, project_id, worker_id, at, direction, terminal_id, batch_pk, attend_type,"
            " event_id, is_repeat) "
            "SELECT d::date, %s, worker_id, d + h * interval '1 hour' + worker_id * interval '1 second' - interval '8 h', "
            "CASE WHEN h IN (7, 13) THEN 1 ELSE 2 END, 1, 1, 1, 'x', false FROM registration_posting, "
            "generate_series('2026-09-01'::timestamp, '2026-09-01'::timestamp + %s * interval '1 day', interval '1 day') d, "
            "unnest(ARRAY[7, 11, 13, 17]) h WHERE project_id = %s ORDER BY d, worker_id",
            [site[0].project_id, days - 1, site[0].project_id],
        )
        rows = cursor.rowcount
        cursor.execute(
            "INSERT INTO devices_dirtyday (project_id, day, worker_ids) "
            "SELECT project_id, day, array_agg(DISTINCT worker_id) FROM devices_passage GROUP BY 1, 2"
        )
        cursor.execute("ANALYZE devices_passage")
        began = time.perf_counter()
        done = roll_up(now=cast.now)
        rolled = time.perf_counter() - began
        began = time.perf_counter()
        cursor.execute("SELECT day, worker_id, min(at), max(at), count(*) FROM devices_passage GROUP BY 1, 2")
        cursor.fetchall()
        aggregate = time.perf_counter() - began
        began = time.perf_counter()
        cursor.execute("SELECT count(*), max(at) FROM devices_passage")
        cursor.fetchall()
        scan = time.perf_counter() - began
    assert AttendanceDay.objects.count() == done == rows // 4
    result = {
        "benchmark": "roll_up",
        "passages": rows,
        "days": done,
        "days_per_second": round(done / rolled),
        "ratio_to_aggregate": round(aggregate / rolled, 3),
        "ratio_to_scan": round(scan / rolled, 4),
    }
    _keep([result], root)


def _keep(results: list[dict[str, Any]], root: Path) -> None:
    """Print, and add to var/benchmarks as JSON lines."""
    folder = Path(settings.VAR_DIR) / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "passages.jsonl").open("a", encoding="utf-8") as out:
        for result in results:
            line = json.dumps({"at": datetime.now(UTC).isoformat(timespec="seconds"), **result})
            print(line)
            out.write(line + "\n")
