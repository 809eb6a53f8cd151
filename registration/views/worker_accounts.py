"""Sign-in of workers: phone, code, and where several share a phone the last four of the ID number."""

from typing import Any

from axes.helpers import get_client_ip_address
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from registration.access import not_found
from registration.forms import CodeForm, PhoneForm, TailForm
from registration.middleware import WORKER_DEVICE_KEY, WORKER_PHONE_KEY, WORKER_SESSION_KEY
from registration.models import SmsMessage, Worker
from registration.services import tablets
from registration.services.codes import check_code, request_code
from registration.services.phones import add_device
from registration.tasks import send_messages, start
from registration.views.asking import asker, remember
from registration.views.next_page import safe_next
from registration.views.tablet_door import enter_visit
from wagewatch.lib.crypto import blind_index, decrypt, encrypt
from wagewatch.lib.errors import RuleViolation
from wagewatch.lib.identity import mask_phone

ASKED_KEY = "code_asked"
CANDIDATES_KEY = "code_right_for"
TAIL_TRIES = 3


def _phone_asked(request: HttpRequest) -> str:
    """The phone a code was asked for; sealed in the session, so that the table of sessions holds no number."""
    kept = request.session.get(ASKED_KEY)
    return decrypt(bytes.fromhex(kept["phone"]), context="session.phone") if kept else ""


def _outbox_url() -> str:
    return reverse("accounts:outbox") if settings.DEMO else ""


@never_cache
@require_http_methods(["GET", "POST"])
def worker_sign_in(request: HttpRequest) -> HttpResponseBase:
    """Ask for the phone number and send a code; the answer is the same for any number."""
    form = PhoneForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        phone = form.cleaned_data["phone"]
        try:
            request_code(
                phone,
                address=get_client_ip_address(request) or "",
                now=timezone.now(),
                asker=asker(request, phone),
            )
        except RuleViolation as refusal:
            if refusal.code != "code.too_soon" or phone != _phone_asked(request):
                form.add_error("phone", refusal.message)
        else:
            start(send_messages)
        if form.is_valid():
            sealed = encrypt(phone, context="session.phone").hex()
            request.session[ASKED_KEY] = {"phone": sealed, "next": safe_next(request)}
            return redirect("accounts:worker-code")
    context = {"form": form, "next": safe_next(request), "outbox_url": _outbox_url()}
    return render(request, "accounts/worker_signin.html", context, status=400 if form.errors else 200)


def _enter(request: HttpRequest, worker: Worker, target: str) -> HttpResponseBase:
    tablet = tablets.tablet_of_cookie(request.COOKIES.get(tablets.COOKIE, ""))
    if tablet is not None:  # shared: out again in minutes, whatever way somebody came in
        return enter_visit(request, tablets.enter_proven(tablet, worker, now=timezone.now()), target)
    logout(request)  # a clerk on this browser, and the old session key, end here
    request.session[WORKER_SESSION_KEY] = worker.pk
    device = add_device(worker, user_agent=request.headers.get("user-agent", ""), now=timezone.now())
    request.session[WORKER_DEVICE_KEY] = device.pk
    request.session[WORKER_PHONE_KEY] = bytes(worker.phone_index or b"").hex()
    request.session.set_expiry(settings.WORKER_SESSION_AGE)
    request.session.cycle_key()
    response = redirect(target or "home")
    if worker.phone:
        remember(response, str(worker.phone))
    return response


@never_cache
@require_http_methods(["GET", "POST"])
def worker_code(request: HttpRequest) -> HttpResponseBase:
    """Ask for the code that was sent."""
    phone = _phone_asked(request)
    if not phone:
        return redirect("accounts:worker-sign-in")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            found = check_code(
                phone, form.cleaned_data["code"], now=timezone.now(), asker=asker(request, phone)
            )
        except RuleViolation as refusal:
            form.add_error("code", refusal.message)
        else:
            target = request.session[ASKED_KEY]["next"]
            if len(found) == 1:
                return _enter(request, Worker.objects.get(pk=found[0]), target)
            request.session.cycle_key()
            request.session[CANDIDATES_KEY] = {"workers": list(found), "next": target, "tries": 0}
            del request.session[ASKED_KEY]
            return redirect("accounts:worker-which")
    context: dict[str, Any] = {"form": form, "phone_masked": mask_phone(phone), "outbox_url": _outbox_url()}
    return render(request, "accounts/worker_code.html", context, status=400 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "POST"])
def worker_which(request: HttpRequest) -> HttpResponseBase:
    """Several people have this phone on record: which of them is it?"""
    kept = request.session.get(CANDIDATES_KEY)
    if not kept:
        return redirect("accounts:worker-sign-in")
    form = TailForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        found = list(Worker.objects.filter(pk__in=kept["workers"], id_tail=form.cleaned_data["tail"])[:2])
        if len(found) == 1:
            return _enter(request, found[0], kept["next"])
        kept["tries"] += 1
        request.session[CANDIDATES_KEY] = kept
        if kept["tries"] >= TAIL_TRIES or found:
            del request.session[CANDIDATES_KEY]
            return redirect("accounts:worker-sign-in")
        form.add_error("tail", _("Nobody with this phone has these four characters. Look at your ID card."))
    return render(request, "accounts/worker_which.html", {"form": form}, status=400 if form.errors else 200)


@never_cache
@require_GET
def outbox(request: HttpRequest) -> HttpResponseBase:
    """The demo's SMS gateway: what would have been sent."""
    if not settings.DEMO:
        not_found()
    found = SmsMessage.objects.order_by("-created_at", "-pk")
    if phone := _phone_asked(request):
        mine = found.filter(phone_index=blind_index(phone, kind="phone"))
        found = mine if mine.exists() else found
    sent = [{"to": m.phone, "at": m.created_at, "text": m.text} for m in found[:30]]
    return render(request, "accounts/outbox.html", {"messages_sent": sent})
