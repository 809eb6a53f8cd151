"""Uploading a pay sheet the contractor made: send, compare, apply."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from payroll import labels
from payroll.access import access_upload
from payroll.models import SheetUpload
from payroll.services import uploads
from payroll.views.sheets import parts_to_prepare, recent_months, xlsx
from registration.http import ActorRequest, staff_view
from registration.models import Worker
from registration.permissions import CLERK
from wagewatch.lib.dates import first_of_month, parse_month, previous_month, site_date
from wagewatch.lib.errors import Malformed, WagewatchError

PER_PAGE = 100
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
            part = next((p for p in parts if str(p.pk) == source.get("part")), None)
            if part is None:
                raise Malformed("sheet.part", _("Choose for whom the sheet is made."))
            file = request.FILES.get("file")
            if file is None or not file.name:
                raise Malformed("file.none", _("Choose a file first: .xlsx, .xls or .csv."))
            upload = uploads.receive_sheet_file(
                part.project_id,
                part.pk,
                parse_month(source.get("month", "")),
                filename=file.name,
                data=file.read(),
                actor=request.actor,
                now=timezone.now(),
            )
        except WagewatchError as error:
            problem = error
        else:
            return redirect("payroll:sheet-staged", pk=upload.pk)
    return render(
        request,
        "payroll/upload_new.html",
        {
            "parts": parts,
            "part_chosen": source.get("part", ""),
            "months": recent_months(today),
            "month_chosen": source.get("month", "") or f"{previous_month(first_of_month(today)):%Y-%m}",
            "problem": problem.message if problem else "",
        },
        status=problem.status if problem else 200,
    )


@require_safe
@staff_view(*CLERK)
def staged(request: ActorRequest, pk: int) -> HttpResponse:
    """The rows as read, compared with attendance; refused ones first."""
    upload = access_upload(pk, request.actor)
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
            "steps": [_("Choose file"), _("Compare"), _("Write draft")],
            "is_staged": upload.state == SheetUpload.State.STAGED,
            "rates": labels.RATES,
        },
    )


@require_POST
@staff_view(*CLERK)
def apply(request: ActorRequest, pk: int) -> HttpResponse:
    """Write the good rows as the month's draft."""
    sheet = uploads.apply_sheet_upload(pk, actor=request.actor, now=timezone.now())
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
