"""The one family of errors that reaches people. A middleware turns them into a page or JSON."""

from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise
"""Text for people: a string, or a lazy translation of one."""


class WagewatchError(Exception):
    """Something a person must be told.

    ``code`` is stable and meant for programs (``id.checksum``); ``message`` is translatable and says
    what to do; ``facts`` fill the message's ``%(name)s`` places and go into the JSON answer, so they
    never hold personal data.
    """

    status: ClassVar[int] = 500

    def __init__(self, code: str, message: Text, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts
        self._message = message

    @property
    def message(self) -> str:
        """The message in the language active now, with the facts filled in."""
        text = str(self._message)
        return text % self.facts if self.facts else text

    @property
    def template(self) -> Text:
        """The message before its facts are filled in, for those who keep it and show it later."""
        return self._message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    def __reduce__(self) -> Any:
        return (_rebuild, (type(self), self.code, self._message, self.facts))


def _rebuild(kind: type[WagewatchError], code: str, message: Text, facts: dict[str, Any]) -> WagewatchError:
    return kind(code, message, **facts)


class Malformed(WagewatchError):
    """The input cannot be understood (400)."""

    status = 400


class TooLarge(Malformed):
    """More bytes than one request may have (413)."""

    status = 413


class NotPermitted(WagewatchError):
    """Known, but this actor may not do it (403)."""

    status = 403

    def __init__(
        self,
        code: str = "not_permitted",
        message: Text = _("Your role does not allow this. Ask the administrator of your organisation."),
        **facts: Any,
    ) -> None:
        super().__init__(code, message, **facts)


class NotFound(WagewatchError):
    """Not there, or outside the actor's reach, which looks the same (404)."""

    status = 404

    def __init__(
        self,
        code: str = "not_found",
        message: Text = _("Nothing was found here. Check the address or go back to the list."),
        **facts: Any,
    ) -> None:
        super().__init__(code, message, **facts)


class RuleViolation(WagewatchError):
    """Understood, but a rule forbids it in the present state (409)."""

    status = 409


class TryLater(WagewatchError):
    """Right, but not possible at this moment (503)."""

    status = 503

    def __init__(
        self,
        code: str = "try_later",
        message: Text = _("The system is busy. Nothing was changed; please try again in a minute."),
        **facts: Any,
    ) -> None:
        super().__init__(code, message, **facts)
