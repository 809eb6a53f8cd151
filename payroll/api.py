"""Payroll's endpoints for machines on site. Plain views, signed like those of the gates."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from devices.errors import TooLarge
from devices.services import terminals
from payroll.services.board_checks import check_by_camera

MAX_BYTES = 6 * 1024 * 1024


@csrf_exempt
@require_POST
def post_board_photo(request: HttpRequest) -> HttpResponse:
    """A site camera's picture of the notice board: body JPEG or PNG of at most 6 MB, signed with a terminal's key.

    Answers verdict (fresh, stale, other, forged, no_code), the version seen, and whether it was written down.
    """
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > MAX_BYTES:
        raise TooLarge("photo.too_large", _("Send at most 6 MB as one picture."), limit=MAX_BYTES)
    now = timezone.now()
    terminal, nonce = terminals.authenticate(
        request.headers,
        method=request.method or "",
        path=request.get_full_path(),
        body=request.body,
        now=now,
    )
    return JsonResponse(check_by_camera(terminal, request.body, nonce=nonce, now=now))
