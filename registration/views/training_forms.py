"""Forms of trainings."""

import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from registration.access import participations_for
from registration.actors import Actor
from registration.models import Participation, Project, Training
from registration.services.trainings import PERMISSION, TrainingFacts

SCANS = ".pdf,.jpg,.jpeg,.png"
SHEETS = ".xlsx,.xls,.ods,.csv,.et"


def day_field(label: Any, *, required: bool = True) -> forms.DateField:
    """A day, typed or chosen."""
    return forms.DateField(
        label=label,
        required=required,
        widget=forms.DateInput(attrs={"type": "date", "class": "input"}, format="%Y-%m-%d"),
    )


def text_field(label: Any, longest: int, *, required: bool = True, **attributes: str) -> forms.CharField:
    """A line of text."""
    return forms.CharField(
        label=label,
        max_length=longest,
        required=required,
        widget=forms.TextInput(attrs={"class": "input", **attributes}),
    )


def scan_field(label: Any) -> forms.FileField:
    """A scanned or photographed paper."""
    return forms.FileField(
        label=label, required=False, widget=forms.FileInput(attrs={"accept": SCANS, "class": "input"})
    )


class AddForm(forms.Form):
    """People by a pasted list or a file."""

    people = forms.CharField(
        label=_("Or paste a list"),
        help_text=_("A line each: ID number or name, and if you like the score or “不合格”."),
        required=False,
        max_length=400_000,
        widget=forms.Textarea(attrs={"class": "input", "rows": 5, "spellcheck": "false"}),
    )
    list_file = forms.FileField(
        label=_("Or a file with the list"),
        help_text=_(".xlsx, .xls, .ods or .csv with ID numbers or names; a column with results is read too."),
        required=False,
        widget=forms.FileInput(attrs={"accept": SHEETS, "class": "input"}),
    )


class FactsForm(forms.Form):
    """What a training was."""

    kind = forms.ChoiceField(
        label=_("Kind"), choices=Training.Kind.choices, widget=forms.Select(attrs={"class": "input"})
    )
    name = text_field(_("What was taught"), 80)
    held_on = day_field(_("Day"))
    minutes = forms.IntegerField(
        label=_("Length in minutes"),
        min_value=1,
        max_value=1440,
        widget=forms.NumberInput(attrs={"class": "input", "inputmode": "numeric"}),
    )
    trainer = text_field(pgettext_lazy("training", "Trainer"), 60, required=False)
    place = text_field(pgettext_lazy("training", "Place"), 120, required=False)
    scan = scan_field(_("Signed sheet, scanned"))

    def __init__(self, *args: Any, training: Training | None = None, **kwargs: Any) -> None:
        if training is not None:
            names = ("kind", "name", "held_on", "minutes", "trainer", "place")
            kwargs["initial"] = {name: getattr(training, name) for name in names}
        super().__init__(*args, **kwargs)

    @property
    def facts(self) -> TrainingFacts:
        """The values as the service takes them."""
        data = self.cleaned_data
        return TrainingFacts(
            data["kind"], data["name"], data["held_on"], data["minutes"], data["trainer"], data["place"]
        )


class TrainingForm(FactsForm, AddForm):
    """A new training: facts, whose it is, and people."""

    part = forms.ChoiceField(label=_("Held by"), widget=forms.Select(attrs={"class": "input"}))

    def __init__(
        self, *args: Any, actor: Actor, project: Project, today: datetime.date, **kwargs: Any
    ) -> None:
        kwargs.setdefault(
            "initial",
            {"kind": Training.Kind.SAFETY, "held_on": today, "minutes": 120},
        )
        super().__init__(*args, **kwargs)
        everything = list(Participation.objects.filter(project=project).values_list("pk", flat=True))
        parts = list(
            participations_for(actor, project, permission=PERMISSION)
            .select_related("organisation")
            .order_by("pk")
        )
        employs = (
            Participation.Role.GENERAL_CONTRACTOR,
            Participation.Role.SUBCONTRACTOR,
            Participation.Role.AGENCY,
        )
        choices: list[tuple[str, Any]] = [
            (str(part.pk), part.organisation.name) for part in parts if part.role in employs
        ]
        if len(parts) == len(everything):
            choices.insert(0, ("all", _("the general contractor, for the whole project")))
        self.fields["part"].choices = choices  # type: ignore[attr-defined]
        self.order_fields(
            ["kind", "name", "held_on", "minutes", "part", "trainer", "place", "scan", "people", "list_file"]
        )

    @property
    def part_id(self) -> int | None:
        """The part that held the training; None for the whole project."""
        part = self.cleaned_data["part"]
        return None if part == "all" else int(part)
