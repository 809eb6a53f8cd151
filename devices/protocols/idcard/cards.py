"""The 256 bytes of text on a card, in its four kinds, to a record and back.

Bytes are sliced before they are decoded: a character outside the basic plane is two code units in UTF-16 but one
in Python, so slicing the decoded text would shift every later field. Byte 248 tells the kind.
"""

from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Literal

from devices.protocols.errors import Garbled
from devices.protocols.idcard.codes import TEXT

Kind = Literal["citizen", "permit", "foreigner_2017", "foreigner_2023"]
LONG_TERM = "长期"
_KINDS: dict[str, Kind] = {
    " ": "citizen", "\0": "citizen", "J": "permit", "I": "foreigner_2017", "Y": "foreigner_2023",
}  # fmt: skip
_LETTERS: dict[Kind, str] = {
    "citizen": " ", "permit": "J", "foreigner_2017": "I", "foreigner_2023": "Y",
}  # fmt: skip

_PERSON = {
    "name": (0, 30), "sex": (30, 2), "nation": (32, 4), "birth": (36, 16), "address": (52, 70), "number": (122, 36),
    "issuer": (158, 30), "valid_from": (188, 16), "valid_to": (204, 16),
}  # fmt: skip
LAYOUTS: dict[Kind, dict[str, tuple[int, int]]] = {
    "citizen": _PERSON,
    "permit": {
        **{field: place for field, place in _PERSON.items() if field != "nation"},
        "pass_number": (220, 18),
        "times_issued": (238, 4),
    },
    "foreigner_2017": {
        "english_name": (0, 120), "sex": (120, 2), "number": (122, 30), "nationality": (152, 6), "name": (158, 30),
        "valid_from": (188, 16), "valid_to": (204, 16), "birth": (220, 16), "card_version": (236, 4),
        "issuer": (240, 8),
    },
    "foreigner_2023": {
        "name": (0, 30), "sex": (30, 2), "times_issued": (32, 4), "birth": (36, 16), "english_name": (52, 70),
        "number": (122, 36), "valid_from": (188, 16), "valid_to": (204, 16), "english_name_rest": (220, 22),
        "nationality": (242, 6), "old_number_hint": (250, 6),
    },
}  # fmt: skip
"""Offset and length in bytes of each field. `permit` is the residence permit of Hong Kong, Macau and Taiwan."""


class BadCard(Garbled):
    """The text of a card that cannot be one; the words name no person."""

    def __init__(self, words: str) -> None:
        super().__init__("idcard.text", words)


@dataclass(frozen=True)
class Card:
    """What a card says. Texts are stripped of padding; what a kind of card lacks is empty.

    `sex` is 1 male, 2 female (GB/T 2261.1), 0 if the card says something else. `nation` is the two-digit code of
    GB/T 3304 (01 to 56, 97 other, 98 naturalised). `valid_to` is None on cards without an end (`long_term`).
    """

    kind: Kind
    name: str
    number: str
    sex: int = 0
    birth: date | None = None
    nation: str = ""
    address: str = ""
    issuer: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    long_term: bool = False
    english_name: str = ""
    nationality: str = ""
    pass_number: str = ""
    times_issued: str = ""
    card_version: str = ""
    old_number_hint: str = ""

    @property
    def has_private_characters(self) -> bool:
        """Whether the name holds characters of an old card's own font, which no other machine can show."""
        return any("\ue000" <= c <= "\uf8ff" or ord(c) >= 0xF0000 for c in self.name)

    def with_address(self, newest: str) -> "Card":
        """The same card with the newest address written to it, if there is one."""
        return replace(self, address=newest) if newest else self


def kind_of(text: bytes) -> Kind:
    """The kind by byte 248. Raises BadCard for a letter nobody knows yet."""
    if len(text) != TEXT:
        raise BadCard(f"{len(text)} bytes of text instead of {TEXT}")
    try:
        return _KINDS[text[248:250].decode("utf-16-le", "replace")]
    except KeyError:
        raise BadCard("a kind of card that is not known") from None


def decode_card(text: bytes) -> Card:
    """The record of a card's text. Raises BadCard if the length or the kind is wrong, or no number stands there."""
    kind = kind_of(text)
    raw = {field: text[at : at + length] for field, (at, length) in LAYOUTS[kind].items()}
    if kind == "foreigner_2023":  # one name in two places; the first is full when the second is used
        raw["english_name"] += raw.pop("english_name_rest")
    said = {field: decode_text(value) for field, value in raw.items()}
    valid_to = said.pop("valid_to")
    sex = said.pop("sex")
    birth, valid_from = said.pop("birth"), said.pop("valid_from")
    if not said["number"]:
        raise BadCard("no number on the card")
    return Card(
        kind=kind,
        sex=int(sex) if sex in {"1", "2"} else 0,
        birth=_day(birth),
        valid_from=_day(valid_from),
        valid_to=_day(valid_to),
        long_term=valid_to == LONG_TERM,
        **said,
    )


def encode_card(card: Card) -> bytes:
    """The 256 bytes of a card that says this; for simulated readers and tests. Raises ValueError if it is too long."""
    said: dict[str, str] = {
        f.name: value for f in fields(card) if isinstance(value := getattr(card, f.name), str)
    }
    said["sex"] = str(card.sex or " ")
    said["birth"] = _digits(card.birth)
    said["valid_from"] = _digits(card.valid_from)
    said["valid_to"] = LONG_TERM if card.long_term else _digits(card.valid_to)
    layout = LAYOUTS[card.kind]
    if card.kind == "foreigner_2023":
        units = card.english_name.encode("utf-16-le")
        room = layout["english_name"][1]
        said["english_name"] = units[:room].decode("utf-16-le")
        said["english_name_rest"] = units[room:].decode("utf-16-le")
    text = bytearray(" ".encode("utf-16-le") * (TEXT // 2))
    for field, (at, length) in layout.items():
        units = said[field].encode("utf-16-le")
        if len(units) > length:
            raise ValueError(f"{field} is too long for the card")
        text[at : at + len(units)] = units
    text[248:250] = _LETTERS[card.kind].encode("utf-16-le")
    return bytes(text)


def decode_text(raw: bytes) -> str:
    """A field: UTF-16LE, padded with spaces, on some cards with zeros; it may be full and have no padding."""
    return raw.decode("utf-16-le", "replace").split("\0")[0].strip()


def _day(text: str) -> date | None:
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        return None
    try:
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 a date has no zone
    except ValueError:
        return None


def _digits(day: date | None) -> str:
    return f"{day:%Y%m%d}" if day else ""
