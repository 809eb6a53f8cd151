"""Forms about one alarm."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from inspection.services.life import LONGEST, MOST_FILES
from registration.views.chain_forms import WrittenField, choice
from registration.views.training_forms import SCANS, day_field

FIELDS = {
    "alarm.text": "text",
    "urge.text": "text",
    "urge.today": "text",
    "alarm.files": "papers",
    "file": "papers",
    "picture": "papers",
    "alarm.check_on": "check_on",
    "alarm.to": "to",
    "alarm.has": "to",
}


class ManyFiles(forms.FileInput):
    """A file input that takes several."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files; the value is a list of (name, content)."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", ManyFiles(attrs={"accept": SCANS, "class": "input"}))
        super().__init__(required=False, **kwargs)

    def clean(self, data: Any, initial: Any = None) -> Any:
        given = data if isinstance(data, list | tuple) else [data] if data else []
        cleaned = [super(FilesField, self).clean(one, initial) for one in given[: MOST_FILES + 1]]
        return [(one.name, one.read()) for one in cleaned if one]


def _text(label: Any, hint: Any) -> forms.CharField:
    return WrittenField(
        label=label,
        help_text=hint,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"class": "input", "rows": 4}),
    )


class ActForm(forms.Form):
    """One of several forms on the page: its fields have ids of their own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": f"{type(self).__name__.lower()}_%s", **kwargs})


class VerifyForm(ActForm):
    """What the check found."""

    verdict = forms.ChoiceField(
        label=_("Result of the check"),
        choices=[
            ("true", pgettext_lazy("result of a check", "True")),
            ("false", pgettext_lazy("result of a check", "Not true")),
        ],
        widget=forms.RadioSelect,
    )
    text = _text(_("What it rests on"), _("At least 10 characters: whom you asked, what you saw."))
    papers = FilesField(label=_("Photos or papers"))


class MeasuresForm(ActForm):
    """What was done."""

    text = _text(_("What was done"), _("Who promised what, which order went out."))
    check_on = day_field(_("The data must show it by (empty: the region's term)"), required=False)
    papers = FilesField(label=_("Photos or papers"))


class UrgeForm(forms.Form):
    """What the site is to do."""

    text = WrittenField(
        label=_("What the site has to do"),
        help_text=_("Contractor and clerk read it with the warning."),
        max_length=500,
        widget=forms.Textarea(attrs={"class": "input", "rows": 3}),
    )


class GiveForm(ActForm):
    """To whom an alarm goes."""

    to = forms.ChoiceField(label=_("Inspector"), widget=choice())

    def __init__(self, *args: Any, inspectors: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = inspectors  # type: ignore[attr-defined]
