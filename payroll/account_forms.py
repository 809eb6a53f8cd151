"""Forms of a special account's life: registration, the bank's answer, filing, agreement, closing."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from payroll.account_rules import proper_name
from payroll.forms import YuanField
from payroll.models import AccountAgreement, AccountState, SpecialAccount
from payroll.services.account_opening import AccountFacts
from payroll.services.agreements import AgreementFacts
from registration.models import Organisation, Project
from registration.views.training_forms import day_field, scan_field, text_field

SCAN_HELP = _("PDF, JPEG or PNG, at most 10 MB.")
NEW = "new"


def _select() -> forms.Select:
    return forms.Select(attrs={"class": "input"})


class RegisterForm(forms.Form):
    """A new account, or one that the firm has already."""

    account = forms.ChoiceField(label=_("Which account"), widget=_select())
    bank = forms.ModelChoiceField(
        queryset=Organisation.objects.filter(kind=Organisation.Kind.BANK).order_by("name"),
        label=pgettext_lazy("account", "Bank"),
        required=False,
        widget=_select(),
    )
    name = text_field(_("Name of the account"), 200, required=False)
    number = text_field(_("Account number"), 40, required=False, inputmode="numeric", autocomplete="off")
    opened_on = day_field(_("Opened on"))

    FIELDS = {
        "account.bank": "bank",
        "account.name": "name",
        "account.number": "number",
        "account.known": "number",
        "account.existing": "account",
        "account.no_sharing": "account",
        "account.day": "opened_on",
    }

    def __init__(self, *args: Any, project: Project, firm: Organisation, **kwargs: Any) -> None:
        start = {"name": proper_name(firm.name, project.name), "account": NEW}
        super().__init__(*args, **{**kwargs, "initial": start})
        accounts = (
            SpecialAccount.objects.filter(organisation=firm, state=AccountState.OPEN)
            .select_related("bank")
            .defer("number")
            .order_by("name")
        )
        choices: list[tuple[str, Any]] = [(NEW, _("A new account for this project"))]
        choices += [(str(a.pk), f"{a.bank} {a.tail} {a.name}") for a in accounts]
        self.fields["account"].choices = choices  # type: ignore[attr-defined]
        self.fields["account"].help_text = _(
            "A firm with several projects may keep them in one account, each with its own share."
        )
        self.fields["name"].help_text = _("Firm, project and “农民工工资专用账户”, as the bank opened it.")
        self.fields["number"].help_text = _("Bank, name and number are only asked for a new account.")
        self.fields["opened_on"].help_text = _(
            "For an account you have already: the day since when it serves this project."
        )

    @property
    def facts(self) -> AccountFacts:
        """The form as a value."""
        data = self.cleaned_data
        if data["account"] != NEW:
            return AccountFacts(opened_on=data["opened_on"], account_id=int(data["account"]))
        return AccountFacts(
            opened_on=data["opened_on"],
            bank_id=data["bank"].pk if data["bank"] else None,
            name=data["name"],
            number=data["number"],
        )


class AnswerForm(forms.Form):
    """The bank's word on an account or a statement."""

    verdict = forms.ChoiceField(
        label=_("Your answer"),
        choices=[("confirm", _("It is right")), ("refuse", _("Refuse"))],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("Why, if you refuse"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"class": "input", "rows": 3}),
    )
    FIELDS = {"account.reason": "reason", "statement.reason": "reason"}


class FilingForm(forms.Form):
    """When and under which number the account was filed."""

    filed_on = day_field(_("Filed on"))
    number = text_field(_("Filing number"), 60, autocomplete="off")
    scan = scan_field(_("The stamped paper, scanned"))
    FIELDS = {
        "account.filed_on": "filed_on",
        "account.filing_number": "number",
        "account.scan": "scan",
        "file": "scan",
        "picture": "scan",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "initial": {"filed_on": timezone.localdate()}})
        self.fields["scan"].help_text = SCAN_HELP


class AgreementForm(forms.Form):
    """The three-party agreement with what it says about the allocation."""

    number = text_field(_("Number of the agreement"), 60, autocomplete="off")
    signed_on = day_field(_("Signed on"))
    mode = forms.ChoiceField(
        label=_("What is allocated"), choices=AccountAgreement.Mode.choices, widget=_select()
    )
    amount_fen = YuanField(label=_("Amount a month in yuan"), required=False)
    ratio_percent = forms.DecimalField(
        label=_("Share in percent"),
        required=False,
        max_digits=5,
        decimal_places=2,
        widget=forms.TextInput(attrs={"class": "input", "inputmode": "decimal"}),
    )
    day = forms.IntegerField(
        label=_("Day of the month"),
        widget=forms.NumberInput(attrs={"class": "input", "min": 1, "max": 31}),
    )
    scan = scan_field(_("The signed agreement, scanned"))
    note = text_field(_("Note"), 200, required=False)
    FIELDS = {
        "agreement.number": "number",
        "agreement.signed_on": "signed_on",
        "agreement.older": "signed_on",
        "agreement.mode": "mode",
        "agreement.amount": "amount_fen",
        "agreement.ratio": "ratio_percent",
        "agreement.day": "day",
        "agreement.scan": "scan",
        "file": "scan",
        "picture": "scan",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount_fen"].widget.attrs["class"] = "input"
        self.fields["scan"].help_text = SCAN_HELP

    @property
    def facts(self) -> AgreementFacts:
        """The form as a value."""
        data = self.cleaned_data
        return AgreementFacts(
            number=data["number"],
            signed_on=data["signed_on"],
            mode=data["mode"],
            day=data["day"],
            amount_fen=data["amount_fen"],
            ratio_percent=data["ratio_percent"],
            note=data["note"],
        )


class ClosingForm(forms.Form):
    """Ask to close: the notice and the pledge."""

    notice_from = day_field(_("Notice at the site since"))
    where = text_field(_("Where it hangs, and where people may object"), 200)
    scan = scan_field(_("Signed pledge that nothing is owed, scanned"))
    FIELDS = {
        "closing.notice": "notice_from",
        "closing.where": "where",
        "closing.scan": "scan",
        "file": "scan",
        "picture": "scan",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "initial": {"notice_from": timezone.localdate()}})
        self.fields["scan"].help_text = SCAN_HELP
