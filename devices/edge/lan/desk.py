"""Where every request of a terminal ends: answer it by its protocol, commit what it says, only then reply.

A stranger gets 403 and leaves nothing. If the disk does not take it the terminal is told so, and comes again.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from devices.edge.lan import allowed as people
from devices.edge.lan.allowed import not_done, told
from devices.edge.lan.calls import Unreachable, can_be_called, passages, set_clock
from devices.edge.lan.face_people import COUNT_SECONDS, Round, bring
from devices.edge.lan.face_pictures import NoPicture, asked
from devices.edge.lan.known import Known
from devices.edge.lan.memory import Memory, after_a_step_back, begin, moment, with_numbers
from devices.edge.lan.nightly import CLOCK_SECONDS, clock_command, counted, due, local, without_clock_commands
from devices.edge.lan.photos import PhotoQueue
from devices.edge.lan.pictures import Pictures, due_again, given_up
from devices.edge.lan.store import LanStore, Unread
from devices.edge.site import Site
from devices.protocols import hikvision, uface
from devices.protocols.errors import Garbled
from devices.protocols.http import Request, Response, is_from, plain
from devices.protocols.iclock import terminal as iclock
from devices.protocols.records import Event, Kind, PersonKind, Photo, as_posted
from devices.protocols.records import event_key as event_id

log = logging.getLogger(__name__)
ASKED = "q"
"""How the id of a refusal begins that was given at the door: never that of a record of the terminal's own."""
VISIT_SECONDS, VISIT_AGAIN_SECONDS = 3_600.0, 300.0
"""How often a face gate is asked for what it did not deliver, and when again if it did not answer."""
PEOPLE_AGAIN_SECONDS, PEOPLE_MOST_SECONDS = 30.0, 900.0
"""When a face gate that was not reached is told its people again: half a minute, doubling to a quarter of an hour."""
VISIT_OVERLAP, VISIT_FARTHEST = 86_400.0, 7 * 86_400.0
"""Seconds that are asked for twice, and how far back after a long time without the agent."""
VISIT_AHEAD_HOURS = 12
"""A gate's clock may be hours fast; its passages must still be found."""
SERVER_REFUSED = "server_refused"
SAME_REFUSAL = 10.0
"""Seconds between a refusal at the door and the terminal's own record of it."""


class OneTerminal:
    """A terminal at work. Hold `lock` from reading `memory` to committing it."""

    def __init__(self, known: Known, memory: Memory) -> None:
        self.known, self.memory = known, memory
        self.lock = threading.Lock()
        self.heard_at: float | None = None
        self.visit_after = 0.0
        self.people_after, self.people_pause = 0.0, PEOPLE_AGAIN_SECONDS
        self.brought: tuple[str, date] | None = None
        """The version of the allow-list that a face gate has wholly, and the day of it."""
        self.told: tuple[str, Memory] | None = None
        """The version of the allow-list that was last compared with what the terminal has, and what it had."""


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
        self.sessions = 0
        """How often the driver began to listen; visits of an earlier time end."""
        self.pictures = Pictures(site.clock.boot)
        self._lasting = 0
        """Passages that cannot be sent, when it was last told."""
        self.faces_changed = threading.Event()
        """Set when a terminal said something about faces."""
        self.terminals: dict[str, OneTerminal] = {}
        self.set_terminals(terminals)

    def set_terminals(self, terminals: Sequence[Known]) -> None:
        """Serve these from now on. A terminal that is the same as before keeps what is under way with it."""
        before = self.terminals
        states = self.store.states() if any(one.serial not in before for one in terminals) else {}
        found: dict[str, OneTerminal] = {}
        for known in terminals:
            one = before.get(known.serial)
            if one is not None and one.known == known:
                found[known.serial] = one
            elif one is not None:
                with one.lock:
                    found[known.serial] = OneTerminal(known, begin(known, one.memory.to_facts()))
            else:
                found[known.serial] = OneTerminal(known, begin(known, states.get(known.serial)))
        self._face_gates = [
            hikvision.Gate(key=known.serial, mac=known.device_key, networks=known.networks)
            for known in terminals
            if known.protocol == "hikvision"
        ]
        self._uface = {k.device_key: k for k in terminals if k.protocol == "uface"}
        self._uface_gates = {
            key: uface.Gate(key=known.serial, networks=known.networks) for key, known in self._uface.items()
        }
        self.terminals = found

    def gone(self, terminals: Sequence[Known]) -> list[Known]:
        """Of those that are served now, the ones that are not among these."""
        kept = {one.serial for one in terminals}
        return [one.known for serial, one in self.terminals.items() if serial not in kept]

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
        return self._elsewhere(request)

    def _elsewhere(self, request: Request) -> Response:
        """A page that is not ours: a face gate whose address was set without one, or nobody's."""
        if request.method == "POST":
            said = hikvision.answer(self._face_gates, request)
            if said.events or said.heartbeat:
                return self._hikvision(request)
            called = uface.answer(self._uface_gates, request)
            if called.event is not None or called.heartbeat:
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
            memory = replace(before, terminal=after_a_step_back(before.terminal, now))
            if page_of(request) == "getrequest" and request.method == "GET" and self._site.clock.is_sure:
                memory = clock_command(one.known, memory, now, by_hand=memory.clock_touched)
            queue, lacked = memory.terminal.queue, None
            if page_of(request) == "getrequest" and request.method == "GET":
                memory = replace(memory, terminal=due_again(memory.terminal, now))
                queue = memory.terminal.queue
                filled, lacked = self.pictures.filled(memory.terminal)
                memory = replace(memory, terminal=filled)
            outcome = iclock.answer({one.known.serial: memory.terminal}, request, now)
            if outcome.terminal is None:
                return outcome.response
            after = outcome.terminal
            if lacked is not None:
                after = self.pictures.emptied(after, queue, lacked)
            unread = [Unread(f"{bad.table} {bad.code}", bad.raw) for bad in outcome.bad]
            unread += [Unread(f"table {table}", body) for table, body in outcome.unknown]
            said = Said(outcome.events, outcome.photos, tuple(unread))
            memory = without_clock_commands(replace(memory, terminal=after))
            try:
                self.keep(one, self._after(one.known, memory, outcome), said)
            except (sqlite3.Error, OSError) as problem:
                return self._full(problem, outcome.not_stored)
        self._heard(one)
        return outcome.response

    def _after(self, known: Known, memory: Memory, outcome: iclock.Outcome) -> Memory:
        """The memory after what a terminal said beside its passages: results of commands, a clock set by hand."""
        for result in outcome.results:
            if result.pending or result.id not in memory.waiting_for:
                continue
            waiting = dict(memory.waiting_for)
            meaning = waiting.pop(result.id)
            memory = replace(memory, waiting_for=waiting)
            if result.done:
                memory = counted(known, memory, meaning, result.count, self.store)
                memory = people.done(memory, meaning)
            else:
                log.warning("%s: command %s failed with %s", known.serial, result.id, result.returned)
                memory = not_done(memory, meaning)
        if memory.clock_touched and outcome.sent:
            memory = replace(memory, clock_touched=False)
        if any(operation.set_the_clock for operation in outcome.operations):
            memory = replace(memory, clock_touched=True)
        return memory

    def _at_the_door(self, one: OneTerminal, request: Request, now: datetime) -> Response:
        """Somebody stands at a door and the terminal asks. The list decides, and nothing else is waited for.

        A refusal is kept with our reason; who is let in comes as a passage when they have gone through.
        """
        terminal = one.memory.terminal
        outcome = iclock.answer({one.known.serial: terminal}, request, now)
        question = outcome.question
        if question is None:
            return outcome.response
        self._heard(one)
        pins = [
            int(key.value) for key in question.persons if key.kind is PersonKind.PIN and is_pin(key.value)
        ]
        cards = [key.value for key in question.persons if key.kind is PersonKind.CARD]
        allowed, moment = self._site.allowed, now.timestamp()
        if cards and not pins:
            _pin, decision = allowed.judge(cards[0], now=moment)
        else:
            decision = allowed.decide(pins[0] if pins else None, now=moment)
        if not decision.admit:
            refused = replace(
                question, kind=Kind.PASSAGE, admitted=False, reason=decision.reason, record_id=None
            )
            try:
                posted, unread = sorted_out(one.known, [refused], pin_of=self._site.allowed.pin_of)
                if posted:
                    own = [{**row, "id": ASKED + row["id"][1:]} for row in posted]
                    self._site.keep_events(one.known.serial, own)
                self.store.keep(one.known.serial, None, unread, now=self._site.clock.now())
            except (sqlite3.Error, OSError) as problem:
                self._full(problem, outcome.not_stored)
        return iclock.verdict(
            question, now, allowed=decision.admit, door=door_of(question), tip=decision.text
        )

    def look_after(self) -> None:
        """What is not asked for by a terminal: new people, and the questions of the night. Call it now and then."""
        now = self.now()
        if self._lasting != self.store.lasting:
            self._lasting = self.store.lasting
            words = f"{self._lasting} passages name nobody, or have no time" if self._lasting else ""
            self._site.worry("unread", words, ("unread", "", self._lasting))
        for one in self.terminals.values():
            if one.known.protocol != "iclock":
                continue
            with one.lock:
                memory = one.memory
                if self._site.clock.is_sure:
                    memory = due(one.known, memory, now)
                if one.known.people:
                    version = self._site.allowed.version
                    if one.told != (version, memory):
                        memory = told(memory, self._site.allowed, doors=one.known.doors)
                    one.told = (version, memory)
                if memory is not one.memory:
                    try:
                        self.keep(one, memory, Said())
                    except (sqlite3.Error, OSError) as problem:
                        self._full(problem, Response(status=503))

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
            try:
                self.keep(one, one.memory, Said(events, photos, unread))
            except (sqlite3.Error, OSError) as problem:
                return self._full(problem, not_stored)
        self._heard(one)
        return good

    def visit(self) -> None:
        """Go to the face gates: once a day the time, and every hour what they did not deliver since the last visit.

        Slow; call it from a thread of its own.
        """
        if not self._site.clock.is_sure:
            return
        for one in self.terminals.values():
            if not can_be_called(one.known) or self._site.stopping.is_set():
                continue
            age = self.now().timestamp() - one.memory.visited_at
            if 0 <= age < VISIT_SECONDS or self._site.clock.boot() < one.visit_after:
                continue
            one.visit_after = self._site.clock.boot() + VISIT_AGAIN_SECONDS
            try:
                self._visit(one)
            except Unreachable as problem:
                log.warning("%s: it was not reached: %s", one.known.serial, problem)
            except (sqlite3.Error, OSError) as problem:
                self._full(problem, Response(status=503))

    def _visit(self, one: OneTerminal) -> None:
        """One gate. Passages have the keys they had as callbacks, so that asking for too much costs nothing."""
        now, memory = self.now(), one.memory
        back = max(memory.visited_at - VISIT_OVERLAP, now.timestamp() - VISIT_FARTHEST)
        first = moment(min(back, now.timestamp() - VISIT_OVERLAP))
        for events in passages(one.known, first, now + timedelta(hours=VISIT_AHEAD_HOURS)):
            with one.lock:
                self.keep(one, one.memory, Said(events))
        set_at = memory.clock_set_at
        if not 0 <= now.timestamp() - set_at < CLOCK_SECONDS:
            set_clock(one.known, self.now())
            set_at = now.timestamp()
        with one.lock:
            visited = replace(one.memory, visited_at=now.timestamp(), clock_set_at=set_at)
            self.keep(one, visited, Said())

    def bring_people(self) -> None:
        """Tell the face gates who may enter, at once when the list is another one, and count with them every hour.

        Slow; call it from the thread that visits.
        """
        site = self._site
        if not site.clock.is_sure or not site.allowed.version:
            return
        for one in list(self.terminals.values()):
            known, now = one.known, self.now()
            if not known.people or not can_be_called(known) or site.stopping.is_set():
                continue
            today = local(now, known).date()
            version = site.allowed.version
            age = now.timestamp() - one.memory.people_counted_at
            if one.brought == (version, today) and 0 <= age < COUNT_SECONDS:
                continue
            if site.clock.boot() < one.people_after:
                continue
            try:
                done = self._bring(one, now.timestamp(), today)
            except (Unreachable, sqlite3.Error, OSError) as problem:
                one.people_after = site.clock.boot() + one.people_pause
                one.people_pause = min(2 * one.people_pause, PEOPLE_MOST_SECONDS)
                code, words = (
                    ("people.pictures_wait", "pictures wait for the server")
                    if isinstance(problem, NoPicture)
                    else ("people.unreached", "it was not reached; people wait")
                )
                site.worry(f"people of {known.name}", words, (code, known.name, 0))
                log.warning("%s: people wait: %s", known.serial, problem)
                continue
            one.people_pause = PEOPLE_AGAIN_SECONDS
            one.brought = (version, today) if done.is_done else None
            site.worry(f"people of {known.name}", done.words, *done.facts(known.name))

    def _bring(self, one: OneTerminal, now: float, today: date) -> Round:
        def keep(memory: Memory) -> None:
            with one.lock:
                kept = replace(
                    one.memory,
                    people=memory.people,
                    people_counted_at=memory.people_counted_at,
                    people_listed_at=memory.people_listed_at,
                    deleted=tuple(dict.fromkeys((*one.memory.deleted, *memory.deleted))),
                )
                self.keep(one, kept, Said())

        allowed, picture = self._site.allowed, self._site.picture
        return bring(one.known, one.memory, allowed, keep, now=now, today=today, picture=picture)

    def fetch_pictures(self) -> None:
        """Ask the server for the pictures that terminals fetch next; kept in memory for one delivery.

        Slow; call it from the thread that visits.
        """
        for one in list(self.terminals.values()):
            if one.known.protocol != "iclock" or not one.known.people:
                continue
            for wanted in self.pictures.lacking(one.memory.terminal):
                try:
                    data = asked(self._site.picture, str(wanted[0]), wanted[1])
                except NoPicture as problem:
                    log.warning("%s: pictures wait: %s", one.known.serial, problem)
                    return
                if data is not None:
                    self.pictures.put(one.known.serial, wanted, data)
                    continue
                with one.lock:
                    try:
                        self.keep(one, given_up(one.memory, wanted), Said())
                    except (sqlite3.Error, OSError) as problem:
                        self._full(problem, Response(status=503))

    def faces_said(self) -> dict[str, dict[str, str]]:
        """What each terminal that gets its people from us said of faces, by serial."""
        return {
            one.known.serial: one.memory.faces_said()
            for one in list(self.terminals.values())
            if one.known.people
        }

    def keep_nobody(self) -> tuple[str, ...]:
        """The terminals of the server's own list that get neither people nor pictures from us, by serial."""
        told = {str(row["serial"]) for row in self._site.book.devices()}
        return tuple(
            sorted(
                one.known.serial
                for one in list(self.terminals.values())
                if not one.known.people and one.known.serial in told
            )
        )

    def faces_told(self, said: Mapping[str, Mapping[str, str]]) -> None:
        """The server has it: who is gone from a terminal need not be named again. Raises sqlite3.Error, OSError."""
        for serial, faces in said.items():
            one = self.terminals.get(serial)
            if one is None or not one.memory.deleted:
                continue
            with one.lock:
                left = tuple(pin for pin in one.memory.deleted if faces.get(pin) != "")
                self.keep(one, replace(one.memory, deleted=left), Said())

    def _full(self, problem: Exception, response: Response) -> Response:
        """Say that the disk does not take it."""
        words = f"the queue cannot be written: {problem}"
        self._site.worry("LAN terminals", words, ("queue.full", "", 0))
        return response

    def keep(self, one: OneTerminal, memory: Memory, said: Said) -> None:
        """Passages first, then the terminal's state with the lines nobody could read, then photos.

        Raises sqlite3.Error, OSError; `one.memory` is then what it was.
        """
        known = one.known
        events: list[Event] = []
        answered: list[Event] = []
        for one_event in said.events:
            (answered if self._is_our_refusal(known, one_event) else events).append(one_event)
        posted, unread = sorted_out(known, events, pin_of=self._site.allowed.pin_of)
        unread += [Unread("event.answered", event.raw) for event in answered]
        if posted:
            self._site.keep_events(known.serial, posted)
        numbers = [int(e.record_id) for e in said.events if e.record_id and is_record_number(e.record_id)]
        if numbers and known.protocol == "iclock":
            memory = replace(memory, runs=with_numbers(memory.runs, numbers))
        changed = memory != one.memory
        state = memory.to_facts() if changed else None
        self.store.keep(known.serial, state, [*said.unread, *unread], now=self._site.clock.now())
        if changed:
            if memory.faces_said() != one.memory.faces_said():
                self.faces_changed.set()
            one.memory = memory
        ids = {event["id"] for event in posted}
        if ids and self._has_early_photos(known):
            self.photos.match(known, [event for event in said.events if event_id(event) in ids])
        for photo in said.photos:
            event = next((e for e in said.events if photo.belongs_to(e) and event_id(e) in ids), None)
            self.photos.put(known, photo, event, self.store, may_wait=not posted)
        self._site.worry("LAN terminals", "")

    def _has_early_photos(self, known: Known) -> bool:
        try:
            return self.photos.waits_for_passage(known.serial)
        except sqlite3.Error as problem:
            log.warning("pictures were not matched: %s", problem)
            return False

    def _is_our_refusal(self, known: Known, event: Event) -> bool:
        """Whether a terminal tells us what we told it at the door; kept already, with the reason."""
        moment = event.time.moment(known.utc_offset)
        if event.reason != SERVER_REFUSED or moment is None:
            return False
        near = self.store.events_near(known.serial, moment.timestamp(), SAME_REFUSAL)
        pins = {int(key.value) for key in event.persons if is_pin(key.value)}
        return any(row["id"].startswith(ASKED) and row.get("pin") in pins for row in near)

    def _heard(self, one: OneTerminal) -> None:
        one.heard_at = self._site.clock.boot()
        name, kind = one.known.name, one.known.kind
        self._site.health.tell(name, kind, "ready")
        self._site.health.heard(name)

    def may_call(self, source: str) -> int:
        """How many terminals may live at an address; where none does it is hung up on."""
        return sum(is_from(source, one.known.networks) for one in list(self.terminals.values()))


def page_of(request: Request) -> str:
    """The page below /iclock/."""
    match = iclock.PATH.fullmatch(request.path)
    return match[1].lower() if match else ""


def is_pin(text: str) -> bool:
    """Whether a PIN is a project's number."""
    return text.isascii() and text.isdigit() and len(text) <= 10 and int(text) > 0


def door_of(question: Event) -> int:
    """The door somebody stands at; the first where the terminal does not say."""
    return int(question.door) if question.door in tuple("12345678") else 1


def is_record_number(text: str) -> bool:
    """Whether a device's record number counts."""
    return text.isascii() and text.isdigit() and len(text) <= 15


def sorted_out(
    known: Known, events: Sequence[Event], *, pin_of: Callable[[str], int | None] = lambda _card: None
) -> tuple[list[dict[str, Any]], list[Unread]]:
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
            row = as_posted(
                event,
                lane=known.lane,
                offset=known.utc_offset,
                keys_in_use=known.keys_in_use,
                pin_of=pin_of,
            )
        except Garbled as problem:
            unread.append(Unread(problem.code, event.raw, lasting=event.admitted))
            continue
        posted.append(dict(row))
    return posted, unread
