"""Forms about one person. Fields are texts; `rules.person_values` reads them, so that a form, a card reader
and a roster refuse the same things with the same words."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from registration.models import (
    Education,
    Household,
    IdKind,
    Participation,
    PayBasis,
    PieceUnit,
    Politics,
    SkillGrade,
    Worker,
    WorkRole,
)
from registration.rules.ethnic_groups import ETHNIC_GROUPS, ethnic_group
from registration.rules.person_values import Document
from registration.rules.roster_row import Message
from wagewatch.lib.identity import mask_phone
from wagewatch.lib.origins import origin_name, provinces

NOT_SAID: list[tuple[str, Any]] = [("", _("Not said"))]
DOCUMENT_KINDS: list[tuple[str, Any]] = [
    (IdKind.RESIDENT, _("Identity card, residence permit or foreigner's residence card")),
    (IdKind.PASSPORT, IdKind.PASSPORT.label),
    (IdKind.HK_MACAO_PASS, IdKind.HK_MACAO_PASS.label),
    (IdKind.TAIWAN_PASS, IdKind.TAIWAN_PASS.label),
]


def text(label: Any, longest: int, *, hint: Any = "", **attrs: Any) -> forms.CharField:
    """A text field that may stay empty as far as the form is concerned."""
    widget = forms.TextInput(attrs={"class": "input", "autocomplete": "off", **attrs})
    return forms.CharField(label=label, max_length=longest, required=False, help_text=hint, widget=widget)


def choice(label: Any, choices: Iterable[tuple[Any, Any]], *, hint: Any = "") -> forms.ChoiceField:
    """A list to choose from."""
    widget = forms.Select(attrs={"class": "input"})
    return forms.ChoiceField(
        label=label, choices=list(choices), required=False, help_text=hint, widget=widget
    )


def day(label: Any, *, hint: Any = "") -> forms.CharField:
    """A date as text, so that what was typed wrongly comes back as typed."""
    widget = forms.DateInput(attrs={"class": "input", "type": "date"}, format="%Y-%m-%d")
    return forms.CharField(label=label, max_length=20, required=False, help_text=hint, widget=widget)


class TypedForm(forms.Form):
    """A form whose fields are read by rules; their messages stand beside the fields."""

    notes: list[str]

    def put(self, messages: Iterable[Message]) -> None:
        """Refusals beside their fields; those of fields that are not on the page, on top."""
        for one in messages:
            if one.kind == "stop":
                said = gettext(one.text) % one.facts if one.facts else gettext(one.text)
                self.refuse(one.field, said)

    def refuse(self, field: str, said: Any) -> None:
        self.add_error(field if field in self.fields else None, said)


def offer_origins(field: forms.Field, origin: str) -> None:
    """The place that the ID number names, chosen already, and every province."""
    choices = list(NOT_SAID)
    if name := origin_name(origin):
        choices.append((origin, name))
        field.initial = origin
    choices += [(f"{code}0000", name) for code, name in provinces()]
    field.choices = choices  # type: ignore[attr-defined]


class CardForm(TypedForm):
    """What stands on the person's document: enough to know whether they are on record."""

    id_kind = choice(_("Document"), DOCUMENT_KINDS)
    id_number = text(_("Number"), 40, inputmode="text", autofocus=True)
    name = text(pgettext_lazy("roster field", "Name"), 60, hint=_("As on the document."))
    nationality = text(
        _("Nationality"), 10, hint=_("Only for foreigners: the three letters of the passport, such as VNM.")
    )


class PersonForm(TypedForm):
    """Everything about a person that is not on step one; `known` leaves out what is on record already."""

    sex = choice(_("Sex"), [("", _("Choose")), ("1", _("Male")), ("2", _("Female"))])
    birth_date = day(_("Born on"))
    english_name = text(_("Name in Latin letters"), 80)
    ethnicity = choice(_("Ethnic group"), [*NOT_SAID, *((name, name) for name in ETHNIC_GROUPS.values())])
    origin_code = choice(_("Place of origin"), NOT_SAID)
    household = choice(_("Household registration"), [*NOT_SAID, *Household.choices])
    education = choice(_("Education"), [*NOT_SAID, *Education.choices])
    politics = choice(_("Political affiliation"), [*NOT_SAID, *Politics.choices])
    skill_grade = choice(_("Skill grade"), SkillGrade.choices)
    id_issuer = text(_("Issued by"), 60)
    id_valid_until = day(_("Document valid until"), hint=_("Empty if it is valid without end."))
    phone = text(
        _("Mobile number"), 30, hint=_("The worker signs in with it and confirms the wages."), inputmode="tel"
    )
    address = text(_("Address"), 200)
    card_number = text(
        _("Card number"), 40, hint=_("The worker's own card, of any bank."), inputmode="numeric"
    )
    bank_name = text(pgettext_lazy("roster field", "Bank"), 60)
    emergency_name = text(_("Emergency contact"), 60)
    emergency_phone = text(_("Phone of the emergency contact"), 30, inputmode="tel")
    photo = forms.FileField(
        label=_("Photo"),
        required=False,
        help_text=_("JPEG or PNG, a face from the front. It is cut and made small by itself."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png", "class": "input"}),
    )

    def __init__(self, *args: Any, document: Document, known: Worker | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_origins(self.fields["origin_code"], document.origin_code)
        if document.id_kind in {IdKind.RESIDENT, IdKind.RESIDENCE_PERMIT}:
            del self.fields["english_name"]
        if document.birth_date is not None:
            del self.fields["birth_date"]
        if document.sex:
            del self.fields["sex"]
        if known is not None:
            for field in list(self.fields):
                if field != "photo" and getattr(known, field, None):
                    del self.fields[field]


class WorkForm(TypedForm):
    """The work on this project."""

    part = forms.ModelChoiceField(
        label=_("For which company"),
        queryset=Participation.objects.none(),
        empty_label=None,
        widget=forms.Select(attrs={"class": "input"}),
    )
    team = text(_("Team"), 60, hint=_("A name that is not there yet makes a new team."), list="teams")
    trade = text(_("Trade"), 40, list="trades")
    work_role = choice(_("Role on the site"), WorkRole.choices)
    pay_basis = choice(_("Paid by"), PayBasis.choices)
    rate = text(_("Rate in yuan"), 20, inputmode="decimal")
    piece_unit = choice(_("A piece is"), [("", _("Not piece work")), *PieceUnit.choices])
    pay_day = text(
        _("Pay day"), 2, hint=_("Only if it differs from the project's, %(day)s."), inputmode="numeric"
    )
    joined_on = day(_("Joined on"))

    def __init__(self, *args: Any, parts: QuerySet[Participation], pay_day: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["part"]
        field.queryset = parts  # type: ignore[attr-defined]
        field.label_from_instance = lambda part: part.organisation.name  # type: ignore[attr-defined]
        hint = self.fields["pay_day"]
        hint.help_text = str(hint.help_text) % {"day": pay_day}
        self.fields["work_role"].initial = WorkRole.WORKER


class DetailsForm(TypedForm):
    """Details to correct. What is encrypted on record is not shown: an empty field leaves it as it is."""

    phone = text(_("Mobile number"), 30, inputmode="tel")
    no_phone = forms.BooleanField(label=_("Has no mobile number now"), required=False)
    address = text(_("Address"), 200)
    english_name = text(_("Name in Latin letters"), 80)
    ethnicity = choice(_("Ethnic group"), [*NOT_SAID, *((name, name) for name in ETHNIC_GROUPS.values())])
    origin_code = choice(_("Place of origin"), NOT_SAID)
    household = choice(_("Household registration"), [*NOT_SAID, *Household.choices])
    education = choice(_("Education"), [*NOT_SAID, *Education.choices])
    politics = choice(_("Political affiliation"), [*NOT_SAID, *Politics.choices])
    skill_grade = choice(_("Skill grade"), SkillGrade.choices)
    id_issuer = text(_("Issued by"), 60)
    id_valid_until = day(_("Document valid until"), hint=_("Empty if it is valid without end."))
    emergency_name = text(_("Emergency contact"), 60)
    emergency_phone = text(_("Phone of the emergency contact"), 30, inputmode="tel")
    photo = forms.FileField(
        label=_("A newer photo"),
        required=False,
        help_text=_("JPEG or PNG, a face from the front. It is cut and made small by itself."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png", "class": "input"}),
    )

    def __init__(self, *args: Any, worker: Worker, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_origins(self.fields["origin_code"], worker.origin_code)
        for field, masked in (
            ("phone", mask_phone(str(worker.phone or ""))),
            ("address", gettext("an address") if worker.address else ""),
            ("emergency_name", gettext("a name") if worker.emergency_name else ""),
            ("emergency_phone", mask_phone(str(worker.emergency_phone or ""))),
        ):
            if masked:
                hint = gettext("On record: %(masked)s. Empty leaves it as it is.") % {"masked": masked}
                self.fields[field].help_text = hint
        if not worker.phone:
            del self.fields["no_phone"]
        if ethnicity := worker.ethnicity:
            self.initial["ethnicity"] = ethnic_group(ethnicity) or ethnicity


class IdentityForm(TypedForm):
    """Name and number as they stand on the document, both typed anew, and why."""

    id_kind = choice(_("Document"), DOCUMENT_KINDS)
    id_number = text(_("Number"), 40, hint=_("Type it from the card, also if only the name is wrong."))
    name = text(pgettext_lazy("roster field", "Name"), 60, hint=_("As on the document."))
    nationality = text(
        _("Nationality"), 10, hint=_("Only for foreigners: the three letters of the passport, such as VNM.")
    )
    reason = text(_("Why"), 80, hint=_("It stays on record with your name, such as: misread on the card."))


class OfficeIdentityForm(IdentityForm):
    """The inspectorate's: also the phone number, which a firm may not change once it opens what others keep."""

    phone = text(
        _("New mobile number"),
        20,
        hint=_("Only if the person lost the number on record and shows the document. Empty if it stays."),
        inputmode="tel",
    )
    field_order = ("id_kind", "id_number", "name", "nationality", "phone", "reason")


class AgreementForm(TypedForm):
    """What is agreed for the work that goes on."""

    team = text(_("Team"), 60, hint=_("A name that is not there yet makes a new team."), list="teams")
    trade = text(_("Trade"), 40, list="trades")
    work_role = choice(_("Role on the site"), WorkRole.choices)
    pay_basis = choice(_("Paid by"), PayBasis.choices)
    rate = text(_("Rate in yuan"), 20, inputmode="decimal")
    piece_unit = choice(_("A piece is"), [("", _("Not piece work")), *PieceUnit.choices])
    pay_day = text(
        _("Pay day"), 2, hint=_("Only if it differs from the project's, %(day)s."), inputmode="numeric"
    )

    def __init__(self, *args: Any, pay_day: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hint = self.fields["pay_day"]
        hint.help_text = str(hint.help_text) % {"day": pay_day}
