"""Public pages behind a site's QR code: prove the phone, say who you are, send the request, see the answer.

What was typed travels sealed in the session from screen to screen; nothing is told about a person or a
phone before the phone is proven.
"""

import functools
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

from axes.helpers import get_client_ip_address
from django.conf import settings
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from registration.forms import CodeForm, PhoneForm
from registration.http import ActorRequest
from registration.join_forms import OwnCardForm, WhoForm, WorkForm
from registration.models import JoinRequest, Project
from registration.services import joining
from registration.tasks import send_messages, start
from registration.trade_names import trade_label
from registration.views.asking import asker
from wagewatch.lib.crypto import decrypt, encrypt
from wagewatch.lib.errors import Malformed, NotFound, RuleViolation, WagewatchError
from wagewatch.lib.identity import mask_card, mask_id, mask_name, mask_phone

ASKED, PROVEN = "join_asked", "join_proven"
GOOD_FOR = timedelta(minutes=30)
"""How long a proven phone counts on this browser; then a new code."""
STEPS = ("who", "work", "card", "send")
LARGEST_PHOTO = 10 * 1024 * 1024
View = Callable[..., HttpResponseBase]


def _seal(value: object) -> str:
    return encrypt(json.dumps(value), context="session.join").hex()


def _open(sealed: str) -> Any:
    return json.loads(decrypt(bytes.fromhex(sealed), context="session.join"))


class Visit:
    """What this browser has proven and typed for one site."""

    def __init__(self, request: ActorRequest, project: Project) -> None:
        self.request, self.project = request, project
        kept = request.session.get(PROVEN) or {}
        fresh = kept.get("project") == project.pk and datetime.fromisoformat(kept["until"]) > timezone.now()
        self.draft: dict[str, Any] = _open(kept["draft"]) if fresh else {}
        if not self.draft and request.worker is not None and request.worker.phone:
            # A worker signed in on this phone has proven it already.
            self.draft = {"phone": str(request.worker.phone)}

    @property
    def phone(self) -> str:
        return str(self.draft.get("phone", ""))

    def keep(self, **more: Any) -> None:
        """Keep what was typed, and the proof for another while."""
        self.draft |= more
        until = timezone.now() + GOOD_FOR
        self.request.session[PROVEN] = {
            "project": self.project.pk,
            "until": until.isoformat(),
            "draft": _seal(self.draft),
        }

    def forget(self) -> None:
        """Keep the proof, forget the person: the next one on this phone starts anew."""
        phone = self.phone
        self.draft = {}
        self.keep(phone=phone)


def _site(request: ActorRequest, code: str) -> Project:
    request.audience = "public"  # type: ignore[attr-defined]
    return joining.project_of_code(code)


def _closed(request: ActorRequest) -> HttpResponseBase:
    return render(request, "registration/join_closed.html", status=404)


def join_page(view: View) -> View:
    """A page of a site's code; a code out of use gets a page that says whom to ask."""

    @functools.wraps(view)
    def inner(request: ActorRequest, code: str, **kwargs: Any) -> HttpResponseBase:
        try:
            project = _site(request, code)
        except NotFound:
            return _closed(request)
        return view(request, project, **kwargs)

    return cast(View, never_cache(inner))


def proven_page(view: View) -> View:
    """A page for who has proven a phone for this site; others go back to its first page."""

    @functools.wraps(view)
    def inner(request: ActorRequest, project: Project, **kwargs: Any) -> HttpResponseBase:
        visit = Visit(request, project)
        if not visit.phone:
            return redirect("registration:join", project.join_code)
        return view(request, visit, **kwargs)

    return inner


def _go(visit: Visit, name: str) -> HttpResponseBase:
    return redirect(f"registration:join-{name}", visit.project.join_code)


def _page(
    request: ActorRequest, project: Project, name: str, *, bad: bool = False, **more: Any
) -> HttpResponseBase:
    at = STEPS.index(name) + 1 if name in STEPS else 0
    context = {
        "project": project,
        "at": at,
        "steps": len(STEPS),
        "outbox_url": reverse("accounts:outbox") if settings.DEMO else "",
        **more,
    }
    return render(request, f"registration/join_{name}.html", context, status=400 if bad else 200)


@require_http_methods(["GET", "POST"])
@join_page
def join(request: ActorRequest, project: Project) -> HttpResponseBase:
    """Which site this is, and the phone number."""
    visit = Visit(request, project)
    if visit.phone and request.method == "GET":
        # Where they are told or asked next; one redirect only, for each costs a slow network half a second.
        return _go(visit, "state" if joining.requests_of_phone(project, visit.phone) else "who")
    form = PhoneForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        phone = form.cleaned_data["phone"]
        asked = request.session.get(ASKED) or {}
        try:
            joining.ask_for_code(
                project,
                phone,
                address=get_client_ip_address(request) or "",
                now=timezone.now(),
                asker=asker(request, phone),
            )
        except RuleViolation as refusal:
            again = asked.get("project") == project.pk and _open(asked["phone"]) == phone
            if refusal.code != "code.too_soon" or not again:
                form.add_error("phone", refusal.message)
        else:
            start(send_messages)
        if form.is_valid():
            request.session[ASKED] = {"project": project.pk, "phone": _seal(phone)}
            return redirect("registration:join-phone", project.join_code)
    contractor = joining.employers_of(project).filter(role="general_contractor").first()
    return _page(request, project, "start", form=form, contractor=contractor, bad=bool(form.errors))


@require_http_methods(["GET", "POST"])
@join_page
def phone(request: ActorRequest, project: Project) -> HttpResponseBase:
    """The code from the message."""
    asked = request.session.get(ASKED) or {}
    if asked.get("project") != project.pk:
        return redirect("registration:join", project.join_code)
    number = _open(asked["phone"])
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            joining.prove_phone_for(
                project,
                number,
                form.cleaned_data["code"],
                now=timezone.now(),
                asker=asker(request, number),
            )
        except RuleViolation as refusal:
            form.add_error("code", refusal.message)
        else:
            del request.session[ASKED]
            request.session.cycle_key()
            visit = Visit(request, project)
            visit.draft = {}
            visit.keep(phone=number)
            return _go(visit, "state")
    return _page(request, project, "phone", form=form, phone_masked=mask_phone(number), bad=bool(form.errors))


@require_GET
@join_page
@proven_page
def state(request: ActorRequest, visit: Visit) -> HttpResponseBase:
    """What became of requests from this phone; without any, straight to the first question."""
    found = joining.requests_of_phone(visit.project, visit.phone)
    if not found:
        return _go(visit, "who")
    return _page(
        request,
        visit.project,
        "state",
        requests=[
            {"asked": one, "name": mask_name(one.name), "waits": one.state == JoinRequest.State.WAITING}
            for one in found
        ],
        sent=request.GET.get("sent") == "1",
    )


@require_http_methods(["GET", "POST"])
@join_page
@proven_page
def who(request: ActorRequest, visit: Visit) -> HttpResponseBase:
    """Name and ID number; a worker signed in on this phone need not type them."""
    if request.method == "GET" and request.GET.get("new") == "1":
        visit.forget()
    worker = request.worker if request.worker and str(request.worker.phone) == visit.phone else None
    if request.method == "POST" and worker is not None and request.POST.get("me") == "1":
        typed = {"name": worker.name, "id_number": str(worker.id_number)}
    else:
        typed = request.POST.dict() if request.method == "POST" else {}
    kept = {key: visit.draft.get(key, "") for key in ("name", "id_number")}
    form = WhoForm(typed if request.method == "POST" else None, initial=kept)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            found = joining.check_person(visit.project, data["id_number"], now=timezone.now())
        except (Malformed, RuleViolation) as refusal:
            form.add_error("id_number", refusal.message)
        else:
            visit.keep(name=data["name"], id_number=found.number)
            known = joining.on_roster(visit.project, found.number, visit.phone)
            if known is not None:
                return _page(request, visit.project, "known")
            return _go(visit, "work")
    return _page(request, visit.project, "who", form=form, worker=worker, bad=bool(form.errors))


@require_http_methods(["GET", "POST"])
@join_page
@proven_page
def work(request: ActorRequest, visit: Visit) -> HttpResponseBase:
    """Trade, and for whom."""
    if not visit.draft.get("id_number"):
        return _go(visit, "who")
    kept = {key: visit.draft.get(key, "") for key in ("trade", "whom")}
    form = WorkForm(request.POST if request.method == "POST" else None, project=visit.project, initial=kept)
    if request.method == "POST" and form.is_valid():
        employer, team = form.chosen()
        visit.keep(
            trade=form.cleaned_data["trade"],
            whom=form.cleaned_data["whom"],
            employer_id=employer,
            team_id=team,
        )
        return _go(visit, "card")
    return _page(request, visit.project, "work", form=form, bad=bool(form.errors))


@require_http_methods(["GET", "POST"])
@join_page
@proven_page
def card(request: ActorRequest, visit: Visit) -> HttpResponseBase:
    """The wage card, or later."""
    if not visit.draft.get("trade"):
        return _go(visit, "work")
    typed = None
    if request.method == "POST":
        typed = {"number": ""} if request.POST.get("later") == "1" else request.POST
    kept = {"number": visit.draft.get("card_number", ""), "bank_name": visit.draft.get("bank_name", "")}
    form = OwnCardForm(typed, initial=kept)
    if request.method == "POST" and form.is_valid():
        visit.keep(card_number=form.cleaned_data["number"], bank_name=form.cleaned_data.get("bank_name", ""))
        return _go(visit, "send")
    return _page(request, visit.project, "card", form=form, bad=bool(form.errors))


@require_http_methods(["GET", "POST"])
@join_page
@proven_page
def send(request: ActorRequest, visit: Visit) -> HttpResponseBase:
    """Everything once more, a photo if wanted, and the request."""
    draft = visit.draft
    if not draft.get("trade"):
        return _go(visit, "who")
    error = ""
    if request.method == "POST":
        photo = request.FILES.get("photo")
        person = joining.Applicant(
            name=draft["name"],
            id_number=draft["id_number"],
            phone=visit.phone,
            trade=draft["trade"],
            employer_id=draft.get("employer_id"),
            team_id=draft.get("team_id"),
            card_number=draft.get("card_number", ""),
            bank_name=draft.get("bank_name", ""),
            photo=photo.read(LARGEST_PHOTO + 1) if photo else None,
        )
        try:
            joining.ask_to_join(visit.project, person, now=timezone.now())
        except WagewatchError as refusal:
            if refusal.status not in {400, 409}:
                raise
            error = refusal.message
        else:
            visit.forget()
            return redirect(reverse("registration:join-state", args=[visit.project.join_code]) + "?sent=1")
    rows = [
        (_("Name"), draft["name"]),
        (pgettext("roster field", "ID number"), mask_id(draft["id_number"])),
        (_("Mobile number"), mask_phone(visit.phone)),
        (_("Trade"), trade_label(draft["trade"])),
        (_("I work for"), _whom(visit.project, draft)),
        (
            _("Bank card"),
            _("ending %(tail)s") % {"tail": mask_card(draft["card_number"])}
            if draft.get("card_number")
            else _("later"),
        ),
    ]
    return _page(request, visit.project, "send", rows=rows, error=error, bad=bool(error))


def _whom(project: Project, draft: dict[str, Any]) -> str:
    if draft.get("team_id"):
        team = joining.teams_of(project).filter(pk=draft["team_id"]).first()
        return f"{team.participation.organisation}　{team.name}" if team else ""
    employer = draft.get("employer_id")
    part = joining.employers_of(project).filter(pk=employer).first() if employer else None
    return str(part.organisation) if part else _("not known")
