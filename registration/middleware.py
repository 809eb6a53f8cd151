"""Every request gets `request.actor`: a user with duties, a worker on a phone, or nobody."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_cache_control

from registration.actors import ANONYMOUS, Actor, Duty
from registration.models import Membership, TabletVisit, User, Worker, WorkerDevice
from registration.models.organisations import Authority, Sector
from registration.services.phones import see_device
from registration.services.tablets import go_on
from wagewatch.lib.crypto import blind_index

WORKER_SESSION_KEY = "worker_id"
WORKER_DEVICE_KEY = "worker_device"
"""The phone's row: when the worker ends it on another phone, this session ends."""
WORKER_PHONE_KEY = "worker_phone"
"""Index of the phone that received the code: when the number on record changes, its sessions end."""

WORKER_TABLET_KEY = "worker_tablet"
"""The visit at a site's tablet: when it was left alone for two minutes, this session ends."""

PAGES_HEADER = "X-Worker-Pages"
"""On every page: the mark of the worker whose page it is, or "none". A phone keeps pages of one mark only."""

SECTORS_OF: dict[str, frozenset[str]] = {
    Authority.Kind.LABOUR: frozenset(),  # empty = all sectors
    Authority.Kind.CENTRAL_BANK: frozenset(),
    Authority.Kind.HOUSING: frozenset({Sector.BUILDING, Sector.MUNICIPAL}),
    Authority.Kind.TRANSPORT: frozenset({Sector.TRANSPORT}),
    Authority.Kind.WATER: frozenset({Sector.WATER}),
}


def actor_of_user(user: User) -> Actor:
    """A signed-in user's duties as plain values; one query."""
    duties = tuple(
        Duty(
            role=m.role,
            organisation_id=m.organisation_id,
            authority_id=m.authority_id,
            region_prefix=m.authority.region.prefix if m.authority else "",
            sectors=SECTORS_OF[m.authority.kind] if m.authority else frozenset(),
            body=str(m.authority or m.organisation),
            kind=m.authority.kind if m.authority else "",
        )
        for m in Membership.objects.filter(user=user, is_active=True)
        .select_related("organisation", "authority__region")
        .order_by("pk")
    )
    return Actor(kind="user", id=user.pk, label=user.name, duties=duties)


def actor_of_worker(worker: Worker) -> Actor:
    """A worker acts for themselves; the label holds no personal data."""
    return Actor(kind="worker", id=worker.pk, label=f"worker {worker.pk}")


def pages_mark(worker: Worker | None) -> str:
    """An opaque mark of a worker for the pages and answers kept on a phone; empty for nobody."""
    return blind_index(str(worker.pk), kind="worker-pages").hex()[:24] if worker is not None else ""


class ActorMiddleware:
    """Sets request.actor (Actor), request.worker (Worker or None), request.tablet_visit and request.pages_mark.

    A worker's pages are kept in no shared or browser cache; the phone's own store takes them by their mark.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        actor, worker = ANONYMOUS, None
        visit: TabletVisit | None = None
        if request.user.is_authenticated:
            actor = actor_of_user(request.user)
        elif worker_id := request.session.get(WORKER_SESSION_KEY):
            if pk := request.session.get(WORKER_TABLET_KEY):
                visit = go_on(pk, worker_id, now=timezone.now())
                worker = visit.worker if visit else None
                if visit is None:
                    request.session.flush()
            else:
                worker = self._worker(request, worker_id)
            phone = request.session.get(WORKER_PHONE_KEY)
            if worker is not None and phone and phone != bytes(worker.phone_index or b"").hex():
                worker = None
            if worker is not None:
                actor = actor_of_worker(worker)
        request.actor = actor  # type: ignore[attr-defined]
        request.worker = worker  # type: ignore[attr-defined]
        request.tablet_visit = visit  # type: ignore[attr-defined]
        mark = "" if visit else pages_mark(worker)  # a shared tablet keeps nobody's pages
        request.pages_mark = mark  # type: ignore[attr-defined]
        response = self.get_response(request)
        if not 300 <= response.status_code < 400:
            response[PAGES_HEADER] = mark or "none"
        if worker is not None:
            patch_cache_control(response, private=True, no_store=True)
        elif actor.id is not None and not response.has_header("Cache-Control"):
            # On a site office's shared computer "back" after signing out shows nothing.
            patch_cache_control(response, private=True, no_store=True)
        return response

    def _worker(self, request: HttpRequest, worker_id: int) -> Worker | None:
        """The worker of the session, unless its phone was signed out; one query."""
        pk = request.session.get(WORKER_DEVICE_KEY)
        if pk is None:
            return Worker.objects.filter(pk=worker_id).first()
        device = (
            WorkerDevice.objects.select_related("worker")
            .filter(pk=pk, worker=worker_id, ended_at=None)
            .first()
        )
        if device is None:
            return None
        if see_device(device, now=timezone.now()):
            request.session.set_expiry(settings.WORKER_SESSION_AGE)  # a phone in use stays signed in
        return device.worker
