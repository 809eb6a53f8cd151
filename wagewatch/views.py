"""Pages that belong to no app: errors, home, language."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from wagewatch import gallery as component_sheet
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, TryLater, WagewatchError


def wants_json(request: HttpRequest) -> bool:
    """API callers and those who accept only JSON get JSON errors."""
    return request.path.startswith("/api/") or request.headers.get("accept", "").startswith(
        "application/json"
    )


def error_response(request: HttpRequest, error: WagewatchError) -> HttpResponse:
    """One error as JSON {code, message, …facts} or as a page that says what to do."""
    if wants_json(request):
        return JsonResponse(
            {"code": error.code, "message": str(error.message), **error.facts}, status=error.status
        )
    response = render(
        request,
        "errors/error.html",
        {"error": error, "status": error.status, "message": error.message, "code": error.code},
        status=error.status,
    )
    if isinstance(error, TryLater):
        response["Retry-After"] = "30"
    return response


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_response(request, Malformed("bad_request", _("The request could not be read.")))


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_response(request, NotPermitted("not_permitted", _("Your role does not allow this.")))


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_response(
        request, NotFound("not_found", _("This page does not exist, or it is not within your reach."))
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return error_response(
        request,
        NotPermitted("csrf", _("This form is out of date. Go back, reload the page and send it again.")),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """The last resort: plain, without database or session."""
    if wants_json(request):
        return JsonResponse({"code": "server_error", "message": "server error"}, status=500)
    return render(request, "errors/500.html", {"brand": settings.WAGEWATCH_BRAND}, status=500)


def gallery(request: HttpRequest) -> HttpResponse:
    """The component sheet, for those who build pages: only in the demo, in tests and in debug mode."""
    if not (settings.DEMO or settings.DEBUG or settings.TESTING):
        return page_not_found(request)
    screen = "gallery_worker" if request.GET.get("screen") == "worker" else "gallery"
    request.audience = "worker" if screen == "gallery_worker" else "inspector"  # type: ignore[attr-defined]
    return render(
        request,
        f"wagewatch/{screen}.html",
        component_sheet.context("worker" if screen == "gallery_worker" else "inspector"),
    )
