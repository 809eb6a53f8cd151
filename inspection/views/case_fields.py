"""Fields of the forms of cases, and what these have in common. What they hold is checked by the services."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from inspection.models import Case, CorrectionOrder
from inspection.services.case_steps import LONGEST
from registration.views.chain_forms import WrittenField, choice, text

NOBODY = _("Name nobody here: who complained reads it.")


def area(
    label: Any, *, hint: Any = "", rows: int = 4, longest: int = LONGEST, required: bool = True
) -> forms.CharField:
    """A text of some lines."""
    return WrittenField(
        label=label,
        help_text=hint,
        required=required,
        max_length=longest,
        widget=forms.Textarea(attrs={"class": "input", "rows": rows}),
    )


def number(label: Any, *, hint: Any = "", required: bool = True) -> forms.IntegerField:
    """A whole number."""
    return forms.IntegerField(
        label=label,
        help_text=hint,
        required=required,
        min_value=0,
        max_value=100_000,
        widget=forms.NumberInput(attrs={"class": "input", "inputmode": "numeric"}),
    )


def line(label: Any, *, hint: Any = "", longest: int = 80, required: bool = True) -> forms.CharField:
    """A text of one line."""
    return WrittenField(label=label, help_text=hint, max_length=longest, required=required, widget=text())


def tick(label: Any, hint: Any = "") -> forms.BooleanField:
    """Yes or no."""
    return forms.BooleanField(label=label, help_text=hint, required=False)


def upload(label: Any, hint: Any = "") -> forms.FileField:
    """A PDF or a picture."""
    return forms.FileField(
        label=label,
        help_text=hint,
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": "application/pdf,image/jpeg,image/png"}),
    )


class CaseForm(forms.Form):
    """A form about one case; `FIELDS` says beside which field a refusal stands."""

    FIELDS: dict[str, str] = {}
    wide = False

    def __init__(self, *args: Any, case: Case, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.case, self.today = case, today
        self.prepare()

    def prepare(self) -> None:
        """Choices and first values that depend on the case."""

    def choices(self, name: str, rows: list[tuple[Any, Any]]) -> None:
        """Give a field its choices."""
        self.fields[name].choices = rows  # type: ignore[attr-defined]


class OfOrder(CaseForm):
    order_id = forms.TypedChoiceField(label=_("Order"), coerce=int, widget=choice())

    def prepare(self) -> None:
        self.choices(
            "order_id",
            [(o.pk, f"{o.number}　{o.respondent.short_name or o.respondent.name}") for o in self.orders()],
        )

    def orders(self) -> list[CorrectionOrder]:
        """Orders that may be chosen."""
        return list(
            self.case.orders.select_related("respondent").filter(corrected_on=None, withdrawn_on=None)
        )
