"""The conversation with a reader: find, select, read, again and again. It holds no port and no clock.

The driver sends what a step says, feeds what arrives, and calls `tick` at `wake_at` at the latest. Rules that
readers in the field made necessary stand beside the code that follows them. All times are monotonic seconds.
"""

from dataclasses import dataclass

from devices.protocols.idcard import codes
from devices.protocols.idcard.cards import BadCard
from devices.protocols.idcard.codes import Command, State
from devices.protocols.idcard.frames import TIMED_OUT, Answer, Frame, Scanner, as_answer, command_bytes
from devices.protocols.idcard.replies import Reading, SamNumber, newest_address, read_reply, sam_number

INTER_BYTE = 0.5
"""Silence inside a frame after which it is not a frame."""
POLL_EVERY = 0.2
"""Between two finds while nobody lays a card down: people do not notice, readers do not run hot."""
SILENT_POLLS = 3
"""So many commands without any answer: the port must be opened anew."""
SAM_TRIES = 3
"""Some readers answer the first questions after opening wrongly."""
RESENDS = 2
"""How often a command is repeated that the reader says it saw damaged."""


@dataclass(frozen=True)
class Send:
    """Throw away what has arrived so far, then send: a late answer or an echo must not meet the next command."""

    data: bytes


@dataclass(frozen=True)
class Opened:
    """The reader answers. `sam` is None if it never told its number."""

    sam: SamNumber | None


@dataclass(frozen=True)
class CardRead:
    """Somebody's card, whole."""

    reading: Reading


@dataclass(frozen=True)
class Trouble:
    """A card was not read; `words` tell why and name no person. The next try comes by itself."""

    command: str
    words: str


@dataclass(frozen=True)
class Silent:
    """No answer to several commands: open the port again, then `start`."""


@dataclass(frozen=True)
class Broken:
    """The reader needs repair: tell the operator, send nothing more."""

    words: str


Step = Send | Opened | CardRead | Trouble | Silent | Broken


class Machine:
    """One reader's conversation, from opening the port to losing it."""

    def __init__(self, *, fingerprints: bool = False, ask_address: bool = True) -> None:
        self._read = codes.READ_WITH_FINGERPRINTS if fingerprints else codes.READ
        self._wants_address = self._ask_address = ask_address
        self._scanner = Scanner()
        self._asked: Command | None = None
        self._sent_at = self._byte_at = self._poll_at = 0.0
        self._silent = self._tries = 0
        self._resent = 0
        self._armed = True
        self._reading: Reading | None = None
        self._over = False
        self.sam: SamNumber | None = None
        self.strays = 0
        """Answers that fitted no question."""

    @property
    def wake_at(self) -> float:
        """When `tick` wants to be called if nothing arrives before."""
        if self._over:
            return float("inf")
        if self._asked is None:
            return self._poll_at
        limit = self._sent_at + self._asked.limit
        return min(limit, self._byte_at + INTER_BYTE) if self._scanner.held else limit

    def start(self, now: float) -> list[Step]:
        """The port is open: ask for the number of the security module."""
        self._over, self._silent, self._tries, self._armed = False, 0, 1, True
        self.sam, self._reading, self._ask_address = None, None, self._wants_address
        return [self._send(codes.SAM_NUMBER, now)]

    def receive(self, data: bytes, now: float) -> list[Step]:
        """Bytes arrived."""
        self._byte_at = now
        return self._frames(list(self._scanner.feed(data)), now)

    def tick(self, now: float) -> list[Step]:
        """Time passed: give up half a frame, note a missing answer, poll."""
        if self._over:
            return []
        steps: list[Step] = []
        if self._asked is not None and self._scanner.held and now >= self._byte_at + INTER_BYTE:
            while self._scanner.held:
                steps += self._frames(list(self._scanner.give_up()), now)
        if self._asked is not None and now >= self._sent_at + self._asked.limit:
            return [*steps, *self._unanswered(now)]
        if self._asked is None and now >= self._poll_at and not self._over:
            steps.append(self._send(codes.FIND, now))
        return steps

    def _send(self, command: Command, now: float, *, again: bool = False) -> Send:
        self._scanner.clear()
        self._asked, self._sent_at = command, now
        self._resent = self._resent + 1 if again else 0
        return Send(command_bytes(command))

    def _frames(self, frames: list[Frame], now: float) -> list[Step]:
        steps: list[Step] = []
        for frame in frames:
            asked = self._asked
            if frame == TIMED_OUT and asked is not None:
                steps += self._unanswered(now, heard=True)
                continue
            answer = as_answer(frame)
            if answer is None:  # the echo of a command
                continue
            if asked is None or not asked.fits(answer.state, len(answer.data)):
                self.strays += 1
                continue
            self._asked, self._silent = None, 0
            steps += self._answered(asked, answer, now)
            if steps and isinstance(steps[-1], Send):
                break  # the rest came before the question was sent: it cannot be its answer
        return steps

    def _answered(self, asked: Command, answer: Answer, now: float) -> list[Step]:
        if answer.state in codes.FATAL:
            self._over = True
            return [Broken(answer.words)]
        if answer.state in (State.COMMAND_CHECKSUM, State.COMMAND_LENGTH) and self._resent < RESENDS:
            return [self._send(asked, now, again=True)]
        if asked is codes.SAM_NUMBER:
            return self._named(answer, now)
        if asked is codes.FIND:
            return self._found(answer, now)
        if asked is codes.NEWEST_ADDRESS:
            good = answer.state == State.DONE
            return self._finished(newest_address(answer.data) if good else "", now)
        if answer.state != State.DONE:
            return self._failed(asked, answer, now)
        if asked is codes.SELECT:
            return [self._send(self._read, now)]
        return self._has_read(answer, now)

    def _named(self, answer: Answer, now: float) -> list[Step]:
        if answer.state == State.DONE:
            self.sam = sam_number(answer.data)
        elif self._tries < SAM_TRIES:
            self._tries += 1
            return [self._send(codes.SAM_NUMBER, now)]
        self._rest(now, 0.0)
        return [Opened(self.sam)]

    def _found(self, answer: Answer, now: float) -> list[Step]:
        if answer.state == State.CARD_FOUND and self._armed:
            return [self._send(codes.SELECT, now)]
        steps: list[Step] = []
        if answer.state == State.NO_CARD:
            # After a read most readers say "no card" while the card still lies there; others find it again and
            # again. Only a card that comes after "no card" is a new one, and "no card" is never an error.
            self._armed = True
        elif answer.state != State.CARD_FOUND:
            steps.append(Trouble(codes.FIND.name, answer.words))
        self._rest(now)
        return steps

    def _failed(self, asked: Command, answer: Answer, now: float) -> list[Step]:
        moved = answer.state in (State.READ_FAILED, State.SELECT_FAILED)
        self._armed = moved or answer.state not in codes.OF_THE_CARD
        self._rest(now, 0.0 if answer.state == State.READ_FAILED else POLL_EVERY)
        return [Trouble(asked.name, answer.words)]

    def _has_read(self, answer: Answer, now: float) -> list[Step]:
        self._armed = False
        try:
            self._reading = read_reply(
                answer.data, with_fingerprints=self._read is codes.READ_WITH_FINGERPRINTS
            )
        except BadCard as problem:
            self._rest(now)
            return [Trouble(self._read.name, problem.detail)]
        if self._ask_address:
            return [self._send(codes.NEWEST_ADDRESS, now)]
        return self._finished("", now)

    def _finished(self, address: str, now: float) -> list[Step]:
        self._rest(now)
        reading, self._reading = self._reading, None
        if reading is None:
            return []
        return [CardRead(Reading(reading.card.with_address(address), reading.photo))]

    def _unanswered(self, now: float, *, heard: bool = False) -> list[Step]:
        """No answer within the limit. `heard`: the reader said at least that it timed out itself."""
        asked, self._asked = self._asked, None
        if asked is codes.NEWEST_ADDRESS:
            self._ask_address = False  # this reader does not know the question: do not wait for it again
            return self._finished("", now)
        self._silent = 0 if heard else self._silent + 1
        if self._silent >= SILENT_POLLS:
            self._over = True
            self._scanner.clear()
            return [Silent()]
        if asked is codes.SAM_NUMBER and self._tries < SAM_TRIES:
            self._tries += 1
            return [self._send(codes.SAM_NUMBER, now)]
        steps: list[Step] = [Opened(None)] if asked is codes.SAM_NUMBER else []
        if asked not in (codes.SAM_NUMBER, codes.FIND, None):
            steps.append(Trouble(asked.name, "no whole answer in time"))
        self._rest(now, 0.0 if asked is not codes.FIND else POLL_EVERY)
        return steps

    def _rest(self, now: float, pause: float = POLL_EVERY) -> None:
        self._asked, self._poll_at = None, now + pause
