"""Which real-name system speaks, how often it may, and the stamps it pushes."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from devices import signing
from devices.errors import TooMany
from devices.models import Batch, Terminal
from devices.push_wire import PostedAttendance, read_attendance, read_pushed_events
from devices.services import passages
from devices.services.terminals import KnownTerminal, replayed, signature_of, wrong_signature
from registration.models import Project, Push, SourceNonce, SourceSystem
from registration.services.pushing import begin_push, note_push, note_refusal
from registration.services.sources import projects_of_source
from wagewatch.lib.dates import SITE_TZ
from wagewatch.lib.errors import Malformed, NotPermitted

REQUESTS_A_MINUTE = 120
"""What one system may send; at 5,000 stamps a batch that is 600,000 stamps a minute."""
LONGEST_SPAN = 31
"""Days that one reconciliation covers."""


def authenticate(
    headers: Mapping[str, str], *, method: str, path: str, body: bytes, now: datetime
) -> SourceSystem:
    """The system that signed a request; remembers its nonce, whatever becomes of the request.

    Raises NotSigned (401) as for terminals, also for a nonce used twice; NotPermitted (403) for a system that
    was shut out; TooMany (429) beyond REQUESTS_A_MINUTE.
    """
    key_id, timestamp, nonce, signature = signature_of(headers, now=now)
    known = key_id.isascii() and key_id.isprintable() and len(key_id) <= 32
    source = SourceSystem.objects.filter(key_id=key_id).first() if known else None
    valid = [source.secret] if source else ["no such system"]
    if source and source.former_secret and source.former_until and now < source.former_until:
        valid.append(source.former_secret)
    signed = [signing.is_signed(secret, signature, method, path, timestamp, nonce, body) for secret in valid]
    if source is None or not any(signed):
        wrong_signature()
    if not source.is_active:
        raise NotPermitted(
            "source.shut_out", _("This system was shut out. Ask the general contractor for a new key.")
        )
    _note_nonce(source, nonce, now)
    return source


def _note_nonce(source: SourceSystem, nonce: str, now: datetime) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        # Those that ask at the same moment are counted one after the other.
        cursor.execute("SELECT FROM registration_sourcesystem WHERE id = %s FOR NO KEY UPDATE", [source.pk])
        cursor.execute(
            "SELECT count(*) FROM registration_sourcenonce WHERE source_id = %s AND at > %s",
            [source.pk, now - timedelta(minutes=1)],
        )
        if cursor.fetchone()[0] >= REQUESTS_A_MINUTE:
            text = _("More than %(limit)s requests in a minute. Wait, and put more rows into one request.")
            raise TooMany("push.too_often", text, limit=REQUESTS_A_MINUTE)
        cursor.execute(
            "INSERT INTO registration_sourcenonce (source_id, nonce, at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [source.pk, nonce, now],
        )
        if cursor.rowcount == 0:
            replayed()


def forget_source_nonces(*, now: datetime) -> int:
    """Drop nonces too old to be accepted anyway; called by the seal task."""
    old = now - timedelta(seconds=4 * signing.WINDOW_SECONDS)
    return SourceNonce.objects.filter(at__lt=old).delete()[0]


def project_in_scope(source: SourceSystem, code: str) -> Project:
    """The project of this code. NotPermitted (403) outside the system's scope, whether it exists or not."""
    found = projects_of_source(source).filter(code=code).first() if "\x00" not in code else None
    if found is None:
        raise NotPermitted(
            "push.outside",
            _("This system may not push for the project with this code. Nothing was stored."),
        )
    return found


def take_attendance(source: SourceSystem, body: bytes, *, nonce: str, now: datetime) -> dict[str, Any]:
    """Keep a batch of another system's stamps; the answer is a terminal's (`passages.accept_batch`).

    Raises as that does, and NotPermitted `push.outside`, RuleViolation `push.other_rows`.
    """
    posted = read_attendance(body)
    project = project_in_scope(source, posted.project)
    with transaction.atomic():
        terminal = _gate(source, project, posted.gate)
        answer = passages.accept_batch(terminal, body, nonce=nonce, now=now, read=read_pushed_events)
        push, is_new = begin_push(
            source,
            project.pk,
            Push.Kind.ATTENDANCE,
            posted.batch,
            hashlib.sha256(bytes(posted.events)).digest(),
            gate=posted.gate,
            now=now,
        )
        if is_new:
            _note_counts(push, terminal, posted, answer)
        note_push(source, now=now)
    return answer


def _gate(source: SourceSystem, project: Project, gate: str) -> KnownTerminal:
    """The terminal that stands for a gate of the other system, made when it speaks first."""
    serial = f"src{source.pk}-{project.pk}-{hashlib.sha256(gate.encode()).hexdigest()[:12]}"[:40]
    found = Terminal.objects.filter(serial=serial, project=project).first()
    if found is None:
        try:
            with transaction.atomic():
                found = Terminal.objects.create(
                    project=project,
                    source=source,
                    serial=serial,
                    name=f"{gate} · {source.name}"[:60] if gate else source.name,
                    key_id=secrets.token_hex(8),
                    secret=secrets.token_urlsafe(32),
                )
        except IntegrityError:  # made by another request in this very moment
            found = Terminal.objects.get(serial=serial, project=project)
    return KnownTerminal(
        found.pk, found.project_id, found.lane, found.secret, found.is_active, project.day_starts_at
    )


def _note_counts(
    push: Push, terminal: KnownTerminal, posted: PostedAttendance, answer: dict[str, Any]
) -> None:
    """Counts for the page of the system, and the days that the batch tells of."""
    problems: dict[str, int] = {}
    for one in answer["refused"]:
        problems[one["reason"]] = problems.get(one["reason"], 0) + 1
    for one in answer["bad"]:
        problems[one["code"]] = problems.get(one["code"], 0) + 1
    push.kept = answer["accepted"] + answer["repeated"]
    push.unchanged, push.problems = answer["duplicates"], problems
    push.refused = len(answer["refused"]) + len(answer["bad"])
    push.rows = push.kept + push.unchanged + push.refused
    days = [_day_of(event.at) for _index, event in read_pushed_events(bytes(posted.events)).good]
    push.first_day, push.last_day = min(days, default=None), max(days, default=None)
    push.batch_pk = Batch.objects.values_list("pk", flat=True).get(
        project=push.project_id, terminal=terminal.id, batch_id=posted.batch
    )
    push.save()


def _day_of(at: datetime) -> date:
    return at.astimezone(SITE_TZ).date()


_ON_RECORD = """
SELECT (at AT TIME ZONE 'Asia/Shanghai')::date AS on_day, 'passages', count(*) FROM devices_passage
WHERE project_id = %(project)s AND day BETWEEN %(first)s - 1 AND %(last)s AND terminal_id = ANY(%(gates)s) GROUP BY 1
UNION ALL
SELECT (at AT TIME ZONE 'Asia/Shanghai')::date, reason, count(*) FROM devices_refusedentry
WHERE project_id = %(project)s AND day BETWEEN %(first)s - 1 AND %(last)s AND terminal_id = ANY(%(gates)s)
  AND reason <> 'bad_time' GROUP BY 1, 2
"""


def reconcile(source: SourceSystem, project: Project, first: date, last: date) -> list[dict[str, Any]]:
    """For each day what was received from the system and what is on record of it, from the batches as received.

    `digest` is SHA-256 over the ids of the day's events, each once, in the order of their UTF-8 bytes, each ended
    by a line feed; a day is the date in China at the moment of the stamp. A stamp already on record under another
    id is received but not counted as a passage. Raises Malformed `push.span`.
    """
    if not timedelta(0) <= last - first < timedelta(days=LONGEST_SPAN):
        raise Malformed("push.span", _("Ask for 1 to %(most)s days, the first one first."), most=LONGEST_SPAN)
    received: dict[date, set[bytes]] = {
        first + timedelta(days=n): set() for n in range((last - first).days + 1)
    }
    batches = Push.objects.filter(
        project=project, source=source, kind=Push.Kind.ATTENDANCE, first_day__lte=last, last_day__gte=first
    ).values_list("batch_pk", flat=True)
    for batch in Batch.objects.filter(project=project, pk__in=list(batches)).iterator(chunk_size=20):
        posted = read_attendance(passages.batch_body(batch))
        for _index, event in read_pushed_events(bytes(posted.events)).good:
            if (ids := received.get(_day_of(event.at))) is not None:
                ids.add(event.id.encode())
    counts: dict[date, dict[str, int]] = {}
    gates = list(Terminal.objects.filter(project=project, source=source).values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(_ON_RECORD, {"project": project.pk, "first": first, "last": last, "gates": gates})
        for day, what, count in cursor.fetchall():
            counts.setdefault(day, {})[what] = count
    return [
        {
            "day": day.isoformat(),
            "received": len(ids),
            "digest": hashlib.sha256(b"".join(one + b"\n" for one in sorted(ids))).hexdigest(),
            "passages": counts.get(day, {}).pop("passages", 0),
            "refused": counts.get(day, {}),
        }
        for day, ids in received.items()
    ]


__all__ = [
    "authenticate",
    "forget_source_nonces",
    "note_refusal",
    "project_in_scope",
    "reconcile",
    "take_attendance",
]
