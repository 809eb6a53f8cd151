"""What is known of one terminal beyond site.toml: its protocol state, its people, its record numbers.

As values that go to disk and back. Nothing here blocks or writes.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from devices.edge.lan.known import Known, random_code
from devices.protocols.errors import ProtocolError
from devices.protocols.iclock.commands import Command
from devices.protocols.iclock.options import Settings
from devices.protocols.iclock.terminal import Queued, Terminal

MOST_RUNS = 1_000
"""Runs of record numbers that are remembered; more holes than that are not told apart."""


NO_FACE, FACE_FAILED = "-", "~"


@dataclass(frozen=True)
class Enrolled:
    """What we last told a terminal of a person. `mark` changes with anything a terminal must know.

    `face` is what the terminal said it has: a picture's name, "!" and a name it did not take, NO_FACE, "" for
    unknown. `asked` is what a command that is under way will make of it; FACE_FAILED waits for the night.
    """

    mark: str
    name: str = field(default="", repr=False)
    face: str = ""
    asked: str = ""


@dataclass(frozen=True)
class Memory:
    """One terminal's state. `waiting_for` maps command ids to what their result will mean."""

    terminal: Terminal
    next_command: int = 1
    people: dict[str, Enrolled] = field(default_factory=dict)
    runs: tuple[tuple[int, int], ...] = ()
    waiting_for: dict[str, str] = field(default_factory=dict)
    reconciled: str = ""
    clock_set_at: float = 0.0
    clock_touched: bool = False
    visited_at: float = 0.0
    people_counted_at: float = 0.0
    people_listed_at: float = 0.0
    deleted: tuple[str, ...] = ()
    """People who are not on the terminal any more, and whose picture went with them: to be told to the server."""

    def faces_said(self) -> dict[str, str]:
        """What the terminal said of faces, as the server takes it; who is not named is not known."""
        said = {pin: one.face for pin, one in self.people.items() if one.face}
        return dict.fromkeys(self.deleted, "") | {p: "" if f == NO_FACE else f for p, f in said.items()}

    def to_facts(self) -> dict[str, Any]:
        """For the disk."""
        t = self.terminal
        return {
            "registry_code": t.registry_code,
            "session": t.session,
            "dialect": t.dialect,
            "registered": t.registered,
            "language": t.language,
            "push_version": t.push_version,
            "facts": [list(pair) for pair in t.facts],
            "queue": [
                [q.command.id, q.command.text, q.sent.isoformat() if q.sent else None] for q in t.queue
            ],
            "next_command": self.next_command,
            "people": {pin: [one.mark, one.name, one.face, one.asked] for pin, one in self.people.items()},
            "runs": [list(run) for run in self.runs],
            "waiting_for": self.waiting_for,
            "reconciled": self.reconciled,
            "clock_set_at": self.clock_set_at,
            "clock_touched": self.clock_touched,
            "visited_at": self.visited_at,
            "people_counted_at": self.people_counted_at,
            "people_listed_at": self.people_listed_at,
            "deleted": list(self.deleted),
        }


def begin(known: Known, facts: dict[str, Any] | None) -> Memory:
    """The memory of a terminal as it was on disk, under what site.toml says today."""
    said = facts or {}
    terminal = Terminal(
        serial=known.serial,
        registry_code=known.registry_code or said.get("registry_code") or random_code(),
        session=said.get("session") or random_code(),
        dialect=said.get("dialect", known.dialect),
        networks=known.networks,
        comm_key=known.comm_key,
        needs_token=known.needs_token,
        registered=said.get("registered", False),
        language=said.get("language", ""),
        push_version=said.get("push_version", ""),
        facts=tuple((name, value) for name, value in said.get("facts", [])),
        queue=tuple(_queued(said.get("queue", []))),
        settings=Settings(utc_offset=known.utc_offset, photos=known.photos),
    )
    return Memory(
        terminal=terminal,
        next_command=said.get("next_command", 1),
        people={pin: Enrolled(*one) for pin, one in said.get("people", {}).items()},
        runs=tuple((first, last) for first, last in said.get("runs", [])),
        waiting_for=dict(said.get("waiting_for", {})),
        reconciled=said.get("reconciled", ""),
        clock_set_at=said.get("clock_set_at", 0.0),
        clock_touched=said.get("clock_touched", False),
        visited_at=said.get("visited_at", 0.0),
        people_counted_at=said.get("people_counted_at", 0.0),
        people_listed_at=said.get("people_listed_at", 0.0),
        deleted=tuple(said.get("deleted", [])),
    )


def _queued(rows: list[list[Any]]) -> list[Queued]:
    found = []
    for identifier, text, sent in rows:
        try:
            command = Command(identifier, text)
        except ProtocolError:  # a verb that a newer version no longer sends
            continue
        found.append(Queued(command, datetime.fromisoformat(sent) if sent else None))
    return found


def with_texts(memory: Memory, texts: list[str], *, meaning: str = "") -> Memory:
    """The memory with commands behind those that wait; `meaning` is remembered for their results."""
    if not texts:
        return memory
    made = [Command(f"w{memory.next_command + n}", text) for n, text in enumerate(texts)]
    waiting = memory.waiting_for | ({command.id: meaning for command in made} if meaning else {})
    return replace(
        memory,
        terminal=memory.terminal.with_commands(*made),
        next_command=memory.next_command + len(made),
        waiting_for=waiting,
    )


def has_face(face: str) -> bool:
    """Whether it names a picture that the terminal has."""
    return face not in ("", NO_FACE) and not face.startswith("!")


def without_person(memory: Memory, pin: str, face: str) -> Memory:
    """The memory after a terminal removed somebody, with their picture if it had one."""
    people = {other: one for other, one in memory.people.items() if other != pin}
    deleted = (*memory.deleted, pin) if has_face(face) and pin not in memory.deleted else memory.deleted
    return replace(memory, people=people, deleted=deleted)


def after_a_step_back(terminal: Terminal, now: datetime) -> Terminal:
    """Commands that were sent in the future go out again, or would wait until the clock is there again.

    One that opens a door is dropped: nobody knows how long ago it was.
    """
    if not any(queued.sent is not None and queued.sent > now for queued in terminal.queue):
        return terminal
    queue = []
    for queued in terminal.queue:
        if queued.sent is None or queued.sent <= now:
            queue.append(queued)
        elif not queued.opens:
            queue.append(replace(queued, sent=None))
    return replace(terminal, queue=tuple(queue))


def with_numbers(runs: tuple[tuple[int, int], ...], numbers: list[int]) -> tuple[tuple[int, int], ...]:
    """Runs of record numbers with more of them in."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted([*runs, *((number, number) for number in numbers)]):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    while len(merged) > MOST_RUNS:  # the oldest hole is given up
        merged[:2] = [(merged[0][0], merged[1][1])]
    return tuple(merged)


def moment(seconds: float) -> datetime:
    """Seconds since 1970 as an aware time."""
    return datetime.fromtimestamp(seconds, UTC)
