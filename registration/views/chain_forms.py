"""Forms about projects, firms in the chain, teams and accounts; errors of the services beside their fields."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from registration.models import (
    CorpType,
    Engagement,
    LegalForm,
    Membership,
    Participation,
    Project,
    Sector,
    User,
)
from registration.rules.chain import CORP_TYPE_OF, ENGAGEMENTS
from registration.services.chain import PartFacts, PeopleOfPart
from registration.services.projects import ProjectFacts
from wagewatch.lib.errors import Malformed, WagewatchError
from wagewatch.lib.identity import check_uscc
from wagewatch.lib.money import parse_yuan
from wagewatch.lib.texts import unturned


def text(**attrs: str) -> forms.TextInput:
    """A text box in the look of the pages."""
    return forms.TextInput(attrs={"class": "input", **attrs})


def choice() -> forms.Select:
    """A drop-down in the look of the pages."""
    return forms.Select(attrs={"class": "input"})


def _day(label: Any, help_text: Any = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        help_text=help_text,
        widget=forms.DateInput(attrs={"type": "date", "class": "input"}, format="%Y-%m-%d"),
    )


def say_at(form: forms.Form, refusal: WagewatchError, fields: Mapping[str, str]) -> None:
    """Put a refusal beside the field that its code, or the beginning of its code, belongs to."""
    if refusal.status not in {400, 409}:
        raise refusal
    name = fields.get(refusal.code) or fields.get(refusal.code.partition(".")[0])
    form.add_error(name if name in form.fields else None, refusal.message)


class YuanField(forms.CharField):
    """An amount in yuan as people write it; the value is fen, None if nothing was written."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", text(inputmode="decimal", autocomplete="off"))
        super().__init__(max_length=24, required=False, **kwargs)

    def clean(self, value: Any) -> Any:
        written = super().clean(value)
        if not written.strip():
            return None
        try:
            return parse_yuan(written)
        except Malformed as error:
            raise forms.ValidationError(error.message) from None


class WrittenField(forms.CharField):
    """What somebody writes. A browser never cuts a text of several lines: who pastes too much is told so. Signs that
    turn the direction of writing are left out, since they would turn what stands beside the text as well."""

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attrs: dict[str, Any] = super().widget_attrs(widget)
        if isinstance(widget, forms.Textarea):
            attrs.pop("maxlength", None)
        return attrs

    def to_python(self, value: Any) -> Any:
        written = super().to_python(value)
        return unturned(written).replace("\r\n", "\n") if isinstance(written, str) else written


class UsccField(forms.CharField):
    """A unified social credit code, checked (GB 32100)."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", text(autocomplete="off", autocapitalize="characters", spellcheck="false"))
        super().__init__(max_length=40, **kwargs)

    def clean(self, value: Any) -> Any:
        written = super().clean(value)
        if not written.strip():
            return ""
        try:
            return check_uscc(written)
        except Malformed as error:
            raise forms.ValidationError(error.message) from None


class ProjectForm(forms.Form):
    """The facts of a project that may be corrected later."""

    name = forms.CharField(label=_("Name of the project"), max_length=120, widget=text())
    name_en = forms.CharField(
        label=_("Name in English"),
        max_length=120,
        required=False,
        widget=text(),
        help_text=_("If it has one"),
    )
    address = forms.CharField(label=_("Address"), max_length=200, required=False, widget=text())
    state = forms.ChoiceField(
        label=_("State"), choices=Project.State.choices, initial=Project.State.BUILDING, widget=choice()
    )
    contract_sum = YuanField(label=_("Contract sum in yuan"))
    contract_signed_on = _day(_("Contract signed"))
    started_on = _day(_("Works began"))
    done_on = _day(_("Works ended"))
    pay_day = forms.IntegerField(
        label=_("Pay day of the following month"),
        min_value=1,
        max_value=28,
        initial=15,
        help_text=_("1 to 28. On a rest day it moves earlier."),
        widget=forms.NumberInput(attrs={"class": "input"}),
    )

    FIELDS: Mapping[str, str] = {
        "project.known": "code",
        "project.pay_day": "pay_day",
        "project.done_on": "done_on",
        "project.owner": "owner_uscc",
        "project.region": "region",
        "firm.unknown": "owner_name",
        "firm.name": "owner_name",
        "uscc": "owner_uscc",
    }

    @property
    def facts(self) -> ProjectFacts:
        """The form as a value."""
        data = self.cleaned_data
        return ProjectFacts(
            name=" ".join(data["name"].split()),
            name_en=" ".join(data["name_en"].split()),
            address=" ".join(data["address"].split()),
            state=data["state"],
            contract_sum_fen=data["contract_sum"] or 0,
            contract_signed_on=data["contract_signed_on"],
            started_on=data["started_on"],
            done_on=data["done_on"],
            pay_day=data["pay_day"],
        )


class NewProjectForm(ProjectForm):
    """A new project: what decides who supervises it, the owner, and the facts."""

    code = forms.CharField(
        label=_("Project code"),
        max_length=30,
        widget=text(autocomplete="off"),
        help_text=_("As on the construction permit. A factory writes a code of its own."),
    )
    sector = forms.ChoiceField(
        label=_("Line of works"),
        choices=Sector.choices,
        widget=choice(),
        help_text=_("A factory that registers by its own will chooses manufacturing."),
    )
    firm = forms.TypedChoiceField(label=_("General contractor"), coerce=int, widget=choice())
    owner_uscc = UsccField(
        label=_("Company code of the owner"),
        required=False,
        help_text=_("18 characters of its licence. A factory leaves this empty."),
    )
    owner_name = forms.CharField(
        label=_("Name of the owner"),
        max_length=120,
        required=False,
        widget=text(),
        help_text=_("Only if the owner is not on record yet"),
    )

    def __init__(self, *args: Any, firms: Iterable[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = list(firms)
        self.fields["firm"].choices = choices  # type: ignore[attr-defined]
        if len(choices) == 1:
            self.fields["firm"].widget = forms.HiddenInput()
            self.initial.setdefault("firm", choices[0][0])
        self.order_fields(
            ["firm", "code", "name", "name_en", "sector", "owner_uscc", "owner_name", "address"]
        )


class FirmCodeForm(forms.Form):
    """First step of adding a firm: in which role, and its code."""

    role = forms.ChoiceField(label=_("Role"), widget=choice())
    uscc = UsccField(label=_("Company code"), help_text=_("18 characters of its licence"))

    def __init__(self, *args: Any, roles: Iterable[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = list(roles)  # type: ignore[attr-defined]


class PeopleForm(forms.Form):
    """Who answers for a part on the project."""

    manager_name = forms.CharField(label=_("Manager"), max_length=60, required=False, widget=text())
    manager_phone = forms.CharField(
        label=_("Manager's mobile number"),
        max_length=30,
        required=False,
        widget=text(inputmode="tel", autocomplete="off"),
    )
    clerk_name = forms.CharField(
        label=_("Labour clerk"),
        max_length=60,
        required=False,
        widget=text(),
        help_text=_("The name on the notice board (article 28)"),
    )
    clerk = forms.TypedChoiceField(
        label=_("Labour clerk's account"),
        required=False,
        coerce=int,
        empty_value=None,
        widget=choice(),
        help_text=_("Among the accounts of the firm"),
    )

    FIELDS: Mapping[str, str] = {
        "chain.manager": "manager_name",
        "phone": "manager_phone",
        "chain.clerk": "clerk",
        "chain.engaged_by": "by",
        "chain.circle": "by",
        "chain.own_firm": "by",
        "chain.gone": "by",
        "chain.engagement": "engagement",
        "chain.licence": "licence",
        "chain.entered": "entered_on",
        "chain.left": "entered_on",
        "firm": "name",
    }

    def __init__(self, *args: Any, organisation: int | None, phone_tail: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = Membership.objects.filter(organisation=organisation, is_active=True).select_related("user")
        names = {m.user_id: m.user.name for m in members.order_by("user__name")} if organisation else {}
        self.fields["clerk"].choices = [("", "—"), *names.items()]  # type: ignore[attr-defined]
        if not names:
            del self.fields["clerk"]
        self.kept_phone = phone_tail
        if phone_tail:
            self.fields["manager_phone"].help_text = _(
                "On record: %(phone)s. Leave it empty to keep it, write - to remove it."
            ) % {"phone": phone_tail}

    @property
    def people(self) -> PeopleOfPart:
        """The form as a value."""
        data = self.cleaned_data
        phone: str | None = data["manager_phone"].strip()
        if self.kept_phone:
            phone = {"": None, "-": ""}.get(phone or "", phone)
        return PeopleOfPart(
            manager_name=data["manager_name"],
            manager_phone=phone,
            clerk_name=data["clerk_name"],
            clerk_id=data.get("clerk"),
        )


class PartForm(PeopleForm):
    """How a firm was engaged, and who answers for it."""

    name = forms.CharField(
        label=_("Full name of the firm"), max_length=120, widget=text(), help_text=_("As on its licence")
    )
    legal_form = forms.ChoiceField(
        label=_("Legal form"), choices=LegalForm.choices, initial=LegalForm.COMPANY, widget=choice()
    )
    by = forms.TypedChoiceField(
        label=_("Engaged by"), required=False, coerce=int, empty_value=None, widget=choice()
    )
    engagement = forms.ChoiceField(
        label=_("How it was engaged"),
        widget=choice(),
        help_text=_("Decides who must pay when wages stay unpaid."),
    )
    licence = forms.CharField(
        label=_("Number of its licence"),
        max_length=60,
        required=False,
        widget=text(autocomplete="off"),
        help_text=_("Qualification of a subcontractor, dispatch licence of a labour agency"),
    )
    corp_type = forms.ChoiceField(label=_("Type of firm"), widget=choice())
    scope = forms.CharField(
        label=_("Works"),
        max_length=120,
        required=False,
        widget=text(),
        help_text=_("What it was engaged for"),
    )
    contract_signed_on = _day(_("Contract signed"))
    contract_sum = YuanField(label=_("Contract sum in yuan"))
    entered_on = _day(_("Came to the site"))

    def __init__(
        self, *args: Any, role: str, parents: Iterable[tuple[int, str]], known: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if known:
            del self.fields["name"], self.fields["legal_form"]
        above = list(parents)
        blank = [] if len(above) == 1 else [("", "—")]
        self.fields["by"].choices = [*blank, *above]  # type: ignore[attr-defined]
        if not above:
            del self.fields["by"]
        ways = ENGAGEMENTS.get(role, frozenset({"lawful"}))
        if len(ways) == 1:
            del self.fields["engagement"]
        else:
            self.fields["engagement"].choices = [  # type: ignore[attr-defined]
                (value, label) for value, label in Engagement.choices if value in ways
            ]
        if role in CORP_TYPE_OF:
            del self.fields["corp_type"]
        else:
            unknown = self.initial.get("corp_type") == ""  # entered before the type was asked
            self.fields["corp_type"].required = not unknown
            self.fields["corp_type"].choices = [*([("", "—")] if unknown else []), *_TYPES]  # type: ignore[attr-defined]
        if role == "owner":
            for name in ("licence", "scope", "contract_signed_on", "contract_sum", "entered_on"):
                del self.fields[name]
        if role == "agency":
            self.fields["engagement"].choices = [  # type: ignore[attr-defined]
                (Engagement.LAWFUL, _("Lawfully, with a dispatch licence")),
                (Engagement.UNLICENSED, Engagement.UNLICENSED.label),
            ]
            self.fields["manager_name"].required = True
            self.fields["licence"].label = _("Number of its dispatch licence")
            self.fields["licence"].help_text = _(
                "Without one the firm that uses its people pays (article 18)."
            )
        self.order_fields(
            ["name", "legal_form", "by", "corp_type", "scope", "engagement", "licence", "contract_signed_on",
             "contract_sum", "entered_on", "manager_name", "manager_phone", "clerk_name", "clerk"]
        )  # fmt: skip

    @property
    def facts(self) -> PartFacts:
        """The form as a value."""
        data = self.cleaned_data
        return PartFacts(
            by_id=data.get("by"),
            corp_type=data.get("corp_type", ""),
            scope=data.get("scope", ""),
            engagement=data.get("engagement") or Engagement.LAWFUL,
            licence=data.get("licence", ""),
            contract_signed_on=data.get("contract_signed_on"),
            contract_sum_fen=data.get("contract_sum"),
            entered_on=data.get("entered_on"),
        )


_TYPES = [
    (value, label)
    for value, label in CorpType.choices
    if value not in {CorpType.SUPERVISOR, CorpType.OWNER, CorpType.GENERAL_CONTRACTOR}
]
ROLES = [
    (Participation.Role.SUBCONTRACTOR, pgettext_lazy("role on a project", "Subcontractor")),
    (Participation.Role.AGENCY, pgettext_lazy("role on a project", "Labour agency")),
]
LEADERS_ROLES = [
    *ROLES,
    (Participation.Role.SUPERVISOR, pgettext_lazy("role on a project", "Supervisor")),
    (Participation.Role.OWNER, pgettext_lazy("role on a project", "Owner")),
]


class EndForm(forms.Form):
    """The last day of a firm on the project."""

    left_on = _day(_("Last day on the project"))

    def clean_left_on(self) -> Any:
        day = self.cleaned_data["left_on"]
        if day is None:
            raise forms.ValidationError(_("Write the day."))
        return day


class TeamForm(forms.Form):
    """A team: its name, its foreman among the people of the firm, and whether the work was let to them."""

    name = forms.CharField(label=_("Name of the team"), max_length=60, widget=text())
    foreman = forms.TypedChoiceField(
        label=_("Foreman"), required=False, coerce=int, empty_value=None, widget=choice()
    )
    let_to_foreman = forms.BooleanField(
        label=_("The work was let to the foreman as an individual"),
        required=False,
        help_text=_("The law forbids it; whoever let the work pays (articles 19, 36)."),
    )

    FIELDS: Mapping[str, str] = {
        "team.name": "name",
        "team.known": "name",
        "team.foreman": "foreman",
        "team.let": "let_to_foreman",
    }

    def __init__(self, *args: Any, people: Iterable[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["foreman"].choices = [("", "—"), *people]  # type: ignore[attr-defined]


class InviteForm(forms.Form):
    """A new account of a firm."""

    name = forms.CharField(label=_("Name"), max_length=60, widget=text(autocomplete="off"))
    username = forms.CharField(
        label=_("User name"),
        max_length=40,
        widget=text(autocomplete="off", autocapitalize="none", spellcheck="false"),
        help_text=_("3 to 40 small letters, digits, dots or dashes; begins with a letter"),
    )
    role = forms.ChoiceField(label=_("Role"), widget=choice())

    FIELDS: Mapping[str, str] = {
        "invitation.username": "username",
        "invitation.taken": "username",
        "invitation.name": "name",
        "invitation.role": "role",
    }

    def __init__(self, *args: Any, roles: Iterable[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = list(roles)
        self.fields["role"].choices = choices  # type: ignore[attr-defined]
        if len(choices) == 1:
            self.fields["role"].widget = forms.HiddenInput()
            self.initial.setdefault("role", choices[0][0])


class NewPasswordForm(forms.Form):
    """The first password of an invited person, twice."""

    new = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "class": "input"}),
    )
    again = forms.CharField(
        label=pgettext_lazy("password", "Once more"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "class": "input"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        new, again = data.get("new"), data.get("again")
        if new and again and new != again:
            self.add_error("again", _("The two passwords differ. Type the password once more."))
        elif new:
            try:
                password_validation.validate_password(new, self.user)
            except forms.ValidationError as error:
                self.add_error("new", error)
        return data
