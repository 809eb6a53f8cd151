"""Answers kept on a phone without network: who is signed in there now, and what became of an answer."""

from collections.abc import Callable
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from payroll.models import Submission
from payroll.services.submissions import submit_once
from registration.http import ActorRequest, worker_view
from registration.middleware import pages_mark
from wagewatch.lib.errors import Malformed


@never_cache
@require_safe
@worker_view
def door(request: ActorRequest) -> HttpResponse:
    """Whose answers may be sent from this phone now, and the token that a form would carry."""
    return JsonResponse({"owner": pages_mark(request.worker), "token": get_token(request)})


def key_of(request: ActorRequest) -> UUID | None:
    """The key that the phone gave its answer; None for a plain form without scripts. Malformed for nonsense."""
    text = request.POST.get("once", "")
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise Malformed("submission.key", _("This answer could not be read. Please answer again.")) from None


def answer_once(
    request: ActorRequest, key: UUID, act: Callable[[], object], *, kind: str, reference: str, go: str
) -> HttpResponse:
    """Do it once and tell the phone: done and where to go on, or refused and why."""
    found = submit_once(key, act, kind=kind, reference=reference, actor=request.actor, now=timezone.now())
    if found.state == Submission.State.DONE:
        return JsonResponse({"state": "done", "go": go})
    return JsonResponse({"state": "refused", "code": found.code, "message": found.message}, status=409)
