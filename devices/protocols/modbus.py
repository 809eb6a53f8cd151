"""Modbus RTU frames of relay boards: coils, inputs, registers; pure bytes.

Written here and not taken from pymodbus: its framers decode towards their own client and server objects,
hunt by dropping the whole buffer, and cannot tell the echo of a half-duplex adapter from an answer. What we
need is 150 lines; pymodbus and minimalmodbus are the peers in the tests. Source: MODBUS over Serial Line
1.02 (frame, silence, CRC) and Application Protocol 1.1b3 (functions).
"""

from dataclasses import dataclass
from enum import IntEnum

from devices.protocols.errors import DeviceRefused, Garbled, WrongValue

REPLY_TIMEOUT = 0.3
"""Seconds for a whole answer. Boards answer within 20 ms; 12 bytes at 9600 baud take 13 ms, USB adapters 16."""
ATTEMPTS = 3
"""How often a question is asked before the board counts as silent."""
LONGEST = 256
"""An RTU frame is never longer."""
BROADCAST = 0
"""Unit 0 is heard by all boards and answered by none; never used, since nobody would confirm an opening."""


def silence(baud: int) -> float:
    """Seconds between two frames: 3.5 characters of 11 bits, fixed above 19200 baud."""
    return 0.00175 if baud > 19_200 else 3.5 * 11 / baud


class Function(IntEnum):
    """The functions of relay boards."""

    READ_COILS = 1
    READ_INPUTS = 2
    WRITE_COIL = 5
    WRITE_REGISTERS = 16


REFUSALS = {1: "function", 2: "address", 3: "value", 4: "failure", 5: "working", 6: "busy"}


def crc(data: bytes) -> bytes:
    """CRC-16 with polynomial A001, low byte first, as it stands at the end of a frame."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return value.to_bytes(2, "little")


@dataclass(frozen=True)
class Frame:
    """Unit, function and data; the CRC is added and checked."""

    unit: int
    function: int
    data: bytes

    @classmethod
    def from_bytes(cls, frame: bytes) -> "Frame":
        """Reads a whole frame. Raises Garbled: `modbus.length`, `modbus.crc`."""
        if not 4 <= len(frame) <= LONGEST:
            raise Garbled("modbus.length", f"{len(frame)} bytes")
        if crc(frame[:-2]) != frame[-2:]:
            raise Garbled("modbus.crc")
        return cls(frame[0], frame[1], frame[2:-2])

    def to_bytes(self) -> bytes:
        """The frame as sent."""
        body = bytes((self.unit, self.function)) + self.data
        return body + crc(body)


def _request(unit: int, function: Function, *words: int, tail: bytes = b"") -> Frame:
    if not 1 <= unit <= 254:  # 248 to 254 are beyond the standard, and a common answer-always address
        raise WrongValue("modbus.unit", str(unit))
    if not all(0 <= word <= 0xFFFF for word in words):
        raise WrongValue("modbus.word", "0 to 65535")
    return Frame(unit, function, b"".join(word.to_bytes(2, "big") for word in words) + tail)


def read_coils(unit: int, start: int, count: int) -> Frame:
    """Asks which relays are on."""
    return _request(unit, Function.READ_COILS, start, _count(count))


def read_inputs(unit: int, start: int, count: int) -> Frame:
    """Asks for the contacts: beams, arm, fire input."""
    return _request(unit, Function.READ_INPUTS, start, _count(count))


def write_coil(unit: int, coil: int, *, on: bool) -> Frame:
    """Switches a relay. `01 05 00 00 FF 00 8C 3A` is relay 1 of board 1 on."""
    return _request(unit, Function.WRITE_COIL, coil, 0xFF00 if on else 0)


def flash_coil(unit: int, coil: int, tenths: int) -> Frame:
    """On for `tenths` of a second, then off by the board itself: FC05 at 0200 + coil (Waveshare and its likes)."""
    if not 1 <= tenths <= 0x7FFF or not 0 <= coil <= 0xFF:
        raise WrongValue("modbus.flash", "0.1 to 3276.7 s")
    return _request(unit, Function.WRITE_COIL, 0x0200 + coil, tenths)


def flash_register(unit: int, register: int, tenths: int) -> Frame:
    """The same by FC10: mode 4 (flash on) and the time into two registers (JY-DAM; relay 1 at register 3)."""
    if not 1 <= tenths <= 0xFFFF:
        raise WrongValue("modbus.flash", "0.1 to 6553.5 s")
    tail = bytes((4,)) + (4).to_bytes(2, "big") + tenths.to_bytes(2, "big")
    return _request(unit, Function.WRITE_REGISTERS, register, 2, tail=tail)


def _count(count: int) -> int:
    if not 1 <= count <= 64:
        raise WrongValue("modbus.count", "1 to 64")
    return count


def reply_length(request: Frame) -> int:
    """Bytes of the good answer to a request."""
    if request.function in (Function.READ_COILS, Function.READ_INPUTS):
        return 5 + (int.from_bytes(request.data[2:4], "big") + 7) // 8
    return 8


def bits_of(reply: Frame, count: int) -> tuple[bool, ...]:
    """The bits of an answer to read_coils or read_inputs. Raises Garbled (`modbus.bits`)."""
    if len(reply.data) != 1 + (count + 7) // 8 or reply.data[0] != len(reply.data) - 1:
        raise Garbled("modbus.bits", f"{len(reply.data)} bytes for {count} bits")
    return tuple(bool(reply.data[1 + n // 8] >> n % 8 & 1) for n in range(count))


class Exchange:
    """One question and its answer, out of bytes that come in pieces, late, damaged or doubled by an echo.

    `echo` is a property of the adapter: a half-duplex adapter that hears itself gives the question back first.
    For FC05 the answer equals the question, so that an adapter must be known to echo (`learn_echo` finds out
    by reading); a damaged echo is garbage like any other.
    """

    def __init__(self, request: Frame, *, echo: bool = False) -> None:
        self.request = request
        self._sent = request.to_bytes()
        self._echo = echo
        self._buffer = bytearray()
        self.skipped = 0
        """Bytes thrown away: a measure of the line's health."""

    def feed(self, data: bytes) -> Frame | None:
        """The answer once it is whole, else None. Raises DeviceRefused (`modbus.function` … `modbus.busy`)."""
        self._buffer += data
        if len(self._buffer) > 4 * LONGEST:
            self.skipped += len(self._buffer) - LONGEST
            del self._buffer[:-LONGEST]
        if self._echo:
            if len(self._buffer) < len(self._sent):
                return None
            at = self._buffer.find(self._sent)
            if at < 0:
                return self._search(keep=True)
            self.skipped += at
            del self._buffer[: at + len(self._sent)]
            self._echo = False
        return self._search(keep=False)

    def _search(self, *, keep: bool) -> Frame | None:
        """The first sound frame that answers; `keep` while an echo may still be on its way."""
        wanted = reply_length(self.request)
        for start in range(len(self._buffer)):
            refusal = bytes(self._buffer[start : start + 5])
            if (
                len(refusal) == 5
                and refusal[0] == self.request.unit
                and refusal[1] == self.request.function | 0x80
                and crc(refusal[:3]) == refusal[3:]
            ):
                del self._buffer[: start + 5]
                raise DeviceRefused(f"modbus.{REFUSALS.get(refusal[2], 'refused')}", f"code {refusal[2]}")
            if keep:
                continue
            piece = bytes(self._buffer[start : start + wanted])
            if len(piece) == wanted and self._answers(piece):
                self.skipped += start
                del self._buffer[: start + wanted]
                return Frame.from_bytes(piece)
        return None

    def _answers(self, piece: bytes) -> bool:
        if (
            piece[0] != self.request.unit
            or piece[1] != self.request.function
            or crc(piece[:-2]) != piece[-2:]
        ):
            return False
        if self.request.function in (Function.READ_COILS, Function.READ_INPUTS):
            return piece[2] == len(piece) - 5 and piece != self._sent
        if self.request.function == Function.WRITE_COIL:
            return piece == self._sent
        return piece[2:6] == self._sent[2:6]


def learn_echo(sent: Frame, received: bytes) -> bool:
    """Whether an adapter echoes, from the question of a read and everything that came back."""
    return received.startswith(sent.to_bytes()) or sent.to_bytes() in received
