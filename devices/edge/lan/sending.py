"""Pictures to the server, one at a time over a connection of their own, so that no passage waits for them."""

from devices.client import Refused, TerminalClient
from devices.edge.lan.photos import PhotoQueue
from devices.edge.lan.store import LanStore
from devices.edge.sending import NotAcknowledged
from devices.edge.site import Site

PATH = "/api/v1/photos/"
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
