"""A reader on a real pty with noise on the line: before, inside and after answers, echoes, halves of other answers.

The driver's own port and scanner hear it. The card that lies there is read at last, and never is anybody else. (The XOR
of the protocol does not see everything; the examples are the same in each run.)
"""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.edge.ports import Port
from devices.protocols.idcard import codes
from devices.protocols.idcard.codes import PREAMBLE, State
from devices.protocols.idcard.frames import Answer, command_bytes
from devices.protocols.idcard.machine import CardRead, Machine, Send, Silent, Step
from devices.protocols.idcard.replies import make_read_reply
from devices.simulators.idcard import PtyReader, SimulatedReader
from devices.simulators.persons import person

OTHERS = Answer(State.DONE, make_read_reply(person(2))).to_frame().to_bytes()
"""Somebody else's card, whole; only pieces of it ever come."""
SECONDS = 12.0


class NoisyReader(SimulatedReader):
    """Each answer meets the next piece of noise: put before it, into it, or behind it."""

    def __init__(self, noise: list[tuple[str, bytes]], seed: int) -> None:
        super().__init__(chip_seconds=0.05, seed=seed)
        self._noise, self._where = list(noise), random.Random(seed)

    def due(self, now: float) -> bytes:
        """What goes out by now, with its noise."""
        data = super().due(now)
        if not data or not self._noise:
            return data
        where, piece = self._noise.pop(0)
        at = {"before": 0, "after": len(data)}.get(where, self._where.randrange(len(data)))
        return data[:at] if where == "cut" else data[:at] + piece + data[at:]


pieces = st.one_of(
    st.binary(min_size=1, max_size=80),
    st.integers(1, len(OTHERS) - 1).map(lambda size: OTHERS[:size]),
    st.integers(1, len(OTHERS) - 1).map(lambda size: OTHERS[-size:]),
    st.sampled_from(
        [
            PREAMBLE, PREAMBLE + b"\x00", PREAMBLE + b"\x05\x08", PREAMBLE * 3, b"\xaa" * 7, PREAMBLE + b"\xff\xff",
            command_bytes(codes.FIND), command_bytes(codes.READ), Answer(State.NO_CARD).to_frame().to_bytes(),
            PREAMBLE + b"\x00\x05\x05\x05\x05",
        ]
    ),
)  # fmt: skip
noise = st.lists(
    st.tuples(st.sampled_from(("before", "inside", "after", "cut")), pieces), min_size=1, max_size=6
)


def listen(port: Port, machine: Machine, seconds: float) -> Iterator[Step]:
    """What the machine says of a port, as the driver serves it."""
    end = time.monotonic() + seconds
    steps = machine.start(time.monotonic())
    while time.monotonic() < end:
        for step in steps:
            if isinstance(step, Send):
                port.send(step.data, flush=True)
            elif isinstance(step, Silent):
                steps = machine.start(time.monotonic())
                break
            yield step
        else:
            now = time.monotonic()
            data = port.read(min(machine.wake_at - now, 0.2))
            now = time.monotonic()
            steps = [*(machine.receive(data, now) if data else []), *machine.tick(now)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("noisy")


@given(noise, st.integers(1, 2**16), st.sampled_from((0, 1, 7, 61)))
@settings(max_examples=10, deadline=None, derandomize=True)
def test_over_a_noisy_pty_the_card_is_read_and_nobody_elses(
    folder: Path, noise: list[tuple[str, bytes]], seed: int, split: int
) -> None:
    reader = NoisyReader(noise, seed)
    reader.faults.split = split
    reader.faults.echo = bool(seed % 2)
    with PtyReader(reader, folder / "reader") as line:
        line.lay(person(1))
        port = Port(str(folder / "reader"), 115200)
        try:
            cards = []
            for step in listen(port, Machine(), SECONDS):
                if isinstance(step, CardRead):
                    cards.append(step.reading)
                    break
        finally:
            port.close()
    assert [card.card.number for card in cards] == [person(1).card.number]
    assert cards == [person(1)]
