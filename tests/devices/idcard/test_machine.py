"""The conversation with a reader over a virtual line and a virtual clock: nothing sleeps, everything is exact."""

import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.protocols.idcard import codes
from devices.protocols.idcard.codes import ANYTIME, OF_THE_CARD, State
from devices.protocols.idcard.frames import Answer, command_bytes
from devices.protocols.idcard.machine import (
    Broken,
    CardRead,
    Machine,
    Opened,
    Send,
    Silent,
    Step,
    Trouble,
)
from devices.simulators.idcard import SAM, SimulatedReader
from devices.simulators.persons import KINDS, person


@dataclass
class Line:
    """A machine and a reader joined by a line with time of its own. `piece` bytes arrive every `gap` seconds."""

    machine: Machine
    reader: SimulatedReader
    now: float = 100.0
    piece: int = 64
    gap: float = 0.005
    steps: list[Step] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)
    _coming: list[tuple[float, bytes]] = field(default_factory=list)

    def open(self) -> None:
        self._take(self.machine.start(self.now))

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while True:
            at = min([self.machine.wake_at, self.reader.wake_at, *(t for t, _ in self._coming[:1])])
            if at > end:
                self.now = end
                return
            self.now = max(self.now, at)
            out = self.reader.due(self.now)
            start = max([self.now, *(t for t, _ in self._coming[-1:])])
            self._coming += [
                (start + (n + 1) * self.gap, out[n * self.piece : (n + 1) * self.piece])
                for n in range(-(-len(out) // self.piece))
            ]
            while self._coming and self._coming[0][0] <= self.now:
                self._take(self.machine.receive(self._coming.pop(0)[1], self.now))
            self._take(self.machine.tick(self.now))

    def _take(self, steps: list[Step]) -> None:
        for step in steps:
            if isinstance(step, Send):
                self._coming = [c for c in self._coming if c[0] > self.now]
                self.sent.append(step.data)
                self.reader.receive(step.data, self.now)
            else:
                self.steps.append(step)

    @property
    def cards(self) -> list[CardRead]:
        return [step for step in self.steps if isinstance(step, CardRead)]

    def asked(self, command: codes.Command) -> int:
        return self.sent.count(command_bytes(command))


def line(*, machine: Machine | None = None, **reader: object) -> Line:
    made = Line(machine or Machine(), SimulatedReader(**reader))  # type: ignore[arg-type]
    made.open()
    made.run(0.3)
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_reads_a_card_of_each_kind_within_two_seconds(kind: str) -> None:
    at = line()
    assert at.steps == [Opened(SAM)]
    at.reader.lay(person(7, kind))  # type: ignore[arg-type]
    at.run(1.6)
    assert at.cards == [CardRead(person(7, kind))]  # type: ignore[arg-type]


def test_polls_five_times_a_second_while_nobody_comes() -> None:
    at = line()
    at.run(10)
    assert 44 <= at.asked(codes.FIND) <= 52
    assert at.steps == [Opened(SAM)]


@pytest.mark.parametrize("must_lift", [True, False], ids=["says no card", "finds it again"])
def test_a_card_that_stays_is_read_once_and_again_after_it_was_lifted(must_lift: bool) -> None:
    at = line(must_lift=must_lift)
    at.reader.lay(person(1))
    at.run(10)
    assert len(at.cards) == 1
    at.reader.lift()
    at.run(1)
    at.reader.lay(person(1))
    at.run(3)
    assert len(at.cards) == 2
    at.reader.lift()
    at.run(0.6)
    at.reader.lay(person(2))
    at.run(3)
    assert [c.reading for c in at.cards] == [person(1), person(1), person(2)]
    assert at.steps[0] == Opened(SAM)
    assert len(at.steps) == 4  # "no card" after a read is no trouble


def test_a_card_moved_away_during_the_read_is_read_when_it_comes_back() -> None:
    at = line()
    at.reader.lay(person(3))
    at.run(0.5)
    at.reader.lift()
    at.run(1)
    assert at.steps[1:] == [Trouble("read", "the card was moved while it was read")]
    at.reader.lay(person(3))
    at.run(2)
    assert at.cards == [CardRead(person(3))]


def test_the_newest_address_and_fingerprints() -> None:
    at = line(machine=Machine(fingerprints=True))
    at.reader.lay(person(4), address="浙江省金华市金东区曹宅镇 1 号", fingerprints=2)
    at.run(2)
    (read,) = at.cards
    assert read.reading.card == person(4).card.with_address("浙江省金华市金东区曹宅镇 1 号")
    assert read.reading.photo == person(4).photo
    assert at.asked(codes.READ_WITH_FINGERPRINTS) == 1


def test_a_reader_that_does_not_know_the_newest_address_costs_half_a_second_once() -> None:
    at = line()
    answer = at.reader._answer
    at.reader._answer = lambda code: answer(code)  # type: ignore[method-assign]
    silent = codes.NEWEST_ADDRESS.code
    receive = at.reader.receive
    at.reader.receive = lambda data, now: None if silent in data else receive(data, now)  # type: ignore[method-assign]
    for number in (1, 2):
        at.reader.lay(person(number))
        at.run(2)
        at.reader.lift()
        at.run(1)
    assert [c.reading for c in at.cards] == [person(1), person(2)]
    assert at.asked(codes.NEWEST_ADDRESS) == 1


def test_the_number_is_asked_three_times_and_then_done_without() -> None:
    at = line()
    at.reader.faults.wrong_sam = 2
    at.machine.start(at.now)
    once = Line(Machine(), SimulatedReader())
    once.reader.faults.wrong_sam = 2
    once.open()
    once.run(0.3)
    assert once.steps == [Opened(SAM)]
    assert once.asked(codes.SAM_NUMBER) == 3
    never = Line(Machine(), SimulatedReader())
    never.reader.faults.wrong_sam = 3
    never.open()
    never.run(0.3)
    assert never.steps == [Opened(None)]
    never.reader.lay(person(1))
    never.run(2)
    assert len(never.cards) == 1


def test_three_silent_polls_ask_for_the_port_to_be_opened_again() -> None:
    at = line()
    at.reader.faults.silent = True
    began = at.now
    at.run(10)
    assert at.steps[1:] == [Silent()]
    sent = len(at.sent)
    at.run(60)
    assert len(at.sent) == sent  # nothing more until it is opened
    assert at.now - began > 60
    at.reader.faults.silent = False
    at.open()
    at.reader.lay(person(1))
    at.run(3)
    assert len(at.cards) == 1


@pytest.mark.parametrize("state", [State.SELF_TEST, State.NOT_AUTHORISED])
def test_a_reader_that_needs_repair_is_left_alone(state: State) -> None:
    at = line()
    at.reader.faults.state = state
    at.reader.lay(person(1))
    at.run(2)
    assert at.steps[1:] == [Broken(Answer(state).words)]
    sent = len(at.sent)
    at.run(30)
    assert len(at.sent) == sent


@pytest.mark.parametrize("state", sorted((ANYTIME | OF_THE_CARD) - codes.FATAL))
def test_every_other_state_is_told_and_got_over(state: State) -> None:
    at = line()
    at.reader.faults.state = state
    at.reader.lay(person(1))
    at.run(3)
    assert at.steps[1] == Trouble("read", Answer(state).words)
    assert at.cards == []
    at.reader.faults.state = None
    at.reader.lift()
    at.run(1.5)
    at.reader.lay(person(1))
    at.run(2)
    assert at.cards == [CardRead(person(1))]


def test_a_card_of_another_kind_is_not_asked_again_and_again() -> None:
    at = line(must_lift=False)
    at.reader.faults.state = State.WRONG_KIND
    at.reader.lay(person(1))
    at.run(10)
    assert at.steps[1:] == [Trouble("read", "not an identity card")]


def test_a_damaged_command_is_sent_again() -> None:
    at = line()
    at.reader.faults.command_damaged = 2
    at.reader.lay(person(1))
    at.run(2)
    assert at.cards == [CardRead(person(1))]
    assert at.steps == [Opened(SAM), CardRead(person(1))]


@pytest.mark.parametrize("fault", ["echo", "late", "extra_aa", "times_out"])
def test_adapters_and_firmware_that_misbehave_do_not_stop_a_read(fault: str) -> None:
    at = line()
    setattr(at.reader.faults, fault, 3 if fault == "extra_aa" else 1 if fault == "times_out" else True)
    at.reader.lay(person(5))
    at.run(4)
    assert at.cards == [CardRead(person(5))]


@pytest.mark.parametrize("baud", codes.BAUD_RATES)
def test_reads_at_every_speed_within_the_limits(baud: int) -> None:
    at = line(machine=Machine(fingerprints=True), chip_seconds=1.0)
    at.piece, at.gap = 16, 160 / baud
    at.reader.lay(person(6), fingerprints=2)
    at.run(5)
    assert at.cards == [CardRead(person(6))]


@given(
    st.integers(1, 2**32),
    st.integers(1, 300),
    st.floats(0.0005, 0.01),
    st.floats(0, 0.3),
    st.floats(0, 0.3),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.integers(0, 4),
)
@settings(max_examples=60, deadline=None)
def test_whatever_the_line_does_a_card_is_read_right_or_not_at_all(
    seed: int,
    piece: int,
    gap: float,
    drop: float,
    corrupt: float,
    echo: bool,
    late: bool,
    lift: bool,
    extra: int,
) -> None:
    """Laid and lifted again and again over a bad line: at last it is read, and never is anybody else."""
    at = Line(
        Machine(), SimulatedReader(must_lift=lift, seed=seed), piece=piece, gap=min(gap, 1.2 * piece / 1295)
    )
    faults = at.reader.faults
    faults.drop, faults.corrupt, faults.echo, faults.late, faults.extra_aa = drop, corrupt, echo, late, extra
    at.open()
    dice = random.Random(seed)
    for number in range(40):
        at.reader.lay(person(number % 3))
        at.run(4 + dice.random())
        at.reader.lift()
        at.run(1)
        if any(isinstance(step, Silent) for step in at.steps[-1:]):
            at.open()
        if number >= 12 and at.cards:
            break
    assert at.cards
    assert {id(c) for c in at.cards if c.reading not in [person(n) for n in range(3)]} == set()
    faults.drop = faults.corrupt = 0.0
    at.open()
    at.run(1)
    at.reader.lay(person(9))
    at.run(4)
    assert at.cards[-1].reading == person(9)
