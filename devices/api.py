"""The endpoints of terminals. Plain views: a serializer would cost more than everything else together."""

from axes.helpers import get_client_ip_address
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from devices import signing, wire
from devices.errors import TooLarge
from devices.services import (
    card_reads,
    enrolment,
    faces,
    list_holders,
    list_versions,
    passages,
    photos,
    terminals,
)
from devices.services.terminals import KnownTerminal

DEVICE_HEADER = "X-Wagewatch-Device"
EVENT_HEADER = "X-Wagewatch-Event"
ENROLMENT_BYTES = 4096


def _signed(request: HttpRequest) -> tuple[KnownTerminal, str, bytes]:
    """The terminal, its nonce and the body. Raises as `terminals.authenticate`, TooLarge before reading much."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > wire.MAX_BYTES:
        raise TooLarge("batch.too_large", _("Send at most 2 MB in one batch."), limit=wire.MAX_BYTES)
    body = request.body
    terminal, nonce = terminals.authenticate(
        request.headers,
        method=request.method or "",
        path=request.get_full_path(),
        body=body,
        now=timezone.now(),
    )
    return terminal, nonce, body


@csrf_exempt
@require_POST
def post_passages(request: HttpRequest) -> HttpResponse:
    """Take a batch of events; 200 only when all of it is committed."""
    terminal, nonce, body = _signed(request)
    return JsonResponse(passages.accept_batch(terminal, body, nonce=nonce, now=timezone.now()))


@csrf_exempt
@require_POST
def post_card_reads(request: HttpRequest) -> HttpResponse:
    """Take identity cards that were laid on a site's reader; the answer names each that is kept."""
    terminal, nonce, body = _signed(request)
    return JsonResponse(card_reads.take_card_reads(terminal, body, nonce=nonce, now=timezone.now()))


@csrf_exempt
@require_GET
def get_allow_list(request: HttpRequest) -> HttpResponse:
    """Who may come in on the terminal's project: whole, or what changed since the version named; 304 if nothing did."""
    terminal, nonce, _body = _signed(request)
    now = timezone.now()
    terminals.note_contact(terminal, nonce, keep_queue=True, now=now)
    asked = [request.GET.get("since", ""), request.headers.get("If-None-Match", "").strip('"')]
    list_holders.note_holder(terminal, asked[0] or asked[1], now=now)
    version = list_versions.current_version(terminal.project_id, now=now)
    if version in asked:
        return HttpResponse(status=304, headers={"ETag": f'"{version}"'})
    answer = list_versions.list_since(terminal.project_id, asked[0], now=now)
    return JsonResponse(answer, headers={"ETag": f'"{answer["version"]}"'})


@csrf_exempt
@require_GET
def get_face(request: HttpRequest, pin: int, face: str) -> HttpResponse:
    """The picture that the list names for a person, for the moment in which a gate gets it; 404 for any other."""
    terminal, nonce, _body = _signed(request)
    picture = faces.picture_of(terminal, face, pin, nonce=nonce, now=timezone.now())
    return HttpResponse(picture, content_type="image/jpeg", headers={"Cache-Control": "no-store"})


@csrf_exempt
@require_POST
def post_faces(request: HttpRequest) -> HttpResponse:
    """Take what gates hold of faces: the proof that a picture was deleted."""
    terminal, nonce, body = _signed(request)
    return JsonResponse(faces.take_faces(terminal, wire.read_faces(body), nonce=nonce, now=timezone.now()))


@csrf_exempt
@require_GET
def get_devices(request: HttpRequest) -> HttpResponse:
    """The devices in use that the signing agent speaks for."""
    terminal, nonce, _body = _signed(request)
    terminals.note_contact(terminal, nonce, keep_queue=True, now=timezone.now())
    return JsonResponse(terminals.devices_of(terminal), safe=False)


@csrf_exempt
@require_POST
def post_heartbeat(request: HttpRequest) -> HttpResponse:
    """Take a sign of life; the answer carries the server's time, the version of the allow-list, a wish for a new key."""
    terminal, nonce, body = _signed(request)
    heartbeat = wire.read_heartbeat(body)
    now = timezone.now()
    with transaction.atomic():
        terminals.note_contact(terminal, nonce, sent_at=heartbeat.sent_at, queue=heartbeat.queue, now=now)
        terminals.note_facts(terminal, heartbeat, now=now)
    terminals.note_readers(terminal, heartbeat.devices or [])
    answer = {
        "server_time": now.isoformat(),
        "skew_ms": terminals.skew_ms(heartbeat.sent_at, now) if heartbeat.sent_at else None,
        "allow_list": list_versions.current_version(terminal.project_id, now=now),
    }
    if enrolment.is_rotation_due(terminal):
        answer["rotate_key"] = True
    return JsonResponse(answer)


@csrf_exempt
@require_POST
def post_rotate_key(request: HttpRequest) -> HttpResponse:
    """A new key for the terminal; the one it signed with stays good for some days, or an hour after the new one's use."""
    terminal, nonce, _body = _signed(request)
    key_id = request.headers.get(signing.KEY_HEADER, "")
    return _secret(enrolment.rotate_key(terminal, key_id, nonce, now=timezone.now()))


@csrf_exempt
@require_POST
def post_enrol(request: HttpRequest) -> HttpResponse:
    """A key for a one-time code; not signed."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > ENROLMENT_BYTES:
        raise TooLarge("enrol.too_large", _("Send the code, and nothing else."), limit=ENROLMENT_BYTES)
    asked = wire.read_enrolment(request.body)
    address = get_client_ip_address(request) or ""
    return _secret(enrolment.enrol(asked, address=address, now=timezone.now()))


def _secret(answer: dict[str, str]) -> HttpResponse:
    """An answer that nobody on the way may keep."""
    return JsonResponse(answer, headers={"Cache-Control": "no-store"})


@csrf_exempt
@require_POST
def post_photo(request: HttpRequest) -> HttpResponse:
    """The picture of a passage or a refused entry, named by the device's serial number and the event's id."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > photos.MAX_BYTES:
        raise photos.too_large()
    terminal, nonce, body = _signed(request)
    event_id = request.headers.get(EVENT_HEADER, "")
    serial = request.headers.get(DEVICE_HEADER, "")
    return JsonResponse(
        photos.keep_photo(terminal, body, serial=serial, event_id=event_id, nonce=nonce, now=timezone.now())
    )
