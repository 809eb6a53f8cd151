"""Which column of an uploaded roster is which: shown, corrected by the clerk, forgotten again."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from registration.http import ActorRequest, staff_view
from registration.models import Participation, Project, RosterUpload
from registration.permissions import CLERK
from registration.services.roster_tables import IMPORTED
from registration.services.rosters import access_upload, choose_columns, forget_columns
from registration.views.column_choices import (
    Samples,
    choices_sent,
    last_chosen,
    samples_from,
    shown_sheets,
)
from registration.views.roster_door import begin_reading, door
from registration.views.roster_rows import FIELDS, LEFT_OUT, SKIPPED
from wagewatch.lib.errors import Malformed

State = RosterUpload.State


def what_was_read(
    upload: RosterUpload,
    *,
    samples: Samples = (),
    chosen: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Sheets with their columns (and masked first values), and all that was left out.

    `chosen`: what a form that was sent says instead, by input name.
    """
    sheets = shown_sheets(upload.reading.get("sheets", []), FIELDS, SKIPPED, samples=samples, chosen=chosen)
    left_out = [
        {"sheet": o["sheet"], "reason": LEFT_OUT[o["reason"]]} for o in upload.reading.get("left_out", [])
    ]
    return {"sheets": sheets, "left_out": left_out}


def columns_page(
    request: HttpRequest,
    project: Project,
    upload: RosterUpload,
    *,
    chosen: dict[str, str] | None = None,
    error: str = "",
) -> HttpResponse:
    """The page on which a clerk says which column is which."""
    company = Participation.objects.select_related("organisation").get(
        pk=upload.participation_id, project=project
    )
    read = what_was_read(upload, samples=samples_from(upload.samples), chosen=chosen)
    context = {
        "project": project,
        "upload": upload,
        "company": company.organisation.name,
        "read": read,
        "chosen_at": last_chosen(read["sheets"]),
        "fields": [(field, FIELDS[field]) for field in IMPORTED],
        "error": error,
    }
    return render(
        request, "registration/contractor_roster_columns.html", context, status=400 if error else 200
    )


@require_http_methods(["GET", "POST"])
@staff_view(*CLERK)
def columns(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """Look at the columns; say which is which, have it remembered and the file read again."""
    project = door(request, project_pk)
    found = access_upload(project.pk, pk, request.actor)
    if request.method == "GET":
        if found.state not in {State.STAGED, State.NAMING}:
            return redirect("registration:roster", project.pk, pk)
        return columns_page(request, project, found)
    chosen = choices_sent(request.POST, found.reading.get("sheets", []))
    try:
        begun = choose_columns(project.pk, pk, chosen, actor=request.actor, now=timezone.now())
    except Malformed as problem:
        sent = {name: str(value) for name, value in request.POST.items()}
        return columns_page(request, project, found, chosen=sent, error=problem.message)
    begin_reading(begun)
    messages.success(
        request, _("The file was read again with these columns; the next one will be read so at once.")
    )
    return redirect("registration:roster", project.pk, pk)


@require_POST
@staff_view(*CLERK)
def forget(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """Forget what was chosen for tables like this one, and read the file by its headings again."""
    project = door(request, project_pk)
    begun = forget_columns(project.pk, pk, actor=request.actor, now=timezone.now())
    begin_reading(begun)
    messages.success(request, _("Forgotten. The file was read by its headings alone."))
    return redirect("registration:roster", project.pk, pk)
