"""A batch of events becomes passages: receipt row, COPY to a stage, one INSERT … SELECT, one answer.

All in one transaction; the terminal may delete its events when it has the answer. A batch sent again gets
the first answer. Late events are accepted into their own day; a day already sealed is rolled up and sealed
again at once. Nothing here changes a pay slip: payroll compares slips with attendance, inspection looks on.
"""

import hashlib
import io
import json
import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from devices.models import Batch, RefusedEntry, Terminal
from devices.models.passages import Direction
from devices.rules import work_date
from devices.services import badge_reads, days, direct, seals, stage_sql
from devices.services.terminals import KnownTerminal, device_of, replayed, revoked, skew_ms, unknown_device
from devices.wire import Decoded, Event, read_envelope, read_events
from registration.rules.citizen_cards import normalise_card_number
from registration.services.citizen_cards import card_index
from wagewatch.lib.crypto import blind_index, decrypt_bytes, encrypt_bytes
from wagewatch.lib.dates import SITE_TZ
from wagewatch.lib.errors import Malformed, RuleViolation
from wagewatch.lib.happenings import happened
from wagewatch.lib.identity import normalise_id_number

BODY_CONTEXT = "batch.body"
EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
AHEAD = timedelta(minutes=10)
"""Clocks without a battery say 2000; clocks ahead of us by more than this are not believed either."""
COPY_FROM = 24
"""Smaller batches go as arrays: emptying the stage at commit costs more than COPY saves."""

_DIRECTION = {None: Direction.UNKNOWN.value, "in": Direction.IN.value, "out": Direction.OUT.value}
Answer = dict[str, Any]


def accept_batch(
    terminal: KnownTerminal,
    body: bytes,
    *,
    nonce: str,
    now: datetime,
    read: Callable[[bytes], Decoded] = read_events,
) -> Answer:
    """Keep a batch and answer what became of each event; `read` decodes the events of another dialect.

    Answer: batch, accepted, repeated (within 60 s, kept but not counted), duplicates (already known),
    refused [{id, reason}], bad [{id, index, code, message}].
    A batch that names a `device` is that device's, though the agent signs it; its batch ids are the device's own.
    Raises Malformed if the batch cannot be read, NotSigned for a nonce used twice, NotPermitted for a terminal
    revoked meanwhile or a device that is not the agent's (`device.unknown`, nothing is stored), RuleViolation
    (`batch.other_events`) for a known batch id with other events.
    """
    envelope = read_envelope(body)
    place = terminal if envelope.device is None else device_of(terminal, envelope.device)
    device_id = None if envelope.device is None else place.id
    decoded = read(bytes(envelope.events))
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                stage_sql.RECEIPT,
                {
                    "terminal": terminal.id,
                    "device": device_id,
                    "project": terminal.project_id,
                    "nonce": nonce,
                    "now": now,
                    "batch": envelope.batch,
                    "sha": hashlib.sha256(body).digest(),
                    "body": encrypt_bytes(zlib.compress(body, 1), context=BODY_CONTEXT),
                    "count": len(decoded.good) + len(decoded.bad),
                },
            )
            is_new_nonce, batch_pk = cursor.fetchone()
        if not is_new_nonce:
            replayed()
        if batch_pk is None:
            answer = _first_answer(terminal, device_id, envelope.batch, bytes(envelope.events))
        else:
            good, lost = badge_reads.sort_out(place.project_id, decoded.good)
            answer = {"batch": envelope.batch, **_keep(place, good, batch_pk, now=now)}
            directions = {word: _DIRECTION.get(place.lane, code) for word, code in _DIRECTION.items()}
            answer["refused"] += badge_reads.refuse_lost(
                place, lost, batch_pk, latest=now + AHEAD, directions=directions
            )
            badge_reads.note_uses(place, good, earliest=EARLIEST, latest=now + AHEAD)
            answer["bad"] = msgspec.to_builtins(decoded.bad, str_keys=True) if decoded.bad else []
        _finish(terminal, place, answer, batch_pk, envelope.sent_at, envelope.queue, now)
    return answer


def _first_answer(terminal: KnownTerminal, device_id: int | None, batch_id: str, events: bytes) -> Answer:
    """The stored answer of a batch that came before, if it held the same events."""
    batch = Batch.objects.get(
        project_id=terminal.project_id, terminal_id=terminal.id, device_id=device_id, batch_id=batch_id
    )
    if bytes(read_envelope(batch_body(batch)).events) != events:
        raise RuleViolation(
            "batch.other_events",
            _("Batch %(batch)s was received before with other events. Use a new batch id."),
            batch=batch_id,
        )
    answer: Answer = batch.answer
    return answer


def batch_body(batch: Batch) -> bytes:
    """The body exactly as it was received."""
    return zlib.decompress(decrypt_bytes(bytes(batch.body), context=BODY_CONTEXT))


def _keep(
    terminal: KnownTerminal, events: Sequence[tuple[int, Event]], batch_pk: int, *, now: datetime
) -> Answer:
    """Write passages, dirty days and refused entries; the answer without its bad events."""
    if not events:
        return {"accepted": 0, "repeated": 0, "duplicates": 0, "refused": []}
    latest = now + AHEAD
    moments = [e.at for _, e in events]
    first, last = max(min(moments), EARLIEST), min(max(moments), latest)
    low, high = work_date(first, terminal.day_starts_at), work_date(last, terminal.day_starts_at)
    touches_seal = False
    if seals.may_touch_seals(first, now=now):
        seals.lock_project(terminal.project_id)
        touches_seal = seals.is_sealed_near(terminal.project_id, low, high)
    indexes = {i: _index_of(e) for i, e in events if e.pin is None}
    parameters: dict[str, Any] = {
        "project": terminal.project_id,
        "terminal": terminal.id,
        "batch_pk": batch_pk,
        "starts": terminal.day_starts_at.isoformat(),
        "earliest": EARLIEST,
        "latest": latest,
        "first": first,
        "last": last,
        "low": low,
        "high": high,
    }
    staged = len(events) >= COPY_FROM
    directions = {word: _DIRECTION.get(terminal.lane, code) for word, code in _DIRECTION.items()}
    if staged and not indexes and min(moments) == first and max(moments) == last:
        place = direct.Place(terminal.project_id, terminal.id, batch_pk, terminal.day_starts_at)
        again = direct.write_directly(events, place, directions, direct.Span(first, last, low, high), now=now)
        if again is not None:
            if touches_seal:
                _settle_late_days(terminal.project_id, low, high, now=now)
            return {
                "accepted": len(events) - again,
                "repeated": again,
                "duplicates": 0,
                "refused": [],
            }
    with connection.cursor() as cursor:
        if staged:
            _copy(cursor, events, directions, indexes)
        else:
            parameters |= _arrays(events, terminal.lane, indexes)
        by_card = bool(indexes) and any(e.card is not None for _, e in events)
        keys = "card" if by_card else "index" if indexes else "pin"
        name, prepare = stage_sql.prepared(staged=staged, keys=keys)
        known = connection.devices_prepared  # type: ignore[attr-defined]  # set by apps.forget_session
        if name not in known:
            cursor.execute(prepare)
            known.add(name)  # a prepared statement outlives a rollback
        cursor.execute(stage_sql.execute(name, staged=staged), parameters)
        good, kept, repeated, refused = cursor.fetchone()
    by_place = dict(events)
    if refused:
        happened("gate.refused")
        _write_refused(terminal, batch_pk, refused, by_place, indexes, today=now.astimezone(SITE_TZ).date())
    if touches_seal and kept:
        _settle_late_days(terminal.project_id, low, high, now=now)
    return {
        "accepted": kept - repeated,
        "repeated": repeated,
        "duplicates": good - kept,
        "refused": [{"id": by_place[i].id, "reason": reason} for i, reason, _worker, _day in refused or ()],
    }


def _settle_late_days(project_id: int, low: date, high: date, *, now: datetime) -> None:
    """Roll up what came late at once, and seal again the sealed dates among it."""
    days.roll_up_project(project_id, low, high)
    around = range(-1, (high - low).days + 2)
    seals.reseal([(project_id, low + timedelta(days=k)) for k in around], now=now)


def _index_of(event: Event) -> bytes:
    """The index by which the person of an event is found, by ID number or citizen card.

    Also what is no such number gets an index: it is nobody's, and the person is refused as unregistered.
    """
    number = event.id_number or event.card or ""
    try:
        if event.id_number is None:
            return card_index(normalise_card_number(number))
        number = normalise_id_number(number).value
    except Malformed:
        pass
    return blind_index(number, kind="id")


def _direction(lane: str, event: Event) -> int:
    """The lane decides; only on a two-way lane is the device believed."""
    return _DIRECTION[lane] if lane in _DIRECTION else _DIRECTION[event.direction]


def _copy(
    cursor: Any, events: Sequence[tuple[int, Event]], directions: dict[Any, int], indexes: dict[int, bytes]
) -> None:
    """COPY the events into this connection's stage. No text needs escaping: wire.py lets no escape through."""
    if not connection.has_devices_stage:  # type: ignore[attr-defined]
        cursor.execute(stage_sql.STAGE)
        cursor.execute("DELETE FROM devices_stage")  # rows of the same transaction: tests only
        transaction.on_commit(_remember_stage)
    lines = [
        f"{i}\t{e.pin}\t\\N\t{e.at.isoformat()}\t{directions[e.direction]}\t{e.type}\t{e.admitted}\t{e.id}\n"
        if e.pin is not None
        else f"{i}\t\\N\t{indexes[i].hex()}\t{e.at.isoformat()}\t{directions[e.direction]}\t{e.type}\t{e.admitted}\t{e.id}\n"
        for i, e in events
    ]
    cursor.copy_expert("COPY devices_stage FROM STDIN", io.StringIO("".join(lines)))


def _remember_stage() -> None:
    connection.has_devices_stage = True  # type: ignore[attr-defined]


def _arrays(events: Sequence[tuple[int, Event]], lane: str, indexes: dict[int, bytes]) -> dict[str, Any]:
    return {
        "idx": [i for i, _ in events],
        "pin": [e.pin for _, e in events],
        "id_index": [indexes[i].hex() if i in indexes else None for i, _ in events],
        "at": [e.at for _, e in events],
        "direction": [_direction(lane, e) for _, e in events],
        "attend_type": [e.type for _, e in events],
        "admitted": [e.admitted for _, e in events],
        "event_id": [e.id for _, e in events],
    }


def _write_refused(
    terminal: KnownTerminal,
    batch_pk: int,
    refused: Sequence[tuple[int, str, int | None, str]],
    events: dict[int, Event],
    indexes: dict[int, bytes],
    *,
    today: date,
) -> None:
    """Keep who was turned away, or was let in and should not have been; once per terminal and event id."""
    RefusedEntry.objects.bulk_create(
        [
            RefusedEntry(
                # A time nobody believes says nothing about the day; it is kept under the day it came.
                day=today if reason == "bad_time" else date.fromisoformat(day),
                project_id=terminal.project_id,
                terminal_id=terminal.id,
                event_id=events[i].id,
                at=events[i].at,
                direction=_direction(terminal.lane, events[i]),
                reason=reason,
                worker_id=worker_id,
                person_key=events[i].id_number or events[i].card or str(events[i].pin),
                person_index=indexes.get(i),
                was_let_in=events[i].admitted,
                batch_pk=batch_pk,
            )
            for i, reason, worker_id, day in refused
        ],
        ignore_conflicts=True,
    )


def _finish(
    terminal: KnownTerminal,
    place: KnownTerminal,
    answer: Answer,
    batch_pk: int | None,
    sent_at: datetime | None,
    queue: int | None,
    now: datetime,
) -> None:
    """Store the answer and the state of terminal and device. Raises NotPermitted if one was revoked meanwhile."""
    touched = list({terminal.id, place.id})
    with connection.cursor() as cursor:
        cursor.execute(
            stage_sql.FINISH,
            {
                "answer": json.dumps(answer),
                "batch_pk": batch_pk,
                "project": terminal.project_id,
                "terminal": terminal.id,
                "place": place.id,
                "touched": touched,
                "now": now,
                "skew": skew_ms(sent_at, now) if sent_at is not None else None,
                "queue": queue,
            },
        )
        if cursor.rowcount == len(touched):
            return
    if Terminal.objects.filter(pk=terminal.id, is_active=True).exists():
        unknown_device()
    revoked()
