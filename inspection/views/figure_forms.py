"""The form in which another value of a rule's figures, or of a parameter that it reads, is tried out and set."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from inspection.alarms.readings import Figure, Reading, figure_of, with_figures
from inspection.alarms.rule import Setting
from inspection.rules import LEVEL_NAMES
from inspection.services.parameter_changes import LARGEST
from registration.views.chain_forms import WrittenField, YuanField, text
from registration.views.training_forms import day_field
from wagewatch.lib.money import format_yuan

LEVEL_WORDS = {
    "yellow": gettext_lazy("Yellow from"),
    "orange": gettext_lazy("Orange from"),
    "red": gettext_lazy("Red from"),
}


class FigureForm(forms.Form):
    """Figures of a setting or of a parameter for a region, from a day on, with the reason and the document."""

    valid_from = day_field(gettext_lazy("Holds from"))
    document = WrittenField(
        label=gettext_lazy("Number of the document"), max_length=80, widget=text(), required=False
    )
    reason = WrittenField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("It stays on record with your name."),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"class": "input", "rows": 3}),
    )

    FIELDS = {
        "parameter.day": "valid_from",
        "parameter.reason": "reason",
        "parameter.document": "document",
    }

    def __init__(
        self, *args: Any, what: Setting | Reading, levels: list[str], value: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.what = what
        self.was = value
        figures = (
            _level_fields(what, levels, value) if isinstance(what, Setting) else _plain_fields(what, value)
        )
        self.names = list(figures)
        self.fields = {**figures, **self.fields}

    @property
    def figures(self) -> Any:
        """The value in the shape that the parameter has."""
        if isinstance(self.what, Setting):
            return {name: self.cleaned_data[name] for name in self.names}
        found = {
            figure.name: _kept(figure, self.cleaned_data[name])
            for name, figure in zip(self.names, self.what.figures, strict=True)
        }
        return with_figures(self.was, found)


def _level_fields(setting: Setting, levels: list[str], value: Any) -> dict[str, forms.Field]:
    value = value or {}
    return {
        name: forms.IntegerField(
            label=LEVEL_WORDS[name],
            initial=value.get(name),
            min_value=0,
            max_value=LARGEST[setting.unit],
            widget=forms.NumberInput(attrs={"class": "input", "inputmode": "numeric"}),
        )
        for name in LEVEL_NAMES.values()
        if name in (value or levels)
    }


def _kept(figure: Figure, written: Any) -> Any:
    """What the parameter holds for what was written; None where an optional figure stays out."""
    if written is None or (figure.unit == "yes" and written):
        return None
    if figure.unit == "day":
        return written.isoformat()
    if figure.unit == "percent":
        return f"{written.normalize():f}"
    return f"{written:.2f}" if figure.decimal else written


def _plain_fields(reading: Reading, value: Any) -> dict[str, forms.Field]:
    return {
        figure.name.replace(".", "_") or "value": _plain_field(figure, figure_of(figure, value))
        for figure in reading.figures
    }


def _plain_field(figure: Figure, now: Any) -> forms.Field:
    label = str(figure.words)[:1].upper() + str(figure.words)[1:]
    hint = gettext_lazy("Leave it empty where it does not apply.") if figure.optional else ""
    if figure.unit == "yes":
        return forms.BooleanField(label=label, initial=now is not False, required=False)
    if figure.unit == "day":
        found = day_field(label)
        found.initial = now
        return found
    if figure.unit == "fen":
        yuan = YuanField(
            label=label, initial=format_yuan(int(now)) if now is not None else "", help_text=hint
        )
        yuan.required = not figure.optional
        return yuan
    asked: dict[str, Any] = {
        "label": label,
        "initial": now,
        "help_text": hint,
        "required": not figure.optional,
    }
    if figure.decimal:
        widget = forms.NumberInput(attrs={"class": "input", "step": "0.01"})
        return forms.DecimalField(decimal_places=2, max_digits=6, widget=widget, **asked)
    return forms.IntegerField(
        widget=forms.NumberInput(attrs={"class": "input", "inputmode": "numeric"}), **asked
    )
