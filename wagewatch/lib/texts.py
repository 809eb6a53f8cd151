"""Cleaning of typed text: full-width forms, invisible characters, spreadsheet quote tricks."""

import re
import unicodedata
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from wagewatch.lib.errors import Text

_INVISIBLE = re.compile(
    r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff\x00-\x08\x0e-\x1f\x7f]"
)
_TURNS = re.compile(r"[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_SPACES = re.compile(r"[\s\u00a0\u3000]+")
_WRAPPED = re.compile(r"=\s*\"(.*)\"", re.DOTALL)
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))


class Note(NamedTuple):
    """Something that was changed or looks odd, to show beside the value."""

    code: str
    message: Text


class Normalised(NamedTuple):
    """A cleaned value and what was done to it."""

    value: str
    notes: tuple[Note, ...] = ()


def unturned(text: str) -> str:
    """The text without the signs that turn the direction of writing (U+200E, U+202E and their like)."""
    return _TURNS.sub("", text)


def visible(text: str) -> str:
    """The text without characters nobody can see, white space runs as one space."""
    return _SPACES.sub(" ", _INVISIBLE.sub("", text)).strip()


def clean(text: str, *, drop: str = "") -> tuple[str, list[Note]]:
    """A number or code as it was meant, with notes.

    Removes invisible characters, a leading apostrophe, ``="…"`` around it and the characters in
    ``drop``; full-width becomes half-width.
    """
    notes: list[Note] = []
    if text.isascii() and text.isalnum():
        return text, notes
    value = visible(text)
    if value != _SPACES.sub(" ", text).strip():
        notes.append(Note("text.invisible", _("Invisible characters were removed.")))
    half = unicodedata.normalize("NFKC", value).translate(_DASHES)
    if half != value and half.replace(" ", "") != value.replace(" ", ""):
        notes.append(Note("text.full_width", _("Full-width characters were written as half-width.")))
    bare = half.strip()
    if wrapped := _WRAPPED.fullmatch(bare):
        bare = wrapped[1]
    bare = bare.strip().strip("'`‘’′\"“”").strip()
    if bare != half:
        notes.append(Note("text.quotes", _("Quotation marks around the value were removed.")))
    if drop and any(c in bare for c in drop):
        bare = bare.translate({ord(c): None for c in drop})
        notes.append(Note("text.spaces", _("Spaces and dashes were removed.")))
    return bare, notes


def whole_number(text: str, *, digits: int = 18) -> int | None:
    """The number that stands in an address or a form; None for anything but 1 to `digits` plain digits.

    ``"²".isdigit()`` is true and ``int("²")`` fails; so does ``int`` of 5,000 digits; 18 fit a column's 64 bits.
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None


def odd_digits(text: str) -> bool:
    """Whether a text holds raised, lowered or circled digits (², ①): read as plain ones 10² would be 102."""
    return any(c.isdigit() and not c.isdecimal() for c in text)
