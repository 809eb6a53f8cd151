"""C2, C5: people at work without contract or training, or against the age and trade rules (Order 724, article 28)."""

from django.utils.translation import gettext_lazy as _

from inspection.alarms.parts import places, step
from inspection.alarms.rule import Rule, Setting

# Only people on record as working here now; each counts once, whatever is missing. Training counts from
# anywhere, by the kinds and days of the region's condition of entry. What somebody lacks is looked for as what is
# not there, which is one hash table each; a table of everybody's last training would be sorted first.
PAPERS = f"""
WITH {places(days="alarm.C2.days", people="alarm.C2.people", training="entry.training", stale="entry.stale")}, asked AS MATERIALIZED (
  SELECT pr.id AS project_id, (place.days ->> 'yellow')::int AS days, place.training IS NOT NULL AS trained,
         coalesce((place.training ->> 'within_days')::int, 365) AS training_days, place.training -> 'kinds' AS kinds,
         coalesce((place.stale ->> 'days')::int, 365) AS stale_days
  FROM registration_project pr JOIN place ON place.region_id = pr.region_id
  WHERE pr.state <> 'done'
), here AS MATERIALIZED (
  SELECT o.project_id, o.id AS posting_id, o.worker_id, o.participation_id,
         CASE WHEN a.trained THEN o.joined_on - a.training_days END AS trained_since, a.kinds, a.stale_days
  FROM registration_posting o
  JOIN asked a ON a.project_id = o.project_id
  WHERE (o.left_on IS NULL OR o.left_on > %(today)s) AND %(today)s - o.joined_on >= a.days
), lacking AS (
  SELECT h.project_id, h.posting_id, h.participation_id, 'contract' AS what FROM here h
  WHERE NOT EXISTS (
    SELECT FROM registration_labourcontract c
    WHERE c.project_id = h.project_id AND c.posting_id = h.posting_id
      AND c.state IN ('in_force', 'ended', 'terminated', 'renewed') AND c.signed_on <= %(today)s
      AND c.starts_on <= %(today)s AND coalesce(c.ended_on, c.ends_on, 'infinity') >= %(today)s)
  UNION ALL
  SELECT h.project_id, h.posting_id, h.participation_id, 'training' FROM here h
  WHERE h.trained_since IS NOT NULL AND NOT EXISTS (
    SELECT FROM registration_trainingattendance a
    JOIN registration_training t ON t.id = a.training_id AND t.project_id = a.project_id
    WHERE a.worker_id = h.worker_id AND a.passed AND t.held_on <= %(today)s AND t.held_on >= h.trained_since
      AND (h.kinds IS NULL OR h.kinds ? t.kind))
  UNION ALL
  SELECT h.project_id, h.posting_id, h.participation_id, 'stale' FROM here h
  JOIN registration_worker w ON w.id = h.worker_id
  WHERE (coalesce(w.updated_at, w.registered_at) AT TIME ZONE 'Asia/Shanghai')::date < %(today)s - h.stale_days
), counted AS (
  SELECT k.project_id, count(DISTINCT k.posting_id)::int AS people,
         count(*) FILTER (WHERE k.what = 'contract') AS no_contract,
         count(*) FILTER (WHERE k.what = 'training') AS no_training, count(*) FILTER (WHERE k.what = 'stale') AS stale,
         mode() WITHIN GROUP (ORDER BY k.participation_id) AS participation_id
  FROM lacking k GROUP BY 1
)
SELECT c.project_id, c.participation_id, 'standing' AS period, {step("c.people", "place.people")} AS level,
       NULL::date AS due_on, 0::bigint AS amount_fen, c.people,
       jsonb_build_object('no_contract', c.no_contract, 'no_training', c.no_training, 'stale', c.stale) AS facts
FROM counted c
JOIN registration_project pr ON pr.id = c.project_id
JOIN place ON place.region_id = pr.region_id
WHERE {step("c.people", "place.people")} IS NOT NULL
"""  # noqa: S608

# The conditions of entry decide what counts and how hard: what denies entry is orange, what warns is yellow,
# and somebody below the youngest age is red everywhere. Trades are compared once, not once per person.
AGE_AND_TRADE = f"""
WITH {
    places(
        age="entry.age",
        youngest="people.youngest_age",
        adult="people.adult_age",
        certificate="entry.certificate",
        people="alarm.C5.people",
    )
}, here AS (
  SELECT o.project_id, o.participation_id, o.worker_id, o.trade, pr.region_id, w.sex, w.birth_date
  FROM registration_posting o
  JOIN registration_project pr ON pr.id = o.project_id
  JOIN registration_worker w ON w.id = o.worker_id
  WHERE (o.left_on IS NULL OR o.left_on > %(today)s) AND o.joined_on <= %(today)s AND pr.state <> 'done'
), trades AS MATERIALIZED (
  SELECT DISTINCT region_id, trade FROM here
), age_limit AS MATERIALIZED (
  SELECT t.region_id, t.trade, v.item ->> 'level' AS level,
         nullif((v.item ->> 'male')::int, 0) AS male, nullif((v.item ->> 'female')::int, 0) AS female
  FROM trades t JOIN place ON place.region_id = t.region_id
  CROSS JOIN LATERAL jsonb_array_elements(place.age -> 'limits') v(item)
  WHERE v.item ->> 'level' IN ('warn', 'deny')
    AND (coalesce(jsonb_array_length(v.item -> 'trades'), 0) = 0
         OR EXISTS (SELECT FROM jsonb_array_elements_text(v.item -> 'trades') w WHERE strpos(t.trade, w) > 0))
), special AS MATERIALIZED (
  SELECT t.region_id, t.trade, place.certificate ->> 'level' AS level,
         (SELECT g.words FROM jsonb_array_elements(place.certificate -> 'trades') WITH ORDINALITY g(words, place)
          WHERE EXISTS (SELECT FROM jsonb_array_elements_text(g.words) w WHERE strpos(t.trade, w) > 0)
          ORDER BY g.place LIMIT 1) AS words
  FROM trades t JOIN place ON place.region_id = t.region_id
  WHERE place.certificate ->> 'level' IN ('warn', 'deny')
), against AS (
  SELECT h.project_id, h.participation_id, h.worker_id, 'young' AS what, 3 AS level
  FROM here h JOIN place ON place.region_id = h.region_id
  WHERE h.birth_date > (%(today)s - make_interval(years => (place.youngest #>> '{{}}')::int))::date
  UNION ALL
  SELECT h.project_id, h.participation_id, h.worker_id, 'minor',
         CASE place.age ->> 'minor' WHEN 'deny' THEN 2 ELSE 1 END
  FROM here h JOIN place ON place.region_id = h.region_id
  WHERE place.age ->> 'minor' IN ('warn', 'deny')
    AND h.birth_date > (%(today)s - make_interval(years => (place.adult #>> '{{}}')::int))::date
    AND h.birth_date <= (%(today)s - make_interval(years => (place.youngest #>> '{{}}')::int))::date
  UNION ALL
  SELECT h.project_id, h.participation_id, h.worker_id, 'old', max(CASE a.level WHEN 'deny' THEN 2 ELSE 1 END)
  FROM here h JOIN age_limit a ON a.region_id = h.region_id AND a.trade = h.trade
  WHERE %(today)s > (h.birth_date + make_interval(years => CASE h.sex WHEN 1 THEN a.male ELSE a.female END))::date
  GROUP BY 1, 2, 3
  UNION ALL
  SELECT h.project_id, h.participation_id, h.worker_id, 'certificate',
         CASE s.level WHEN 'deny' THEN 2 ELSE 1 END
  FROM here h JOIN special s ON s.region_id = h.region_id AND s.trade = h.trade AND s.words IS NOT NULL
  WHERE NOT EXISTS (
    SELECT FROM registration_certificate c, jsonb_array_elements_text(s.words) w
    WHERE c.worker_id = h.worker_id AND c.kind = 'special' AND c.issued_on <= %(today)s
      AND coalesce(c.expires_on, 'infinity') >= %(today)s AND strpos(c.trade, w) > 0)
), counted AS (
  SELECT g.project_id, max(g.level) AS level, count(DISTINCT g.worker_id)::int AS people,
         count(*) FILTER (WHERE g.what = 'young') AS young, count(*) FILTER (WHERE g.what = 'minor') AS minor,
         count(*) FILTER (WHERE g.what = 'old') AS old, count(*) FILTER (WHERE g.what = 'certificate') AS certificate,
         mode() WITHIN GROUP (ORDER BY g.participation_id) AS participation_id
  FROM against g GROUP BY 1
)
SELECT c.project_id, c.participation_id, 'standing' AS period, c.level, NULL::date AS due_on,
       0::bigint AS amount_fen, c.people,
       jsonb_build_object('young', c.young, 'minor', c.minor, 'old', c.old, 'certificate', c.certificate) AS facts
FROM counted c
JOIN registration_project pr ON pr.id = c.project_id
JOIN place ON place.region_id = pr.region_id
WHERE c.level = 3 OR c.people >= (place.people ->> 'yellow')::int
"""  # noqa: S608

RULES = (
    Rule(
        code="C2",
        title=_("Without contract or training"),
        explanation=_(
            "People have worked here for longer than the days set for the region without a contract in force or "
            "a safety training on record, or their data is older than a year."
        ),
        law=_("Order 724, article 28; real-name measures of 2019"),
        sql=PAPERS,
        settings=(
            Setting("alarm.C2.days", "days", _("days after joining")),
            Setting("alarm.C2.people", "people", _("people without papers")),
        ),
        wide=True,
        after=frozenset({"contract.signed"}),
    ),
    Rule(
        code="C5",
        title=_("Age or trade rule"),
        explanation=_(
            "People at work are below or above the age set for the region or the trade, or do a special operation "
            "without a valid certificate. What only warns at the gate is yellow, what denies entry orange; "
            "somebody below the youngest age is always red."
        ),
        law=_("Labour Law, articles 15 and 58; Work Safety Law, article 30; regional rules"),
        sql=AGE_AND_TRADE,
        settings=(Setting("alarm.C5.people", "people", _("people against the rules")),),
        reads=("people.youngest_age", "people.adult_age"),
        levels=(1, 2, 3),
    ),
)
