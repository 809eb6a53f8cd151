"""Standings of 5,000 people, and the gates' allow-list that stands on them, against reading the postings alone.

Nothing is asserted about time; the medians are printed and kept.
"""

import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from devices.allow_list import allow_list
from registration.models import Posting, Training, TrainingAttendance, Worker
from registration.services.entry import standings
from tests.cast import TODAY, Cast
from tests.registration.papers import seed_conditions

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db]
PEOPLE = 5_000


def median_ms(act: Callable[[], Any]) -> float:
    times = []
    for _round in range(7):
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    return round(statistics.median(times) * 1000, 1)


def test_standings_of_five_thousand(cast: Cast) -> None:
    seed_conditions()
    Worker.objects.bulk_create(
        Worker(
            name="工人", id_number=f"x{n}", id_index=n.to_bytes(32, "big"), id_tail="0000", sex=1,
            birth_date=date(1985, 6, 1), registered_at=cast.now,
        )
        for n in range(PEOPLE)
    )  # fmt: skip
    people = list(Worker.objects.filter(name="工人").order_by("pk"))
    Posting.objects.bulk_create(
        Posting(
            project=cast.project, worker=worker, participation=cast.sc_part, team=cast.team, pin=100 + n,
            trade=("木工", "架子工", "电工", "钢筋工")[n % 4], rate_fen=36000, joined_on=date(2026, 8, 3),
        )
        for n, worker in enumerate(people)
    )  # fmt: skip
    training = Training.objects.create(
        project=cast.project,
        kind="003001",
        name="安全",
        held_on=date(2026, 8, 1),
        minutes=60,
        recorded_at=cast.now,
    )
    TrainingAttendance.objects.bulk_create(
        TrainingAttendance(project=cast.project, training=training, worker=worker) for worker in people[50:]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    found = standings(cast.project.pk, on=TODAY)
    assert sum(not s.may_enter for s in found) == 52
    result = {
        "benchmark": "standings",
        "people": PEOPLE,
        "postings_ms": median_ms(
            lambda: list(Posting.objects.filter(project=cast.project).values_list("pk", "worker__name"))
        ),
        "standings_ms": median_ms(lambda: standings(cast.project.pk, on=TODAY)),
        "standings_of_a_page_ms": median_ms(
            lambda: standings(cast.project.pk, on=TODAY, postings=[s.posting_id for s in found[:50]])
        ),
        "allow_list_ms": median_ms(lambda: allow_list(cast.project.pk, now=cast.now)),
    }
    folder = Path(settings.VAR_DIR) / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    line = json.dumps({"at": datetime.now(UTC).isoformat(timespec="seconds"), **result})
    print(line)
    with (folder / "standings.jsonl").open("a", encoding="utf-8") as out:
        out.write(line + "\n")
