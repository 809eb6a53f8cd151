"""Request context for the logs, and one place where errors become pages or JSON."""

import uuid
from collections.abc import Callable

import structlog
from django.db import DataError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from wagewatch.lib.errors import Malformed, TooLarge, TryLater, WagewatchError
from wagewatch.views import error_response

log = structlog.get_logger(__name__)
Handler = Callable[[HttpRequest], HttpResponse]
LARGEST_BODY = 72 * 1024 * 1024
"""A bank's statement may have 64 MB (`payroll.bank.xmlread`), the scans of one form some more together."""
LARGEST_BODY_OF_STRANGERS = 24 * 1024 * 1024
"""A complaint's photo and voice; terminals send less."""


class RequestContextMiddleware:
    """Give each request an id, put it into every log line, hand it back in X-Request-ID."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = uuid.uuid4().hex[:16]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class ErrorMiddleware:
    """Turn the error family, and a database that is away, into a page or a JSON answer."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nothing has read the body yet: CSRF looks for its token afterwards, and files go to the disk then."""
        actor = getattr(request, "actor", None)
        most = LARGEST_BODY if actor is not None and actor.id is not None else LARGEST_BODY_OF_STRANGERS
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > most:
            text = _("What you sent is larger than %(limit)s MB. Send less at once, or smaller files.")
            return error_response(request, TooLarge("body.too_large", text, limit=most // 1024 // 1024))
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, WagewatchError):
            log.info("request.refused", code=exception.code, status=exception.status, path=request.path)
            return error_response(request, exception)
        if _is_unstorable(exception):
            # A form let it through that should have said so beside the field; nobody else has to suffer for it.
            log.warning("request.unstorable", path=request.path, error=type(exception).__name__)
            text = _("Something you typed cannot be stored: it is too long, too large, or holds characters nobody can see. Nothing was changed.")  # fmt: skip
            return error_response(request, Malformed("value.unstorable", text))
        if isinstance(exception, OperationalError | InterfaceError):
            log.error("database.unreachable", path=request.path, exc_info=exception)
            return error_response(
                request,
                TryLater(
                    "db.away", _("The database does not answer. Nothing was changed. Try again in a minute.")
                ),
            )
        return None


def _is_unstorable(exception: Exception) -> bool:
    """Whether a value went as far as the database, which has no place for it: beyond its type or its column's
    length, with the character NUL, or with half of a character (a lone surrogate in JSON)."""
    if isinstance(exception, DataError | UnicodeEncodeError):
        return True
    return isinstance(exception, ValueError) and "NUL (0x00)" in str(exception)
