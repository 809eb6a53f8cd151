"""Frames of a SAM reader: AA AA AA 96 69, length, payload, checksum; and how to find them in a stream.

The length (two bytes, big-endian) counts what follows it, checksum included. The checksum is the XOR of all
bytes from the length to the end of the data. Commands carry CMD PARA, answers SW1 SW2 SW3 and data.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import xor

from devices.protocols.idcard.codes import PREAMBLE, WORDS, Command, State

LONGEST = 2314
"""The longest length there is: an answer with two fingerprints. What claims more is noise."""
SHORTEST = 3
"""A command without data. An answer has at least 4."""
READER_TIMED_OUT = PREAMBLE + b"\x00\x05\x05\x05\x05"
"""What some firmware sends on its own time-out: it says five bytes and sends three.

It must be known as a whole: with the first two bytes of the next preamble, AA AA, it makes a frame whose checksum
is right, and that would swallow the beginning of the next answer. No answer has one byte of data.
"""


@dataclass(frozen=True)
class Frame:
    """What stands between length and checksum."""

    payload: bytes

    def to_bytes(self) -> bytes:
        """As it goes over the line."""
        counted = (len(self.payload) + 1).to_bytes(2, "big") + self.payload
        return PREAMBLE + counted + bytes((checksum(counted),))


@dataclass(frozen=True)
class Answer:
    """A frame read as an answer. `state` is SW3."""

    state: int
    data: bytes = b""
    card_code: bytes = b"\x00\x00"
    """SW1 and SW2."""

    def to_frame(self) -> Frame:
        """The frame that carries it."""
        return Frame(self.card_code + bytes((self.state,)) + self.data)

    @property
    def words(self) -> str:
        """The state in words, for logs."""
        try:
            return WORDS[State(self.state)]
        except ValueError:
            return f"unknown state {self.state:02X}"


def checksum(counted: bytes) -> int:
    """XOR over length and payload."""
    return reduce(xor, counted, 0)


def command_bytes(command: Command) -> bytes:
    """A command as it goes to the reader."""
    return Frame(command.code).to_bytes()


def as_answer(frame: Frame) -> Answer | None:
    """The frame as an answer, or None if it is too short for one: a half-duplex adapter's echo of a command."""
    payload = frame.payload
    return Answer(payload[2], payload[3:], payload[:2]) if len(payload) >= 3 else None


TIMED_OUT = Frame(READER_TIMED_OUT[7:])
"""Stands in the stream for READER_TIMED_OUT."""


class Scanner:
    """Finds frames in whatever arrives: in pieces, after noise, with more than three AA in front.

    After any failure the search goes on from the byte after the one where it began, so that neither a
    preamble inside a photo nor a frame that was cut short hides the frame behind it.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self.dropped = 0
        """Bytes that belonged to no frame."""

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take what arrived; the frames that are whole now."""
        self._held += data
        while (frame := self._next()) is not None:
            yield frame

    def give_up(self) -> Iterator[Frame]:
        """Nothing came for too long: what stands at the front is no frame. Frames behind it come out."""
        if self._held:
            self._drop(1)
        yield from self.feed(b"")

    def clear(self) -> None:
        """Forget everything: the input was flushed."""
        self._drop(len(self._held))

    @property
    def held(self) -> bytes:
        """Bytes that wait for more."""
        return bytes(self._held)

    def _next(self) -> Frame | None:
        held = self._held
        while True:
            at = held.find(PREAMBLE)
            if at < 0:
                self._drop(max(0, len(held) - _possible_start(held)))
                return None
            self._drop(at)
            if held.startswith(READER_TIMED_OUT):
                del held[: len(READER_TIMED_OUT)]
                return TIMED_OUT
            if len(held) < 7:
                return None
            length = int.from_bytes(held[5:7], "big")
            if not SHORTEST <= length <= LONGEST:
                self._drop(1)
                continue
            if len(held) < 7 + length:
                return None
            counted = bytes(held[5 : 6 + length])
            if checksum(counted) != held[6 + length]:
                self._drop(1)
                continue
            del held[: 7 + length]
            return Frame(counted[2:])

    def _drop(self, count: int) -> None:
        del self._held[:count]
        self.dropped += count


def _possible_start(held: bytearray) -> int:
    """How many bytes at the end may be the beginning of a preamble."""
    return next((n for n in range(len(PREAMBLE) - 1, 0, -1) if held.endswith(PREAMBLE[:n])), 0)
