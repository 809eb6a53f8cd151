"""The usual batch straight into the table: everybody is known by number, on the project, admitted, and new.

Who stands behind a number is remembered by the process as long as nothing changed that a list of people is made of
(the stamp of `list_versions`), so that a batch costs one COPY and no joins. Whatever is not usual (somebody
unknown or refused, a time nobody believes, an event that came before) goes the long way of `stage_sql`, which
decides alone; a test holds that both write the same.
"""

import io
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from struct import Struct
from typing import Any, NamedTuple

import psycopg2.errors
from django.db import connection, transaction

from devices.services.list_versions import stamp_of
from devices.wire import Event

MICRO = 1_000_000
REPEAT = 60 * MICRO
"""Within this the same way again by the same person is a repeat (as in `stage_sql`)."""
_DAY = 86_400 * MICRO
_SITE = 8 * 3600 * MICRO
"""How far the sites' clocks are ahead of UTC, at any moment that is believed (China has kept one time since 1992)."""
_PG_DAY = date(2000, 1, 1).toordinal()
_PG_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
_SINCE_1970 = int(_PG_MOMENT.timestamp()) * MICRO
_FOREVER = date.max.toordinal()
_MOST_PEOPLE = 200_000
"""People whom a process remembers, some 40 MB."""
_AT_ONCE = 200
"""A batch of so many is worth reading the people of its project at the first sight of it, others at the second."""
_ROW = Struct(">hiiiqiqiqihiqiqihi")
_HEADER, _END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
_TAIL = (b"\0\0\0\1\0", b"\0\0\0\1\1")
_COPY = (
    "COPY devices_passage (day, project_id, worker_id, at, direction, terminal_id, batch_pk, attend_type, event_id,"
    " is_repeat) FROM STDIN WITH (FORMAT binary)"
)
_PEOPLE = """
SELECT p.pin, p.worker_id, o.joined_on, o.left_on
FROM registration_posting p JOIN registration_posting o ON o.project_id = p.project_id AND o.worker_id = p.worker_id
WHERE p.project_id = %s
"""
_NEAR = """
SELECT worker_id, direction, (extract(epoch FROM at) * 1000000)::bigint FROM devices_passage
WHERE project_id = %s AND day BETWEEN %s AND %s AND terminal_id = %s AND at BETWEEN %s AND %s AND worker_id = ANY(%s::bigint[])
"""
_DIRTY = "INSERT INTO devices_dirtyday (project_id, day, worker_ids) VALUES (%s, %s, %s::bigint[])"

Roll = dict[int, tuple[int, list[tuple[int, int]]]]
"""Number -> person, and first and last day (ordinals) of each of their postings on the project."""
_known: dict[int, tuple[Any, Roll]] = {}
_asked: dict[int, Any] = {}


class Place(NamedTuple):
    """Where a batch comes from, how it is kept, and when the site's work date begins."""

    project: int
    terminal: int
    batch_pk: int
    starts: time


class Span(NamedTuple):
    """The moments and work dates that a batch tells of."""

    first: datetime
    last: datetime
    low: date
    high: date


Row = tuple[int, int, int, int, int, int, str]
"""Day (ordinal), person, moment, direction, place in the batch, way of recognition, event id."""


class Ready(NamedTuple):
    """Rows in the binary form of COPY, how many repeat, and who has to be computed again by day (ordinal)."""

    data: bytes
    repeated: int
    dirty: dict[int, set[int]]


def write_directly(
    events: Sequence[tuple[int, Event]],
    place: Place,
    directions: dict[Any, int],
    span: Span,
    *,
    now: datetime,
) -> int | None:
    """Write a batch and its dirty days; how many of it are repeats. None, and nothing is written, if something in it
    is not usual. `directions` are the codes for the words of the device, as the lane allows."""
    roll = _roll_of(place.project, len(events), now=now)
    if roll is None:
        return None
    rows = place_events(events, roll, place.starts, directions)
    if rows is None:
        return None
    with connection.cursor() as cursor:
        around = (span.first - timedelta(microseconds=REPEAT), span.last)
        people = _array({row[1] for row in rows})
        cursor.execute(_NEAR, [place.project, span.low, span.high, place.terminal, *around, people])
        ready = make_ready(rows, place, cursor.fetchall())
        if ready is None:
            return None
        try:
            with transaction.atomic():
                cursor.copy_expert(_COPY, io.BytesIO(ready.data))
        except psycopg2.errors.UniqueViolation:
            return None  # one of them is on record: the long way says which
        for day in sorted(ready.dirty):
            cursor.execute(_DIRTY, [place.project, date.fromordinal(day), _array(ready.dirty[day])])
    return ready.repeated


def forget_people() -> None:
    """Drop what this process remembers."""
    _known.clear()
    _asked.clear()


def _roll_of(project_id: int, size: int, *, now: datetime) -> Roll | None:
    """The people of a project by number, as of now; None where reading them is not worth it yet."""
    stamp = stamp_of(project_id, now)
    found = _known.get(project_id)
    if found is not None and found[0] == stamp:
        return found[1]
    if size < _AT_ONCE and _asked.get(project_id) != stamp:
        if len(_asked) >= _MOST_PEOPLE:
            _asked.clear()
        _asked[project_id] = stamp
        return None
    roll: Roll = {}
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, [project_id])
        for pin, worker, joined, left in cursor.fetchall():
            days = (joined.toordinal(), left.toordinal() if left else _FOREVER)
            roll.setdefault(pin, (worker, []))[1].append(days)
    if sum(len(kept) for _stamp, kept in list(_known.values())) + len(roll) > _MOST_PEOPLE:
        _known.clear()
    _known[project_id] = (stamp, roll)
    return roll


def _array(numbers: Iterable[int]) -> str:
    """An array as PostgreSQL writes it; to adapt a list number by number costs ten times as much."""
    return f"{{{','.join(map(str, sorted(numbers)))}}}"


def _micros(moment: datetime) -> int:
    """Microseconds since 2000 by UTC, as PostgreSQL keeps them."""
    since = moment - _PG_MOMENT
    return (since.days * 86_400 + since.seconds) * MICRO + since.microseconds


def _shift(starts: time) -> int:
    """What is added to a moment so that whole days of the sum are work dates."""
    return _SITE - (starts.hour * 3600 + starts.minute * 60 + starts.second) * MICRO


def place_events(
    events: Sequence[tuple[int, Event]], roll: Roll, starts: time, directions: dict[Any, int]
) -> list[Row] | None:
    """The rows of a batch in the order of their keys, or None if somebody in it is not usual. Pure."""
    shift = _shift(starts)
    rows: list[Row] = []
    for index, event in events:
        known = roll.get(event.pin)  # type: ignore[arg-type]  # no number finds nobody
        if known is None or not event.admitted:
            return None
        at = _micros(event.at)
        day = (at + shift) // _DAY + _PG_DAY
        for joined, left in known[1]:
            if joined <= day <= left:
                break
        else:
            return None
        rows.append((day, known[0], at, directions[event.direction], index, event.type, event.id))
    rows.sort()
    return rows


def make_ready(rows: Sequence[Row], place: Place, near: Sequence[tuple[int, int, int]]) -> Ready | None:
    """The rows as COPY takes them, each marked whether it repeats; None if one is there twice. Pure.

    `near` is what this terminal saw of these people within a minute before and during the batch: person, direction,
    microseconds since 1970.
    """
    shift, pack = _shift(place.starts), _ROW.pack
    before: dict[tuple[int, int], list[int]] = {}
    for worker, way, moment in near:
        before.setdefault((worker, way), []).append(moment - _SINCE_1970)
    last: dict[tuple[int, int, int], int] = {}
    dirty: dict[int, set[int]] = {}
    out, repeated = [_HEADER], 0
    for day, worker, at, way, _index, kind, event_id in rows:
        former = last.get((day, worker, way))
        if former == at:
            return None  # twice in one batch
        is_repeat = former is not None and at - former <= REPEAT
        if before and not is_repeat and (moments := before.get((worker, way))):
            # The work date of what came before is this one's, or a new date began between the two.
            is_repeat = any(
                0 <= at - one <= REPEAT and (one + shift) // _DAY + _PG_DAY == day for one in moments
            )
        last[day, worker, way] = at
        repeated += is_repeat
        dirty.setdefault(day, set()).add(worker)
        name = event_id.encode()
        out += (
            pack(
                *(10, 4, day - _PG_DAY, 8, place.project, 8, worker, 8, at, 2, way),
                *(8, place.terminal, 8, place.batch_pk, 2, kind, len(name)),
            ),
            name,
            _TAIL[is_repeat],
        )
    out.append(_END)
    return Ready(b"".join(out), repeated, dirty)
