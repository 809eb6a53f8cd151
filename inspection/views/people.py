"""People within reach, and the full chain of one worker-month."""

from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from inspection.worker_month import responsible, stages_of
from payroll.models import PaySlip
from registration.access import access_project, access_worker, not_found, projects_for
from registration.http import ActorRequest, staff_view
from registration.models import Posting, Role
from wagewatch.lib.dates import SITE_TZ, parse_month

PER_PAGE = 50


@staff_view(Role.INSPECTOR)
def people(request: ActorRequest) -> HttpResponseBase:
    """Find a worker by name on the projects within reach; names and numbers stay masked."""
    words = request.GET.get("q", "").strip()
    found = (
        Posting.objects.filter(project__in=projects_for(request.actor, permission="alarm.view"))
        .select_related("worker", "project__region", "participation__organisation", "team")
        .order_by("project_id", "team_id", "worker__name", "pk")
    )
    if words:
        found = found.filter(worker__name__icontains=words)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    latest: dict[tuple[int, int], PaySlip] = {}
    pairs = [(posting.project_id, posting.worker_id) for posting in page]
    slips = PaySlip.objects.filter(
        project_id__in={p for p, _w in pairs}, worker_id__in={w for _p, w in pairs}
    ).exclude(confirmation=PaySlip.Confirmation.DRAFT)
    for slip in slips.order_by("month"):
        latest[slip.project_id, slip.worker_id] = slip
    rows = [{"posting": p, "slip": latest.get((p.project_id, p.worker_id))} for p in page]
    return render(request, "inspection/people.html", {"page": page, "rows": rows, "words": words})


@staff_view(Role.INSPECTOR)
def worker_month(request: ActorRequest, project_pk: int, month: str, worker_pk: int) -> HttpResponseBase:
    """Passages, days, slip, confirmation, approval, instruction, bank result, evidence of one wage."""
    project = access_project(project_pk, request.actor, permission="alarm.view")
    worker = access_worker(worker_pk, project, request.actor)
    slip = (
        PaySlip.objects.filter(project=project, month=parse_month(month), worker=worker)
        .exclude(confirmation=PaySlip.Confirmation.DRAFT)
        .select_related("sheet__submitted_by", "sheet__approved_by", "sheet__participation")
        .order_by("sheet_id")
        .first()
    )
    if slip is None:
        not_found()
    today = timezone.now().astimezone(SITE_TZ).date()
    return render(
        request,
        "inspection/worker_month.html",
        {
            "project": project,
            "worker": worker,
            "slip": slip,
            "key": f"{slip.month:%Y-%m}",
            "stages": stages_of(slip, worker),
            "firms": responsible(slip),
            "today": today,
            "is_late": slip.payment != PaySlip.Payment.PAID and slip.sheet.due_on < today,
        },
    )
