"""What the server knows of this agent's devices: fetched, kept on disk, told to whoever serves them.

A clerk registers a face terminal on the page of the site; half a minute later the agent listens to it, without anybody
at the site's PC. site.toml is needed for ports and for what differs from the server's word. Days offline change
nothing: the last answer is kept in the queue's database.
"""

import json
import logging
import threading
from typing import Any

from devices.spool import Spool

log = logging.getLogger(__name__)
SCHEMA = "CREATE TABLE IF NOT EXISTS learned_device (serial TEXT PRIMARY KEY, body TEXT NOT NULL)"
FIELDS = ("serial", "kind", "name", "lane")


class DeviceBook:
    """The server's last answer. Any thread may call. Raises sqlite3.Error where the disk does not take it."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._lock = threading.Lock()
        self._listeners: list[threading.Event] = []
        with spool.writing() as db:
            db.execute(SCHEMA)
        rows = spool.ask("SELECT serial, body FROM learned_device ORDER BY serial")
        self._devices: dict[str, dict[str, Any]] = {serial: json.loads(body) for serial, body in rows}

    def devices(self) -> list[dict[str, Any]]:
        """Each with serial, kind, name, lane and networks, by serial."""
        return [dict(one) for one in self._devices.values()]

    def subscribe(self) -> threading.Event:
        """An event that is set whenever the devices are others; its owner clears it."""
        event = threading.Event()
        with self._lock:
            self._listeners.append(event)
        return event

    def apply(self, rows: Any) -> bool:
        """Take the server's answer; whether it is another one. Raises ValueError for what is no answer."""
        found = {str(row["serial"]): row for row in map(_row, rows if isinstance(rows, list) else [None])}
        found = dict(sorted(found.items()))
        if found == self._devices:
            return False
        with self._spool.writing() as db:
            db.execute("DELETE FROM learned_device")
            db.executemany(
                "INSERT INTO learned_device (serial, body) VALUES (?, ?)",
                [(serial, json.dumps(row, sort_keys=True)) for serial, row in found.items()],
            )
            self._devices = found
        log.info("the server names %d devices of this agent", len(found))
        with self._lock:
            for event in self._listeners:
                event.set()
        return True


def _row(row: Any) -> dict[str, Any]:
    if not isinstance(row, dict) or not all(isinstance(row.get(name), str) for name in FIELDS):
        raise ValueError("no device")
    networks = row.get("networks") or []
    if (
        not isinstance(networks, list)
        or not all(isinstance(one, str) for one in networks)
        or not row["serial"]
    ):
        raise ValueError("no networks")
    return {**{name: row[name] for name in FIELDS}, "networks": networks}
