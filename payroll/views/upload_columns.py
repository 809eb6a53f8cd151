"""Which column of an uploaded pay sheet is which: shown, corrected by the clerk, forgotten again."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from payroll.access import access_upload
from payroll.models import SheetUpload
from payroll.services import uploads
from payroll.sheet_tables import IMPORTED
from payroll.tasks import read_sheet
from payroll.upload_words import FIELDS, SKIPPED
from registration.http import ActorRequest, staff_view
from registration.permissions import CLERK
from registration.services.rosters import INLINE_BYTES
from registration.tasks import begin
from registration.views.column_choices import (
    Samples,
    choices_sent,
    last_chosen,
    samples_from,
    shown_sheets,
)
from wagewatch.lib.errors import Malformed

State = SheetUpload.State


def steps() -> list[Any]:
    """The steps of an upload."""
    return [_("Choose file"), _("Compare"), _("Write draft")]


def shown_tables(
    upload: SheetUpload, *, samples: Samples = (), chosen: dict[str, str] | None = None
) -> list[dict[str, Any]]:
    """The tables of an upload for the template; `chosen`: what a form that was sent says instead."""
    return shown_sheets(upload.reading.get("tables", []), FIELDS, SKIPPED, samples=samples, chosen=chosen)


def columns_page(
    request: ActorRequest, upload: SheetUpload, *, chosen: dict[str, str] | None = None, error: str = ""
) -> HttpResponse:
    """The page on which a clerk says which column is which."""
    tables = shown_tables(upload, samples=samples_from(upload.samples), chosen=chosen)
    context = {
        "upload": upload,
        "tables": tables,
        "chosen_at": last_chosen(tables),
        "fields": [(field, FIELDS[field]) for field in IMPORTED],
        "error": error,
        "steps": steps(),
    }
    return render(request, "payroll/upload_columns.html", context, status=400 if error else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*CLERK)
def columns(request: ActorRequest, pk: int) -> HttpResponse:
    """Look at the columns; say which is which, have it remembered and the file read again."""
    upload = access_upload(pk, request.actor, with_rows=False)
    if request.method != "POST":
        if upload.state not in {State.STAGED, State.NAMING} or not upload.reading.get("tables"):
            return redirect("payroll:sheet-staged", pk=pk)
        return columns_page(request, upload)
    chosen = choices_sent(request.POST, upload.reading.get("tables", []))
    try:
        begun = uploads.choose_columns(pk, chosen, actor=request.actor, now=timezone.now())
    except Malformed as problem:
        sent = {name: str(value) for name, value in request.POST.items()}
        return columns_page(request, upload, chosen=sent, error=problem.message)
    return _read(
        request, begun, _("The file is read with these columns; the next one will be read so at once.")
    )


@require_POST
@staff_view(*CLERK)
def forget(request: ActorRequest, pk: int) -> HttpResponse:
    """Forget what was chosen for tables like this one, and read the file by its headings again."""
    begun = uploads.forget_columns(pk, actor=request.actor, now=timezone.now())
    return _read(request, begun, _("Forgotten. The file is read by its headings alone."))


def _read(request: ActorRequest, upload: SheetUpload, text: Any) -> HttpResponse:
    begin(read_sheet, upload.pk, small=upload.size <= INLINE_BYTES)
    messages.success(request, text)
    return redirect("payroll:sheet-staged", pk=upload.pk)
