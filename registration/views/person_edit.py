"""Corrections by a clerk: details, name and number, what is agreed for the work; the photo."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from registration.access import access_project, access_worker, not_found, postings_for, teams_for
from registration.http import ActorRequest, staff_view
from registration.models import PieceUnit, Posting, Project, Worker
from registration.permissions import CLERK, CONTRACTOR
from registration.rules.person_values import NUMBERED, read_details, read_document, read_posting
from registration.rules.trades import TRADES
from registration.services.corrections import change_details, change_posting, correct_identity
from registration.services.portraits import newest_portrait
from registration.views.person_forms import AgreementForm, DetailsForm, IdentityForm, TypedForm
from registration.views.scope import set_scope
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import WagewatchError
from wagewatch.lib.money import fen_to_decimal

GROUPS = {
    "contact": ("phone", "no_phone", "address", "emergency_name", "emergency_phone"),
    "person": (
        "photo",
        "english_name",
        "ethnicity",
        "origin_code",
        "household",
        "education",
        "politics",
        "skill_grade",
        "id_issuer",
        "id_valid_until",
    ),
}


def _door(request: ActorRequest, project_pk: int, worker_pk: int) -> tuple[Project, Worker]:
    project = access_project(project_pk, request.actor, permission="person.view")
    worker = access_worker(worker_pk, project, request.actor)
    set_scope(request, project)
    return project, worker


def _show(
    request: ActorRequest, project: Project, worker: Worker, form: TypedForm, what: str, **more: Any
) -> HttpResponseBase:
    context = {"project": project, "worker": worker, "form": form, "what": what, **more}
    status = 400 if form.errors else 200
    return render(request, "registration/contractor_person_edit.html", context, status=status)


def _refuse(form: TypedForm, refusal: WagewatchError, field: str = "") -> None:
    """Put a refusal of a rule beside its field; others are pages of their own."""
    if refusal.status not in {400, 409}:
        raise refusal
    form.refuse(field, refusal.message)


@never_cache
@require_http_methods(["GET", "POST"])
@staff_view(*CLERK)
def details(request: ActorRequest, project_pk: int, worker_pk: int) -> HttpResponseBase:
    """Contact, address, education and the like; a newer photo."""
    project, worker = _door(request, project_pk, worker_pk)
    sent = request.POST if request.method == "POST" else None
    plain = (*GROUPS["person"][1:],)
    initial = {field: getattr(worker, field) for field in plain}
    form = DetailsForm(sent, request.FILES or None, worker=worker, initial=initial)
    if sent is not None:
        changes, said = read_details(sent)
        form.put(said)
        if changes is not None and form.is_valid():
            file = request.FILES.get("photo")
            try:
                done = change_details(
                    worker.pk,
                    project.pk,
                    changes,
                    photo=file.read() if file else b"",
                    actor=request.actor,
                    now=timezone.now(),
                )
            except WagewatchError as refusal:
                beside = "phone" if refusal.code == "person.phone_of_others" else ""
                _refuse(form, refusal, "photo" if refusal.status == 400 else beside)
            else:
                text = gettext("Corrected.") if done else gettext("Nothing differed; confirmed as of today.")
                messages.success(request, text)
                return redirect("registration:person", project.pk, worker.pk)
    groups = {key: [form[f] for f in fields if f in form.fields] for key, fields in GROUPS.items()}
    return _show(request, project, worker, form, "details", groups=groups)


@never_cache
@require_http_methods(["GET", "POST"])
@staff_view(*CLERK)
def identity(request: ActorRequest, project_pk: int, worker_pk: int) -> HttpResponseBase:
    """A name or a number that was registered wrongly; needs a reason."""
    project, worker = _door(request, project_pk, worker_pk)
    sent = request.POST if request.method == "POST" else None
    kind = "01" if worker.id_kind in NUMBERED else worker.id_kind
    form = IdentityForm(sent, initial={"id_kind": kind, "nationality": _foreign(worker)})
    if sent is not None:
        now = timezone.now()
        document, said = read_document(sent, today=site_date(now))
        form.put(said)
        if document is not None and form.is_valid():
            reason = form.cleaned_data["reason"]
            try:
                done = correct_identity(worker.pk, project.pk, document, reason, actor=request.actor, now=now)
            except WagewatchError as refusal:
                fields = {"correction.reason": "reason", "id.taken": "id_number"}
                _refuse(form, refusal, fields.get(refusal.code, ""))
            else:
                text = gettext("Corrected; the former entry stays in the history.")
                messages.success(request, text if done else gettext("Nothing differed."))
                return redirect("registration:person", project.pk, worker.pk)
    return _show(request, project, worker, form, "identity")


def _foreign(worker: Worker) -> str:
    return "" if worker.nationality == "CHN" else worker.nationality


@never_cache
@require_http_methods(["GET", "POST"])
@staff_view(*CLERK)
def agreement(request: ActorRequest, project_pk: int, worker_pk: int) -> HttpResponseBase:
    """Team, trade, rate, pay day and role of the work that goes on."""
    project, worker = _door(request, project_pk, worker_pk)
    posting = (
        postings_for(request.actor, project)
        .filter(worker=worker, left_on=None)
        .select_related("team")
        .first()
    )
    sent = request.POST if request.method == "POST" else None
    form = AgreementForm(sent, pay_day=project.pay_day, initial=_agreed(posting) if posting else {})
    if sent is not None:
        now = timezone.now()
        values, said = read_posting(sent, today=site_date(now))
        form.put(said)
        if values is not None and form.is_valid():
            try:
                done = change_posting(worker.pk, project.pk, values, actor=request.actor, now=now)
            except WagewatchError as refusal:
                fields = {"team.missing": "team", "trade.missing": "trade"}
                _refuse(form, refusal, fields.get(refusal.code, ""))
            else:
                text = gettext("Changed. Pay sheets not sent yet count with it when they are computed anew.")
                messages.success(request, text if done else gettext("Nothing differed."))
                return redirect("registration:person", project.pk, worker.pk)
    teams = teams_for(request.actor, project).order_by("name").values_list("name", flat=True).distinct()
    return _show(request, project, worker, form, "agreement", teams=teams, trades=TRADES)


def _agreed(posting: Posting) -> dict[str, Any]:
    return {
        "team": posting.team.name,
        "trade": posting.trade,
        "work_role": posting.work_role,
        "pay_basis": posting.pay_basis,
        "rate": fen_to_decimal(posting.rate_fen),
        "piece_unit": posting.piece_unit if posting.piece_unit in PieceUnit.values else "",
        "pay_day": posting.pay_day or "",
    }


@never_cache
@require_GET
@staff_view(*CONTRACTOR)
def photo(request: ActorRequest, project_pk: int, worker_pk: int) -> HttpResponseBase:
    """The person's picture, never kept by a browser."""
    project = access_project(project_pk, request.actor, permission="person.view")
    worker = access_worker(worker_pk, project, request.actor)
    return photo_answer(worker)


def photo_answer(worker: Worker) -> HttpResponse:
    """The newest portrait as JPEG, not to be stored anywhere; NotFound without one."""
    newest = newest_portrait(worker.pk)
    if newest is None:
        not_found()
    response = HttpResponse(bytes(newest.content or b""), content_type="image/jpeg")
    response["Cache-Control"] = "no-store, private"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Disposition"] = "inline"
    return response
