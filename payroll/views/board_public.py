"""The page behind the QR code of a notice board, for everybody who stands before it."""

from django.core.signing import BadSignature
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from payroll.board_rules import read_code
from payroll.models import NoticeBoard
from payroll.services.boards import content_of
from payroll.views.boards import shown
from registration.access import not_found
from registration.http import ActorRequest
from wagewatch.lib.dates import parse_date, site_date


@never_cache
@require_GET
def board_public(request: ActorRequest, token: str) -> HttpResponseBase:
    """The page behind the code of a board: who is responsible and who helps, and the way to one's own wage.

    What hangs in public, without the list of people; any other token does not exist.
    """
    request.audience = "public"  # type: ignore[attr-defined]
    try:
        code = read_code(f"/board/{token}/")
    except BadSignature:
        not_found()
    found = (
        NoticeBoard.objects.select_related("project__region")
        .filter(project=code.project_id, number=code.number, edition=code.edition)
        .first()
        if code
        else None
    )
    if found is None:
        not_found()
    newest = NoticeBoard.objects.filter(project=found.project_id).order_by("-number").first()
    content = content_of(found)
    context = {
        "board": found,
        "project": found.project,
        "shown": shown(content),
        "newer": newest if newest and newest.number > found.number else None,
        "replace_by": parse_date(content["replace_by"]),
        "is_late": parse_date(content["replace_by"]) < site_date(timezone.now()),
    }
    return render(request, "payroll/board_public.html", context)
