"""The endpoints of other real-name systems: push people, push stamps, prove that nothing was lost."""

import hashlib
from collections.abc import Callable
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from devices import signing, wire
from devices.errors import TooLarge, TooMany
from devices.push_wire import read_people
from devices.services import sources
from registration.models import SourceSystem
from registration.services import pushing
from registration.services.pushing import PeopleRequest
from wagewatch.lib.errors import Malformed, WagewatchError
from wagewatch.views import error_response

Door = Callable[[HttpRequest, SourceSystem, bytes], dict[str, Any]]


def _answer(request: HttpRequest, door: Door) -> HttpResponse:
    """Who is there, then what they want; what is refused whole is noted for the page of the system."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > wire.MAX_BYTES:
        raise TooLarge("push.too_large", _("Send at most 2 MB in one request."), limit=wire.MAX_BYTES)
    body, now = request.body, timezone.now()
    try:
        source = sources.authenticate(
            request.headers, method=request.method or "", path=request.get_full_path(), body=body, now=now
        )
    except TooMany as refusal:
        response = error_response(request, refusal)
        response["Retry-After"] = "60"
        return response
    try:
        return JsonResponse(door(request, source, body))
    except WagewatchError as refusal:
        sources.note_refusal(source.pk, refusal.code, now=now)
        raise


def _take_people(request: HttpRequest, source: SourceSystem, body: bytes) -> dict[str, Any]:
    posted = read_people(body)
    project = sources.project_in_scope(source, posted.project)
    asked = PeopleRequest(
        posted.request, posted.firm, posted.defaults, posted.people, hashlib.sha256(body).digest()
    )
    push = pushing.push_people(source, project.pk, asked, now=timezone.now())
    return {
        "request": push.request_id,
        "project": project.code,
        "written": push.kept,
        "unchanged": push.unchanged,
        "refused": push.refused,
        "rows": pushing.rows_answer(push),
    }


def _tell_people(request: HttpRequest, source: SourceSystem, body: bytes) -> dict[str, Any]:
    project = sources.project_in_scope(source, request.GET.get("project", ""))
    return {"project": project.code, **pushing.people_digest(project.pk, source)}


def _take_attendance(request: HttpRequest, source: SourceSystem, body: bytes) -> dict[str, Any]:
    nonce = request.headers.get(signing.NONCE_HEADER, "")
    return sources.take_attendance(source, body, nonce=nonce, now=timezone.now())


def _tell_days(request: HttpRequest, source: SourceSystem, body: bytes) -> dict[str, Any]:
    project = sources.project_in_scope(source, request.GET.get("project", ""))
    first = _day(request, "from")
    last = _day(request, "to") if request.GET.get("to") else first
    return {"project": project.code, "days": sources.reconcile(source, project, first, last)}


def _day(request: HttpRequest, name: str) -> date:
    try:
        found = date.fromisoformat(request.GET.get(name, ""))
    except ValueError:
        found = date.min
    if not 2020 <= found.year <= 2099:
        raise Malformed("push.day", _("Write the day as 2026-11-16 in “%(name)s”."), name=name)
    return found


@csrf_exempt
@require_http_methods(["GET", "POST"])
def people(request: HttpRequest) -> HttpResponse:
    """POST writes people and their work; GET tells counts and digest of who is on record of this system."""
    return _answer(request, _take_people if request.method == "POST" else _tell_people)


@csrf_exempt
@require_POST
def attendance(request: HttpRequest) -> HttpResponse:
    """Take a batch of stamps; 200 only when all of it is committed."""
    return _answer(request, _take_attendance)


@csrf_exempt
@require_GET
def attendance_days(request: HttpRequest) -> HttpResponse:
    """Counts and digest of each day of a span."""
    return _answer(request, _tell_days)
