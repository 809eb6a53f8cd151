"""Forms of the pay pages. Amounts and days are read as people write them, with one message beside the field."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from payroll.models import Advance
from payroll.pay_items import BY_HAND, ItemKind
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


class PieceForm(LineForm):
    """A line paid by the piece: the amount is entered, unless its pieces are listed one by one."""

    gross_fen = YuanField(
        label=_("Earned by piece work, in yuan"),
        help_text=_("Leave it at 0 where the pieces stand as lines of their own."),
        required=False,
    )


class ItemForm(forms.Form):
    """One more line of a draft."""

    kind = forms.ChoiceField(
        label=_("What the line is"),
        choices=[
            (_("Earned"), [(k, ItemKind(k).label) for k in BY_HAND if not k.startswith("less_")]),
            (_("Deducted"), [(k, ItemKind(k).label) for k in BY_HAND if k.startswith("less_")]),
        ],
    )
    quantity = forms.DecimalField(
        label=_("Quantity, or hours of overtime"),
        required=False,
        min_value=Decimal("0.01"),
        max_digits=8,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    unit = forms.CharField(label=_("Unit of piece work, for example m²"), max_length=12, required=False)
    rate_fen = YuanField(label=_("Price of one, in yuan"), required=False)
    on_days = forms.IntegerField(
        label=_("On how many days (overtime)"), required=False, min_value=1, max_value=31
    )
    amount_fen = YuanField(
        label=_("Amount in yuan"),
        help_text=_(
            "For allowances and deductions. Overtime and piece work are computed; a heat allowance left empty is the region's."
        ),
        required=False,
    )
    reason = forms.CharField(
        label=_("What it is for"), help_text=_("The worker reads it."), max_length=120, required=False
    )


class LowPayForm(forms.Form):
    """Why a slip is under the minimum wage."""

    reason = forms.CharField(
        label=_("Why the pay is under the minimum wage"),
        help_text=_("The worker, the general contractor and the inspector read it."),
        max_length=200,
        required=False,
    )


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


class DayInput(forms.DateInput):
    """A day as browsers ask for it."""

    input_type = "date"

    def format_value(self, value: Any) -> str | None:
        return value.isoformat() if hasattr(value, "isoformat") else value


class AdvanceForm(forms.Form):
    """An advance: who, how much, when, how, and the worker's code if they do not sign."""

    worker = forms.ChoiceField(label=_("Worker"))
    amount_fen = YuanField(label=_("Amount in yuan"))
    paid_on = forms.DateField(label=_("Paid on"), widget=DayInput)
    method = forms.ChoiceField(label=_("How it was paid"), choices=Advance.Method.choices)
    reason = forms.CharField(label=_("What for"), max_length=100, required=False)
    code = forms.CharField(
        label=_("Code from the worker's phone"),
        help_text=_("Instead of a signature: send the code, then write here what the worker tells you."),
        max_length=6,
        required=False,
    )

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["worker"].choices = people  # type: ignore[attr-defined]


class WithdrawForm(forms.Form):
    """Why an entry is taken back."""

    reason = forms.CharField(label=_("Why the entry is wrong"), max_length=120, required=False)


class CorrectionForm(forms.Form):
    """Correct a slip that was sent."""

    direction = forms.ChoiceField(
        label=_("What was wrong"),
        choices=[
            ("up", _("It paid too little: pay the rest")),
            ("down", _("It paid too much: the worker agrees that the next slip deducts it")),
        ],
        widget=forms.RadioSelect,
    )
    amount_fen = YuanField(label=_("Amount in yuan"), required=False)
    reason = forms.CharField(
        label=_("What it is for"), help_text=_("The worker reads it."), max_length=100, required=False
    )
    code = forms.CharField(
        label=_("Code from the worker's phone"),
        help_text=_("Only where too much was paid and the worker does not sign here."),
        max_length=6,
        required=False,
    )
