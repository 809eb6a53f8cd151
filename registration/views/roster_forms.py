"""Forms of the roster upload: the file, and what holds for all rows where the file says nothing."""

import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from registration.models import Participation, PayBasis, RosterUpload
from registration.rules.roster_row import Defaults
from wagewatch.lib.errors import Malformed
from wagewatch.lib.money import fen_to_decimal, parse_yuan
from wagewatch.lib.sheets import MAX_BYTES


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
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.ods,.csv,.et", "class": "input"}),
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


def defaults_form(upload: RosterUpload) -> DefaultsForm:
    """The form with what was chosen for this upload."""
    kept = dict(upload.reading.get("defaults", {}))
    rate = kept.pop("rate_fen", None)
    return DefaultsForm(initial={**kept, "rate": fen_to_decimal(rate) if rate else ""})
