"""OPERLOG and tabledata: operations, people and templates, mixed in one body (Attendance PUSH 9.3 to 9.14).

Passwords and biometric templates are dropped here, on arrival; nothing of them leaves this module.
"""

import re
from dataclasses import dataclass

from devices.protocols.iclock.text import decode, is_number, pairs_of
from devices.protocols.records import DeviceTime

CLOCK_SET = 21
"""Operation code: somebody set the clock by hand."""

TEMPLATES = frozenset(
    [
        "fp",
        "face",
        "fvein",
        "biodata",
        "fingertmp",
        "templatev10",
        "ssrface7",
        "fvtemplate",
        "pvtemplate",
        "biophoto",
        "userpic",
    ]
)
"""Words before a line, and names of tables, that carry templates or enrolment pictures."""

_CARD = re.compile(r"\[([0-9A-Fa-f]{8})\]")


@dataclass(frozen=True)
class Operation:
    """Something done at the terminal's menu."""

    code: int
    operator: str
    time: DeviceTime
    objects: tuple[str, ...]

    @property
    def set_the_clock(self) -> bool:
        """Whether times before and after it have different clocks."""
        return self.code == CLOCK_SET


@dataclass(frozen=True, repr=False)
class PersonOnDevice:
    """Somebody enrolled at the terminal. `id_number` only from identity-card tables."""

    pin: str
    name: str = ""
    card: str = ""
    privilege: str = ""
    id_number: str = ""
    disabled: bool = False


@dataclass(frozen=True)
class Read:
    """What a body held. `dropped` counts templates and pictures by kind; `bad` are lines not understood."""

    operations: tuple[Operation, ...] = ()
    people: tuple[PersonOnDevice, ...] = ()
    dropped: tuple[tuple[str, int], ...] = ()
    bad: tuple[bytes, ...] = ()
    count: int = 0


def card_number(text: str) -> str:
    """A card as decimal text: `[15CD5B07]` is little-endian hexadecimal (123456789); '' for none."""
    written = text.strip()
    hexadecimal = _CARD.fullmatch(written)
    if hexadecimal:
        number = int.from_bytes(bytes.fromhex(hexadecimal[1]), "little")
        return str(number) if number else ""
    return "" if written in ("", "0") else written


def read_lines(lines: list[bytes], *, table: str, chinese: bool) -> Read:
    """Reads lines of OPERLOG, IDCARD or a tabledata table. Never raises; a bad line blocks no other."""
    operations: list[Operation] = []
    people: list[PersonOnDevice] = []
    dropped: dict[str, int] = {}
    bad: list[bytes] = []
    for line in lines:
        kind, rest = _kind(line, table.lower())
        if kind == "oplog":
            operation = _operation(rest)
            if operation is None:
                bad.append(line)
            else:
                operations.append(operation)
        elif kind in TEMPLATES:
            dropped[kind] = dropped.get(kind, 0) + 1
        elif kind in ("user", "userinfo", "idcard", "identitycard"):
            person = _person(rest, chinese=chinese)
            if person is None:
                bad.append(b"")  # it may hold a password
            else:
                people.append(person)
        else:
            bad.append(line)
    return Read(tuple(operations), tuple(people), tuple(sorted(dropped.items())), tuple(bad), len(lines))


def _kind(line: bytes, table: str) -> tuple[str, bytes]:
    """The word before the fields, or the table where the word is left out."""
    word, _, rest = line.strip().partition(b" ")
    if b"=" not in word and b"\t" not in word and rest:
        return word.decode("ascii", "replace").lower(), rest
    return table, line


def _operation(rest: bytes) -> Operation | None:
    parts = [decode(part).strip() for part in rest.split(b"\t")]
    if len(parts) < 3:
        words = [decode(word) for word in rest.split()]
        if len(words) < 4:
            return None
        parts = [*words[:2], f"{words[2]} {words[3]}", *words[4:]]
    if not is_number(parts[0]):
        return None
    return Operation(int(parts[0]), parts[1], DeviceTime.read(parts[2]), tuple(parts[3:]))


def _person(rest: bytes, *, chinese: bool) -> PersonOnDevice | None:
    found = pairs_of(rest)
    pin = decode(found.get("pin", b"")).strip()
    id_number = decode(found.get("idnum", found.get("id_num", b""))).strip()
    if not pin and not id_number:
        return None
    return PersonOnDevice(
        pin=pin,
        name=decode(found.get("name", b""), chinese=chinese).strip(),
        card=card_number(decode(found.get("card", found.get("cardno", b"")))),
        privilege=decode(found.get("pri", found.get("privilege", b""))).strip(),
        id_number=id_number,
        disabled=decode(found.get("disable", b"")).strip() == "1",
    )
