"""The rules against one sequential scan of the tables they read: the ratio is printed and nothing asserts it."""

import time
from collections.abc import Callable

import pytest
from django.db import connection

from inspection.alarms.catalogue import RULES
from inspection.models import Alarm
from inspection.services import rules
from payroll.models import PaySheet
from registration.models import Participation, Posting, Project, Team
from tests.cast import JOINED, make_worker
from tests.inspection.stage import DUE, at, set_parameters

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db]
PROJECTS, PEOPLE = 400, 25
TABLES = ("devices_attendanceday", "payroll_payslip", "payroll_paysheet", "registration_posting")
MONTHS = [(2026, 8), (2026, 9), (2026, 10)]

DAYS = """
INSERT INTO devices_attendanceday (day, project_id, worker_id, posting_id, minutes, days, state, passages)
SELECT d::date, project_id, worker_id, id, 480, 1, 'closed', 2
FROM registration_posting, generate_series('2026-08-01'::date, '2026-10-31', interval '1 day') d
WHERE extract(day FROM d) <= 22
"""
SLIPS = """
INSERT INTO payroll_payslip (month, project_id, sheet_id, worker_id, posting_id, team_name, pay_basis,
  rate_fen, days, gate_days, parts, gross_fen, deduction_fen, deduction_note, net_fen, note, confirmation,
  is_approved, payment, paid_card_tail, return_code, return_text, version)
SELECT s.month, s.project_id, s.id, p.worker_id, p.id, '', 'day', p.rate_fen, 22, 22, '[]', 22 * p.rate_fen, 0,
  '', 22 * p.rate_fen, '', 'confirmed', true, CASE s.state WHEN 'settled' THEN 'paid' ELSE 'none' END,
  '', '', '', 1
FROM payroll_paysheet s JOIN registration_posting p ON p.project_id = s.project_id
  AND p.participation_id = s.participation_id
"""


def fill(cast) -> None:
    """Three months of every project: 90 % paid, 5 % with an unpaid sheet, 5 % without a sheet."""
    Posting.objects.all().delete()
    workers = [make_worker(f"工{n}", seq=3001 + 2 * n)[0] for n in range(PEOPLE)]
    projects = Project.objects.bulk_create(
        Project(
            code=f"B{n}",
            name=f"项目 {n}",
            region_id="330703",
            sector=cast.project.sector,
            contract_sum_fen=1,
            started_on=cast.project.started_on,
        )
        for n in range(PROJECTS)
    )
    parts = Participation.objects.bulk_create(
        Participation(project=project, organisation=cast.sc, role="subcontractor") for project in projects
    )
    teams = Team.objects.bulk_create(
        Team(project_id=part.project_id, participation=part, name="一班") for part in parts
    )
    Posting.objects.bulk_create(
        Posting(
            project_id=team.project_id,
            worker=worker,
            participation_id=team.participation_id,
            team=team,
            pin=pin,
            trade="木工",
            rate_fen=36000,
            joined_on=JOINED,
        )
        for team in teams
        for pin, worker in enumerate(workers, 1)
    )
    PaySheet.objects.bulk_create(
        PaySheet(
            project_id=part.project_id,
            participation=part,
            month=DUE.replace(year, month, 1),
            source="attendance",
            state="approved" if n % 20 == 1 else "settled",
            due_on=DUE.replace(year, month + 1, 13),
            made_at=cast.now,
        )
        for n, part in enumerate(parts)
        for year, month in MONTHS
        if n % 20
    )
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(DAYS)
        cursor.execute(SLIPS)
        cursor.execute("ANALYZE")


def fastest(work: Callable[[], object], times: int = 3) -> float:
    """Seconds of the fastest of a few runs."""
    found = []
    for _n in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def scan() -> None:
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT count(t.*::text) FROM {table} t")  # noqa: S608 names from above
            cursor.fetchone()


def test_all_rules_cost_a_few_scans(cast, capsys):
    set_parameters()
    fill(cast)
    moment = rules.moment_of(at(DUE))
    base = fastest(scan)
    lines = []
    total = 0.0
    for rule in RULES.values():
        seconds = fastest(lambda rule=rule: rules.find(rule, moment))
        total += seconds
        lines.append(f"  {rule.code}: {1000 * seconds:.0f} ms = {seconds / base:.2f} x the scan")
    first = fastest(lambda: [rules.run_rule(rule, moment) for rule in RULES.values()], 1)
    with capsys.disabled():
        days = PROJECTS * PEOPLE * 66
        print(f"\nrules over {PROJECTS} projects, {days} attendance days; scan {1000 * base:.0f} ms")
        print("\n".join(lines))
        print(
            f"  all {total / base:.2f} x; first run with {Alarm.objects.count()} alarms {1000 * first:.0f} ms"
        )
    assert Alarm.objects.filter(rule="D3").count() == 3 * (PROJECTS // 20) * 2
