"""Forms of sign-in."""

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from registration.models import User
from wagewatch.lib.errors import Malformed
from wagewatch.lib.identity import normalise_phone


class SignInForm(forms.Form):
    """User name and password."""

    username = forms.CharField(
        label=_("User name"),
        max_length=60,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "class": "input"}
        ),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "class": "input"}),
    )


class CodeForm(forms.Form):
    """Six digits from an app or a message; spaces between them are allowed."""

    code = forms.CharField(
        label=_("Six digits"),
        max_length=12,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "class": "input",
                "autofocus": True,
            }
        ),
    )

    def clean_code(self) -> str:
        code = "".join(c for c in self.cleaned_data["code"] if c.isdecimal())
        if len(code) != 6:
            raise forms.ValidationError(_("The code has six digits."))
        return "".join(str(int(c)) for c in code)


class PhoneForm(forms.Form):
    """The worker's phone number."""

    phone = forms.CharField(
        label=_("Phone number"),
        max_length=30,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel", "class": "input"}),
    )

    def clean_phone(self) -> str:
        try:
            return normalise_phone(self.cleaned_data["phone"]).value
        except Malformed as error:
            raise forms.ValidationError(error.message) from None


class TailForm(forms.Form):
    """Which of several people with one phone: the last four characters of the ID number."""

    tail = forms.CharField(
        label=_("Last four of the ID number"),
        min_length=4,
        max_length=4,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "input"}),
    )

    def clean_tail(self) -> str:
        return str(self.cleaned_data["tail"]).upper()


class PasswordForm(forms.Form):
    """A new password, twice, after the old one."""

    old = forms.CharField(
        label=_("Password now"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "class": "input"}),
    )
    new = forms.CharField(
        label=_("New password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "class": "input"}),
    )
    again = forms.CharField(
        label=pgettext_lazy("password", "Once more"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "class": "input"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_old(self) -> str:
        if not self.user.check_password(self.cleaned_data["old"]):
            raise forms.ValidationError(_("This is not your present password."))
        return str(self.cleaned_data["old"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        new, again = data.get("new"), data.get("again")
        if new and again and new != again:
            self.add_error("again", _("The two new passwords differ. Type the new password once more."))
        elif new:
            try:
                password_validation.validate_password(new, self.user)
            except forms.ValidationError as error:
                self.add_error("new", error)
        return data
