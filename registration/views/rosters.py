"""Upload of a roster: choose the file, look at what it would change, write the good rows."""

import datetime
from typing import Any

import msgspec
from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from registration.access import access_project, participations_for
from registration.http import ActorRequest, staff_view
from registration.models import Participation, PayBasis, Project, RosterRow, RosterUpload, Team
from registration.permissions import CLERK
from registration.rules.roster_row import Defaults
from registration.rules.trades import TRADES
from registration.services.roster_apply import apply_roster
from registration.services.rosters import (
    INLINE_BYTES,
    STUCK_AFTER,
    access_upload,
    discard_roster,
    read_again,
    read_upload,
    receive_roster,
)
from registration.tasks import read_roster, start
from registration.views.roster_rows import (
    COLUMNS,
    FIELDS,
    LEFT_OUT,
    SKIPPED,
    fields_in_words,
    file_refusal,
    people_count,
    say,
    shown_rows,
    staged_of,
)
from registration.views.scope import set_scope
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed
from wagewatch.lib.heading_names import ROSTER_FIELDS
from wagewatch.lib.money import fen_to_decimal, parse_yuan
from wagewatch.lib.sheets import MAX_BYTES, ColumnOut, SheetOut, write_workbook

PAGE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
State = RosterUpload.State


class DefaultsForm(forms.Form):
    """What holds for the whole file where it says nothing."""

    team = forms.CharField(
        label=_("Team"), max_length=60, required=False, widget=forms.TextInput(attrs={"class": "input"})
    )
    trade = forms.CharField(
        label=_("Trade"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"class": "input", "list": "trades"}),
    )
    rate = forms.CharField(
        label=_("Rate in yuan"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"class": "input", "inputmode": "decimal"}),
    )
    basis = forms.ChoiceField(
        label=_("Paid by"),
        choices=PayBasis.choices,
        required=False,
        initial=PayBasis.DAY,
        widget=forms.Select(attrs={"class": "input"}),
    )
    joined_on = forms.DateField(
        label=_("Joined on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "input"}, format="%Y-%m-%d"),
    )

    def clean_rate(self) -> int | None:
        if not self.cleaned_data["rate"].strip():
            return None
        try:
            rate = parse_yuan(self.cleaned_data["rate"])
        except Malformed as error:
            raise forms.ValidationError(error.message) from None
        if not 0 < rate <= 100_000_000:
            raise forms.ValidationError(_("The rate must be more than 0."))
        return rate

    def clean_joined_on(self) -> datetime.date | None:
        day = self.cleaned_data["joined_on"]
        if day is not None and not 2000 <= day.year <= 2099:
            raise forms.ValidationError(_("Check the year."))
        return day

    @property
    def defaults(self) -> Defaults:
        """The choices as a value."""
        data = self.cleaned_data
        return Defaults(
            team=" ".join(data["team"].split()),
            trade=" ".join(data["trade"].split()),
            rate_fen=data["rate"],
            basis=data["basis"] or PayBasis.DAY,
            joined_on=data["joined_on"],
        )


class UploadForm(DefaultsForm):
    """The file and for which company it is."""

    participation = forms.ModelChoiceField(
        label=_("For which company"),
        queryset=Participation.objects.none(),
        empty_label=None,
        widget=forms.Select(attrs={"class": "input"}),
    )
    file = forms.FileField(
        label=_("Roster file"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv,.et", "class": "input"}),
        error_messages={
            "required": _("Choose a file first."),
            "empty": _("The file is empty. Fill in the table and upload it again."),
        },
    )

    def __init__(self, *args: Any, parts: QuerySet[Participation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["participation"]
        field.queryset = parts  # type: ignore[attr-defined]
        field.label_from_instance = lambda part: part.organisation.name  # type: ignore[attr-defined]
        self.order_fields(["participation", "file"])

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            text = _("The file is larger than %(limit)s MB. Remove pictures or split it into several files.")
            raise forms.ValidationError(text % {"limit": MAX_BYTES // 1024 // 1024})
        return file


def _parts(request: ActorRequest, project: Project) -> QuerySet[Participation]:
    employs = (
        Participation.Role.GENERAL_CONTRACTOR,
        Participation.Role.SUBCONTRACTOR,
        Participation.Role.AGENCY,
    )
    return (
        participations_for(request.actor, project, permission="roster.upload")
        .filter(role__in=employs, left_on=None)
        .select_related("organisation")
        .order_by("-role", "pk")
    )


def _door(request: ActorRequest, project_pk: int) -> Project:
    project = access_project(project_pk, request.actor, permission="roster.upload")
    set_scope(request, project)
    return project


def _begin_reading(upload: RosterUpload) -> None:
    """Small files at once, large ones by the worker process; by this one if the queue is away."""
    if upload.size <= INLINE_BYTES or not start(read_roster, upload.pk):
        read_upload(upload.pk, now=timezone.now())


@require_http_methods(["GET", "POST"])
@staff_view(*CLERK)
def upload(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """Choose file and company; below, the uploads of late."""
    project = _door(request, project_pk)
    parts = _parts(request, project)
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
        _begin_reading(received)
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


def _rows(upload: RosterUpload, show: str) -> QuerySet[RosterRow]:
    rows = RosterRow.objects.filter(project_id=upload.project_id, upload_id=upload.pk).order_by("row")
    if show == "look":
        warned = Q(messages__contains=[{"kind": "warn"}])
        return rows.filter(Q(verdict="refused") | warned)
    return rows if show == "all" else rows.filter(verdict=show)


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


def _letter(column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _what_was_read(upload: RosterUpload) -> dict[str, Any]:
    """Sheets and columns that were read, and all that was left out."""
    sheets = [
        {
            "name": sheet["name"],
            "head": ", ".join(map(str, sheet["heading_rows"])),
            "rows": sheet["rows"],
            "columns": sorted(
                (
                    {
                        "place": c["column"],
                        "letter": _letter(c["column"]),
                        "heading": c["heading"],
                        "field": FIELDS.get(c.get("field", "")),
                    }
                    for c in (*sheet["columns"], *sheet["ignored"])
                ),
                key=lambda c: c["place"],
            ),
            "skipped": [{"row": s["row"], "reason": SKIPPED[s["reason"]]} for s in sheet["skipped"]],
        }
        for sheet in upload.reading.get("sheets", [])
    ]
    left_out = [
        {"sheet": o["sheet"], "reason": LEFT_OUT[o["reason"]]} for o in upload.reading.get("left_out", [])
    ]
    return {"sheets": sheets, "left_out": left_out}


@require_GET
@staff_view(*CLERK)
def roster(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """An upload in whatever state it is: being read, refused, to be looked at, written."""
    project = _door(request, project_pk)
    found = access_upload(project.pk, pk, request.actor)
    company = Participation.objects.select_related("organisation").get(
        pk=found.participation_id, project=project
    )
    context: dict[str, Any] = {"project": project, "upload": found, "company": company.organisation.name}
    if found.state == State.READING:
        context["stuck"] = timezone.now() - found.uploaded_at > STUCK_AFTER
        return render(request, "registration/contractor_roster_reading.html", context)
    if found.state in {State.REFUSED, State.DISCARDED}:
        context["why"] = file_refusal(found)
        return render(request, "registration/contractor_roster_refused.html", context)
    counts = found.summary
    shown = request.GET.get("show") or ("look" if counts["refused"] + counts["look"] else "all")
    shown = shown if shown in {"look", "refused", "new", "changed", "unchanged", "all"} else "all"
    page = Paginator(_rows(found, shown), PAGE).get_page(request.GET.get("page"))
    rows = shown_rows(page)
    context |= {
        "page": page,
        "rows": rows,
        "groups": _groups(rows) if shown == "look" else [{"rows": rows}],
        "headings": [(FIELDS[column], column == "rate") for column in COLUMNS],
        "tabs": _tabs(found, shown),
        "stats": _stats(found),
        "read": _what_was_read(found),
        "several_sheets": len(found.reading.get("sheets", [])) > 1,
        "to_write": counts["new"] + counts["changed"],
        "defaults_form": _defaults_form(found),
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


def _defaults_form(upload: RosterUpload) -> DefaultsForm:
    kept = dict(upload.reading.get("defaults", {}))
    rate = kept.pop("rate_fen", None)
    return DefaultsForm(initial={**kept, "rate": fen_to_decimal(rate) if rate else ""})


@require_GET
@staff_view(*CLERK)
def progress(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """The progress bar, asked for every second by the page; the page is reloaded when reading is over."""
    found = access_upload(project_pk, pk, request.actor)
    if found.state != State.READING:
        return HttpResponseClientRefresh()
    return render(request, "registration/contractor_roster_progress.html", {"upload": found})


@require_POST
@staff_view(*CLERK)
def apply(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """Write the good rows."""
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


@require_POST
@staff_view(*CLERK)
def again(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """Read the file again, with other choices or because the first reading broke off."""
    project = _door(request, project_pk)
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
    _begin_reading(begun)
    return redirect("registration:roster", project.pk, pk)


@require_POST
@staff_view(*CLERK)
def discard(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """Give the upload up."""
    discard_roster(project_pk, pk, actor=request.actor, now=timezone.now())
    messages.success(request, _("The upload was given up; nothing was written."))
    return redirect("registration:roster-upload", project_pk)


_OUT = (
    ("name", "text", 10),
    ("id_number", "text", 22),
    ("sex", "text", 6),
    ("phone", "text", 14),
    ("trade", "text", 12),
    ("team", "text", 14),
    ("pay_basis", "text", 10),
    ("day_rate", "text", 12),
    ("card_number", "text", 24),
    ("bank_name", "text", 18),
    ("joined_on", "text", 12),
    ("left_on", "text", 12),
)
_BASIS = {"day": "按天", "hour": "按小时", "month": "按月", "piece": "计件"}
_CELL_OF = {"day_rate": "rate"}


def _columns(teams: list[str]) -> list[ColumnOut]:
    choices: dict[str, tuple[str, ...]] = {
        "sex": ("男", "女"),
        "trade": TRADES,
        "team": tuple(teams),
        "pay_basis": tuple(_BASIS.values()),
    }
    hints = {
        "id_number": "18 位，单元格为文本格式",
        "card_number": "本人的银行卡，单元格为文本格式",
        "phone": "11 位手机号，工人用它登录、看工资、确认",
        "day_rate": "元；按月、按小时、计件的，写对应的单价并选计薪方式",
        "joined_on": "写成 2026-03-05 这样",
    }
    required = {"name", "id_number", "trade", "team", "day_rate"}
    return [
        ColumnOut(
            ROSTER_FIELDS[field][0],
            "text",
            width,
            choices.get(field, ()),
            hints.get(field, ""),
            field in required,
        )
        for field, _kind, width in _OUT
    ]


def _xlsx(data: bytes, name: str) -> HttpResponse:
    return HttpResponse(
        data, content_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@require_GET
@staff_view(*CLERK)
def template(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """An empty roster with drop-downs for teams, trades, sex and pay basis."""
    project = _door(request, project_pk)
    teams = Team.objects.filter(project=project, participation__in=_parts(request, project).values("pk"))
    names = sorted(set(teams.values_list("name", flat=True)))
    return _xlsx(write_workbook([SheetOut("花名册", _columns(names))]), f"roster-{project.pk}.xlsx")


@require_GET
@staff_view(*CLERK)
def refused(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """The refused rows as they were typed, marked, with the reason beside each."""
    project = _door(request, project_pk)
    found = access_upload(project.pk, pk, request.actor)
    columns = [*_columns([]), ColumnOut("原行号", width=8), ColumnOut("不能写入的原因", width=60)]
    rows, marked = [], set()
    for number, row in enumerate(_rows(found, "refused").iterator(chunk_size=2000)):
        staged = staged_of(row)
        values: dict[str, Any] = {
            "name": staged.values.name,
            "id_number": staged.values.id_number,
            "sex": {1: "男", 2: "女"}.get(staged.values.sex, ""),
            "phone": staged.values.phone,
            "trade": staged.values.trade,
            "team": staged.values.team,
            "pay_basis": _BASIS.get(staged.values.basis, ""),
            "rate": str(fen_to_decimal(staged.values.rate_fen)) if staged.values.rate_fen else "",
            "card_number": staged.values.card,
            "bank_name": staged.values.bank,
            "joined_on": staged.values.joined_on.isoformat() if staged.values.joined_on else "",
            "left_on": staged.values.left_on.isoformat() if staged.values.left_on else "",
        } | staged.raw
        stops = [m for m in row.messages if m["kind"] == "stop"]
        wrong = {m["field"] for m in stops}
        cells = [_CELL_OF.get(field, field) for field, _kind, _width in _OUT]
        marked |= {(number, place) for place, field in enumerate(cells) if field in wrong}
        rows.append([*(values[field] for field in cells), str(row.line), " ".join(say(m) for m in stops)])
    sheet = SheetOut("退回", columns, rows, marked=frozenset(marked))
    return _xlsx(write_workbook([sheet]), f"roster-{found.pk}-refused.xlsx")
