"""Pictures to the server, one at a time over a connection of their own, so that no passage waits for them; and what
terminals said of faces."""

import json
from datetime import UTC, datetime

from devices.client import Refused, TerminalClient
from devices.edge.lan.desk import Desk
from devices.edge.lan.photos import PhotoQueue
from devices.edge.lan.store import LanStore
from devices.edge.sending import NotAcknowledged
from devices.edge.site import Site

PATH, FACES_PATH = "/api/v1/photos/", "/api/v1/faces/"
FACES_SECONDS = 3_600.0
NOT_YET = "event_unknown"
NEVER = frozenset({400, 413, 415, 422})
"""Statuses by which the server will never take this picture."""


class PhotosLane:
    """The oldest picture whose passage has arrived. The same one twice is harmless, so it goes until it is named."""

    name = "photos"

    def __init__(self, site: Site, photos: PhotoQueue, store: LanStore) -> None:
        self._site, self._photos, self._store, self.wake = site, photos, store, photos.wake
        self._swept_at = 0.0

    def send(self, client: TerminalClient) -> bool:
        """Send one; True if there may be more."""
        self._sweep()
        photo = self._photos.next(self._store)
        if photo is None:
            return False
        headers = {
            "Content-Type": photo.kind,
            "X-Wagewatch-Device": photo.serial,
            "X-Wagewatch-Event": photo.event,
        }
        try:
            _status, answer = client.call("POST", PATH, photo.data, headers)
        except Refused as refusal:
            if refusal.status in NEVER:
                self._photos.refused(photo.seq, f"the server says {refusal.status}")
                return True
            raise
        kept = answer.get("kept") if isinstance(answer, dict) else None
        if kept is True:
            self._photos.drop(photo.seq)
        elif kept is False and answer.get("reason") == NOT_YET:
            self._photos.later(photo.seq)
        elif kept is False:
            self._photos.refused(
                photo.seq, str(answer.get("reason", ""))[:60] or "the server does not keep it"
            )
        else:
            raise NotAcknowledged("an answer that does not say whether it is kept")
        return True

    def _sweep(self) -> None:
        now = self._site.clock.boot()
        if now >= self._swept_at + 600:
            self._swept_at = now
            self._photos.forget_lonely()

    def rest(self) -> float:
        """Passages that go through make pictures ready."""
        return 5.0


class FacesLane:
    """What terminals said of faces: who has a picture there, who is deleted, and which terminals get no people at all.
    At once when it changes, and every hour."""

    name = "faces"

    def __init__(self, site: Site, desk: Desk) -> None:
        self._site, self._desk, self.wake = site, desk, desk.faces_changed
        self._told: tuple[dict[str, dict[str, str]], tuple[str, ...]] | None = None
        self._told_at = 0.0

    def send(self, client: TerminalClient) -> bool:
        """Tell it, if it is another thing than was told. Raises as TerminalClient, NotAcknowledged, sqlite3.Error."""
        said, without, now = self._desk.faces_said(), self._desk.keep_nobody(), self._site.clock.boot()
        if not said and not without:
            return False
        if (said, without) == self._told and now - self._told_at < FACES_SECONDS:
            return False
        at = datetime.fromtimestamp(self._site.clock.now(), UTC).isoformat()
        gates: list[dict[str, object]] = [
            {"serial": serial, "at": at, "faces": faces} for serial, faces in sorted(said.items())
        ]
        gates += [{"serial": serial, "at": at, "faces": {}, "people": False} for serial in without]
        body = json.dumps({"gates": gates}, separators=(",", ":")).encode()
        _status, answer = client.call("POST", FACES_PATH, body)
        if not isinstance(answer, dict) or not isinstance(answer.get("deleted"), int):
            raise NotAcknowledged("an answer that counts nothing")
        self._told, self._told_at = (said, without), now
        self._desk.faces_told(said)
        return False

    def rest(self) -> float:
        """A terminal that says something wakes it."""
        return 60.0
