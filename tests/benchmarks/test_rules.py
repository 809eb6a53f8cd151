"""Every rule over a generated province against one sequential scan of the tables it reads; nothing asserts the ratio.

WAGEWATCH_RULES_PROJECTS, …_PEOPLE and …_MONTHS (sheets) set the size; a province is 14,000, 40 and 36. Attendance is
generated for the seven months that rules look at, at most.
"""

import os
import re
import time
from collections.abc import Callable

import pytest
from django.db import connection

from inspection.alarms.catalogue import RULES
from inspection.models import Alarm
from inspection.services import rules
from tests.benchmarks.results import keep
from tests.cast import Cast
from tests.inspection.stage import DUE, at, set_parameters

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db]
PROJECTS = int(os.environ.get("WAGEWATCH_RULES_PROJECTS", "300"))
PEOPLE = int(os.environ.get("WAGEWATCH_RULES_PEOPLE", "40"))
MONTHS = int(os.environ.get("WAGEWATCH_RULES_MONTHS", "12"))
ATTENDED = 3

# One project in twenty has an unpaid sheet for the last months and one has none; the others are paid.
FILL = """
INSERT INTO registration_project (code, name, name_en, region_id, address, sector, state, contract_sum_fen,
  contract_signed_on, started_on, pay_day, day_starts_at, full_day_minutes, half_day_minutes)
SELECT 'S' || n, '项目 ' || n, '', CASE n %% 2 WHEN 0 THEN '330702' ELSE '330703' END, '', 'building', 'building',
  18600000000, '2026-01-05', '2026-02-02', 15, '04:00', 480, 180 FROM generate_series(1, %(projects)s) n;
INSERT INTO registration_worker (name, id_number, id_index, id_tail, sex, birth_date, origin_code, ethnicity,
  registered_at)
SELECT '工' || n, 'x', decode(lpad(to_hex(n), 64, '0'), 'hex'), '0000', 1, date '1966-12-01' + (n %% 14000),
  (11 + n %% 50)::text || '0100', '', '2026-02-01' FROM generate_series(1, %(projects)s * %(people)s) n;
INSERT INTO registration_participation (project_id, organisation_id, role, scope, clerk_name)
SELECT id, %(gc)s, 'general_contractor', '', '赵' FROM registration_project WHERE code LIKE 'S%%';
INSERT INTO registration_participation (project_id, organisation_id, role, scope, clerk_name, contract_signed_on)
SELECT id, %(sc)s, 'subcontractor', '', '', CASE WHEN id %% 20 > 0 THEN date '2026-02-01' END
FROM registration_project WHERE code LIKE 'S%%';
INSERT INTO registration_team (project_id, participation_id, name)
SELECT p.project_id, p.id, '一班' FROM registration_participation p
JOIN registration_project pr ON pr.id = p.project_id WHERE pr.code LIKE 'S%%' AND p.role = 'subcontractor';
WITH w AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS k FROM registration_worker WHERE name LIKE '工%%'),
     t AS (SELECT t.id, t.project_id, t.participation_id, row_number() OVER (ORDER BY t.id) - 1 AS k
           FROM registration_team t JOIN registration_project pr ON pr.id = t.project_id WHERE pr.code LIKE 'S%%')
INSERT INTO registration_posting (project_id, worker_id, participation_id, team_id, pin, trade, pay_basis,
  rate_fen, joined_on, left_on, settle_by)
SELECT t.project_id, w.id, t.participation_id, t.id, 1000 + w.k, '工种' || w.k %% 30, 'day', 36000,
  date '2026-02-02', CASE WHEN w.k %% 97 = 0 THEN date '2026-10-20' END, CASE WHEN w.k %% 97 = 0 THEN date '2026-10-20' END
FROM w JOIN t ON t.k = w.k / %(people)s;
INSERT INTO registration_bankcard (worker_id, number, number_index, tail, bank_name, bank_code, is_current, added_at)
SELECT id, 'x', id_index, '0000', '', '', true, now() FROM registration_worker WHERE name LIKE '工%%';
INSERT INTO devices_attendanceday (day, project_id, worker_id, posting_id, minutes, days, state, passages, first_in, last_out)
SELECT d::date, o.project_id, o.worker_id, o.id, 480, 1, 'closed', 2, d + interval '7 hours', d + interval '17 hours'
FROM registration_posting o
CROSS JOIN generate_series(timestamp '2026-11-13' - make_interval(months => %(attended)s), '2026-11-12', interval '1 day') d
JOIN registration_project pr ON pr.id = o.project_id AND pr.code LIKE 'S%%'
WHERE extract(day FROM d) <= 22 AND (o.left_on IS NULL OR d <= o.left_on);
INSERT INTO payroll_paysheet (project_id, participation_id, month, kind, number, source, state, due_on, people, gross_fen,
  deduction_fen, net_fen, made_at)
SELECT p.project_id, p.id, m::date, 'monthly', 1, 'attendance',
  CASE WHEN p.project_id %% 20 = 1 AND m >= date '2026-08-01' THEN 'approved' ELSE 'settled' END,
  (m + interval '1 month 12 days')::date, %(people)s, 0, 0, 0, m + interval '1 month 2 days'
FROM registration_participation p JOIN registration_project pr ON pr.id = p.project_id AND pr.code LIKE 'S%%'
CROSS JOIN generate_series(timestamp '2026-10-01' - make_interval(months => %(months)s - 1), '2026-10-01', interval '1 month') m
WHERE p.role = 'subcontractor' AND (p.project_id %% 20 > 0 OR m < date '2026-10-01');
INSERT INTO payroll_payslip (month, project_id, sheet_id, worker_id, posting_id, team_name, pay_basis,
  rate_fen, days, gate_days, parts, gross_fen, deduction_fen, deduction_note, net_fen, note, sent_at, confirmation,
  is_approved, payment, paid_card_tail, return_code, return_text, version)
SELECT s.month, s.project_id, s.id, o.worker_id, o.id, '', 'day', o.rate_fen, 22, 22, '[]', 22 * o.rate_fen, 0,
  '', 22 * o.rate_fen, '', s.made_at, 'confirmed', true, CASE s.state WHEN 'settled' THEN 'paid' ELSE 'none' END,
  '0000', '', '', 1
FROM payroll_paysheet s JOIN registration_posting o ON o.project_id = s.project_id
  AND o.participation_id = s.participation_id;
"""


def fill(cast: Cast) -> None:
    """The province; the tables' own defaults fill what is not named."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        sizes = {"projects": PROJECTS, "people": PEOPLE, "months": MONTHS, "attended": ATTENDED}
        cursor.execute(FILL, {**sizes, "gc": cast.gc.pk, "sc": cast.sc.pk})
        cursor.execute("ANALYZE")


def fastest(work: Callable[[], object], times: int = 2) -> float:
    """Seconds of the fastest of a few runs."""
    found = []
    for _n in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def tables_of(sql: str) -> list[str]:
    """The tables that a statement names."""
    return sorted(set(re.findall(r"\b((?:registration|devices|payroll|inspection)_[a-z]+)\b", sql)))


def scan(table: str) -> float:
    """Seconds to read every row of a table."""
    with connection.cursor() as cursor:
        return fastest(lambda: cursor.execute(f"SELECT count(t.*::text) FROM {table} t"), 1)  # noqa: S608


def test_each_rule_costs_a_few_scans(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    set_parameters()
    start = time.perf_counter()
    fill(cast)
    filled = time.perf_counter() - start
    moment = rules.moment_of(at(DUE))
    scans: dict[str, float] = {}
    figures: dict[str, object] = {"projects": PROJECTS, "postings": PROJECTS * PEOPLE, "months": MONTHS}
    total = 0.0
    for rule in RULES.values():
        tables = tables_of(rule.sql)
        for table in tables:
            if table not in scans:
                scans[table] = scan(table)
        base = sum(scans[table] for table in tables)
        seconds = fastest(lambda rule=rule: rules.find(rule, moment))
        total += seconds
        figures[rule.code] = f"{1000 * seconds:.0f} ms = {seconds / base:.2f} x"
    first = fastest(lambda: [rules.run_rule(rule, moment) for rule in RULES.values()], 1)
    with capsys.disabled():
        keep(
            "rules",
            {
                **figures,
                "all": f"{total:.1f} s",
                "scan of all": f"{sum(scans.values()):.1f} s",
                "first run": f"{first:.1f} s with {Alarm.objects.count()} alarms",
                "filled in": f"{filled:.0f} s",
            },
        )
    assert Alarm.objects.filter(rule="D3").count() >= 2 * (PROJECTS // 20)
