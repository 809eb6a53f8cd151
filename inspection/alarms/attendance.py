"""C3, C4: a site at work that sends no attendance, and attendance that cannot be right (Order 724, article 28)."""

from django.utils.translation import gettext_lazy as _

from inspection.alarms.parts import WEEK_START, calendar, places, step, worked_since
from inspection.alarms.rule import Rule, Setting

# The newest day is looked up backwards, site by site, and found at once where a site works. Sites that were
# stopped are not asked; neither are days off. The bounds of the look-up leave two or three partitions in its plan.
SILENT = f"""
WITH {places(ladder="alarm.C3.wd")}, staffed AS (
  SELECT o.project_id, count(*)::int AS people, min(o.joined_on) AS first_joined
  FROM registration_posting o
  WHERE (o.left_on IS NULL OR o.left_on > %(today)s) AND o.joined_on <= %(today)s GROUP BY 1
), newest AS (
  SELECT pr.id AS project_id, pr.region_id, s.people, seen.day, coalesce(seen.day, s.first_joined - 1) AS since
  FROM registration_project pr
  JOIN staffed s ON s.project_id = pr.id
  LEFT JOIN LATERAL (
    SELECT d.day::date AS day
    FROM generate_series(%(today)s::timestamp, %(today)s - interval '60 days', interval '-1 day') d(day)
    WHERE EXISTS (SELECT FROM devices_attendanceday a WHERE a.day = d.day::date AND a.project_id = pr.id
                    AND a.day >= %(today)s - 60 AND a.day <= %(today)s)
    ORDER BY d.day DESC LIMIT 1
  ) seen ON true
  WHERE pr.state = 'building'
)
SELECT n.project_id, NULL::bigint AS participation_id, n.since::text AS period, l.level, NULL::date AS due_on,
       0::bigint AS amount_fen, n.people, jsonb_build_object('last_day', n.day, 'since', n.since) AS facts
FROM newest n
JOIN place ON place.region_id = n.region_id
{calendar("start", "n.since")}
CROSS JOIN LATERAL (SELECT {
    step(
        worked_since("start") + " - (SELECT is_working::int FROM calendar_day WHERE day = %(today)s)",
        "place.ladder",
    )
} AS level) l
WHERE l.level IS NOT NULL
"""  # noqa: S608 constants only; every value is a parameter

# The week up to today; what a clerk has decided to leave as it is counts no more. Its thresholds are those of
# the page of odd attendance (devices/oddities). Few records are shared: by the list of them the second look at the
# passages leaves most aside, instead of sorting all for the join.
ODD = f"""
WITH {places(people="alarm.C4.people", stay="attendance.longest_stay_hours", two="odd.two_sites", record="odd.record")}, site AS MATERIALIZED (
  SELECT pr.id AS project_id, place.people, make_interval(hours => (place.stay #>> '{{}}')::int) AS stay,
         make_interval(mins => (place.two ->> 'minutes')::int) AS two
  FROM registration_project pr JOIN place ON place.region_id = pr.region_id
), week AS MATERIALIZED (
  SELECT a.day, a.project_id, a.worker_id, a.first_in, a.last_out, a.state
  FROM devices_attendanceday a
  WHERE a.day >= {WEEK_START} AND a.day <= %(today)s AND a.first_in IS NOT NULL
), long_stay AS (
  SELECT w.project_id, w.worker_id, 'stay' AS what
  FROM week w
  JOIN site ON site.project_id = w.project_id
  WHERE (w.state = 'open' AND w.first_in < %(now)s - site.stay OR w.last_out - w.first_in > site.stay)
    AND NOT EXISTS (SELECT FROM devices_daycorrection d WHERE d.project_id = w.project_id AND d.worker_id = w.worker_id
                      AND d.day = w.day AND d.kind = 'leave' AND d.withdrawn_at IS NULL)
), two_sites AS (
  SELECT a.project_id, a.worker_id, 'sites'
  FROM week a
  JOIN week b ON b.day = a.day AND b.worker_id = a.worker_id AND b.project_id <> a.project_id
  JOIN site ON site.project_id = a.project_id
  WHERE least(coalesce(a.last_out, a.first_in), coalesce(b.last_out, b.first_in)) - greatest(a.first_in, b.first_in)
        >= site.two
), shared AS MATERIALIZED (
  SELECT p.project_id, p.terminal_id, p.event_id
  FROM devices_passage p
  WHERE p.day >= {WEEK_START} AND p.day <= %(today)s AND p.terminal_id <> 0
  GROUP BY 1, 2, 3 HAVING min(p.worker_id) <> max(p.worker_id)
), record AS (
  SELECT p.project_id, p.worker_id, 'record'
  FROM devices_passage p JOIN shared u USING (project_id, terminal_id, event_id)
  WHERE p.day >= {WEEK_START} AND p.day <= %(today)s AND p.event_id = ANY (ARRAY(SELECT event_id FROM shared))
), odd AS (
  SELECT * FROM long_stay UNION SELECT * FROM two_sites UNION SELECT * FROM record
), counted AS (
  SELECT o.project_id, count(DISTINCT o.worker_id)::int AS people, count(*) FILTER (WHERE o.what = 'stay') AS stay,
         count(*) FILTER (WHERE o.what = 'sites') AS sites, count(*) FILTER (WHERE o.what = 'record') AS record
  FROM odd o GROUP BY 1
)
SELECT c.project_id, NULL::bigint AS participation_id, to_char(%(today)s::date, 'IYYY-"W"IW') AS period, l.level,
       NULL::date AS due_on, 0::bigint AS amount_fen, c.people,
       jsonb_build_object('stay', c.stay, 'sites', c.sites, 'record', c.record) AS facts
FROM counted c
JOIN registration_project pr ON pr.id = c.project_id
JOIN place ON place.region_id = pr.region_id
CROSS JOIN LATERAL (SELECT {step("c.people", "place.people")} AS level) l
WHERE l.level IS NOT NULL
"""  # noqa: S608

RULES = (
    Rule(
        code="C3",
        title=_("No attendance from a working site"),
        explanation=_(
            "People are registered on a site that is under way, and for the working days set for the region its "
            "gates have sent nothing. Stopped sites and days off do not count."
        ),
        law=_("Order 724, article 28; real-name measures of 2019"),
        sql=SILENT,
        settings=(Setting("alarm.C3.wd", "wd", _("working days without attendance")),),
    ),
    Rule(
        code="C4",
        title=_("Attendance that cannot be right"),
        explanation=_(
            "This week people were on site for longer than a shift can be or without an exit, on two sites at the "
            "same time, or one card or device record stood for several people."
        ),
        law=_("Order 724, article 28; real-name measures of 2019"),
        sql=ODD,
        settings=(Setting("alarm.C4.people", "people", _("people with odd attendance in a week")),),
        reads=("attendance.longest_stay_hours", "odd.two_sites"),
    ),
)
