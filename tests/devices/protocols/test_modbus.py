"""Modbus frames on good and bad lines, against two peers that nobody here wrote."""

import asyncio
import contextlib
import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator

import minimalmodbus
import pytest
import serial
from hypothesis import given
from hypothesis import strategies as st
from pymodbus import FramerType
from pymodbus.client import ModbusSerialClient
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

from devices.protocols import modbus
from devices.protocols.errors import DeviceRefused, Garbled, ProtocolError, WrongValue
from devices.protocols.modbus import Exchange, Frame
from devices.simulators.relay import RelayBoard
from tests.devices.protocols.line import Faults, line

OPEN = bytes.fromhex("010500 00FF00 8C3A")


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (modbus.write_coil(1, 0, on=True), "01050000FF008C3A"),
        (modbus.write_coil(1, 0, on=False), "010500000000CDCA"),
        (modbus.flash_coil(1, 0, 7), "0105020000078DB0"),
        (modbus.flash_register(0xFE, 3, 10), "FE1000030002040004000A416B"),
        (modbus.read_inputs(1, 0, 8), "01020000000879CC"),
        (modbus.read_coils(1, 0, 8), "0101000000083DCC"),
    ],
)
def test_frames_are_those_of_the_manuals(frame: Frame, expected: str) -> None:
    assert frame.to_bytes().hex().upper() == expected
    assert Frame.from_bytes(bytes.fromhex(expected)) == frame


@given(st.integers(0, 255), st.integers(0, 255), st.binary(max_size=252))
def test_a_frame_is_read_as_written(unit: int, function: int, data: bytes) -> None:
    assert Frame.from_bytes(Frame(unit, function, data).to_bytes()) == Frame(unit, function, data)


@given(st.integers(0, 63))
def test_a_turned_bit_never_passes(bit: int) -> None:
    damaged = bytearray(OPEN)
    damaged[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Garbled, match=r"modbus\.crc"):
        Frame.from_bytes(bytes(damaged))
    assert Exchange(modbus.write_coil(1, 0, on=True)).feed(bytes(damaged)) is None


@given(st.binary(max_size=600), st.booleans())
def test_no_bytes_crash_an_exchange(data: bytes, echo: bool) -> None:
    for request in (
        modbus.read_inputs(1, 0, 8),
        modbus.write_coil(1, 0, on=True),
        modbus.flash_register(1, 3, 5),
    ):
        with contextlib.suppress(ProtocolError):
            Exchange(request, echo=echo).feed(data)
    with contextlib.suppress(ProtocolError):
        Frame.from_bytes(data)


GOOD = Frame(1, 2, b"\x01\x05").to_bytes()


@given(noise=st.binary(max_size=40), cuts=st.lists(st.integers(0, 60), max_size=5), echo=st.booleans())
def test_an_answer_is_found_behind_any_noise_in_any_pieces(noise: bytes, cuts: list[int], echo: bool) -> None:
    request = modbus.read_inputs(1, 0, 8)
    stream = noise + (request.to_bytes() if echo else b"") + GOOD
    exchange = Exchange(request, echo=echo)
    places = [0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]
    replies = [exchange.feed(stream[a:b]) for a, b in itertools.pairwise(places)]
    assert [reply for reply in replies if reply] == [Frame(1, 2, b"\x01\x05")]


def test_a_question_that_comes_back_is_not_an_answer() -> None:
    request = modbus.read_inputs(1, 0, 8)
    exchange = Exchange(request)
    assert exchange.feed(request.to_bytes()) is None, "an echo that nobody announced"
    assert exchange.feed(GOOD) is not None
    assert exchange.skipped == 8


def test_with_a_known_echo_an_opening_is_confirmed_only_by_the_second_copy() -> None:
    request = modbus.write_coil(1, 0, on=True)
    exchange = Exchange(request, echo=True)
    assert exchange.feed(OPEN) is None
    assert exchange.feed(OPEN[:5]) is None
    assert exchange.feed(OPEN[5:]) == request
    assert modbus.learn_echo(modbus.read_inputs(1, 0, 8), modbus.read_inputs(1, 0, 8).to_bytes() + GOOD)
    assert not modbus.learn_echo(modbus.read_inputs(1, 0, 8), GOOD)


def test_an_answer_of_another_board_or_question_does_not_count() -> None:
    exchange = Exchange(modbus.read_inputs(1, 0, 8))
    for other in (Frame(2, 2, b"\x01\x05"), Frame(1, 1, b"\x01\x05"), Frame(1, 2, b"\x02\x05\x00")):
        assert exchange.feed(other.to_bytes()) is None
    assert exchange.feed(GOOD) is not None


@pytest.mark.parametrize("echo", [False, True])
def test_a_refusal_is_an_error_with_a_name(echo: bool) -> None:
    request = modbus.write_coil(1, 9, on=True)
    exchange = Exchange(request, echo=echo)
    answer = Frame(1, 0x85, b"\x02").to_bytes()
    with pytest.raises(DeviceRefused) as raised:
        exchange.feed((request.to_bytes() if echo else b"") + answer)
    assert raised.value.code == "modbus.address"


@pytest.mark.parametrize(
    "build",
    [
        lambda: modbus.write_coil(0, 0, on=True),
        lambda: modbus.write_coil(255, 0, on=True),
        lambda: modbus.flash_coil(1, 0, 0),
        lambda: modbus.read_inputs(1, 0, 0),
        lambda: modbus.read_inputs(1, 70_000, 8),
    ],
)
def test_frames_that_are_never_sent(build: object) -> None:
    with pytest.raises(WrongValue):
        build()  # type: ignore[operator]


def test_bits_are_counted_from_the_lowest() -> None:
    assert modbus.bits_of(Frame(1, 2, b"\x01\x05"), 8) == (
        True,
        False,
        True,
        False,
        False,
        False,
        False,
        False,
    )
    assert len(modbus.bits_of(Frame(1, 2, b"\x02\xff\x01"), 9)) == 9
    with pytest.raises(Garbled):
        modbus.bits_of(Frame(1, 2, b"\x02\xff"), 8)


class HeldClock:
    """A clock that a test moves: a board's timer does not run out while a busy machine keeps the test waiting."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@contextlib.contextmanager
def board_on(port_name: str, clock: Callable[[], float] = time.monotonic) -> Iterator[RelayBoard]:
    """The simulated board at the far end of a line, opened as a device opens it."""
    board, ready, over = RelayBoard(), threading.Event(), threading.Event()

    def serve() -> None:
        with serial.Serial(port_name, 9600, timeout=0.02) as port:
            ready.set()  # opening drops what was sent before
            while not over.is_set():
                data = port.read(64)
                answer = board.feed(data, clock())
                if answer:
                    port.write(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield board
    finally:
        over.set()
        thread.join(2)


def talk(
    port: serial.Serial, request: Frame, *, echo: bool = False, attempts: int = 1, patience: float = 10.0
) -> Frame | None:
    """Asks as the agent does: clear the input, write, read until answered or the time is up."""
    for _ in range(attempts):
        port.reset_input_buffer()
        exchange = Exchange(request, echo=echo)
        port.write(request.to_bytes())
        until = time.monotonic() + patience
        while time.monotonic() < until:
            reply = exchange.feed(port.read(64))
            if reply is not None:
                return reply
    return None


@pytest.mark.parametrize(
    ("faults", "echo"),
    [
        (Faults(), False),
        (Faults(split=1), False),
        (Faults(split=3, delay=0.004), False),
        (Faults(echo=True), True),
        (Faults(echo=True, split=2), True),
    ],
)
def test_a_board_over_a_real_port(faults: Faults, echo: bool) -> None:
    clock = HeldClock()
    with (
        line(faults) as wire,
        board_on(wire.far, clock) as board,
        serial.Serial(wire.near, 9600, timeout=0.01) as port,
    ):
        board.inputs[0] = board.inputs[2] = True
        reply = talk(port, modbus.read_inputs(1, 0, 8), echo=echo, attempts=3)
        assert reply is not None
        assert modbus.bits_of(reply, 8)[:4] == (True, False, True, False)
        assert talk(port, modbus.flash_coil(1, 0, 5), echo=echo) == modbus.flash_coil(1, 0, 5)
        clock.now += 0.49
        time.sleep(0.05)
        assert board.coils[0]
        clock.now += 0.02
        deadline = time.monotonic() + 10
        while board.coils[0] and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not board.coils[0], "the board's own timer let go"
        assert len(board.writes) == 1, "one frame opened; none was needed to close"


def test_a_bad_line_never_gives_a_wrong_answer() -> None:
    faults = Faults(split=4, drop=0.08, corrupt=0.08, dice=random.Random(3))
    with (
        line(faults) as wire,
        board_on(wire.far) as board,
        serial.Serial(wire.near, 9600, timeout=0.01) as port,
    ):
        board.inputs[1] = board.inputs[7] = True
        answers = [talk(port, modbus.read_inputs(1, 0, 8), patience=modbus.REPLY_TIMEOUT) for _ in range(40)]
        assert wire.damaged > 5
        good = [reply for reply in answers if reply]
        assert all(modbus.bits_of(reply, 8) == tuple(n in (1, 7) for n in range(8)) for reply in good)
        assert len(good) >= 5
        wire.faults.drop = wire.faults.corrupt = 0.0
        assert talk(port, modbus.read_inputs(1, 0, 8), attempts=3) is not None, "in step again"


def test_a_cut_line_is_silent_and_comes_back() -> None:
    with line() as wire, board_on(wire.far), serial.Serial(wire.near, 9600, timeout=0.01) as port:
        wire.faults.cut = True
        assert talk(port, modbus.read_inputs(1, 0, 8), attempts=2, patience=0.3) is None
        wire.faults.cut = False
        assert talk(port, modbus.read_inputs(1, 0, 8), attempts=3) is not None


def test_minimalmodbus_understands_the_simulated_board() -> None:
    with line() as wire, board_on(wire.far) as board:
        peer = minimalmodbus.Instrument(wire.near, 1)
        assert peer.serial is not None
        peer.serial.timeout = 5.0
        board.inputs[3] = True
        assert peer.read_bits(0, 8, functioncode=2) == [0, 0, 0, 1, 0, 0, 0, 0]
        peer.write_bit(1, 1)
        assert board.coils[1]
        assert peer.read_bits(0, 2, functioncode=1) == [0, 1]
        with pytest.raises(minimalmodbus.IllegalRequestError):
            peer.write_bit(100, 1)
        peer.serial.close()


def test_pymodbus_understands_the_simulated_board() -> None:
    with line(Faults(split=3)) as wire, board_on(wire.far) as board:
        peer = ModbusSerialClient(wire.near, framer=FramerType.RTU, baudrate=9600, timeout=5)
        assert peer.connect()
        board.inputs[0] = True
        assert peer.read_discrete_inputs(0, count=8, device_id=1).bits[:2] == [True, False]
        assert not peer.write_coil(0, True, device_id=1).isError()
        assert board.coils[0]
        peer.close()


def test_our_frames_are_answered_by_a_pymodbus_board() -> None:
    with line() as wire:
        started, loop = threading.Event(), asyncio.new_event_loop()
        servers: list[ModbusSerialServer] = []

        async def serve() -> None:
            blocks = [SimData(0, count=16, values=False, datatype=DataType.BITS)]
            inputs = [SimData(0, count=16, values=[True, False] * 8, datatype=DataType.BITS)]
            registers = [SimData(0, count=16, datatype=DataType.REGISTERS)]
            device = SimDevice(1, simdata=(blocks, inputs, registers, registers))
            server = ModbusSerialServer(device, framer=FramerType.RTU, port=wire.far, baudrate=9600)
            servers.append(server)
            await server.serve_forever(background=True)
            started.set()

        thread = threading.Thread(
            target=lambda: (loop.run_until_complete(serve()), loop.run_forever()), daemon=True
        )
        thread.start()
        assert started.wait(30)
        try:
            with serial.Serial(wire.near, 9600, timeout=0.01) as port:
                reply = talk(port, modbus.read_inputs(1, 0, 4), attempts=5)
                assert reply is not None
                assert modbus.bits_of(reply, 4) == (True, False, True, False)
                assert talk(port, modbus.write_coil(1, 2, on=True), attempts=3) == modbus.write_coil(
                    1, 2, on=True
                )
                reply = talk(port, modbus.read_coils(1, 0, 4), attempts=3)
                assert reply is not None
                assert modbus.bits_of(reply, 4) == (False, False, True, False)
                assert talk(port, modbus.flash_register(1, 3, 5), attempts=3) is not None
                with pytest.raises(DeviceRefused):
                    talk(port, modbus.read_inputs(1, 900, 4), attempts=3)
        finally:
            asyncio.run_coroutine_threadsafe(servers[0].shutdown(), loop).result(5)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(5)
            loop.close()
