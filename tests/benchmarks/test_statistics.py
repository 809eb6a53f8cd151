"""The statistics of people over 100,000 postings: times are printed, the plan must not loop over rows."""

import time
from collections.abc import Callable
from datetime import date

import pytest
from django.db import connection

from inspection.statistics import PEOPLE, Period, Question, statistics
from tests.benchmarks.results import keep
from tests.cast import NOW, TODAY, Cast

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db]
PROJECTS, WORKERS, POSTINGS = 500, 50_000, 100_000

FILL = """
INSERT INTO registration_project (code, name, name_en, region_id, address, sector, state, contract_sum_fen,
  pay_day, day_starts_at, full_day_minutes, half_day_minutes)
SELECT 'S' || n, '项目 ' || n, '', CASE n %% 2 WHEN 0 THEN '330702' ELSE '330703' END, '', 'building', 'building',
  0, 15, '04:00', 480, 180 FROM generate_series(1, %(projects)s) n;
INSERT INTO registration_worker (name, id_number, id_index, id_tail, sex, birth_date, origin_code, ethnicity,
  registered_at)
SELECT '工' || n, 'x', decode(lpad(to_hex(n), 64, '0'), 'hex'), '0000', 1, date '1960-01-01' + (n %% 15000),
  (11 + n %% 50)::text || '0100', '', now() FROM generate_series(1, %(workers)s) n;
INSERT INTO registration_participation (project_id, organisation_id, role, scope, clerk_name)
SELECT id, %(sc)s, 'subcontractor', '', '' FROM registration_project WHERE code LIKE 'S%%';
INSERT INTO registration_team (project_id, participation_id, name)
SELECT p.project_id, p.id, '一班' FROM registration_participation p
JOIN registration_project pr ON pr.id = p.project_id WHERE pr.code LIKE 'S%%';
WITH w AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS k FROM registration_worker WHERE name LIKE '工%%'),
     t AS (SELECT t.id, t.project_id, t.participation_id, row_number() OVER (ORDER BY t.id) - 1 AS k
           FROM registration_team t JOIN registration_project pr ON pr.id = t.project_id WHERE pr.code LIKE 'S%%')
INSERT INTO registration_posting (project_id, worker_id, participation_id, team_id, pin, trade, pay_basis,
  rate_fen, joined_on, left_on)
SELECT t.project_id, w.id, t.participation_id, t.id, 1000 + w.k + turn * 100000, '工种' || w.k %% 30, 'day', 30000,
  date '2026-06-01' + turn * 90, CASE turn WHEN 0 THEN date '2026-08-20' END
FROM w CROSS JOIN generate_series(0, 1) turn JOIN t ON t.k = (w.k * 7 + turn * 13) %% %(projects)s;
INSERT INTO registration_bankcard (worker_id, number, number_index, tail, bank_name, bank_code, is_current, added_at)
SELECT id, 'x', id_index, '0000', '', '', true, now() FROM registration_worker WHERE name LIKE '工%%' AND id %% 5 > 0;
INSERT INTO devices_attendanceday (day, project_id, worker_id, posting_id, minutes, days, state, passages)
SELECT date '2026-11-16' - d, project_id, worker_id, id, 480, 1, 'closed', 2
FROM registration_posting CROSS JOIN generate_series(0, 19) d WHERE left_on IS NULL;
"""


def fastest(work: Callable[[], object], times: int = 3) -> float:
    """Seconds of the fastest of a few runs."""
    found = []
    for _n in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def test_statistics_of_a_hundred_thousand_postings(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(FILL, {"projects": PROJECTS, "workers": WORKERS, "sc": cast.sc.pk})
        cursor.execute("ANALYZE")
    city = cast.authority
    city.region_id = "330700"
    city.save()
    actor = cast.actor(cast.li)
    question = Question(Period(date(2026, 8, 1), TODAY))
    seconds = fastest(lambda: statistics(actor, question, now=NOW))
    found = statistics(actor, question, now=NOW)
    assert found.total["ever"] >= WORKERS
    assert found.moved >= WORKERS
    assert "EXISTS" in PEOPLE
    with capsys.disabled():
        keep(
            "statistics",
            {
                "postings": POSTINGS,
                "days": 20 * WORKERS,
                "seconds": round(seconds, 2),
                "ever": found.total["ever"],
                "moves": found.moved,
            },
        )
