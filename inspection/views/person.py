"""One person for the inspectorate: who they are, their working life, what changed; name, number, phone corrected."""

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from inspection.http import inspector_view
from registration.access import access_project, access_worker, postings_for
from registration.history_of_person import history_of_person
from registration.http import ActorRequest
from registration.models import Project, Worker, WorkerPhoto
from registration.person_changes import changes_of_person
from registration.rules.person_values import NUMBERED, read_document
from registration.services.card_words import current_card, newest_answer
from registration.services.corrections import correct_identity
from registration.views.person_edit import photo_answer
from registration.views.person_forms import OfficeIdentityForm
from registration.views.stored_files import stored_file
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation
from wagewatch.lib.identity import normalise_phone


def _door(request: ActorRequest, project_pk: int, worker_pk: int) -> tuple[Project, Worker]:
    project = access_project(project_pk, request.actor, permission="person.view")
    return project, access_worker(worker_pk, project, request.actor)


@never_cache
@require_GET
@inspector_view
def person(request: ActorRequest, project_pk: int, worker_pk: int) -> HttpResponseBase:
    """Facts masked, all projects in all cities, certificates and trainings, changes with who and when."""
    project, worker = _door(request, project_pk, worker_pk)
    here = list(
        postings_for(request.actor, project)
        .filter(worker=worker)
        .select_related("team", "participation__organisation")
        .order_by("-joined_on", "-pk")
    )
    context = {
        "project": project,
        "worker": worker,
        "postings": here,
        "open": next((p for p in here if p.left_on is None), None),
        "card": current_card(worker.pk),
        "card_answer": newest_answer(worker.pk),
        "history": history_of_person(worker.pk),
        "changes": changes_of_person(worker, here, None),
        "has_photo": WorkerPhoto.objects.filter(worker=worker).exists(),
    }
    return render(request, "inspection/person.html", context)


@never_cache
@require_GET
@inspector_view
def photo(request: ActorRequest, project_pk: int, worker_pk: int) -> HttpResponseBase:
    """The person's picture, kept nowhere."""
    _project, worker = _door(request, project_pk, worker_pk)
    return photo_answer(worker)


@never_cache
@require_GET
@inspector_view
def card_picture(request: ActorRequest, project_pk: int, worker_pk: int) -> HttpResponseBase:
    """The picture taken when the current card was confirmed at a tablet, to be compared with the person's."""
    _project, worker = _door(request, project_pk, worker_pk)
    answer = newest_answer(worker.pk)
    return stored_file(answer.picture if answer else None)


@never_cache
@require_http_methods(["GET", "POST"])
@inspector_view
def identity(request: ActorRequest, project_pk: int, worker_pk: int) -> HttpResponseBase:
    """A name or number that was registered wrongly, also where several companies employ the person; a lost phone."""
    project, worker = _door(request, project_pk, worker_pk)
    sent = request.POST if request.method == "POST" else None
    kind = "01" if worker.id_kind in NUMBERED else worker.id_kind
    nationality = "" if worker.nationality == "CHN" else worker.nationality
    form = OfficeIdentityForm(sent, initial={"id_kind": kind, "nationality": nationality})
    if sent is not None:
        now = timezone.now()
        document, said = read_document(sent, today=site_date(now))
        form.put(said)
        phone = ""
        try:
            phone = normalise_phone(sent.get("phone", "")).value if sent.get("phone", "").strip() else ""
        except Malformed as refusal:
            form.refuse("phone", refusal.message)
        if document is not None and form.is_valid():
            reason = form.cleaned_data["reason"]
            try:
                correct_identity(
                    worker.pk, project.pk, document, reason, phone=phone, actor=request.actor, now=now
                )
            except RuleViolation as refusal:
                form.refuse("reason" if refusal.code == "correction.reason" else "id_number", refusal.message)
            else:
                messages.success(request, gettext("Corrected; the former entry stays in the history."))
                return redirect("inspection:person", project.pk, worker.pk)
    context = {"project": project, "worker": worker, "form": form}
    status = 400 if form.errors else 200
    return render(request, "inspection/person_identity.html", context, status=status)
