"""The one statement that turns attendance days into slips, and the same figures for comparing."""

import json
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from payroll.models import PaySheet
from payroll.services.totals import Totals
from payroll.wage_months import days_of_sheet, span_of
from registration.models import Project
from registration.services.parameters import parameter

# Days worked per posting, priced at the posting's rate. round(numeric) is half away from zero in
# PostgreSQL, which for amounts that are not negative is lib.money's half up.
# Days that a leaver's settlement of the month has paid belong to no other sheet (`skip_settled`); who stands on
# another of the month's own sheets, of a team or of the firm, is left to it (`not_listed_but`: the sheet asked about).
# A worker belongs to the team of the latest posting.
PERSONS = """
WITH settled AS (
  SELECT l.worker_id, max(k.last_day) AS until
  FROM payroll_paysheet k
  JOIN payroll_payslip l ON l.month = k.month AND l.project_id = k.project_id AND l.sheet_id = k.id
   AND l.month = %(month)s
  WHERE %(skip_settled)s AND k.project_id = %(project)s AND k.participation_id = %(participation)s
    AND k.month = %(month)s AND k.kind = 'leaver'
  GROUP BY l.worker_id
), listed AS (
  SELECT DISTINCT l.worker_id
  FROM payroll_paysheet k
  JOIN payroll_payslip l ON l.month = k.month AND l.project_id = k.project_id AND l.sheet_id = k.id
   AND l.month = %(month)s
  WHERE %(not_listed_but)s::bigint IS NOT NULL AND k.project_id = %(project)s AND k.month = %(month)s
    AND k.participation_id = %(participation)s AND k.kind = 'monthly' AND k.id <> %(not_listed_but)s
), worked AS (
  SELECT a.worker_id, a.posting_id, sum(a.days) AS days, sum(a.minutes) AS minutes
  FROM devices_attendanceday a LEFT JOIN settled s ON s.worker_id = a.worker_id
  WHERE NOT EXISTS (SELECT FROM listed d WHERE d.worker_id = a.worker_id) AND a.project_id = %(project)s AND a.day BETWEEN %(first)s AND %(last)s
    AND (%(worker)s::bigint IS NULL OR a.worker_id = %(worker)s) AND coalesce(a.day > s.until, true)
  GROUP BY a.worker_id, a.posting_id
), part AS (
  SELECT w.worker_id, p.id AS posting_id, p.pay_basis, p.rate_fen, p.team_id, t.name AS team_name, q.quantity,
    CASE p.pay_basis
      WHEN 'piece' THEN 0
      WHEN 'month' THEN least(p.rate_fen, round(p.rate_fen * q.quantity / %(month_days)s)::bigint)
      ELSE round(p.rate_fen * q.quantity)::bigint
    END AS gross_fen,
    row_number() OVER latest AS age,
    first_value(p.pay_basis) OVER latest AS basis_now
  FROM worked w
  JOIN registration_posting p ON p.id = w.posting_id AND p.project_id = %(project)s
  JOIN registration_team t ON t.id = p.team_id AND t.project_id = p.project_id
  CROSS JOIN LATERAL (
    SELECT CASE p.pay_basis WHEN 'hour' THEN round(w.minutes / 60.0, 2) ELSE w.days END AS quantity
  ) q
  WHERE p.participation_id = %(participation)s
  WINDOW latest AS (PARTITION BY w.worker_id ORDER BY p.joined_on DESC, p.id DESC)
), person AS (
  SELECT worker_id, basis_now AS pay_basis,
    max(posting_id) FILTER (WHERE age = 1) AS posting_id,
    max(rate_fen) FILTER (WHERE age = 1) AS rate_fen,
    max(team_name) FILTER (WHERE age = 1) AS team_name,
    max(team_id) FILTER (WHERE age = 1) AS team_id,
    coalesce(sum(quantity) FILTER (WHERE pay_basis = basis_now), 0) AS quantity,
    sum(gross_fen)::bigint AS gross_fen,
    CASE WHEN count(*) = 1 THEN '[]'::jsonb ELSE jsonb_agg(
      jsonb_build_object('posting', posting_id, 'basis', pay_basis, 'rate_fen', rate_fen,
        'days', quantity::numeric(8,2)::text, 'gross_fen', gross_fen) ORDER BY age DESC) END AS parts
  FROM part GROUP BY worker_id, basis_now
  HAVING %(team)s::bigint IS NULL OR max(team_id) FILTER (WHERE age = 1) = %(team)s
)
"""

INSERT = (
    PERSONS  # noqa: S608 constants only; every value is a parameter
    + """, made AS (
  INSERT INTO payroll_payslip (month, project_id, sheet_id, worker_id, posting_id, team_name, pay_basis,
    rate_fen, days, gate_days, parts, gross_fen, deduction_fen, deduction_note, net_fen, note, confirmation,
    is_approved, payment, paid_card_tail, return_code, return_text, version)
  SELECT %(month)s, %(project)s, %(sheet)s, worker_id, posting_id, team_name, pay_basis, rate_fen,
    quantity, quantity, parts, gross_fen, 0, '', gross_fen,
    CASE pay_basis WHEN 'piece' THEN %(piece_note)s ELSE '' END, 'draft', false, 'none', '', '', '', 1
  FROM person
  RETURNING gross_fen, net_fen
)
SELECT count(*), coalesce(sum(gross_fen), 0), 0, coalesce(sum(net_fen), 0) FROM made
"""
)

PIECE_NOTE = "piece"
"""Marks a slip whose gross must be entered by hand; shown in words by the page."""


class GateLine(NamedTuple):
    """What attendance gives for one worker: quantity in days (hours for hourly pay), amounts in fen."""

    posting_id: int
    pay_basis: str
    rate_fen: int
    quantity: Decimal
    gross_fen: int
    team_name: str
    parts: list[dict[str, Any]]


def _arguments(
    project: Project,
    participation_id: int,
    month: date,
    *,
    days: tuple[date, date] | None = None,
    worker_id: int | None = None,
    skip_settled: bool = True,
    team_id: int | None = None,
    not_listed_but: int | None = None,
) -> dict[str, Any]:
    code = project.region_id
    first, last = days or span_of(project, participation_id, month)
    return {
        "project": project.pk,
        "participation": participation_id,
        "month": month,
        "first": first,
        "last": last,
        "worker": worker_id,
        "skip_settled": skip_settled,
        "team": team_id,
        "not_listed_but": not_listed_but,
        "month_days": Decimal(str(parameter("pay.month_days", region_code=code, on=month, default="21.75"))),
    }


def insert_slips(sheet: PaySheet, project: Project, *, worker_id: int | None = None) -> Totals:
    """Write one slip per worker of the participation who attended on the days of the sheet (or the one given), of its
    team alone where it has one; returns exact sums."""
    monthly = sheet.kind == PaySheet.Kind.MONTHLY
    arguments = _arguments(
        project,
        sheet.participation_id,
        sheet.month,
        days=days_of_sheet(sheet),
        worker_id=worker_id,
        team_id=sheet.team_id,
        not_listed_but=sheet.pk if monthly else None,
    )
    with connection.cursor() as cursor:
        cursor.execute(INSERT, {**arguments, "sheet": sheet.pk, "piece_note": PIECE_NOTE})
        people, gross, deduction, net = cursor.fetchone()
    return Totals(int(people), int(gross), int(deduction), int(net))


def gate_lines(
    project: Project,
    participation_id: int,
    month: date,
    *,
    days: tuple[date, date] | None = None,
    worker_id: int | None = None,
    skip_settled: bool = False,
    team_id: int | None = None,
) -> dict[int, GateLine]:
    """What attendance gives for every worker of the participation in the month (or on the given days), by worker."""
    with connection.cursor() as cursor:
        cursor.execute(
            PERSONS  # noqa: S608 constants only
            + "SELECT worker_id, posting_id, pay_basis, rate_fen, quantity, gross_fen, team_name, parts::text FROM person",
            _arguments(
                project,
                participation_id,
                month,
                days=days,
                worker_id=worker_id,
                skip_settled=skip_settled,
                team_id=team_id,
            ),
        )
        rows = cursor.fetchall()
    return {
        row[0]: GateLine(row[1], row[2], row[3], row[4], row[5], row[6], json.loads(row[7])) for row in rows
    }


def month_days_of(project: Project, month: date) -> Decimal:
    """Paid days of a month where the project lies."""
    found = parameter("pay.month_days", region_code=project.region_id, on=month, default="21.75")
    return Decimal(str(found))
