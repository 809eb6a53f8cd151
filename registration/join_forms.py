"""Forms of registration by the site's QR code: what the worker types, and what the clerk adds."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from registration.models import LeftReason, PayBasis, PieceUnit, Project, Team
from registration.rules.trades import TRADES
from registration.services.joining import employers_of, teams_of
from registration.trade_names import trade_label
from wagewatch.lib.errors import Malformed
from wagewatch.lib.identity import normalise_card, normalise_id_number
from wagewatch.lib.money import parse_yuan
from wagewatch.lib.names import normalise_name


def _text(**attrs: Any) -> forms.TextInput:
    return forms.TextInput(attrs={"autocomplete": "off", "class": "input", **attrs})


class WhoForm(forms.Form):
    """Name and ID number as on the card."""

    name = forms.CharField(
        label=_("Your name, as on the ID card"),
        max_length=60,
        widget=_text(autocomplete="name", autofocus=True),
        error_messages={"required": _("Write your name.")},
    )
    id_number = forms.CharField(
        label=pgettext_lazy("roster field", "ID number"),
        help_text=_("18 characters. The last may be an X."),
        max_length=40,
        widget=_text(inputmode="text", autocapitalize="characters"),
        error_messages={"required": _("Write your ID number.")},
    )

    def clean_name(self) -> str:
        try:
            return normalise_name(self.cleaned_data["name"]).value
        except Malformed as error:
            raise forms.ValidationError(error.message) from None

    def clean_id_number(self) -> str:
        try:
            return normalise_id_number(self.cleaned_data["id_number"]).value
        except Malformed as error:
            raise forms.ValidationError(error.message) from None


class WorkForm(forms.Form):
    """Trade, and the firm or team if the worker knows it (`p:12` or `t:7`)."""

    trade = forms.ChoiceField(
        label=_("What do you do?"),
        choices=lambda: [(trade, trade_label(trade)) for trade in TRADES],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose your trade."), "invalid_choice": _("Choose your trade.")},
    )
    whom = forms.ChoiceField(
        label=_("Who do you work for?"), required=False, widget=forms.Select(attrs={"class": "input"})
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams: dict[int, list[tuple[str, str]]] = {}
        for team in teams_of(project):
            teams.setdefault(team.participation_id, []).append((f"t:{team.pk}", team.name))
        choices: list[Any] = [("", _("I do not know"))]
        for part in employers_of(project):
            name = part.organisation.name
            of_firm = [(f"p:{part.pk}", name), *teams.get(part.pk, [])]
            choices.append((name, of_firm) if len(of_firm) > 1 else of_firm[0])
        self.fields["whom"].choices = choices  # type: ignore[attr-defined]

    def chosen(self) -> tuple[int | None, int | None]:
        """(firm, team), either may be None."""
        kind, _colon, number = self.cleaned_data["whom"].partition(":")
        return (
            int(number) if kind == "p" else None,
            int(number) if kind == "t" else None,
        )


class OwnCardForm(forms.Form):
    """A wage card in the worker's own name; may be left for later."""

    number = forms.CharField(
        label=_("Number on your bank card"),
        help_text=_("Only a card in your own name. Wages go there."),
        max_length=40,
        required=False,
        widget=_text(inputmode="numeric"),
    )
    bank_name = forms.CharField(
        label=pgettext_lazy("roster field", "Bank"), max_length=60, required=False, widget=_text()
    )

    def clean_number(self) -> str:
        number = self.cleaned_data["number"].strip()
        try:
            return normalise_card(number).value if number else ""
        except Malformed as error:
            raise forms.ValidationError(error.message) from None


class AcceptForm(forms.Form):
    """What the clerk adds to a request: team, trade, pay, first day."""

    team = forms.ModelChoiceField(
        label=_("Team"), queryset=Team.objects.none(), widget=forms.Select(attrs={"class": "input"})
    )
    trade = forms.CharField(label=_("Trade"), max_length=40, widget=_text(list="trades"))
    pay_basis = forms.ChoiceField(
        label=_("How it is paid"), choices=PayBasis.choices, widget=forms.Select(attrs={"class": "input"})
    )
    rate = forms.CharField(
        label=_("Rate in yuan"), max_length=20, widget=_text(inputmode="decimal"), help_text=_("As agreed.")
    )
    piece_unit = forms.ChoiceField(
        label=_("Unit of piece work"),
        choices=[("", "—"), *PieceUnit.choices],
        required=False,
        widget=forms.Select(attrs={"class": "input"}),
    )
    joined_on = forms.DateField(
        label=_("First day"),
        widget=forms.DateInput(attrs={"type": "date", "class": "input"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, teams: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["team"]
        field.queryset = teams  # type: ignore[attr-defined]
        field.label_from_instance = lambda team: f"{team.name}（{team.participation.organisation}）"  # type: ignore[attr-defined]

    def clean_rate(self) -> int:
        try:
            fen = parse_yuan(self.cleaned_data["rate"])
        except Malformed as error:
            raise forms.ValidationError(error.message) from None
        if fen <= 0:
            raise forms.ValidationError(_("The rate must be more than nothing."))
        return fen

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("pay_basis") == PayBasis.PIECE and not data.get("piece_unit"):
            self.add_error("piece_unit", _("Choose what a piece is."))
        return data


class TogetherForm(forms.Form):
    """Who leaves together, when and why."""

    whom = forms.ChoiceField(label=_("Who leaves"), widget=forms.Select(attrs={"class": "input"}))
    left_on = forms.DateField(
        label=_("Last day on the project"),
        widget=forms.DateInput(attrs={"type": "date", "class": "input"}, format="%Y-%m-%d"),
    )
    reason = forms.ChoiceField(
        label=pgettext_lazy("leaving", "Why"),
        choices=LeftReason.choices,
        widget=forms.Select(attrs={"class": "input"}),
    )

    def __init__(self, *args: Any, whom: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["whom"].choices = [("", "—"), *whom]  # type: ignore[attr-defined]
