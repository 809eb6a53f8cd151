"""A roster from upload to applied, against the bare parse of the file and COPY of the same rows.

The limit is python-calamine over the same bytes plus COPY of pre-encoded rows into plain tables shaped like
worker, card and posting. Medians of interleaved rounds, their ratio and the peak memory of the process are
printed and kept, in wall time and in CPU time (client, parser and database), which other work on the machine
disturbs less; nothing is asserted about time, only that all rows arrived. The parser's own process comes on
top of that memory; it may take 1.5 GiB at most.
"""

import io
import os
import resource
import statistics
import time
from datetime import date
from pathlib import Path

import pytest
from django.db import connection
from python_calamine import CalamineWorkbook

from inspection.demo.names import invent
from inspection.demo.people import ROSTER_COLUMNS
from registration.models import Posting, RosterUpload
from registration.rules.roster_row import Defaults
from registration.services.roster_apply import apply_roster
from registration.services.roster_staging import read_upload
from registration.services.rosters import receive_roster
from tests.benchmarks.results import keep
from tests.cast import Cast
from wagewatch.lib.sheets import SheetOut, write_workbook

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True)]

ROUNDS = {5_000: 3, 50_000: 2}
LIMITS = 3
"""The limit is short, so it is measured several times and the median taken."""
PLAIN = (
    ("plain_worker", "id bigint PRIMARY KEY, name text, id_number bytea, id_index bytea UNIQUE, phone bytea"),
    ("plain_card", "id bigint PRIMARY KEY, worker_id bigint, number bytea, number_index bytea UNIQUE"),
    (
        "plain_posting",
        "id bigint PRIMARY KEY, project_id bigint, worker_id bigint, rate_fen bigint, joined_on date",
    ),
)


def _file(people: int, round_number: int, seen: set[str]) -> bytes:
    """A roster of people none of whom was in an earlier one (invented numbers meet now and then)."""
    some = invent(people + people // 50, seed=round_number, first=round_number * 2 * people)
    fresh = {p.id_number: p for p in some if p.id_number not in seen}
    chosen = list(fresh.values())[:people]
    seen.update(p.id_number for p in chosen)
    rows = [
        [
            n, p.name, p.id_number, p.ethnicity, p.address, None, f"木工{n % 20 + 1}班", "木工", 34000,
            date(2026, 10, 1), p.card, p.bank,
        ]
        for n, p in enumerate(chosen, start=1)
    ]  # fmt: skip
    return write_workbook([SheetOut("花名册", ROSTER_COLUMNS, rows, title="花名册")])


def _limit(data: bytes, people: int) -> tuple[float, float, float]:
    """Seconds for the bare parse, and for COPY of as many rows into three plain tables; CPU seconds of both."""
    used = _cpu()
    started = time.perf_counter()
    rows = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    parsed = time.perf_counter() - started
    used = _cpu() - used
    assert len(rows) >= people
    blob = "\\\\x" + "ab" * 50
    texts = [
        "".join(f"{n}\t张三\t{blob}\t\\\\x{n:064x}\t{blob}\n" for n in range(people)),
        "".join(f"{n}\t{n}\t{blob}\t\\\\x{n:064x}\n" for n in range(people)),
        "".join(f"{n}\t1\t{n}\t34000\t2026-10-01\n" for n in range(people)),
    ]
    with connection.cursor() as cursor:
        for name, columns in PLAIN:
            cursor.execute(f"DROP TABLE IF EXISTS {name}; CREATE TABLE {name} ({columns})")
        before, started = _cpu(), time.perf_counter()
        for (name, _columns), text in zip(PLAIN, texts, strict=True):
            cursor.copy_expert(f"COPY {name} FROM STDIN", io.StringIO(text))
        copied = time.perf_counter() - started
        used += _cpu() - before
        for name, _columns in PLAIN:
            cursor.execute(f"DROP TABLE {name}")
    return parsed, copied, used


def _cpu() -> float:
    """CPU seconds so far of this process, of the parsers it started and of its database backend."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    ours = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    ticks = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return ticks + sum(used.ru_utime + used.ru_stime for used in ours)


def _peak_mib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


@pytest.mark.parametrize("people", ROUNDS)
def test_roster_against_parse_and_copy(cast: Cast, people: int) -> None:
    """Upload → staged → applied, then the same file again, which must change nothing."""
    clerk = cast.actor(cast.zhao)
    steps: dict[str, list[float]] = {}
    seen: set[str] = set()
    grown = 0
    for round_number in range(ROUNDS[people]):
        data = _file(people, round_number + 1, seen)
        limits = [_limit(data, people) for _time in range(LIMITS)]
        parsed, copied, cpu_limit = (statistics.median(part) for part in zip(*limits, strict=True))
        before, memory = Posting.objects.count(), _peak_mib()
        times, cpu = [], []
        for _run in range(2):
            used, started = _cpu(), time.perf_counter()
            upload = receive_roster(
                cast.project.pk, cast.sc_part.pk, "花名册.xlsx", data,
                defaults=Defaults(), actor=clerk, now=cast.now,
            )  # fmt: skip
            read_upload(upload.pk, now=cast.now)
            staged = time.perf_counter()
            apply_roster(cast.project.pk, upload.pk, actor=clerk, now=cast.now)
            times += [staged - started, time.perf_counter() - staged]
            cpu.append(_cpu() - used)
            upload.refresh_from_db()
            assert upload.state == RosterUpload.State.APPLIED, upload.error_text
        added = Posting.objects.count() - before
        assert added == people, f"{added} postings of {people}: {upload.summary}"
        grown = max(grown, _peak_mib() - memory)
        limit = parsed + copied
        for name, seconds in {
            "parse": parsed,
            "copy": copied,
            "receive+stage": times[0],
            "apply": times[1],
            "again": times[2] + times[3],
            "ratio": (times[0] + times[1]) / limit,
            "ratio_again": (times[2] + times[3]) / limit,
            "cpu_limit": cpu_limit,
            "cpu_ratio": cpu[0] / cpu_limit,
            "cpu_ratio_again": cpu[1] / cpu_limit,
        }.items():
            steps.setdefault(name, []).append(seconds)
    figures = {name: round(statistics.median(values), 3) for name, values in steps.items()}
    keep("roster", {"people": people, **figures, "peak_mib": _peak_mib(), "grown_mib": grown})
