"""What a terminal is told of people, from the agent's allow-list."""

import hashlib
from dataclasses import replace
from datetime import date, datetime, time

from devices.edge.allowed import AllowList
from devices.edge.lan.memory import (
    FACE_FAILED,
    NO_FACE,
    Enrolled,
    Memory,
    has_face,
    with_texts,
    without_person,
)
from devices.protocols.errors import ProtocolError
from devices.protocols.iclock import commands

MOST_WAITING = 200
"""Commands that wait for a terminal at once; the rest of a long list follows when these are done."""
ENDED = datetime(2000, 1, 2)  # noqa: DTZ001 a wall clock of the terminal
"""The end of somebody's permission who may not enter now: what is enrolled of them stays for their return."""
DENIED, FAILED = "denied", "failed"
AGAIN = "again"
"""The mark of somebody who is on a terminal but may be there with other facts."""


def wall(day: date | None, *, end: bool = False) -> datetime | None:
    """A day of the list as a terminal's wall clock; the last one counts whole. None: without limit."""
    return None if day is None else datetime.combine(day, time(23, 59, 59) if end else time())


def told(memory: Memory, allowed: AllowList, *, doors: int = 1) -> Memory:
    """The memory with commands for everything its terminal does not know yet, as many as may wait at once.

    Somebody denied keeps what is enrolled of them, with a permission that has ended; somebody who is on the list
    no more is removed. Nothing is said while no list is known: a terminal must not be emptied by a lost file.
    """
    if not allowed.version:
        return memory
    people, denied = allowed.people(), allowed.denied()
    memory = _faces(memory, allowed)
    room = MOST_WAITING - len(memory.terminal.queue)
    for pin in sorted(denied):
        if room <= 0:
            return memory
        before = memory.people.get(str(pin))
        if before is None or before.mark not in (DENIED, FAILED):
            name = before.name if before else ""
            memory, room = _put(memory, str(pin), Enrolled(DENIED, name), None, ENDED, doors, room)
    for pin, person in sorted(people.items()):
        if room <= 0:
            return memory
        if pin in denied:  # the deny list wins
            continue
        starts, ends = wall(person.valid_from), wall(person.until, end=True)
        mark = hashlib.sha256(f"{person.name}\0{starts}\0{ends}".encode()).hexdigest()[:16]
        before = memory.people.get(str(pin))
        if before is None or before.mark not in (mark, FAILED):
            memory, room = _put(memory, str(pin), Enrolled(mark, person.name), starts, ends, doors, room)
    for key in sorted(memory.people):
        if room <= 0:
            return memory
        is_gone = int(key) not in people and int(key) not in denied
        if is_gone and memory.people[key].mark != FAILED:
            texts = list(commands.drop_person(memory.terminal.dialect, key))
            face = memory.people[key].face
            meaning = f"gone {key}"
            if has_face(face) and memory.terminal.dialect == commands.ACC:
                *first, last = commands.drop_face(commands.ACC, key)
                memory = with_texts(memory, first)
                memory = with_texts(memory, [last], meaning=f"facegone {key} {face}")
            elif has_face(face):
                meaning += f" {face}"
            left = {pin: one for pin, one in memory.people.items() if pin != key}
            memory = replace(with_texts(memory, texts, meaning=meaning), people=left)
            room -= len(texts)
    return memory


def _put(
    memory: Memory,
    pin: str,
    one: Enrolled,
    starts: datetime | None,
    ends: datetime | None,
    doors: int,
    room: int,
) -> tuple[Memory, int]:
    terminal = memory.terminal
    name = " ".join(one.name.split())
    try:
        texts = list(
            commands.put_person(
                terminal.dialect,
                commands.Person(pin, name, starts=starts, ends=ends),
                doors=doors,
                by_seconds=terminal.dates_are_seconds,
            )
        )
    except ProtocolError:
        texts, one = [], Enrolled(FAILED, one.name)
    before = memory.people.get(pin)
    if before is not None:
        one = replace(one, face=before.face, asked=before.asked)
    people = {**memory.people, pin: one}
    return replace(with_texts(memory, texts, meaning=f"person {pin}"), people=people), room - len(texts)


def _faces(memory: Memory, allowed: AllowList) -> Memory:
    """The memory with commands for pictures: those to be deleted first, as many as may wait at once."""
    faces, dialect = allowed.faces(), memory.terminal.dialect
    known = [(pin, one, faces.get(int(pin))) for pin, one in sorted(memory.people.items())]
    for pin, one, wanted in known:
        if len(memory.terminal.queue) >= MOST_WAITING:
            return memory
        if wanted == "" and one.face != NO_FACE and one.asked not in (NO_FACE, FACE_FAILED):
            *first, last = commands.drop_face(dialect, pin)
            memory = with_texts(with_texts(memory, first), [last], meaning=f"noface {pin}")
            # On an attendance terminal the person goes too, and is put back by what follows.
            mark = one.mark if dialect == commands.ACC else AGAIN
            memory = replace(memory, people={**memory.people, pin: replace(one, mark=mark, asked=NO_FACE)})
    for pin, one, wanted in known:
        if len(memory.terminal.queue) >= MOST_WAITING:
            return memory
        if wanted and one.mark != FAILED and wanted not in (one.face.lstrip("!"), one.asked):
            texts = list(commands.put_face(dialect, pin, wanted))
            memory = with_texts(memory, texts, meaning=f"face {pin} {wanted}")
            memory = replace(memory, people={**memory.people, pin: replace(one, asked=wanted)})
    return memory


def done(memory: Memory, meaning: str) -> Memory:
    """A command about a person's picture was carried out: the terminal's own word."""
    what, _, rest = meaning.partition(" ")
    pin, _, face = rest.partition(" ")
    if what in ("gone", "facegone") and face:
        return without_person(memory, pin, face) if pin not in memory.people else memory
    one = memory.people.get(pin)
    if what not in ("face", "noface") or one is None:
        return memory
    held = NO_FACE if what == "noface" else face
    asked = "" if one.asked == held else one.asked
    return replace(memory, people={**memory.people, pin: replace(one, face=held, asked=asked)})


def not_done(memory: Memory, meaning: str) -> Memory:
    """A command about a person failed: it is tried again in the next night."""
    what, _, rest = meaning.partition(" ")
    pin, _, face = rest.partition(" ")
    one = memory.people.get(pin)
    if what == "person" and one is not None:
        return replace(memory, people={**memory.people, pin: replace(one, mark=FAILED)})
    if what in ("gone", "facegone"):
        kept = face or (one.face if one else "")
        return replace(memory, people={**memory.people, pin: Enrolled(FAILED, face=kept)})
    if what == "face" and one is not None:
        asked = "" if one.asked == face else one.asked
        return replace(memory, people={**memory.people, pin: replace(one, face=f"!{face}", asked=asked)})
    if what == "noface" and one is not None:
        return replace(memory, people={**memory.people, pin: replace(one, asked=FACE_FAILED)})
    return memory


def try_again(memory: Memory) -> Memory:
    """A new night: what failed is said once more."""
    return replace(memory, people={pin: _tried_again(one) for pin, one in memory.people.items()})


def _tried_again(one: Enrolled) -> Enrolled:
    return replace(
        one,
        mark=AGAIN if one.mark == FAILED else one.mark,
        face="" if one.face.startswith("!") else one.face,
        asked="" if one.asked == FACE_FAILED else one.asked,
    )
