"""D7: people who left and are owed wages (1994 rules on wages, article 9; Order 724, article 31)."""

from django.utils.translation import gettext_lazy as _

from inspection.alarms.parts import calendar, calendar_after, first, places, since_month, step, worked_since
from inspection.alarms.rule import Rule, Setting

# A leaver's own open complaint is red at once; which of them complained stands nowhere in the alarm.
# As payroll.leavers.unsettled: unpaid slips, or days at the gates that no sheet sent to the person covers; those are
# priced at the posting's rate. Cash counts unless the worker denies it.
# In half a year a province's whole crews leave. So months are compared first, by the totals that the database keeps:
# single days are looked up only in months that no sheet covers from the first day to the last. A sheet's days lie
# within a month of the wage month that it names (payroll.wage_months).
SQL = f"""
WITH {places(ladder="alarm.D7.wd", month_days="pay.month_days")}, complained AS MATERIALIZED (
  SELECT DISTINCT t.worker_id, t.project_id FROM registration_complaint t
  WHERE t.state <> 'answered' AND t.topic IN ('unpaid', 'cash', 'days')
), gone AS MATERIALIZED (
  SELECT o.id AS posting_id, o.project_id, o.participation_id, o.worker_id, o.joined_on, o.left_on, o.settle_by,
         o.pay_basis, o.rate_fen, (place.month_days #>> '{{}}')::numeric AS month_days,
         CASE WHEN told.worker_id IS NOT NULL THEN 3 ELSE l.level END AS level, last.day AS last_day
  FROM registration_posting o
  JOIN registration_project pr ON pr.id = o.project_id
  JOIN place ON place.region_id = pr.region_id
  {calendar("start", "o.settle_by")}
  {calendar_after("last", "start", first("place.ladder"))}
  LEFT JOIN complained told ON told.worker_id = o.worker_id AND told.project_id = o.project_id
  CROSS JOIN LATERAL (SELECT {step(worked_since("start"), "place.ladder", ">")} AS level) l
  WHERE o.left_on BETWEEN {since_month("D7", 6)} AND %(today)s AND o.settle_by IS NOT NULL
    AND (l.level IS NOT NULL OR (told.worker_id IS NOT NULL AND o.settle_by < %(today)s))
), unpaid AS (
  SELECT g.posting_id, sum(p.net_fen)::bigint AS fen
  FROM gone g JOIN payroll_payslip p ON p.project_id = g.project_id AND p.worker_id = g.worker_id
  WHERE p.month >= (date_trunc('month', %(today)s::date) - interval '24 months')::date
    AND p.confirmation <> 'draft' AND p.net_fen > 0 AND p.payment <> 'paid'
    AND NOT (p.payment = 'cash' AND NOT EXISTS (
      SELECT FROM payroll_cashpayment c
      WHERE c.project_id = p.project_id AND c.sheet_id = p.sheet_id AND c.worker_id = p.worker_id
        AND c.denied_at IS NOT NULL AND c.withdrawn_at IS NULL))
  GROUP BY 1
), here AS MATERIALIZED (
  SELECT DISTINCT g.posting_id, g.project_id, g.worker_id, t.month,
         greatest(g.joined_on, %(today)s - 365, t.month) AS first_day,
         least(g.left_on, (t.month + interval '1 month')::date - 1) AS last_day
  FROM gone g JOIN devices_monthtotal t ON t.project_id = g.project_id AND t.worker_id = g.worker_id
   AND t.month <= g.left_on AND (t.month + interval '1 month')::date > g.joined_on
  WHERE t.month > %(today)s::date - 365 - 31 AND t.month <= %(today)s AND t.dates > 0
), loose AS MATERIALIZED (
  SELECT h.* FROM here h
  WHERE h.first_day <= h.last_day AND NOT EXISTS (
    SELECT FROM payroll_payslip p
    JOIN payroll_paysheet s ON s.id = p.sheet_id AND s.project_id = p.project_id
    WHERE p.project_id = h.project_id AND p.worker_id = h.worker_id AND p.confirmation <> 'draft'
      AND p.month > %(today)s::date - 365 - 93
      AND coalesce(s.first_day, p.month) <= h.first_day
      AND coalesce(s.last_day, (p.month + interval '1 month')::date - 1) >= h.last_day)
), unsheeted AS (
  SELECT w.posting_id, sum(CASE g.pay_basis
           WHEN 'piece' THEN 0
           WHEN 'month' THEN least(g.rate_fen, round(g.rate_fen * w.days / g.month_days))
           WHEN 'hour' THEN round(g.rate_fen * round(w.minutes / 60.0, 2))
           ELSE round(g.rate_fen * w.days) END)::bigint AS fen
  FROM (
    SELECT l.posting_id, l.month, sum(a.days) AS days, sum(a.minutes) AS minutes
    FROM loose l CROSS JOIN LATERAL (
      SELECT a.days, a.minutes FROM devices_attendanceday a
      WHERE a.project_id = l.project_id AND a.worker_id = l.worker_id AND a.day BETWEEN l.first_day AND l.last_day
        AND NOT EXISTS (
          SELECT FROM payroll_payslip p
          JOIN payroll_paysheet s ON s.id = p.sheet_id AND s.project_id = p.project_id
          WHERE p.project_id = l.project_id AND p.worker_id = l.worker_id AND p.confirmation <> 'draft'
            AND p.month BETWEEN l.month - 93 AND l.month + 93
            AND a.day BETWEEN coalesce(s.first_day, p.month)
                          AND coalesce(s.last_day, (p.month + interval '1 month')::date - 1))
      OFFSET 0) a
    GROUP BY 1, 2) w
  JOIN gone g ON g.posting_id = w.posting_id
  GROUP BY 1
)
SELECT g.project_id, mode() WITHIN GROUP (ORDER BY g.participation_id) AS participation_id,
       to_char(g.left_on, 'YYYY-MM') AS period, max(g.level) AS level, min(g.last_day) AS due_on,
       sum(coalesce(u.fen, 0) + coalesce(n.fen, 0))::bigint AS amount_fen, count(*)::int AS people,
       jsonb_build_object('unpaid', count(u.posting_id), 'unsheeted', count(n.posting_id),
         'settle_by', min(g.settle_by), 'estimated', count(n.posting_id) > 0) AS facts
FROM gone g
LEFT JOIN unpaid u ON u.posting_id = g.posting_id
LEFT JOIN unsheeted n ON n.posting_id = g.posting_id
WHERE u.posting_id IS NOT NULL OR n.posting_id IS NOT NULL
GROUP BY g.project_id, to_char(g.left_on, 'YYYY-MM')
"""  # noqa: S608 constants only; every value is a parameter

RULE = Rule(
    code="D7",
    title=_("Leavers not settled"),
    explanation=_(
        "People left the site, and the working days set for the region have passed since their wages were due; "
        "a leaver's wages are due at once and never wait for the monthly sheet. Red, and at once, while a "
        "complaint about wages from one of them is open."
    ),
    law=_("Rules on wages of 1994, article 9; order 724, article 31"),
    sql=SQL,
    settings=(Setting("alarm.D7.wd", "wd", _("working days after a leaver's wages were due")),),
    reads=("pay.month_days",),
    levels=(2, 3),
    monthly=True,
    wide=True,
    after=frozenset({"line.result", "sheet.submitted", "cash.paid", "complaint.filed", "case.step"}),
)
