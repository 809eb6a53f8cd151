"""The allow-list on the site PC: who may come in, who may not and why, by the server's last word.

It lies in the queue's database, so that a kill, a power cut and days without a line cost nothing. Each answer of
the server is applied in one transaction, and what is in memory changes only after it. Only what differs is written:
a whole list of 50,000 that changes one person writes one row. Names are masked by the server already.

A badge (Wiegand, OSDP) is a number printed on plastic. It is looked up among the `badges` that the server gives with
its people, then among those that the server says open nothing (lost, returned, of somebody who left), then in the
table [entry.badges] of site.toml. Of citizen cards the server sends digests under a key of the
project (`protocols.cards`): enough to know a card that is laid on a reader, too little to read a card's number. A card
that nobody here knows is refused or let in as `unknown_cards` says, and is posted with its number for the server.
"""

import json
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, NamedTuple

from devices.edge.clock import Clock
from devices.edge.config import Entry
from devices.protocols.cards import badge_key, card_index
from devices.spool import Spool

log = logging.getLogger(__name__)
SITE_TZ = timezone(timedelta(hours=8))
DAY = 86_400.0
SCHEMA = """
CREATE TABLE IF NOT EXISTS allowed (pin INTEGER PRIMARY KEY, part TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS allowed_facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
TEXTS = {
    "ok": "请通行",
    "ok.out": "请通行",
    "ok.flagged": "请通行，离线登记",
    "denied": "禁止进入",
    "unknown": "未登记",
    "not_yet": "未到进场日期",
    "expired": "已过有效期",
    "removed": "已退场",
    "no_list": "名单未下载",
    "old_list": "名单过期，请找门卫",
    "queue": "设备故障，请找门卫",
    "badge_lost": "此卡已挂失",
    "badge_returned": "此卡已交回",
}
"""A few words for the gate's display. Of a denied person the server says them."""


class Person(NamedTuple):
    """Somebody who may enter; `until` is the last day."""

    pin: int
    name: str
    valid_from: date | None
    until: date | None


class Denied(NamedTuple):
    """Somebody who is registered and may not enter: the code of the reason, and words for the display."""

    pin: int
    reason: str
    text: str


class Decision(NamedTuple):
    """Whether the gate opens. `flagged`: it opened by the policy for days offline, for somebody to look at."""

    admit: bool
    reason: str
    text: str
    flagged: bool = False


class UnusableList(Exception):
    """The server's answer is no list that fits the one here; a whole one is to be asked for."""


@dataclass(frozen=True)
class _List:
    """What is known at one moment; replaced as a whole."""

    version: str = ""
    people: Mapping[int, Person] = field(default_factory=dict)
    denied: Mapping[int, Denied] = field(default_factory=dict)
    removed: frozenset[int] = frozenset()
    bodies: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    """pin -> (part, JSON as kept): what a new list is compared with."""
    badges: Mapping[str, int] = field(default_factory=dict)
    cards: Mapping[str, int] = field(default_factory=dict)
    """Digest of a card's number -> pin; of denied people too, so that they are told why."""
    card_key: bytes = b""
    faces: Mapping[int, str] = field(default_factory=dict)
    """The picture that a gate shall have of a person, "" for none; who is not in it was not asked."""
    ended: Mapping[str, str] = field(default_factory=dict)
    """Badge -> why it opens nothing, by the server."""
    fresh_at: float = 0.0
    """When the server last confirmed it, in seconds since 1970 by the server's clock."""


class AllowList:
    """The list of one site. Any thread may call. Raises sqlite3.Error where it says so."""

    def __init__(self, spool: Spool, clock: Clock, entry: Entry | None = None) -> None:
        """Read what is on the disk; raises sqlite3.Error."""
        self._spool, self._clock, self.entry = spool, clock, entry or Entry()
        self._lock = threading.Lock()
        self._listeners: list[threading.Event] = []
        self.wanted = threading.Event()
        """Set when the server speaks of another version: the fetching lane wakes."""
        self._boot_at = clock.boot()
        self._silent_before = 0.0
        """Seconds that earlier runs of the agent spent without a word from the server."""
        with spool.writing() as db:
            for statement in SCHEMA.split(";"):
                db.execute(statement)
        self._list = self._read()

    @property
    def version(self) -> str:
        """Of the list that is in force; empty before the first."""
        return self._list.version

    def people(self) -> dict[int, Person]:
        """Who may enter, by the list alone."""
        return dict(self._list.people)

    def denied(self) -> dict[int, Denied]:
        """Who is kept out."""
        return dict(self._list.denied)

    def removed(self) -> frozenset[int]:
        """Who left."""
        return self._list.removed

    def faces(self) -> Mapping[int, str]:
        """The picture that gates shall have of each person, by name; "" where they shall have none."""
        return self._list.faces

    def pin_of(self, badge: str) -> int | None:
        """Whose badge (`188,24910`) or citizen card this is: by the server's list, else by site.toml."""
        known, number = self._list, badge_key(badge) or badge
        pin = known.badges.get(number)
        if pin is None and known.card_key and known.cards:
            pin = known.cards.get(card_index(known.card_key, badge))
        if pin is None and number not in known.ended:
            pin = self.entry.badges.get(number)
        return pin

    def judge(self, badge: str, *, now: float) -> tuple[int | None, Decision]:
        """Whose badge or card this is, and whether they may enter. A badge that was lost, returned or belongs to
        somebody who left opens nothing, whatever the policy for unknown cards and days offline says."""
        pin = self.pin_of(badge)
        why = self._list.ended.get(badge_key(badge) or badge) if pin is None else None
        if why is not None:
            return None, Decision(False, why, TEXTS.get(why, TEXTS["denied"]))
        return pin, self.decide(pin, now=now)

    def subscribe(self) -> threading.Event:
        """An event that is set whenever the list is another one; its owner clears it."""
        event = threading.Event()
        with self._lock:
            self._listeners.append(event)
        return event

    def age(self, *, now: float) -> float:
        """Seconds since the server last confirmed the list, infinite before the first. A clock that was set back
        makes no list younger than the time the agent itself has spent without a word."""
        known = self._list
        if not known.version:
            return float("inf")
        return max(0.0, now - known.fresh_at, self._silent_for())

    def decide(self, pin: int | None, *, now: float) -> Decision:
        """Whether this person may enter at `now` (seconds since 1970). None: a card that nobody here knows.

        The deny list wins over everything, then leaving and dates; the policy for days offline comes last.
        """
        known = self._list
        is_old = self.age(now=now) > self.entry.offline_days * DAY
        today = datetime.fromtimestamp(max(now, known.fresh_at), UTC).astimezone(SITE_TZ).date()
        if pin is not None and (kept_out := known.denied.get(pin)) is not None:
            return Decision(False, kept_out.reason, kept_out.text or TEXTS["denied"])
        if pin is not None and pin in known.removed:
            return _refused("removed")
        person = None if pin is None else known.people.get(pin)
        if person is None:
            return self._stranger(pin, is_old=is_old)
        if person.valid_from is not None and today < person.valid_from:
            return _refused("not_yet")
        if person.until is not None and today > person.until:
            return _refused("expired")
        if not is_old or self.entry.offline_policy == "last_list":
            return Decision(True, "ok", TEXTS["ok"])
        if self.entry.offline_policy == "refuse":
            return _refused("old_list")
        return _flagged("old_list")

    def _stranger(self, pin: int | None, *, is_old: bool) -> Decision:
        if is_old and self.entry.offline_policy == "admit_and_flag":
            return _flagged("old_list" if self._list.version else "no_list")
        if pin is None and self.entry.unknown_cards == "admit_and_flag":
            if is_old and self.entry.offline_policy == "refuse":
                return _refused("old_list")
            return _flagged("unknown")
        return _refused("unknown" if self._list.version else "no_list")

    def apply(self, answer: Any, *, now: float) -> bool:
        """Take the server's answer, whole or what changed; whether the list is another one.

        Raises UnusableList (nothing is changed), sqlite3.Error.
        """
        new = self._merged(answer, now)
        before = self._list
        changed = [(pin, *body) for pin, body in new.bodies.items() if before.bodies.get(pin) != body]
        gone = [(pin,) for pin in before.bodies if pin not in new.bodies]
        with self._spool.writing() as db:
            db.executemany("INSERT OR REPLACE INTO allowed (pin, part, body) VALUES (?, ?, ?)", changed)
            db.executemany("DELETE FROM allowed WHERE pin = ?", gone)
            self._write_facts(
                db,
                version=new.version,
                fresh_at=new.fresh_at,
                silent=0.0,
                card_key=new.card_key.hex(),
                badges_ended=json.dumps(dict(new.ended), sort_keys=True),
            )
            # Only now, and still under the queue's lock: two answers cannot be applied across each other.
            self._boot_at, self._silent_before = self._clock.boot(), 0.0
            self._list = new
        if new.version == before.version and not changed and not gone:
            return False
        log.info("allow-list %s: %d may enter, %d may not", new.version, len(new.people), len(new.denied))
        with self._lock:
            for event in self._listeners:
                event.set()
        return True

    def confirm(self, *, now: float) -> None:
        """The server said that the list is still the one (304). Raises sqlite3.Error."""
        with self._spool.writing() as db:
            self._write_facts(db, version=self.version, fresh_at=now, silent=0.0)
            self._boot_at, self._silent_before = self._clock.boot(), 0.0
            self._list = replace(self._list, fresh_at=now)

    def note_silence(self) -> None:
        """Keep on disk how long the server has been away. Raises sqlite3.Error."""
        with self._spool.writing() as db:
            self._write_facts(
                db, version=self.version, fresh_at=self._list.fresh_at, silent=self._silent_for()
            )

    def hint(self, version: str) -> None:
        """A heartbeat's answer names the list of now: fetch it if it is another one."""
        if version and version != self.version:
            self.wanted.set()

    def _silent_for(self) -> float:
        return self._silent_before + self._clock.boot() - self._boot_at

    def _merged(self, answer: Any, now: float) -> _List:
        """The list that comes of an answer. Raises UnusableList."""
        try:
            complete = bool(answer.get("complete", True))
            if not complete and (not self.version or answer["since"] != self.version):
                raise UnusableList("changes to another list")
            bodies = {} if complete else dict(self._list.bodies)
            for part in ("people", "denied"):
                for row in answer[part]:
                    bodies[_pin(row["pin"])] = (part, json.dumps(row, ensure_ascii=False, sort_keys=True))
            named = {_pin(pin): ("removed", "") for pin in answer["removed"]}
            version = answer["version"]
            if not isinstance(version, str) or not version:
                raise UnusableList("no version")
            bodies |= named
            key = bytes.fromhex(answer.get("card_key") or "")
            ended = {_text(one["badge"]): _text(one["reason"]) for one in answer.get("badges_ended") or []}
            return _built(version, bodies, now, self._list, card_key=key, ended=ended)
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            raise UnusableList(type(problem).__name__) from None

    def _read(self) -> _List:
        facts = dict(self._spool.ask("SELECT name, value FROM allowed_facts"))
        rows = self._spool.ask("SELECT pin, part, body FROM allowed")
        if not facts:
            return _List()
        self._silent_before = float(facts["silent"])
        bodies = {pin: (part, body) for pin, part, body in rows}
        key = bytes.fromhex(facts.get("card_key", ""))
        ended = json.loads(facts.get("badges_ended", "{}"))
        return _built(facts["version"], bodies, float(facts["fresh_at"]), _List(), card_key=key, ended=ended)

    @staticmethod
    def _write_facts(db: Any, **facts: Any) -> None:
        db.executemany(
            "INSERT OR REPLACE INTO allowed_facts (name, value) VALUES (?, ?)",
            [(name, str(value)) for name, value in facts.items()],
        )


def _built(
    version: str,
    bodies: dict[int, tuple[str, str]],
    fresh_at: float,
    before: _List,
    *,
    card_key: bytes,
    ended: Mapping[str, str],
) -> _List:
    """A list from its rows; those that did not change keep their objects."""
    people: dict[int, Person] = {}
    denied: dict[int, Denied] = {}
    badges: dict[str, int] = {}
    cards: dict[str, int] = {}
    faces: dict[int, str] = {}
    for pin, body in bodies.items():
        part, text = body
        if part == "removed":
            continue
        is_carried = '"badges"' in text or '"card_indexes"' in text or '"face"' in text
        row = json.loads(text) if is_carried or before.bodies.get(pin) != body else None
        if part == "denied":
            denied[pin] = (
                Denied(pin, str(row["reason"]), str(row.get("text", ""))) if row else before.denied[pin]
            )
        else:
            people[pin] = _person(pin, row) if row else before.people[pin]
        if row:
            badges.update(dict.fromkeys(map(str, row.get("badges", ())), pin))
            cards.update(dict.fromkeys(map(str, row.get("card_indexes", ())), pin))
            if "face" in row:
                faces[pin] = str(row["face"])[:64]
    removed = frozenset(pin for pin, (part, _text) in bodies.items() if part == "removed")
    return _List(version, people, denied, removed, bodies, badges, cards, card_key, faces, ended, fresh_at)


def _person(pin: int, row: dict[str, Any]) -> Person:
    first, last = (date.fromisoformat(row[n]) if row.get(n) else None for n in ("from", "until"))
    return Person(pin, str(row.get("name", "")), first, last)


def _pin(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _refused(reason: str) -> Decision:
    return Decision(False, reason, TEXTS[reason])


def _flagged(reason: str) -> Decision:
    return Decision(True, reason, TEXTS["ok.flagged"], flagged=True)
