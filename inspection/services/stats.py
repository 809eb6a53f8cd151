"""Rebuild the figures that dashboards read; one statement over all projects."""

from datetime import datetime

from django.db import connection

from wagewatch.lib.dates import SITE_TZ

SQL = """
WITH open_people AS (
  SELECT project_id, count(DISTINCT worker_id) AS n FROM registration_posting WHERE left_on IS NULL GROUP BY 1
), last_pass AS (
  SELECT DISTINCT ON (project_id, worker_id) project_id, worker_id, direction, at
  FROM devices_passage WHERE day >= %(today)s - 1 AND at <= %(now)s
  ORDER BY project_id, worker_id, at DESC
), present AS (
  SELECT project_id, count(*) FILTER (WHERE direction = 1 AND at > %(now)s - interval '16 hours') AS n
  FROM last_pass GROUP BY 1
), latest AS (
  SELECT project_id, max(at) AS at FROM devices_passage
  WHERE day >= %(today)s - 31 AND at <= %(now)s GROUP BY 1
), attended AS (
  SELECT project_id, count(DISTINCT worker_id) AS n FROM devices_attendanceday
  WHERE day > %(today)s - 30 AND day <= %(today)s GROUP BY 1
), refused AS (
  SELECT project_id, count(*) AS n FROM devices_refusedentry
  WHERE day > %(today)s - 7 AND day <= %(today)s GROUP BY 1
), owed AS (
  SELECT project_id, sum(amount_fen)::bigint AS fen, sum(people) AS person_months, min(due_on) AS due_on
  FROM inspection_alarm WHERE rule = 'D3' AND state = 'open' GROUP BY 1
), owed_people AS (
  SELECT project_id, max(people) AS n FROM inspection_alarm WHERE rule = 'D3' AND state = 'open' GROUP BY 1
), last_month AS (
  SELECT s.project_id, s.month, count(*) AS people, count(*) FILTER (WHERE p.payment = 'paid') AS paid_people,
         sum(p.net_fen)::bigint AS net, coalesce(sum(p.net_fen) FILTER (WHERE p.payment = 'paid'), 0)::bigint AS paid
  FROM payroll_paysheet s
  JOIN payroll_payslip p ON p.project_id = s.project_id AND p.month = s.month AND p.sheet_id = s.id
  WHERE s.state <> 'draft' AND s.kind = 'monthly'
    AND s.month = (SELECT max(t.month) FROM payroll_paysheet t
                   WHERE t.project_id = s.project_id AND t.state <> 'draft' AND t.kind = 'monthly')
  GROUP BY 1, 2
)
INSERT INTO inspection_projectstat AS stat
  (project_id, as_of, workers_open, on_site_now, attended_30d, refused_7d, owed_fen, owed_people, oldest_due_on,
   last_month, last_month_people, last_month_paid_people, last_month_net_fen, last_month_paid_fen,
   balance_fen, last_passage_at)
SELECT pr.id, %(now)s, coalesce(op.n, 0), coalesce(here.n, 0), coalesce(at.n, 0), coalesce(rf.n, 0),
       coalesce(ow.fen, 0), coalesce(owp.n, 0), ow.due_on,
       lm.month, coalesce(lm.people, 0), coalesce(lm.paid_people, 0), coalesce(lm.net, 0), coalesce(lm.paid, 0),
       sl.balance_fen, la.at
FROM registration_project pr
LEFT JOIN open_people op ON op.project_id = pr.id
LEFT JOIN present here ON here.project_id = pr.id
LEFT JOIN latest la ON la.project_id = pr.id
LEFT JOIN attended at ON at.project_id = pr.id
LEFT JOIN refused rf ON rf.project_id = pr.id
LEFT JOIN owed ow ON ow.project_id = pr.id
LEFT JOIN owed_people owp ON owp.project_id = pr.id
LEFT JOIN last_month lm ON lm.project_id = pr.id
LEFT JOIN payroll_subledger sl ON sl.project_id = pr.id
ON CONFLICT (project_id) DO UPDATE SET
  as_of = excluded.as_of, workers_open = excluded.workers_open, on_site_now = excluded.on_site_now,
  attended_30d = excluded.attended_30d, refused_7d = excluded.refused_7d, owed_fen = excluded.owed_fen,
  owed_people = excluded.owed_people, oldest_due_on = excluded.oldest_due_on, last_month = excluded.last_month,
  last_month_people = excluded.last_month_people, last_month_paid_people = excluded.last_month_paid_people,
  last_month_net_fen = excluded.last_month_net_fen, last_month_paid_fen = excluded.last_month_paid_fen,
  balance_fen = excluded.balance_fen, last_passage_at = excluded.last_passage_at
"""


def rebuild_stat(*, now: datetime) -> int:
    """Bring ProjectStat up to `now` for every project; returns how many rows were written."""
    with connection.cursor() as cursor:
        cursor.execute(SQL, {"now": now, "today": now.astimezone(SITE_TZ).date()})
        return cursor.rowcount
