"""Complain to the labour inspection: anybody, by name or without; follow it by number and secret."""

from typing import Any

from axes.helpers import get_client_ip_address
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from registration.http import ActorRequest
from registration.models import Authority, Complaint, Posting, Project, Region
from registration.services import complaints
from registration.services.testimony import LARGEST_PHOTO, LARGEST_VOICE
from wagewatch.lib.crypto import decrypt, encrypt
from wagewatch.lib.errors import Malformed, RuleViolation

FILED_KEY = "complaint_filed"


def _site(request: ActorRequest) -> Project | None:
    """The site whose QR code was scanned, or that the signed-in worker chose among their own."""
    code = request.POST.get("site") or request.GET.get("site") or ""
    if code:
        return Project.objects.filter(join_code=code[:32]).first()
    chosen = request.POST.get("project", "")
    if request.worker is not None and chosen.isascii() and chosen.isdigit() and len(chosen) < 19:
        return Project.objects.filter(postings__worker=request.worker, pk=int(chosen)).first()
    return None


def _counties() -> list[Region]:
    """Counties in which a labour inspection works, their own or their city's."""
    reached = [
        a.region.prefix for a in Authority.objects.filter(kind=Authority.Kind.LABOUR).select_related("region")
    ]
    return [
        region
        for region in Region.objects.filter(level=Region.Level.COUNTY)
        .select_related("parent")
        .order_by("code")
        if region.code.startswith(tuple(reached))
    ]


def _file(request: ActorRequest, name: str, most: int) -> bytes:
    file = request.FILES.get(name)
    return file.read(most + 1) if file is not None else b""


def _told(request: ActorRequest, site: Project | None) -> complaints.Told:
    by_name = request.worker is not None and request.POST.get("named") == "1"
    return complaints.Told(
        topic=request.POST.get("topic", ""),
        text=request.POST.get("text", "").replace("\x00", ""),
        place=request.POST.get("place", "").replace("\x00", ""),
        contact=request.POST.get("contact", "").replace("\x00", ""),
        photo=_file(request, "photo", LARGEST_PHOTO),
        voice=_file(request, "voice", LARGEST_VOICE),
        project_id=site.pk if site else None,
        region_code=request.POST.get("region", ""),
        worker_id=request.worker.pk if by_name and request.worker else None,
    )


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def complain(request: ActorRequest) -> HttpResponseBase:
    """Say what happened; nobody on the site or in the firm gets to know who said it."""
    site = _site(request)
    error = ""
    if request.method == "POST":
        try:
            filed = complaints.file_complaint(
                _told(request, site),
                address=get_client_ip_address(request) or "",
                actor=request.actor,
                now=timezone.now(),
            )
        except (RuleViolation, Malformed) as refusal:
            error = refusal.message
        else:
            sealed = encrypt(f"{filed.reference} {filed.secret}", context="session.complaint")
            request.session[FILED_KEY] = sealed.hex()
            return redirect("registration:complain-done")
    context: dict[str, Any] = {
        "site": site,
        "code": request.POST.get("site") or request.GET.get("site") or "",
        "postings": _own_sites(request) if site is None or request.POST.get("project") else [],
        "counties": [] if site else _counties(),
        "topics": Complaint.Topic.choices,
        "error": error,
        "sent": request.POST,
        "asked_topic": request.POST.get("topic") or request.GET.get("topic") or "",
    }
    return render(request, "registration/complain.html", context, status=400 if error else 200)


def _own_sites(request: ActorRequest) -> list[Project]:
    if request.worker is None:
        return []
    postings = Posting.objects.filter(worker=request.worker).values("project_id")
    return list(Project.objects.filter(pk__in=postings).order_by("-pk")[:20])


@never_cache
@require_safe
def done(request: ActorRequest) -> HttpResponseBase:
    """Number and secret, shown once."""
    sealed = request.session.pop(FILED_KEY, "")
    if not sealed:
        return redirect("registration:complain-follow")
    reference, secret = decrypt(bytes.fromhex(sealed), context="session.complaint").split(" ")
    context = {"reference": reference, "secret": secret}
    return render(request, "registration/complain_done.html", context)


@sensitive_post_parameters("secret")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def follow(request: ActorRequest) -> HttpResponseBase:
    """How far a complaint is, by its number and secret."""
    found, error = None, ""
    if request.method == "POST":
        try:
            found = complaints.follow_complaint(
                request.POST.get("reference", "")[:40].replace("\x00", ""),
                request.POST.get("secret", "")[:40],
                now=timezone.now(),
            )
        except RuleViolation as refusal:
            error = refusal.message
    context = {
        "found": found,
        "words": complaints.words_of(found) if found else [],
        "error": error,
        "reference": request.POST.get("reference", ""),
    }
    return render(request, "registration/complain_follow.html", context, status=400 if error else 200)
