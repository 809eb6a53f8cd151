"""Forms about contracts."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from registration.models import LabourContract

Period = LabourContract.Period


def _day(label: Any, *, required: bool = True, hint: Any = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        required=required,
        help_text=hint,
        widget=forms.DateInput(attrs={"type": "date", "class": "input"}, format="%Y-%m-%d"),
    )


class TermForm(forms.Form):
    """How long contracts run."""

    period = forms.ChoiceField(
        label=_("How long"), choices=[(Period.TASK.value, Period.TASK.label), (Period.FIXED.value, Period.FIXED.label)],
        widget=forms.RadioSelect, initial=Period.TASK.value,
    )  # fmt: skip
    starts_on = _day(
        _("First day"), required=False, hint=_("Empty: for each person the day they joined the project.")
    )
    ends_on = _day(
        _("Last day"), required=False, hint=_("Only for a fixed term; an agency's at least two years.")
    )


class RenewForm(TermForm):
    """The contract that follows another."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["starts_on"].required = True
        self.fields["starts_on"].help_text = ""


class PaperForm(forms.Form):
    """A contract signed on paper, or a bundle of them in one scan."""

    file = forms.FileField(
        label=_("Scan or photo"),
        help_text=_("PDF, JPEG or PNG, at most 10 MB. One scan may hold the contracts of all chosen people."),
        widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"}),
    )
    number = forms.CharField(
        label=_("Number on the paper"),
        required=False,
        max_length=40,
        help_text=_("Empty: the system gives one."),
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )
    period = forms.ChoiceField(
        label=_("How long"),
        choices=[(Period.TASK.value, Period.TASK.label), (Period.FIXED.value, Period.FIXED.label)],
        widget=forms.RadioSelect,
        initial=Period.TASK.value,
    )
    starts_on = _day(_("First day"))
    ends_on = _day(_("Last day"), required=False, hint=_("Only for a fixed term."))
    signed_on = _day(_("Signed on"))

    def __init__(self, *args: Any, people: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if people != 1:
            del self.fields["number"]


class ReasonForm(forms.Form):
    """Why a contract is taken back."""

    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )


class TerminateForm(forms.Form):
    """The end of a contract before its time."""

    ended_on = _day(_("Last day of the contract"))
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )


class PasswordAgainForm(forms.Form):
    """Who signs for a firm types the password once more: nobody signs on a screen left open."""

    password = forms.CharField(
        label=_("Your password, once more"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "class": "input"}),
    )
