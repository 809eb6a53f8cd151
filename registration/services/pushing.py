"""Take people as another real-name system pushes them: each row judged and written as a roster's row is.

A request is one transaction: good rows are written, the others are answered with the reason. The same
request again gets the first answer, which is kept without personal data. Locks: project, then people by id.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _tr
from django.utils.translation import gettext_lazy as _

from registration.access import access_project, participations_for
from registration.actors import Actor
from registration.models import Participation, Project, Push, RegisteredBy, SourceSystem
from registration.rules.pushed_rows import left_too_early, our_names, read_row, refused_row
from registration.rules.roster_row import Defaults, Message, ReadRow, message
from registration.rules.roster_verdict import REFUSED, UNCHANGED, Facts, judge
from registration.services.parameters import parameter
from registration.services.roster_facts import Indexes, facts_from, indexes_of, recorded_about
from registration.services.roster_ready import prepare_rows
from registration.services.roster_writer import RecordMoved, write_ready_rows
from registration.services.sources import actor_of_source
from wagewatch.lib.collecting import collector_paused
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation, TryLater

TRIES = 3
EMPLOYS = ("general_contractor", "subcontractor", "agency")
_MINE = "project_id = %(project)s AND participation_id = %(part)s"


@dataclass(frozen=True)
class PeopleRequest:
    """What was asked: rows as they came, under our names or national ones; `firm` is the company code where
    a row names none, `defaults` fill what a row leaves out."""

    request_id: str
    firm: str
    defaults: Mapping[str, Any]
    rows: Sequence[Any]
    body_sha256: bytes


@dataclass(frozen=True)
class _Bundle:
    """The rows for one company, as the roster's writer wants them."""

    pk: int
    project: Project
    participation_id: int

    @property
    def project_id(self) -> int:
        return self.project.pk


class RowResult(msgspec.Struct, omit_defaults=True):
    """What became of a row; `messages` in the English original. `pin` is the person's number at the gates."""

    index: int
    result: str
    pin: int | None = None
    messages: list[Message] = []


def push_people(source: SourceSystem, project_id: int, asked: PeopleRequest, *, now: datetime) -> Push:
    """Write the good rows and keep what became of each.

    Raises NotFound out of reach, RuleViolation `push.other_rows` for a request id with other rows, TryLater
    if others register the same people again and again meanwhile.
    """
    for _try in range(TRIES):
        try:
            with collector_paused(), transaction.atomic():
                return _push(source, project_id, asked, now)
        except (RecordMoved, IntegrityError):
            continue  # Somebody was registered, or given a card, elsewhere in this very moment.
    raise TryLater


def _push(source: SourceSystem, project_id: int, asked: PeopleRequest, now: datetime) -> Push:
    actor = actor_of_source(source)
    project = access_project(project_id, actor, permission="roster.upload", for_write=True)
    push, is_new = begin_push(
        source, project.pk, Push.Kind.PEOPLE, asked.request_id, asked.body_sha256, now=now
    )
    if not is_new:
        return push
    rows = _read(asked, project, site_date(now))
    parts = {
        part.organisation.uscc: part
        for part in participations_for(actor, project, permission="roster.upload")
        .filter(role__in=EMPLOYS, left_on=None)
        .select_related("organisation")
    }
    results: dict[int, RowResult] = {}
    for firm, mine in _by_firm(rows).items():
        part = parts.get(firm)
        if part is None:
            results |= {row.line: _of_row(row) for _firm, row in mine if _stop_firm(row, firm)}
        else:
            results |= _write(push, project, part, [row for _firm, row in mine], source, actor, now)
    push.results = [msgspec.to_builtins(results[index]) for index in sorted(results)]
    _count(push, list(results.values()))
    push.save(update_fields=["rows", "kept", "unchanged", "refused", "problems", "results"])
    note_push(source, now=now)
    return push


def begin_push(
    source: SourceSystem,
    project_id: int,
    kind: str,
    request_id: str,
    body_sha256: bytes,
    *,
    gate: str = "",
    now: datetime,
) -> tuple[Push, bool]:
    """The row of a request, and whether it is new. Raises RuleViolation `push.other_rows`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO registration_push (project_id, source_id, kind, gate, request_id, body_sha256, received_at,"
            " rows, kept, unchanged, refused, problems, results)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, 0, 0, 0, 0, '{}', '[]')"
            " ON CONFLICT (project_id, source_id, kind, gate, request_id) DO NOTHING",
            [project_id, source.pk, kind, gate, request_id, body_sha256, now],
        )
        is_new = cursor.rowcount == 1
    push = Push.objects.get(project=project_id, source=source, kind=kind, gate=gate, request_id=request_id)
    if not is_new and bytes(push.body_sha256) != body_sha256:
        text = _("Request %(request)s was received before with other content. Use a new request id.")
        raise RuleViolation("push.other_rows", text, request=request_id)
    return push, is_new


def note_push(source: SourceSystem, *, now: datetime) -> None:
    """Remember when the system pushed last."""
    SourceSystem.objects.filter(pk=source.pk).update(last_push_at=now)


def note_refusal(source_id: int, code: str, *, now: datetime) -> None:
    """Remember a request that was refused whole, for the page of the system."""
    SourceSystem.objects.filter(pk=source_id).update(last_refusal_at=now, last_refusal=code[:60])


def _read(asked: PeopleRequest, project: Project, today: date) -> list[tuple[str, ReadRow]]:
    """Each row with the company code it names."""
    place: dict[str, Any] = {"region_code": project.region_id, "on": today}
    notice = parameter("people.age_notice", default={"male": 60, "female": 55}, **place)
    limits: dict[str, Any] = {
        "youngest": int(parameter("people.youngest_age", default=16, **place)),
        "oldest": (int(notice["male"]), int(notice["female"])),
    }
    defaults = our_names(asked.defaults)
    defaults.pop("id_number", None)
    rows = []
    for index, raw in enumerate(asked.rows):
        typed = _typed(raw)
        if typed is None:
            text = _("This row is no object of names and plain values.")
            rows.append((asked.firm, refused_row(index, "", "row.unreadable", text)))
            continue
        row = {**{k: v for k, v in defaults.items() if v}, **{k: v for k, v in typed.items() if v}}
        rows.append(
            (str(row.get("firm") or asked.firm).strip().upper(), read_row(index, row, today=today, **limits))
        )
    return rows


def _typed(raw: Any) -> dict[str, Any] | None:
    if not isinstance(raw, dict):
        return None
    try:
        found = our_names(raw)
        "".join(found.values()).encode()
    except UnicodeError:  # half of a surrogate pair
        return None
    return found


def _by_firm(rows: list[tuple[str, ReadRow]]) -> dict[str, list[tuple[str, ReadRow]]]:
    found: dict[str, list[tuple[str, ReadRow]]] = {}
    for firm, row in rows:
        found.setdefault(firm, []).append((firm, row))
    return found


def _stop_firm(row: ReadRow, firm: str) -> bool:
    """Say that the company is none of the project's."""
    if firm:
        text = _("No firm with this company code employs people on the project. Add it to the chain first.")
        stop = refused_row(row.line, "firm", "firm.unknown", text)
    else:
        text = _("Name the company that employs the person by its company code.")
        stop = refused_row(row.line, "firm", "firm.missing", text)
    row.messages.extend(stop.messages)
    return True


def _of_row(row: ReadRow) -> RowResult:
    return RowResult(row.line, REFUSED, None, row.messages)


def _write(
    push: Push,
    project: Project,
    part: Participation,
    rows: list[ReadRow],
    source: SourceSystem,
    actor: Actor,
    now: datetime,
) -> dict[int, RowResult]:
    """Judge and write the rows of one company; the results by index."""
    today = site_date(now)
    indexes = [indexes_of(row.values) for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM registration_worker WHERE id_index = ANY(%s) ORDER BY id FOR UPDATE",
            [[i.person for i in indexes if i.person]],
        )
    recorded = recorded_about(project.pk, indexes)
    facts = facts_from(recorded, part.pk, rows, indexes, defaults=Defaults(basis="day"), today=today)
    known_leavers = {row.line for row in rows if _left_already(row, facts)}
    for row in rows:
        _check_last_day(row, facts)
    judging = [row for row in rows if row.line not in known_leavers]
    judged = judge(judging, facts)
    # Where rows are made ready the numbers of uploads are taken; a push stands below zero.
    bundle = _Bundle(-push.pk, project, part.pk)
    prepare_rows(
        bundle, judged, [i for row, i in zip(rows, indexes, strict=True) if row.line not in known_leavers]
    )
    reason = f"push: {source.name}"
    write_ready_rows(
        bundle, actor=actor, now=now, tell=lambda _done: None, reason=reason, by=RegisteredBy.API
    )
    results = {one.row.line: RowResult(one.row.line, one.verdict, None, one.messages) for one in judged}
    results |= {line: RowResult(line, UNCHANGED) for line in known_leavers}
    by_line = {row.line: i for row, i in zip(rows, indexes, strict=True)}
    good = {line: by_line[line] for line, one in results.items() if one.result != REFUSED}
    for line, pin in _vouch(project.pk, part.pk, source, good, now).items():
        results[line].pin = pin
    return results


def _left_already(row: ReadRow, facts: Facts) -> bool:
    """Whether the row only repeats that somebody left: nothing is to be done."""
    known = facts.people.get(row.values.person_key) if row.values.id_number else None
    return (
        not row.refused
        and known is not None
        and known.posting is None
        and known.last_left_on is not None
        and known.name == row.values.name
        and row.values.left_on == known.last_left_on
    )


def _check_last_day(row: ReadRow, facts: Facts) -> None:
    """A last day is after the first, as written here or on record."""
    values = row.values
    if values.left_on is None:
        return
    known = facts.people.get(values.person_key) if values.id_number else None
    posting = known.posting if known else None
    if posting is None and known is not None and known.last_left_on and values.joined_on is None:
        text = _("This person has left the project already.")
        row.messages.append(message("left_on", "stop", "posting.not_open", text))
        return
    first = values.joined_on or (posting.joined_on if posting else facts.today)
    if (stop := left_too_early(values.left_on, first)) is not None:
        row.messages.append(stop)


def _vouch(
    project_id: int, part_id: int, source: SourceSystem, good: Mapping[int, Indexes], now: datetime
) -> dict[int, int]:
    """Keep that the system says so of these postings; their numbers at the gates by row."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH theirs AS (
              SELECT DISTINCT ON (p.worker_id) p.id, p.worker_id, p.pin, w.id_index
              FROM registration_posting p JOIN registration_worker w ON w.id = p.worker_id
              WHERE p.{_MINE.replace("AND ", "AND p.")} AND w.id_index = ANY(%(people)s)
              ORDER BY p.worker_id, p.joined_on DESC, p.id DESC
            ), said AS (
              INSERT INTO registration_pushedposting (project_id, posting_id, worker_id, source_id, first_at, last_at)
              SELECT %(project)s, id, worker_id, %(source)s, %(now)s, %(now)s FROM theirs ORDER BY id
              ON CONFLICT (project_id, posting_id, source_id) DO UPDATE SET last_at = EXCLUDED.last_at
            ) SELECT id_index, pin FROM theirs
            """,  # noqa: S608 constants only
            {
                "project": project_id,
                "part": part_id,
                "source": source.pk,
                "now": now,
                "people": [i.person for i in good.values()],
            },
        )
        pins = {bytes(index): pin for index, pin in cursor.fetchall()}
    return {line: pins[i.person] for line, i in good.items() if i.person in pins}


def _count(push: Push, results: list[RowResult]) -> None:
    push.rows = len(results)
    push.refused = sum(one.result == REFUSED for one in results)
    push.unchanged = sum(one.result == UNCHANGED for one in results)
    push.kept = push.rows - push.refused - push.unchanged
    problems: dict[str, int] = {}
    for one in results:
        first = next((m for m in one.messages if m.kind == "stop"), None)
        if one.result == REFUSED and first is not None:
            problems[first.code] = problems.get(first.code, 0) + 1
    push.problems = problems


def rows_answer(push: Push) -> list[dict[str, Any]]:
    """The results of a push in the language active now."""
    found = []
    for one in msgspec.convert(push.results, list[RowResult]):
        said = [{"field": m.field, "code": m.code, "message": _said(m), "kind": m.kind} for m in one.messages]
        first = next((m for m in said if m["kind"] == "stop"), None) if one.result == REFUSED else None
        row: dict[str, Any] = {"index": one.index, "result": one.result}
        if one.pin is not None:
            row["pin"] = one.pin
        if first is not None:
            row |= {key: first[key] for key in ("code", "message", "field")}
        notes = [m for m in said if m is not first]
        if notes:
            row["notes"] = notes
        found.append(row)
    return found


def _said(one: Message) -> str:
    text = _tr(one.text)
    return text % one.facts if one.facts else text


def people_digest(project_id: int, source: SourceSystem) -> dict[str, Any]:
    """What is on record of the people a system vouches for: counts, and a digest that both sides can make.

    SHA-256 over the lines `pin,first day,last day` in the order of the pins, each ended by a line feed;
    the last day is empty while the work goes on.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.pin, p.joined_on, p.left_on FROM registration_pushedposting v"
            " JOIN registration_posting p ON p.id = v.posting_id AND p.project_id = v.project_id"
            " WHERE v.project_id = %s AND v.source_id = %s ORDER BY p.pin",
            [project_id, source.pk],
        )
        rows = cursor.fetchall()
    lines = "".join(f"{pin},{joined},{left or ''}\n" for pin, joined, left in rows)
    gone = sum(left is not None for _pin, _joined, left in rows)
    return {
        "people": len(rows),
        "at_work": len(rows) - gone,
        "left": gone,
        "digest": hashlib.sha256(lines.encode()).hexdigest(),
    }
