"""Pushing of another real-name system through the real HTTP endpoints, against COPY of the same rows.

Stamps: one connection, batches of 1,000, by pin and as national lines with ID numbers; the limit is one COPY of
the rows they left in devices_passage. People: one request of 2,000 new people; the limit is COPY of the rows they
left in the tables of people, postings and cards, already encrypted. Rounds are interleaved; medians and ratios are
printed and kept. Nothing is asserted about time.
"""

import io
import statistics
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from devices.client import SourceClient
from devices.models import Passage
from registration.models import Posting
from registration.services.sources import Made, let_in
from tests.benchmarks.results import keep
from tests.cast import Cast, make_card_number
from tests.devices.servers import database_url, gunicorn
from wagewatch.lib.identity import make_id_number

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True)]

PEOPLE, BATCH, BATCHES, ROUNDS = 2_000, 1_000, 20, 3
TABLES = ("registration_worker", "registration_posting", "registration_bankcard")


def _people(round_number: int) -> list[dict[str, Any]]:
    """Two thousand people of their own for each round."""
    rows = []
    for n in range(PEOPLE):
        birth = date(1970 + round_number * 5 + n // 999, 1 + n % 12, 1 + n % 28)
        rows.append(
            {
                "name": "郑大江",
                "id_number": make_id_number("330723", birth, 1 + n % 999),
                "phone": f"13{round_number}{n:08d}",
                "card_number": make_card_number(100_000 + round_number * 10_000 + n),
                "bank_name": "金华商贸银行",
                "team": "木工一班",
                "trade": "木工",
                "rate": "380",
                "joined_on": "2026-01-05",
            }
        )
    return rows


def _copied(table: str, condition: str) -> tuple[float, int]:
    """Seconds of one COPY of the rows into an empty table with the same indexes, and how many they were."""
    out = io.StringIO()
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY (SELECT * FROM {table} WHERE {condition}) TO STDOUT", out)  # noqa: S608 our own tables
        rows = out.getvalue()
        cursor.execute(f"CREATE TABLE bench_copy (LIKE {table} INCLUDING ALL)")
        try:
            began = time.perf_counter()
            cursor.copy_expert("COPY bench_copy FROM STDIN", io.StringIO(rows))
            return time.perf_counter() - began, rows.count("\n")
        finally:
            cursor.execute("DROP TABLE bench_copy")


def _source(cast: Cast) -> Made:
    return let_in(cast.gc.pk, "基准", project_ids=None, actor=cast.actor(cast.zhao), now=cast.now)


def test_people_pushed_against_copy(cast: Cast) -> None:
    made = _source(cast)
    pushed, copied = [], []
    with gunicorn(database_url()) as server:
        client = SourceClient(server, made.source.key_id, made.secret, timeout=120)
        for number in range(ROUNDS + 1):  # the first warms up
            before = {table: _last(table) for table in TABLES}
            began = time.perf_counter()
            answer = client.push_people(f"r{number}", cast.project.code, _people(number), firm=cast.sc.uscc)
            seconds = time.perf_counter() - began
            assert (answer["written"], answer["refused"]) == (PEOPLE, 0)
            copies = [_copied(table, f"id > {before[table]}") for table in TABLES]
            assert [count for _seconds, count in copies] == [PEOPLE] * len(TABLES)
            if number:
                pushed.append(seconds)
                copied.append(sum(took for took, _count in copies))
        client.close()
    assert Posting.objects.filter(registered_by="api").count() == PEOPLE * (ROUNDS + 1)
    keep(
        "push_people",
        {
            "rows": PEOPLE,
            "seconds": round(statistics.median(pushed), 3),
            "rows_per_second": round(PEOPLE / statistics.median(pushed)),
            "copy_seconds": round(statistics.median(copied), 3),
            "ratio": round(statistics.median(c / p for p, c in zip(pushed, copied, strict=True)), 4),
        },
    )


def _last(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT coalesce(max(id), 0) FROM {table}")  # noqa: S608 our own tables
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("dialect", ["pin", "national"])
def test_stamps_pushed_against_copy(cast: Cast, dialect: str) -> None:
    made = _source(cast)
    pushed, copied = [], []
    with gunicorn(database_url()) as server:
        client = SourceClient(server, made.source.key_id, made.secret, timeout=120)
        people = _people(5)
        rows = client.push_people("people", cast.project.code, people, firm=cast.sc.uscc)["rows"]
        numbers = [(row["pin"], people[row["index"]]["id_number"]) for row in rows]
        for number in range(ROUNDS + 1):
            with connection.cursor() as cursor:
                cursor.execute(
                    "TRUNCATE devices_passage, devices_dirtyday, devices_batch, registration_sourcenonce"
                )
            batches = [_stamps(numbers, batch, dialect) for batch in range(BATCHES)]
            began = time.perf_counter()
            for batch, events in enumerate(batches):
                client.push_attendance(f"{number}-{batch}", cast.project.code, events, gate="东门")
            seconds = time.perf_counter() - began
            assert Passage.objects.count() == BATCH * BATCHES
            took, count = _copied_passages()
            assert count == BATCH * BATCHES
            if number:
                pushed.append(seconds)
                copied.append(took)
        client.close()
    keep(
        "push_stamps",
        {
            "dialect": dialect,
            "batch": BATCH,
            "stamps": BATCH * BATCHES,
            "stamps_per_second": round(BATCH * BATCHES / statistics.median(pushed)),
            "copy_rows_per_second": round(BATCH * BATCHES / statistics.median(copied)),
            "ratio": round(statistics.median(c / p for p, c in zip(pushed, copied, strict=True)), 4),
        },
    )


def _copied_passages() -> tuple[float, int]:
    """Seconds of one COPY of the same rows into the same emptied table."""
    out = io.StringIO()
    with connection.cursor() as cursor:
        cursor.copy_expert("COPY (SELECT * FROM devices_passage) TO STDOUT", out)
        cursor.execute("TRUNCATE devices_passage")
        rows = out.getvalue()
        began = time.perf_counter()
        cursor.copy_expert("COPY devices_passage FROM STDIN", io.StringIO(rows))
        return time.perf_counter() - began, rows.count("\n")


def _stamps(numbers: list[tuple[int, str]], batch: int, dialect: str) -> list[dict[str, Any]]:
    """A thousand stamps of the last hours, one person after the other, each second another."""
    start = datetime.now(UTC) - timedelta(hours=8)
    events: list[dict[str, Any]] = []
    for n in range(batch * BATCH, (batch + 1) * BATCH):
        pin, number = numbers[n % len(numbers)]
        at = start + timedelta(seconds=n)
        if dialect == "pin":
            events.append({"id": f"e{n}", "pin": pin, "at": at.isoformat(), "direction": "in", "type": 1})
        else:
            local = (at + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S")
            line = {"idCardType": "01", "idCardNumber": number, "date": local}
            events.append({**line, "direction": "01", "attendType": "001"})
    return events
