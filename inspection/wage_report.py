"""The monthly and the yearly report of an authority: projects, wages, arrears against the year before, coverage.

People are counted by `inspection.statistics`, since one person may be counted in six ways; here are projects,
sums of wage months, and cases of arrears as the alarms' append-only flips have them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Min

from inspection.access import alarms_for
from inspection.places import Scope, full_code, level_below
from inspection.statistics import Period, head_counts, scope
from registration.actors import Actor
from registration.services.parameters import region_labels
from wagewatch.lib.dates import first_of_month, next_month, parse_month, site_date
from wagewatch.lib.errors import Malformed

MEASURES = (
    "projects",
    "with_account",
    "attending",
    "fresh",
    "sheeted",
    "slips",
    "confirmed",
    "paid_slips",
    "net_fen",
    "paid_fen",
    "cash_fen",
    "unpaid_fen",
    "allocated_fen",
    "opened",
    "closed",
    "open_at_end",
    "owed_fen",
    "owed_people",
    "red",
)

# Wage months count by the month worked, allocations by the day booked, cases by the day they were opened or
# closed. What stands "at the end" is the newest flip before the end of the period.
REPORT = """
WITH pr AS MATERIALIZED (
  SELECT p.id, p.region_id, coalesce(p.started_on, %(since)s) <= %(until)s
           AND coalesce(p.done_on, %(until)s) >= %(since)s AS is_running
  FROM registration_project p WHERE p.id = ANY(%(projects)s)
), denied AS (
  SELECT DISTINCT project_id, sheet_id, worker_id FROM payroll_cashpayment
  WHERE denied_at IS NOT NULL AND withdrawn_at IS NULL AND project_id = ANY(%(projects)s)
), told AS (
  SELECT p.project_id, p.confirmation, p.net_fen, s.due_on, p.payment = 'paid' AS is_paid,
         p.payment = 'cash' AND d.worker_id IS NULL AS is_cash
  FROM payroll_payslip p
  JOIN payroll_paysheet s ON s.id = p.sheet_id AND s.state <> 'draft'
  LEFT JOIN denied d ON d.sheet_id = p.sheet_id AND d.worker_id = p.worker_id
  WHERE p.month >= %(since)s AND p.month <= %(until)s AND p.project_id = ANY(%(projects)s)
), slip AS (
  SELECT project_id, count(*) AS n, count(*) FILTER (WHERE confirmation = 'confirmed') AS confirmed,
         count(*) FILTER (WHERE is_paid OR is_cash) AS paid_n, sum(net_fen) AS net,
         sum(net_fen) FILTER (WHERE is_paid) AS paid, sum(net_fen) FILTER (WHERE is_cash) AS cash,
         sum(net_fen) FILTER (WHERE NOT is_paid AND NOT is_cash AND due_on < %(today)s) AS unpaid
  FROM told GROUP BY 1
), attending AS (
  SELECT DISTINCT project_id FROM devices_attendanceday
  WHERE day >= %(since)s AND day <= %(until)s AND project_id = ANY(%(projects)s)
), allocated AS (
  SELECT project_id, sum(amount_fen) AS fen FROM payroll_accountentry
  WHERE kind = 'allocation' AND at >= %(start)s AND at < %(end)s AND project_id = ANY(%(projects)s) GROUP BY 1
), flip AS (
  SELECT f.project_id, f.alarm_id, f.kind, f.at, f.level, f.amount_fen, f.people, f.id
  FROM inspection_alarmflip f
  JOIN inspection_alarm a ON a.id = f.alarm_id AND a.rule = 'D3'
  WHERE f.at < %(end)s AND f.project_id = ANY(%(projects)s)
), moved AS (
  SELECT project_id, count(*) FILTER (WHERE kind IN ('opened', 'reopened')) AS opened,
         count(*) FILTER (WHERE kind = 'closed') AS closed
  FROM flip WHERE at >= %(start)s GROUP BY 1
), last_flip AS (
  SELECT DISTINCT ON (alarm_id) * FROM flip ORDER BY alarm_id, at DESC, id DESC
), standing AS (
  SELECT project_id, count(*) AS n, sum(amount_fen) AS fen, max(people) AS people,
         count(*) FILTER (WHERE level = 3) AS red
  FROM last_flip WHERE kind <> 'closed' GROUP BY 1
)
SELECT pr.region_id, count(*) FILTER (WHERE pr.is_running), count(l.id) FILTER (WHERE pr.is_running),
       count(at.project_id), count(*) FILTER (WHERE pr.is_running AND st.last_passage_at >= %(now)s - interval '3 days'),
       count(slip.project_id), coalesce(sum(slip.n), 0)::bigint, coalesce(sum(slip.confirmed), 0)::bigint,
       coalesce(sum(slip.paid_n), 0)::bigint, coalesce(sum(slip.net), 0)::bigint, coalesce(sum(slip.paid), 0)::bigint,
       coalesce(sum(slip.cash), 0)::bigint, coalesce(sum(slip.unpaid), 0)::bigint,
       coalesce(sum(al.fen), 0)::bigint, coalesce(sum(m.opened), 0)::bigint, coalesce(sum(m.closed), 0)::bigint,
       coalesce(sum(s.n), 0)::bigint, coalesce(sum(s.fen), 0)::bigint, coalesce(sum(s.people), 0)::bigint,
       coalesce(sum(s.red), 0)::bigint
FROM pr
LEFT JOIN payroll_subledger l ON l.project_id = pr.id AND l.state IN ('open', 'closing')
LEFT JOIN inspection_projectstat st ON st.project_id = pr.id
LEFT JOIN slip ON slip.project_id = pr.id
LEFT JOIN attending at ON at.project_id = pr.id
LEFT JOIN allocated al ON al.project_id = pr.id
LEFT JOIN moved m ON m.project_id = pr.id
LEFT JOIN standing s ON s.project_id = pr.id
GROUP BY 1
"""

Counts = Mapping[str, int]


@dataclass(frozen=True)
class Span:
    """A month ("2026-10") or a year ("2026") as a period, both days included."""

    key: str
    period: Period

    @property
    def is_year(self) -> bool:
        return len(self.key) == 4

    def a_year_before(self) -> "Span":
        """The same month, or the year, one year earlier."""
        year = int(self.key[:4]) - 1
        return span_of(f"{year}{self.key[4:]}", self.period.since)


def span_of(text: str, today: date) -> Span:
    """ "2026-10" or "2026"; anything else is the last full month."""
    if len(text) == 4 and text.isascii() and text.isdigit() and 2000 <= int(text) <= 2099:
        return Span(text, Period(date(int(text), 1, 1), date(int(text), 12, 31)))
    try:
        month = parse_month(text)
    except Malformed:
        month = first_of_month(first_of_month(today) - timedelta(days=1))
    return Span(f"{month:%Y-%m}", Period(month, next_month(month) - timedelta(days=1)))


@dataclass(frozen=True)
class WageReport:
    """The figures of a period in sum and by region; `before` is the same period a year earlier, None where
    nothing was recorded then; `people` are six counts of `inspection.statistics`."""

    span: Span
    as_of: datetime
    total: Counts
    rows: list[tuple[str, str, Counts]]
    """(region code, name, figures), the lowest level that has more than one row."""
    before: Counts | None
    people: Counts
    ends_later: bool = field(default=False)
    """The period is not over."""


def wage_report(actor: Actor, span: Span, place: Scope, *, now: datetime) -> WageReport:
    """Count a period within reach, below a region; a fixed number of statements."""
    found = scope(actor, place.region)
    if place.sector:
        found = found.filter(sector=place.sector)
    projects = list(found.order_by().values_list("pk", flat=True))
    by_region = _count(projects, span, now)
    digits = level_below(by_region, place)
    names = region_labels()
    sums: dict[str, dict[str, int]] = {}
    for code, counts in sorted(by_region.items()):
        row = sums.setdefault(full_code(code[:digits]), dict.fromkeys(MEASURES, 0))
        for name in MEASURES:
            row[name] += counts[name]
    earlier = span.a_year_before()
    first = alarms_for(actor).aggregate(first=Min("opened_at"))["first"]
    before = None
    if first is not None and site_date(first) <= earlier.period.until:
        before = _sum(_count(projects, earlier, now).values())
    people = head_counts(projects, span.period, now=now)
    return WageReport(
        span=span,
        as_of=now,
        total=_sum(by_region.values()),
        rows=[(code, names.get(code, code), row) for code, row in sums.items()],
        before=before,
        people=people,
        ends_later=span.period.until >= site_date(now),
    )


def _sum(rows: Any) -> dict[str, int]:
    total = dict.fromkeys(MEASURES, 0)
    for row in rows:
        for name in MEASURES:
            total[name] += row[name]
    return total


def _count(projects: list[int], span: Span, now: datetime) -> dict[str, dict[str, int]]:
    """Region code → figures; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            REPORT,
            {
                "projects": projects,
                "since": span.period.since,
                "until": span.period.until,
                "start": span.period.start,
                "end": span.period.end,
                "today": site_date(now),
                "now": now,
            },
        )
        return {row[0]: dict(zip(MEASURES, row[1:], strict=True)) for row in cursor.fetchall()}
