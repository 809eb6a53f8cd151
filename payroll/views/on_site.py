"""The site's tablet: find the worker by card or by the end of the ID number, show the slip large, take the answer."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from payroll import labels
from payroll.access import access_sheet, access_slip
from payroll.models import PaySlip, ProxyWord
from payroll.services import proxies
from payroll.views.worker import how_words
from registration.http import ActorRequest, staff_view
from registration.permissions import CLERK
from registration.services.card_reads import readers_of
from registration.services.signatures import png_from_data_url
from wagewatch.lib.errors import Malformed, RuleViolation, WagewatchError
from wagewatch.lib.money import parse_yuan

KEY = "on_site"
HOLDS = timedelta(minutes=15)
"""How long a person who was found stays on the tablet before the search begins again."""
REASONS = {key: text for key, text in labels.REASONS.items() if key != "not_me"}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*CLERK)
def find(request: ActorRequest, pk: int) -> HttpResponse:
    """Who stands before the tablet? A card on the reader, or four characters; two people may share them."""
    request.session.pop(KEY, None)
    sheet = access_sheet(pk, request.actor, permission="sheet.proxy")
    now = timezone.now()
    on_reader = proxies.find_by_card(sheet, sheet.project, now=now)
    error, found, tail = "", [], ""
    if request.method == "POST":
        tail = request.POST.get("tail", "")[:12]
        read = request.POST.get("read", "")
        try:
            if read:
                slip = next((s for pk_, s in on_reader if str(pk_) == read), None)
                if slip is None:
                    raise RuleViolation(
                        "proxy.nobody", _("The card is gone from the reader. Lay it down again.")
                    )
                return _hold(request, pk, slip, read=int(read), now=now)
            found = proxies.find_on_sheet(sheet, tail)
            who = request.POST.get("who", "")
            chosen = found if len(found) == 1 else [s for s in found if str(s.worker_id) == who]
            if chosen:
                return _hold(request, pk, chosen[0], tail=tail, now=now)
        except RuleViolation as problem:
            error = problem.message
    waiting = PaySlip.objects.filter(
        month=sheet.month, project=sheet.project_id, sheet=sheet.pk, confirmation="waiting"
    ).count()
    return render(
        request,
        "payroll/on_site_find.html",
        {
            "sheet": sheet,
            "on_reader": on_reader,
            "readers": readers_of(sheet.project),
            "found": found,
            "tail": tail,
            "error": error,
            "waiting": waiting,
        },
        status=400 if error else 200,
    )


def _hold(
    request: ActorRequest, pk: int, slip: PaySlip, *, tail: str = "", read: int | None = None, now: datetime
) -> HttpResponse:
    request.session[KEY] = {
        "sheet": pk,
        "reference": slip.reference,
        "tail": tail,
        "read": read,
        "at": now.isoformat(),
    }
    return redirect("payroll:on-site-answer", pk=pk)


def _held(request: ActorRequest, pk: int, now: datetime) -> dict[str, Any] | None:
    held = request.session.get(KEY)
    if not held or held["sheet"] != pk or now - datetime.fromisoformat(held["at"]) > HOLDS:
        request.session.pop(KEY, None)
        return None
    return dict(held)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*CLERK)
def answer(request: ActorRequest, pk: int) -> HttpResponse:
    """The slip, large; the worker's picture and signature, or what is wrong. Afterwards nothing stays on screen."""
    access_sheet(pk, request.actor, permission="sheet.proxy")
    now = timezone.now()
    held = _held(request, pk, now)
    if held is None:
        return redirect("payroll:on-site", pk=pk)
    error = ""
    if request.method == "POST":
        try:
            word = _write(request, held, now)
        except WagewatchError as problem:
            if not isinstance(problem, RuleViolation | Malformed):
                raise
            error = problem.message
        else:
            request.session.pop(KEY, None)
            messages.success(
                request,
                _("Recorded: confirmed. Give the tablet to the next person.")
                if word.answer == ProxyWord.Answer.CONFIRMED
                else _("Recorded: this is wrong. Give the tablet to the next person."),
            )
            return redirect("payroll:on-site", pk=pk)
    slip = access_slip(held["reference"], request.actor, permission="sheet.proxy")
    return render(
        request,
        "payroll/on_site_answer.html",
        {
            "sheet": slip.sheet,
            "slip": slip,
            "name": slip.worker.name,
            "how": how_words(slip),
            "unit": labels.UNITS[slip.pay_basis],
            "reasons": REASONS,
            "by_card": held["read"] is not None,
            "error": error,
            "reason": request.POST.get("reason", ""),
            "claimed": request.POST.get("claimed", ""),
            "text": request.POST.get("text", ""),
        },
        status=400 if error else 200,
    )


def _write(request: ActorRequest, held: dict[str, Any], now: datetime) -> ProxyWord:
    version = request.POST.get("version", "")
    if not (version.isascii() and version.isdigit() and len(version) < 9):
        raise Malformed("slip.version", _("This page is out of date. Look for the person again."))
    drawn, claimed = request.POST.get("signature", ""), request.POST.get("claimed", "").strip()
    picture = request.FILES.get("photo")
    confirmed = request.POST.get("answer") == "confirmed"
    return proxies.answer_on_site(
        held["reference"],
        answer=ProxyWord.Answer.CONFIRMED if confirmed else ProxyWord.Answer.OBJECTED,
        tail=held["tail"],
        read_id=held["read"],
        photo=picture.read() if picture else b"",
        signature_png=png_from_data_url(drawn) if confirmed and drawn else None,
        reason=request.POST.get("reason", ""),
        claimed_fen=parse_yuan(claimed) if claimed and not confirmed else None,
        text=request.POST.get("text", ""),
        device=request.META.get("HTTP_USER_AGENT", ""),
        version=int(version),
        actor=request.actor,
        now=now,
    )
