"""Request context for the logs, and one place where errors become pages or JSON."""

import uuid
from collections.abc import Callable

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from wagewatch.lib.errors import TryLater, WagewatchError
from wagewatch.views import error_response

log = structlog.get_logger(__name__)
Handler = Callable[[HttpRequest], HttpResponse]


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
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, WagewatchError):
            log.info("request.refused", code=exception.code, status=exception.status, path=request.path)
            return error_response(request, exception)
        if isinstance(exception, OperationalError | InterfaceError):
            log.error("database.unreachable", path=request.path, exc_info=exception)
            return error_response(
                request,
                TryLater(
                    "db.away", _("The database does not answer. Nothing was changed. Try again in a minute.")
                ),
            )
        return None
