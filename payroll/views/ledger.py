"""The wage ledger of a project: what it holds, until when it is kept, and the file for an inspection."""

from datetime import date
from typing import Any

from django import forms
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from payroll import labels, ledger
from registration.access import access_project
from registration.http import ActorRequest, staff_view
from registration.models import Project
from registration.permissions import CONTRACTOR, PERMISSIONS
from registration.services.disclosures import disclose
from registration.views.file_answers import file_answer
from registration.views.people import PURPOSES
from registration.views.scope import set_scope
from wagewatch.lib.dates import parse_month, site_date
from wagewatch.lib.errors import Malformed

Purposes = tuple[tuple[str, Any], ...]


class LedgerForm(forms.Form):
    """Which months, and whether in full; `months` newest first."""

    since = forms.ChoiceField(label=_("From month"), required=False)
    until = forms.ChoiceField(label=_("To month"), required=False)
    content = forms.ChoiceField(
        label=_("What it holds"),
        choices=[
            ("masked", _("Masked, for your own check")),
            ("full", _("In full, as an inspection asks for it: ID numbers and phones")),
        ],
        initial="masked",
        widget=forms.RadioSelect,
    )
    purpose = forms.ChoiceField(
        label=_("What for"),
        required=False,
        help_text=_("Needed for the full data. It is written down for every person in the file."),
    )

    def __init__(
        self, *args: Any, months: list[date], may_unmask: bool, purposes: Purposes = PURPOSES, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["purpose"].choices = [("", _("Choose")), *purposes]  # type: ignore[attr-defined]
        choices = [(f"{month:%Y-%m}", f"{month:%Y-%m}") for month in months]
        self.fields["since"].choices = [("", _("the first")), *choices]  # type: ignore[attr-defined]
        self.fields["until"].choices = [("", _("the last")), *choices]  # type: ignore[attr-defined]
        if not may_unmask:
            self.fields["content"].choices = self.fields["content"].choices[:1]  # type: ignore[attr-defined]
            del self.fields["purpose"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("content") == "full" and not data.get("purpose"):
            self.add_error("purpose", _("Say what you need the full data for."))
        if data.get("since") and data.get("until") and data["since"] > data["until"]:
            self.add_error("until", _("The last month is before the first."))
        return data


def month_or_none(text: str) -> date | None:
    """A month as written in a form, or None."""
    try:
        return parse_month(text) if text else None
    except Malformed:
        return None


def ledger_answer(
    request: ActorRequest, project: Project, template: str, *, may_unmask: bool, purposes: Purposes = PURPOSES
) -> HttpResponseBase:
    """The page of a ledger within the actor's reach; POST makes the file."""
    now = timezone.now()
    sheets = list(ledger.sent_sheets(request.actor, project))
    months = sorted({sheet.month for sheet in sheets}, reverse=True)
    form = LedgerForm(
        request.POST if request.method == "POST" else None,
        months=months,
        may_unmask=may_unmask,
        purposes=purposes,
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        since, until = month_or_none(data["since"]), month_or_none(data["until"])
        chosen = [s for s in sheets if (not since or s.month >= since) and (not until or s.month <= until)]
        full, purpose = data["content"] == "full", data.get("purpose", "")
        if full:
            disclose(
                ledger.postings_of(project, chosen), project, fields=ledger.WAGE_LEDGER, purpose=purpose,
                actor=request.actor, now=now,
            )  # fmt: skip
        made = ledger.ledger_workbook(
            project, chosen, full=full, made_by=request.user.name,
            purpose=str(dict(purposes).get(purpose, "")), now=now,
        )  # fmt: skip
        return file_answer(made, f"wage-ledger-{project.pk}", "xlsx")
    lines = ledger.sheet_lines(project, sheets)
    keeping = ledger.keeping_of(project, site_date(now))
    return render(
        request,
        template,
        {
            "project": project,
            "form": form,
            "lines": lines,
            "months": months,
            "keeping": keeping,
            "keeping_words": ledger.keeping_words(keeping),
            "paid_fen": sum(line.paid_fen for line in lines),
            "net_fen": sum(line.net_fen for line in lines),
            "states": labels.SHEET_STATES,
        },
        status=400 if form.errors else 200,
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*CONTRACTOR)
def page(request: ActorRequest, pk: int) -> HttpResponseBase:
    """The ledger of the own part of a project, of all of it for its general contractor."""
    project = access_project(pk, request.actor, permission="sheet.view")
    set_scope(request, project)
    may_unmask = request.actor.has_role(*PERMISSIONS["person.unmask"])
    return ledger_answer(request, project, "payroll/ledger.html", may_unmask=may_unmask)
