"""The form of a case that the office enters itself."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from inspection.models import Case
from inspection.views.case_fields import area, line, number, tick
from registration.models import Complaint
from registration.views.chain_forms import choice


class AlarmCaseForm(forms.Form):
    """A case from an alarm: what was found is filled in from the alarm and can be changed."""

    text = area(_("What was said or found"), rows=6)
    people = number(_("How many people it concerns"))
    mass = tick(_("A crowd gathered, or somebody threatens to"))
    FIELDS = {"case.words": "text", "complaint.empty": "text", "case.people": "people"}


class NewCaseForm(forms.Form):
    """What was said on the hotline or at the desk, or what the office found itself."""

    origin = forms.ChoiceField(
        label=_("How the office got to know"),
        choices=[row for row in Case.Origin.choices if row[0] != Case.Origin.PHONE],
        widget=choice(),
    )
    topic = forms.ChoiceField(label=_("What it is about"), choices=Complaint.Topic.choices, widget=choice())
    code = line(_("Code of the project, if known"), longest=40, required=False)
    region = forms.ChoiceField(label=_("Place of the site"), required=False, widget=choice())
    text = area(_("What was said or found"), rows=6)
    place = line(_("Where exactly"), longest=200, required=False)
    contact = line(
        _("How to reach the caller"),
        longest=60,
        required=False,
        hint=_("Kept secret: it is read only with a purpose on record."),
    )
    people = number(_("How many people it concerns"))
    mass = tick(_("A crowd gathered, or somebody threatens to"))
    FIELDS = {
        "case.origin": "origin",
        "case.project": "code",
        "case.code": "code",
        "complaint.topic": "topic",
        "complaint.region": "region",
        "complaint.empty": "text",
        "case.words": "text",
        "case.people": "people",
    }

    def __init__(self, *args: Any, regions: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].choices = [("", _("Choose")), *regions]  # type: ignore[attr-defined]
