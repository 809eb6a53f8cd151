"""The contractor's and the owner's look at what stands between a project and its permit."""

from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from inspection.access import own_permit
from inspection.views.permits import page_context, rows_of
from payroll.access import leads_project
from registration.http import ActorRequest, staff_view
from registration.permissions import PERMISSIONS

PLACES = {
    "registered": "registration:project-edit",
    "account": "payroll:project-account",
    "deposit": "payroll:deposit",
    "guarantee": "payroll:guarantee",
    "clerk": "registration:chain",
    "subcontracts": "registration:chain",
    "contracts": "registration:contracts",
}
"""Where the general contractor brings a condition in order."""
OWNERS = {"guarantee": "payroll:guarantee"}


@require_GET
@staff_view(*PERMISSIONS["permit.view"])
def permit(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Condition by condition, and the answers that offices were given."""
    project = own_permit(pk, request.actor)
    places = PLACES if leads_project(request.actor, project) else OWNERS
    context = page_context(project)
    context["rows"] = rows_of(context["lines"], places, pk)
    return render(request, "inspection/permit_contractor.html", context)
