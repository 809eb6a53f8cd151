"""Sign-in of staff: password, second factor, sign-out, change of password."""

import json
import math
import time
from typing import Any

import django_otp
import segno
from axes.helpers import get_cool_off
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django_otp.plugins.otp_totp.models import TOTPDevice

from registration.forms import CodeForm, PasswordForm, SignInForm
from registration.http import ActorRequest, staff_view
from registration.middleware import WORKER_DEVICE_KEY, WORKER_PHONE_KEY, WORKER_SESSION_KEY, actor_of_user
from registration.models import User
from registration.models.accounts import Role
from registration.services.phones import end_device
from registration.services.second_factor import begin_device, check_device, confirmed_device
from registration.views.home import serves
from registration.views.next_page import safe_next
from registration.views.tablet_door import leave_tablet

BACKEND = "django.contrib.auth.backends.ModelBackend"
PENDING_KEY = "second_factor_for"
PENDING_SECONDS = 600
NEED_SECOND_FACTOR = frozenset({Role.INSPECTOR, Role.BANK_OFFICER})


def locked_out(request: HttpRequest, response: Any = None, credentials: Any = None) -> HttpResponse:
    """The page that django-axes shows after too many wrong passwords."""
    pause = get_cool_off(request)
    minutes = math.ceil(pause.total_seconds() / 60) if pause else 15
    return render(request, "accounts/locked.html", {"minutes": minutes}, status=429)


def _demo_people() -> list[dict[str, str]]:
    """On the demo's sign-in page: who can be tried, as the loader of the demo county wrote it down."""
    path = settings.VAR_DIR / "demo" / "signins.json"
    if not settings.DEMO or not path.is_file():
        return []
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [
        {"role": row["role"], "username": row["name"], "password": row["password"]}
        for row in rows
        if row.get("password")
    ]


def enter(request: HttpRequest, user: User) -> None:
    """Sign the user in on this browser, after all that was to be checked."""
    request.session.pop(PENDING_KEY, None)
    request.session.pop(WORKER_SESSION_KEY, None)
    request.session.pop(WORKER_PHONE_KEY, None)
    login(request, user, backend=BACKEND)
    request.session.set_expiry(None)


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """Ask for user name and password; then for the second factor where one is set up or required."""
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = authenticate(request, **form.cleaned_data)
        if isinstance(user, User):
            actor = actor_of_user(user)
            must = settings.WAGEWATCH_SECOND_FACTOR and actor.has_role(*NEED_SECOND_FACTOR)
            if not serves(actor):
                form.add_error(None, _("This entrance is not for your office. Use the address given to you."))
            elif must or confirmed_device(user) is not None:
                request.session.cycle_key()
                request.session[PENDING_KEY] = {
                    "user": user.pk,
                    "at": time.time(),
                    "next": safe_next(request),
                }
                return redirect("accounts:second-factor")
            else:
                enter(request, user)
                return redirect(safe_next(request) or "home")
        else:
            form.add_error(None, _("User name and password do not fit together. Check both."))
    context = {"form": form, "next": safe_next(request), "demo_people": _demo_people()}
    return render(request, "accounts/signin.html", context, status=400 if form.errors else 200)


def _pending(request: HttpRequest) -> tuple[User, str] | None:
    """The user whose password was right within the last ten minutes, and where they want to go."""
    kept = request.session.get(PENDING_KEY)
    if not kept or not 0 <= time.time() - kept["at"] < PENDING_SECONDS:
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    return (user, kept["next"]) if user else None


@never_cache
@require_http_methods(["GET", "POST"])
def second_factor(request: HttpRequest) -> HttpResponseBase:
    """After the password: six digits of the authenticator app; the first time it is set up here."""
    found = _pending(request)
    if found is None:
        return redirect("accounts:sign-in")
    user, target = found
    device = confirmed_device(user)
    new = device is None
    if device is None:
        device = begin_device(user)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        refusal = check_device(user, device, form.cleaned_data["code"])
        if refusal is None:
            enter(request, user)
            django_otp.login(request, device)
            if new:
                messages.success(request, _("The second step is set up. It is asked at every sign-in."))
            return redirect(target or "home")
        form.add_error("code", refusal.message)
    status = 400 if form.errors else 200
    if new:
        return render(request, "accounts/second_factor_setup.html", _setup(device, form), status=status)
    return render(request, "accounts/second_factor.html", {"form": form}, status=status)


def _setup(device: TOTPDevice, form: CodeForm) -> dict[str, Any]:
    code = segno.make(device.config_url, error="m")
    drawn = code.svg_inline(
        scale=5, border=2, omitsize=True, svgclass=None, lineclass=None, dark="#000", light="#fff"
    )
    secret = device.config_url.split("secret=")[1].split("&")[0]
    grouped = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    return {"form": form, "qr_svg": mark_safe(drawn), "secret": grouped}  # noqa: S308 drawn by segno


@staff_view()
@never_cache
@require_http_methods(["GET", "POST"])
def set_up_second_factor(request: ActorRequest) -> HttpResponseBase:
    """Set up the second step by one's own choice; shown again it tells that there is one."""
    if confirmed_device(request.user) is not None:
        messages.info(request, _("Your second step is set up already."))
        return redirect("home")
    device = begin_device(request.user)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        refusal = check_device(request.user, device, form.cleaned_data["code"])
        if refusal is None:
            django_otp.login(request, device)
            messages.success(request, _("The second step is set up. It is asked at every sign-in."))
            return redirect("home")
        form.add_error("code", refusal.message)
    return render(
        request, "accounts/second_factor_setup.html", _setup(device, form), status=400 if form.errors else 200
    )


@require_POST
def sign_out(request: ActorRequest) -> HttpResponseBase:
    """End the session; workers go back to their own sign-in."""
    was_worker = request.worker is not None
    device = request.session.get(WORKER_DEVICE_KEY)
    if request.tablet_visit is not None:
        return leave_tablet(request)
    if was_worker and device:
        end_device(device, actor=request.actor, now=timezone.now())
    logout(request)
    if was_worker:
        messages.success(request, _("You are signed out."))
        response = redirect("accounts:worker-sign-in")
        response["Clear-Site-Data"] = '"cache"'
        return response
    return render(request, "accounts/signed_out.html")


@sensitive_post_parameters()
@staff_view()
@never_cache
@require_http_methods(["GET", "POST"])
def change_password(request: ActorRequest) -> HttpResponseBase:
    """A new password after the old one; other sessions of the user end."""
    form = PasswordForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        request.user.set_password(form.cleaned_data["new"])
        request.user.save(update_fields=["password"])
        update_session_auth_hash(request, request.user)
        messages.success(request, _("Your password is changed. Other devices have to sign in again."))
        return redirect("home")
    return render(request, "accounts/password.html", {"form": form}, status=400 if form.errors else 200)
