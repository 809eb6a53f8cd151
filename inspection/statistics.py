"""How many people, by definitions that say what is counted; set-based, a fixed number of statements.

Registrations are never deleted, so "ever registered" grows for ever; set against a head count of one day it
overstated the registered share in Nanjing to 84 % where a survey found 44 %. Each figure here therefore
stands beside the others with its definition, and the quotient of the two is shown as what it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import get_language

from registration.access import projects_for
from registration.actors import Actor
from registration.models import PostingNotice, Project
from wagewatch.lib.dates import SITE_TZ, first_of_month, site_date

DIMENSIONS = ("region", "trade", "age", "skill", "origin", "way")
MEASURES = (
    "ever",
    "registered",
    "new_people",
    "on_site",
    "inside",
    "attended",
    "carded",
    "citizen",
    "paid",
    "by_others",
    "acknowledged",
    "denied",
)
BANDS = ("-17", "18-29", "30-39", "40-49", "50-59", "60-")
TRADES_SHOWN = 12
MOVES_SHOWN = 20
OTHER = "\x00other"
"""Key of the row that sums up the rest of a dimension."""

# Who was at a gate in the last 30 days. A month's totals say who came in it at all; the days themselves are asked only
# about people who came in the month before and not in this one.
ATTENDED = """
  SELECT worker_id FROM devices_monthtotal
  WHERE month = %(month)s AND dates > 0 AND project_id = ANY(%(projects)s)
  UNION
  SELECT m.worker_id FROM devices_monthtotal m
  WHERE m.month >= %(earlier)s AND m.month < %(month)s AND m.dates > 0 AND m.project_id = ANY(%(projects)s)
    AND NOT EXISTS (SELECT 1 FROM devices_monthtotal n WHERE n.month = %(month)s AND n.dates > 0
                    AND n.project_id = m.project_id AND n.worker_id = m.worker_id)
    AND EXISTS (SELECT 1 FROM devices_attendanceday d WHERE d.day > %(today)s - 30 AND d.day < %(month)s
                AND d.project_id = m.project_id AND d.worker_id = m.worker_id)
"""

# One row per person: a person counts once, at the open posting, else the latest one.
PEOPLE = """
WITH post AS (
  SELECT p.worker_id, p.id, p.trade, p.registered_by, p.joined_on, pr.region_id, p.acknowledged_at, p.denied_at,
         p.joined_on <= %(today)s AND (p.left_on IS NULL OR p.left_on >= %(today)s) AS is_open,
         p.joined_on BETWEEN %(since)s AND %(until)s AS is_new
  FROM registration_posting p JOIN registration_project pr ON pr.id = p.project_id
  WHERE p.project_id = ANY(%(projects)s)
), latest AS (
  SELECT DISTINCT ON (worker_id) worker_id, trade, region_id, registered_by
  FROM post ORDER BY worker_id, is_open DESC, joined_on DESC, id DESC
), person AS (
  SELECT worker_id, bool_or(is_open) AS on_site, bool_or(is_new) AS registered,
         bool_or(is_open AND registered_by <> 'self') AS by_others,
         bool_or(is_open AND registered_by <> 'self')
           AND bool_and(NOT is_open OR registered_by = 'self' OR acknowledged_at IS NOT NULL) AS acknowledged,
         bool_or(is_open AND denied_at IS NOT NULL) AS denied
  FROM post GROUP BY worker_id
), attended AS (
ATTENDED
), inside AS (
  SELECT DISTINCT worker_id FROM (
    SELECT DISTINCT ON (project_id, worker_id) project_id, worker_id,
           direction = 1 OR (direction = 0 AND count(*) OVER (PARTITION BY project_id, worker_id) %% 2 = 1) AS is_in
    FROM devices_passage
    WHERE day BETWEEN %(today)s - 1 AND %(today)s AND project_id = ANY(%(projects)s)
      AND at > %(now)s - interval '16 hours' AND at <= %(now)s AND NOT is_repeat
    ORDER BY project_id, worker_id, at DESC) last
  WHERE is_in
), paid AS (
  SELECT DISTINCT worker_id FROM payroll_payslip
  WHERE project_id = ANY(%(projects)s) AND payment = 'paid' AND paid_at >= %(start)s AND paid_at < %(end)s
), facts AS (
  SELECT person.*, latest.trade, latest.region_id, latest.registered_by AS way,
         CASE WHEN years < 18 THEN '-17' WHEN years < 30 THEN '18-29' WHEN years < 40 THEN '30-39'
              WHEN years < 50 THEN '40-49' WHEN years < 60 THEN '50-59' ELSE '60-' END AS age,
         w.skill_grade::text AS skill, left(w.origin_code, 2) AS origin,
         person.registered AND w.registered_at >= %(start)s AND w.registered_at < %(end)s AS new_person,
         attended.worker_id IS NOT NULL AS attended, inside.worker_id IS NOT NULL AS inside,
         paid.worker_id IS NOT NULL AS paid,
         EXISTS (SELECT 1 FROM registration_bankcard c WHERE c.worker_id = w.id AND c.is_current) AS card,
         EXISTS (SELECT 1 FROM registration_citizencard c
                 WHERE c.worker_id = w.id AND c.state IN ('collected', 'active')) AS citizen
  FROM person
  JOIN latest USING (worker_id)
  JOIN registration_worker w ON w.id = person.worker_id
  CROSS JOIN LATERAL (SELECT date_part('year', age(%(today)s::date, w.birth_date)) AS years) y
  LEFT JOIN attended ON attended.worker_id = person.worker_id
  LEFT JOIN inside ON inside.worker_id = person.worker_id
  LEFT JOIN paid ON paid.worker_id = person.worker_id
)
SELECT grouping(region_id, trade, age, skill, origin, way), region_id, trade, age, skill, origin, way,
  count(*), count(*) FILTER (WHERE registered), count(*) FILTER (WHERE new_person),
  count(*) FILTER (WHERE on_site), count(*) FILTER (WHERE inside), count(*) FILTER (WHERE attended),
  count(*) FILTER (WHERE on_site AND card), count(*) FILTER (WHERE on_site AND citizen),
  count(*) FILTER (WHERE paid), count(*) FILTER (WHERE by_others),
  count(*) FILTER (WHERE by_others AND acknowledged), count(*) FILTER (WHERE by_others AND denied)
FROM facts
WHERE (%(trade)s = '' OR trade = %(trade)s) AND (%(age)s = '' OR age = %(age)s)
  AND (%(skill)s = '' OR skill = %(skill)s) AND (%(origin)s = '' OR origin = %(origin)s)
  AND (%(way)s = '' OR way = %(way)s)
GROUP BY GROUPING SETS ((), (region_id), (trade), (age), (skill), (origin), (way))
""".replace("ATTENDED", ATTENDED)

# The totals of PEOPLE that a report wants, without its breakdowns: each in a statement of its own.
HEADS = """
SELECT count(*), count(*) FILTER (WHERE registered), count(*) FILTER (WHERE on_site),
       count(*) FILTER (WHERE on_site AND c.worker_id IS NOT NULL)
FROM (
  SELECT worker_id, bool_or(joined_on BETWEEN %(since)s AND %(until)s) AS registered,
         bool_or(joined_on <= %(today)s AND (left_on IS NULL OR left_on >= %(today)s)) AS on_site
  FROM registration_posting WHERE project_id = ANY(%(projects)s) GROUP BY 1
) person LEFT JOIN registration_bankcard c ON c.worker_id = person.worker_id AND c.is_current
"""
PAID = """
SELECT count(*) FROM (
  SELECT DISTINCT worker_id FROM payroll_payslip
  WHERE project_id = ANY(%(projects)s) AND payment = 'paid' AND paid_at >= %(start)s AND paid_at < %(end)s) paid
"""

# Somebody's work began in the period on another project than the one they were on before.
MOVES = """
WITH moved AS (
  SELECT p.project_id, p.joined_on, lag(p.project_id) OVER chronicle AS from_id
  FROM registration_posting p
  WHERE p.worker_id IN (SELECT worker_id FROM registration_posting
                        WHERE project_id = ANY(%(projects)s) AND joined_on <= %(until)s
                          AND (left_on IS NULL OR left_on >= %(since)s::date - 400))
  WINDOW chronicle AS (PARTITION BY p.worker_id ORDER BY p.joined_on, p.id)
), pairs AS (
  SELECT f.id AS from_id, t.id AS to_id,
         coalesce(CASE WHEN %(english)s THEN nullif(f.name_en, '') END, f.name) AS from_name,
         coalesce(CASE WHEN %(english)s THEN nullif(t.name_en, '') END, t.name) AS to_name,
         left(f.region_id, 4) || '00' AS from_city, left(t.region_id, 4) || '00' AS to_city,
         f.id = ANY(%(projects)s) AS sees_from, t.id = ANY(%(projects)s) AS sees_to
  FROM moved JOIN registration_project f ON f.id = moved.from_id JOIN registration_project t ON t.id = moved.project_id
  WHERE moved.from_id <> moved.project_id AND moved.joined_on BETWEEN %(since)s AND %(until)s
    AND (f.id = ANY(%(projects)s) OR t.id = ANY(%(projects)s))
)
, by_project AS (
  SELECT CASE WHEN sees_from THEN from_name ELSE '' END AS from_name, from_city,
         CASE WHEN sees_to THEN to_name ELSE '' END AS to_name, to_city, count(*) AS n
  FROM pairs GROUP BY 1, 2, 3, 4
), by_city AS (
  SELECT from_city, to_city, sum(n)::bigint AS n FROM by_project WHERE from_city <> to_city GROUP BY 1, 2
)
(SELECT 'project', from_name, from_city, to_name, to_city, n, (sum(n) OVER ())::bigint
 FROM by_project ORDER BY n DESC, 2, 3, 4, 5 LIMIT %(limit)s)
UNION ALL
(SELECT 'city', '', from_city, '', to_city, n, (sum(n) OVER ())::bigint
 FROM by_city ORDER BY n DESC, 3, 5 LIMIT %(limit)s)
"""


@dataclass(frozen=True)
class Period:
    """From and to, both days included."""

    since: date
    until: date

    @property
    def start(self) -> datetime:
        return datetime.combine(self.since, time.min, SITE_TZ)

    @property
    def end(self) -> datetime:
        return datetime.combine(self.until + timedelta(days=1), time.min, SITE_TZ)


@dataclass(frozen=True)
class Question:
    """Whom to count: region prefix within one's reach, and one value per dimension, '' for all."""

    period: Period
    region: str = ""
    trade: str = ""
    age: str = ""
    skill: str = ""
    origin: str = ""
    way: str = ""


Counts = Mapping[str, int]


@dataclass(frozen=True)
class Move:
    """So many people went from one place to another; a project's name is '' out of reach."""

    from_project: str
    from_city: str
    to_project: str
    to_city: str
    people: int


@dataclass(frozen=True)
class Statistics:
    """Totals, rows per dimension (value to counts), moves."""

    as_of: datetime
    projects: int
    total: Counts
    rows: Mapping[str, Mapping[str, Counts]]
    moves: list[Move] = field(default_factory=list)
    moved: int = 0
    city_moves: list[Move] = field(default_factory=list)
    moved_city: int = 0

    @property
    def inflation(self) -> float | None:
        """Ever registered through on site now; None when nobody is."""
        return self.total["ever"] / self.total["on_site"] if self.total["on_site"] else None

    @property
    def silent(self) -> int:
        """On site, registered by others, and neither acknowledged nor denied."""
        return self.total["by_others"] - self.total["acknowledged"] - self.total["denied"]


def scope(actor: Actor, region: str = "") -> QuerySet[Project]:
    """The projects whose people an authority counts."""
    found = projects_for(actor, permission="alarm.view")
    return found.filter(region__code__startswith=region) if region else found


def head_counts(projects: list[int], period: Period, *, now: datetime) -> dict[str, int]:
    """How many people of projects were ever registered, registered in the period, are on site, have a card, came in
    the last 30 days, were paid in the period: the totals of `statistics` of those names."""
    facts = _facts(projects, period, now)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '128MB'")
        cursor.execute(HEADS, facts)
        ever, registered, on_site, carded = cursor.fetchone()
        cursor.execute(f"SELECT count(*) FROM ({ATTENDED}) attended", facts)  # noqa: S608 a constant
        (attended,) = cursor.fetchone()
        # Slips of all months may have been paid in this one: by the day of payment (slip_paid_at), not project by project.
        cursor.execute("SET LOCAL enable_indexscan = off")
        cursor.execute(PAID, facts)
        (paid,) = cursor.fetchone()
        cursor.execute("SET LOCAL enable_indexscan = on")
    return {
        "ever": ever,
        "registered": registered,
        "on_site": on_site,
        "attended": attended,
        "carded": carded,
        "paid": paid,
    }


def _facts(projects: list[int], period: Period, now: datetime) -> dict[str, Any]:
    today = site_date(now)
    return {
        "projects": projects,
        "today": today,
        "month": first_of_month(today),
        "earlier": first_of_month(today - timedelta(days=29)),
        "now": now,
        "since": period.since,
        "until": period.until,
        "start": period.start,
        "end": period.end,
    }


def statistics(actor: Actor, question: Question, *, now: datetime) -> Statistics:
    """Count the people of the projects within reach; three statements whatever there is."""
    projects = list(scope(actor, question.region).order_by().values_list("pk", flat=True))
    facts: dict[str, Any] = {
        **_facts(projects, question.period, now),
        "limit": MOVES_SHOWN,
        "english": not (get_language() or "zh").startswith("zh"),
        **{name: getattr(question, name) for name in DIMENSIONS if name != "region"},
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '128MB'")
        cursor.execute(PEOPLE, facts)
        total, rows = _read(cursor.fetchall())
        cursor.execute(MOVES, facts)
        found = cursor.fetchall()
    moves, cities = ([row[1:] for row in found if row[0] == kind] for kind in ("project", "city"))
    return Statistics(
        as_of=now,
        projects=len(projects),
        total=total,
        rows=rows,
        moves=[Move(*row[:5]) for row in moves],
        moved=int(moves[0][5]) if moves else 0,
        city_moves=[Move(*row[:5]) for row in cities],
        moved_city=int(cities[0][5]) if cities else 0,
    )


def denials(actor: Actor, region: str = "") -> QuerySet[PostingNotice]:
    """What people said who are registered within reach and deny it, the newest first."""
    return (
        PostingNotice.objects.filter(
            kind=PostingNotice.Kind.NOT_ME,
            posting__denied_at__isnull=False,
            project__in=scope(actor, region),
        )
        .select_related("worker", "project", "posting__participation__organisation")
        .defer("worker__id_number", "worker__phone", "worker__address")
        .order_by("-made_at", "-pk")
    )


def _read(found: list[tuple[Any, ...]]) -> tuple[dict[str, int], dict[str, dict[str, dict[str, int]]]]:
    """Rows of the grouping sets: PostgreSQL sets a bit for every dimension that a row sums over."""
    total = dict.fromkeys(MEASURES, 0)
    rows: dict[str, dict[str, dict[str, int]]] = {name: {} for name in DIMENSIONS}
    every = 2 ** len(DIMENSIONS) - 1
    for row in found:
        counts = dict(zip(MEASURES, row[7:], strict=True))
        if row[0] == every:
            total = counts
            continue
        place = next(n for n in range(len(DIMENSIONS)) if not row[0] & (1 << (len(DIMENSIONS) - 1 - n)))
        rows[DIMENSIONS[place]][row[1 + place] or ""] = counts
    return total, rows


def ordered(dimension: str, rows: Mapping[str, Counts]) -> list[tuple[str, Counts]]:
    """The rows of a dimension as a reader wants them: ages upward, regions by code, others by people on
    site; trades beyond the first twelve in one row, so that the sums still add up."""
    if dimension in {"age", "skill"}:
        return sorted(
            rows.items(), key=lambda item: BANDS.index(item[0]) if dimension == "age" else int(item[0] or 0)
        )
    if dimension == "region":
        return sorted(rows.items())
    found = sorted(rows.items(), key=lambda item: (-item[1]["on_site"], -item[1]["ever"], item[0]))
    if dimension == "trade" and len(found) > TRADES_SHOWN + 1:
        rest = found[TRADES_SHOWN:]
        summed = {name: sum(counts[name] for _key, counts in rest) for name in MEASURES}
        found = [*found[:TRADES_SHOWN], (OTHER, summed)]
    return found
