"""One person and their work as entered one by one: from a form, a card reader, a phone or another system.

The same checks as a roster's row; what is typed is read into plain values with a message per field.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import msgspec
from django.utils.translation import gettext_lazy as _

from registration.rules.ethnic_groups import ethnic_group
from registration.rules.roster_row import BLANKS, DAYS_AHEAD, LARGEST_RATE_FEN, Message, message
from wagewatch.lib.dates import parse_date
from wagewatch.lib.documents import normalise_document, normalise_nationality
from wagewatch.lib.errors import Malformed, Text
from wagewatch.lib.identity import check_id_number, normalise_card, normalise_name, normalise_phone
from wagewatch.lib.money import parse_yuan
from wagewatch.lib.texts import visible, whole_number

NUMBERED = frozenset(("01", "02", "03"))
"""Kinds whose number has a check digit and tells the birth date; the kind itself is told by the number."""
DOCUMENTS = frozenset(("08", "10", "12"))
"""Passport and travel permits: birth date and sex are typed."""
HOUSEHOLDS = frozenset(("rural", "urban"))
EDUCATIONS = frozenset(("01", "02", "03", "04", "05", "06", "07", "08", "99"))
POLITICS = frozenset(f"{number:02d}" for number in range(1, 14))
SKILL_GRADES = frozenset(range(6))
BASES = frozenset(("day", "hour", "month", "piece"))
PIECE_UNITS = frozenset(("m", "m2", "m3", "t", "piece", "set", "job"))
WORK_ROLES = frozenset(("10", "20"))
PHOTO_SOURCES = frozenset(("card", "camera", "file", "self"))
LAST_PAY_DAY = 28


def kind_of_number(number: str) -> tuple[str, str]:
    """Kind of card and nationality that a checked number tells; the nationality '' where it does not."""
    if number[:1].isalpha():
        return "03", number[:3]
    if number[:1] == "9":
        return "03", ""
    return ("02" if number[:2] in {"81", "82", "83"} else "01"), "CHN"


class PersonValues(msgspec.Struct, frozen=True):
    """A person as read; '' or None means nothing was said. `id_kind` by the national codes (IdKind).

    `card_number` and `bank_name` are the wage card, `photo` any JPEG or PNG, `photo_source` a
    WorkerPhoto.Source.
    """

    name: str
    id_number: str
    birth_date: date
    sex: int
    id_kind: str = "01"
    nationality: str = "CHN"
    english_name: str = ""
    origin_code: str = ""
    ethnicity: str = ""
    address: str = ""
    phone: str = ""
    id_issuer: str = ""
    id_valid_from: date | None = None
    id_valid_until: date | None = None
    household: str = ""
    education: str = ""
    politics: str = ""
    skill_grade: int = 0
    emergency_name: str = ""
    emergency_phone: str = ""
    card_number: str = ""
    bank_name: str = ""
    photo: bytes = b""
    photo_source: str = "file"


class PostingValues(msgspec.Struct, frozen=True):
    """The work agreed. `rate_fen` per unit of `pay_basis`, of piece work per `piece_unit`; `trade` ''
    takes the one the team's name tells; `joined_on` None is today; `pay_day` None is the project's."""

    team: str
    rate_fen: int
    trade: str = ""
    pay_basis: str = "day"
    piece_unit: str = ""
    pay_day: int | None = None
    work_role: str = "20"
    joined_on: date | None = None


class Reading:
    """Typed values with the messages of reading them; `stopped` says whether one refuses."""

    def __init__(self, typed: Mapping[str, Any]) -> None:
        self.typed = typed
        self.messages: list[Message] = []

    @property
    def stopped(self) -> bool:
        return any(m.kind == "stop" for m in self.messages)

    def text(self, field: str) -> str:
        """Visible text, '' for -, / and 无."""
        value = visible(str(self.typed.get(field) or ""))
        return "" if value in BLANKS else value

    def say(self, field: str, kind: str, code: str, text: Text, **facts: Any) -> None:
        self.messages.append(message(field, kind, code, text, **facts))

    def attempt(self, field: str, read: Callable[[str], Any]) -> Any:
        """What `read` makes of the field as typed, its notes kept; None with its refusal kept."""
        try:
            found = read(str(self.typed.get(field) or ""))
        except Malformed as error:
            self.say(field, "stop", error.code, error.template, **error.facts)
            return None
        for note in getattr(found, "notes", ()):
            doubtful = note.code in {"card.luhn", "id.check_digit"}
            self.say(field, "warn" if doubtful else "note", note.code, note.message)
        return found

    def value(self, field: str, read: Callable[[str], Any]) -> str:
        """The cleaned text of an optional field."""
        found = self.attempt(field, read) if self.text(field) else None
        return str(found.value) if found else ""

    def day(self, field: str) -> date | None:
        value = self.typed.get(field)
        if isinstance(value, date):
            return value
        return self.attempt(field, parse_date) if self.text(field) not in {"", "长期"} else None

    def choice(self, field: str, allowed: frozenset[str], default: str = "") -> str:
        """One of the allowed codes, `default` for nothing."""
        value = self.text(field) or default
        if value and value not in allowed:
            self.say(field, "stop", "choice.unknown", _("Choose one of the values offered."))
            return default
        return value


def read_person(typed: Mapping[str, Any], *, today: date) -> tuple[PersonValues | None, list[Message]]:
    """A person from typed or read values, keyed as the fields of PersonValues.

    None with at least one message of kind stop when something must be corrected first.
    """
    reading = Reading(typed)
    identity = _identity(reading, today)
    name = reading.attempt("name", normalise_name)
    phone = reading.value("phone", normalise_phone)
    if not reading.text("phone"):
        text = _("Without a mobile number the worker cannot sign in to see and confirm the wages.")
        reading.say("phone", "warn", "phone.none", text)
    others = _others(reading)
    if reading.stopped or identity is None or name is None:
        return None, reading.messages
    values = PersonValues(name=name.value, phone=phone, **identity, **others)
    return values, reading.messages


class Document(msgspec.Struct, frozen=True):
    """What stands on a person's document. `sex` 0 where neither the number nor anybody tells it yet."""

    name: str
    id_kind: str
    id_number: str
    nationality: str
    birth_date: date | None
    sex: int
    origin_code: str


def read_document(typed: Mapping[str, Any], *, today: date) -> tuple[Document | None, list[Message]]:
    """Kind, number, nationality and name only: what is asked first, to find a person again.

    None with at least one message of kind stop when something must be corrected first.
    """
    reading = Reading(typed)
    found = _number(reading, today)
    name = reading.attempt("name", normalise_name)
    if reading.stopped or found is None or name is None:
        return None, reading.messages
    return Document(name=name.value, **found), reading.messages


def _number(reading: Reading, today: date) -> dict[str, Any] | None:
    """What the number tells: kind, nationality, and where it does, birth date, sex and origin."""
    kind = reading.choice("id_kind", NUMBERED | DOCUMENTS, "01")
    nationality = reading.attempt("nationality", normalise_nationality) or ""
    if kind in DOCUMENTS:
        found = reading.attempt("id_number", lambda text: normalise_document(kind, text))
        number = found.value if found else ""
        told: dict[str, Any] = {"birth_date": None, "sex": 0, "origin_code": ""}
        nationality = nationality if kind == "08" else "CHN"
    else:
        checked = reading.attempt("id_number", lambda text: check_id_number(text, today=today))
        if checked is None:
            return None
        number = checked.number
        kind, known = kind_of_number(number)
        nationality = known or nationality
        told = {"birth_date": checked.birth_date, "sex": checked.sex}
        told["origin_code"] = checked.region_code if kind == "01" else ""
    if not nationality:
        text = _("Write the three letters of the nationality, such as VNM.")
        reading.say("nationality", "stop", "nationality.missing", text)
    return {"id_kind": kind, "id_number": number, "nationality": nationality, **told}


def _identity(reading: Reading, today: date) -> dict[str, Any] | None:
    """Number, kind, birth date, sex, nationality and origin."""
    found = _number(reading, today)
    if found is None:
        return None
    said = {"1": 1, "2": 2, "男": 1, "女": 2}.get(reading.text("sex"), 0)
    if found["sex"] and said and said != found["sex"]:
        text = _("The sex written here does not fit the ID number. Check the ID number.")
        reading.say("id_number", "warn", "id.sex", text)
    found["sex"] = found["sex"] or said
    if not found["sex"]:
        reading.say(
            "sex", "stop", "sex.choose", _("Choose the sex; this document's number does not tell it.")
        )
    found["birth_date"] = _birth_date(reading, found["birth_date"], today)
    found["origin_code"] = reading.text("origin_code")[:6] or found["origin_code"]
    return None if reading.stopped else found


def _birth_date(reading: Reading, told: date | None, today: date) -> date | None:
    """The date that the number tells, else the one beside it."""
    beside = reading.day("birth_date")
    if told is not None:
        if beside is not None and beside != told:
            text = _("The date of birth written here does not fit the ID number. Check both.")
            reading.say("id_number", "stop", "id.birth_differs", text)
        return told
    if beside is None and not any(m.field == "birth_date" for m in reading.messages):
        reading.say("birth_date", "stop", "birth_date.missing", _("Write the date of birth."))
    elif beside is not None and not date(today.year - 120, 1, 1) <= beside <= today:
        text = _("This date of birth cannot be right. Check the year.")
        reading.say("birth_date", "stop", "birth_date.wrong", text)
    return beside


def _others(reading: Reading) -> dict[str, Any]:
    """Everything that may be left empty."""
    typed = reading.typed
    ethnicity = reading.text("ethnicity")
    group = ethnic_group(ethnicity)
    if ethnicity and not group:
        text = _("This is none of the 56 ethnic groups. Choose one from the list.")
        reading.say("ethnicity", "stop", "ethnicity.unknown", text)
    grade = reading.choice("skill_grade", frozenset(map(str, SKILL_GRADES)), "0")
    start, end = reading.day("id_valid_from"), reading.day("id_valid_until")
    if start and end and end < start:
        text = _("The document ends before it begins. Check both dates.")
        reading.say("id_valid_until", "stop", "id.validity", text)
    emergency, photo = reading.text("emergency_name"), typed.get("photo")
    return {
        "english_name": reading.text("english_name")[:80],
        "ethnicity": group,
        "address": reading.text("address")[:200],
        "id_issuer": reading.text("id_issuer")[:60],
        "id_valid_from": start,
        "id_valid_until": end,
        "household": reading.choice("household", HOUSEHOLDS),
        "education": reading.choice("education", EDUCATIONS),
        "politics": reading.choice("politics", POLITICS),
        "skill_grade": int(grade),
        "emergency_name": reading.value("emergency_name", normalise_name) if emergency else "",
        "emergency_phone": reading.value("emergency_phone", _any_phone),
        "card_number": reading.value("card_number", normalise_card),
        "bank_name": reading.text("bank_name")[:60],
        "photo": photo if isinstance(photo, bytes) else b"",
        "photo_source": source if (source := typed.get("photo_source")) in PHOTO_SOURCES else "file",
    }


CORRECTABLE = (
    "phone",
    "address",
    "english_name",
    "ethnicity",
    "origin_code",
    "household",
    "education",
    "politics",
    "skill_grade",
    "id_issuer",
    "id_valid_until",
    "emergency_name",
    "emergency_phone",
)
"""What a clerk may correct without a reason."""
KEPT_IF_EMPTY = frozenset(("phone", "address", "emergency_name", "emergency_phone"))
"""Fields that a form does not show, so that an empty one says nothing."""


def read_details(typed: Mapping[str, Any]) -> tuple[dict[str, Any] | None, list[Message]]:
    """Corrections of a person's details: field to new value, of the fields that were typed at all.

    `no_phone` takes the phone number away. None with a message of kind stop when something is wrong.
    """
    reading = Reading(typed)
    found = _others(reading) | {
        "phone": reading.value("phone", normalise_phone),
        "origin_code": reading.text("origin_code")[:6],
    }
    if reading.stopped:
        return None, reading.messages
    changes = {
        field: found[field]
        for field in CORRECTABLE
        if field in typed and (found[field] or field not in KEPT_IF_EMPTY)
    }
    if reading.text("no_phone") and not found["phone"]:
        changes["phone"] = ""
    return changes, reading.messages


class _Plain(msgspec.Struct, frozen=True):
    value: str


def _any_phone(text: str) -> Any:
    """A mobile number, or a landline with its area code (0579-82300000)."""
    digits = "".join(c for c in visible(text) if c.isdecimal())
    if digits.startswith("0") and not digits.startswith("0086") and 10 <= len(digits) <= 12:
        return _Plain(digits)
    return normalise_phone(text)


def read_posting(typed: Mapping[str, Any], *, today: date) -> tuple[PostingValues | None, list[Message]]:
    """The work agreed from typed values: keys of PostingValues, but `rate` in yuan instead of `rate_fen`."""
    reading = Reading(typed)
    team, trade = reading.text("team")[:60], reading.text("trade")[:40]
    basis = reading.choice("pay_basis", BASES, "day")
    unit = reading.choice("piece_unit", PIECE_UNITS) if basis == "piece" else ""
    if basis == "piece" and not unit and not reading.stopped:
        reading.say("piece_unit", "stop", "unit.missing", _("Say what a piece is: a metre, a tonne, a job."))
    rate = read_rate(reading)
    joined = reading.day("joined_on")
    if joined and (joined - today).days > DAYS_AHEAD:
        text = _("This day is more than 60 days ahead. Check the year and the month.")
        reading.say("joined_on", "stop", "date.ahead", text)
    pay_day = reading.text("pay_day")
    if pay_day and not 1 <= (whole_number(pay_day) or 0) <= LAST_PAY_DAY:
        reading.say("pay_day", "stop", "pay_day.range", _("The pay day is a day from 1 to 28."))
    role = reading.choice("work_role", WORK_ROLES, "20")
    if reading.stopped:
        return None, reading.messages
    values = PostingValues(
        team=team,
        trade=trade,
        pay_basis=basis,
        rate_fen=rate,
        piece_unit=unit,
        pay_day=int(pay_day) if pay_day else None,
        work_role=role,
        joined_on=joined,
    )
    return values, reading.messages


def read_rate(reading: Reading) -> int:
    """The rate in fen, 0 with its message kept when it is none."""
    if not reading.text("rate"):
        reading.say("rate", "stop", "rate.missing_one", _("Write the agreed pay."))
        return 0
    rate: int | None = reading.attempt("rate", parse_yuan)
    if rate is not None and not 0 < rate <= LARGEST_RATE_FEN:
        text = _("The rate must be more than 0. Write the agreed pay per day, month or piece.")
        reading.say("rate", "stop", "rate.positive", text)
    return rate or 0
