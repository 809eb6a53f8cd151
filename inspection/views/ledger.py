"""The wage ledger and labour ledger of a project for an inspection (Order 724, articles 15 and 28)."""

from django.http import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from inspection.http import inspector_view
from inspection.views.people import PURPOSES
from payroll.views.ledger import ledger_answer
from registration.access import access_project
from registration.http import ActorRequest


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@inspector_view
def ledger(request: ActorRequest, pk: int) -> HttpResponseBase:
    """What all firms of a project keep on record; POST takes it away as a file, in full only for a purpose."""
    project = access_project(pk, request.actor, permission="alarm.view")
    return ledger_answer(request, project, "inspection/ledger.html", may_unmask=True, purposes=PURPOSES)
