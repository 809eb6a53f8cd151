"""A province in the tables: projects, people who move from site to site, pay, accounts, attendance.

14,000 projects, thirty people on each at a time, three months on a site: in three years that makes five million
postings, a million sheets and fifteen million slips. Attendance is thinned to a few days of each month, since its
rows are what would not fit; all else is whole. Everything is made inside the server. Written past the triggers and
the foreign keys, which are put back not validated: this database is thrown away.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection, models, transaction

from payroll.models import SpecialAccount
from registration.models import BankCard, Worker
from tests.benchmarks.province_trouble import TABLES, fill_odd_days, fill_trouble

TODAY = date(2026, 11, 13)
"""A Friday, the pay day of October."""
FIRST_MONTH = date(2023, 11, 1)
MONTHS = 36
AT_A_TIME = 30
"""People on a project at any time, fifteen of each of two subcontractors."""


@dataclass(frozen=True)
class Size:
    """How many projects, and on how many days of each of the last months attendance is kept (of 22)."""

    projects: int
    days: int

    @property
    def people(self) -> int:
        """Everybody who works in the province."""
        return self.projects * AT_A_TIME

    @property
    def postings(self) -> int:
        """A person is on a site for three months."""
        return self.people * MONTHS // 3


PARTITIONS = """
SELECT count(wagewatch_make_partition(t::regclass, m::date)) FROM generate_series(date '2023-11-01', date '2026-12-01',
  interval '1 month') m, unnest(ARRAY['payroll_payslip']) t
"""

PLACES_AND_FIRMS = """
INSERT INTO registration_region (code, name, name_en, level, parent_id) VALUES ('340000', '某省', 'A province', 'province', NULL);
INSERT INTO registration_region (code, name, name_en, level, parent_id)
SELECT '34' || c || '00', '市' || c, 'City ' || c, 'city', '340000' FROM generate_series(21, 29) c;
INSERT INTO registration_region (code, name, name_en, level, parent_id)
SELECT '34' || c || lpad(n::text, 2, '0'), '县' || c || n, 'County ' || c || n, 'county', '34' || c || '00'
FROM generate_series(21, 29) c, generate_series(1, 10) n;
INSERT INTO registration_organisation (uscc, name, short_name, kind, bank_code, region_id)
SELECT 'PROV' || lpad(n::text, 14, '0'), '企业 ' || n, '企' || n, CASE WHEN n = 0 THEN 'bank' ELSE 'contractor' END,
  CASE WHEN n = 0 THEN '102338000003' ELSE '' END, '342101'
FROM generate_series(0, 1 + %(projects)s / 2) n;
"""

PROJECTS = """
INSERT INTO registration_project (code, name, name_en, region_id, address, sector, state, contract_sum_fen,
  contract_signed_on, started_on, pay_day, day_starts_at, full_day_minutes, half_day_minutes)
SELECT 'S' || n, '项目 ' || n, '', '34' || (21 + n %% 9) || lpad((1 + n / 9 %% 10)::text, 2, '0'), '',
  (ARRAY['building', 'municipal', 'transport'])[1 + n %% 3], 'building', 18600000000, '2023-09-05', '2023-11-01', 15, '04:00',
  480, 180
FROM generate_series(1, %(projects)s) n ORDER BY n;
CREATE TEMP TABLE site AS SELECT id, row_number() OVER (ORDER BY id) - 1 AS k FROM registration_project WHERE code ~ '^S[0-9]+$';
CREATE TEMP TABLE firm AS SELECT id, row_number() OVER (ORDER BY id) - 1 AS k FROM registration_organisation
WHERE uscc LIKE 'PROV%%' AND kind = 'contractor';
INSERT INTO registration_participation (project_id, organisation_id, role, scope, clerk_name, contract_signed_on)
SELECT s.id, f.id, r.role, '', '赵', CASE WHEN s.k %% 20 <> 7 THEN date '2023-10-20' END
FROM site s CROSS JOIN (VALUES ('general_contractor', 0), ('owner', 1), ('subcontractor', 2), ('subcontractor', 3)) r(role, turn)
JOIN firm f ON f.k = (s.k * 7 + r.turn * 1013) %% (SELECT count(*) FROM firm) ORDER BY s.id
ON CONFLICT DO NOTHING;
INSERT INTO registration_team (project_id, participation_id, name)
SELECT p.project_id, p.id, '一班' FROM registration_participation p JOIN site ON site.id = p.project_id
WHERE p.role = 'subcontractor' ORDER BY p.id;
CREATE TEMP TABLE crew AS SELECT s.k, t.project_id, t.participation_id, t.id AS team_id,
  row_number() OVER (PARTITION BY t.project_id ORDER BY t.id) - 1 AS part
FROM registration_team t JOIN site s ON s.id = t.project_id;
INSERT INTO devices_terminal (serial, name, lane, is_active, project_id, kind, networks)
SELECT 'P-' || id, 'G1', 'both', true, id, 'gate', '[]' FROM site;
"""

PEOPLE = """
INSERT INTO registration_worker (name, id_number, id_index, id_tail, sex, birth_date, origin_code, ethnicity,
  registered_at, updated_at)
SELECT '工' || n, %(id_number)s, decode(lpad(to_hex(n), 64, '0'), 'hex'), lpad((n %% 10000)::text, 4, '0'), 1,
  date '1967-01-01' + (n %% 13000), (11 + n %% 50)::text || '0100', '', '2023-11-01', '2026-06-01'
FROM generate_series(1, %(people)s) n ORDER BY n;
CREATE TEMP TABLE person AS SELECT id, row_number() OVER (ORDER BY id) - 1 AS k FROM registration_worker WHERE name ~ '^工[0-9]+$';
INSERT INTO registration_bankcard (worker_id, number, number_index, tail, bank_name, bank_code, is_current, added_at)
SELECT id, %(card)s, decode(lpad(to_hex(k), 64, '0'), 'hex'), '0000', '', '', true, '2023-11-01' FROM person ORDER BY id;
INSERT INTO registration_posting (project_id, worker_id, participation_id, team_id, pin, trade, pay_basis, rate_fen,
  joined_on, left_on, settle_by, acknowledged_at, registered_by)
SELECT c.project_id, w.id, c.participation_id, c.team_id, 1000 + w.k %% 30 + 30 * turn, '工种' || w.k %% 30, 'day', 36000,
  span.joined, span.gone, span.gone, span.joined, 'form'
FROM generate_series(0, 11) turn
CROSS JOIN person w
JOIN crew c ON c.k = (w.k / 30 + turn * 37) %% %(projects)s AND c.part = w.k %% 2
CROSS JOIN LATERAL (
  SELECT (date '2023-11-01' + make_interval(months => 3 * turn))::date AS joined,
         CASE WHEN turn < 11 THEN (date '2024-02-01' + make_interval(months => 3 * turn))::date - 1
              WHEN w.k %% 97 = 0 THEN date '2026-10-20' END AS gone) span
ORDER BY turn, c.project_id;
INSERT INTO registration_labourcontract (number, kind, form, state, period, starts_on, ends_on, terms, made_at, signed_on,
  end_reason, participation_id, posting_id, project_id, worker_id)
SELECT 'C' || o.id, 'labour', 'paper', 'in_force', '0', o.joined_on, '2027-12-31', '{}', o.joined_on, o.joined_on, '',
  o.participation_id, o.id, o.project_id, o.worker_id
FROM registration_posting o JOIN site ON site.id = o.project_id WHERE o.left_on IS NULL AND o.pin %% 50 <> 1;
INSERT INTO registration_training (kind, name, held_on, minutes, trainer, place, recorded_at, project_id)
SELECT v.kind, '入场', '2026-08-01', 480, '王', '', '2026-08-01', id FROM site, (VALUES ('003001'), ('003002')) v(kind);
INSERT INTO registration_trainingattendance (passed, project_id, training_id, worker_id)
SELECT true, o.project_id, t.id, o.worker_id FROM registration_posting o JOIN site ON site.id = o.project_id
JOIN registration_training t ON t.project_id = o.project_id WHERE o.left_on IS NULL AND o.pin %% 60 <> 2;
"""

# One project in twenty has not paid for the last months, one has made no sheet for the last; the others have paid.
PAY = """
INSERT INTO payroll_paysheet (project_id, participation_id, month, kind, number, source, state, due_on, people, gross_fen,
  deduction_fen, net_fen, made_at, submitted_at, first_day, last_day)
SELECT c.project_id, c.participation_id, m::date, 'monthly', 1, 'attendance',
  CASE WHEN c.k %% 20 = 1 AND m >= date '2026-08-01' THEN 'approved' ELSE 'settled' END,
  (m + interval '1 month 12 days')::date, 15, 15 * 792000, 0, 15 * 792000, m + interval '1 month 2 days',
  m + interval '1 month 3 days', m::date, (m + interval '1 month')::date - 1
FROM generate_series(timestamp '2023-11-01', '2026-10-01', interval '1 month') m CROSS JOIN crew c
WHERE c.k %% 20 <> 2 OR m < date '2026-10-01' ORDER BY m, c.project_id;
INSERT INTO payroll_payslip (month, project_id, sheet_id, worker_id, posting_id, team_name, pay_basis, rate_fen, days,
  gate_days, parts, gross_fen, deduction_fen, deduction_note, net_fen, note, sent_at, confirmation, confirmed_at, is_approved,
  payment, paid_at, paid_card_tail, return_code, return_text, version)
SELECT s.month, s.project_id, s.id, o.worker_id, o.id, '一班', 'day', 36000, 22, 22, '[]', 792000, 0, '', 792000, '', s.submitted_at,
  'confirmed', s.submitted_at + interval '1 day', true, CASE s.state WHEN 'settled' THEN 'paid' ELSE 'none' END,
  CASE s.state WHEN 'settled' THEN s.due_on - interval '1 day' END, '0000', '', '', 1
FROM payroll_paysheet s JOIN site ON site.id = s.project_id
JOIN registration_posting o ON o.project_id = s.project_id AND o.participation_id = s.participation_id
 AND o.joined_on <= s.last_day AND coalesce(o.left_on, 'infinity') >= s.first_day
WHERE s.month = %(month)s ORDER BY s.project_id, s.id;
"""

MONEY = """
INSERT INTO payroll_specialaccount (name, number, number_index, tail, opened_on, filed_on, bank_id, organisation_id)
SELECT '专户', %(account)s, decode(lpad(to_hex(f.k), 64, '0'), 'hex'), '0000', '2023-10-01', '2023-10-10', b.id, f.id
FROM firm f, registration_organisation b WHERE b.uscc = 'PROV00000000000000';
INSERT INTO payroll_subledger (balance_fen, entry_count, account_id, project_id, filed_on, joined_on)
SELECT 20000000 + site.k * 100, 72, a.id, site.id, '2023-10-20', '2023-10-10'
FROM site JOIN registration_participation gc ON gc.project_id = site.id AND gc.role = 'general_contractor'
JOIN payroll_specialaccount a ON a.organisation_id = gc.organisation_id WHERE site.k %% 50 <> 9;
INSERT INTO payroll_accountentry (number, at, kind, amount_fen, balance_fen, cause, bank_reference, project_id, sub_ledger_id)
SELECT 2 * i + e.turn, timestamp '2023-11-05' + make_interval(months => i, days => 8 * e.turn), e.kind,
  e.sign * 23760000, 20000000, e.kind, 'B' || i || e.kind, l.project_id, l.id
FROM payroll_subledger l JOIN site ON site.id = l.project_id, generate_series(0, 35) i, (VALUES (1, 'allocation', 1), (2, 'wages', -1)) e(turn, kind, sign)
WHERE site.k %% 20 <> 1 OR i < 33 ORDER BY l.project_id, 1;
INSERT INTO payroll_allocationplan (project_id, number, basis, amount_fen, percent, contract_sum_fen, day, interval_months,
  starts_on, reason, made_at)
SELECT id, 1, 'amount', 23760000, 0, 18600000000, 20, 1, '2023-11-01', '', '2023-10-20' FROM site;
"""

ATTENDANCE = """
INSERT INTO devices_attendanceday (day, project_id, worker_id, posting_id, minutes, days, state, passages, first_in, last_out)
SELECT d::date, o.project_id, o.worker_id, o.id, 500, 1, 'closed', 2, d - interval '1 hour', d + interval '9 hours'
FROM generate_series(%(month)s::timestamp, least(%(month)s + interval '21 days', timestamp '2026-11-12'), interval '1 day') d
JOIN registration_posting o ON o.joined_on <= d AND coalesce(o.left_on, 'infinity') >= d
JOIN site ON site.id = o.project_id
WHERE extract(day FROM d)::int * %(days)s %% 22 < %(days)s OR d >= date '2026-11-06'
ORDER BY d, o.project_id, o.worker_id;
"""

GATES = """
INSERT INTO devices_passage (day, project_id, worker_id, at, direction, terminal_id, batch_pk, attend_type, event_id, is_repeat)
SELECT a.day, a.project_id, a.worker_id, CASE v.way WHEN 1 THEN a.first_in ELSE a.last_out END, v.way, t.id, 0, 1,
  a.worker_id || '-' || v.way, false
FROM devices_attendanceday a JOIN devices_terminal t ON t.project_id = a.project_id AND t.serial LIKE 'P-%%',
  (VALUES (1), (2)) v(way)
WHERE a.day >= date '2026-11-09' ORDER BY a.day, a.project_id, a.worker_id;
INSERT INTO devices_refusedentry (day, terminal_id, event_id, at, direction, reason, was_let_in, batch_pk, project_id)
SELECT '2026-11-10', t.id, 'r' || i, timestamptz '2026-11-10 07:00+8' + make_interval(mins => i), 1, 'unregistered', false, 0, t.project_id
FROM devices_terminal t, generate_series(1, 4) i WHERE t.serial LIKE 'P-%%' AND t.project_id %% 5 = 0;
INSERT INTO devices_dayseal (project_id, day, sealed_at, digest)
SELECT DISTINCT project_id, day, day + interval '1 day 1 hour', '' FROM devices_attendanceday WHERE day < date '2026-11-12';
"""

TOTALS = """
SELECT count(wagewatch_make_partition('devices_monthtotal', m::date))
FROM generate_series(date '2026-04-01', date '2026-11-01', interval '1 month') m;
INSERT INTO devices_monthtotal (month, project_id, worker_id, posting_id, days, half_days, minutes, dates)
SELECT day - extract(day FROM day)::int + 1, project_id, worker_id, posting_id, sum(days),
  count(*) FILTER (WHERE days = 0.5), sum(minutes), count(*)
FROM devices_attendanceday GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4;
"""

# Three years of alarms that are over, with their flips, and a year of the regions' days.
PAST = """
INSERT INTO inspection_alarm (project_id, rule, period, level, state, due_on, amount_fen, people, facts, opened_at, changed_at,
  closed_at, answered_for, round, round_told, stage, tier, told_level)
SELECT site.id, r.rule, to_char(m, 'YYYY-MM'), 1 + (site.k + i) %% 3, 'closed', m::date + 45, 1000000, 20, '{}',
  m + interval '46 days', m + interval '60 days', m + interval '60 days', '', 1, 0, 'true', 1, 0
FROM site, (VALUES ('D3'), ('D1')) r(rule),
  generate_series(0, 32) i, LATERAL (SELECT timestamp '2023-11-01' + make_interval(months => i) AS m) t
WHERE (site.k + i * 5) %% 11 = 0;
INSERT INTO inspection_alarmflip (kind, at, level, amount_fen, people, facts, alarm_id, project_id)
SELECT f.kind, CASE f.kind WHEN 'opened' THEN a.opened_at ELSE a.closed_at END, a.level, a.amount_fen, a.people, '{}', a.id, a.project_id
FROM inspection_alarm a JOIN site ON site.id = a.project_id, (VALUES ('opened'), ('closed')) f(kind) WHERE a.state = 'closed' ORDER BY 2;
INSERT INTO inspection_regionday (day, region_id, sector, owed_fen, owed_people, owing, red, orange, yellow, opened, closed)
SELECT %(today)s::date - d, r.code, s.sector, 1000000 * d, 10, 3, 1, 2, 3, 1, 1
FROM generate_series(1, 365) d, registration_region r, (VALUES ('building'), ('municipal'), ('transport')) s(sector)
WHERE r.level = 'county' AND r.code LIKE '342%%';
"""

BIG = (
    "registration_posting",
    "registration_worker",
    "registration_bankcard",
    "registration_labourcontract",
    "registration_trainingattendance",
    "payroll_paysheet",
    "payroll_accountentry",
    "devices_attendanceday",
    *TABLES,
)
KEYS = """
SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype = 'f' AND conrelid = ANY (%s::regclass[])
"""


def fill(size: Size) -> None:
    """Write the province, and have its statistics taken."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL work_mem = '256MB'; SET LOCAL maintenance_work_mem = '512MB'; SET CONSTRAINTS ALL IMMEDIATE"
        )
        cursor.execute(KEYS, [list(BIG)])
        keys = cursor.fetchall()
        for table, name, _definition in keys:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for table in BIG:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        _write(cursor, size)
        for table in BIG:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        for table, name, definition in keys:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition} NOT VALID")
        cursor.execute("DROP TABLE site, firm, crew, person")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _write(cursor: Any, size: Size) -> None:
    sizes: dict[str, object] = {
        "projects": size.projects,
        "people": size.people,
        "days": size.days,
        "today": TODAY,
        # One sealed text each: pages show the tails, and the indexes differ.
        "id_number": _sealed(Worker, "id_number"),
        "card": _sealed(BankCard, "number"),
        "account": _sealed(SpecialAccount, "number"),
    }
    months = [_month(n) for n in range(MONTHS + 1)]
    for part in (PARTITIONS, PLACES_AND_FIRMS, PROJECTS, PEOPLE):
        cursor.execute(part, sizes)
    cursor.execute(
        "ANALYZE registration_posting, registration_participation, registration_team, registration_project"
    )
    sheets, slips = PAY.split("INSERT INTO payroll_payslip")
    cursor.execute(sheets, sizes)
    cursor.execute("ANALYZE payroll_paysheet")
    for month in months[:-1]:
        cursor.execute("INSERT INTO payroll_payslip" + slips, {"month": month})
    cursor.execute(MONEY, sizes)
    for month in months[-8:]:
        cursor.execute(ATTENDANCE, {**sizes, "month": month})
    fill_odd_days(cursor)
    cursor.execute(TOTALS)
    cursor.execute(GATES, sizes)
    fill_trouble(cursor)
    cursor.execute(PAST, sizes)


def _sealed(model: type[models.Model], field: str) -> object:
    return model._meta.get_field(field).get_db_prep_save("0" * 18, connection)


def empty() -> None:
    """Take everything away again, so that the next benchmark begins with nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE registration_region, registration_organisation, registration_project, registration_worker,"
            " devices_attendanceday, devices_passage, devices_refusedentry, payroll_payslip, inspection_regionday CASCADE"
        )


def _month(number: int) -> date:
    year, month = divmod(FIRST_MONTH.year * 12 + FIRST_MONTH.month - 1 + number, 12)
    return date(year, month + 1, 1)


def rows() -> dict[str, int]:
    """How many rows the large tables hold, by the statistics."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.relname, sum(c.reltuples)::bigint FROM pg_class p JOIN pg_class c ON c.oid = p.oid"
            " OR c.oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = p.oid)"
            " WHERE p.relname = ANY (%s) AND c.relkind = 'r' GROUP BY 1 ORDER BY 1",
            [[*BIG, "payroll_payslip", "registration_project", "inspection_alarm"]],
        )
        return dict(cursor.fetchall())
