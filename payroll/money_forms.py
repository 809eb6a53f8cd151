"""Forms about labour cost and wage loans; amounts as people write them, one message beside the field."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from payroll.forms import YuanField
from payroll.models import AllocationPlan, TopUpRequest
from payroll.services.allocations import PlanFacts
from registration.views.training_forms import day_field, scan_field, text_field
from wagewatch.lib.dates import parse_month
from wagewatch.lib.errors import Malformed


class MonthField(forms.CharField):
    """A month as people write it, 2026-10; cleaned to its day 1, None when empty."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"class": "input", "autocomplete": "off", "placeholder": "2026-10"})
        super().__init__(max_length=12, widget=widget, **kwargs)

    def clean(self, value: Any) -> Any:
        written = super().clean(value)
        if not written.strip():
            return None
        try:
            return parse_month(written)
        except Malformed as problem:
            raise forms.ValidationError(problem.message) from problem

    def prepare_value(self, value: Any) -> Any:
        return f"{value:%Y-%m}" if isinstance(value, date) else value


def money_field(label: Any, *, required: bool = True, help_text: Any = "") -> YuanField:
    """An amount in yuan in the look of the pages."""
    return YuanField(
        label=label,
        required=required,
        help_text=help_text,
        widget=forms.TextInput(attrs={"class": "input", "inputmode": "decimal", "autocomplete": "off"}),
    )


def words_field(
    label: Any, *, required: bool = True, help_text: Any = "", most: int = 300
) -> forms.CharField:
    """Some sentences."""
    return forms.CharField(
        label=label,
        required=required,
        help_text=help_text,
        max_length=most,
        widget=forms.Textarea(attrs={"class": "input", "rows": 3}),
    )


def _number(**attrs: Any) -> forms.NumberInput:
    return forms.NumberInput(attrs={"class": "input", **attrs})


class PlanForm(forms.Form):
    """What the contract says about the labour cost."""

    FIELDS = {
        "allocation.basis": "basis",
        "allocation.amount": "amount_fen",
        "allocation.percent": "percent",
        "allocation.ratio": "percent",
        "allocation.day": "day",
        "allocation.interval": "interval_months",
        "allocation.interval_form": "interval_months",
        "allocation.starts_on": "starts_on",
        "allocation.past": "starts_on",
        "allocation.ends_on": "ends_on",
        "allocation.reason": "reason",
        "file": "scan",
        "picture": "scan",
    }

    basis = forms.ChoiceField(
        label=_("How it is agreed"),
        choices=AllocationPlan.Basis.choices,
        widget=forms.Select(attrs={"class": "input"}),
    )
    amount_fen = money_field(
        _("Amount a month in yuan"), required=False, help_text=_("Only for a fixed amount.")
    )
    percent = forms.DecimalField(
        label=_("Ratio in percent"),
        help_text=_("Only for a ratio."),
        required=False,
        max_digits=5,
        decimal_places=2,
        widget=_number(step="0.01"),
    )
    day = forms.IntegerField(
        label=_("Day of the month"),
        help_text=_("31 means the last day of a shorter month."),
        widget=_number(),
    )
    interval_months = forms.IntegerField(
        label=_("Months from one allocation to the next"),
        initial=1,
        help_text=_("At most one month (Order 724, article 24)."),
        widget=_number(),
    )
    starts_on = MonthField(label=_("First month"))
    ends_on = MonthField(
        label=_("Last month"), required=False, help_text=_("Needed for a ratio of the contract sum.")
    )
    reason = text_field(_("Clause of the contract, or why the agreement changes"), 200)
    scan = scan_field(_("The page of the contract, scanned"))

    @property
    def facts(self) -> PlanFacts:
        """The form as a value."""
        data = self.cleaned_data
        return PlanFacts(
            basis=data["basis"],
            day=data["day"],
            starts_on=data["starts_on"],
            reason=data["reason"],
            amount_fen=data["amount_fen"] or 0,
            percent=data["percent"] or Decimal(0),
            interval_months=data["interval_months"],
            ends_on=data["ends_on"],
        )


class ProgressForm(forms.Form):
    """A month's progress payment."""

    FIELDS = {
        "progress.month": "month",
        "progress.not_needed": "month",
        "progress.amount": "amount_fen",
        "progress.less": "amount_fen",
        "progress.note": "note",
    }
    month = MonthField(label=_("Month"))
    amount_fen = money_field(_("Progress payment in yuan"))
    note = text_field(_("Paper on which the figure stands"), 200)


class ChoiceForm(forms.Form):
    """For which month a receipt is."""

    FIELDS = {"choice.month": "month", "choice.reason": "reason"}
    month = forms.ChoiceField(label=_("Month"), required=False, widget=forms.Select(attrs={"class": "input"}))
    reason = text_field(_("Why this money is for that month"), 200)

    def __init__(self, *args: Any, months: list[date], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: list[tuple[str, Any]] = [("", _("By the rule: the oldest gap first"))]
        choices += [(f"{m:%Y-%m}", f"{m:%Y-%m}") for m in months]
        self.fields["month"].choices = choices  # type: ignore[attr-defined]


class AskForm(forms.Form):
    """Ask the owner for labour cost."""

    FIELDS = {"top_up.basis": "basis", "top_up.amount": "amount_fen", "top_up.text": "text"}
    basis = forms.ChoiceField(
        label=_("What the amount rests on"),
        choices=TopUpRequest.Basis.choices,
        widget=forms.Select(attrs={"class": "input"}),
    )
    amount_fen = money_field(_("Amount in yuan"))
    text = words_field(_("Words to the owner"), required=False)


class AnswerForm(forms.Form):
    """The owner's answer."""

    FIELDS = {"top_up.day": "promised_on", "top_up.answer": "answer"}
    promised_on = day_field(_("The money is paid on"), required=False)
    answer = words_field(
        _("Words to the contractor"),
        required=False,
        help_text=_("Without a day, write why nothing is paid. The authority reads it too."),
    )


class TransferForm(forms.Form):
    """The owner's transfer order."""

    FIELDS = {"top_up.reference": "reference", "top_up.amount": "amount_fen", "top_up.day": "on"}
    reference = text_field(_("Number of the transfer order"), 60, autocomplete="off")
    amount_fen = money_field(_("Amount in yuan"))
    on = day_field(_("Day of the transfer"))
