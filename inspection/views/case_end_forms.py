"""Forms of mediation, deposit, police and the end; and of a case that the office enters."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from inspection.models import Case
from inspection.services import case_mediations
from inspection.services.case_money import DEPOSIT_REASON, NOTE
from inspection.views.case_fields import NOBODY, CaseForm, area, line
from registration.views.chain_forms import YuanField, choice
from registration.views.training_forms import day_field


class MediateForm(CaseForm):
    """The record of a mediation; signatures come beside it."""

    firm_id = forms.TypedChoiceField(label=_("Firm"), coerce=int, widget=choice())
    agreed = forms.TypedChoiceField(
        label=_("Was it agreed?"),
        choices=[
            ("1", pgettext_lazy("mediation", "Agreed")),
            ("0", pgettext_lazy("mediation", "Not agreed")),
        ],
        coerce=lambda value: value == "1",
        widget=forms.RadioSelect,
    )
    terms = area(_("What was agreed, or why not"), rows=5)
    amount_fen = YuanField(label=_("Amount in yuan"))
    pay_by = day_field(_("To be paid by"), required=False)
    firm_person = line(_("Signs for the firm"), longest=60, required=False)
    worker_person = line(_("Signs for the workers"), longest=60, required=False)
    FIELDS = {
        "case.respondent": "firm_id",
        "case.no_site": "firm_id",
        "case.words": "terms",
        "case.amount": "amount_fen",
        "case.pay_by": "pay_by",
        "case.persons": "firm_person",
    }

    def prepare(self) -> None:
        firms = case_mediations.respondents_of(self.case)
        self.choices("firm_id", [("", _("Choose")), *((one.pk, one.name) for one in firms)])


class DepositForm(CaseForm):
    """How much of it."""

    amount_fen = YuanField(label=_("Amount in yuan"))
    reason = area(_("Reason"), hint=_("The contractor reads it."), longest=DEPOSIT_REASON)
    FIELDS = {
        "case.too_much": "amount_fen",
        "deposit.amount": "amount_fen",
        "deposit.too_much": "amount_fen",
        "deposit": "amount_fen",
        "case.words": "reason",
    }


class ReferForm(CaseForm):
    """To which police."""

    police = line(_("Police office"))
    note = area(_("What the police should know"), longest=NOTE, required=False)
    FIELDS = {"case.words": "police"}


class CloseForm(CaseForm):
    """How it ended."""

    outcome = forms.ChoiceField(
        label=_("How it ended"), choices=[("", _("Choose")), *Case.Outcome.choices], widget=choice()
    )
    text = area(_("Answer to who complained"), hint=NOBODY)
    FIELDS = {
        "case.outcome": "outcome",
        "case.not_so": "outcome",
        "case.open_order": "outcome",
        "case.open_sanction": "outcome",
        "case.words": "text",
    }
