"""Notices on this phone: switched on and off by its own browser, and reported as shown."""

import json
from typing import Any

from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.http.request import RawPostDataException
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from registration.http import ActorRequest, worker_view
from registration.middleware import WORKER_DEVICE_KEY
from registration.services import pushes
from wagewatch.lib.errors import WagewatchError

LARGEST = 4096


def _said(request: ActorRequest) -> dict[str, Any]:
    """The JSON object of the body; {} for anything else."""
    try:
        body = request.body
        said = json.loads(body) if len(body) <= LARGEST else {}
    except (ValueError, RecursionError, RawPostDataException):  # no JSON, or a form that was read already
        said = {}
    return said if isinstance(said, dict) else {}


@never_cache
@require_safe
@worker_view
def notices(request: ActorRequest) -> HttpResponseBase:
    """What was sent to my phone, to be read again here."""
    assert request.worker is not None  # noqa: S101 - worker_view let us in
    found = pushes.messages_to(request.worker)
    return render(request, "registration/worker_notices.html", {"notices": found})


@require_POST
@worker_view
def on(request: ActorRequest) -> HttpResponseBase:
    """The browser's subscription, as its own toJSON() writes it."""
    said = _said(request)
    keys = said.get("keys")
    keys = keys if isinstance(keys, dict) else {}
    try:
        pushes.switch_on(
            request.session.get(WORKER_DEVICE_KEY),
            str(said.get("endpoint", "")),
            str(keys.get("p256dh", "")),
            str(keys.get("auth", "")),
            actor=request.actor,
            now=timezone.now(),
        )
    except WagewatchError as refusal:
        if refusal.status not in {400, 409}:
            raise
        return JsonResponse({"code": refusal.code, "message": str(refusal.message)}, status=refusal.status)
    return HttpResponse(status=204)


@require_POST
@worker_view
def off(request: ActorRequest) -> HttpResponseBase:
    """Text messages again."""
    pushes.switch_off(request.session.get(WORKER_DEVICE_KEY), actor=request.actor)
    return HttpResponse(status=204)


@csrf_exempt  # sent by the service worker, without a session: the token in it is signed and does this alone
@require_POST
def shown(request: ActorRequest) -> HttpResponseBase:
    """A phone showed a notice; the answer is the same whether that is known or not."""
    pushes.note_shown(str(_said(request).get("shown", "")))
    return HttpResponse(status=204)
