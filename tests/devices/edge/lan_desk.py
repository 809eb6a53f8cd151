"""A desk with its listener on a real socket, in the process of the test, with a clock that the test sets."""

import threading
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from devices.edge.clock import Clock
from devices.edge.config import Options
from devices.edge.lan.desk import Desk
from devices.edge.lan.known import Known, read_terminals
from devices.edge.lan.listener import Limits, Listener
from devices.edge.lan.photos import PhotoQueue
from devices.edge.lan.store import LanStore
from devices.edge.site import Site
from devices.edge.vault import Vault, disk_vault
from devices.simulators.callers import Send, over_http
from devices.spool import Spool

START = datetime(2026, 11, 20, 23, 1, 30, tzinfo=UTC)  # 07:01:30 on the site


@dataclass(frozen=True)
class Person:
    pin: int
    name: str
    valid_from: date | None
    until: date | None


@dataclass(frozen=True)
class Denied:
    pin: int
    reason: str
    text: str


@dataclass(frozen=True)
class Decision:
    admit: bool
    reason: str = ""
    text: str = ""


@dataclass
class Allowed:
    """A list kept by the test."""

    version: str = "1"
    may: dict[int, Person] = field(default_factory=dict)
    may_not: dict[int, Denied] = field(default_factory=dict)

    def people(self) -> dict[int, Person]:
        return self.may

    def denied(self) -> dict[int, Denied]:
        return self.may_not

    def decide(self, pin: int | None, *, now: float) -> Decision:
        if pin is None:
            return Decision(False, "unknown")
        if pin in self.may_not:
            return Decision(False, self.may_not[pin].reason, self.may_not[pin].text)
        return Decision(pin in self.may, "" if pin in self.may else "unknown")


def terminals(*tables: dict[str, Any]) -> tuple[Known, ...]:
    """As site.toml says them."""
    usual = {"lane": "in", "networks": ["127.0.0.1"]}
    return read_terminals(Options("LAN", {"terminal": [usual | one for one in tables]}, base=Path(".")))


class LiveDesk:
    """`wall` and `boot` are the clocks; `allowed` is the list."""

    def __init__(
        self, folder: Path, *tables: dict[str, Any], limits: Limits | None = None, most_photos: int = 5_000
    ) -> None:
        self.wall, self.boot = START.timestamp(), 1_000.0
        self.folder, self.tables, self.limits, self.most_photos = folder, tables, limits, most_photos
        self.allowed = Allowed()
        self.open()

    def open(self) -> None:
        queue = self.folder / "queue.sqlite"
        self.spool = Spool(queue)
        self.clock = Clock(lambda: self.wall, lambda: self.boot)
        self.site = Site(self.spool, Vault(b"k" * 32), self.clock)
        self.site.allowed = self.allowed  # type: ignore[attr-defined,unused-ignore,assignment]
        vault = disk_vault(queue)
        self.store = LanStore(queue, vault, most_unread=50)
        self.photos = PhotoQueue(self.folder / "photos.sqlite", vault, self.clock.now, most=self.most_photos)
        self.photos.changed = lambda words: self.site.worry("photos", words)
        self.desk = Desk(self.site, self.store, self.photos, terminals(*self.tables))
        self.listener = Listener(
            "127.0.0.1", 0, self.desk.answer, may_call=self.desk.may_call, limits=self.limits
        )
        threading.Thread(target=self.listener.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.listener.server_address[1])

    @property
    def send(self) -> Send:
        return over_http(f"http://127.0.0.1:{self.port}")

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now(), UTC)

    def later(self, seconds: float) -> None:
        self.wall += seconds
        self.boot += seconds

    def rows(self, sql: str) -> list[Any]:
        return self.store.db.execute(sql).fetchall()

    def close(self) -> None:
        self.listener.close()
        self.photos.close()
        self.store.close()
        self.spool.close()

    def again(self) -> None:
        """The agent ends and starts."""
        self.close()
        self.open()
