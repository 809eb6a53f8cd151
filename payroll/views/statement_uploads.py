"""A large statement that somebody brought: how far it is, and why it was refused."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRefresh

from payroll.models import StatementUpload
from payroll.services.statement_uploads import access_statement_upload
from payroll.views.statements import HOLDERS, say_read
from registration.http import ActorRequest, staff_view
from registration.services.progress import told

State = StatementUpload.State


def _progress_of(upload: StatementUpload) -> dict[str, Any]:
    return {"upload": upload, "done": told("statement", upload.pk), "total": upload.lines_total}


@require_safe
@staff_view(*HOLDERS)
def upload_page(request: ActorRequest, pk: int) -> HttpResponse:
    """How far the reading is, or why the file was refused; what was read is shown as the statement itself."""
    upload = access_statement_upload(pk, request.actor)
    if upload.state == State.DONE and upload.statement is not None:
        if upload.confirms:
            messages.success(request, _("Confirmed and taken in."))
        else:
            say_read(request, upload.statement, is_new=upload.is_new)
        return redirect("payroll:statement", upload.statement.pk)
    context = _progress_of(upload) | {"account": upload.account}
    return render(request, "payroll/statement_upload.html", context)


@require_safe
@staff_view(*HOLDERS)
def upload_progress(request: ActorRequest, pk: int) -> HttpResponse:
    """The progress bar, asked for every second by the page; the page is reloaded when the work is over."""
    upload = access_statement_upload(pk, request.actor)
    if upload.state != State.READING:
        return HttpResponseClientRefresh()
    return render(request, "payroll/statement_upload_progress.html", _progress_of(upload))
