"""What was known of every project at an instant, by one statement. Everything is read as of that instant:
entries booked, slips sent, confirmed and paid, records made until then. So the past can be played again."""

import json
from datetime import date, datetime, timedelta

from django.db import connection

from inspection.risk.rules import Facts
from registration.services.parameters import load_calendar
from wagewatch.lib.dates import Calendar, first_of_month, pay_due_on, previous_month, site_date

MONTHS_BACK = 5

# A sheet is known from the moment it was sent. A month counts as late when more than a twentieth of its wages
# came after the pay day: one objected slip is a dispute, not a default.
FACTS = """
WITH pay_date AS MATERIALIZED (
  SELECT month::date, pay_day::int, due_on::date
  FROM jsonb_to_recordset(%(pay_dates)s::jsonb) AS t(month text, pay_day text, due_on text)
), place AS MATERIALIZED (
  SELECT pr.id AS project_id, pr.region_id, next_pay.month AS next_month, next_pay.due_on AS next_due,
         last_pay.month AS last_month, last_pay.due_on AS last_due, pr.started_on
  FROM registration_project pr
  LEFT JOIN LATERAL (SELECT d.month, d.due_on FROM pay_date d WHERE d.pay_day = pr.pay_day
                     AND d.due_on >= %(today)s ORDER BY d.due_on LIMIT 1) next_pay ON true
  LEFT JOIN LATERAL (SELECT d.month, d.due_on FROM pay_date d WHERE d.pay_day = pr.pay_day
                     AND d.due_on < %(today)s ORDER BY d.due_on DESC LIMIT 1) last_pay ON true
  WHERE pr.state <> 'done'
), slip AS (
  SELECT p.project_id, p.month, s.due_on, p.net_fen,
         p.payment IN ('paid', 'cash') AND coalesce(p.paid_at, %(now)s) <= %(now)s AS is_paid,
         (p.paid_at AT TIME ZONE 'Asia/Shanghai')::date AS paid_on,
         extract(epoch FROM least(coalesce(p.confirmed_at, %(now)s), %(now)s) - coalesce(p.sent_at, s.submitted_at))
           / 86400 AS waited
  FROM payroll_payslip p
  JOIN payroll_paysheet s ON s.id = p.sheet_id AND s.project_id = p.project_id
  WHERE p.month >= %(since)s AND s.submitted_at <= %(now)s
), month_sum AS (
  SELECT project_id, month, min(due_on) AS due_on, sum(net_fen) AS net,
         coalesce(sum(net_fen) FILTER (WHERE NOT is_paid), 0) AS unpaid,
         count(*) FILTER (WHERE NOT is_paid) AS unpaid_people,
         sum(waited) FILTER (WHERE NOT is_paid) AS waited,
         percentile_disc(0.95) WITHIN GROUP (ORDER BY paid_on) FILTER (WHERE is_paid) AS paid_on
  FROM slip GROUP BY 1, 2
), wages AS (
  SELECT pl.project_id,
         coalesce(sum(m.unpaid) FILTER (WHERE m.due_on < %(today)s), 0) AS overdue,
         sum(m.unpaid) FILTER (WHERE m.month = pl.next_month) AS coming,
         (array_agg(m.net ORDER BY m.month DESC) FILTER (WHERE m.net > 0))[1] AS latest_net,
         max(m.month) AS latest_month,
         sum(m.waited) / nullif(sum(m.unpaid_people), 0) AS wait_days,
         max(CASE WHEN m.due_on >= %(today)s OR m.due_on < %(today)s - 100 THEN 0
                  WHEN m.unpaid * 20 > m.net THEN %(today)s - m.due_on
                  ELSE greatest(0, m.paid_on - m.due_on) END) AS late_days
  FROM place pl JOIN month_sum m USING (project_id)
  GROUP BY pl.project_id
), attended AS (
  SELECT project_id, count(*) FILTER (WHERE day > %(today)s - 8) / 7.0 AS lately,
         count(*) FILTER (WHERE day <= %(today)s - 8) / 28.0 AS before, count(DISTINCT worker_id) AS people
  FROM devices_attendanceday
  WHERE day >= %(today)s - 35 AND day < %(today)s AND (days > 0 OR minutes > 0) GROUP BY 1
), usual AS (
  -- Rain, holidays and orders to stop keep everybody away: a site is compared with the others around it.
  SELECT pl.region_id, CASE WHEN count(*) >= 5 THEN least(1, sum(a.lately) / nullif(sum(a.before), 0)) ELSE 1 END AS rate
  FROM attended a JOIN place pl USING (project_id) WHERE a.before > 0 GROUP BY 1
), plan AS (
  SELECT DISTINCT ON (project_id) * FROM payroll_allocationplan WHERE made_at <= %(now)s
  ORDER BY project_id, number DESC
), period AS (
  SELECT plan.project_id, m.month::date AS month,
         least((m.month + make_interval(days => plan.day - 1))::date,
               (m.month + interval '1 month' - interval '1 day')::date) AS due_on,
         CASE plan.basis
           WHEN 'amount' THEN plan.amount_fen
           WHEN 'progress' THEN coalesce((SELECT round(g.amount_fen * plan.percent / 100) FROM payroll_progresspayment g
             WHERE g.project_id = plan.project_id AND g.month = m.month::date AND g.made_at <= %(now)s
             ORDER BY g.number DESC LIMIT 1), 0)
           ELSE round(plan.contract_sum_fen * plan.percent / 100 / greatest(1,
             (extract(year FROM age(coalesce(plan.ends_on, plan.starts_on), plan.starts_on)) * 12
              + extract(month FROM age(coalesce(plan.ends_on, plan.starts_on), plan.starts_on)) + 1)::int))
         END AS fen
  FROM plan
  CROSS JOIN LATERAL generate_series(plan.starts_on::timestamp, %(today)s::timestamp, interval '1 month') m(month)
  WHERE plan.ends_on IS NULL OR m.month <= plan.ends_on
), agreed AS (
  SELECT project_id, due_on, sum(fen) OVER (PARTITION BY project_id ORDER BY month) AS total
  FROM period WHERE due_on < %(today)s
), received AS (
  SELECT e.project_id, sum(e.amount_fen) AS fen
  FROM payroll_accountentry e JOIN plan ON plan.project_id = e.project_id
  WHERE e.kind = 'allocation' AND e.at <= %(now)s AND e.at >= (plan.starts_on - interval '1 month') GROUP BY 1
), allocation AS (
  SELECT a.project_id, max(%(today)s - a.due_on) AS days, max(a.total - coalesce(r.fen, 0)) AS short_fen
  FROM agreed a LEFT JOIN received r ON r.project_id = a.project_id
  WHERE a.total > coalesce(r.fen, 0) GROUP BY 1
), late AS (
  SELECT pl.project_id,
         greatest(coalesce(w.late_days, 0), CASE
           WHEN w.latest_month < pl.last_month AND a.people > 0 THEN %(today)s - pl.last_due ELSE 0 END) AS days
  FROM place pl
  LEFT JOIN wages w USING (project_id)
  LEFT JOIN attended a USING (project_id)
), firm AS (
  SELECT DISTINCT project_id, organisation_id FROM registration_participation
  WHERE role IN ('general_contractor', 'subcontractor', 'owner')
), record AS (
  SELECT organisation_id FROM (
    SELECT DISTINCT ON (organisation_id) organisation_id, kind, since FROM payroll_arrearsrecord
    WHERE made_at <= %(now)s ORDER BY organisation_id, id DESC) newest
  WHERE kind IN ('arrears', 'listed') AND since > %(today)s - 731
), others AS (
  SELECT f.project_id, count(DISTINCT l.project_id) AS n
  FROM late l
  JOIN firm o ON o.project_id = l.project_id
  JOIN firm f ON f.organisation_id = o.organisation_id AND f.project_id <> l.project_id
  WHERE l.days > 5 GROUP BY 1
), recorded AS (
  SELECT f.project_id, count(DISTINCT f.organisation_id) AS n
  FROM firm f JOIN record ON record.organisation_id = f.organisation_id GROUP BY 1
)
SELECT pl.project_id, pl.region_id, pl.next_due,
       (coalesce(w.overdue, 0) + CASE WHEN w.latest_month >= pl.next_month THEN coalesce(w.coming, 0)
          WHEN a.people > 0 THEN coalesce(w.latest_net, 0) ELSE 0 END)::bigint,
       coalesce(w.latest_month < pl.next_month, true),
       balance.fen, coalesce(al.days, 0)::int, coalesce(al.short_fen, 0)::bigint,
       coalesce(w.latest_month >= pl.next_month, false) OR pl.next_month >= date_trunc('month', %(today)s::date),
       coalesce(a.people, 0)::int, coalesce(w.wait_days, 0)::float, coalesce(a.lately, 0)::float,
       coalesce(a.before * coalesce(u.rate, 1), 0)::float, coalesce(l.days, 0)::int,
       (coalesce(o.n, 0) + coalesce(r.n, 0))::int
FROM place pl
LEFT JOIN wages w USING (project_id)
LEFT JOIN attended a USING (project_id)
LEFT JOIN usual u ON u.region_id = pl.region_id
LEFT JOIN allocation al USING (project_id)
LEFT JOIN late l USING (project_id)
LEFT JOIN others o USING (project_id)
LEFT JOIN recorded r USING (project_id)
LEFT JOIN LATERAL (
  SELECT e.balance_fen AS fen FROM payroll_accountentry e
  WHERE e.project_id = pl.project_id AND e.at <= %(now)s ORDER BY e.number DESC LIMIT 1) balance ON true
WHERE (coalesce(a.people, 0) > 0 OR coalesce(w.overdue, 0) > 0 OR coalesce(w.coming, 0) > 0)
  AND (%(projects)s::bigint[] IS NULL OR pl.project_id = ANY(%(projects)s))
ORDER BY pl.project_id
"""


def pay_dates(today: date, calendar: Calendar) -> list[tuple[date, int, date]]:
    """(month, pay day, due date) of this month and the ones before it."""
    month = first_of_month(today)
    found: list[tuple[date, int, date]] = []
    for _n in range(MONTHS_BACK):
        found += [(month, day, pay_due_on(month, day, calendar)) for day in range(1, 32)]
        month = previous_month(month)
    return found


def facts_of(
    now: datetime, *, project_ids: list[int] | None = None, calendar: Calendar | None = None
) -> list[Facts]:
    """The facts of all projects at work, or owing, as they were known at `now`; one statement.

    `project_ids` limits what is answered, not what is read: firms are judged by all their projects.
    """
    today = site_date(now)
    dates = pay_dates(today, calendar or load_calendar())
    month = first_of_month(today)
    for _n in range(MONTHS_BACK):
        month = previous_month(month)
    with connection.cursor() as cursor:
        cursor.execute(
            FACTS,
            {
                "now": now,
                "today": today,
                "since": month,
                "projects": project_ids,
                "pay_dates": json.dumps(
                    [{"month": str(m), "pay_day": str(d), "due_on": str(due)} for m, d, due in dates]
                ),
            },
        )
        return [Facts(project_id, region, today, *rest) for project_id, region, *rest in cursor.fetchall()]


def days_between(first: date, last: date) -> list[date]:
    """Every day from one to another, both included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
