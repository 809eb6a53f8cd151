"""Advances: the list with what is left, recording one with the worker's word, taking a wrong entry back."""

from axes.helpers import get_client_ip_address
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from payroll.access import advances_for
from payroll.forms import AdvanceForm, WithdrawForm
from payroll.services import advances
from payroll.views.sheets import parts_to_prepare
from registration.http import ActorRequest, staff_view
from registration.models import Participation, Posting
from registration.permissions import CLERK, CONTRACTOR, PERMISSIONS
from registration.services.signatures import png_from_data_url
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import WagewatchError
from wagewatch.lib.money import format_cny
from wagewatch.templatetags.ww import mask_name

PAGE = 50


@require_safe
@staff_view(*CONTRACTOR)
def advance_list(request: ActorRequest) -> HttpResponse:
    """Advances within reach, newest first, with what is left of each; `?project=`."""
    found = (
        advances_for(request.actor)
        .select_related("project", "participation__organisation", "worker", "made_by")
        .defer("worker__id_number", "worker__phone", "worker__address")
        .order_by("-paid_on", "-pk")
    )
    project = request.GET.get("project", "")
    if project.isdecimal() and len(project) < 18:
        found = found.filter(project=int(project))
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    rows = advances.balances(list(page))
    return render(
        request,
        "payroll/advances.html",
        {
            "page": page,
            "rows": rows,
            "left_fen": sum(r.left_fen for r in rows if not r.advance.withdrawn_at),
            "may_prepare": request.actor.has_role(*PERMISSIONS["sheet.prepare"]),
        },
    )


def signed(request: ActorRequest) -> bytes | None:
    drawn = request.POST.get("signature", "")
    return png_from_data_url(drawn) if drawn else None


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*CLERK)
def advance_new(request: ActorRequest) -> HttpResponse:
    """Choose the contractor, then the worker; they sign here or tell the code sent to their phone."""
    parts = parts_to_prepare(request.actor)
    part = _part(request.GET.get("part", ""), parts)
    people = _people(part) if part else []
    form = AdvanceForm(
        request.POST if request.method == "POST" and part else None,
        people=people,
        initial={"paid_on": site_date(timezone.now()), "worker": request.GET.get("worker", "")},
    )
    sent = False
    if request.method == "POST" and part and form.is_valid():
        found = form.cleaned_data
        worker = int(found["worker"])
        try:
            if "send_code" in request.POST:
                advances.send_advance_code(
                    part.project_id,
                    worker,
                    address=get_client_ip_address(request) or "",
                    actor=request.actor,
                    now=timezone.now(),
                )
                sent = True
            else:
                made = advances.record_advance(
                    part.project_id,
                    worker,
                    amount_fen=found["amount_fen"],
                    paid_on=found["paid_on"],
                    method=found["method"],
                    reason=found["reason"],
                    signature_png=signed(request),
                    code=found["code"],
                    actor=request.actor,
                    now=timezone.now(),
                )
                messages.success(
                    request,
                    _("Recorded: %(sum)s. The next slip deducts it.") % {"sum": format_cny(made.amount_fen)},
                )
                return redirect("payroll:advances")
        except WagewatchError as problem:
            form.add_error(None, problem.message.replace("%", "%%"))
    return render(
        request,
        "payroll/advance_new.html",
        {"parts": parts, "part": part, "form": form, "sent": sent},
        status=400 if form.errors else 200,
    )


def _part(text: str, parts: list[Participation]) -> Participation | None:
    return next((p for p in parts if str(p.pk) == text), parts[0] if len(parts) == 1 else None)


def _people(part: Participation) -> list[tuple[str, str]]:
    postings = (
        Posting.objects.filter(project=part.project_id, participation=part)
        .select_related("worker", "team")
        .defer("worker__id_number", "worker__phone", "worker__address")
        .order_by("team__name", "worker__name", "-joined_on")
    )
    names: dict[str, str] = {}
    for one in postings:
        names.setdefault(
            str(one.worker_id), f"{mask_name(one.worker.name)} …{one.worker.id_tail}　{one.team.name}"
        )
    return list(names.items())


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*CLERK)
def advance_withdraw(request: ActorRequest, pk: int) -> HttpResponse:
    """Take back an entry made by mistake."""
    advance = advances.access_advance(pk, request.actor)
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            advances.withdraw_advance(
                pk, reason=form.cleaned_data["reason"], actor=request.actor, now=timezone.now()
            )
        except WagewatchError as problem:
            form.add_error(None, problem.message.replace("%", "%%"))
        else:
            messages.success(request, _("The entry was taken back. It stays on record with the reason."))
            return redirect("payroll:advances")
    return render(
        request,
        "payroll/advance_withdraw.html",
        {"advance": advance, "form": form, "balance": advances.balances([advance])[0]},
        status=400 if form.errors else 200,
    )
