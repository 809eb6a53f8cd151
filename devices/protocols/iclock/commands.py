"""Commands for a terminal and what it answers (Attendance PUSH 10 and 11, Security PUSH 12 and 10.4).

A command is text behind `C:<id>:`; the terminal fetches it, does it, and reports a number: 0 or more is done.
The three dialects name people and doors differently; each function gives the commands for one of them.
"""

import base64
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from devices.protocols.errors import Garbled, WrongValue
from devices.protocols.iclock.rtlog import zk_seconds
from devices.protocols.iclock.text import decode, lines_of

ATT, PID, ACC = "att", "pid", "acc"

MAX_BATCH = 900 * 1024
"""The most bytes of commands in one answer; terminals have a buffer of 1 MB."""
PENDING = -5000
"""A controller took the command and will report again (Security PUSH 10.4)."""
OPEN_SECONDS = 5
"""How long a door is opened; the lock's own timer closes it."""
VERBS = (
    "DATA UPDATE ",
    "DATA DELETE ",
    "DATA QUERY ",
    "DATA COUNT ",
    "VERIFY SUM ",
    "CONTROL DEVICE ",
    "AC_UNLOCK",
    "AC_UNALARM",
    "SET OPTION ",
    "SET OPTIONS ",
    "CHECK",
    "LOG",
    "INFO",
    "REBOOT",
    "RELOAD OPTIONS",
)
"""All we ever send. SHELL, PutFile, UPGRADE and CLEAR are not among them: a stolen server must not become
a way into the terminals, and records are never wiped."""

_ID = re.compile(r"[A-Za-z0-9]{1,16}")
_PIN = re.compile(r"[A-Za-z0-9]{1,24}")
_ID_NUMBER = re.compile(r"[0-9A-Za-z]{6,18}")
_START = re.compile(rb"^\s*ID=", re.IGNORECASE)


@dataclass(frozen=True, repr=False)
class Command:
    """One command. Raises WrongValue (`command.id`, `command.verb`, `command.break`)."""

    id: str
    text: str

    def __post_init__(self) -> None:
        """Refuses what a terminal could misread."""
        if not _ID.fullmatch(self.id):
            raise WrongValue("command.id", "1 to 16 letters or digits")
        if not self.text.startswith(VERBS):
            raise WrongValue("command.verb", self.text.split(" ")[0][:16])
        if any(character in self.text for character in "\r\n\0"):
            raise WrongValue("command.break", "a line break would begin another command")

    def to_bytes(self, encoding: str = "utf-8") -> bytes:
        """The line as sent. Characters that the terminal's encoding lacks become question marks."""
        return f"C:{self.id}:{self.text}\n".encode(encoding, "replace")

    @classmethod
    def from_bytes(cls, line: bytes) -> "Command":
        """Reads a line, as a terminal does. Raises Garbled (`command.line`) or WrongValue."""
        parts = decode(line.rstrip(b"\r\n"), chinese=True).split(":", 2)
        if len(parts) != 3 or parts[0] != "C":
            raise Garbled("command.line", "not C:id:text")
        return cls(parts[1], parts[2])


@dataclass(frozen=True)
class Result:
    """What became of a command. `facts` are further fields: counts, times, options."""

    id: str
    returned: int | None
    command: str = ""
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def done(self) -> bool:
        """Carried out."""
        return self.returned is not None and self.returned >= 0

    @property
    def pending(self) -> bool:
        """Taken, a later report follows."""
        return self.returned == PENDING

    @property
    def count(self) -> int | None:
        """The number of punches that VERIFY SUM found, for the nightly reconciliation."""
        text = dict(self.facts).get("attlogsum", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def results_of(body: bytes) -> tuple[tuple[Result, ...], tuple[bytes, ...]]:
    """Results of a devicecmd body, and lines not understood. Fields after `&`, or on lines of their own (INFO)."""
    groups: list[list[bytes]] = []
    bad: list[bytes] = []
    for line in lines_of(body):
        if _START.match(line):
            groups.append([line])
        elif groups:
            groups[-1].append(line)
        else:
            bad.append(line)
    results = []
    for group in groups:
        result = _result(group)
        if result is None:
            bad.append(group[0])
        else:
            results.append(result)
    return tuple(results), tuple(bad)


def _result(group: Sequence[bytes]) -> Result | None:
    fields: dict[str, str] = {}
    pieces: Iterable[bytes] = [piece for line in group for piece in line.split(b"&")]
    for piece in pieces:
        name, sign, value = decode(piece).partition("=")
        if sign:
            fields.setdefault(name.strip().lstrip("~").lower(), value.strip())
    number = fields.pop("return", "")
    identifier, command = fields.pop("id", ""), fields.pop("cmd", "")
    if not _ID.fullmatch(identifier):
        return None
    returned = int(number) if re.fullmatch(r"-?[0-9]{1,9}", number, re.ASCII) else None
    return Result(identifier, returned, command, tuple(fields.items()))


def _plain(value: str, what: str) -> str:
    """A value that stays in its field."""
    if any(character in value for character in "\t\r\n\0"):
        raise WrongValue("command.field", f"{what} holds a tab or line break")
    return value.strip()


def _pin(value: str) -> str:
    if not _PIN.fullmatch(value) or value.strip("0") == "":
        raise WrongValue("command.pin", "1 to 24 letters or digits, not 0")
    return value


def _number(value: str) -> str:
    if not _ID_NUMBER.fullmatch(value):
        raise WrongValue("command.id_number", "6 to 18 letters or digits")
    return value.upper()


def _card(value: str) -> str:
    if value and not (value.isascii() and value.isdigit() and len(value) <= 20):
        raise WrongValue("command.card", "decimal digits")
    return value


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True, repr=False)
class Person:
    """Somebody who may enter, from and until wall-clock times of the device. Times None: without limit."""

    pin: str
    name: str = ""
    card: str = ""
    id_number: str = ""
    starts: datetime | None = None
    ends: datetime | None = None


NO_START, NO_END = datetime(2000, 1, 1), datetime(2099, 12, 31, 23, 59, 59)  # noqa: DTZ001


def put_person(dialect: str, person: Person, *, doors: int = 1, by_seconds: bool = True) -> tuple[str, ...]:
    """Enrols or updates a person with the end of their permission, which holds while the server is away.

    `doors` is a bit mask (`acc`), `by_seconds` whether the terminal reads dates as seconds (DateFmtFunOn=1).
    Raises WrongValue.
    """
    pin, name, card = _pin(person.pin), _plain(person.name, "name"), _card(person.card)
    limited = person.starts is not None or person.ends is not None
    starts, ends = person.starts or NO_START, person.ends or NO_END
    if dialect == ACC:
        first, last = ("0", "0") if not limited else _acc_dates(starts, ends, by_seconds=by_seconds)
        return (
            (
                f"DATA UPDATE user CardNo={card}\tPin={pin}\tPassword=\tGroup=0"
                f"\tStartTime={first}\tEndTime={last}\tName={name}\tPrivilege=0"
            ),
            f"DATA UPDATE userauthorize Pin={pin}\tAuthorizeTimezoneId=1\tAuthorizeDoorId={doors}",
        )
    more = f"\tIDNum={_number(person.id_number)}" if dialect == PID and person.id_number else ""
    limit = (
        f"\tStartDatetime={starts:%Y-%m-%dT%H:%M:%S}\tEndDatetime={ends:%Y-%m-%dT%H:%M:%S}\tExpires=1"
        if limited
        else "\tExpires=0"
    )
    return (f"DATA UPDATE USERINFO PIN={pin}\tName={name}\tPri=0\tCard={card}{limit}{more}",)


def _acc_dates(starts: datetime, ends: datetime, *, by_seconds: bool) -> tuple[str, str]:
    if by_seconds:
        return str(zk_seconds(starts)), str(zk_seconds(ends))
    return f"{starts:%Y%m%d}", f"{ends:%Y%m%d}"


def drop_person(dialect: str, pin: str) -> tuple[str, ...]:
    """Removes a person with everything enrolled of them. Raises WrongValue."""
    if dialect == ACC:
        return (f"DATA DELETE userauthorize Pin={_pin(pin)}", f"DATA DELETE user Pin={_pin(pin)}")
    return (f"DATA DELETE USERINFO PIN={_pin(pin)}",)


PICTURE_WAITS = "\tFace="
"""In a command that gives a picture, before the picture's name: the picture itself is put in when it is fetched."""


def put_face(dialect: str, pin: str, name: str) -> tuple[str, ...]:
    """Gives a face picture to a person, as a command that still lacks it (see `with_picture`). Raises WrongValue."""
    table = "biophoto" if dialect == ACC else "BIOPHOTO"
    if not (name.isascii() and name.isalnum()):
        raise WrongValue("command.face", "letters and digits")
    return (f"DATA UPDATE {table} PIN={_pin(pin)}\tType=9{PICTURE_WAITS}{name}",)


def waits_for(text: str) -> tuple[int, str] | None:
    """Whose picture, and by which name, a command lacks; None for other commands."""
    head, found, name = text.partition(PICTURE_WAITS)
    if not found or not head.lower().startswith("data update biophoto pin="):
        return None
    pin = head.partition("=")[2].partition("\t")[0]
    return (int(pin), name) if pin.isdigit() else None


def with_picture(text: str, picture: bytes) -> str:
    """The command with its picture (Type 9: visible light). Size counts the base64 text, as the documents say."""
    content = base64.b64encode(picture).decode()
    return f"{text.partition(PICTURE_WAITS)[0]}\tSize={len(content)}\tContent={content}\tFormat=0"


def drop_face(dialect: str, pin: str) -> tuple[str, ...]:
    """Deletes a person's picture and all that was made of it; the last of them is the one that counts.

    An access terminal keeps templates in a table of their own. An attendance terminal forgets everything of a person
    only with the person, who is put back with the commands that follow. Raises WrongValue.
    """
    if dialect == ACC:
        return (
            f"DATA DELETE biodata Pin={_pin(pin)}\tType=9",
            f"DATA DELETE biophoto PIN={_pin(pin)}\tType=9",
        )
    return (f"DATA DELETE BIOPHOTO PIN={_pin(pin)}", f"DATA DELETE USERINFO PIN={_pin(pin)}")


def allow_id_number(number: str, *, name: str, starts: datetime, ends: datetime) -> tuple[str, ...]:
    """Puts an identity card on the white list of a `pid` terminal (10.1.19). Raises WrongValue."""
    return (
        (
            f"DATA UPDATE WHITELIST IDNum={_number(number)}\tName={_plain(name, 'name')}"
            f"\tStartDate={_time(starts)}\tEndDate={_time(ends)}"
        ),
    )


def deny_id_number(number: str, *, name: str = "") -> tuple[str, ...]:
    """Takes an identity card off the white list and puts it on the black one, in this order."""
    return (
        f"DATA DELETE WHITELIST IDNum={_number(number)}",
        f"DATA UPDATE BLACKLIST IDNum={_number(number)}\tName={_plain(name, 'name')}",
    )


def forget_id_number(number: str) -> tuple[str, ...]:
    """Takes an identity card off both lists."""
    return tuple(f"DATA DELETE {table} IDNum={_number(number)}" for table in ("WHITELIST", "BLACKLIST"))


def open_door(dialect: str, *, door: int = 1, seconds: int = OPEN_SECONDS) -> tuple[str, ...]:
    """Opens once; the terminal's own timer closes. `seconds` (1 to 60) is only known to `acc` (12.4).

    255 would hold a door open for ever and 0 would shut it; neither is ever sent.
    """
    if dialect != ACC:
        return ("AC_UNLOCK",)
    if not 1 <= seconds <= 60 or not 1 <= door <= 8:
        raise WrongValue("command.door", "door 1 to 8, 1 to 60 seconds")
    return (f"CONTROL DEVICE 01{door:02X}01{seconds:02X}",)


def end_alarm(dialect: str) -> tuple[str, ...]:
    """Silences an alarm."""
    return ("CONTROL DEVICE 02000000",) if dialect == ACC else ("AC_UNALARM",)


def restart(dialect: str) -> tuple[str, ...]:
    """Restarts the terminal."""
    return ("CONTROL DEVICE 03000000",) if dialect == ACC else ("REBOOT",)


def set_time(dialect: str, local: datetime) -> tuple[str, ...]:
    """Sets the clock to a wall time, as the maker counts (appendix 5). The Date header of answers does it too."""
    word = "OPTIONS" if dialect == ACC else "OPTION"
    return (f"SET {word} DateTime={zk_seconds(local)}",)


def count_punches(dialect: str, first: datetime, last: datetime) -> tuple[str, ...]:
    """Asks how many punches the terminal holds between two wall times; `Result.count` has the answer.

    `acc` counts all records at once (12.1.3); its gaps show in the record numbers (see `gaps`).
    """
    if dialect == ACC:
        return ("DATA COUNT transaction",)
    return (f"VERIFY SUM ATTLOG StartTime={_time(first)}\tEndTime={_time(last)}",)


def resend(dialect: str, first: datetime, last: datetime) -> tuple[str, ...]:
    """Asks for the punches between two wall times again; they have the keys they had."""
    if dialect == ACC:
        span = f"StartTime={zk_seconds(first)},EndTime={zk_seconds(last)}"
        return (f"DATA QUERY tablename=transaction,fielddesc=*,filter={span}",)
    return (f"DATA QUERY ATTLOG StartTime={_time(first)}\tEndTime={_time(last)}",)


def numbered(texts: Iterable[str], first: int) -> tuple[Command, ...]:
    """Commands with ids w<number>, counted on from `first`."""
    return tuple(Command(f"w{first + n}", text) for n, text in enumerate(texts))


def gaps(indexes: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Runs of record numbers that are missing between the smallest and the largest seen."""
    seen = sorted(set(indexes))
    return tuple((a + 1, b - 1) for a, b in itertools.pairwise(seen) if b - a > 1)
