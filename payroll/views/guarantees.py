"""The owner's payment guarantee for owner and general contractor: the page, entering, correcting, ending, papers."""

from typing import Any

from django import forms
from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from payroll.access import access_guarantee, access_guarantee_file, party_of
from payroll.guarantee_words import page_context
from payroll.models import GuaranteeForm, PaymentGuarantee
from payroll.money_forms import money_field, words_field
from payroll.services.guarantee_facts import load_guarantee
from payroll.services.guarantees import GuaranteeFacts, correct_guarantee, end_guarantee, enter_guarantee
from payroll.views.money_page import form_page
from registration.access import not_found, not_permitted
from registration.http import ActorRequest, staff_view
from registration.models import Project
from registration.permissions import PERMISSIONS
from registration.services.trainings import Scan
from registration.views.scope import set_scope
from registration.views.stored_files import stored_file
from registration.views.training_forms import day_field, scan_field, text_field
from wagewatch.lib.dates import site_date

READERS = sorted(PERMISSIONS["guarantee.enter"])
FIELDS = {
    "guarantee.form": "form",
    "guarantee.issuer": "issuer",
    "guarantee.paper": "paper_number",
    "guarantee.known": "paper_number",
    "guarantee.amount": "amount_fen",
    "guarantee.valid_from": "valid_from",
    "guarantee.valid_until": "valid_until",
    "guarantee.end_day": "ended_on",
    "guarantee.note": "note",
    "guarantee.scan": "scan",
    "file": "scan",
    "picture": "scan",
}


class PaperForm(forms.Form):
    """What the guarantee says; a correction asks for its reason as well."""

    form = forms.ChoiceField(
        label=gettext_lazy("Form"),
        choices=GuaranteeForm.choices,
        widget=forms.Select(attrs={"class": "input"}),
    )
    issuer = text_field(gettext_lazy("Bank, insurer or guarantee company"), 120)
    paper_number = text_field(gettext_lazy("Number of the guarantee or policy"), 60, autocomplete="off")
    amount_fen = money_field(gettext_lazy("Amount guaranteed in yuan"))
    valid_from = day_field(gettext_lazy("Holds from"))
    valid_until = day_field(gettext_lazy("Holds until"))
    scan = scan_field(gettext_lazy("The guarantee, scanned"))
    note = words_field(gettext_lazy("Note"), required=False, most=200)

    def __init__(self, *args: Any, correcting: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scan"].help_text = (
            _("PDF, JPEG or PNG, at most 10 MB. Without a new one the paper on record stays.")
            if correcting
            else _("PDF, JPEG or PNG, at most 10 MB.")
        )
        if correcting:
            self.fields["note"].label = _("What was wrong")
            self.fields["note"].required = True

    @property
    def facts(self) -> GuaranteeFacts:
        """The form as a value."""
        data = self.cleaned_data
        return GuaranteeFacts(
            form=data["form"],
            issuer=data["issuer"],
            paper_number=data["paper_number"],
            amount_fen=data["amount_fen"] or 0,
            valid_from=data["valid_from"],
            valid_until=data["valid_until"],
            note=data["note"],
        )

    @property
    def paper(self) -> Scan | None:
        """The scan, if one came."""
        upload = self.cleaned_data.get("scan")
        return Scan(upload.name, upload.read()) if upload else None


class EndForm(forms.Form):
    """Until when it held, and why it ended."""

    ended_on = day_field(gettext_lazy("Last day on which it held"))
    note = words_field(gettext_lazy("Why it ended"), most=200)


def _project(request: ActorRequest, pk: int, *, for_write: bool = False) -> Project:
    project = access_guarantee(pk, request.actor)
    if for_write and party_of(request.actor, project) is None:
        not_permitted("guarantee.enter")
    set_scope(request, project)
    return project


def _page(pk: int) -> str:
    return reverse("payroll:guarantee", kwargs={"pk": pk})


def _standing(project: Project, number: int) -> PaymentGuarantee:
    """An entry in whose place no other stands, or NotFound."""
    guarantee = load_guarantee(project, today=site_date(timezone.now()))
    found = next((entry for entry in guarantee.standing if entry.number == number), None)
    if found is None:
        not_found()
    return found


@require_safe
@staff_view(*READERS)
def guarantee_page(request: ActorRequest, pk: int) -> HttpResponseBase:
    """What holds and until when, who moves next, what was entered."""
    project = _project(request, pk)
    today = site_date(timezone.now())
    context = page_context(load_guarantee(project, today=today), today)
    may_enter = party_of(request.actor, project) is not None
    return render(request, "payroll/guarantee.html", context | {"may_enter": may_enter})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*READERS)
def guarantee_enter(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Put a guarantee on record."""
    project = _project(request, pk, for_write=True)
    form = PaperForm(request.POST or None, request.FILES or None, correcting=False)

    def act(_data: dict[str, Any]) -> str:
        entry = enter_guarantee(pk, form.facts, scan=form.paper, actor=request.actor, now=timezone.now())
        return _("On record: guaranteed until %(day)s.") % {"day": entry.valid_until.isoformat()}

    return form_page(
        request,
        form,
        act,
        FIELDS,
        _page(pk),
        {
            "project": project,
            "title": _("Enter the payment guarantee"),
            "button": _("Put it on record"),
            "intro": _(
                "As the paper says. Owner, general contractor and the authority see it. A renewal is entered "
                "as a paper of its own."
            ),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*READERS)
def guarantee_correct(request: ActorRequest, pk: int, number: int) -> HttpResponseBase:
    """Say anew what an entry should have said."""
    project = _project(request, pk, for_write=True)
    wrong = _standing(project, number)
    start = {
        name: getattr(wrong, name)
        for name in ("form", "issuer", "paper_number", "amount_fen", "valid_from", "valid_until")
    }
    form = PaperForm(request.POST or None, request.FILES or None, initial=start, correcting=True)

    def act(_data: dict[str, Any]) -> str:
        correct_guarantee(pk, number, form.facts, scan=form.paper, actor=request.actor, now=timezone.now())
        return _("The correction is on record.")

    return form_page(
        request,
        form,
        act,
        FIELDS,
        _page(pk),
        {
            "project": project,
            "title": _("Correct an entry"),
            "button": _("Put the correction on record"),
            "intro": _("The wrong entry stays visible with its time; from now on this one counts."),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*READERS)
def guarantee_end(request: ActorRequest, pk: int, number: int) -> HttpResponseBase:
    """Record that a guarantee ended before its day."""
    project = _project(request, pk, for_write=True)
    holds = _standing(project, number)
    form = EndForm(request.POST or None, initial={"ended_on": site_date(timezone.now())})

    def act(data: dict[str, Any]) -> str:
        end_guarantee(
            pk,
            number,
            ended_on=data["ended_on"],
            reason=data["note"],
            actor=request.actor,
            now=timezone.now(),
        )
        return _("The end is on record.")

    return form_page(
        request,
        form,
        act,
        FIELDS,
        _page(pk),
        {
            "project": project,
            "title": _("A guarantee ended early"),
            "button": _("Put the end on record"),
            "intro": _(
                "%(issuer)s, %(paper)s, until %(day)s by the paper. Without another one an alarm follows."
            )
            % {"issuer": holds.issuer, "paper": holds.paper_number, "day": holds.valid_until.isoformat()},
        },
    )


@require_safe
@staff_view(*READERS)
def guarantee_file(request: ActorRequest, pk: int, number: int) -> HttpResponseBase:
    """The paper of an entry."""
    return stored_file(access_guarantee_file(pk, number, request.actor).file)
