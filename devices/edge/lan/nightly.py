"""Every night a terminal is asked how many passages it has; what did not arrive it sends again, under the same keys.

Also its clock: the Date header of each answer sets it, and once a day a command does.
"""

import logging
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from devices.edge.lan.allowed import try_again
from devices.edge.lan.known import Known
from devices.edge.lan.memory import Memory, with_texts
from devices.edge.lan.store import LanStore
from devices.protocols.iclock import commands

log = logging.getLogger(__name__)
FROM_HOUR = 2
"""Wall clock from which yesterday is over on every site; an agent that was off then asks when it is back."""
DAYS_BACK = 7
"""Days that an access terminal is asked for when record numbers are missing."""
CLOCK_SECONDS = 86_400.0
HAND_SECONDS = 3_600.0
"""At most so often is a clock set because somebody set it by hand."""


def local(now: datetime, known: Known) -> datetime:
    """The wall clock of a terminal."""
    return (now.astimezone(UTC) + known.utc_offset).replace(tzinfo=None, microsecond=0)


def due(known: Known, memory: Memory, now: datetime) -> Memory:
    """The memory with yesterday's questions, once a day."""
    here = local(now, known)
    day = (here - timedelta(days=1)).date()
    if here.hour < FROM_HOUR or memory.reconciled == day.isoformat():
        return memory
    memory = try_again(replace(memory, reconciled=day.isoformat()))
    dialect = memory.terminal.dialect
    first, last = datetime.combine(day, time()), datetime.combine(day, time(23, 59, 59))
    if dialect != commands.ACC:
        texts = list(commands.count_punches(dialect, first, last))
        return with_texts(memory, texts, meaning=f"count {day.isoformat()}")
    holes = len(memory.runs) - 1
    if holes <= 0:
        return memory
    log.warning("%s: %d gaps in its record numbers; it is asked for them again", known.serial, holes)
    texts = list(commands.resend(dialect, first - timedelta(days=DAYS_BACK - 1), last + timedelta(days=1)))
    return with_texts(memory, texts, meaning="resend")


def counted(known: Known, memory: Memory, meaning: str, count: int | None, store: LanStore) -> Memory:
    """The memory after the answer to a question: what is missing is asked for, once."""
    what, _, text = meaning.partition(" ")
    if what == "resend" and memory.terminal.dialect == commands.ACC and memory.runs:
        # What it has, it has sent; numbers that are still missing are gone.
        return replace(memory, runs=((memory.runs[0][0], memory.runs[-1][1]),))
    if what != "count" or count is None:
        return memory
    day = datetime.fromisoformat(text)
    ours = kept_on(known, day, store)
    if count <= ours:
        return memory
    log.warning("%s: %d of %d passages of %s did not arrive", known.serial, count - ours, count, text)
    last = datetime.combine(day, time(23, 59, 59))
    texts = list(commands.resend(memory.terminal.dialect, day, last))
    return with_texts(memory, texts, meaning=f"resend {text}")


def kept_on(known: Known, day: datetime, store: LanStore) -> int:
    """Lines of a terminal's day that are in the queue, those that could not be posted too."""
    first = (day - known.utc_offset).replace(tzinfo=UTC)
    last = first + timedelta(days=1) - timedelta(seconds=1)
    events = store.count_events(known.serial, first.isoformat(), last.isoformat())
    written = day.date().isoformat().encode()
    return events + sum(written in raw for _serial, _code, raw in store.unread(known.serial))


def clock_command(known: Known, memory: Memory, now: datetime, *, by_hand: bool = False) -> Memory:
    """The memory with a command that sets the clock, if it is time; made in the moment in which it is fetched."""
    age = now.timestamp() - memory.clock_set_at
    if 0 <= age < (HAND_SECONDS if by_hand else CLOCK_SECONDS):
        return memory
    texts = list(commands.set_time(memory.terminal.dialect, local(now, known)))
    return replace(with_texts(memory, texts), clock_set_at=now.timestamp())


def without_clock_commands(memory: Memory) -> Memory:
    """A clock is never set late: the command is gone after its one delivery."""
    queue = tuple(q for q in memory.terminal.queue if not q.command.text.startswith("SET OPTION"))
    if len(queue) == len(memory.terminal.queue):
        return memory
    return replace(memory, terminal=replace(memory.terminal, queue=queue))
