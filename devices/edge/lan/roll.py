"""The people of face gates that are called: what such a gate must be told, by the allow-list and by what it holds.

Pure. `face_people` makes the calls. Two makers, two habits:

- Hikvision takes first and last moment of a permission. Somebody denied keeps the face, with a permission that ended.
- uface knows only an end, after which the gate itself deletes the person; it knows no pause. So who may not enter yet,
  or not now, is not on it, and must show their face again afterwards.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from devices.edge.allowed import AllowList
from devices.edge.lan.allowed import AGAIN, DENIED, ENDED, FAILED, wall
from devices.edge.lan.memory import NO_FACE, Enrolled, has_face

LASTING_START = datetime(2000, 1, 1)  # noqa: DTZ001 a wall clock of the terminal
LASTING_END = datetime(2037, 12, 31, 23, 59, 59)  # noqa: DTZ001 the latest these gates take


@dataclass(frozen=True)
class Step:
    """One thing to do. `enrolled` None: remove. Times are wall clocks of the gate; `is_there`: it holds the person."""

    pin: str
    enrolled: Enrolled | None
    starts: datetime = LASTING_START
    ends: datetime | None = None
    is_there: bool = False


def steps(held: Mapping[str, Enrolled], allowed: AllowList, today: date, *, pauses: bool) -> Iterator[Step]:
    """What a gate that holds `held` lacks; who may not enter comes first. `pauses`: it knows a start and an end that
    keeps the face. Nothing while no list is known: a gate must not be emptied by a lost file."""
    if not allowed.version:
        return
    people, denied = allowed.people(), allowed.denied()
    wanted: dict[str, Step] = {}
    for pin in denied:
        before = held.get(str(pin))
        if pauses and before is not None:
            wanted[str(pin)] = Step(str(pin), Enrolled(DENIED, before.name), LASTING_START, ENDED, True)
    for pin, person in people.items():
        if pin in denied or (person.until is not None and person.until < today and not pauses):
            continue
        if person.valid_from is not None and person.valid_from > today and not pauses:
            continue
        starts, ends = wall(person.valid_from) or LASTING_START, wall(person.until, end=True)
        digest = hashlib.sha256(f"{person.name}\0{starts}\0{ends}".encode()).hexdigest()[:16]
        mark = digest + ("+end" if ends else "")
        wanted[str(pin)] = Step(str(pin), Enrolled(mark, person.name), starts, ends, str(pin) in held)
    for number in sorted(held.keys() - wanted.keys()):
        if held[number].mark != FAILED:
            yield Step(number, None, is_there=True)
    for number, step in sorted(wanted.items(), key=lambda item: (item[1].ends != ENDED, int(item[0]))):
        before = held.get(number)
        if step.enrolled is not None and (before is None or before.mark not in (step.enrolled.mark, FAILED)):
            yield step


@dataclass(frozen=True)
class FaceStep:
    """A picture to give to a gate, or (name empty) whatever face it has of a person to be deleted there."""

    pin: str
    name: str


def face_steps(
    held: Mapping[str, Enrolled], faces: Mapping[int, str], *, deletions: bool
) -> Iterator[FaceStep]:
    """What a gate that holds `held` lacks of pictures: those to be deleted, or those to be given.

    Who was not asked keeps what they showed the gate themselves.
    """
    for pin, one in sorted(held.items()):
        wanted = faces.get(int(pin))
        if wanted is None or (one.mark == FAILED and not one.face):
            continue
        if deletions and not wanted and one.face != NO_FACE:
            yield FaceStep(pin, "")
        elif not deletions and wanted and one.face.lstrip("!") != wanted:
            yield FaceStep(pin, wanted)


def had_end(before: Enrolled | None) -> bool:
    """Whether a gate holds an end of this person's permission."""
    return before is not None and before.mark.endswith("+end")


@dataclass(frozen=True)
class Compared:
    """What a gate's own list says. `held` is what we hold of it now; `strangers` are on it and on no list of ours;
    `faceless` had a picture there and are gone from it."""

    held: dict[str, Enrolled]
    missing: int
    strangers: int
    faceless: tuple[str, ...] = ()


def compared(held: Mapping[str, Enrolled], listed: Iterable[str], allowed: AllowList) -> Compared:
    """Trust the gate's own list: who is missing is sent again, who was enrolled before us is taken over.

    Somebody who left is removed with the next steps; a number that no list ever named stays (a janitor enrolled by
    hand) and is counted.
    """
    on_it = set(listed)
    ours = {str(pin) for pin in (*allowed.people(), *allowed.denied(), *allowed.removed())}
    found = {pin: one for pin, one in held.items() if pin in on_it}
    missing = sum(one.mark != FAILED for pin, one in held.items() if pin not in on_it)
    for pin in on_it & ours - held.keys():
        found[pin] = Enrolled(AGAIN)
    strangers = len(on_it - ours - held.keys())
    # What failed is tried again: a name may fit now, and a gate may have room.
    return Compared(
        {pin: _tried_again(one) for pin, one in found.items()},
        missing,
        strangers,
        tuple(pin for pin, one in held.items() if pin not in on_it and has_face(one.face)),
    )


def _tried_again(one: Enrolled) -> Enrolled:
    """What a gate did not take, a person or a picture, is sent once more."""
    face = "" if one.face.startswith("!") else one.face
    return replace(one, mark=AGAIN if one.mark == FAILED else one.mark, face=face)
