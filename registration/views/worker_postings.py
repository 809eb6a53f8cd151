"""The worker answers for a posting on the phone: right, not me, something is wrong, I am leaving."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from registration.access import not_found
from registration.http import ActorRequest, worker_view
from registration.models import Posting, PostingNotice
from registration.services import acknowledging
from wagewatch.evidence.models import Entry
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation

Kind = PostingNotice.Kind


def _own(request: ActorRequest, project_pk: int, pk: int) -> Posting:
    """The worker's own posting; anybody else's does not exist."""
    found = (
        Posting.objects.filter(project=project_pk, pk=pk, worker=request.worker)
        .select_related("project", "participation__organisation", "team")
        .first()
    )
    if found is None:
        not_found()
    return found


def _said(posting: Posting) -> list[dict[str, Any]]:
    """What the worker has said about this posting, newest first, with evidence numbers."""
    notices = list(
        PostingNotice.objects.filter(project=posting.project_id, posting=posting.pk).order_by(
            "-made_at", "-pk"
        )[:20]
    )
    subjects = {f"notice:{n.project_id}.{n.pk}": n.pk for n in notices}
    entries = {
        subjects[entry.subject]: entry
        for entry in Entry.objects.filter(project_id=posting.project_id, subject__in=subjects)
    }
    return [{"notice": n, "entry": entries.get(n.pk)} for n in notices]


def _render(
    request: ActorRequest, posting: Posting, page: str, error: str = "", **more: Any
) -> HttpResponseBase:
    context = {"posting": posting, "error": error, **more}
    return render(request, f"registration/worker_posting{page}.html", context, status=400 if error else 200)


def _done(request: ActorRequest, posting: Posting, text: str) -> HttpResponseBase:
    messages.success(request, text)
    return redirect("registration:worker-posting", posting.project_id, posting.pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@worker_view
def posting(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """What the firm says; POST says that it is right."""
    found = _own(request, project_pk, pk)
    error = ""
    if request.method == "POST":
        try:
            acknowledging.acknowledge(project_pk, pk, actor=request.actor, now=timezone.now())
        except RuleViolation as refusal:
            error = refusal.message
        else:
            return _done(request, found, _("Thank you. It is written down that this is right."))
    said = _said(found)
    newest = next((item["entry"] for item in said if item["entry"]), None)
    return _render(
        request,
        found,
        "",
        error,
        said=said,
        entry=newest,
        asks=found.registered_by != "self"
        and found.acknowledged_at is None
        and found.denied_at is None
        and found.left_on is None,
        leaving=any(s["notice"].kind == Kind.LEAVING and not s["notice"].handled_at for s in said),
    )


def _answer_page(request: ActorRequest, project_pk: int, pk: int, kind: str, thanks: str) -> HttpResponseBase:
    found = _own(request, project_pk, pk)
    error = ""
    if request.method == "POST":
        act = acknowledging.deny if kind == Kind.NOT_ME else acknowledging.say_wrong
        try:
            act(
                project_pk,
                pk,
                reason=request.POST.get("reason", ""),
                text=request.POST.get("text", ""),
                actor=request.actor,
                now=timezone.now(),
            )
        except RuleViolation as refusal:
            error = refusal.message
        else:
            return _done(request, found, thanks)
    return _render(
        request,
        found,
        "_answer",
        error,
        kind=kind,
        reasons=[(r.value, r.label) for r in acknowledging.REASONS[kind]],
        reason=request.POST.get("reason", ""),
        text=request.POST.get("text", ""),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@worker_view
def not_me(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """Why it is not me."""
    thanks = _("It is written down. The clerk and the inspector see it.")
    return _answer_page(request, project_pk, pk, Kind.NOT_ME, thanks)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@worker_view
def wrong(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """What is wrong."""
    return _answer_page(request, project_pk, pk, Kind.WRONG, _("The clerk gets your note and answers here."))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@worker_view
def leave(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """I am leaving: my last day. Asks the clerk for the settlement at once."""
    found = _own(request, project_pk, pk)
    today = site_date(timezone.now())
    error, typed = "", request.POST.get("last_day", "") or today.isoformat()
    if request.method == "POST":
        try:
            last_day = date.fromisoformat(typed[:10])
            acknowledging.say_leaving(
                project_pk, pk, last_day=last_day, actor=request.actor, now=timezone.now()
            )
        except ValueError:
            error = _("Choose the last day.")
        except RuleViolation as refusal:
            error = refusal.message
        else:
            return _done(request, found, _("The clerk knows. All your wages are due on your last day."))
    return _render(request, found, "_leave", error, last_day=typed)
