"""Files to take away: the roster and one person's file, as .xlsx and PDF; in full only for a purpose."""

from typing import Any

from django import forms
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from registration.access import access_project, access_worker, postings_for
from registration.finding import is_whole_number
from registration.http import ActorRequest, staff_view
from registration.models import Participation, Project
from registration.permissions import CONTRACTOR, PERMISSIONS
from registration.personal_file import as_sheet, on_paper
from registration.personal_file import personal_file as file_of
from registration.roster_files import MOST_ON_PAPER, roster_paper, roster_sheet
from registration.services.disclosures import FULL_ROSTER, PERSONAL_FILE, disclose
from registration.views.file_answers import file_answer
from registration.views.people import PURPOSES, filtered
from registration.views.scope import set_scope
from wagewatch.lib.dates import SITE_TZ
from wagewatch.lib.errors import RuleViolation

FORMATS = (("xlsx", _("Spreadsheet (.xlsx)")), ("pdf", "PDF"))
FILTERS = ("q", "team", "state")


class FileForm(forms.Form):
    """Which file, with what in it, and what for."""

    content = forms.ChoiceField(
        label=_("What it holds"),
        choices=[
            ("masked", _("Masked, as on the page")),
            ("full", _("Everything in full: ID, phone, address, card")),
        ],
        initial="masked",
        widget=forms.RadioSelect,
    )
    format = forms.ChoiceField(label=_("File"), choices=FORMATS, initial="xlsx", widget=forms.RadioSelect)
    purpose = forms.ChoiceField(
        label=_("What for"),
        choices=[("", _("Choose")), *PURPOSES],
        required=False,
        help_text=_("Needed for the full data. It is written down for every person in the file."),
        widget=forms.Select(attrs={"class": "input"}),
    )

    def __init__(self, *args: Any, may_unmask: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_unmask:
            self.fields["content"].choices = self.fields["content"].choices[:1]  # type: ignore[attr-defined]
            del self.fields["purpose"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("content") == "full" and not data.get("purpose"):
            self.add_error("purpose", _("Say what you need the full data for."))
        return data


def _foot(request: ActorRequest, purpose: str) -> str:
    taken = timezone.now().astimezone(SITE_TZ).strftime("%Y-%m-%d %H:%M")
    return "　".join(filter(None, (request.user.name, taken, purpose)))


@never_cache
@require_http_methods(["GET", "POST"])
@staff_view(*CONTRACTOR)
def files(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """The people of the page's filters as a file."""
    project = access_project(project_pk, request.actor, permission="person.view")
    set_scope(request, project)
    chosen = request.POST if request.method == "POST" else request.GET
    words = chosen.get("q", "")
    found = filtered(request, project, "" if is_whole_number(words) else words)
    may_unmask = request.actor.has_role(*PERMISSIONS["person.unmask"])
    form = FileForm(request.POST if request.method == "POST" else None, may_unmask=may_unmask)
    if request.method == "POST" and form.is_valid():
        try:
            return _roster_file(request, project, found.postings, form.cleaned_data)
        except RuleViolation as refusal:
            form.add_error("format", refusal.message)
    context = {
        "project": project,
        "form": form,
        "number": found.postings.count(),
        "most": MOST_ON_PAPER,
        "hidden": [(key, chosen.get(key, "")) for key in FILTERS if chosen.get(key)],
    }
    status = 400 if form.errors else 200
    return render(request, "registration/contractor_people_files.html", context, status=status)


def _roster_file(
    request: ActorRequest, project: Project, postings: Any, data: dict[str, Any]
) -> HttpResponseBase:
    full, kind, now = data["content"] == "full", data["format"], timezone.now()
    purpose = str(dict(PURPOSES).get(data.get("purpose", ""), ""))
    opened = postings.defer(None).select_related("worker", "team", "participation__organisation")
    if kind == "pdf":
        made = roster_paper(opened, project, full=full, foot=_foot(request, purpose), now=now)
    if full:
        disclose(postings, project, fields=FULL_ROSTER, purpose=data["purpose"], actor=request.actor, now=now)
    name = f"roster-{project.pk}"
    return file_answer(made if kind == "pdf" else roster_sheet(opened, full=full), name, kind)


class PersonFileForm(forms.Form):
    """The format of a personal file, and what for."""

    format = forms.ChoiceField(
        label=_("File"), choices=FORMATS[::-1], initial="pdf", widget=forms.RadioSelect
    )
    purpose = forms.ChoiceField(
        label=_("What for"),
        choices=[("", _("Choose")), *PURPOSES],
        help_text=_("It is written down with your name."),
        error_messages={"required": _("Say what you need the full data for.")},
        widget=forms.Select(attrs={"class": "input"}),
    )


@never_cache
@require_http_methods(["GET", "POST"])
@staff_view(*sorted(PERMISSIONS["person.unmask"] & CONTRACTOR))
def personal_file(request: ActorRequest, project_pk: int, worker_pk: int) -> HttpResponseBase:
    """One person's file in full, after the purpose was written down."""
    project = access_project(project_pk, request.actor, permission="person.view")
    worker = access_worker(worker_pk, project, request.actor)
    set_scope(request, project)
    form = PersonFileForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        of_person = postings_for(request.actor, project).filter(worker=worker)
        disclose(
            of_person,
            project,
            fields=PERSONAL_FILE,
            purpose=form.cleaned_data["purpose"],
            actor=request.actor,
            now=now,
        )
        postings = list(
            of_person.select_related("team", "participation__organisation").order_by("-joined_on", "-pk")
        )
        firms = Participation.objects.filter(project=project).values_list("organisation_id", flat=True)
        file = file_of(worker, project, postings, list(firms))
        purpose = gettext(str(dict(PURPOSES)[form.cleaned_data["purpose"]]))
        name = f"person-{worker.pk}"
        if form.cleaned_data["format"] == "pdf":
            return file_answer(on_paper(file, project, foot=_foot(request, purpose), now=now), name, "pdf")
        return file_answer(as_sheet(file), name, "xlsx")
    context = {"project": project, "worker": worker, "form": form}
    status = 400 if form.errors else 200
    return render(request, "registration/contractor_person_file.html", context, status=status)
