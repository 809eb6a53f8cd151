"""What people do at the gates of a simulated site; pure, standard library only.

The working day of a person is the same however often it is asked for, so a simulator that was killed goes on
where it was: same people, same times, same event ids.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

SITE_TZ = timezone(timedelta(hours=8))
FACE, CARD = 1, 6
STRANGER_PIN = 90_000


@dataclass(frozen=True)
class Stamp:
    """One person at a gate. `admitted` false: the gate did not know them and stayed shut."""

    id: str
    pin: int
    at: datetime
    direction: str
    type: int = FACE
    admitted: bool = True


def working_day(project: str, day: date, pins: Iterable[int]) -> list[Stamp]:
    """Everybody's stamps of a day: in between 06:30 and 07:30, out for lunch, back, out from 17:00 to 18:30."""
    stamps = []
    for pin in pins:
        dice = random.Random(f"{project} {day} {pin}")
        if dice.random() < (0.45 if day.weekday() == 6 else 0.08):
            continue
        way = FACE if dice.random() < 0.9 else CARD
        times = [
            ("in", 6 * 60 + 30, 60),
            ("out", 11 * 60 + 30, 30),
            ("in", 12 * 60 + 50, 30),
            ("out", 17 * 60, 90),
        ]
        if dice.random() < 0.03:
            times.pop()  # forgot to stamp on the way home
        for number, (direction, start, width) in enumerate(times):
            at = datetime.combine(day, time(), SITE_TZ) + timedelta(
                minutes=start, seconds=dice.randrange(width * 60)
            )
            stamps.append(Stamp(f"{day:%Y%m%d}-{pin}-{number}", pin, at, direction, way))
    return sorted(stamps, key=lambda stamp: (stamp.at, stamp.pin))


def errand(
    project: str, day: date, pins: list[int], number: int, at: datetime, *, denied: Sequence[int] = ()
) -> list[Stamp]:
    """Somebody who stands at the gate just now: an errand in working hours, a short visit at other times.

    Both stamps come together; the second is some minutes ahead and must wait for its time. Now and then it is
    a stranger, or one of `denied`: registered, but the gate stays shut.
    """
    dice = random.Random(f"{project} {day} errand {number}")
    if denied and dice.random() < 0.05:
        return [Stamp(f"{day:%Y%m%d}-d-{number}", dice.choice(denied), at, "in", FACE, admitted=False)]
    if dice.random() < 0.12 or not pins:
        pin = STRANGER_PIN + dice.randrange(40)
        return [Stamp(f"{day:%Y%m%d}-s-{number}", pin, at, "in", FACE, admitted=False)]
    local = at.astimezone(SITE_TZ).time()
    works = time(7, 30) <= local < time(11, 20) or time(13, 20) <= local < time(16, 50)
    if works:
        here = [stamp.pin for stamp in working_day(project, day, pins) if stamp.direction == "in"]
        pin, words = dice.choice(here or pins), ("out", "in")
    else:
        pin, words = dice.choice(pins[:6]), ("in", "out")
    back = at + timedelta(seconds=dice.randrange(150, 480))
    return [
        Stamp(f"{day:%Y%m%d}-e-{number}-0", pin, at, words[0]),
        Stamp(f"{day:%Y%m%d}-e-{number}-1", pin, back, words[1]),
    ]
