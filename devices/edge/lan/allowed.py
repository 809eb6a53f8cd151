"""What a terminal is told of people, from the agent's allow-list."""

import hashlib
from dataclasses import replace
from datetime import date, datetime, time

from devices.edge.allowed import AllowList
from devices.edge.lan.memory import Enrolled, Memory, with_texts
from devices.protocols.errors import ProtocolError
from devices.protocols.iclock import commands

MOST_WAITING = 200
"""Commands that wait for a terminal at once; the rest of a long list follows when these are done."""
ENDED = datetime(2000, 1, 2)  # noqa: DTZ001 a wall clock of the terminal
"""The end of somebody's permission who may not enter now: what is enrolled of them stays for their return."""
DENIED, FAILED = "denied", "failed"


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
            left = {pin: one for pin, one in memory.people.items() if pin != key}
            memory = replace(with_texts(memory, texts, meaning=f"gone {key}"), people=left)
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
    people = {**memory.people, pin: one}
    return replace(with_texts(memory, texts, meaning=f"person {pin}"), people=people), room - len(texts)


def not_done(memory: Memory, meaning: str) -> Memory:
    """A command about a person failed: it is tried again in the next night."""
    what, _, pin = meaning.partition(" ")
    if what == "person" and pin in memory.people:
        one = memory.people[pin]
        return replace(memory, people={**memory.people, pin: Enrolled(FAILED, one.name)})
    if what == "gone":
        return replace(memory, people={**memory.people, pin: Enrolled(FAILED)})
    return memory


def try_again(memory: Memory) -> Memory:
    """A new night: what failed is said once more."""
    people = {
        pin: replace(one, mark="again") if one.mark == FAILED else one for pin, one in memory.people.items()
    }
    return replace(memory, people=people)
