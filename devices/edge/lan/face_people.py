"""Brings people to face gates that have a web server of their own, and counts with them what they hold.

A gate may be deaf for a minute, take one person and refuse the next, or come back empty from the maker: each person
is a call of its own, done again without harm, and what the gate holds is asked for, not believed.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from devices.edge.allowed import AllowList
from devices.edge.lan.allowed import AGAIN, FAILED
from devices.edge.lan.calls import MOST_PAGES, Refused, Unreachable, call
from devices.edge.lan.face_pictures import Picture, after, delete
from devices.edge.lan.known import Known
from devices.edge.lan.memory import Enrolled, Memory, has_face, without_person
from devices.edge.lan.roll import LASTING_END, FaceStep, Step, compared, face_steps, had_end, steps
from devices.protocols import hikvision, uface
from devices.protocols.errors import DeviceRefused, ProtocolError
from devices.protocols.http import Call

log = logging.getLogger(__name__)
MOST_AT_ONCE = 100
"""People in one round, so that the other gates of the site get theirs."""
KEPT_EVERY = 20
"""People after whom it is written down; a kill in between says so many again, which changes nothing."""
COUNT_SECONDS, LIST_SECONDS = 3_600.0, 86_400.0
Keep = Callable[[Memory], None]


@dataclass(frozen=True)
class Round:
    """What came of a round: whether everything is said, and what a person should know."""

    is_done: bool
    refused: int = 0
    strangers: int = 0
    undeleted: int = 0
    faceless: int = 0

    @property
    def words(self) -> str:
        """For the page of the site; no names."""
        parts = []
        if self.refused:
            parts.append(f"{self.refused} people were not taken")
        if self.strangers:
            parts.append(f"{self.strangers} people on it are on no list")
        if self.undeleted:
            parts.append(f"{self.undeleted} pictures were not deleted")
        if self.faceless:
            parts.append(f"{self.faceless} pictures were not taken")
        return ", ".join(parts)

    def facts(self, gate: str) -> list[tuple[str, str, int]]:
        """The same for the server."""
        counts = {
            "people.refused": self.refused,
            "people.strangers": self.strangers,
            "people.undeleted": self.undeleted,
            "people.faceless": self.faceless,
        }
        return [(code, gate, count) for code, count in counts.items() if count]


def bring(
    known: Known,
    memory: Memory,
    allowed: AllowList,
    keep: Keep,
    *,
    now: float,
    today: date,
    picture: Picture = lambda _pin, _name: None,
) -> Round:
    """One round with one gate: pictures to be deleted, then people, then pictures to be given.

    `keep` commits the memory now and then, and at the end. Raises Unreachable (NoPicture where the server has to be
    waited for), and what `keep` raises; then what was done so far is kept.
    """
    strangers = 0
    if not 0 <= now - memory.people_counted_at < COUNT_SECONDS:
        memory, strangers = _counted(known, memory, allowed, now)
        keep(memory)
    pauses = known.protocol == "hikvision"
    kept, done, undeleted = memory, 0, 0
    tried: set[str] = set()
    faces = allowed.faces() if allowed.version else {}
    try:
        for part in ("delete", "people", "delete", "give"):
            todo: Iterator[Step | FaceStep] = (
                steps(memory.people, allowed, today, pauses=pauses)
                if part == "people"
                else face_steps(memory.people, faces, deletions=part == "delete")
            )
            for step in todo:
                if done >= MOST_AT_ONCE:
                    return _round(memory, strangers, undeleted, is_done=False)
                before = memory
                if part == "delete":
                    if step.pin in tried:
                        continue
                    tried.add(step.pin)
                memory = (
                    _after(known, memory, step)
                    if isinstance(step, Step)
                    else _after_face(known, memory, step, picture)
                )
                undeleted += part == "delete" and memory is before
                done += 1
                if done % KEPT_EVERY == 0:
                    keep(memory)
                    kept = memory
    finally:
        if memory is not kept:
            keep(memory)
    return _round(memory, strangers, undeleted, is_done=True)


def _round(memory: Memory, strangers: int, undeleted: int, *, is_done: bool) -> Round:
    faceless = sum(one.face.startswith("!") for one in memory.people.values())
    return Round(is_done, _failed(memory), strangers, undeleted, faceless)


def _failed(memory: Memory) -> int:
    return sum(one.mark == FAILED for one in memory.people.values())


def _after(known: Known, memory: Memory, step: Step) -> Memory:
    """What the gate holds after a step. Raises Unreachable if nobody knows."""
    before = memory.people.get(step.pin)
    face = before.face if before else ""
    try:
        _do(known, step, before)
    except (Refused, DeviceRefused, ProtocolError) as problem:
        log.warning("%s: it does not take a person: %s", known.serial, getattr(problem, "code", problem))
        failed = Enrolled(FAILED, step.enrolled.name if step.enrolled else "", face)
        return replace(memory, people={**memory.people, step.pin: failed})
    if step.enrolled is None:
        return without_person(memory, step.pin, face)
    return replace(memory, people={**memory.people, step.pin: replace(step.enrolled, face=face)})


def _after_face(known: Known, memory: Memory, step: FaceStep, picture: Picture) -> Memory:
    """The same for a picture; the memory as it was where a gate did not delete one. Raises Unreachable."""
    before = memory.people[step.pin]
    try:
        now = after(known, step, before, picture)
    except (Refused, DeviceRefused, ProtocolError) as problem:
        log.warning("%s: a picture was not deleted: %s", known.serial, getattr(problem, "code", problem))
        return memory
    return replace(memory, people={**memory.people, step.pin: now})


def _do(known: Known, step: Step, before: Enrolled | None) -> None:
    name = " ".join(step.enrolled.name.split())[:32] if step.enrolled else ""
    if step.enrolled is None and before is not None and has_face(before.face):
        delete(known, step.pin)
    if known.protocol == "hikvision":
        order = (
            hikvision.put_person(step.pin, name=name, starts=step.starts, ends=step.ends or LASTING_END)
            if step.enrolled
            else hikvision.drop_person(step.pin)
        )
        hikvision.read_status(call(known, order))
        return
    secret = known.password
    if step.enrolled is None:
        _uface(known, uface.drop_person(secret, step.pin))
        return
    try:
        _uface(known, uface.put_person(secret, step.pin, name=name, update=step.is_there))
    except DeviceRefused:  # there already, or gone: the other way round
        _uface(known, uface.put_person(secret, step.pin, name=name, update=not step.is_there))
    if step.ends is not None:
        _uface(known, uface.put_end(secret, step.pin, step.ends))
    elif had_end(before) or (before is not None and before.mark == AGAIN):
        try:
            _uface(known, uface.drop_end(secret, step.pin))
        except DeviceRefused:
            if had_end(before):
                raise


def _uface(known: Known, order: Call) -> None:
    uface.read_answer(call(known, order))


def _counted(known: Known, memory: Memory, allowed: AllowList, now: float) -> tuple[Memory, int]:
    """The memory after the gate was asked how many people it holds, and who, if that is another number or a day is
    over. Raises Unreachable."""
    try:
        expected = sum(one.mark != FAILED for one in memory.people.values())
        is_same = _count(known) == expected
        if is_same and 0 <= now - memory.people_listed_at < LIST_SECONDS:
            return replace(memory, people_counted_at=now), 0
        found = compared(memory.people, _listed(known), allowed)
    except Refused:
        # A model that cannot be asked: what was said to it is believed.
        return replace(memory, people_counted_at=now, people_listed_at=now), 0
    except ProtocolError as problem:
        raise Unreachable(problem.code) from None
    if found.missing:
        log.warning("%s: %d people are not on it any more; they are sent again", known.serial, found.missing)
    return (
        replace(
            memory,
            people=found.held,
            people_counted_at=now,
            people_listed_at=now,
            deleted=tuple(dict.fromkeys((*memory.deleted, *found.faceless))),
        ),
        found.strangers,
    )


def _count(known: Known) -> int:
    if known.protocol == "hikvision":
        return hikvision.counted_people(call(known, hikvision.count_people()))
    return uface.found_people(call(known, uface.find_people(known.password, 0)))[1]


def _listed(known: Known) -> list[str]:
    """The numbers on a gate. Raises Unreachable, Refused, ProtocolError."""
    found: list[str] = []
    for page in range(MOST_PAGES):
        if known.protocol == "hikvision":
            pins, more = hikvision.found_people(call(known, hikvision.find_people("wagewatch", len(found))))
        else:
            pins, total = uface.found_people(call(known, uface.find_people(known.password, page)))
            more = len(found) + len(pins) < total
        found += pins
        if not more or not pins:
            return found
    raise Unreachable("its list has no end")
