"""The contractor's and the owner's look at what stands between a project and its permit."""

from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from inspection.views.permits import page_context
from registration.access import access_project
from registration.http import ActorRequest, staff_view
from registration.permissions import PERMISSIONS


@require_GET
@staff_view(*PERMISSIONS["permit.view"])
def permit(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Condition by condition, and the answers that offices were given."""
    project = access_project(pk, request.actor, permission="permit.view")
    return render(request, "inspection/permit_contractor.html", page_context(project))
