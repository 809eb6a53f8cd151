"""Which column of an uploaded roster is which: shown, corrected by the clerk, forgotten again."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
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
from registration.views.roster_door import begin_reading, door
from registration.views.roster_rows import FIELDS, LEFT_OUT, SKIPPED, masked_sample
from wagewatch.lib.errors import Malformed

State = RosterUpload.State
_LOOKS = (
    ("id_number", re.compile(r"\d{17}[\dXx]")),
    ("phone", re.compile(r"1[3-9]\d{9}")),
    ("card_number", re.compile(r"6\d{15,18}")),
)


def letter(column: int) -> str:
    """The letters of a column from 0: A, B, … AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def what_was_read(
    upload: RosterUpload,
    *,
    samples: Sequence[dict[str, list[str]]] = (),
    chosen: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Sheets with their columns (and masked first values), and all that was left out.

    `chosen`: what a form that was sent says instead, by input name.
    """
    sheets = [
        _sheet(place, sheet, samples[place] if place < len(samples) else {}, chosen)
        for place, sheet in enumerate(upload.reading.get("sheets", []))
    ]
    left_out = [
        {"sheet": o["sheet"], "reason": LEFT_OUT[o["reason"]]} for o in upload.reading.get("left_out", [])
    ]
    return {"sheets": sheets, "left_out": left_out}


def _samples(upload: RosterUpload) -> list[dict[str, list[str]]]:
    found: list[dict[str, list[str]]] = msgspec.json.decode(upload.samples) if upload.samples else []
    return found


def _sheet(
    place: int, sheet: dict[str, Any], samples: dict[str, list[str]], chosen: dict[str, str] | None
) -> dict[str, Any]:
    columns = []
    fields = {column["column"]: column.get("field", "") for column in sheet["columns"]}
    if not sheet.get("read", True):
        fields = _with_suggestions(fields, samples)
    for column in sheet["columns"]:
        name = f"s{place}-c{column['column']}"
        field = fields[column["column"]] if chosen is None else chosen.get(name, "")
        values = [masked_sample(value, field) for value in samples.get(str(column["column"]), ())]
        columns.append(
            {
                "input": name,
                "letter": letter(column["column"]),
                "heading": column["heading"],
                "group": column.get("group", ""),
                "hidden": column.get("hidden", False),
                "field": field,
                "label": FIELDS.get(field),
                "samples": values,
            }
        )
    at = sheet.get("chosen_at")
    return {
        "name": sheet["name"],
        "read": sheet.get("read", True),
        "head": ", ".join(map(str, sheet["heading_rows"])),
        "rows": sheet["rows"],
        "columns": columns,
        "chosen_at": datetime.fromisoformat(at) if at else None,
        "skipped": [{"row": s["row"], "reason": SKIPPED[s["reason"]]} for s in sheet["skipped"]],
    }


def _with_suggestions(fields: dict[int, str], samples: dict[str, list[str]]) -> dict[int, str]:
    """For the clerk to confirm: what the values of a column without a meaning can only be."""
    suggested = dict(fields)
    for column in suggested:
        values = samples.get(str(column), [])
        for field, pattern in _LOOKS:
            if values and field not in suggested.values() and all(map(pattern.fullmatch, values)):
                suggested[column] = suggested[column] or field
    return suggested


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
    read = what_was_read(upload, samples=_samples(upload), chosen=chosen)
    context = {
        "project": project,
        "upload": upload,
        "company": company.organisation.name,
        "read": read,
        "chosen_at": max((s["chosen_at"] for s in read["sheets"] if s["chosen_at"]), default=None),
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
    sheets = found.reading.get("sheets", [])
    chosen = {
        place: {c["column"]: request.POST.get(f"s{place}-c{c['column']}", "") for c in sheet["columns"]}
        for place, sheet in enumerate(sheets)
    }
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
