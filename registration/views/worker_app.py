"""The worker's end as an app on the phone: what it is called, how it works without network, its marks."""

import hashlib
import json
from functools import lru_cache

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

SHELL = (
    "bundle/worker.css",
    "bundle/sign.css",
    "js/queue.js",
    "js/worker.js",
    "js/sign.js",
    "js/record.js",
    "js/limit.js",
    "js/ww.js",
    "img/mark.svg",
)
"""What every page of the worker's end needs; kept on the phone under the version of all of it together."""


def _content(name: str) -> bytes:
    path = finders.find(name)
    if path:
        with open(path, "rb") as file:
            return file.read()
    with staticfiles_storage.open(name) as file:
        return bytes(file.read())


@lru_cache(maxsize=1)
def _version() -> str:
    """One number for the shell and the program that keeps it: a change of either makes phones fetch all of it."""
    digest = hashlib.sha256()
    for name in (*SHELL, "js/service-worker.js"):
        digest.update(_content(name))
    return digest.hexdigest()[:16]


def _current_version() -> str:
    if settings.DEBUG or settings.TESTING:
        _version.cache_clear()
    return _version()


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """The program that keeps the worker's pages; from the root, since it serves /my/, /me/ and /contract/."""
    values = {
        "version": _current_version(),
        "static": settings.STATIC_URL,
        "hashed": not (settings.DEBUG or settings.TESTING),
        "shell": [static(name) for name in SHELL],
        "queue": static("js/queue.js"),
        "offline": reverse("registration:worker-offline"),
        "shown": reverse("registration:notices-shown"),
        "brand": settings.WAGEWATCH_BRAND,
        "icon": static("img/icon-192.png"),
    }
    text = _content("js/service-worker.js").decode()
    response = HttpResponse(
        text.replace("/* SETTINGS */", f"const SETTINGS = {json.dumps(values)};"),
        content_type="text/javascript; charset=utf-8",
    )
    response["Cache-Control"] = "no-cache"
    return response


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """Name, colours and marks for the phone's home screen."""
    response = JsonResponse(
        {
            "id": "/my/pay/",
            "name": f"{settings.WAGEWATCH_BRAND} {_('My wages')}",
            "short_name": settings.WAGEWATCH_BRAND,
            "lang": request.LANGUAGE_CODE,
            "start_url": reverse("payroll:worker-pay"),
            "scope": "/",
            "display": "standalone",
            "background_color": "#f4f6f7",
            "theme_color": "#0b5a73",
            "icons": [
                {
                    "src": static("img/icon-192.png"),
                    "sizes": "192x192",
                    "type": "image/png",
                    "purpose": "any",
                },
                {
                    "src": static("img/icon-512.png"),
                    "sizes": "512x512",
                    "type": "image/png",
                    "purpose": "any",
                },
                {
                    "src": static("img/icon-512.png"),
                    "sizes": "512x512",
                    "type": "image/png",
                    "purpose": "maskable",
                },
                {"src": static("img/mark.svg"), "sizes": "any", "type": "image/svg+xml"},
            ],
            "shortcuts": [
                {"name": pgettext("worker", "Pay"), "url": reverse("payroll:worker-pay")},
                {"name": pgettext("worker", "Days"), "url": reverse("devices:worker-days")},
            ],
        },
        content_type="application/manifest+json",
    )
    response["Cache-Control"] = "no-cache"
    return response


@never_cache
@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What a phone shows without network for a page that it does not have; in both languages, about nobody."""
    request.pages_mark = ""  # type: ignore[attr-defined]
    return render(request, "registration/worker_offline.html")
