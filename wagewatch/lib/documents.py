"""Numbers of passports and of travel permits, which have no check digit: written in one way, so that the
same document is found again."""

import re
from typing import Literal

from django.utils.translation import gettext_lazy as _

from wagewatch.lib.errors import Malformed
from wagewatch.lib.texts import Normalised, Note, clean

DocumentKind = Literal["08", "10", "12"]
"""Passport, travel permit for Hong Kong and Macao residents, for Taiwan residents (national codes)."""

_HK_MACAO = re.compile(r"([HM]\d{8})(\d{2})?")
_TAIWAN = re.compile(r"(\d{8})(?:\d{2}\(?[A-Z]?\)?)?")
_PASSPORT = re.compile(r"(?=[A-Z]*\d)[A-Z0-9]{6,12}")
_COUNTRY = re.compile(r"[A-Z]{3}")
_RENEWAL = Note("id.renewal", _("The last two digits only count the cards issued and were left out."))


def normalise_document(kind: str, text: str) -> Normalised:
    """The number of a passport or permit: capital letters, no spaces; the issue count of a permit is cut.

    A permit keeps its first nine (Hong Kong, Macao) or eight (Taiwan) characters for life, so a renewed
    one is the same person. Raises ``Malformed`` ``id.empty``, ``id.permit``, ``id.passport``.
    """
    value, notes = clean(text, drop=" -")
    value = value.upper()
    if not value:
        raise Malformed("id.empty", _("The number of the document is missing."))
    if kind == "08":
        if not _PASSPORT.fullmatch(value):
            raise Malformed(
                "id.passport",
                _("A passport number has 6 to 12 letters and digits. Copy it from the passport."),
            )
        return Normalised(value, tuple(notes))
    match = (_HK_MACAO if kind == "10" else _TAIWAN).fullmatch(value)
    if match is None:
        texts = {
            "10": _("This permit's number is H or M and eight digits. Copy it from the permit."),
            "12": _("This permit's number has eight digits. Copy it from the permit."),
        }
        raise Malformed("id.permit", texts[kind])
    return Normalised(match[1], (*notes, _RENEWAL) if match[1] != value else tuple(notes))


def normalise_nationality(text: str) -> str:
    """Three capital letters (ISO 3166-1), '' for nothing. Raises ``Malformed`` ``nationality.letters``."""
    value = clean(text, drop=" ")[0].upper()
    if value and not _COUNTRY.fullmatch(value):
        raise Malformed("nationality.letters", _("Write the three letters of the passport, such as VNM."))
    return value


def index_text(kind: str, number: str, nationality: str = "") -> str:
    """What the blind index of a document is made of.

    Identity numbers stand alone, as they are unique among themselves; permits are unique in their kind,
    passports in their kind and country.
    """
    if kind == "08":
        return f"08:{nationality}:{number}"
    return f"{kind}:{number}" if kind in {"10", "12"} else number
