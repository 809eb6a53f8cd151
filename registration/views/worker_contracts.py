"""A worker's contracts on the phone: read, sign with a code, say no, keep the document."""

from typing import Any

from axes.helpers import get_client_ip_address
from django.conf import settings
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from registration.access import SHOWN_TO_WORKER, access_contract
from registration.contract_page import BADGES, text_blocks
from registration.http import ActorRequest, worker_view
from registration.models import LabourContract, TabletVisit, Worker
from registration.services import contract_documents, contract_signing
from registration.services.contract_facts import EFFECTIVE
from registration.services.contract_offers import full_postings
from registration.services.signatures import png_from_data_url
from registration.tasks import send_messages, start
from registration.templatetags.named import named
from registration.views.contracts import file_response
from wagewatch.lib.errors import RuleViolation, WagewatchError
from wagewatch.lib.identity import mask_phone

State = LabourContract.State
SHOWN = 20
CURRENT = (State.OFFERED, State.SIGNED, State.IN_FORCE)
FOR_ONE: dict[str, Any] = {
    "day": gettext_lazy("For one day"),
    "hour": gettext_lazy("For one hour"),
    "month": gettext_lazy("For one month"),
    "piece": gettext_lazy("For one piece"),
}
STATES: dict[str, Any] = {
    State.OFFERED: gettext_lazy("Please read and sign"),
    State.SIGNED: gettext_lazy("You have signed; the employer signs next"),
    State.IN_FORCE: gettext_lazy("Both have signed"),
    State.REFUSED: gettext_lazy("You said no"),
    State.WITHDRAWN: gettext_lazy("Taken back by the employer"),
    State.RENEWED: gettext_lazy("A newer contract counts"),
    State.TERMINATED: gettext_lazy("Ended early"),
    State.ENDED: gettext_lazy("It is over"),
}
REASONS: dict[str, tuple[str, Any]] = {
    "rate": ("工资不对", gettext_lazy("The wage is wrong")),
    "term": ("时间不对", gettext_lazy("The time is wrong")),
    "work": ("工种或单位不对", gettext_lazy("Trade or firm is wrong")),
    "other": ("其他", gettext_lazy("Something else")),
}
"""Key → words kept for the clerk, words on the screen."""


def card(contract: LabourContract) -> dict[str, Any]:
    """The four facts of a contract in a worker's words, and its state."""
    terms = contract.terms
    return {
        "contract": contract,
        "employer": contract.participation.organisation.name,
        "project": named(contract.project),
        "per": FOR_ONE[terms["pay_basis"]],
        "rate_fen": terms["rate_fen"],
        "pay_day": terms["pay_day"],
        "state": STATES[contract.state],
        "icon": BADGES[contract.state][1] or "clock",
        "waits": contract.state == State.OFFERED,
        "has_file": contract.document_id is not None or contract.state in EFFECTIVE,
    }


def contract_cards(worker: Worker) -> dict[str, list[dict[str, Any]]]:
    """A worker's contracts for the contract tab: those that count or wait, and former ones."""
    rows = list(
        LabourContract.objects.filter(SHOWN_TO_WORKER, worker=worker)
        .select_related("project", "participation__organisation")
        .defer("text", "particulars")
        .order_by("-made_at", "-pk")[: 2 * SHOWN]
    )
    now = [card(c) for c in rows if c.state in CURRENT]
    return {
        "contracts": sorted(now, key=lambda c: not c["waits"]),
        "old_contracts": [card(c) for c in rows if c.state not in CURRENT][:SHOWN],
    }


@never_cache
@require_GET
@worker_view
def read(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """Who, how much, which day, until when; then the whole text, large and to be read aloud."""
    found = access_contract(pk, project_pk, request.actor)
    posting = full_postings(found.project, [found.posting_id])[found.posting_id]
    entry = contract_documents.signed_entry(found) if found.state in EFFECTIVE else None
    context = card(found) | {
        "title": contract_documents.title_of(found),
        "blocks": text_blocks(found, posting, in_full=True),
        "entry": entry,
        "number": str(entry.pk)[-8:].upper() if entry else "",
        "is_paper": found.form == LabourContract.Form.PAPER,
    }
    return render(request, "registration/worker_contract_read.html", context)


def _gone(request: ActorRequest, found: LabourContract) -> HttpResponse | None:
    """Back to the contract when there is nothing to sign any more: a second tap does no harm."""
    if found.state == State.OFFERED:
        return None
    return redirect("registration:worker-contract-read", found.project_id, found.pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@worker_view
def sign(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """First the code to the own phone, then the drawn name; at the site's tablet without a phone the name alone."""
    found = access_contract(pk, project_pk, request.actor)
    if gone := _gone(request, found):
        return gone
    act, errors = request.POST.get("act", ""), {"code": "", "signature": "", "general": ""}
    at_tablet = _signs_at_tablet(request)
    asked = at_tablet or request.method == "POST" or request.GET.get("asked") == "1"
    if request.method == "POST":
        try:
            if act == "code":
                _send_code(request, project_pk, pk)
                here = reverse("registration:worker-contract-sign", args=[project_pk, pk])
                return redirect(f"{here}?asked=1")
            _sign(request, project_pk, pk)
            return redirect("registration:worker-contract-read", project_pk, pk)
        except WagewatchError as refusal:
            if refusal.code in {f"contract.is_{state}" for state in State.values}:
                return redirect("registration:worker-contract-read", project_pk, pk)
            if refusal.status not in {400, 409}:
                raise
            start_of = refusal.code.partition(".")[0]
            errors[start_of if start_of in errors else "general"] = refusal.message
            asked = at_tablet or act != "code" or refusal.code == "code.too_soon"
    context = card(found) | {
        "asked": asked,
        "at_tablet": at_tablet,
        "by_card": request.tablet_visit is not None and request.tablet_visit.way == TabletVisit.Way.CARD,
        "errors": errors,
        "phone": mask_phone(str(request.worker.phone)) if request.worker and request.worker.phone else "",
        "name": request.worker.name if request.worker else "",
        "outbox_url": reverse("accounts:outbox") if settings.DEMO else "",
    }
    status = 400 if any(errors.values()) else 200
    return render(request, "registration/worker_contract_sign.html", context, status=status)


def _signs_at_tablet(request: ActorRequest) -> bool:
    """Whether the worker sits at a site's tablet and has no phone that a code could go to."""
    return request.tablet_visit is not None and not (request.worker and request.worker.phone)


def _send_code(request: ActorRequest, project_pk: int, pk: int) -> None:
    contract_signing.request_sign_code(
        pk,
        project_pk,
        address=get_client_ip_address(request) or "",
        actor=request.actor,
        now=timezone.now(),
    )
    start(send_messages)


def _sign(request: ActorRequest, project_pk: int, pk: int) -> None:
    at_tablet = _signs_at_tablet(request)
    typed = "".join(str(int(c)) for c in request.POST.get("code", "")[:20] if c.isdecimal())
    if len(typed) != 6 and not at_tablet:
        raise RuleViolation("code.missing", _("The code has six digits."))
    drawn = request.POST.get("signature", "")
    if not drawn and (at_tablet or request.POST.get("typed") != "1"):
        raise RuleViolation("signature.blank", _("Nothing was signed yet. Write your name in the field."))
    contract_signing.sign_as_worker(
        pk,
        project_pk,
        code=typed,
        drawing=png_from_data_url(drawn) if drawn else None,
        actor=request.actor,
        now=timezone.now(),
        visit_id=request.tablet_visit.pk if request.tablet_visit else None,
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@worker_view
def refuse(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """Say no to an offer, and what is wrong with it."""
    found = access_contract(pk, project_pk, request.actor)
    if gone := _gone(request, found):
        return gone
    error = ""
    reason, text = request.POST.get("reason", ""), request.POST.get("text", "").strip()
    if request.method == "POST":
        words = "，".join(filter(None, [REASONS[reason][0] if reason in REASONS else "", text]))
        try:
            contract_signing.refuse_contract(
                pk, project_pk, reason=words.replace("\x00", ""), actor=request.actor, now=timezone.now()
            )
        except RuleViolation as refusal:
            if refusal.code != "contract.reason":
                return redirect("registration:worker-contract-read", project_pk, pk)
            error = refusal.message
        else:
            return redirect("registration:worker-contract-read", project_pk, pk)
    context = card(found) | {
        "reasons": [(key, label) for key, (_kept, label) in REASONS.items()],
        "reason": reason,
        "text": text,
        "error": error,
    }
    return render(request, "registration/worker_contract_refuse.html", context, status=400 if error else 200)


@never_cache
@require_GET
@worker_view
def document(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """The own contract as a file."""
    try:
        file = contract_documents.open_document(pk, project_pk, actor=request.actor, now=timezone.now())
    except RuleViolation:
        return redirect("registration:worker-contract-read", project_pk, pk)
    return file_response(file, f"contract-{pk}")
