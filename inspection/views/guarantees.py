"""The owner's payment guarantee of a project of the region: where it stands, what was entered, the papers."""

from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from inspection.http import inspector_view
from payroll.access import access_guarantee, access_guarantee_file
from payroll.guarantee_words import page_context
from payroll.services.guarantee_facts import load_guarantee
from registration.http import ActorRequest
from registration.views.stored_files import stored_file
from wagewatch.lib.dates import site_date


@require_GET
@inspector_view
def guarantee(request: ActorRequest, pk: int) -> HttpResponseBase:
    """One project's guarantee; owner and general contractor enter it, the authority looks."""
    project = access_guarantee(pk, request.actor)
    today = site_date(timezone.now())
    context = page_context(load_guarantee(project, today=today), today)
    return render(request, "inspection/guarantee.html", context)


@require_GET
@inspector_view
def guarantee_file(request: ActorRequest, pk: int, number: int) -> HttpResponseBase:
    """The paper of an entry."""
    return stored_file(access_guarantee_file(pk, number, request.actor).file)
