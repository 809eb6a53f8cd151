"""Numbers that identify people and organisations: ID numbers, company codes, cards, phones, and their masks.

Every ``normalise_…`` cleans what cannot be meant otherwise (full-width digits, spaces, invisible
characters, х for X) and says so in ``notes``; everything else is refused with ``Malformed`` telling what
is wrong and what to write. Sources: GB 11643 (ID number), GB 32100 (unified social credit code).
"""

import re
from datetime import date
from functools import lru_cache
from operator import mul
from typing import Literal, NamedTuple

from django.utils.translation import gettext_lazy as _

from wagewatch.lib.errors import Malformed
from wagewatch.lib.names import mask_name, normalise_name
from wagewatch.lib.texts import Normalised, Note, clean

__all__ = [
    "IdNumber",
    "Normalised",
    "Note",
    "check_id_number",
    "check_uscc",
    "check_uscc_digit",
    "icao_check_digit",
    "id_check_character",
    "luhn_ok",
    "make_id_number",
    "make_uscc",
    "mask_card",
    "mask_id",
    "mask_name",
    "mask_phone",
    "normalise_card",
    "normalise_id_number",
    "normalise_name",
    "normalise_phone",
    "number_cell",
]

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_PROVINCES = frozenset((
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41",
    "42", "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71",
))  # fmt: skip
_RESIDENCE_PERMITS = frozenset(("81", "82", "83"))
_LOOKS_LIKE_X = "xХх×Χχ✕✖╳"
_ID_WEIGHTS_OF_ZERO = ord("0") * sum(_WEIGHTS)
_RESIDENT = re.compile(r"[1-7][0-9]{16}[0-9X]")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")
_MASKS = re.compile(r"[*•●■□○?#_]|[Xx×]{2,}")
_SCIENTIFIC = re.compile(r"\d(\.\d+)?[eE]\+?\d+")

_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))

IdKind = Literal["resident", "residence_permit", "foreigner"]


class IdNumber(NamedTuple):
    """A checked number. ``sex`` is 1 male, 2 female (GB/T 2261.1), 0 where the number does not tell it
    (foreigners' cards of before 2023); ``region_code`` is the six-digit division it was issued under,
    which may have been abolished since, or ''."""

    number: str
    birth_date: date
    sex: Literal[0, 1, 2]
    region_code: str
    kind: IdKind
    notes: tuple[Note, ...] = ()

    def age_on(self, day: date) -> int:
        """Completed years on ``day``."""
        had_birthday = (day.month, day.day) >= (self.birth_date.month, self.birth_date.day)
        return day.year - self.birth_date.year - (not had_birthday)


def normalise_id_number(text: str) -> Normalised:
    """Half-width digits without spaces, X as last character; notes say what was changed.

    Also the 15 characters (three letters, twelve digits) of foreigners' cards issued before December 2023.

    Raises ``Malformed`` ``id.empty scientific masked characters fifteen_digits length``.
    """
    value, notes = clean(text, drop=" -")
    if not value:
        raise Malformed("id.empty", _("The ID number is missing. Write all 18 characters."))
    if _SCIENTIFIC.fullmatch(value):
        raise Malformed(
            "id.scientific",
            _(
                "The spreadsheet shortened this ID number (5.1E+17). Set the column to text and type all 18 characters."
            ),
        )
    if value[-1] in _LOOKS_LIKE_X:
        value = value[:-1] + "X"
        notes.append(Note("id.x", _("The last character was written as X.")))
    if _MASKS.search(value):
        raise Malformed(
            "id.masked", _("Part of this ID number is hidden. Write all 18 characters from the card.")
        )
    if len(value) == 15 and value.isascii() and value.isdigit():
        raise Malformed(
            "id.fifteen_digits",
            _("This is an old ID number of 15 digits. Write the 18 characters of the present card."),
        )
    if re.fullmatch(r"[A-Za-z]{3}[0-9]{12}", value):
        return Normalised(value.upper(), tuple(notes))
    if not re.fullmatch(r"[0-9]*[0-9X]", value):
        raise Malformed(
            "id.characters",
            _("An ID number has only digits, and at the end a digit or X. Copy it from the card."),
        )
    if len(value) != 18:
        raise Malformed(
            "id.length",
            _("An ID number has 18 characters; this one has %(length)s. Count them against the card."),
            length=len(value),
        )
    return Normalised(value, tuple(notes))


def check_id_number(text: str, *, today: date | None = None) -> IdNumber:
    """Read and check an ID number, a residence permit (81, 82, 83) or a foreigner's card (9…, or the 15
    characters of cards issued before December 2023, which stay valid until they expire).

    The province must exist; the county is not looked up, because numbers keep abolished codes. With
    ``today`` a birth date in the future or more than 120 years ago is refused. Raises ``Malformed``:
    the codes of ``normalise_id_number`` and ``id.province birth_date checksum``.
    """
    clean_already = _RESIDENT.fullmatch(text)
    value, notes = Normalised(text) if clean_already else normalise_id_number(text)
    if len(value) == 15:
        return _former_residence_card(value, notes, today)
    kind: IdKind = "resident"
    province = value[:2]
    if value[0] == "9":
        kind, province = "foreigner", value[1:3]
    elif province in _RESIDENCE_PERMITS:
        kind = "residence_permit"
    if kind != "residence_permit" and province not in _PROVINCES:
        raise Malformed(
            "id.province",
            _("The ID number begins with %(province)s, which is no province. Check it against the card."),
            province=province,
        )
    birth = _birth_date(value[6:14], today)
    if id_check_character(value[:17]) != value[17]:
        raise Malformed(
            "id.checksum",
            _(
                "This ID number cannot be right: a digit is wrong or two are swapped. Check it against the card."
            ),
        )
    sex: Literal[1, 2] = 1 if int(value[16]) % 2 else 2
    return IdNumber(value, birth, sex, value[:6], kind, notes)


def _former_residence_card(value: str, notes: tuple[Note, ...], today: date | None) -> IdNumber:
    """Nationality (3 letters), place of application (4), birth date YYMMDD, a serial and a check digit.

    The check digit is that of ICAO 9303 (7-3-1) by public readers of the card; no official text of it was
    found, so one that does not fit is a note (``id.check_digit``) and no refusal.
    """
    year, rest = int(value[7:9]), value[9:13]
    latest = today or date(2029, 12, 31)
    century = "20" if date(2000 + year, 1, 1) <= latest and f"20{value[7:13]}" <= f"{latest:%Y%m%d}" else "19"
    birth = _birth_date(f"{century}{year:02d}{rest}", today)
    if icao_check_digit(value[:14]) != value[14]:
        notes = (*notes, Note("id.check_digit", _("The last digit does not fit. Compare it with the card.")))
    return IdNumber(value, birth, 0, "", "foreigner", notes)


def icao_check_digit(text: str) -> str:
    """The check digit of ICAO Doc 9303 part 3: digits and letters (A = 10) weighted 7, 3, 1, modulo 10."""
    return str(sum(int(char, 36) * (7, 3, 1)[place % 3] for place, char in enumerate(text)) % 10)


@lru_cache(maxsize=40_000)
def _birth_date(digits: str, today: date | None) -> date:
    try:
        birth = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        birth = None
    latest, earliest_year = (today, today.year - 120) if today else (date(2099, 12, 31), 1900)
    if birth is None or birth > latest or birth.year < earliest_year:
        raise Malformed(
            "id.birth_date",
            _("The birth date in this ID number (%(digits)s) cannot be right. Check digits 7 to 14."),
            digits=f"{digits[:4]}-{digits[4:6]}-{digits[6:]}",
        )
    return birth


def id_check_character(first17: str) -> str:
    """The 18th character for 17 digits (GB 11643, ISO 7064 MOD 11-2)."""
    return _CHECK[(sum(map(mul, _WEIGHTS, first17.encode())) - _ID_WEIGHTS_OF_ZERO) % 11]


def make_id_number(region: str, birth: date, seq: int) -> str:
    """A valid number for synthetic data; ``seq`` 0-999, odd for a man."""
    first17 = f"{region}{birth:%Y%m%d}{seq:03d}"
    return first17 + id_check_character(first17)


def number_cell(field: Literal["id", "card", "phone"]) -> Malformed:
    """The refusal of an ID or card number that stands in a spreadsheet as a number.

    Spreadsheets keep 15 digits; the rest may be wrong although the check digit fits (1 in 11).
    """
    texts = {
        "id": _("The spreadsheet holds this ID number as a number, which loses the last digits. "
                "Set the column to text and type it again."),
        "card": _("The spreadsheet holds this card number as a number, which loses the last digits. "
                  "Set the column to text and type it again."),
        "phone": _("This phone number is not whole. Write all 11 digits as text."),
    }  # fmt: skip
    return Malformed(f"{field}.number_cell", texts[field])


def check_uscc(text: str) -> str:
    """A unified social credit code of 18 characters (GB 32100), normalised.

    Raises ``Malformed`` ``uscc.empty length characters checksum``.
    """
    value, _notes = clean(text, drop=" -")
    value = value.upper()
    if not value:
        raise Malformed(
            "uscc.empty", _("The company code is missing. Write the 18 characters of the licence.")
        )
    if len(value) != 18:
        raise Malformed(
            "uscc.length",
            _("A company code has 18 characters; this one has %(length)s. Copy it from the licence."),
            length=len(value),
        )
    if any(c not in _USCC_ALPHABET for c in value):
        raise Malformed(
            "uscc.characters",
            _("A company code has digits and capital letters without I, O, S, V, Z. Check it."),
        )
    if check_uscc_digit(value[:17]) != value[17]:
        raise Malformed("uscc.checksum", _("This company code cannot be right. Compare it with the licence."))
    return value


def check_uscc_digit(first17: str) -> str:
    """The 18th character of a company code (GB 32100, MOD 31-3)."""
    total = sum(w * _USCC_ALPHABET.index(c) for w, c in zip(_USCC_WEIGHTS, first17, strict=True))
    return _USCC_ALPHABET[-total % 31]


def make_uscc(region: str, serial: str) -> str:
    """A valid company code for synthetic data: ``91`` + region (6) + ``serial`` (9 characters)."""
    first17 = f"91{region}{serial}"
    return first17 + check_uscc_digit(first17)


def luhn_ok(number: str) -> bool:
    """Whether the digits pass the Luhn check. A warning only: some old cards and passbooks fail."""
    if not (number.isascii() and number.isdigit()):
        return False
    digits = number.encode()[::-1]
    total = sum(digits[::2]) + sum(digits[1::2].translate(_DOUBLED)) - ord("0") * len(digits)
    return total % 10 == 0


def normalise_card(text: str) -> Normalised:
    """A bank card or passbook number, 12 to 22 digits; a failed Luhn check is a note (``card.luhn``).

    Raises ``Malformed`` ``card.empty scientific masked characters length``.
    """
    if text.isascii() and text.isdigit() and 12 <= len(text) <= 22 and luhn_ok(text):
        return Normalised(text)
    value, notes = clean(text, drop=" -")
    if not value:
        raise Malformed("card.empty", _("The card number is missing. Copy all digits from the card."))
    if _SCIENTIFIC.fullmatch(value):
        raise Malformed(
            "card.scientific",
            _("The spreadsheet shortened this card number. Set the column to text and type all digits."),
        )
    if _MASKS.search(value):
        raise Malformed("card.masked", _("Part of this card number is hidden. Write all digits."))
    if not (value.isascii() and value.isdigit()):
        raise Malformed(
            "card.characters", _("A card number has only digits. Is the bank's name in this column?")
        )
    if not 12 <= len(value) <= 22:
        raise Malformed(
            "card.length",
            _("A card number usually has 16 to 19 digits; this one has %(length)s. Copy it from the card."),
            length=len(value),
        )
    if not luhn_ok(value):
        notes.append(Note("card.luhn", _("The check digit does not fit. Compare the number with the card.")))
    return Normalised(value, tuple(notes))


def normalise_phone(text: str) -> Normalised:
    """A mobile number of 11 digits (1[3-9]…); +86, 0086, spaces and dashes are removed.

    Raises ``Malformed`` ``phone.empty scientific masked several characters length prefix``.
    """
    if _MOBILE.fullmatch(text):
        return Normalised(text)
    value, notes = clean(text, drop=" -()")
    if not value:
        raise Malformed("phone.empty", _("The mobile number is missing. Write 11 digits."))
    if _SCIENTIFIC.fullmatch(value):
        raise Malformed(
            "phone.scientific",
            _("The spreadsheet shortened this mobile number. Set the column to text and type all 11 digits."),
        )
    if _MASKS.search(value):
        raise Malformed("phone.masked", _("Part of this mobile number is hidden. Write all 11 digits."))
    if re.fullmatch(r"1\d{10}\.0+", value):
        value = value.split(".")[0]
        notes.append(Note("phone.decimal", _("A decimal point at the end was removed.")))
    if re.fullmatch(r"(1\d{10}\D*){2,}", value):
        raise Malformed("phone.several", _("There are several numbers here. Write the one the worker uses."))
    if match := re.fullmatch(r"(?:\+|00)?86(1\d{10})", value):
        value = match[1]
        notes.append(Note("phone.country_code", _("The country code 86 was removed.")))
    if not (value.isascii() and value.isdigit()):
        raise Malformed("phone.characters", _("A mobile number has only digits. Write 11 digits."))
    if len(value) != 11:
        raise Malformed(
            "phone.length",
            _("A mobile number has 11 digits; this one has %(length)s."),
            length=len(value),
        )
    if value[0] != "1" or value[1] not in "3456789":
        raise Malformed(
            "phone.prefix", _("A mobile number begins with 13 to 19. Write the worker's mobile number.")
        )
    return Normalised(value, tuple(notes))


def mask_id(number: str) -> str:
    """``3422**********6017``: first and last four characters."""
    return f"{number[:4]}{'*' * (len(number) - 8)}{number[-4:]}" if len(number) > 8 else "*" * len(number)


def mask_card(number: str) -> str:
    """The last four digits, all that is ever shown of a card."""
    return number[-4:] if len(number) > 8 else ""


def mask_phone(number: str) -> str:
    """``138****6017``."""
    return f"{number[:3]}****{number[-4:]}" if len(number) == 11 else "*" * len(number)
