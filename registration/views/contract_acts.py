"""Acts on contracts: each shows first what it would do, then calls one service."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth import authenticate
from django.forms import Form
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from registration.access import access_contract, access_project, contracts_for, not_found, not_permitted
from registration.contract_forms import (
    PaperForm,
    PasswordAgainForm,
    ReasonForm,
    RenewForm,
    TermForm,
    TerminateForm,
)
from registration.contract_page import contract_row, rate_words, term_words
from registration.http import ActorRequest, staff_view
from registration.models import LabourContract, Posting, Project, SiteTablet, User
from registration.permissions import CONTRACTOR, PERMISSIONS
from registration.services import (
    contract_documents,
    contract_drafts,
    contract_endings,
    contract_offers,
    contract_papers,
    contract_signing,
)
from registration.services.contract_moves import Done
from registration.services.signatures import png_from_data_url
from registration.tasks import make_contract_documents, start
from registration.views.contracts import ContractList
from registration.views.scope import set_scope
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation, WagewatchError

MOST = 1000
"""Of one act in a browser; a larger project does it team by team."""
SHOWN = 12
AT_ONCE = 3
"""Documents made while the signer waits; more are left to the task behind."""
GETTING = ("GET", "HEAD", "POST")


def chosen(request: ActorRequest, project: Project) -> list[int]:
    """Ids of the ticked rows, or all of the list's filter; NotFound for what is no number."""
    if request.method == "POST":
        parts = request.POST.get("ids", "").split(",")
    elif request.GET.get("all"):
        listed = ContractList(request, project)
        rows: Any = listed.postings() if listed.show == "without" else listed.contracts()
        return list(rows.order_by("pk").values_list("pk", flat=True)[:MOST])
    else:
        parts = request.GET.getlist("ids")
    found = [int(p) for p in parts if p.isascii() and p.isdigit() and len(p) < 18]
    if len(found) != len([p for p in parts if p]):
        not_found()
    return list(dict.fromkeys(found))[:MOST]


def people(count: int) -> str:
    """ "168 people"."""
    return ngettext("%(count)s person", "%(count)s people", count) % {"count": count}


def _list_url(project_pk: int, show: str) -> str:
    return f"{reverse('registration:contracts', args=[project_pk])}?show={show}"


def _nothing(request: ActorRequest, project_pk: int, show: str) -> HttpResponseBase:
    messages.warning(request, _("Nobody was chosen. Tick the people first."))
    return redirect(_list_url(project_pk, show))


def _project(request: ActorRequest, project_pk: int, permission: str) -> Project:
    """The project for acts on many: without the role there is no such page."""
    project = access_project(project_pk, request.actor)
    if not request.actor.has_role(*PERMISSIONS[permission]):
        not_permitted(permission)
    set_scope(request, project)
    return project


def reasons(refusals: Iterable[WagewatchError]) -> list[tuple[str, int]]:
    """Each reason once with how many it keeps out, the most frequent first."""
    return Counter(refusal.message for refusal in refusals).most_common()


def _tell(request: ActorRequest, done: Done, text: str) -> None:
    if done.ids:
        messages.success(request, text)
    for reason, count in reasons(done.refused.values())[:5]:
        words = {"people": people(count), "reason": reason}
        messages.warning(request, _("Not for %(people)s: %(reason)s") % words)


def _postings_of(project: Project, request: ActorRequest, ids: Sequence[int]) -> list[Posting]:
    return contract_drafts.postings_to_draft(project, request.actor, ids)


def _plan(
    project: Project, postings: Sequence[Posting], form: Form, *, renewing: bool = False
) -> dict[str, Any]:
    data: dict[str, Any] = form.cleaned_data if form.is_bound and form.is_valid() else {}
    planned = contract_drafts.plan_contracts(
        project,
        postings,
        period=data.get("period") or "1",
        starts_on=data.get("starts_on"),
        ends_on=data.get("ends_on"),
        today=site_date(timezone.now()),
        renewing=renewing,
    )
    good = [plan for plan in planned if plan.refusal is None]
    warned: dict[str, list[Posting]] = defaultdict(list)
    stopped: dict[str, list[Posting]] = defaultdict(list)
    for plan in planned:
        if plan.refusal is not None:
            stopped[plan.refusal.message].append(plan.posting)
        else:
            for finding in plan.findings:
                warned[finding.message].append(plan.posting)
    return {
        "good": good,
        "labour": sum(plan.kind == "labour" for plan in good),
        "agreements": sum(plan.kind == "agreement" for plan in good),
        "warned": [(text, rows, rows[:SHOWN]) for text, rows in warned.items()],
        "stopped_count": len(planned) - len(good),
        "stopped": [(text, rows, rows[:SHOWN]) for text, rows in stopped.items()],
    }


@require_http_methods(GETTING)
@staff_view(*CONTRACTOR)
def draft(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """Draft contracts for the chosen people: how long, and what would come of it."""
    project = _project(request, project_pk, "contract.make")
    ids = chosen(request, project)
    if not ids:
        return _nothing(request, project_pk, "without")
    form = TermForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and request.POST.get("act") == "apply":
        data = form.cleaned_data
        done = contract_drafts.draft_contracts(
            project_pk,
            ids,
            period=data["period"],
            starts_on=data["starts_on"],
            ends_on=data["ends_on"],
            actor=request.actor,
            now=timezone.now(),
        )
        text = _("Drafted for %(people)s. Next: send the drafts to their phones.")
        _tell(request, done, text % {"people": people(len(done.ids))})
        return redirect(_list_url(project_pk, "draft" if done.ids else "without"))
    postings = _postings_of(project, request, ids)
    context = {"project": project, "form": form, "ids": ",".join(map(str, ids)), "postings": postings}
    context |= _plan(project, postings, form)
    status = 400 if form.errors else 200
    return render(request, "registration/contractor_contract_draft.html", context, status=status)


@require_http_methods(GETTING)
@staff_view(*CONTRACTOR)
def paper(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """Put contracts that were signed on paper on record, with the scan."""
    project = _project(request, project_pk, "contract.make")
    ids = chosen(request, project)
    if not ids:
        return _nothing(request, project_pk, "without")
    postings = _postings_of(project, request, ids)
    first = min((p.joined_on for p in postings), default=None)
    form = PaperForm(
        request.POST if request.method == "POST" else None,
        request.FILES or None,
        people=len(ids),
        initial={"starts_on": first},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            done = contract_papers.record_paper_contracts(
                project_pk,
                ids,
                filename=data["file"].name,
                data=data["file"].read(),
                number=data.get("number", ""),
                period=data["period"],
                starts_on=data["starts_on"],
                ends_on=data["ends_on"],
                signed_on=data["signed_on"],
                actor=request.actor,
                now=timezone.now(),
            )
        except WagewatchError as refusal:
            if refusal.status not in {400, 409}:
                raise
            form.add_error(_paper_field(refusal.code), refusal.message)
        else:
            if len(ids) == 1 and done.refused:
                form.add_error(None, next(iter(done.refused.values())).message)
            else:
                text = _("On record for %(people)s, in force.") % {"people": people(len(done.ids))}
                _tell(request, done, text)
                return redirect(_list_url(project_pk, "in_force" if done.ids else "without"))
    context = {"project": project, "form": form, "ids": ",".join(map(str, ids)), "postings": postings}
    status = 400 if form.errors else 200
    return render(request, "registration/contractor_contract_paper.html", context, status=status)


def _paper_field(code: str) -> str:
    if code.startswith(("file.", "picture.")):
        return "file"
    return {"contract.signed_ahead": "signed_on"}.get(code, "number")


def _chosen_contracts(request: ActorRequest, project: Project, permission: str) -> list[LabourContract]:
    ids = chosen(request, project)
    found = contracts_for(request.actor, project, permission=permission).filter(pk__in=ids)
    rows = list(
        found.select_related("worker", "posting__team", "participation__organisation")
        .defer("text", "particulars", "worker__id_number", "worker__address")
        .order_by("posting__team__name", "pk")
    )
    if len(rows) != len(ids):
        seen = contracts_for(request.actor, project).filter(pk__in=ids).count()
        not_permitted(permission) if seen == len(ids) else not_found()
    return rows


def _rows(contracts: Sequence[LabourContract]) -> list[dict[str, Any]]:
    return [contract_row(c) for c in contracts]


@require_http_methods(GETTING)
@staff_view(*CONTRACTOR)
def offer(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """Send drafts to their workers' phones."""
    project = _project(request, project_pk, "contract.make")
    contracts = _chosen_contracts(request, project, "contract.make")
    if not contracts:
        return _nothing(request, project_pk, "draft")
    ids = [c.pk for c in contracts]
    if request.method == "POST":
        done = contract_offers.offer_contracts(project_pk, ids, actor=request.actor, now=timezone.now())
        text = _("Sent to %(people)s. They read and sign on the phone.")
        _tell(request, done, text % {"people": people(len(done.ids))})
        return redirect(_list_url(project_pk, "offered" if done.ids else "draft"))
    context = {
        "project": project,
        "rows": _rows(contracts),
        "ids": ",".join(map(str, ids)),
        "mute": sum(c.worker.phone_index is None for c in contracts),
        "has_tablet": SiteTablet.objects.filter(project=project, ended_at=None).exists(),
    }
    return render(request, "registration/contractor_contract_offer.html", context)


def _password_is_right(request: ActorRequest, password: str) -> bool:
    """Asked again through the sign-in's own door, so that wrong tries count and lock there."""
    user = authenticate(request, username=request.user.username, password=password)
    return isinstance(user, User) and user.pk == request.actor.id


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(GETTING)
@staff_view(*CONTRACTOR)
def sign(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """The employer signs what the workers have signed: one drawing, and the password once more."""
    project = _project(request, project_pk, "contract.sign")
    contracts = _chosen_contracts(request, project, "contract.sign")
    if not contracts:
        return _nothing(request, project_pk, "signed")
    ids = [c.pk for c in contracts]
    form = PasswordAgainForm(request.POST if request.method == "POST" else None)
    error = ""
    if request.method == "POST" and form.is_valid():
        drawn = request.POST.get("signature", "")
        try:
            if not drawn and request.POST.get("typed") != "1":
                raise RuleViolation(
                    "signature.blank", _("Nothing was signed yet. Write your name in the field.")
                )
            drawing = png_from_data_url(drawn) if drawn else None
            if not _password_is_right(request, form.cleaned_data["password"]):
                raise RuleViolation("password.wrong", _("This is not your password. Nothing was signed."))
            done = contract_signing.sign_as_employer(
                project_pk, ids, drawing=drawing, actor=request.actor, now=timezone.now()
            )
        except WagewatchError as refusal:
            if refusal.code == "password.wrong":
                form.add_error("password", refusal.message)
            elif refusal.code.startswith("signature."):
                error = refusal.message
            else:
                raise
        else:
            return _signed(request, project_pk, done)
    context = {
        "project": project,
        "rows": _rows(contracts),
        "ids": ",".join(map(str, ids)),
        "form": form,
        "error": error,
        "signer": request.user.name,
    }
    status = 400 if form.errors or error else 200
    return render(request, "registration/contractor_contract_sign.html", context, status=status)


def _signed(request: ActorRequest, project_pk: int, done: Done) -> HttpResponseBase:
    if len(done.ids) <= AT_ONCE:
        for pk in done.ids:
            contract_documents.make_document(pk, project_pk, now=timezone.now())
    else:
        start(make_contract_documents)
    text = _("Signed: the contracts of %(people)s are in force.") % {"people": people(len(done.ids))}
    _tell(request, done, text)
    if len(done.ids) == 1:
        return redirect("registration:contract", project_pk, done.ids[0])
    return redirect(_list_url(project_pk, "in_force" if done.ids else "signed"))


def _act(
    request: ActorRequest, contract: LabourContract, form: Form, title: str, text: str, action: str
) -> HttpResponseBase:
    """The page that asks before a contract is changed."""
    set_scope(request, contract.project)
    context = {
        "project": contract.project,
        "contract": contract,
        "form": form,
        "title": title,
        "text": text,
        "action": action,
        "rate": rate_words(contract.terms),
        "term": term_words(contract),
    }
    status = 400 if form.errors else 200
    return render(request, "registration/contractor_contract_act.html", context, status=status)


@require_http_methods(GETTING)
@staff_view(*CONTRACTOR)
def withdraw(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """Take back a draft or an offer."""
    found = access_contract(pk, project_pk, request.actor, permission="contract.make")
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            contract_drafts.withdraw_contract(
                pk, project_pk, reason=form.cleaned_data["reason"], actor=request.actor, now=timezone.now()
            )
        except RuleViolation as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _("Withdrawn. You can draft a new contract for this person."))
            return redirect(_list_url(project_pk, "without"))
    text = _("The worker can no longer sign it. It stays on record as withdrawn.")
    return _act(request, found, form, _("Withdraw this contract?"), text, _("Withdraw it"))


@require_http_methods(GETTING)
@staff_view(*CONTRACTOR)
def terminate(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """End a contract before its time."""
    found = access_contract(pk, project_pk, request.actor, permission="contract.sign")
    today = site_date(timezone.now())
    form = TerminateForm(request.POST if request.method == "POST" else None, initial={"ended_on": today})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            contract_endings.terminate_contract(
                pk,
                project_pk,
                ended_on=data["ended_on"],
                reason=data["reason"],
                actor=request.actor,
                now=timezone.now(),
            )
        except RuleViolation as refusal:
            day = {"contract.before_start", "contract.after_end", "contract.far_ahead"}
            field = (
                "ended_on" if refusal.code in day else "reason" if refusal.code == "contract.reason" else None
            )
            form.add_error(field, refusal.message)
        else:
            text = _("Terminated. All wages of this person are due on %(day)s, not on the next pay day.")
            messages.success(request, text % {"day": data["ended_on"]})
            return redirect("registration:contract", project_pk, pk)
    text = _("All wages are due in full on the last day of the contract. The worker gets a message.")
    return _act(request, found, form, _("Terminate this contract?"), text, _("Terminate it"))


@require_http_methods(GETTING)
@staff_view(*CONTRACTOR)
def renew(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """Draft the contract that follows this one."""
    found = access_contract(pk, project_pk, request.actor, permission="contract.make")
    after = found.ends_on + timedelta(days=1) if found.ends_on else None
    form = RenewForm(
        request.POST if request.method == "POST" else None,
        initial={"period": found.period, "starts_on": after},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = contract_drafts.draft_contracts(
                project_pk,
                [found.posting_id],
                period=data["period"],
                starts_on=data["starts_on"],
                ends_on=data["ends_on"],
                renewing=True,
                actor=request.actor,
                now=timezone.now(),
            ).or_raise()
        except RuleViolation as refusal:
            last = {"no_end", "task_has_end", "ends_before_start", "far_ahead", "agency_short"}
            field = "ends_on" if refusal.code.removeprefix("contract.") in last else None
            field = "starts_on" if refusal.code == "contract.renewal_early" else field
            form.add_error(field, refusal.message)
        else:
            messages.success(
                request, _("Drafted. The old contract stays in force until the new one is signed.")
            )
            return redirect("registration:contract", project_pk, made)
    text = _(
        "The old contract ends the day before the new one begins, once both sides have signed the new one."
    )
    return _act(request, found, form, _("Renew this contract"), text, _("Draft the new contract"))
