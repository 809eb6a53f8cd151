"""One person's date for the clerk: see every stamp, add a missing one, not count a wrong one, leave it open."""

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from devices.access import access_site
from devices.models import DayCorrection
from devices.models.passages import Direction
from devices.person_day import open_days, person_day
from devices.rules import work_date
from devices.services import corrections as services
from devices.services.photos import open_photo
from devices.views.site import FIRST_YEAR, LAST_YEAR, day_asked, month_asked
from registration.access import access_worker
from registration.http import ActorRequest, staff_view
from registration.models import Project, Role, StoredFile, Worker
from registration.permissions import CLERK, CONTRACTOR, PERMISSIONS
from registration.views.people import PURPOSES
from registration.views.scope import set_scope
from wagewatch.lib.dates import SITE_TZ, first_of_month, month_range, next_month, previous_month
from wagewatch.lib.errors import RuleViolation, WagewatchError

Reason = DayCorrection.Reason
READERS = (*CONTRACTOR, Role.INSPECTOR)
ADDED = (Reason.FORGOT, Reason.GATE_DOWN, Reason.OTHER_WAY)
VOIDED = (Reason.WRONG_PERSON, Reason.WRONG_DIRECTION)


class NoteForm(forms.Form):
    """Why: one of the reasons, and a sentence."""

    reason = forms.ChoiceField(label=_("Why"), choices=())
    note = forms.CharField(
        label=_("What happened"),
        max_length=200,
        help_text=_("The worker and the inspector read this."),
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, reasons: tuple[Reason, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["reason"]
        chosen.choices = [(r.value, r.label) for r in reasons]
        chosen.widget.attrs["class"] = "input"


class StampForm(NoteForm):
    """A stamp that no gate recorded."""

    direction = forms.ChoiceField(
        label=_("In or out"),
        choices=[(str(Direction.IN.value), _("Came in")), (str(Direction.OUT.value), _("Went out"))],
        initial=str(Direction.OUT.value),
        widget=forms.RadioSelect,
    )
    on = forms.DateField(
        label=_("Day"), widget=forms.DateInput(attrs={"type": "date", "class": "input"}, format="%Y-%m-%d")
    )
    clock = forms.TimeField(
        label=_("Time"),
        input_formats=["%H:%M"],
        error_messages={"invalid": _("Write the time as 17:30.")},
        widget=forms.TimeInput(attrs={"type": "time", "class": "input"}, format="%H:%M"),
    )

    def clean_on(self) -> date:
        day: date = self.cleaned_data["on"]
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise forms.ValidationError(_("Check the year."))
        return day

    @property
    def at(self) -> datetime:
        """The moment, site time."""
        return datetime.combine(self.cleaned_data["on"], self.cleaned_data["clock"], tzinfo=SITE_TZ)


def _door(request: ActorRequest, pk: int, worker_pk: int) -> tuple[Project, Worker]:
    project, _parts = access_site(pk, request.actor)
    worker = access_worker(worker_pk, project, request.actor)
    set_scope(request, project)
    return project, worker


def _page(
    request: ActorRequest, project: Project, worker: Worker, day: date, **forms_: forms.Form
) -> HttpResponseBase:
    shown = person_day(project, worker.pk, day)
    form = forms_.get("form") or StampForm(reasons=ADDED, initial={"on": day})
    context = {
        "project": project,
        "worker": worker,
        "shown": shown,
        "day": day,
        "sees_photos": request.actor.has_role(*CLERK),
        "purposes": PURPOSES if request.actor.has_role(*PERMISSIONS["person.unmask"]) else (),
        "may_correct": request.actor.has_role(*PERMISSIONS[services.PERMISSION]),
        "is_over": day < work_date(timezone.now(), project.day_starts_at),
        "form": form,
        "void_form": forms_.get("void_form") or NoteForm(reasons=VOIDED, prefix="void"),
        "leave_form": forms_.get("leave_form") or NoteForm(reasons=(Reason.UNKNOWN,), prefix="leave"),
        "corrections": [_event(c) for c in shown.corrections],
    }
    has_errors = any(f.errors for f in forms_.values())
    return render(request, "devices/person_day.html", context, status=400 if has_errors else 200)


def _event(correction: DayCorrection) -> dict[str, Any]:
    """A correction in words, for the list."""
    what = str(DayCorrection.Kind(correction.kind).label)
    if correction.at is not None and correction.direction is not None:
        what = gettext("%(what)s: %(clock)s %(direction)s") % {
            "what": what,
            "clock": correction.at.astimezone(SITE_TZ).strftime("%m-%d %H:%M"),
            "direction": Direction(correction.direction).label,
        }
    return {"correction": correction, "what": what, "reason": Reason(correction.reason).label}


def _is_done(request: ActorRequest, form: NoteForm, field: str | None, act: Callable[..., object]) -> bool:
    """Act with the form's reason and note; a refusal becomes an error of the form, beside `field`."""
    try:
        act(
            reason=form.cleaned_data["reason"],
            note=form.cleaned_data["note"],
            actor=request.actor,
            now=timezone.now(),
        )
    except WagewatchError as refusal:
        if refusal.status not in {400, 409}:
            raise
        form.add_error(field, refusal.message)
        return False
    return True


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*READERS)
def person_date(request: ActorRequest, pk: int, worker_pk: int, day: str) -> HttpResponseBase:
    """Every stamp of a date; POST adds one that is missing."""
    project, worker = _door(request, pk, worker_pk)
    on = day_asked(day)
    if request.method != "POST":
        return _page(request, project, worker, on)
    form = StampForm(request.POST, reasons=ADDED)
    if form.is_valid():
        missing = partial(
            services.add_stamp,
            project.pk,
            worker.pk,
            at=form.at,
            direction=int(form.cleaned_data["direction"]),
        )
        if _is_done(request, form, "clock", missing):
            messages.success(request, _("The stamp was added and the day computed again."))
            return redirect("devices:person-day", project.pk, worker.pk, on.isoformat())
    return _page(request, project, worker, on, form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*READERS)
def photo(request: ActorRequest, pk: int, worker_pk: int, day: str, photo_pk: int) -> HttpResponseBase:
    """The picture that the gate took; who is no clerk says what for, by POST."""
    on = day_asked(day)
    purpose = request.POST.get("purpose", "")
    try:
        file = open_photo(
            pk,
            worker_pk,
            photo_pk,
            purpose=purpose if purpose in dict(PURPOSES) else "",
            actor=request.actor,
            now=timezone.now(),
        )
    except RuleViolation as refusal:
        messages.error(request, refusal.message)
        return redirect("devices:person-day", pk, worker_pk, on.isoformat())
    return picture(file)


def picture(file: StoredFile) -> HttpResponse:
    """A picture that nobody in between may keep."""
    response = HttpResponse(bytes(file.content), content_type=file.content_type)
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_POST
@staff_view(*CONTRACTOR)
def void(request: ActorRequest, pk: int, worker_pk: int, day: str) -> HttpResponseBase:
    """Take one stamp out of the count."""
    project, worker = _door(request, pk, worker_pk)
    on = day_asked(day)
    form = NoteForm(request.POST, reasons=VOIDED, prefix="void")
    stamp = _stamp_asked(request.POST.get("stamp", ""))
    if stamp is None:
        form.add_error(None, _("Choose the stamp that is wrong."))
    elif form.is_valid():
        own_day, at, direction = stamp
        wrong = partial(services.void_stamp, project.pk, worker.pk, day=own_day, at=at, direction=direction)
        if _is_done(request, form, None, wrong):
            messages.success(request, _("The stamp stays on record and no longer counts."))
            return redirect("devices:person-day", project.pk, worker.pk, on.isoformat())
    return _page(request, project, worker, on, void_form=form)


def _stamp_asked(text: str) -> tuple[date, datetime, int] | None:
    """day, moment and direction of the stamp named by a radio button ("2026-11-10|microseconds|2")."""
    try:
        day, micros, direction = text.split("|")
        seconds, rest = divmod(int(micros), 10**6)
        at = datetime.fromtimestamp(seconds, SITE_TZ).replace(microsecond=rest)
        return date.fromisoformat(day), at, int(direction)
    except (ValueError, OverflowError, OSError):
        return None


@require_POST
@staff_view(*CONTRACTOR)
def leave(request: ActorRequest, pk: int, worker_pk: int, day: str) -> HttpResponseBase:
    """Decide that the day stays as the stamps prove it."""
    project, worker = _door(request, pk, worker_pk)
    on = day_asked(day)
    form = NoteForm(request.POST, reasons=(Reason.UNKNOWN,), prefix="leave")
    if form.is_valid():
        undecided_day = partial(services.leave_open, project.pk, worker.pk, day=on)
        if _is_done(request, form, None, undecided_day):
            messages.success(request, _("Decided: the day counts what its stamps prove."))
            return redirect("devices:person-day", project.pk, worker.pk, on.isoformat())
    return _page(request, project, worker, on, leave_form=form)


@require_POST
@staff_view(*CONTRACTOR)
def withdraw(request: ActorRequest, pk: int, correction_pk: int) -> HttpResponseBase:
    """Take a correction back."""
    project, _parts = access_site(pk, request.actor)
    found = services.withdraw(project.pk, correction_pk, actor=request.actor, now=timezone.now())
    messages.success(request, _("The correction was withdrawn and the day computed again."))
    return redirect("devices:person-day", project.pk, found.worker_id, found.day.isoformat())


@require_safe
@staff_view(*READERS)
def undecided(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Dates of a month that lack a stamp and wait for somebody to decide."""
    project, parts = access_site(pk, request.actor)
    set_scope(request, project)
    month = month_asked(request)
    today = work_date(timezone.now(), project.day_starts_at)
    rows = open_days(project, parts, *month_range(month), today=today)
    context = {
        "project": project,
        "month": month,
        "rows": rows,
        "title": ngettext("%(count)d day lacks a stamp", "%(count)d days lack a stamp", len(rows))
        % {"count": len(rows)},
        "previous": previous_month(month),
        "next": next_month(month) if next_month(month) <= first_of_month(today) else None,
    }
    return render(request, "devices/open_days.html", context)
