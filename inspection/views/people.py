"""People within reach, and the full chain of one worker-month."""

from collections.abc import Iterable
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from inspection.http import inspector_view, text_of
from inspection.worker_chain import load_chain
from inspection.worker_gaps import gaps_of
from inspection.worker_month import responsible, stages_of
from payroll.models import Objection, PaySlip
from registration.access import access_project, access_worker, not_found, projects_for
from registration.finding import find_people, is_whole_number
from registration.http import ActorRequest
from registration.models import Posting
from registration.roster_files import SECRETS
from registration.services.people import unmask
from registration.views.searching import searched
from registration.views.stored_files import stored_file
from wagewatch.lib.dates import parse_month, site_date

PER_PAGE = 50
MOST_EXPORTED = 20_000
"""People in a workbook: each is a row in memory."""
PURPOSES = (
    ("alarm", _("To look into an alarm")),
    ("complaint", _("To look into a complaint")),
    ("contact", _("To speak with the worker")),
    ("check", _("To check a site at random")),
)


@never_cache
@require_http_methods(["GET", "POST"])
@inspector_view
def people(request: ActorRequest) -> HttpResponseBase:
    """Find a worker on the projects within reach; names and numbers stay masked."""
    words, elsewhere = searched(request)
    if elsewhere is not None:
        return elsewhere
    found = find_people(_postings(request), words)
    page = Paginator(found.postings, PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "rows": with_wage(page), "words": words, "is_close": found.is_close}
    context["may_export"] = not is_whole_number(words)  # a number of a person stands in no address
    return render(request, "inspection/people.html", context)


def _postings(request: ActorRequest) -> QuerySet[Posting]:
    return (
        Posting.objects.filter(project__in=projects_for(request.actor, permission="alarm.view"))
        .select_related("worker", "project__region", "participation__organisation", "team")
        .defer(*SECRETS)
        .order_by("project_id", "team_id", "worker__name", "pk")
    )


def found_people(request: ActorRequest, words: str) -> list[dict[str, Any]]:
    """The postings that the words of the address find, each with its latest wage; one more than a workbook holds."""
    found = find_people(_postings(request), words).postings
    # Thousands of people share some projects, firms and teams: each of these is read once.
    once = found.select_related(None).select_related("worker")
    once = once.prefetch_related("project__region", "participation__organisation", "team")
    return with_wage(once[: MOST_EXPORTED + 1])


def with_wage(postings: Iterable[Posting]) -> list[dict[str, Any]]:
    """Postings with the latest slip that was sent to the worker."""
    shown = list(postings)
    slips = (
        PaySlip.objects.filter(
            project_id__in={p.project_id for p in shown}, worker_id__in={p.worker_id for p in shown}
        )
        .exclude(confirmation=PaySlip.Confirmation.DRAFT)
        .order_by("project_id", "worker_id", "-month", "-sheet_id")
        .distinct("project_id", "worker_id")
        .defer("parts", "items")
    )
    latest = {(slip.project_id, slip.worker_id): slip for slip in slips}
    return [{"posting": p, "slip": latest.get((p.project_id, p.worker_id))} for p in shown]


def _wage(request: ActorRequest, project_pk: int, month: str, worker_pk: int) -> dict[str, Any]:
    """What the page of one worker-month shows. NotFound without a slip that was sent."""
    project = access_project(project_pk, request.actor, permission="alarm.view")
    worker = access_worker(worker_pk, project, request.actor)
    slips = list(
        PaySlip.objects.filter(project=project, month=parse_month(month), worker=worker)
        .exclude(confirmation=PaySlip.Confirmation.DRAFT)
        .select_related("sheet__submitted_by", "sheet__approved_by", "sheet__participation__organisation")
        .order_by("sheet_id")
    )
    wanted = text_of(request, "sheet")
    slip = next((s for s in slips if str(s.sheet_id) == wanted), slips[0] if slips else None)
    if slip is None:
        not_found()
    today = site_date(timezone.now())
    slip.project = project
    chain = load_chain(slip, worker)
    return {
        "project": project,
        "worker": worker,
        "slip": slip,
        "slips": slips,
        "key": f"{slip.month:%Y-%m}",
        "stages": stages_of(chain),
        "gaps": gaps_of(chain, today),
        "firms": responsible(slip),
        "told": chain.objections[::-1],
        "today": today,
        "is_late": not chain.is_settled and slip.sheet.due_on < today,
        "purposes": PURPOSES,
    }


@require_GET
@inspector_view
def worker_month(request: ActorRequest, project_pk: int, month: str, worker_pk: int) -> HttpResponseBase:
    """Passages, days, slip, confirmation, approval, instruction, bank result, evidence of one wage."""
    return render(request, "inspection/worker_month.html", _wage(request, project_pk, month, worker_pk))


@never_cache
@require_POST
@inspector_view
def unmasked(request: ActorRequest, project_pk: int, month: str, worker_pk: int) -> HttpResponseBase:
    """The same page with the person's full data, once, after the purpose was written down."""
    context = _wage(request, project_pk, month, worker_pk)
    purpose = request.POST.get("purpose", "")
    full = unmask(
        worker_pk,
        project_pk,
        purpose if purpose in dict(PURPOSES) else "",
        actor=request.actor,
        now=timezone.now(),
    )
    context |= {"full": full, "purpose": dict(PURPOSES)[purpose]}
    return render(request, "inspection/worker_month.html", context)


@require_safe
@inspector_view
def said(
    request: ActorRequest, project_pk: int, month: str, worker_pk: int, pk: int, what: str
) -> HttpResponseBase:
    """The photo or the voice note of a worker's objection."""
    project = access_project(project_pk, request.actor, permission="alarm.view")
    worker = access_worker(worker_pk, project, request.actor)
    objection = Objection.objects.filter(
        project=project, worker=worker, month=parse_month(month), pk=pk
    ).first()
    if objection is None or what not in {"photo", "voice"}:
        not_found()
    return stored_file(objection.photo if what == "photo" else objection.voice)
