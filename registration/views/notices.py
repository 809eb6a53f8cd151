"""What workers say about their registration, for the clerk to answer."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from registration.access import access_project, not_found, participations_for
from registration.http import ActorRequest, staff_view
from registration.models import PostingNotice, Project
from registration.permissions import CONTRACTOR, PERMISSIONS
from registration.services import acknowledging
from registration.views.scope import set_scope
from wagewatch.lib.errors import RuleViolation

Kind = PostingNotice.Kind
PAGE = 50
TABS = (("open", gettext_lazy("To answer")), ("handled", gettext_lazy("Answered")))


def notices_for(request: ActorRequest, project: Project) -> QuerySet[PostingNotice]:
    """Notices on the postings of the parts that the actor sees; without plain acknowledgements."""
    parts = participations_for(request.actor, project, permission="person.view")
    return (
        PostingNotice.objects.filter(project=project, posting__participation__in=parts)
        .exclude(kind=Kind.RIGHT)
        .select_related("worker", "posting__team", "posting__participation__organisation", "handled_by")
        .defer("worker__id_number", "worker__phone", "worker__address")
    )


def open_notices(request: ActorRequest, project: Project) -> int:
    """How many notices wait for an answer."""
    return notices_for(request, project).filter(handled_at=None).count()


@require_GET
@staff_view(*CONTRACTOR)
def notices(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """Denials, notes of something wrong, notices of leaving; what is open first."""
    project = access_project(project_pk, request.actor, permission="person.view")
    set_scope(request, project)
    state = "handled" if request.GET.get("state") == "handled" else "open"
    found = notices_for(request, project).filter(handled_at__isnull=state == "open")
    here = reverse("registration:notices", args=[project.pk])
    context: dict[str, Any] = {
        "project": project,
        "page": Paginator(
            found.order_by("made_at" if state == "open" else "-handled_at", "pk"), PAGE
        ).get_page(request.GET.get("page")),
        "waiting": open_notices(request, project),
        "tabs": [
            {"url": f"{here}?state={value}", "label": label, "current": value == state}
            for value, label in TABS
        ],
        "state": state,
        "may_edit": request.actor.has_role(*PERMISSIONS["person.edit"]),
    }
    return render(request, "registration/contractor_notices.html", context)


@require_http_methods(["GET", "POST"])
@staff_view(*CONTRACTOR)
def answer(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """One notice with the terms as the worker saw them; the clerk's answer."""
    project = access_project(project_pk, request.actor, permission="person.view")
    set_scope(request, project)
    notice = notices_for(request, project).filter(pk=pk).first()
    if notice is None:
        not_found()
    error = ""
    if request.method == "POST":
        try:
            acknowledging.handle_notice(
                project.pk,
                notice.pk,
                answer=request.POST.get("answer", ""),
                ask_again=request.POST.get("ask_again") == "1",
                actor=request.actor,
                now=timezone.now(),
            )
        except RuleViolation as refusal:
            error = refusal.message
        else:
            messages.success(request, _("The worker can read your answer on the phone."))
            return redirect("registration:notices", project.pk)
    context = {
        "project": project,
        "notice": notice,
        "error": error,
        "answer": request.POST.get("answer", ""),
        "may_edit": request.actor.has_role(*PERMISSIONS["person.edit"]),
    }
    return render(request, "registration/contractor_notice.html", context, status=400 if error else 200)
