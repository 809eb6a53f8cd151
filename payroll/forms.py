"""Forms of the pay pages. Amounts and days are read as people write them, with one message beside the field."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from wagewatch.lib.errors import Malformed
from wagewatch.lib.money import fen_to_decimal, parse_yuan


class YuanField(forms.CharField):
    """An amount in yuan; cleaned to fen, None when empty."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text.strip():
            return None
        try:
            return parse_yuan(text)
        except Malformed as problem:
            raise forms.ValidationError(problem.message.replace("%", "%%")) from problem

    def prepare_value(self, value: Any) -> Any:
        return f"{fen_to_decimal(value)}" if isinstance(value, int) else value


class DaysField(forms.DecimalField):
    """Days or hours with at most two decimals."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=Decimal(0), max_digits=6, decimal_places=2, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return f"{value.normalize():f}" if isinstance(value, Decimal) else value


class LineForm(forms.Form):
    """Correct one line of a draft."""

    days = DaysField(label=_("Days on the sheet"))
    note = forms.CharField(label=_("Why the days differ from the gates"), max_length=200, required=False)
    deduction_fen = YuanField(label=_("Deduction in yuan"), required=False)
    deduction_note = forms.CharField(label=_("What the deduction is for"), max_length=200, required=False)


class PieceForm(LineForm):
    """A line paid by the piece: the amount is entered."""

    gross_fen = YuanField(label=_("Earned by piece work, in yuan"), required=False)


class AnswerForm(forms.Form):
    """Answer an objection."""

    verdict = forms.ChoiceField(
        label=_("Your answer"),
        choices=[("accept", _("The worker is right: change the slip")), ("reject", _("Leave it as it is"))],
        widget=forms.RadioSelect,
    )
    days = DaysField(label=_("Days on the sheet"), required=False)
    rate_fen = YuanField(label=_("Rate in yuan"), required=False)
    deduction_fen = YuanField(label=_("Deduction in yuan"), required=False)
    deduction_note = forms.CharField(label=_("What the deduction is for"), max_length=200, required=False)
    answer = forms.CharField(
        label=_("Words to the worker"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
