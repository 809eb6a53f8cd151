"""Commands of a SAM reader, the states it answers with, and which of them can belong to which command."""

from dataclasses import dataclass, field
from enum import IntEnum

PREAMBLE = b"\xaa\xaa\xaa\x96\x69"
BAUD_RATES = (115200, 57600, 38400, 19200, 9600)
"""By the parameter of the command that sets them: 60 00 … 60 04. The first is what readers come with."""


class State(IntEnum):
    """SW3. SW1 and SW2 are mostly 0 and may carry the card's own code: judge by SW3 alone."""

    DONE = 0x90
    CARD_FOUND = 0x9F
    COMMAND_CHECKSUM = 0x10
    COMMAND_LENGTH = 0x11
    COMMAND = 0x21
    NOT_PERMITTED = 0x23
    UNKNOWN_COMMAND = 0x24
    CARD_REFUSED_READER = 0x31
    READER_REFUSED_CARD = 0x32
    VERIFICATION = 0x33
    WRONG_KIND = 0x40
    READ_FAILED = 0x41
    RANDOM_NUMBER = 0x47
    SELF_TEST = 0x60
    NOT_AUTHORISED = 0x66
    NO_CARD = 0x80
    SELECT_FAILED = 0x81
    NOTHING_THERE = 0x91


WORDS = {
    State.DONE: "done",
    State.CARD_FOUND: "card found",
    State.COMMAND_CHECKSUM: "the reader saw a wrong checksum",
    State.COMMAND_LENGTH: "the reader saw a wrong length",
    State.COMMAND: "wrong command, or in the wrong order",
    State.NOT_PERMITTED: "not permitted",
    State.UNKNOWN_COMMAND: "the reader does not know the command",
    State.CARD_REFUSED_READER: "the card refused the reader",
    State.READER_REFUSED_CARD: "the reader refused the card",
    State.VERIFICATION: "reader and card did not verify each other",
    State.WRONG_KIND: "not an identity card",
    State.READ_FAILED: "the card was moved while it was read",
    State.RANDOM_NUMBER: "the card gave no random number",
    State.SELF_TEST: "the reader's self-test failed; it needs repair",
    State.NOT_AUTHORISED: "the reader's security module is not authorised",
    State.NO_CARD: "no card on the reader",
    State.SELECT_FAILED: "the card could not be selected",
    State.NOTHING_THERE: "nothing there",
}
"""For logs: they name no person."""

ANYTIME = frozenset(
    {
        State.COMMAND_CHECKSUM,
        State.COMMAND_LENGTH,
        State.COMMAND,
        State.NOT_PERMITTED,
        State.UNKNOWN_COMMAND,
        State.SELF_TEST,
        State.NOT_AUTHORISED,
    }
)
"""States that may answer any command."""
OF_THE_CARD = frozenset(
    {
        State.CARD_REFUSED_READER,
        State.READER_REFUSED_CARD,
        State.VERIFICATION,
        State.WRONG_KIND,
        State.READ_FAILED,
        State.RANDOM_NUMBER,
    }
)
"""States that only commands which talk to the card can meet."""
FATAL = frozenset({State.SELF_TEST, State.NOT_AUTHORISED})
"""Nothing works until the reader is repaired: polling stops."""


@dataclass(frozen=True, eq=False)
class Command:
    """CMD and PARA; the good states with the lengths of data they bring; the bad ones; seconds to wait."""

    name: str
    code: bytes
    good: dict[int, frozenset[int]]
    bad: frozenset[int] = field(default=frozenset())
    limit: float = 1.0

    def fits(self, state: int, length: int) -> bool:
        """Whether an answer can belong to this command; a late answer to an earlier one does not."""
        if state in self.good:
            return length in self.good[state]
        return length == 0 and (state in self.bad or state in ANYTIME)


def _data(*lengths: int) -> frozenset[int]:
    return frozenset(lengths)


HEAD, TEXT, PHOTO, FINGERPRINT = 4, 256, 1024, 512
_READ = HEAD + TEXT + PHOTO
_CARD_BAD = OF_THE_CARD | {State.SELECT_FAILED}

RESET = Command("reset", b"\x10\xff", {State.DONE: _data(0)})
STATUS = Command("status", b"\x11\xff", {State.DONE: _data(0)})
SAM_NUMBER = Command("SAM number", b"\x12\xff", {State.DONE: _data(16)})
FIND = Command("find", b"\x20\x01", {State.CARD_FOUND: _data(4)}, frozenset({State.NO_CARD}))
SELECT = Command("select", b"\x20\x02", {State.DONE: _data(8)}, _CARD_BAD)
READ = Command("read", b"\x30\x01", {State.DONE: _data(_READ)}, _CARD_BAD, limit=3.0)
READ_WITH_FINGERPRINTS = Command(
    "read with fingerprints",
    b"\x30\x10",
    {State.DONE: _data(*(_READ + 2 + n * FINGERPRINT for n in range(3)))},
    _CARD_BAD,
    limit=4.0,
)
NEWEST_ADDRESS = Command(
    "newest address",
    b"\x30\x03",
    {State.DONE: _data(70)},
    _CARD_BAD | {State.NOTHING_THERE},
    limit=0.5,  # asked while the clerk waits for a card that is read already
)
_BAUD = tuple(
    Command(f"set {rate} baud", bytes((0x60, n)), {State.DONE: _data(0)}) for n, rate in enumerate(BAUD_RATES)
)
COMMANDS = (RESET, STATUS, SAM_NUMBER, FIND, SELECT, READ, READ_WITH_FINGERPRINTS, NEWEST_ADDRESS, *_BAUD)


def set_baud(rate: int) -> Command:
    """The command that changes the reader's speed. Raises ValueError for a speed it does not have."""
    return _BAUD[BAUD_RATES.index(rate)]
