"""C1: people who are not registered, or have left, were at the gate (Order 724, article 28)."""

from django.utils.translation import gettext_lazy as _

from inspection.alarms.rule import Rule, Setting

SQL = """
SELECT r.project_id, NULL::bigint AS participation_id, to_char(%(today)s::date, 'IYYY-"W"IW') AS period,
       CASE WHEN count(DISTINCT r.day) > 1 AND bool_or(r.was_let_in) THEN 2 ELSE 1 END AS level,
       NULL::date AS due_on, 0::bigint AS amount_fen,
       count(DISTINCT coalesce(r.worker_id::text, encode(r.person_index, 'hex'), r.event_id))::int AS people,
       jsonb_build_object('entries', count(*), 'let_in', count(*) FILTER (WHERE r.was_let_in),
                          'days', count(DISTINCT r.day)) AS facts
FROM devices_refusedentry r
JOIN registration_project pr ON pr.id = r.project_id
WHERE r.day >= date_trunc('week', %(today)s::date)::date AND r.day <= %(today)s
  AND r.reason IN ('unregistered', 'left', 'not_yet')
GROUP BY r.project_id, pr.region_id
HAVING count(*) >= (wagewatch_parameter('alarm.C1.entries', pr.region_id, %(today)s)->>'yellow')::int
"""

RULE = Rule(
    code="C1",
    title=_("Unregistered people at the gate"),
    explanation=_("This week people who are not registered here, or have left, showed up at the gate."),
    law=_("Order 724, article 28"),
    sql=SQL,
    settings=(Setting("alarm.C1.entries", "entries", _("entries refused in a week")),),
    levels=(1, 2),
    after=frozenset({"gate.refused"}),
)
