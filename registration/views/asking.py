"""Which browser asks for a code, and whether a phone signed in on it before."""

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from registration.services.codes import Asker
from wagewatch.lib.crypto import blind_index

BROWSER_KEY = "code_browser"
KNOWN_COOKIE = "known_phone"
_SALT = "registration.known-phone"
_KEPT = 400 * 24 * 3600
"""Seconds; browsers keep no cookie for longer."""


def _mark(phone: str) -> str:
    return blind_index(phone, kind="known-phone").hex()


def asker(request: HttpRequest, phone: str) -> Asker:
    """This browser: the key in its session, made when it first asks; and whether `phone` is known on it."""
    key = request.session.setdefault(BROWSER_KEY, secrets.token_hex(16))
    try:
        kept = signing.loads(request.COOKIES.get(KNOWN_COOKIE, ""), salt=_SALT, max_age=_KEPT)
    except signing.BadSignature:
        kept = ""
    return Asker(key=key, is_known=kept == _mark(phone))


def remember(response: HttpResponse, phone: str) -> None:
    """A phone signed in on this browser. The cookie opens nothing: it only has a share of codes of its own, which
    strangers who know the number cannot use up."""
    response.set_cookie(
        KNOWN_COOKIE,
        signing.dumps(_mark(phone), salt=_SALT),
        max_age=_KEPT,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
