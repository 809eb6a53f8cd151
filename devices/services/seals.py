"""Evidence of attendance: one entry "attendance.day" per project and work date.

Its record holds counts and the SHA-256 over the canonical lines of the day's passages and attendance days
(see DIGESTS), so a single passage can be proven by showing the lines. A date is sealed 41 h after its start,
when no night shift can change it any more. What arrives later is rolled up and sealed again in the same
transaction: the log keeps the old entry, and verification compares the newest.

Lines: `p|worker|microseconds|direction|terminal|event|repeat`, with `|void` if it does not count, and
`a|worker|first in|last out|minutes|days|state|passages`, sorted by bytes, joined by line feeds.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from devices.models import DaySeal
from registration.actors import SYSTEM
from wagewatch.evidence.services import Fact, append_many

KIND = "attendance.day"
LOCK_SPACE = 7201
SEALED_AFTER = timedelta(hours=41)
LATE_AFTER = timedelta(minutes=50)
"""An event younger than this cannot touch a sealed date: 41 h less 40 h (a day and a 16 h shift), less ten
minutes for what is still on its way."""
LOOK_BACK = timedelta(days=60)
SETTLED_AFTER = timedelta(days=4)
SEAL_GRACE = timedelta(minutes=30)
"""Three runs of the seal task; until then an unsealed old date is work to be done, not a finding."""

DIGESTS = """
WITH asked AS (
  SELECT project_id, day FROM unnest(%(projects)s::bigint[], %(days)s::date[]) AS a (project_id, day)
), lines AS (
  SELECT project_id, day, worker_id, 1 AS passages, 0.0 AS days,
         format('p|%%s|%%s|%%s|%%s|%%s|%%s', worker_id, (extract(epoch FROM at) * 1000000)::bigint, direction,
                terminal_id, event_id, is_repeat::int) || CASE WHEN is_void THEN '|void' ELSE '' END AS line
  FROM asked JOIN devices_passage p USING (project_id, day) WHERE p.day BETWEEN %(low)s AND %(high)s
  UNION ALL
  SELECT project_id, day, worker_id, 0, a.days,
         format('a|%%s|%%s|%%s|%%s|%%s|%%s|%%s', worker_id, (extract(epoch FROM first_in) * 1000000)::bigint,
                (extract(epoch FROM last_out) * 1000000)::bigint, minutes, a.days, state, a.passages)
  FROM asked JOIN devices_attendanceday a USING (project_id, day) WHERE a.day BETWEEN %(low)s AND %(high)s
)
SELECT project_id, day, sum(passages), count(DISTINCT worker_id), sum(days),
       encode(sha256(convert_to(string_agg(line, E'\\n' ORDER BY line COLLATE "C"), 'UTF8')), 'hex')
FROM lines GROUP BY project_id, day
"""

# Probes by key for each project and day; a scan of two months of passages would cost more.
UNSEALED = """
SELECT j.id, d.day FROM registration_project j
CROSS JOIN LATERAL (SELECT n::date AS day FROM generate_series(%(since)s::date, %(until)s::date, interval '1 day') n) d
WHERE ((d.day + j.day_starts_at) AT TIME ZONE 'Asia/Shanghai') <= %(moment)s
  AND (EXISTS (SELECT FROM devices_passage p WHERE p.day = d.day AND p.project_id = j.id)
       OR EXISTS (SELECT FROM devices_attendanceday a WHERE a.day = d.day AND a.project_id = j.id))
  AND NOT EXISTS (SELECT FROM devices_dayseal s WHERE s.project_id = j.id AND s.day = d.day)
  AND NOT EXISTS (SELECT FROM devices_dirtyday x WHERE x.project_id = j.id AND x.day BETWEEN d.day - 1 AND d.day + 1)
ORDER BY 1, 2
"""


def subject_of(project_id: int, day: date) -> str:
    """How the evidence log names a project's work date."""
    return f"attendance:{project_id}:{day.isoformat()}"


def lock_project(project_id: int) -> None:
    """One at a time rolls up or seals a project; held to the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashint8(%s))", [LOCK_SPACE, project_id])


def may_touch_seals(earliest: datetime, *, now: datetime) -> bool:
    """Whether events from `earliest` on are so old that a sealed date might change."""
    return now - earliest >= LATE_AFTER


def is_sealed_near(project_id: int, low: date, high: date) -> bool:
    """Whether a date of the span, or the one before or after it, is sealed."""
    day = timedelta(days=1)
    return DaySeal.objects.filter(project_id=project_id, day__range=(low - day, high + day)).exists()


def records_of(pairs: Sequence[tuple[int, date]]) -> dict[tuple[int, date], dict[str, Any]]:
    """The records of project days as today's rows give them; days without rows are left out."""
    if not pairs:
        return {}
    projects, days = (list(column) for column in zip(*pairs, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(DIGESTS, {"projects": projects, "days": days, "low": min(days), "high": max(days)})
        return {
            (project_id, day): {
                "project": project_id,
                "day": day,
                "passages": int(passages),
                "people": people,
                "days": total,
                "digest": digest,
            }
            for project_id, day, passages, people, total, digest in cursor.fetchall()
        }


def reseal(changed: Iterable[tuple[int, date]], *, now: datetime) -> int:
    """Record again those of the changed project days that were sealed before, or are too old for the seal
    task; call inside a transaction."""
    wanted = set(changed)
    if not wanted:
        return 0
    projects, days = {project for project, _ in wanted}, {day for _, day in wanted}
    sealed = DaySeal.objects.filter(project_id__in=projects, day__in=days).values_list(
        "project_id", "day", "digest"
    )
    known = {(project, day): digest for project, day, digest in sealed if (project, day) in wanted}
    # The seal task does not look so far back: what arrives for such a date is sealed with it.
    known |= {pair: "" for pair in wanted if pair not in known and pair[1] < (now - LOOK_BACK).date()}
    return _record(known, now=now)


def seal_days(*, now: datetime, since: date | None = None) -> int:
    """Seal every project day that is over and rolled up, from `since` (default: 60 days back); how many."""
    since = since or (now - LOOK_BACK).date()
    until = now.date() + timedelta(days=1)
    with connection.cursor() as cursor:
        cursor.execute(UNSEALED, {"since": since, "until": until, "moment": now - SEALED_AFTER})
        by_project: dict[int, list[date]] = {}
        for project_id, day in cursor.fetchall():
            by_project.setdefault(project_id, []).append(day)
    done = 0
    for project_id, days in by_project.items():
        with transaction.atomic():
            lock_project(project_id)
            already = set(
                DaySeal.objects.filter(project_id=project_id, day__in=days).values_list("day", flat=True)
            )
            done += _record({(project_id, day): "" for day in days if day not in already}, now=now)
    return done


def _record(known: Mapping[tuple[int, date], str], *, now: datetime) -> int:
    """Append an entry for each project day whose digest is not the known one."""
    records = records_of(list(known))
    empty = {"passages": 0, "people": 0, "days": 0, "digest": ""}
    new = {}
    for pair, digest in known.items():
        record = records.get(pair, {"project": pair[0], "day": pair[1], **empty})
        if record["digest"] != digest:
            new[pair] = record
    append_many(
        KIND,
        [Fact(project, subject_of(project, day), record) for (project, day), record in new.items()],
        actor=SYSTEM,
        now=now,
    )
    DaySeal.objects.bulk_create(
        [
            DaySeal(project_id=project, day=day, sealed_at=now, digest=record["digest"])
            for (project, day), record in new.items()
        ],
        update_conflicts=True,
        unique_fields=["project_id", "day"],
        update_fields=["sealed_at", "digest"],
    )
    return len(new)


def load_many(subjects: Sequence[str]) -> dict[str, Mapping[str, object]]:
    """For the evidence log: the records of these subjects as today's rows give them."""
    pairs = {}
    for subject in subjects:
        _word, project, day = subject.split(":")
        pairs[int(project), date.fromisoformat(day)] = subject
    return {pairs[pair]: record for pair, record in records_of(list(pairs)).items()}


def expected_subjects(project_id: int | None) -> Iterable[str]:
    """For the evidence log: project days more than four days old must be sealed, once the seal task had the
    time to run since their stamps came: a gate that was cut off sends old ones honestly."""
    now = timezone.now()  # an audit asks about the present; the registry passes no moment
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT project_id, day FROM devices_passage "
            "WHERE day < %(before)s AND (%(project)s::bigint IS NULL OR project_id = %(project)s) "
            "AND batch_pk <> 0 AND batch_pk NOT IN (SELECT id FROM devices_batch WHERE received_at > %(since)s)",
            {"project": project_id, "before": (now - SETTLED_AFTER).date(), "since": now - SEAL_GRACE},
        )
        rows = cursor.fetchall()
    return [subject_of(project, day) for project, day in rows]
