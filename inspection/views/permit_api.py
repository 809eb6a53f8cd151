"""The permit office's system: asks whether a project is ready, and looks up what it was told before.

Authorization: Bearer with a key of `/supervision/permits/keys/`. It sees the projects of its office.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from inspection.access import permit_projects
from inspection.models import PermitAnswer, PermitKey
from inspection.permit_rules import differing, is_ready
from inspection.permit_words import lines_of
from inspection.services.permits import actor_of_key, answer_with, give_answer, key_of, points_now
from registration.access import not_found
from registration.actors import Actor
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, WagewatchError
from wagewatch.views import error_response

MAX_BYTES = 10_000
"""Longest body of a question."""
Door = Callable[[HttpRequest, PermitKey, Actor], dict[str, Any]]


class Unknown(WagewatchError):
    """No key, or one that is not in use: 401."""

    status = 401


class Question(msgspec.Struct):
    """`code` is the project's code on the register."""

    code: str


def _answer(request: HttpRequest, door: Door) -> HttpResponse:
    now = timezone.now()
    try:
        key = key_of(request.headers.get("authorization", "").removeprefix("Bearer ").strip(), now=now)
        if key is None:
            raise Unknown("permit.key", _("Send Authorization: Bearer with a key that is in use."))
        return JsonResponse(door(request, key, actor_of_key(key)))
    except WagewatchError as refusal:
        return error_response(request, refusal)


def as_json(answer: PermitAnswer) -> dict[str, Any]:
    """The answer with its sentences in both languages."""
    words = {}
    for language in ("zh-hans", "en"):
        with override(language):
            words[language] = lines_of(answer.points)
    return {
        "number": answer.number,
        "project": answer.project.code,
        "ready": answer.is_ready,
        "at": answer.at,
        "points": [
            {
                "code": zh.code,
                "state": zh.state,
                "on": zh.on,
                "paper": zh.paper,
                "zh": f"{zh.title}：{zh.text}",
                "en": f"{en.title}: {en.text}",
            }
            for zh, en in zip(words["zh-hans"], words["en"], strict=True)
        ],
    }


BODY = _('Send a JSON object with the code of the project: {"code": "…"}.')


@csrf_exempt
@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """POST {"code"} → the answer, kept under a number."""

    def door(request: HttpRequest, key: PermitKey, actor: Actor) -> dict[str, Any]:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdigit()) or int(length) > MAX_BYTES:
            raise Malformed("permit.body", BODY)
        try:
            question = msgspec.json.decode(request.body, type=Question)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Malformed("permit.body", BODY) from None
        found = permit_projects(actor).filter(code=question.code.replace("\x00", ""))
        pk = found.values_list("pk", flat=True).first()
        if pk is None:
            not_found()
        return as_json(give_answer(pk, actor=actor, now=timezone.now(), key=key))

    return _answer(request, door)


@csrf_exempt
@require_GET
def look_up(request: HttpRequest, number: str) -> HttpResponse:
    """What was answered under a number, and which conditions stand otherwise today."""

    def door(request: HttpRequest, key: PermitKey, actor: Actor) -> dict[str, Any]:
        answer = answer_with(number, permit_projects(actor))
        if answer is None:
            not_found()
        points = points_now(answer.project, today=site_date(timezone.now()))
        return as_json(answer) | {
            "today": {"ready": is_ready(points), "changed": differing(answer.points, points)}
        }

    return _answer(request, door)
