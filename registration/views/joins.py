"""The clerk's side of registration by QR code: the code and its poster, requests, answers."""

import base64
import io
from typing import Any

import segno
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from registration import join_poster
from registration.access import access_project
from registration.http import ActorRequest, staff_view
from registration.join_forms import AcceptForm
from registration.models import JoinRequest, Project
from registration.permissions import CLERK
from registration.rules.trades import TRADES
from registration.services import joining
from registration.views.scope import set_scope
from registration.views.standing_words import say_standing
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import WagewatchError
from wagewatch.lib.identity import mask_name

PAGE = 50
TABS = (
    (JoinRequest.State.WAITING, gettext_lazy("Waiting")),
    (JoinRequest.State.ACCEPTED, pgettext_lazy("join request", "Registered")),
    (JoinRequest.State.REFUSED, pgettext_lazy("join request", "Refused")),
)


def _door(request: ActorRequest, project_pk: int) -> Project:
    project = access_project(project_pk, request.actor, permission="join.answer")
    set_scope(request, project)
    return project


def join_address(request: HttpRequest, project: Project) -> str:
    """The full address behind the site's QR code."""
    return request.build_absolute_uri(reverse("registration:join", args=[project.join_code]))


@require_GET
@staff_view(*CLERK)
def requests(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """Requests to be registered, those waiting first."""
    project = _door(request, project_pk)
    all_of_them = joining.requests_for(request.actor, project)
    state = request.GET.get("state", JoinRequest.State.WAITING)
    if state not in JoinRequest.State.values:
        state = JoinRequest.State.WAITING
    found = (
        joining.with_notes(all_of_them.filter(state=state))
        .select_related("employer__organisation", "team", "answered_by")
        .defer("photo", "card_number", "id_number")
        .order_by("asked_at" if state == JoinRequest.State.WAITING else "-answered_at", "pk")
    )
    here = reverse("registration:site-joins", args=[project.pk])
    context = {
        "project": project,
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
        "state": state,
        "waiting": all_of_them.filter(state=JoinRequest.State.WAITING).count(),
        "tabs": [
            {"url": f"{here}?state={value}", "label": label, "current": value == state}
            for value, label in TABS
        ],
    }
    return render(request, "registration/contractor_joins.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@staff_view(*CLERK)
def request_page(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """One request: what the worker says, what is on record; accept with team and rate, or refuse."""
    project = _door(request, project_pk)
    asked = joining.access_request(pk, project, request.actor)
    now = timezone.now()
    form = AcceptForm(
        request.POST if request.POST.get("verdict") == "accept" else None,
        teams=joining.teams_of(project).filter(participation__in=_may_employ(request, project)),
        initial={"team": asked.team_id, "trade": asked.trade, "joined_on": site_date(now)},
    )
    error = ""
    if request.method == "POST" and request.POST.get("verdict") == "accept" and form.is_valid():
        data = form.cleaned_data
        terms = joining.Terms(
            team_id=data["team"].pk,
            trade=data["trade"],
            pay_basis=data["pay_basis"],
            rate_fen=data["rate"],
            joined_on=data["joined_on"],
            piece_unit=data["piece_unit"],
        )
        try:
            done = joining.accept_request(project.pk, pk, terms, actor=request.actor, now=now)
        except WagewatchError as refusal:
            if refusal.status not in {400, 409}:
                raise
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _("%(name)s is registered.") % {"name": mask_name(done.name)})
            if done.posting is not None:
                say_standing(request, done.posting, done.name)
            return redirect("registration:site-joins", project.pk)
    elif request.method == "POST" and request.POST.get("verdict") != "accept":
        try:
            done = joining.refuse_request(
                project.pk, pk, reason=request.POST.get("reason", ""), actor=request.actor, now=now
            )
        except WagewatchError as refusal:
            if refusal.status != 409:
                raise
            error = refusal.message
        else:
            text = _("The request of %(name)s was sent back with your reason.")
            messages.success(request, text % {"name": mask_name(done.name)})
            return redirect("registration:site-joins", project.pk)
    return render(
        request,
        "registration/contractor_join.html",
        {
            "project": project,
            "asked": asked,
            "notes": joining.with_notes(JoinRequest.objects.filter(project=project, pk=pk)).get(),
            "photo": base64.b64encode(asked.photo).decode() if asked.photo else "",
            "form": form,
            "error": error,
            "reason": request.POST.get("reason", ""),
            "trades": TRADES,
        },
        status=400 if form.errors or error else 200,
    )


def _may_employ(request: ActorRequest, project: Project) -> Any:
    from registration.access import participations_for

    return participations_for(request.actor, project, permission="person.edit")


@require_http_methods(["GET", "POST"])
@staff_view(*CLERK)
def code(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """The site's QR code: show, make another, switch off."""
    project = _door(request, project_pk)
    if request.method == "POST":
        if request.POST.get("act") == "off":
            joining.switch_off_join_code(project.pk, actor=request.actor, now=timezone.now())
            messages.success(request, _("The code is switched off. Scanning it leads nowhere now."))
        else:
            joining.renew_join_code(project.pk, actor=request.actor, now=timezone.now())
            messages.success(request, _("There is a new code. Hang up the new poster; the old one is dead."))
        return redirect("registration:site-join-code", project.pk)
    context: dict[str, Any] = {
        "project": project,
        "may_change": joining.may_change_code(project, request.actor),
        "waiting": joining.waiting_count(request.actor, project),
    }
    if project.join_code:
        address = join_address(request, project)
        context |= {"address": address, "qr": qr_svg(address)}
    return render(request, "registration/contractor_join_code.html", context)


def qr_svg(text: str) -> str:
    """A QR code as inline SVG."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", border=2, xmldecl=False, svgns=True, omitsize=True, title=_("QR code")
    )
    return mark_safe(out.getvalue().decode())  # noqa: S308 segno's own output


@require_GET
@staff_view(*CLERK)
def poster(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """The poster as PDF, A4, Chinese and English; without a code back to its page."""
    project = _door(request, project_pk)
    if not project.join_code:
        return redirect("registration:site-join-code", project.pk)
    contractor = joining.employers_of(project).filter(role="general_contractor").first()
    data = join_poster.poster(
        project.name,
        project.name_en,
        str(contractor.organisation.name) if contractor else "",
        join_address(request, project),
        at=timezone.now(),
    )
    return HttpResponse(
        data,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="join-poster-{project.pk}.pdf"'},
    )
