"""One set-based statement per kind of oddity.

Each takes %(projects)s, %(parts)s (parts whose people the reader sees, or NULL for everybody), %(since)s, %(until)s
(work dates, both included), %(key)s and %(default)s of its regional threshold, %(now)s, %(workdays)s, %(limit)s, and
answers project, person, second person, terminal, part, how often, of how many, first day, last day, further figures
and the number of rows without the limit.
"""

SITES = """
WITH site AS MATERIALIZED (
  SELECT pr.id, coalesce(wagewatch_parameter(%(key)s, pr.region_id, %(until)s), %(default)s::jsonb) AS p
  FROM registration_project pr WHERE pr.id = ANY(%(projects)s)
), """

_SEES = """(%(parts)s::bigint[] IS NULL OR EXISTS (
    SELECT FROM registration_posting o WHERE o.project_id = {project} AND o.worker_id = {worker}
      AND o.participation_id = ANY(%(parts)s)))"""


def _sees(row: str, worker: str = "worker_id") -> str:
    return _SEES.format(project=f"{row}.project_id", worker=f"{row}.{worker}")


_ANSWER = """
SELECT project_id, worker_id, other_id, terminal_id, part_id, n, of_n, first_day, last_day, facts, count(*) OVER ()
FROM found f WHERE {condition} ORDER BY n DESC, last_day DESC, project_id, worker_id LIMIT %(limit)s
"""

# A record number that stands for several people: a card lent, or a device that counts anew. The cheap grouping
# finds the few numbers with more than one person; only those are counted exactly.
RECORD = (
    SITES  # noqa: S608 constants only; every value is a parameter
    + """used AS (
  SELECT p.project_id, p.terminal_id, p.event_id
  FROM devices_passage p
  WHERE p.project_id = ANY(%(projects)s) AND p.day BETWEEN %(since)s AND %(until)s AND p.terminal_id <> 0
  GROUP BY 1, 2, 3 HAVING min(p.worker_id) <> max(p.worker_id)
), found AS (
  SELECT p.project_id, min(p.worker_id) AS worker_id, max(p.worker_id) AS other_id, p.terminal_id, NULL::bigint AS part_id,
         count(DISTINCT p.worker_id) AS n, count(*) AS of_n, min(p.day) AS first_day, max(p.day) AS last_day,
         jsonb_build_object('record', p.event_id) AS facts
  FROM devices_passage p JOIN used u USING (project_id, terminal_id, event_id) JOIN site s ON s.id = p.project_id
  WHERE p.project_id = ANY(%(projects)s) AND p.day BETWEEN %(since)s AND %(until)s
  GROUP BY p.project_id, p.terminal_id, p.event_id, s.p
  HAVING count(DISTINCT p.worker_id) >= (s.p->>'people')::int
)"""
    + _ANSWER.format(condition=_sees("f"))
)

# One badge used in turn by several people, or one person seen in turn with several badges. Whom a badge was handed
# after another came back is not meant: their times do not cross.
_BADGES = (
    SITES  # noqa: S608
    + """used AS (
  SELECT a.*, s.p, greatest((a.first_at AT TIME ZONE 'Asia/Shanghai')::date, %(since)s) AS first_day,
         least((a.last_at AT TIME ZONE 'Asia/Shanghai')::date, %(until)s) AS last_day
  FROM devices_badgeuse a JOIN site s ON s.id = a.project_id
  WHERE a.project_id = ANY(%(projects)s) AND (a.last_at AT TIME ZONE 'Asia/Shanghai')::date >= %(since)s
    AND (a.first_at AT TIME ZONE 'Asia/Shanghai')::date <= %(until)s
    AND EXISTS (SELECT FROM devices_badgeuse b WHERE b.project_id = a.project_id AND {same}
                AND b.first_at <= a.last_at AND b.last_at >= a.first_at)
), found AS (
  SELECT project_id, min(worker_id) AS worker_id, {other} AS other_id, min(terminal_id) AS terminal_id,
         NULL::bigint AS part_id, {count} AS n, NULL::bigint AS of_n, min(first_day) AS first_day,
         max(last_day) AS last_day, jsonb_build_object('badge', string_agg(DISTINCT number, ' ')) AS facts
  FROM used GROUP BY project_id, {by}, p HAVING {count} >= (p->>'{threshold}')::int
)"""
)
BADGE = _BADGES.format(
    same="b.number = a.number AND b.worker_id <> a.worker_id",
    other="max(worker_id)",
    count="count(DISTINCT worker_id)",
    by="number",
    threshold="people",
) + _ANSWER.format(condition=_sees("f"))
BADGES = _BADGES.format(
    same="b.worker_id = a.worker_id AND b.number <> a.number",
    other="NULL::bigint",
    count="count(DISTINCT number)",
    by="worker_id",
    threshold="badges",
) + _ANSWER.format(condition=_sees("f"))

# One image, byte for byte, that stands for several people: registered twice, or shown to a gate again and again.
# A registered picture counts while its person works on the site within the days looked at.
PICTURE = (
    SITES  # noqa: S608
    + """pictures AS (
  SELECT g.project_id, g.worker_id, g.terminal_id, g.day, f.sha256, 1 AS by_gate
  FROM devices_gatephoto g JOIN registration_storedfile f ON f.id = g.file_id
  WHERE g.project_id = ANY(%(projects)s) AND g.day BETWEEN %(since)s AND %(until)s AND g.worker_id IS NOT NULL
  UNION ALL
  SELECT o.project_id, o.worker_id, NULL, least(greatest(o.joined_on, %(since)s), %(until)s), w.sha256, 0
  FROM registration_posting o JOIN registration_workerphoto w ON w.worker_id = o.worker_id
  WHERE o.project_id = ANY(%(projects)s) AND o.joined_on <= %(until)s
    AND (o.left_on IS NULL OR o.left_on >= %(since)s)
), found AS (
  SELECT p.project_id, min(p.worker_id) AS worker_id, max(p.worker_id) AS other_id, min(p.terminal_id) AS terminal_id,
         NULL::bigint AS part_id, count(DISTINCT p.worker_id) AS n, sum(p.by_gate)::bigint AS of_n,
         min(p.day) AS first_day, max(p.day) AS last_day,
         jsonb_build_object('registered', count(DISTINCT p.worker_id) FILTER (WHERE p.by_gate = 0)) AS facts
  FROM pictures p JOIN site s ON s.id = p.project_id
  GROUP BY p.project_id, p.sha256, s.p HAVING count(DISTINCT p.worker_id) >= (s.p->>'people')::int
)"""
    + _ANSWER.format(condition=f"{_sees('f')} AND {_sees('f', 'other_id')}")
)

TOGETHER = (
    SITES  # noqa: S608
    + """near AS (
  SELECT p.project_id, p.day, p.terminal_id, p.worker_id, p.at,
         lead(p.worker_id) OVER w AS next_id, lead(p.at) OVER w AS next_at
  FROM devices_passage p
  WHERE p.project_id = ANY(%(projects)s) AND p.day BETWEEN %(since)s AND %(until)s
    AND p.terminal_id <> 0 AND NOT p.is_repeat
  WINDOW w AS (PARTITION BY p.project_id, p.day, p.terminal_id ORDER BY p.at, p.worker_id)
), found AS (
  SELECT k.project_id, least(k.worker_id, k.next_id) AS worker_id, greatest(k.worker_id, k.next_id) AS other_id,
         min(k.terminal_id) AS terminal_id, NULL::bigint AS part_id, count(DISTINCT k.day) AS n, count(*) AS of_n,
         min(k.day) AS first_day, max(k.day) AS last_day, s.p AS facts
  FROM near k JOIN site s ON s.id = k.project_id
  WHERE k.next_id <> k.worker_id AND k.next_at - k.at <= make_interval(secs => (s.p->>'seconds')::float)
  GROUP BY 1, 2, 3, s.p HAVING count(DISTINCT k.day) >= (s.p->>'days')::int
)"""
    + _ANSWER.format(condition=f"{_sees('f')} AND {_sees('f', 'other_id')}")
)

# By firm, since it is the firm's clerk who adds stamps; the person named is the one with the most.
BY_HAND = (
    SITES  # noqa: S608
    + """seen AS (
  SELECT p.project_id, p.worker_id, count(*) AS n, count(*) FILTER (WHERE p.terminal_id = 0) AS hand,
         min(p.day) FILTER (WHERE p.terminal_id = 0) AS first_day, max(p.day) FILTER (WHERE p.terminal_id = 0) AS last_day
  FROM devices_passage p
  WHERE p.project_id = ANY(%(projects)s) AND p.day BETWEEN %(since)s AND %(until)s AND NOT p.is_void AND NOT p.is_repeat
  GROUP BY 1, 2
), found AS (
  SELECT k.project_id, (array_agg(k.worker_id ORDER BY k.hand DESC, k.worker_id))[1] AS worker_id,
         NULL::bigint AS other_id, NULL::bigint AS terminal_id, o.participation_id AS part_id, sum(k.hand)::bigint AS n,
         sum(k.n)::bigint AS of_n, min(k.first_day) AS first_day, max(k.last_day) AS last_day,
         jsonb_build_object('people', count(*) FILTER (WHERE k.hand > 0), 'most', max(k.hand)) AS facts
  FROM seen k JOIN site s ON s.id = k.project_id
  JOIN LATERAL (
    SELECT participation_id FROM registration_posting o
    WHERE o.project_id = k.project_id AND o.worker_id = k.worker_id ORDER BY o.joined_on DESC LIMIT 1
  ) o ON true
  GROUP BY k.project_id, o.participation_id, s.p
  HAVING sum(k.hand) >= (s.p->>'stamps')::int AND sum(k.hand) * 100 >= (s.p->>'percent')::numeric * sum(k.n)
)"""
    + _ANSWER.format(condition="(%(parts)s::bigint[] IS NULL OR f.part_id = ANY(%(parts)s))")
)

# Turned away, or let in and recorded as refused; and stamps kept before somebody set an earlier last day.
AFTER_LEFT = (
    SITES  # noqa: S608
    + """gone AS (
  SELECT o.project_id, o.worker_id, max(coalesce(o.left_on, 'infinity')) AS left_on
  FROM registration_posting o WHERE o.project_id = ANY(%(projects)s)
  GROUP BY 1, 2 HAVING max(coalesce(o.left_on, 'infinity')) < %(until)s
), came AS (
  SELECT p.project_id, p.worker_id, p.day, p.terminal_id, true AS inside
  FROM gone g JOIN devices_passage p ON p.project_id = g.project_id AND p.worker_id = g.worker_id AND p.day > g.left_on
  WHERE p.day BETWEEN %(since)s AND %(until)s AND NOT p.is_void
  UNION ALL
  SELECT r.project_id, r.worker_id, r.day, r.terminal_id, r.was_let_in
  FROM devices_refusedentry r
  WHERE r.project_id = ANY(%(projects)s) AND r.day BETWEEN %(since)s AND %(until)s AND r.reason = 'left'
    AND r.worker_id IS NOT NULL
), found AS (
  SELECT c.project_id, c.worker_id, NULL::bigint AS other_id, min(c.terminal_id) AS terminal_id, NULL::bigint AS part_id,
         count(*) AS n, count(*) FILTER (WHERE c.inside) AS of_n, min(c.day) AS first_day, max(c.day) AS last_day,
         jsonb_build_object('left_on', (SELECT max(o.left_on) FROM registration_posting o
                                        WHERE o.project_id = c.project_id AND o.worker_id = c.worker_id)) AS facts
  FROM came c JOIN site s ON s.id = c.project_id
  GROUP BY c.project_id, c.worker_id, s.p HAVING count(*) >= (s.p->>'stamps')::int
)"""
    + _ANSWER.format(condition=_sees("f"))
)

# Open dates that nobody has decided about, and closed ones that are longer than a stay can be.
LONG_STAY = (
    SITES  # noqa: S608
    + """found AS (
  SELECT a.project_id, a.worker_id, NULL::bigint AS other_id, NULL::bigint AS terminal_id, NULL::bigint AS part_id,
         count(*) AS n, count(*) FILTER (WHERE a.state = 'open') AS of_n, min(a.day) AS first_day, max(a.day) AS last_day,
         jsonb_build_object('hours', (s.p #>> '{}')::int) AS facts
  FROM devices_attendanceday a JOIN site s ON s.id = a.project_id
  WHERE a.project_id = ANY(%(projects)s) AND a.day BETWEEN %(since)s AND %(until)s AND a.first_in IS NOT NULL
    AND (a.state = 'open' AND a.first_in < %(now)s - make_interval(hours => (s.p #>> '{}')::int)
         OR a.last_out - a.first_in > make_interval(hours => (s.p #>> '{}')::int))
    AND NOT EXISTS (SELECT FROM devices_daycorrection d WHERE d.project_id = a.project_id AND d.worker_id = a.worker_id
                      AND d.day = a.day AND d.kind = 'leave' AND d.withdrawn_at IS NULL)
  GROUP BY a.project_id, a.worker_id, s.p
)"""
    + _ANSWER.format(condition=_sees("f"))
)

# The other sites come from the person's postings, so that no day is read across all sites of the country.
TWO_SITES = (
    SITES  # noqa: S608
    + """both_ AS (
  SELECT a.project_id, a.worker_id, b.project_id AS other_project, a.day, s.p,
         extract(epoch FROM least(coalesce(a.last_out, a.first_in), coalesce(b.last_out, b.first_in))
                          - greatest(a.first_in, b.first_in)) / 60 AS minutes
  FROM devices_attendanceday a
  JOIN site s ON s.id = a.project_id
  JOIN registration_posting o ON o.worker_id = a.worker_id AND o.project_id <> a.project_id
  JOIN devices_attendanceday b ON b.day = a.day AND b.project_id = o.project_id AND b.worker_id = a.worker_id
  WHERE a.project_id = ANY(%(projects)s) AND a.day BETWEEN %(since)s AND %(until)s
    AND b.day BETWEEN %(since)s AND %(until)s AND a.first_in IS NOT NULL AND b.first_in IS NOT NULL
    AND (a.project_id < b.project_id OR NOT b.project_id = ANY(%(projects)s))
), found AS (
  SELECT project_id, worker_id, NULL::bigint AS other_id, NULL::bigint AS terminal_id, NULL::bigint AS part_id,
         count(DISTINCT day) AS n, NULL::bigint AS of_n, min(day) AS first_day, max(day) AS last_day,
         jsonb_build_object('minutes', max(minutes)::int, 'project', other_project) AS facts
  FROM both_ WHERE minutes >= (p->>'minutes')::int
  GROUP BY project_id, worker_id, other_project
)"""
    + _ANSWER.format(condition=_sees("f"))
)

# A gate that worked in the days before, on a working day on which the site works and this gate says nothing.
SILENT = (
    SITES  # noqa: S608
    + """stamps AS (
  SELECT p.project_id, p.terminal_id, p.day, count(*) AS n
  FROM devices_passage p
  WHERE p.project_id = ANY(%(projects)s) AND p.day BETWEEN %(since)s::date - 14 AND %(until)s AND p.terminal_id <> 0
  GROUP BY 1, 2, 3
), silent AS (
  SELECT g.project_id, g.id AS terminal_id, d.day
  FROM devices_terminal g JOIN site s ON s.id = g.project_id
  CROSS JOIN unnest(%(workdays)s::date[]) AS d (day)
  WHERE g.is_active
    AND NOT EXISTS (SELECT FROM stamps x WHERE x.project_id = g.project_id AND x.terminal_id = g.id AND x.day = d.day)
    AND EXISTS (SELECT FROM stamps x WHERE x.project_id = g.project_id AND x.terminal_id = g.id
                  AND x.day BETWEEN d.day - least((s.p->>'used_within_days')::int, 14) AND d.day - 1)
    AND EXISTS (SELECT FROM stamps x WHERE x.project_id = g.project_id AND x.day BETWEEN d.day - 3 AND d.day
                GROUP BY x.day HAVING sum(x.n) >= (s.p->>'stamps')::int)
), found AS (
  SELECT k.project_id, NULL::bigint AS worker_id, NULL::bigint AS other_id, k.terminal_id, NULL::bigint AS part_id,
         count(*) AS n, NULL::bigint AS of_n, min(k.day) AS first_day, max(k.day) AS last_day, '{}'::jsonb AS facts
  FROM silent k GROUP BY 1, 4
)"""
    + _ANSWER.format(condition="%(parts)s::bigint[] IS NULL")
)

CLOSED = (
    SITES  # noqa: S608
    + """hours AS (
  SELECT id, p, (p->>'from')::time AS shuts, (p->>'until')::time AS opens FROM site
), night AS (
  SELECT p.project_id, p.worker_id, p.day, p.terminal_id, s.p
  FROM devices_passage p JOIN hours s ON s.id = p.project_id
  CROSS JOIN LATERAL (SELECT (p.at AT TIME ZONE 'Asia/Shanghai')::time AS clock) c
  WHERE p.project_id = ANY(%(projects)s) AND p.day BETWEEN %(since)s AND %(until)s
    AND NOT p.is_void AND NOT p.is_repeat AND p.direction <> 2
    AND CASE WHEN s.shuts > s.opens THEN c.clock >= s.shuts OR c.clock < s.opens
             ELSE c.clock >= s.shuts AND c.clock < s.opens END
), found AS (
  SELECT project_id, worker_id, NULL::bigint AS other_id, min(terminal_id) AS terminal_id, NULL::bigint AS part_id,
         count(*) AS n, count(DISTINCT day) AS of_n, min(day) AS first_day, max(day) AS last_day, p AS facts
  FROM night GROUP BY project_id, worker_id, p HAVING count(*) >= (p->>'stamps')::int
)"""
    + _ANSWER.format(condition=_sees("f"))
)
