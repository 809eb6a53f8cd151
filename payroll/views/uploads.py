"""Uploading a pay sheet the contractor made: send, compare, apply."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from payroll import labels
from payroll.access import access_upload
from payroll.models import SheetUpload
from payroll.services import uploads
from payroll.services.upload_writing import (
    WRITE_INLINE,
    apply_sheet_upload,
    begin_writing,
    people_to_write,
)
from payroll.tasks import read_sheet, write_sheet
from payroll.views.sheets import chosen_part, parts_to_prepare, recent_months, with_teams, xlsx
from payroll.views.upload_columns import columns_page, shown_tables, steps
from registration.http import ActorRequest, staff_view
from registration.models import Participation, Worker
from registration.permissions import CLERK
from registration.services.progress import told
from registration.services.rosters import INLINE_BYTES, STUCK_AFTER
from registration.tasks import begin
from wagewatch.lib.dates import first_of_month, parse_month, previous_month, site_date
from wagewatch.lib.errors import Malformed, WagewatchError

State = SheetUpload.State
PER_PAGE = 100
RECENT = 10
ORDER = {"refused": 0, "different": 1, "same": 2}


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*CLERK)
def upload_new(request: ActorRequest) -> HttpResponse:
    """Choose contractor and month, send the file."""
    source = request.POST if request.method == "POST" else request.GET
    parts = parts_to_prepare(request.actor)
    today = site_date(timezone.now())
    problem: WagewatchError | None = None
    if request.method == "POST":
        try:
            part, team_id = chosen_part(source.get("part", ""), parts)
            file = request.FILES.get("file")
            if file is None or not file.name:
                raise Malformed("file.none", _("Choose a file first: .xlsx, .xls, .ods or .csv."))
            upload = uploads.keep_sheet_file(
                part.project_id,
                part.pk,
                parse_month(source.get("month", "")),
                filename=file.name,
                data=file.read(),
                team_id=team_id,
                actor=request.actor,
                now=timezone.now(),
            )
        except WagewatchError as error:
            problem = error
        else:
            begin(read_sheet, upload.pk, small=upload.size <= INLINE_BYTES)
            return redirect("payroll:sheet-staged", pk=upload.pk)
    return render(
        request,
        "payroll/upload_new.html",
        {
            "parts": with_teams(parts),
            "part_chosen": source.get("part", ""),
            "months": recent_months(today),
            "month_chosen": source.get("month", "") or f"{previous_month(first_of_month(today)):%Y-%m}",
            "problem": problem.message if problem else "",
            "recent": _recent(parts),
        },
        status=problem.status if problem else 200,
    )


@require_safe
@staff_view(*CLERK)
def staged(request: ActorRequest, pk: int) -> HttpResponse:
    """The rows as read, compared with attendance; refused ones first."""
    upload = access_upload(pk, request.actor)
    if upload.state in {State.READING, State.APPLYING}:
        stuck = upload.state == State.READING and timezone.now() - upload.uploaded_at > STUCK_AFTER
        context = _progress_of(upload) | {"stuck": stuck, "steps": steps()}
        return render(request, "payroll/upload_reading.html", context)
    if upload.state == State.NAMING:
        return columns_page(request, upload)
    show = request.GET.get("show", "")
    rows = [r for r in upload.rows if not show or r["verdict"] == show]
    rows.sort(key=lambda r: (ORDER[r["verdict"]], r["sheet"], r["line"]))
    counts = upload.reading.get("counts", {})
    absent = upload.reading.get("absent", [])
    names = dict(Worker.objects.filter(pk__in=[a["worker"] for a in absent]).values_list("pk", "name"))
    good = [r for r in upload.rows if r["verdict"] != "refused"]
    texts = {"refused": _("Cannot be taken"), "different": _("Differ from the gates"), "same": _("The same")}
    tabs = [{"url": "?", "label": _("All"), "count": len(upload.rows), "current": not show}]
    tabs += [
        {"url": f"?show={key}", "label": text, "count": counts[key], "current": show == key}
        for key, text in texts.items()
        if counts.get(key)
    ]
    return render(
        request,
        "payroll/upload.html",
        {
            "upload": upload,
            "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
            "tabs": tabs,
            "counts": counts,
            "good": len(good),
            "net_fen": sum(r["net_fen"] for r in good),
            "absent": [a | {"name": names.get(a["worker"], "")} for a in absent],
            "steps": steps(),
            "is_staged": upload.state == State.STAGED,
            "tables": shown_tables(upload),
            "rates": labels.RATES,
        },
    )


def _recent(parts: Iterable[Participation]) -> QuerySet[SheetUpload]:
    """The uploads of late for these contractors: who leaves the page finds the result here."""
    return (
        SheetUpload.objects.filter(participation__in=[part.pk for part in parts])
        .select_related("participation__organisation", "project", "team", "uploaded_by")
        .defer("content", "samples", "rows", "reading")
        .order_by("-uploaded_at", "-pk")[:RECENT]
    )


def _progress_of(upload: SheetUpload) -> dict[str, Any]:
    writing = upload.state == State.APPLYING
    total = people_to_write(upload) if writing else upload.rows_total
    return {"upload": upload, "done": told("sheet", upload.pk), "total": total}


@require_safe
@staff_view(*CLERK)
def progress(request: ActorRequest, pk: int) -> HttpResponse:
    """The progress bar, asked for every second by the page; the page is reloaded when the work is over."""
    upload = access_upload(pk, request.actor, with_rows=False)
    if upload.state not in {State.READING, State.APPLYING}:
        return HttpResponseClientRefresh()
    return render(request, "payroll/upload_progress.html", _progress_of(upload))


@require_POST
@staff_view(*CLERK)
def again(request: ActorRequest, pk: int) -> HttpResponse:
    """Read a file once more whose reading broke off, or compare it anew."""
    upload = uploads.read_sheet_again(pk, actor=request.actor, now=timezone.now())
    begin(read_sheet, upload.pk, small=upload.size <= INLINE_BYTES)
    return redirect("payroll:sheet-staged", pk=pk)


@require_POST
@staff_view(*CLERK)
def apply(request: ActorRequest, pk: int) -> HttpResponse:
    """Write the good rows as the month's draft: a few at once, many by the worker process (by this one if the queue is
    away)."""
    upload = access_upload(pk, request.actor, with_rows=False)
    if upload.state == State.STAGED and people_to_write(upload) > WRITE_INLINE:
        begin_writing(pk, actor=request.actor, now=timezone.now())
        begin(write_sheet, pk, small=False)
        return redirect("payroll:sheet-staged", pk=pk)
    sheet = apply_sheet_upload(pk, actor=request.actor, now=timezone.now())
    messages.success(
        request,
        ngettext("Draft made: %(count)s person.", "Draft made: %(count)s people.", sheet.people)
        % {"count": sheet.people},
    )
    return redirect("payroll:sheet", pk=sheet.pk)


@require_POST
@staff_view(*CLERK)
def discard(request: ActorRequest, pk: int) -> HttpResponse:
    """Put the upload aside."""
    uploads.discard_sheet_upload(pk, actor=request.actor, now=timezone.now())
    messages.success(request, _("The upload was put aside. Nothing was written."))
    return redirect("payroll:sheets")


@require_safe
@staff_view(*CLERK)
def refused(request: ActorRequest, pk: int) -> HttpResponse:
    """The refused rows with their reasons, to correct and send again."""
    upload = access_upload(pk, request.actor)
    return xlsx(uploads.refused_rows_workbook(upload), f"refused-rows-{upload.pk}.xlsx")
