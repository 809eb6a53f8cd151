"""Terminals on the site's own network: one listener for all of them. `lan.known` says what site.toml may hold."""

import logging
import sqlite3
import threading

from devices.edge.config import Options
from devices.edge.lan.desk import Desk
from devices.edge.lan.known import Written, read_written
from devices.edge.lan.listener import Limits, Listener
from devices.edge.lan.photos import MOST, MOST_BYTES, PhotoQueue
from devices.edge.lan.sending import FacesLane, PhotosLane
from devices.edge.lan.store import LanStore
from devices.edge.lanes import disk_used
from devices.edge.site import Site
from devices.edge.vault import disk_vault

log = logging.getLogger(__name__)
LOOK_EVERY = 0.5
VISIT_LOOK = 5.0
DISK_FULL = 0.9
"""Share of the disk in use from which no more pictures are taken: the rest is for passages."""


class LanTerminals:
    """The listener and what it knows of its terminals."""

    kind = "lan"

    def __init__(
        self,
        name: str,
        host: str,
        port: int,
        written: Written,
        *,
        limits: Limits,
        most_photos: int = MOST,
        most_photo_bytes: int = MOST_BYTES,
    ) -> None:
        self.name, self._host, self._port, self._written = name, host, port, written
        self._limits, self._most, self._most_bytes = limits, most_photos, most_photo_bytes
        self._desk: Desk | None = None
        self._changed: threading.Event | None = None

    def run(self, site: Site) -> None:
        """Listen until the agent stops."""
        try:
            desk = self._desk = self._desk or self._open(site)
            self._listen(site, desk)
        except (OSError, sqlite3.Error) as problem:
            site.health.tell(self.name, self.kind, "lost", str(problem)[:200])
        if site.stopping.is_set() and self._desk is not None:
            self._desk.photos.close()
            self._desk.store.close()

    def _open(self, site: Site) -> Desk:
        """The files, once; pictures are on their way from now on."""
        queue = site.spool.path
        vault = disk_vault(queue)
        store = LanStore(queue, vault)
        store.read_event = site.spool.read_body
        photos = PhotoQueue(
            queue.with_name(f"{queue.stem}-photos.sqlite"),
            vault,
            site.clock,
            most=self._most,
            most_bytes=self._most_bytes,
            has_room=lambda: disk_used(queue.parent) < DISK_FULL,
        )
        photos.changed = lambda words: site.worry("photos", words, ("photos", "", 0))
        self._changed = site.book.subscribe()
        desk = Desk(site, store, photos, ())
        self._serve(site, desk)
        site.carry(PhotosLane(site, photos, store))
        site.carry(FacesLane(site, desk))
        return desk

    def _serve(self, site: Site, desk: Desk) -> None:
        """The terminals of now, by site.toml and the server; those that cannot be served are said."""
        known, problems = self._written.terminals(site.book.devices())
        for one in desk.gone(known):
            site.health.tell(one.name, one.kind, "stopped", "it is not one of this agent's devices any more")
        desk.set_terminals(known)
        for one in known:
            site.serve(one.serial)
        site.worry(
            self.name,
            next(iter(problems.values()), "")[:200],
            *(("unserved", serial, 0) for serial in sorted(problems)),
        )

    def _listen(self, site: Site, desk: Desk) -> None:
        listener = Listener(
            self._host,
            self._port,
            desk.answer,
            may_call=desk.may_call,
            terminals=lambda: len(desk.terminals),
            limits=self._limits,
        )
        thread = threading.Thread(
            target=listener.serve_forever, args=(LOOK_EVERY,), name=self.name, daemon=True
        )
        thread.start()
        visits = threading.Thread(
            target=self._visit, args=(site, desk), name=f"{self.name}: visits", daemon=True
        )
        visits.start()
        began = site.clock.boot()
        host, port = listener.server_address[:2]
        site.health.tell(self.name, self.kind, "ready", f"listens on {host!s} port {port}")
        try:
            while not site.wait(LOOK_EVERY):
                if self._changed is not None and self._changed.is_set():
                    self._changed.clear()
                    self._serve(site, desk)
                self._look_for_silence(site, desk, began)
                desk.look_after()
        finally:
            listener.close()
            thread.join(5)

    def _visit(self, site: Site, desk: Desk) -> None:
        """Until the agent stops, or the listener ends and is begun anew with another of these."""
        listening = desk.sessions = desk.sessions + 1
        while listening == desk.sessions and not site.wait(VISIT_LOOK):
            try:
                desk.visit()
                desk.bring_people()
                desk.fetch_pictures()
            except Exception:  # the listener goes on
                log.exception("%s: a visit broke", self.name)

    def _look_for_silence(self, site: Site, desk: Desk, began: float) -> None:
        now = site.clock.boot()
        for one in desk.terminals.values():
            known = one.known
            if now - (one.heard_at or began) > known.silent_after:
                site.health.tell(
                    known.name, known.kind, "silent", "it does not call; look at its power and cable"
                )


def build(name: str, options: Options) -> LanTerminals:
    """From a [[device]] of site.toml. Raises BadConfig."""
    usual = Limits()
    limits = Limits(
        body=min(usual.body, int(options.number("body_bytes", usual.body, least=1024))),
        connections=int(options.number("connections", usual.connections, least=1)),
        per_source=int(options.number("per_source", usual.per_source, least=1)),
        head_seconds=options.number("head_seconds", usual.head_seconds, least=0.1),
        body_seconds=options.number("body_seconds", usual.body_seconds, least=0.1),
        idle_seconds=options.number("idle_seconds", usual.idle_seconds, least=0.1),
    )
    return LanTerminals(
        name,
        options.text("host"),
        int(options.number("port", 8003)),
        read_written(options),
        limits=limits,
        most_photos=int(options.number("photos", MOST)),
        most_photo_bytes=int(options.number("photo_bytes", MOST_BYTES)),
    )
