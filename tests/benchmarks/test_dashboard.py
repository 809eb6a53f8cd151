"""The inspector's pages at a province's size: p95 of the whole answer and how many queries each asks.

14,000 projects in 90 counties with their figures, 20,000 open and 60,000 closed alarms, a year of regions' days.
WAGEWATCH_DASHBOARD_PROJECTS and …_TIMES set size and repetitions.
"""

import os
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from registration.models import Authority, Project, Role
from registration.seed.parameters import parameter_rows
from tests.benchmarks.results import keep
from tests.cast import Cast, make_user
from tests.inspection.stage import set_parameter, set_parameters
from wagewatch.lib.dates import site_date

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db]
PROJECTS = int(os.environ.get("WAGEWATCH_DASHBOARD_PROJECTS", "14000"))
TIMES = int(os.environ.get("WAGEWATCH_DASHBOARD_TIMES", "20"))

FILL = """
INSERT INTO registration_region (code, name, name_en, level, parent_id)
SELECT '33' || lpad(c::text, 2, '0') || '00', '市' || c, 'City ' || c, 'city', '330000' FROM generate_series(21, 29) c;
INSERT INTO registration_region (code, name, name_en, level, parent_id)
SELECT '33' || c || lpad(n::text, 2, '0'), '县' || c || n, 'County ' || c || n, 'county', '33' || c || '00'
FROM generate_series(21, 29) c, generate_series(1, 10) n;
INSERT INTO registration_project (code, name, name_en, region_id, address, sector, state, contract_sum_fen,
  started_on, pay_day, day_starts_at, full_day_minutes, half_day_minutes)
SELECT 'S' || n, '项目 ' || n, '', '33' || (21 + n %% 9) || lpad((1 + n %% 10)::text, 2, '0'), '',
  (ARRAY['building', 'municipal', 'transport'])[1 + n %% 3], 'building', 0, '2026-02-02', 15, '04:00', 480, 180
FROM generate_series(1, %(projects)s) n;
INSERT INTO registration_participation (project_id, organisation_id, role, scope, clerk_name)
SELECT id, %(gc)s, 'general_contractor', '', '赵' FROM registration_project WHERE code LIKE 'S%%';
INSERT INTO inspection_projectstat (project_id, as_of, workers_open, on_site_now, attended_30d, refused_7d, owed_fen,
  owed_people, oldest_due_on, last_month, last_month_people, last_month_paid_people, last_month_net_fen,
  last_month_paid_fen, balance_fen, risk, risk_reasons, risk_gap_fen, risk_due_on, risk_at)
SELECT id, %(now)s, 350, 200, 340, 1, CASE WHEN id %% 20 = 0 THEN id * 10000 ELSE 0 END, CASE WHEN id %% 20 = 0 THEN 40 ELSE 0 END,
  CASE WHEN id %% 20 = 0 THEN %(today)s::date - 20 END, '2026-10-01', 350, 340, 350000000, 340000000, 100000000, id %% 101,
  '[{"code": "late", "points": 20, "weight": 40, "value": 15}, {"code": "firms", "points": 8, "weight": 15, "value": 1}]',
  1000000, %(today)s::date + 10, %(now)s
FROM registration_project WHERE code LIKE 'S%%';
INSERT INTO inspection_alarm (project_id, rule, period, level, state, due_on, amount_fen, people, facts, opened_at, changed_at, closed_at)
SELECT p.id, r.rule, '2026-' || lpad(m::text, 2, '0'), 1 + (p.id + m) %% 3,
  CASE WHEN m = 10 AND p.id %% 3 = 0 THEN 'open' ELSE 'closed' END, %(today)s::date - 30 * (11 - m), 1000000, 20, '{}',
  %(now)s::timestamptz - make_interval(days => 30 * (11 - m)), %(now)s,
  CASE WHEN m = 10 AND p.id %% 3 = 0 THEN NULL ELSE %(now)s::timestamptz - make_interval(days => 30 * (10 - m)) END
FROM registration_project p, (VALUES ('D3'), ('D1'), ('C2'), ('B3')) r(rule), generate_series(9, 10) m
WHERE p.code LIKE 'S%%' AND (p.id + m) %% 2 = 0;
INSERT INTO inspection_regionday (day, region_id, sector, owed_fen, owed_people, owing, red, orange, yellow, opened, closed)
SELECT %(today)s::date - d, r.code, s.sector, 1000000 * d, 10, 3, 1, 2, 3, 1, 1
FROM generate_series(0, 364) d, registration_region r, (VALUES ('building'), ('municipal'), ('transport')) s(sector)
WHERE r.level = 'county' AND r.code LIKE '332%%';
INSERT INTO inspection_riskscore (project_id, day, score, need_fen, gap_fen, reasons)
SELECT id, %(today)s::date - d, 40, 0, 0, '[]' FROM registration_project, generate_series(0, 59) d WHERE id %% 50 = 0;
"""


def test_pages_of_a_province(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    set_parameters()
    for row in parameter_rows():
        if row.key.startswith("risk."):
            set_parameter(row.key, row.value)
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            FILL, {"projects": PROJECTS, "gc": cast.gc.pk, "now": now, "today": site_date(now) + timedelta(0)}
        )
        cursor.execute("ANALYZE")
    province = Authority.objects.create(name="省总队", kind="labour", region_id="330000")
    client = cast.client(make_user("province", "丁一", Role.INSPECTOR, province))
    one = Project.objects.filter(code="S50").get()
    pages = {
        "today": reverse("inspection:today"),
        "today of a county": reverse("inspection:today") + "?region=332201",
        "wall": reverse("inspection:wall"),
        "risk": reverse("inspection:risk"),
        "projects": reverse("inspection:projects"),
        "projects that owe": reverse("inspection:projects") + "?owing=1&region=3322",
        "alarms": reverse("inspection:alarms"),
        "project": reverse("inspection:project", args=[one.pk]),
    }
    figures: dict[str, object] = {"projects": PROJECTS, "times": TIMES}
    for name, path in pages.items():
        figures[name] = _measured(client, path)
    with capsys.disabled():
        keep("dashboard", figures)


def _measured(client: Client, path: str) -> str:
    assert client.get(path).status_code == 200
    with CaptureQueriesContext(
        connection,
    ) as asked:
        client.get(path)
    seconds = []
    for _n in range(TIMES):
        start = time.perf_counter()
        client.get(path)
        seconds.append(time.perf_counter() - start)
    seconds.sort()
    p95 = seconds[min(len(seconds) - 1, int(0.95 * len(seconds)))]
    slowest = max(asked.captured_queries, key=lambda q: float(q["time"]))
    return (
        f"median {1000 * seconds[len(seconds) // 2]:.0f} ms, p95 {1000 * p95:.0f} ms, {len(asked)} queries, "
        f"slowest {1000 * float(slowest['time']):.0f} ms"
    )
