"""What a worker is told before they decide about their face at the gates, and what each answer means. Pure.

Personal Information Protection Law, articles 14, 15, 16, 17, 29, 30; measures on the security of face recognition
(in force since 2025-06-01): told plainly and beforehand, asked for by itself, another way offered, taken back at will.
"""

import hashlib
from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from devices.models import FaceConsent

VERSION = "2026-11"
"""Change it with the words below. A yes to earlier words stays as long as keeper and purpose are the same."""

Word = FaceConsent.Word

TEXTS: Sequence[tuple[str | Promise, str | Promise]] = (
    (
        _("What is it about?"),
        _(
            "The site would like to give the picture in your file to its gates. A gate then opens when it sees your face."
        ),
    ),
    (_("Who keeps it?"), _("%(firm)s, in the gates of this site and nowhere else.")),
    (_("What for?"), _("To open the gate and to count your days. For nothing else.")),
    (_("How long?"), _("Until you say no, or until your last day here. Then every gate deletes it.")),
    (
        _("Must I?"),
        _("No. With a badge or your ID card you come in just the same, and you are paid just the same."),
    ),
    (
        _("And later?"),
        _(
            "You can take it back at any time, with one tap on this page. Questions: ask the labour clerk, or call 12333."
        ),
    ),
)
"""Question and answer, in this order; `firm` is the general contractor."""


def shown(firm: str) -> list[tuple[str, str]]:
    """The texts in the language active now."""
    return [
        (str(head), str(text) % {"firm": firm} if "%(" in str(text) else str(text)) for head, text in TEXTS
    ]


def digest(texts: Sequence[tuple[str, str]]) -> bytes:
    """SHA-256 over the words as shown, one line each."""
    return hashlib.sha256("\n".join(line for pair in texts for line in pair).encode()).digest()


def next_word(before: str | None, said: str) -> str | None:
    """What is written down when somebody who last said `before` says `said`; None where it stands already.

    A no after a yes takes the yes back; a no once said stays a no.
    """
    if said == Word.YES:
        return None if before == Word.YES else Word.YES
    if before == Word.YES:
        return Word.WITHDRAWN
    return Word.NO if before is None and said == Word.NO else None
