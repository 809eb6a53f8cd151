"""Upload of a roster: choose the file, look at what it would change, write the good rows."""

from typing import Any

import msgspec
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from registration.http import ActorRequest, staff_view
from registration.models import Participation, PayBasis, RosterRow, RosterUpload
from registration.permissions import CLERK
from registration.rules.roster_row import Defaults
from registration.rules.trades import TRADES
from registration.services.progress import told
from registration.services.roster_apply import apply_roster, write_upload
from registration.services.rosters import (
    APPLY_INLINE,
    STUCK_AFTER,
    access_upload,
    begin_applying,
    discard_roster,
    read_again,
    receive_roster,
)
from registration.tasks import start, write_roster
from registration.views.roster_columns import columns_page, what_was_read
from registration.views.roster_door import begin_reading, door, employers, staged_rows
from registration.views.roster_forms import DefaultsForm, UploadForm, defaults_form
from registration.views.roster_rows import (
    COLUMNS,
    FIELDS,
    fields_in_words,
    file_refusal,
    people_count,
    shown_rows,
)
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation

PAGE = 50
State = RosterUpload.State


@require_http_methods(["GET", "POST"])
@staff_view(*CLERK)
def upload(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """Choose file and company; below, the uploads of late."""
    project = door(request, project_pk)
    parts = employers(request, project)
    form = UploadForm(
        request.POST or None,
        request.FILES or None,
        parts=parts,
        initial={"joined_on": site_date(timezone.now()), "basis": PayBasis.DAY},
    )
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        received = receive_roster(
            project.pk,
            form.cleaned_data["participation"].pk,
            file.name or "",
            file.read(),
            defaults=form.defaults,
            actor=request.actor,
            now=timezone.now(),
        )
        begin_reading(received)
        return redirect("registration:roster", project.pk, received.pk)
    recent = (
        RosterUpload.objects.filter(project=project, participation__in=parts.values("pk"))
        .select_related("participation__organisation", "uploaded_by")
        .defer("content", "reading")
        .order_by("-uploaded_at")[:10]
    )
    context = {"project": project, "form": form, "recent": recent, "trades": TRADES}
    return render(
        request, "registration/contractor_roster_upload.html", context, status=400 if form.errors else 200
    )


def _tabs(upload: RosterUpload, current: str) -> list[dict[str, Any]]:
    counts = upload.summary
    labels = (
        ("look", _("To look at"), counts.get("refused", 0) + counts.get("look", 0)),
        ("refused", pgettext_lazy("roster row", "Refused"), counts.get("refused", 0)),
        ("new", pgettext_lazy("roster row", "New"), counts.get("new", 0)),
        ("changed", pgettext_lazy("roster row", "Changed"), counts.get("changed", 0)),
        ("unchanged", pgettext_lazy("roster row", "Unchanged"), counts.get("unchanged", 0)),
        ("all", _("All"), upload.rows_total),
    )
    return [
        {"key": key, "label": label, "count": count, "url": f"?show={key}", "current": key == current}
        for key, label, count in labels
    ]


def _stats(upload: RosterUpload) -> list[dict[str, Any]]:
    counts = upload.summary
    return [
        {
            "label": pgettext_lazy("roster row", "New"),
            "figure": counts["new"],
            "unit": people_count(counts["new"]),
            "note": _("with team, trade, rate and card"),
        },
        {
            "label": pgettext_lazy("roster row", "Changed"),
            "figure": counts["changed"],
            "unit": people_count(counts["changed"]),
            "note": fields_in_words(counts["fields"]) or _("nothing differs"),
        },
        {
            "label": pgettext_lazy("roster row", "Unchanged"),
            "figure": counts["unchanged"],
            "unit": people_count(counts["unchanged"]),
            "note": _("as on record, not written again"),
        },
        {
            "label": pgettext_lazy("roster row", "Refused"),
            "figure": counts["refused"],
            "unit": ngettext("row", "rows", counts["refused"]),
            "note": _("not written; download, correct, upload again"),
        },
    ]


@require_GET
@staff_view(*CLERK)
def roster(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """An upload in whatever state it is: being read, refused, to be looked at, written."""
    project = door(request, project_pk)
    found = access_upload(project.pk, pk, request.actor)
    company = Participation.objects.select_related("organisation").get(
        pk=found.participation_id, project=project
    )
    context: dict[str, Any] = {"project": project, "upload": found, "company": company.organisation.name}
    if found.state in {State.READING, State.APPLYING}:
        reading = found.state == State.READING
        context["stuck"] = reading and timezone.now() - found.uploaded_at > STUCK_AFTER
        context |= _progress_of(found)
        return render(request, "registration/contractor_roster_reading.html", context)
    if found.state in {State.REFUSED, State.DISCARDED}:
        context["why"] = file_refusal(found)
        context["forgotten"] = found.reading.get("forgotten")
        return render(request, "registration/contractor_roster_refused.html", context)
    if found.state == State.NAMING:
        return columns_page(request, project, found)
    counts = found.summary
    shown = request.GET.get("show") or ("look" if counts["refused"] + counts["look"] else "all")
    shown = shown if shown in {"look", "refused", "new", "changed", "unchanged", "all"} else "all"
    page = Paginator(staged_rows(found, shown), PAGE).get_page(request.GET.get("page"))
    rows = shown_rows(page)
    context |= {
        "page": page,
        "rows": rows,
        "groups": _groups(rows) if shown == "look" else [{"rows": rows}],
        "headings": [(FIELDS[column], column == "rate") for column in COLUMNS],
        "tabs": _tabs(found, shown),
        "stats": _stats(found),
        "read": what_was_read(found),
        "several_sheets": len(found.reading.get("sheets", [])) > 1,
        "to_write": _to_write(found),
        "given_back": file_refusal(found) if found.state == State.STAGED else "",
        "defaults_form": defaults_form(found),
        "trades": TRADES,
        "missing_choices": found.state == State.STAGED and _could_be_chosen(found),
    }
    return render(request, "registration/contractor_roster.html", context)


def _groups(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    refused = [row for row in rows if row["verdict"] == "refused"]
    others = [row for row in rows if row["verdict"] != "refused"]
    groups: list[dict[str, Any]] = [{"rows": refused}] if refused else []
    if others:
        groups.append({"title": _("Will be written, please look"), "rows": others})
    return groups


def _could_be_chosen(upload: RosterUpload) -> bool:
    """Whether rows are refused only for something that can be chosen for the whole file."""
    missing = Q()
    for code in ("team.missing", "trade.missing", "rate.missing"):
        missing |= Q(messages__contains=[{"code": code}])
    return RosterRow.objects.filter(missing, project_id=upload.project_id, upload_id=upload.pk).exists()


@require_GET
@staff_view(*CLERK)
def progress(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """The progress bar, asked for every second by the page; the page is reloaded when the work is over."""
    found = access_upload(project_pk, pk, request.actor)
    if found.state not in {State.READING, State.APPLYING}:
        return HttpResponseClientRefresh()
    return render(request, "registration/contractor_roster_progress.html", _progress_of(found))


def _progress_of(upload: RosterUpload) -> dict[str, Any]:
    if upload.state == State.APPLYING:
        total = upload.summary["new"] + upload.summary["changed"]
        return {"upload": upload, "done": told("roster", upload.pk), "total": total}
    return {"upload": upload, "done": upload.rows_done, "total": upload.rows_total}


@require_POST
@staff_view(*CLERK)
def apply(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """Write the good rows: a few at once, many by the worker process (by this one if the queue is away)."""
    waiting = access_upload(project_pk, pk, request.actor)
    if waiting.state == State.STAGED and _to_write(waiting) > APPLY_INLINE:
        begin_applying(project_pk, pk, actor=request.actor, now=timezone.now())
        if not start(write_roster, pk):
            write_upload(pk, actor=request.actor, now=timezone.now())
        return redirect("registration:roster", project_pk, pk)
    if waiting.state == State.APPLYING:
        raise RuleViolation("roster.applying", _("This roster is being written. Wait until it is done."))
    done = apply_roster(project_pk, pk, actor=request.actor, now=timezone.now())
    counts = done.summary
    text = gettext("Written: %(written)s people, %(new)s new and %(changed)s changed.") % counts
    if counts["refused"]:
        text += (
            " "
            + gettext("%(refused)s rows were refused; download them, correct and upload them again.") % counts
        )
    messages.success(request, text)
    return redirect("registration:roster", project_pk, pk)


def _to_write(upload: RosterUpload) -> int:
    counts = upload.summary
    return int(counts.get("new", 0) + counts.get("changed", 0))


@require_POST
@staff_view(*CLERK)
def again(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """Read the file again, with other choices or because the first reading broke off."""
    project = door(request, project_pk)
    found = access_upload(project.pk, pk, request.actor)
    form = DefaultsForm(request.POST)
    if "keep" in request.POST:
        choices = msgspec.convert(found.reading["defaults"], Defaults)
    elif form.is_valid():
        choices = form.defaults
    else:
        for error in form.errors.values():
            messages.error(request, " ".join(map(str, error)))
        return redirect("registration:roster", project.pk, pk)
    begun = read_again(project.pk, pk, defaults=choices, actor=request.actor, now=timezone.now())
    begin_reading(begun)
    return redirect("registration:roster", project.pk, pk)


@require_POST
@staff_view(*CLERK)
def discard(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """Give the upload up."""
    discard_roster(project_pk, pk, actor=request.actor, now=timezone.now())
    messages.success(request, _("The upload was given up; nothing was written."))
    return redirect("registration:roster-upload", project_pk)
