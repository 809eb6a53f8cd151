"""A simulated identity-card reader: what it answers, how it misbehaves, and the pty on which it is found."""

import os
import random
import select
import termios
import threading
import time
import tty
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from devices.protocols.idcard import codes
from devices.protocols.idcard.codes import BAUD_RATES, State
from devices.protocols.idcard.frames import READER_TIMED_OUT, Answer, Scanner
from devices.protocols.idcard.replies import Reading, SamNumber, make_read_reply, make_sam_number

SAM = SamNumber(5, 1, 20080101, 123456, 7890123)
ADDRESS_BYTES = 70


@dataclass
class Faults:
    """What the reader, its cable and its adapter do wrong. All off at first; change them while it runs."""

    split: int = 0
    """Bytes per piece; 0 sends an answer whole."""
    delay: float = 0.0
    """Seconds before each answer."""
    drop: float = 0.0
    """Chance of an answer to lose a byte."""
    corrupt: float = 0.0
    """Chance of an answer to have a bit turned over. (Two in one column pass the XOR: a weakness of the protocol.)"""
    echo: bool = False
    """A half-duplex adapter: the command comes back before the answer."""
    extra_aa: int = 0
    """More AA in front of an answer."""
    late: bool = False
    """The answer before comes once more, ahead of the next one."""
    silent: bool = False
    """Hears nothing."""
    times_out: int = 0
    """So many reads end in the firmware's own malformed time-out."""
    wrong_sam: int = 0
    """So many questions for the module's number get a wrong answer."""
    state: int | None = None
    """Every read is answered with this state."""
    command_damaged: int = 0
    """So many commands are answered with a bad checksum."""


@dataclass
class _Due:
    at: float
    make: Callable[[], bytes]


class SimulatedReader:
    """Bytes in, bytes out when they are due; a card is laid down and lifted. Times are monotonic seconds."""

    def __init__(
        self, *, chip_seconds: float = 0.8, must_lift: bool = True, sam: SamNumber = SAM, seed: int = 1
    ) -> None:
        self.faults = Faults()
        self.chip_seconds, self.must_lift, self.sam = chip_seconds, must_lift, sam
        self.baud = BAUD_RATES[0]
        self.reads = 0
        """Cards given away whole."""
        self._dice = random.Random(seed)
        self._scanner = Scanner()
        self._due: list[_Due] = []
        self._card: Reading | None = None
        self._address = ""
        self._fingerprints = 0
        self._stage = "new"  # new → found → selected → read
        self._before = b""

    def lay(self, reading: Reading, *, address: str = "", fingerprints: int = 0) -> None:
        """Lay a card on the reader."""
        self._card, self._address, self._fingerprints, self._stage = reading, address, fingerprints, "new"

    def lift(self) -> None:
        """Take it away, also in the middle of a read."""
        self._card, self._stage = None, "new"

    @property
    def has_card(self) -> bool:
        """Whether a card lies there."""
        return self._card is not None

    def receive(self, data: bytes, now: float) -> None:
        """Bytes from the host."""
        for frame in self._scanner.feed(data):
            if self.faults.silent or len(frame.payload) != 2:
                continue
            reading = frame.payload in (codes.READ.code, codes.READ_WITH_FINGERPRINTS.code)
            wait = self.faults.delay + (self.chip_seconds if reading and self._stage == "selected" else 0.0)
            if self.faults.echo:
                self._due.append(_Due(now, lambda frame=frame: frame.to_bytes()))  # type: ignore[misc]
            self._due.append(_Due(now + wait, lambda code=frame.payload: self._spoilt(code)))  # type: ignore[misc]

    def due(self, now: float) -> bytes:
        """What goes out by now."""
        ready = [one for one in self._due if one.at <= now]
        self._due = [one for one in self._due if one.at > now]
        return b"".join(one.make() for one in ready)

    @property
    def wake_at(self) -> float:
        """When `due` has something next."""
        return min((one.at for one in self._due), default=float("inf"))

    def _spoilt(self, code: bytes) -> bytes:
        """The answer to a command, after the faults."""
        faults = self.faults
        if code in (codes.READ.code, codes.READ_WITH_FINGERPRINTS.code) and faults.times_out > 0:
            faults.times_out -= 1
            return READER_TIMED_OUT
        sound = self._answer(code).to_frame().to_bytes()
        data = b"\xaa" * faults.extra_aa + sound
        if faults.late:
            data, self._before = self._before + data, sound
        if self._dice.random() < faults.corrupt:
            at = self._dice.randrange(len(data))
            data = data[:at] + bytes((data[at] ^ (1 << self._dice.randrange(8)),)) + data[at + 1 :]
        if self._dice.random() < faults.drop:
            at = self._dice.randrange(len(data))
            data = data[:at] + data[at + 1 :]
        return data

    def _answer(self, code: bytes) -> Answer:
        if self.faults.command_damaged > 0:
            self.faults.command_damaged -= 1
            return Answer(State.COMMAND_CHECKSUM)
        if code == codes.SAM_NUMBER.code:
            if self.faults.wrong_sam > 0:
                self.faults.wrong_sam -= 1
                return Answer(State.COMMAND)
            return Answer(State.DONE, make_sam_number(self.sam))
        if code in (codes.RESET.code, codes.STATUS.code):
            return Answer(State.DONE)
        if code[0] == 0x60 and code[1] < len(BAUD_RATES):
            self.baud = BAUD_RATES[code[1]]
            return Answer(State.DONE)
        if code == codes.FIND.code:
            return self._find()
        if code == codes.SELECT.code:
            return self._select()
        if code == codes.NEWEST_ADDRESS.code:
            return self._newest_address()
        if code in (codes.READ.code, codes.READ_WITH_FINGERPRINTS.code):
            return self._read(with_fingerprints=code == codes.READ_WITH_FINGERPRINTS.code)
        return Answer(State.UNKNOWN_COMMAND)

    def _find(self) -> Answer:
        if self._card is None or (self.must_lift and self._stage == "read"):
            return Answer(State.NO_CARD)
        self._stage = "found"
        return Answer(State.CARD_FOUND, bytes(4))

    def _select(self) -> Answer:
        if self._card is None or self._stage != "found":
            return Answer(State.SELECT_FAILED)
        self._stage = "selected"
        return Answer(State.DONE, bytes(8))

    def _read(self, *, with_fingerprints: bool) -> Answer:
        if self.faults.state is not None:
            return Answer(self.faults.state)
        if self._card is None or self._stage not in ("selected", "read"):
            return Answer(State.READ_FAILED)
        self._stage = "read"
        self.reads += 1
        prints = self._fingerprints if with_fingerprints else None
        return Answer(State.DONE, make_read_reply(self._card, fingerprints=prints))

    def _newest_address(self) -> Answer:
        if self._card is None or self._stage != "read" or not self._address:
            return Answer(State.NOTHING_THERE)
        units = self._address.encode("utf-16-le")[:ADDRESS_BYTES]
        return Answer(State.DONE, units + " ".encode("utf-16-le") * ((ADDRESS_BYTES - len(units)) // 2))


class PtyReader:
    """The reader on a pty, served by a thread; `link` is the name under which the port is found.

    The line is as fast as the reader's speed says, and a host that uses another speed is not understood.
    """

    def __init__(self, reader: SimulatedReader, link: Path) -> None:
        self.reader, self.link = reader, link
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._master = self._slave = -1
        self._thread: threading.Thread | None = None

    def plug(self) -> None:
        """Connect the cable: the link appears. Nothing happens if it is in."""
        if self._master >= 0:
            return
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self._slave))
        self._stopping.clear()
        self._thread = threading.Thread(target=self._serve, name="simulated reader", daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """Pull the cable: the link goes, and whoever had it open gets an error."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(5)
        self.link.unlink(missing_ok=True)
        if self._master >= 0:
            os.close(self._master)
            os.close(self._slave)
            self._master = self._slave = -1

    def lay(self, reading: Reading, *, address: str = "", fingerprints: int = 0) -> None:
        """Lay a card on the reader."""
        with self._lock:
            self.reader.lay(reading, address=address, fingerprints=fingerprints)

    def lift(self) -> None:
        """Take the card away."""
        with self._lock:
            self.reader.lift()

    def __enter__(self) -> "PtyReader":
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            with self._lock:
                wait = self.reader.wake_at - time.monotonic()
            readable, _, _ = select.select([self._master], [], [], max(0.0, min(wait, 0.02)))
            try:
                if readable:
                    self._hear(os.read(self._master, 4096))
                with self._lock:
                    out = self.reader.due(time.monotonic())
                self._say(out)
            except OSError:
                return

    def _hear(self, data: bytes) -> None:
        speeds = termios.tcgetattr(self._slave)[4:6]
        if speeds == [getattr(termios, f"B{self.reader.baud}")] * 2:
            with self._lock:
                self.reader.receive(data, time.monotonic())

    def _say(self, data: bytes) -> None:
        piece = self.reader.faults.split or 64
        for at in range(0, len(data), piece):
            part = data[at : at + piece]
            time.sleep(len(part) * 10 / self.reader.baud)
            os.write(self._master, part)
