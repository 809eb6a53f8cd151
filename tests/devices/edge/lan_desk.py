"""A desk with its listener on a real socket, in the process of the test, with a clock that the test sets."""

import threading
from datetime import UTC, datetime
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

Row = tuple[Any, ...]
START = datetime(2026, 11, 20, 23, 1, 30, tzinfo=UTC)  # 07:01:30 on the site


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
        self.open()

    def open(self) -> None:
        queue = self.folder / "queue.sqlite"
        self.spool = Spool(queue)
        self.clock = Clock(lambda: self.wall, lambda: self.boot)
        self.site = Site(self.spool, Vault(b"k" * 32), self.clock)
        vault = disk_vault(queue)
        self.store = LanStore(queue, vault, most_unread=50)
        self.photos = PhotoQueue(self.folder / "photos.sqlite", vault, self.clock, most=self.most_photos)
        self.photos.changed = lambda words: self.site.worry("photos", words)
        self.desk = Desk(self.site, self.store, self.photos, terminals(*self.tables))
        self.listener = Listener(
            "127.0.0.1",
            0,
            self.desk.answer,
            may_call=self.desk.may_call,
            terminals=lambda: len(self.desk.terminals),
            limits=self.limits,
        )
        threading.Thread(target=self.listener.serve_forever, args=(0.05,), daemon=True).start()

    def give_list(
        self,
        version: str,
        people: list[Row],
        denied: list[Row] | None = None,
        faces: dict[int, str] | None = None,
    ) -> None:
        """The server's answer about who may enter; (pin, name, from, until) and (pin, reason, text)."""
        names = ("pin", "name", "from", "until")
        answer: dict[str, Any] = {
            "version": version,
            "complete": True,
            "people": [
                dict(zip(names, (*row, *("", "2026-01-01", None)[len(row) - 1 :]), strict=True))
                for row in people
            ],
            "denied": [dict(zip(("pin", "reason", "text"), row, strict=True)) for row in denied or []],
            "removed": [],
        }
        for row in (*answer["people"], *answer["denied"]):
            if row["pin"] in (faces or {}):
                row["face"] = (faces or {})[row["pin"]]
        self.site.allowed.apply(answer, now=self.clock.now())

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
