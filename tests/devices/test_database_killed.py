"""PostgreSQL is stopped hard in the middle of batches, starts again, and the terminal tries again."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from pathlib import Path

import psycopg2
import pytest

from devices.client import Refused, TerminalClient
from tests.devices.servers import ROOT, gunicorn
from wagewatch.servers.postgres import Postgres

pytestmark = pytest.mark.fault

FILL = """
import django; django.setup()
from tests.cast import build_cast
from registration.models import Posting
from datetime import date
build_cast()
Posting.objects.update(joined_on=date(2026, 1, 5))
"""


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[Postgres]:
    """A PostgreSQL of this test, with fsync on, migrated and filled with the cast."""
    postgres = Postgres(tmp_path / "servers")
    postgres.start()
    try:
        yield postgres
    finally:
        postgres.stop()


def test_nothing_is_lost_and_nothing_twice(own_postgres: Postgres) -> None:
    url = own_postgres.url
    environment = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(ROOT)}
    for command in (["manage.py", "migrate", "-v", "0"], ["-c", FILL]):
        subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, check=True)
    total = 120
    start = datetime.now(UTC) - timedelta(minutes=45)
    bodies = [
        json.dumps(
            {
                "batch": f"b{k}",
                "events": [
                    {
                        "id": f"{k}-{n}",
                        "pin": 1 + n % 2,
                        "at": (start + timedelta(seconds=20 * k, milliseconds=n)).isoformat(),
                    }
                    for n in range(100)
                ],
            }
        ).encode()
        for k in range(total)
    ]
    statuses: list[int] = []
    done = threading.Event()

    def post_all(server: str) -> None:
        client = TerminalClient(server, "g1", "g1-" + "5a" * 16, timeout=30)
        deadline = time.monotonic() + 150
        for body in [*bodies, bodies[0]]:
            while time.monotonic() < deadline:
                try:
                    client.passages(body)
                    statuses.append(200)
                    break
                except Refused as refusal:
                    statuses.append(refusal.status)
                except (OSError, HTTPException):
                    statuses.append(0)
                time.sleep(0.2)
        done.set()

    with gunicorn(url) as server:
        posting = threading.Thread(target=post_all, args=(server,))
        posting.start()
        for _ in range(3):  # this thread starts the server: it dies with the thread that started it
            time.sleep(0.7)
            own_postgres.kill()
            own_postgres.start()
        assert done.wait(160)
        posting.join()
    assert set(statuses) <= {200, 503, 0}
    assert statuses.count(200) == total + 1
    assert len(statuses) > total + 1  # it did meet the dead server
    with psycopg2.connect(url) as link, link.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT event_id) FROM devices_passage")
        assert cursor.fetchone() == (total * 100, total * 100)
        cursor.execute(
            "SELECT count(*), sum((answer->>'accepted')::int + (answer->>'repeated')::int) FROM devices_batch"
        )
        assert cursor.fetchone() == (total, total * 100)
