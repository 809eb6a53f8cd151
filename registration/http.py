"""What views stand on: the request with its actor, and doors for each audience."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, cast
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from registration.access import not_found
from registration.actors import Actor
from registration.models import TabletVisit, User, Worker
from registration.services.tablets import COOKIE

P = ParamSpec("P")


class ActorRequest(HttpRequest):
    """A request after ActorMiddleware."""

    actor: Actor
    worker: Worker | None
    user: User
    tablet_visit: TabletVisit | None


View = Callable[Concatenate[ActorRequest, P], HttpResponseBase]


def _sign_in(request: HttpRequest, name: str) -> HttpResponse:
    here = quote(request.get_full_path(), safe="/")
    return redirect(f"{reverse(name)}?next={here}")


def staff_view(*roles: str) -> Callable[[View[P]], View[P]]:
    """For signed-in users who hold one of `roles` (any role if none is named); others get 404."""

    def wrap(view: View[P]) -> View[P]:
        @functools.wraps(view)
        def inner(request: ActorRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.actor.kind != "user" or request.actor.id is None:
                return _sign_in(request, "accounts:sign-in")
            if roles and not request.actor.has_role(*roles):
                not_found()
            return view(request, *args, **kwargs)

        return cast(View[P], inner)

    return wrap


def worker_view(view: View[P]) -> View[P]:
    """For a worker signed in on a phone or at a site's tablet; everybody else is sent to the worker's sign-in."""

    @functools.wraps(view)
    def inner(request: ActorRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.worker is None:
            door = "accounts:tablet" if COOKIE in request.COOKIES else "accounts:worker-sign-in"
            return _sign_in(request, door)
        return view(request, *args, **kwargs)

    return cast(View[P], inner)
