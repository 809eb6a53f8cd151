"""OSDP (IEC 60839-11-5) readers: what their panel process is told and what it tells, and the bits of a card.

The protocol itself is libosdp's; it runs in a process of its own (`osdp_panel`), because it never releases the
interpreter lock and leaks a little with every event. This module is what both sides of the pipe share: one JSON
object per line, no port and no libosdp inside.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from devices.protocols.errors import Garbled, WrongValue
from devices.protocols.wiegand import Badge

LONGEST_LINE = 4096
KEY_BYTES = 16
ASCII = 2
"""Card format: characters instead of bits."""


class Act(StrEnum):
    """What the panel can be asked to do."""

    OPEN = "open"
    LED = "led"
    BUZZER = "buzzer"
    NEW_KEY = "new_key"
    STOP = "stop"


class Say(StrEnum):
    """What the panel tells."""

    READY = "ready"
    CARD = "card"
    KEYPAD = "keypad"
    LINE = "line"
    TAMPER = "tamper"
    DONE = "done"
    NUDGE = "nudge"
    KEY = "key"
    RESTART = "restart"
    TROUBLE = "trouble"


COLOURS = {"off": 0, "red": 1, "green": 2, "amber": 3, "blue": 4}


@dataclass(frozen=True)
class Order:
    """A wish with a number by which its result is known. `tenths` is a time in tenths of a second.

    Raises WrongValue (`osdp.order`) for an opening without end: the reader's output must fall back by itself.
    """

    act: Act
    id: str = ""
    address: int = 0
    output: int = 0
    tenths: int = 0
    colour: str = "off"
    count: int = 1

    def __post_init__(self) -> None:
        """Refuses what a reader must not be told."""
        if self.act is not Act.STOP and not (self.id and 0 <= self.address <= 126):
            raise WrongValue("osdp.order", "an id and an address from 0 to 126")
        if self.act is Act.OPEN and not (1 <= self.tenths <= 300 and 0 <= self.output <= 15):
            raise WrongValue("osdp.order", "0.1 to 30 s, output 0 to 15")
        if self.colour not in COLOURS or not 1 <= self.count <= 20 or not 0 <= self.tenths <= 300:
            raise WrongValue("osdp.order", "colour, count or time")

    def to_bytes(self) -> bytes:
        """A line."""
        return json.dumps({**vars(self), "act": self.act.value}, separators=(",", ":")).encode() + b"\n"

    @classmethod
    def from_bytes(cls, line: bytes) -> "Order":
        """Reads a line. Raises Garbled (`osdp.order`) or WrongValue."""
        facts = _object(line, "osdp.order")
        numbers = {}
        for name in ("address", "output", "tenths", "count"):
            value = facts.get(name, 1 if name == "count" else 0)
            if isinstance(value, bool) or not isinstance(value, int):
                raise Garbled("osdp.order", name)
            numbers[name] = value
        try:
            act = Act(facts.get("act", ""))
        except (ValueError, TypeError):
            raise Garbled("osdp.order", "act") from None
        return cls(act, str(facts.get("id", ""))[:64], colour=str(facts.get("colour", "off")), **numbers)


@dataclass(frozen=True)
class Word:
    """Something the panel tells, with the reader's address (-1: none) and its facts."""

    say: Say
    address: int = -1
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """A line."""
        return (
            json.dumps(
                {"say": self.say.value, "address": self.address, **self.facts}, separators=(",", ":")
            ).encode()
            + b"\n"
        )

    @classmethod
    def from_bytes(cls, line: bytes) -> "Word":
        """Reads a line. Raises Garbled (`osdp.word`)."""
        facts = _object(line, "osdp.word")
        address = facts.pop("address", -1)
        try:
            say = Say(facts.pop("say", ""))
        except (ValueError, TypeError):
            raise Garbled("osdp.word", "say") from None
        if isinstance(address, bool) or not isinstance(address, int):
            raise Garbled("osdp.word", "address")
        return cls(say, address, facts)


def _object(line: bytes, code: str) -> dict[str, Any]:
    if len(line) > LONGEST_LINE:
        raise Garbled(code, f"{len(line)} bytes")
    try:
        facts = json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise Garbled(code, "JSON") from None
    if not isinstance(facts, dict):
        raise Garbled(code, "no object")
    return facts


def badge_of(data: bytes, length: int, *, form: int = 1) -> Badge:
    """The badge in a card read of `length` bits, the first bit first; the same badge as on a Wiegand reader.

    26 and 34 bits have a parity bit at each end, 24, 32, 40 and 56 are the number itself; characters are a
    decimal number. Raises Garbled: `osdp.parity`, `osdp.card`.
    """
    if form == ASCII:
        text = data[:length].strip(b"\0 \r\n")
        if not text.isdigit() or len(text) > 17:
            raise Garbled("osdp.card", f"{length} characters")
        return Badge(int(text), 56, data)
    if length > 8 * len(data):
        raise Garbled("osdp.card", f"{length} bits in {len(data)} bytes")
    bits = int.from_bytes(data, "big") >> 8 * len(data) - length
    if length in (26, 34):
        half = length // 2
        first, last = bits >> half, bits & (1 << half) - 1
        if first.bit_count() % 2 != 0 or last.bit_count() % 2 != 1:
            raise Garbled("osdp.parity")
        return Badge(bits >> 1 & (1 << length - 2) - 1, length - 2, data)
    if length in (24, 32, 40, 56):
        return Badge(bits, length, data)
    raise Garbled("osdp.card", f"{length} bits")


def bits_of(badge: Badge) -> tuple[bytes, int]:
    """A badge of 24 bits as the 26 bits of a card read, for simulators: bytes and length."""
    value = badge.value & 0xFFFFFF
    even = (value >> 12).bit_count() & 1
    odd = (value & 0xFFF).bit_count() & 1 ^ 1
    bits = even << 25 | value << 1 | odd
    return (bits << 6).to_bytes(4, "big"), 26
