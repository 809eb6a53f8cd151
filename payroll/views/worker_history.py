"""My work history on the phone, as a paper, and as a page that I let others see."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from payroll.work_history import history_facts, shown
from payroll.work_history_paper import history_paper
from registration.access import not_found
from registration.http import ActorRequest, worker_view
from registration.models import HistoryShare
from registration.notice_records import SHARED, share_subject
from registration.services import sharing
from wagewatch.evidence.models import Entry
from wagewatch.evidence.tree import stage_of
from wagewatch.evidence.wording import STAGE_MEANS
from wagewatch.lib.errors import RuleViolation


def _address(request: ActorRequest, share: HistoryShare) -> str:
    return request.build_absolute_uri(reverse("payroll:history-shared", args=[share.token]))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@worker_view
def history(request: ActorRequest) -> HttpResponse:
    """Where I worked, in all cities; POST makes a link that others can open."""
    worker, now = request.worker, timezone.now()
    if worker is None:
        not_found()
    error = ""
    if request.method == "POST":
        days = request.POST.get("days", "")
        facts = history_facts(worker, with_pay=request.POST.get("with_pay") == "1")
        try:
            sharing.share_history(
                facts, days=int(days) if days in {"7", "30", "90"} else 0, actor=request.actor, now=now
            )
        except RuleViolation as refusal:
            error = refusal.message
        else:
            messages.success(request, _("The link is made. Save the paper, or show the page."))
            return redirect("payroll:worker-history")
    shares = [
        {"share": share, "address": _address(request, share)}
        for share in sharing.open_shares(worker.pk, now=now).defer("facts")
    ]
    return render(
        request,
        "payroll/worker_history.html",
        {
            "facts": shown(history_facts(worker, with_pay=True)),
            "shares": shares,
            "error": error,
            "spans": HistoryShare.Days.choices,
        },
        status=400 if error else 200,
    )


@never_cache
@require_safe
@worker_view
def paper(request: ActorRequest, pk: int) -> HttpResponse:
    """The paper of one of my links."""
    share = sharing.own_share(pk, actor=request.actor, now=timezone.now())
    data = history_paper(
        shown(sharing.facts_of(share)),
        _address(request, share),
        bytes(share.sha256).hex(),
        made_at=share.made_at,
        expires_at=share.expires_at,
    )
    return HttpResponse(
        data,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="work-history-{share.pk}.pdf"'},
    )


@require_POST
@worker_view
def take_back(request: ActorRequest, pk: int) -> HttpResponse:
    """Close one of my links."""
    sharing.take_back(pk, actor=request.actor, now=timezone.now())
    messages.success(request, _("The link is closed. Nobody can open it now."))
    return redirect("payroll:worker-history")


@never_cache
@require_safe
def shared(request: ActorRequest, token: str) -> HttpResponse:
    """What a worker shares, for anybody who has the link: masked, as it was, with its evidence."""
    request.audience = "public"  # type: ignore[attr-defined]
    share = sharing.shared_history(token, now=timezone.now())
    entry = Entry.objects.filter(kind=SHARED, subject=share_subject(share)).first()
    stage = stage_of(entry) if entry else None
    response = render(
        request,
        "payroll/history_shared.html",
        {
            "facts": shown(sharing.facts_of(share)),
            "share": share,
            "digest": bytes(share.sha256).hex(),
            "entry": entry,
            "stage": str(stage.value) if stage else "",
            "stage_means": STAGE_MEANS[stage] if stage else "",
        },
    )
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response
