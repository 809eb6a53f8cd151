"""Pictures for terminals that fetch their commands (iclock): put into a command in the moment in which it is fetched.

A queued command only names its picture, so that no picture lies on the disk. It is asked of the server shortly before,
kept in memory for one delivery or a minute, and the command is held back until it is there.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from devices.edge.lan.memory import Memory
from devices.protocols.errors import ProtocolError
from devices.protocols.iclock.commands import Command, waits_for, with_picture
from devices.protocols.iclock.terminal import RESULT_PATIENCE, Queued, Terminal

MOST_AT_ONCE = 10
"""Pictures in memory for one terminal: what fits into one answer."""
KEPT_SECONDS = 60.0
Wanted = tuple[int, str]


class Pictures:
    """What is in memory now. Any thread may call."""

    def __init__(self, boot: Callable[[], float]) -> None:
        self._boot, self._lock = boot, threading.Lock()
        self._held: dict[tuple[str, int, str], tuple[float, bytes]] = {}

    def lacking(self, terminal: Terminal) -> list[Wanted]:
        """The pictures that the next commands of a terminal name and that are not here; the oldest first."""
        self._sweep()
        with self._lock:
            here = {(pin, name) for serial, pin, name in self._held if serial == terminal.serial}
        wanted = [found for q in terminal.queue if q.sent is None and (found := waits_for(q.command.text))]
        return [one for one in wanted[:MOST_AT_ONCE] if one not in here]

    def put(self, serial: str, wanted: Wanted, data: bytes) -> None:
        """Keep a picture for one delivery."""
        with self._lock:
            self._held[serial, *wanted] = self._boot(), data

    def filled(self, terminal: Terminal) -> tuple[Terminal, Mapping[str, Queued]]:
        """The terminal with pictures in its commands and without those that must wait, and the commands as they were."""
        self._sweep()
        queue: list[Queued] = []
        before: dict[str, Queued] = {}
        for queued in terminal.queue:
            wanted = waits_for(queued.command.text)
            if wanted is None:
                queue.append(queued)
                continue
            before[queued.command.id] = queued
            with self._lock:
                found = self._held.get((terminal.serial, *wanted))
            if found is not None and queued.sent is None:
                try:
                    text = with_picture(queued.command.text, found[1])
                    queue.append(replace(queued, command=Command(queued.command.id, text)))
                except ProtocolError:
                    continue
        return replace(terminal, queue=tuple(queue)), before

    def emptied(
        self, terminal: Terminal, queue: tuple[Queued, ...], before: Mapping[str, Queued]
    ) -> Terminal:
        """The terminal after it was answered, with its commands as they were before (`queue` gives their order)."""
        after = {queued.command.id: queued for queued in terminal.queue}
        kept: list[Queued] = []
        for queued in queue:
            old, now = before.get(queued.command.id), after.get(queued.command.id)
            if old is None:
                if now is not None:
                    kept.append(now)
                continue
            kept.append(replace(old, sent=now.sent) if now is not None else old)
            wanted = waits_for(old.command.text)
            if now is not None and now.sent is not None and wanted is not None:
                with self._lock:
                    self._held.pop((terminal.serial, *wanted), None)
        return replace(terminal, queue=tuple(kept))

    def _sweep(self) -> None:
        oldest = self._boot() - KEPT_SECONDS
        with self._lock:
            for key in [key for key, (at, _data) in self._held.items() if at < oldest]:
                del self._held[key]


def due_again(terminal: Terminal, now: datetime) -> Terminal:
    """The terminal with pictures that were sent and never answered for as if they were not sent."""
    queue = tuple(
        replace(q, sent=None)
        if q.sent is not None and now - q.sent >= RESULT_PATIENCE and waits_for(q.command.text)
        else q
        for q in terminal.queue
    )
    return terminal if queue == terminal.queue else replace(terminal, queue=queue)


def given_up(memory: Memory, wanted: Wanted) -> Memory:
    """The memory without a command for a picture that is not to be had any more; the list says what to do."""
    gone = {q.command.id for q in memory.terminal.queue if waits_for(q.command.text) == wanted}
    queue = tuple(q for q in memory.terminal.queue if q.command.id not in gone)
    people, pin = dict(memory.people), str(wanted[0])
    if pin in people and people[pin].asked == wanted[1]:
        people[pin] = replace(people[pin], asked="")
    waiting = {key: value for key, value in memory.waiting_for.items() if key not in gone}
    return replace(memory, terminal=replace(memory.terminal, queue=queue), people=people, waiting_for=waiting)
