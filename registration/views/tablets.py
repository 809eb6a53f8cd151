"""The clerk's side of a site's shared tablets: set one up, take it out of use, hand out a code, see who used it."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from registration.access import access_project, access_worker
from registration.http import ActorRequest, staff_view
from registration.models import Project, TabletVisit
from registration.permissions import CLERK
from registration.services import tablets as service
from registration.services.card_reads import readers_of
from registration.tasks import send_messages, start
from registration.views.scope import set_scope
from wagewatch.lib.errors import Malformed, RuleViolation

VISITS_SHOWN = 50


def _door(request: ActorRequest, project_pk: int) -> Project:
    project = access_project(project_pk, request.actor, permission="tablet.manage")
    set_scope(request, project)
    return project


def _list(request: ActorRequest, project: Project, error: str = "") -> HttpResponse:
    visits = TabletVisit.objects.filter(project=project).select_related("tablet", "worker")
    context = {
        "project": project,
        "tablets": service.tablets_for(project)[:VISITS_SHOWN],
        "readers": readers_of(project),
        "visits": visits.order_by("-at", "-pk")[:VISITS_SHOWN],
        "error": error,
        "name": request.POST.get("name", "")[:40],
    }
    return render(request, "registration/tablets.html", context, status=400 if error else 200)


@never_cache
@require_safe
@staff_view(*CLERK)
def tablets(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """Tablets of the site and the last fifty who sat down at one."""
    return _list(request, _door(request, project_pk))


@require_POST
@staff_view(*CLERK)
def make(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """This very browser becomes a tablet of the site; the clerk is signed out on it at once."""
    project = _door(request, project_pk)
    try:
        _tablet, cookie = service.make_tablet(
            project.pk,
            request.POST.get("name", ""),
            request.POST.get("reader", ""),
            actor=request.actor,
            now=timezone.now(),
        )
    except Malformed as refusal:
        return _list(request, project, str(refusal.message))
    logout(request)
    response = redirect("accounts:tablet")
    response.set_cookie(
        service.COOKIE,
        cookie,
        max_age=service.COOKIE_AGE,
        secure=settings.BEHIND_TLS,
        httponly=True,
        samesite="Lax",
    )
    return response


@require_POST
@staff_view(*CLERK)
def end(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """Take a tablet out of use, from any computer."""
    service.end_tablet(project_pk, pk, actor=request.actor, now=timezone.now())
    messages.success(request, _("The tablet is out of use. Nobody can sign in there any more."))
    return redirect("registration:tablets", project_pk)


@never_cache
@require_POST
@staff_view(*CLERK)
def code(request: ActorRequest, project_pk: int, worker_pk: int) -> HttpResponseBase:
    """A code for the person who stands here, shown this once."""
    project = _door(request, project_pk)
    worker = access_worker(worker_pk, project, request.actor)
    try:
        digits = service.hand_out_code(project.pk, worker.pk, actor=request.actor, now=timezone.now())
    except RuleViolation as refusal:
        messages.error(request, refusal.message)
        return redirect("registration:person", project.pk, worker.pk)
    start(send_messages)
    minutes = int(service.CODE_GOOD_FOR.total_seconds() // 60)
    context = {"project": project, "worker": worker, "digits": digits, "minutes": minutes}
    response = render(request, "registration/tablet_code.html", context)
    response["Cache-Control"] = "no-store"
    return response
