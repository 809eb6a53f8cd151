"""The endpoints of terminals. Plain views: a serializer would cost more than everything else together."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from devices import allow_list, wire
from devices.errors import TooLarge
from devices.services import card_reads, list_holders, passages, terminals
from devices.services.terminals import KnownTerminal


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
    """Who may come in on the terminal's project; 304 while `since` or If-None-Match is still the version."""
    terminal, nonce, _body = _signed(request)
    now = timezone.now()
    terminals.note_contact(terminal, nonce, keep_queue=True, now=now)
    held = request.GET.get("since") or request.headers.get("If-None-Match", "").strip('"')
    list_holders.note_holder(terminal, held, now=now)
    answer = allow_list.allow_list(terminal.project_id, now=now)
    etag = f'"{answer["version"]}"'
    asked = {request.GET.get("since"), request.headers.get("If-None-Match", "").strip('"')}
    if answer["version"] in asked:
        return HttpResponse(status=304, headers={"ETag": etag})
    return JsonResponse(answer, headers={"ETag": etag})


@csrf_exempt
@require_POST
def post_heartbeat(request: HttpRequest) -> HttpResponse:
    """Take a sign of life; the answer carries the server's time and the version of the allow-list."""
    terminal, nonce, body = _signed(request)
    heartbeat = wire.read_heartbeat(body)
    now = timezone.now()
    terminals.note_contact(terminal, nonce, sent_at=heartbeat.sent_at, queue=heartbeat.queue, now=now)
    terminals.note_readers(terminal, heartbeat.devices or [])
    return JsonResponse(
        {
            "server_time": now.isoformat(),
            "skew_ms": terminals.skew_ms(heartbeat.sent_at, now) if heartbeat.sent_at else None,
            "allow_list": allow_list.allow_list(terminal.project_id, now=now)["version"],
        }
    )
