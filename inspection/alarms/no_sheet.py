"""D1: no pay sheet some days after the end of the month (Order 724, articles 31 and 56)."""

from django.utils.translation import gettext_lazy as _

from inspection.alarms.rule import Rule

SQL = """
WITH worked AS (
  SELECT a.project_id, po.participation_id, count(DISTINCT a.worker_id) AS people,
         sum(round(a.days * po.rate_fen / CASE po.pay_basis WHEN 'month' THEN 21.75 ELSE 1 END)
             * CASE WHEN po.pay_basis = 'hour' THEN 8 ELSE 1 END)::bigint AS worth_fen
  FROM devices_attendanceday a
  JOIN registration_posting po ON po.id = a.posting_id AND po.project_id = a.project_id
  WHERE a.day >= (date_trunc('month', %(today)s::date) - interval '1 month')::date
    AND a.day < date_trunc('month', %(today)s::date)::date AND a.days > 0 AND po.pay_basis <> 'piece'
  GROUP BY 1, 2
)
SELECT w.project_id,
       (array_agg(w.participation_id ORDER BY w.worth_fen DESC))[1] AS participation_id,
       to_char(date_trunc('month', %(today)s::date) - interval '1 month', 'YYYY-MM') AS period,
       1 AS level,
       NULL::date AS due_on, sum(w.worth_fen)::bigint AS amount_fen, sum(w.people)::int AS people,
       jsonb_build_object('estimated', true, 'parts', jsonb_agg(jsonb_build_object(
         'participation', w.participation_id, 'owed_fen', w.worth_fen, 'people', w.people)
         ORDER BY w.worth_fen DESC)) AS facts
FROM worked w
JOIN registration_project pr ON pr.id = w.project_id
WHERE extract(day FROM %(today)s::date) > (wagewatch_parameter('alarm.D1.day_of_month', pr.region_id, %(today)s)->>'yellow')::int
  AND NOT EXISTS (
    SELECT 1 FROM payroll_paysheet s
    WHERE s.project_id = w.project_id AND s.participation_id = w.participation_id
      AND s.month = (date_trunc('month', %(today)s::date) - interval '1 month')::date AND s.state <> 'draft')
GROUP BY w.project_id
"""

RULE = Rule(
    code="D1",
    title=_("No pay sheet made for last month"),
    explanation=_(
        "People worked last month, and their employer has not sent them a pay sheet by the day set for the region."
    ),
    law=_("Order 724, articles 31 and 56"),
    sql=SQL,
    parameters=("alarm.D1.day_of_month",),
)
