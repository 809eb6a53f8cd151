"""D8: cash, or bank cards in other hands (Order 724, articles 30, 31 and 54)."""

from django.utils.translation import gettext_lazy as _

from inspection.alarms.parts import places, since_month, step
from inspection.alarms.rule import Rule, Setting

# Three facts about one wage month. Denied: cash that the worker says never came, until it goes to the card after all.
# Said: the worker's own report, until the data answer it: another card of the worker's own for a card that somebody
# holds, or the month's wages paid to the card after the report. Often: more cash by exception in the last weeks than
# an exception can be. None of it ends by a click.
SQL = f"""
WITH {places(ladder="alarm.D8.payments", window="alarm.D8.days")}, denied AS (
  SELECT c.project_id, c.month, c.worker_id, c.amount_fen AS fen, s.participation_id, 'denied' AS what
  FROM payroll_cashpayment c
  JOIN payroll_paysheet s ON s.id = c.sheet_id AND s.project_id = c.project_id
  WHERE c.denied_at IS NOT NULL AND c.withdrawn_at IS NULL
), said AS (
  SELECT r.project_id, r.month, r.worker_id, coalesce(r.amount_fen, 0), o.participation_id, r.kind
  FROM payroll_cashreport r
  LEFT JOIN LATERAL (
    SELECT x.participation_id FROM registration_posting x
    WHERE x.project_id = r.project_id AND x.worker_id = r.worker_id ORDER BY x.joined_on DESC, x.id DESC LIMIT 1) o ON true
  WHERE r.month >= {since_month("D8", 6)}
    AND CASE r.kind
          WHEN 'card_held' THEN NOT EXISTS (
            SELECT FROM registration_bankcard b
            WHERE b.worker_id = r.worker_id AND b.is_current AND b.added_at > r.at)
          ELSE NOT EXISTS (
            SELECT FROM payroll_payslip p
            WHERE p.project_id = r.project_id AND p.month = r.month AND p.worker_id = r.worker_id
              AND p.payment = 'paid' AND p.paid_at > r.at) END
), lately AS (
  SELECT c.project_id, s.participation_id, max(c.month) AS month, count(*) AS times, sum(c.amount_fen) AS fen,
         count(DISTINCT c.worker_id) AS workers
  FROM payroll_cashpayment c
  JOIN payroll_paysheet s ON s.id = c.sheet_id AND s.project_id = c.project_id
  JOIN registration_project pr ON pr.id = c.project_id
  JOIN place ON place.region_id = pr.region_id
  WHERE c.withdrawn_at IS NULL AND c.at > %(now)s - make_interval(days => (place.window ->> 'orange')::int)
  GROUP BY 1, 2
), often AS (
  SELECT l.project_id, l.month, l.participation_id, l.times, l.fen, l.workers, t.level
  FROM lately l
  JOIN registration_project pr ON pr.id = l.project_id
  JOIN place ON place.region_id = pr.region_id
  CROSS JOIN LATERAL (SELECT {step("l.times", "place.ladder")} AS level) t
  WHERE t.level IS NOT NULL
), told AS (
  SELECT * FROM denied UNION ALL SELECT * FROM said
), fact AS (
  SELECT t.project_id, t.month, mode() WITHIN GROUP (ORDER BY t.participation_id) AS participation_id, 2 AS level,
         sum(t.fen)::bigint AS fen, count(DISTINCT t.worker_id)::int AS people,
         count(*) FILTER (WHERE t.what = 'denied') AS denied,
         count(*) FILTER (WHERE t.what = 'card_held') AS card_held,
         count(*) FILTER (WHERE t.what NOT IN ('denied', 'card_held')) AS reports, 0 AS payments
  FROM told t GROUP BY 1, 2
  UNION ALL
  SELECT o.project_id, o.month, o.participation_id, o.level, o.fen::bigint, o.workers::int, 0, 0, 0, o.times FROM often o
)
SELECT f.project_id, (array_agg(f.participation_id ORDER BY f.fen DESC, f.participation_id))[1] AS participation_id,
       to_char(f.month, 'YYYY-MM') AS period, max(f.level) AS level, NULL::date AS due_on,
       sum(f.fen)::bigint AS amount_fen, sum(f.people)::int AS people,
       jsonb_build_object('denied', sum(f.denied), 'card_held', sum(f.card_held), 'reports', sum(f.reports),
         'payments', sum(f.payments)) AS facts
FROM fact f GROUP BY f.project_id, f.month
"""  # noqa: S608 constants only; every value is a parameter

RULE = Rule(
    code="D8",
    title=_("Cash, or a card in other hands"),
    explanation=_(
        "A worker says that money is asked back, that wages came in cash past the sheet, that somebody else holds "
        "the bank card, or that cash on record never came; or a firm pays in cash again and again."
    ),
    law=_("Order 724, articles 30, 31 and 54"),
    sql=SQL,
    settings=(
        Setting("alarm.D8.payments", "payments", _("cash payments of one firm within the days")),
        Setting("alarm.D8.days", "days", _("days in which cash payments are counted")),
    ),
    levels=(2,),
    monthly=True,
    after=frozenset({"cash.paid", "cash.reported", "line.result"}),
)
