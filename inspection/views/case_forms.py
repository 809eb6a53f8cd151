"""Forms of the beginning of a case and of the investigation."""

from django import forms
from django.utils.translation import gettext_lazy as _

from inspection.alarms.catalogue import RULES
from inspection.models import Alarm
from inspection.services import case_alarms, case_transfer
from inspection.views.case_fields import NOBODY, CaseForm, area, line, number, tick, upload
from registration.office_names import office_name
from registration.views.chain_forms import choice
from registration.views.training_forms import day_field


class PlainForm(CaseForm):
    """Nothing to fill in."""


class NoteForm(CaseForm):
    """Something found."""

    kind = forms.ChoiceField(
        label=_("What it is"),
        choices=[
            ("visit", _("Visit to the site")),
            ("interview", _("Interview")),
            ("papers", _("Papers or evidence")),
            ("note", _("Note")),
        ],
        widget=choice(),
    )
    text = area(_("What was found"), rows=6)
    file = upload(_("File"), _("PDF, JPEG or PNG, 10 MB at most"))
    FIELDS = {"case.words": "text", "case.kind": "kind", "file": "file", "picture": "file"}


class AssignForm(CaseForm):
    """Who deals with it."""

    officer_id = forms.TypedChoiceField(label=_("Officer"), coerce=int, widget=choice())
    FIELDS = {"case.officer": "officer_id"}

    def prepare(self) -> None:
        self.choices("officer_id", [(one.pk, one.name) for one in case_transfer.officers_of(self.case)])
        self.initial["officer_id"] = self.case.officer_id


class SiteForm(CaseForm):
    """Which project."""

    code = line(_("Code of the project"), longest=40, hint=_("As in the list of projects"))
    FIELDS = {"case.site": "code", "case.code": "code"}

    def prepare(self) -> None:
        self.initial["code"] = self.case.project.code if self.case.project else ""


class AlarmForm(CaseForm):
    """Which open alarm of the site belongs to the case."""

    alarm_id = forms.TypedChoiceField(label=_("Alarm"), coerce=int, widget=choice())
    FIELDS = {"case.alarm": "alarm_id"}

    def prepare(self) -> None:
        self.choices(
            "alarm_id", [(one.pk, _alarm_words(one)) for one in case_alarms.alarms_to_add(self.case)]
        )


def _alarm_words(alarm: Alarm) -> str:
    """The rule, and the month where it looks at months; other periods are keys that nobody reads."""
    rule = RULES.get(alarm.rule)
    words = [alarm.rule, str(rule.title) if rule else "", alarm.period if rule and rule.monthly else ""]
    return " ".join(word for word in (*words, f"({alarm.get_level_display()})") if word)


class SizeForm(CaseForm):
    """How many, and whether a crowd gathered."""

    people = number(_("How many people it concerns"))
    representatives = number(_("How many of them speak for the others"), required=False)
    mass = tick(
        _("A crowd gathered, or somebody threatens to"), _("The alarm turns red at once (article 29).")
    )
    FIELDS = {"case.people": "people", "case.representatives": "representatives"}

    def prepare(self) -> None:
        self.initial.update(people=self.case.people, mass=self.case.mass)


class AcceptForm(CaseForm):
    """When it ended."""

    ended_on = day_field(_("Last day of the violation (empty: it goes on)"), required=False)
    FIELDS = {"case.too_old": "ended_on", "case.ended_on": "ended_on"}


class RefuseForm(CaseForm):
    """Why not."""

    reason = area(_("Why it is not accepted"), hint=NOBODY)
    FIELDS = {"case.words": "reason"}


class TransferForm(CaseForm):
    """Where to, and why."""

    office_id = forms.TypedChoiceField(label=_("Office that deals with it"), coerce=int, widget=choice())
    reason = area(_("Why that office"))
    FIELDS = {"case.office": "office_id", "case.words": "reason"}

    def prepare(self) -> None:
        self.choices(
            "office_id",
            [
                ("", _("Choose")),
                *((one.pk, office_name(one)) for one in case_transfer.offices_to_hand_to(self.case)),
            ],
        )


class ReasonForm(CaseForm):
    """A reason for the file."""

    reason = area(_("Reason"))
    FIELDS = {"case.words": "reason"}


class FindingsForm(CaseForm):
    """What the investigation found."""

    findings = area(_("What was found"), rows=6)
    FIELDS = {"case.words": "findings"}


class HearingForm(CaseForm):
    """What the party says."""

    text = area(_("What the party says, or that it says nothing"), rows=6)
    FIELDS = {"case.words": "text"}
