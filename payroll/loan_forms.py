"""Forms about wage loans: applying, answering, drawing, repaying."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from payroll.money_forms import money_field, words_field
from payroll.services.loans import Terms
from registration.views.training_forms import day_field, text_field


class FacilityForm(forms.Form):
    """Apply for a wage loan."""

    FIELDS = {"loan.amount": "amount_fen", "loan.guarantor": "guarantor", "loan.reason": "reason"}
    amount_fen = money_field(_("Credit line in yuan"))
    guarantor = text_field(_("Guarantor"), 120)
    reason = words_field(_("What it is needed for"))


class TermsForm(forms.Form):
    """The bank's answer to an application."""

    FIELDS = {
        "loan.limit": "limit_fen",
        "loan.term": "valid_until",
        "loan.contract": "contract_number",
        "loan.answer": "answer",
    }
    limit_fen = money_field(
        _("Limit in yuan"), required=False, help_text=_("Empty declines the application.")
    )
    contract_number = text_field(_("Number of the loan contract"), 60, required=False)
    valid_from = day_field(_("Can be drawn from"), required=False)
    valid_until = day_field(_("Can be drawn until"), required=False)
    answer = words_field(_("Words to the contractor"), required=False)

    @property
    def terms(self) -> Terms:
        """The form as a value."""
        data = self.cleaned_data
        return Terms(
            data["limit_fen"] or 0,
            data["contract_number"],
            data["valid_from"],
            data["valid_until"],
            data["answer"],
        )


class DrawForm(forms.Form):
    """Draw for a sheet."""

    FIELDS = {"loan": "amount_fen"}
    amount_fen = money_field(_("Amount in yuan"))


class DrawAnswerForm(forms.Form):
    """The bank confirms or declines a draw."""

    FIELDS = {"loan.answer": "answer"}
    verdict = forms.ChoiceField(
        label=_("Your answer"),
        choices=[("confirm", _("Pay it out")), ("decline", _("Decline"))],
        widget=forms.RadioSelect,
    )
    answer = words_field(_("Words to the contractor"), required=False)


class RepayForm(forms.Form):
    """Repay a draw out of an allocation."""

    FIELDS = {"loan.entry": "entry_number", "loan": "amount_fen"}
    entry_number = forms.ChoiceField(
        label=_("Out of which allocation"), widget=forms.Select(attrs={"class": "input"})
    )
    amount_fen = money_field(_("Amount in yuan"))

    def __init__(self, *args: Any, entries: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["entry_number"].choices = entries  # type: ignore[attr-defined]
