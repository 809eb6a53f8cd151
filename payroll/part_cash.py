"""Signs that wages are split: a part by the bank and the rest in cash, or handed back (part-cash collusion).

Three signs for one firm on one project and month, each by a regional threshold; together they are a reason to ask,
never a finding of guilt. Read only; alarm rules (D5, D8) may begin from `FINDINGS`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

# Per worker all sheets of the month together, against the rate that was agreed (of the posting, as the contract
# holds it) times what the gates counted. Piece work has no rate per day and cannot be short.
FINDINGS = """
WITH place AS MATERIALIZED (
  SELECT r.region_id,
    coalesce((wagewatch_parameter('part_cash.shortfall_percent', r.region_id, %(today)s) #>> '{}')::int, 20) AS short_by,
    coalesce((wagewatch_parameter('part_cash.short_people_percent', r.region_id, %(today)s) #>> '{}')::int, 30) AS short_share,
    coalesce((wagewatch_parameter('part_cash.equal_people', r.region_id, %(today)s) #>> '{}')::int, 5) AS equal_least,
    coalesce((wagewatch_parameter('part_cash.equal_people_percent', r.region_id, %(today)s) #>> '{}')::int, 30) AS equal_share,
    coalesce((wagewatch_parameter('part_cash.round_fen', r.region_id, %(today)s) #>> '{}')::bigint, 10000) AS round_fen,
    coalesce((wagewatch_parameter('pay.month_days', r.region_id, %(today)s) #>> '{}')::numeric, 21.75) AS month_days
  FROM (SELECT DISTINCT region_id FROM registration_project) r
), paid AS (
  SELECT p.project_id, s.participation_id, p.month, p.worker_id,
         sum(p.gross_fen)::bigint AS gross_fen, sum(p.net_fen)::bigint AS net_fen, sum(p.gate_days) AS quantity,
         sum(CASE po.pay_basis
               WHEN 'piece' THEN p.gross_fen
               WHEN 'month' THEN least(po.rate_fen, round(po.rate_fen * p.gate_days / place.month_days))
               ELSE round(po.rate_fen * p.gate_days) END)::bigint AS agreed_fen
  FROM payroll_payslip p
  JOIN payroll_paysheet s ON s.id = p.sheet_id AND s.state <> 'draft'
  JOIN registration_project pr ON pr.id = p.project_id
  JOIN place ON place.region_id = pr.region_id
  JOIN registration_posting po ON po.id = p.posting_id
  WHERE p.project_id = ANY(%(projects)s) AND p.month >= %(since)s AND p.month <= %(until)s
  GROUP BY 1, 2, 3, 4
), judged AS (
  SELECT paid.*, place.equal_least, place.equal_share, place.short_share,
         paid.gross_fen * 100 < paid.agreed_fen * (100 - place.short_by) AS is_short,
         paid.net_fen > 0 AND paid.net_fen %% place.round_fen = 0 AS is_round
  FROM paid JOIN registration_project pr ON pr.id = paid.project_id JOIN place ON place.region_id = pr.region_id
), equal AS (
  SELECT DISTINCT ON (project_id, participation_id, month)
         project_id, participation_id, month, net_fen AS equal_fen, count(*) AS equal_people
  FROM judged WHERE is_round
  GROUP BY project_id, participation_id, month, net_fen
  HAVING count(DISTINCT quantity) > 1
  ORDER BY project_id, participation_id, month, count(*) DESC, net_fen DESC
), firm AS (
  SELECT project_id, participation_id, month, count(*) AS people,
         count(*) FILTER (WHERE is_short) AS short_people,
         coalesce(sum(agreed_fen - gross_fen) FILTER (WHERE is_short), 0)::bigint AS short_fen,
         max(equal_least) AS equal_least, max(equal_share) AS equal_share, max(short_share) AS short_share
  FROM judged GROUP BY 1, 2, 3
), said AS (
  SELECT j.project_id, j.participation_id, j.month, count(*) AS reports, count(DISTINCT c.worker_id) AS reporters
  FROM payroll_cashreport c
  JOIN judged j ON j.project_id = c.project_id AND j.month = c.month AND j.worker_id = c.worker_id
  GROUP BY 1, 2, 3
), finding AS (
  -- Put together by grouping, not by joining: of three columns together the planner expects one row, and loops.
  SELECT g.*, g.short_people > 0 AND g.short_people * 100 >= g.people * g.short_share AS is_short,
         g.equal_people >= g.equal_least AND g.equal_people * 100 >= g.people * g.equal_share AS is_equal
  FROM (
    SELECT project_id, participation_id, month, sum(people)::int AS people, sum(short_people)::int AS short_people,
           sum(short_fen)::bigint AS short_fen, sum(equal_people)::int AS equal_people, sum(equal_fen)::bigint AS equal_fen,
           sum(reports)::int AS reports, sum(reporters)::int AS reporters, max(equal_least) AS equal_least,
           max(equal_share) AS equal_share, max(short_share) AS short_share
    FROM (
      SELECT project_id, participation_id, month, people, short_people, short_fen, 0 AS equal_people, 0 AS equal_fen,
             0 AS reports, 0 AS reporters, equal_least, equal_share, short_share FROM firm
      UNION ALL
      SELECT project_id, participation_id, month, 0, 0, 0, equal_people, equal_fen, 0, 0, NULL, NULL, NULL FROM equal
      UNION ALL
      SELECT project_id, participation_id, month, 0, 0, 0, 0, 0, reports, reporters, NULL, NULL, NULL FROM said
    ) part GROUP BY 1, 2, 3
  ) g
)
"""
SELECT = """
SELECT project_id, participation_id, month, people, short_people, short_fen, equal_people, equal_fen, reports,
       reporters, is_short, is_equal
FROM finding WHERE is_short OR is_equal OR reports > 0
ORDER BY is_short::int + is_equal::int + (reports > 0)::int DESC, short_fen DESC, project_id, participation_id, month
"""
PEOPLE = """
SELECT j.worker_id, w.name, w.id_tail, j.quantity, j.agreed_fen, j.gross_fen, j.net_fen, j.is_short, j.is_round,
       (SELECT count(*) FROM payroll_cashreport c WHERE c.project_id = j.project_id AND c.month = j.month
          AND c.worker_id = j.worker_id) AS reports
FROM judged j JOIN registration_worker w ON w.id = j.worker_id
WHERE j.participation_id = %(participation)s
ORDER BY reports DESC, j.agreed_fen - j.gross_fen DESC, j.worker_id
"""


@dataclass(frozen=True)
class PartCash:
    """The signs of one firm on one project in one month; amounts in fen."""

    project_id: int
    participation_id: int
    month: date
    people: int
    short_people: int
    short_fen: int
    equal_people: int
    equal_fen: int
    reports: int
    reporters: int
    is_short: bool
    is_equal: bool

    @property
    def signs(self) -> int:
        """How many of the three signs there are."""
        return int(self.is_short) + int(self.is_equal) + int(self.reports > 0)


@dataclass(frozen=True)
class Person:
    """One worker's figures in such a month."""

    worker_id: int
    name: str
    id_tail: str
    quantity: Any
    agreed_fen: int
    gross_fen: int
    net_fen: int
    is_short: bool
    is_round: bool
    reports: int


def _arguments(projects: Sequence[int], since: date, until: date, today: date) -> dict[str, Any]:
    return {"projects": list(projects), "since": since, "until": until, "today": today}


def find_part_cash(projects: Sequence[int], *, since: date, until: date, today: date) -> list[PartCash]:
    """Firms with at least one sign in the months from `since` to `until` (days 1), the strongest first."""
    with connection.cursor() as cursor:
        cursor.execute(FINDINGS + SELECT, _arguments(projects, since, until, today))
        return [PartCash(*row) for row in cursor.fetchall()]


def people_of(project: int, participation: int, month: date, *, today: date) -> list[Person]:
    """Everybody on the sheets of a firm's month with agreed and paid figures; reporters, then the largest gap first."""
    with connection.cursor() as cursor:
        arguments = _arguments([project], month, month, today) | {"participation": participation}
        cursor.execute(FINDINGS + PEOPLE, arguments)
        return [Person(*row) for row in cursor.fetchall()]
