"""The door of a site's tablet: who sits down comes in by card or by number and code, and is out again soon."""

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from registration.http import ActorRequest
from registration.middleware import WORKER_SESSION_KEY, WORKER_TABLET_KEY
from registration.models import SiteTablet, TabletVisit
from registration.services import tablets
from registration.services.card_reads import readers_of
from registration.views.next_page import safe_next
from wagewatch.lib.errors import RuleViolation


def leave_tablet(request: ActorRequest) -> HttpResponseBase:
    """End the visit and clear the screen for the next person."""
    if request.tablet_visit is not None:
        tablets.end_visit(request.tablet_visit.pk, now=timezone.now())
    logout(request)
    messages.success(request, _("You are signed out. The next person may come."))
    response = redirect("accounts:tablet")
    response["Clear-Site-Data"] = '"cache"'
    return response


def enter_visit(request: HttpRequest, visit: TabletVisit, target: str) -> HttpResponseBase:
    """Sign the worker of a visit in on this tablet, for minutes."""
    logout(request)  # nothing of the one before
    request.session[WORKER_SESSION_KEY] = visit.worker_id
    request.session[WORKER_TABLET_KEY] = visit.pk
    request.session.set_expiry(int(tablets.LONGEST.total_seconds()))
    request.session.cycle_key()
    return redirect(target or "home")


@sensitive_post_parameters("id_number", "code")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def door(request: ActorRequest) -> HttpResponseBase:
    """Come in; whoever was signed in on this tablet is out as soon as this page is opened."""
    if request.tablet_visit is not None:
        return leave_tablet(request)
    request.audience = "public"  # type: ignore[attr-defined]
    tablet = tablets.tablet_of_cookie(request.COOKIES.get(tablets.COOKIE, ""))
    if tablet is None:
        return render(request, "accounts/tablet_unknown.html")
    error = ""
    if request.method == "POST":
        try:
            visit = tablets.enter_tablet(tablet, request.POST.dict(), now=timezone.now())
        except RuleViolation as refusal:
            error = str(refusal.message)
        else:
            return enter_visit(request, visit, safe_next(request))
    return _show(request, tablet, error)


def _show(request: ActorRequest, tablet: SiteTablet, error: str) -> HttpResponse:
    readers = [one for one in readers_of(tablet.project) if tablet.reader in ("", one.name)]
    context = {
        "tablet": tablet,
        "error": error,
        "next": safe_next(request),
        "has_reader": bool(readers),
        "is_ready": any(one.state == "ready" for one in readers),
    }
    return render(request, "accounts/tablet.html", context, status=400 if error else 200)


@never_cache
@require_safe
def here(request: ActorRequest) -> HttpResponse:
    """Somebody touches the screen: the visit goes on. 204, or 410 when it is over."""
    return HttpResponse(status=204 if request.tablet_visit is not None else 410)
