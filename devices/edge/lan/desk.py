"""Where every request of a terminal ends: answer it by its protocol, commit what it says, only then reply.

A stranger gets 403 and leaves nothing. If the disk does not take it the terminal is told so, and comes again.
"""

import logging
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from devices.edge.lan.known import Known
from devices.edge.lan.memory import Memory, after_a_step_back, begin, moment, with_numbers
from devices.edge.lan.photos import PhotoQueue
from devices.edge.lan.store import LanStore, Unread
from devices.edge.site import Site
from devices.protocols import hikvision, uface
from devices.protocols.errors import Garbled
from devices.protocols.http import Request, Response, is_from, plain
from devices.protocols.iclock import terminal as iclock
from devices.protocols.records import Event, Kind, Photo, as_posted
from devices.protocols.records import event_key as event_id

log = logging.getLogger(__name__)


class OneTerminal:
    """A terminal at work. Hold `lock` from reading `memory` to committing it."""

    def __init__(self, known: Known, memory: Memory) -> None:
        self.known, self.memory = known, memory
        self.lock = threading.Lock()
        self.heard_at: float | None = None


@dataclass(frozen=True)
class Said:
    """What one request said, whatever its protocol."""

    events: tuple[Event, ...] = ()
    photos: tuple[Photo, ...] = ()
    unread: tuple[Unread, ...] = field(default=(), repr=False)


class Desk:
    """Answers requests. Any thread may call `answer`."""

    def __init__(self, site: Site, store: LanStore, photos: PhotoQueue, terminals: Sequence[Known]) -> None:
        self._site, self.store, self.photos = site, store, photos
        states = store.states()
        self.terminals = {
            known.serial: OneTerminal(known, begin(known, states.get(known.serial))) for known in terminals
        }
        self._face_gates = [
            hikvision.Gate(key=known.serial, mac=known.device_key, networks=known.networks)
            for known in terminals
            if known.protocol == "hikvision"
        ]
        self._uface = {k.device_key: k for k in terminals if k.protocol == "uface"}
        self._uface_gates = {
            key: uface.Gate(key=known.serial, networks=known.networks) for key, known in self._uface.items()
        }

    def now(self) -> datetime:
        """The best known time."""
        return moment(self._site.clock.now())

    def answer(self, request: Request) -> Response:
        """The response, after what it acknowledges is on disk."""
        page = request.path.lower()
        if page.startswith("/iclock/"):
            return self._iclock(request)
        if page == "/hikvision" or page.startswith("/hikvision/"):
            return self._hikvision(request)
        if page == "/uface" or page.startswith("/uface/"):
            return self._uface_callback(request)
        return Response(status=404)

    def _iclock(self, request: Request) -> Response:
        now = self.now()
        one = self.terminals.get(request.query.get("sn", ""))
        if one is None or one.known.protocol != "iclock":
            return plain("", now, 403)
        if request.query.get("authtype", "").lower() == "device":
            return self._at_the_door(one, request, now)
        with one.lock:
            before = one.memory
            terminal = after_a_step_back(before.terminal, now)
            outcome = iclock.answer({one.known.serial: terminal}, request, now)
            if outcome.terminal is None:
                return outcome.response
            unread = [Unread(f"{bad.table} {bad.code}", bad.raw) for bad in outcome.bad]
            unread += [Unread(f"table {table}", body) for table, body in outcome.unknown]
            memory = replace(before, terminal=outcome.terminal)
            memory = self._with_results(one.known, memory, outcome)
            said = Said(outcome.events, outcome.photos, tuple(unread))
            if not self._keep(one, memory, said):
                return outcome.not_stored
        for table, count in outcome.dropped:
            log.debug("%s: %d of %s dropped on arrival", one.known.serial, count, table)
        self._heard(one)
        return outcome.response

    def _with_results(self, known: Known, memory: Memory, outcome: iclock.Outcome) -> Memory:
        """The memory after the results of commands."""
        waiting = dict(memory.waiting_for)
        for result in outcome.results:
            if result.pending:
                continue
            waiting.pop(result.id, None)
            if not result.done:
                log.warning("%s: command %s failed with %s", known.serial, result.id, result.returned)
        for name in outcome.expired:
            waiting.pop(name, None)
        return replace(memory, waiting_for=waiting)

    def _at_the_door(self, one: OneTerminal, request: Request, now: datetime) -> Response:
        """Nobody is let in on a terminal's question while nothing is known of who may enter."""
        with one.lock:
            terminal = one.memory.terminal
        return iclock.answer({one.known.serial: terminal}, request, now).response

    def _hikvision(self, request: Request) -> Response:
        outcome = hikvision.answer(self._face_gates, request)
        one = self.terminals.get(outcome.gate)
        if one is None:
            return outcome.response
        codes = [*outcome.bad, *["hikvision.unknown"] * len(outcome.unknown)]
        unread = tuple(Unread(code, raw) for code, raw in zip(codes, outcome.unknown, strict=False))
        return self._face_gate(
            one, outcome.response, outcome.not_stored, outcome.events, outcome.photos, unread
        )

    def _uface_callback(self, request: Request) -> Response:
        outcome = uface.answer(self._uface_gates, request)
        one = self.terminals.get(outcome.gate)
        if one is None:
            return outcome.response
        events = () if outcome.event is None else (outcome.event,)
        photos = () if outcome.photo is None else (outcome.photo,)
        unread = (Unread(outcome.bad or "uface.unknown", outcome.unknown),) if outcome.unknown else ()
        return self._face_gate(one, outcome.response, outcome.not_stored, events, photos, unread)

    def _face_gate(
        self,
        one: OneTerminal,
        good: Response,
        not_stored: Response,
        events: tuple[Event, ...],
        photos: tuple[Photo, ...],
        unread: tuple[Unread, ...],
    ) -> Response:
        with one.lock:
            if not self._keep(one, one.memory, Said(events, photos, unread)):
                return not_stored
        self._heard(one)
        return good

    def _keep(self, one: OneTerminal, memory: Memory, said: Said) -> bool:
        """Commit everything; False if the disk did not take it. Each part may be repeated without harm."""
        try:
            self.keep(one, memory, said)
        except (sqlite3.Error, OSError) as problem:
            self._site.worry("LAN terminals", f"the queue cannot be written: {problem}")
            return False
        self._site.worry("LAN terminals", "")
        return True

    def keep(self, one: OneTerminal, memory: Memory, said: Said) -> None:
        """Passages first, then the terminal's state with the lines nobody could read, then photos.

        Raises sqlite3.Error, OSError; `one.memory` is then what it was.
        """
        known = one.known
        posted, unread = sorted_out(known, said.events)
        if posted:
            self._site.keep_events(known.serial, posted)
        numbers = [int(e.record_id) for e in said.events if e.record_id and is_record_number(e.record_id)]
        if numbers and known.protocol == "iclock":
            memory = replace(memory, runs=with_numbers(memory.runs, numbers))
        state = memory.to_facts() if memory != one.memory else None
        self.store.keep(known.serial, state, [*said.unread, *unread], now=self._site.clock.now())
        one.memory = memory
        ids = {event["id"] for event in posted}
        self.photos.match(known, [event for event in said.events if event_id(event) in ids])
        for photo in said.photos:
            event = next((e for e in said.events if photo.belongs_to(e) and event_id(e) in ids), None)
            self.photos.put(known, photo, event, self.store, may_wait=not posted)

    def _heard(self, one: OneTerminal) -> None:
        one.heard_at = self._site.clock.boot()
        name, kind = one.known.name, one.known.kind
        self._site.health.tell(name, kind, "ready")
        self._site.health.heard(name)

    def may_call(self, source: str) -> bool:
        """Whether any terminal lives at an address; others are hung up on."""
        return any(is_from(source, one.known.networks) for one in self.terminals.values())


def is_record_number(text: str) -> bool:
    """Whether a device's record number counts."""
    return text.isascii() and text.isdigit() and len(text) <= 15


def sorted_out(known: Known, events: Sequence[Event]) -> tuple[list[dict[str, Any]], list[Unread]]:
    """What the server takes, and what it does not: doors, verifications, strangers, numbers it has not given.

    A passage of somebody who was let in is kept for ever, even if nobody here knows who it was.
    """
    posted: list[dict[str, Any]] = []
    unread: list[Unread] = []
    for event in events:
        if event.kind is not Kind.PASSAGE:
            unread.append(Unread(f"event.{event.kind.value}", event.raw))
            continue
        try:
            row = as_posted(event, lane=known.lane, offset=known.utc_offset, keys_in_use=known.keys_in_use)
        except Garbled as problem:
            unread.append(Unread(problem.code, event.raw, lasting=event.admitted))
            continue
        posted.append(dict(row))
    return posted, unread
