"""What officials type into the forms of the state's acts, whole or refused."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from wagewatch.lib.errors import Malformed


def whole(text: Any, most: int, code: str, **facts: Any) -> str:
    """A text as typed, without blanks around it. One longer than `most` characters is never cut: Malformed `code`, with
    both counts."""
    said = str(text).replace("\x00", "").replace("\r\n", "\n").strip()
    if len(said) > most:
        raise Malformed(
            code,
            _("At most %(most)s characters go here, and these are %(n)s. Shorten it."),
            most=most,
            n=len(said),
            **facts,
        )
    return said
