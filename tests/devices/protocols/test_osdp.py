"""OSDP: what goes over the pipe, the bits of a card, and the panel process on lines good and bad."""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import serial
from hypothesis import given
from hypothesis import strategies as st

from devices.protocols import osdp, osdp_panel
from devices.protocols.errors import Garbled, ProtocolError, WrongValue
from devices.protocols.osdp import Act, Order, Say, Word, badge_of, bits_of
from devices.protocols.osdp_keys import KeyRing, new_key
from devices.protocols.osdp_panel import NOT_SET_UP, PORT_GONE, STOPPED, Bus, Panel
from devices.protocols.osdp_process import PanelProcess
from devices.protocols.wiegand import Badge, LineFormat, LineReader
from devices.simulators.osdp import Reader
from tests.devices.protocols.line import Faults, Line, line

ADDRESS = 101
BADGE = Badge.printed("188,24910")


def test_the_card_of_the_recorded_run() -> None:
    badge = badge_of(bytes.fromhex("9b41c280"), 26)
    assert (badge.facility, badge.number) == (54, 33669)
    with pytest.raises(Garbled, match=r"osdp\.parity"):
        badge_of(bytes.fromhex("1b41c280"), 26)


@given(st.integers(0, 0xFFFFFF))
def test_the_same_badge_as_on_a_wiegand_reader(value: int) -> None:
    data, length = bits_of(Badge(value, 24))
    (wiegand,) = LineReader(LineFormat.HEX6).feed(Badge(value, 24).to_bytes(LineFormat.HEX6))
    assert badge_of(data, length).is_same(wiegand)
    assert badge_of(data, length).key == wiegand.key


def test_cards_of_other_lengths() -> None:
    assert badge_of(bytes.fromhex("01BC614E"), 32).key == "188,24910"
    assert badge_of(bytes.fromhex("04A1B2C3D4E5F6"), 56).value == 0x04A1B2C3D4E5F6
    assert badge_of(b"0012345678\r\n", 12, form=2).key == "188,24910"
    for data, length in ((b"\x00", 26), (b"\x00" * 5, 37), (b"", 0)):
        with pytest.raises(Garbled):
            badge_of(data, length)


@given(st.binary(max_size=20), st.integers(-3, 200), st.integers(0, 3))
def test_no_bits_crash_the_reader(data: bytes, length: int, form: int) -> None:
    with contextlib.suppress(ProtocolError):
        badge_of(data, length, form=form)


@given(st.binary(max_size=200))
def test_no_line_crashes_the_pipe(data: bytes) -> None:
    for kind in (Order, Word):
        with contextlib.suppress(ProtocolError):
            kind.from_bytes(data)


def test_orders_and_words_go_through_the_pipe() -> None:
    order = Order(Act.OPEN, "w1", ADDRESS, output=0, tenths=30)
    assert Order.from_bytes(order.to_bytes()) == order
    word = Word(Say.DONE, ADDRESS, {"id": "w1", "ok": True})
    assert Word.from_bytes(word.to_bytes()) == word


@pytest.mark.parametrize(
    "fields",
    [
        {"act": Act.OPEN, "id": "w1", "address": 101},
        {"act": Act.OPEN, "id": "w1", "address": 101, "tenths": 100_000},
        {"act": Act.LED, "id": "", "address": 101},
        {"act": Act.LED, "id": "w1", "address": 127},
        {"act": Act.LED, "id": "w1", "address": 101, "colour": "pink"},
    ],
)
def test_orders_that_are_never_given(fields: dict[str, object]) -> None:
    with pytest.raises(WrongValue):
        Order(**fields)  # type: ignore[arg-type]


def test_keys_are_random_private_and_survive_a_change_that_was_cut_off(tmp_path: Path) -> None:
    keys = KeyRing(tmp_path / "keys")
    assert keys.current(1) is None
    first = keys.install(1)
    assert keys.install(1) == first
    assert len({new_key() for _ in range(50)}) == 50
    coming = keys.prepare(1)
    assert (keys.current(1), keys.coming(1)) == (first, coming)
    assert keys.prepare(1) == coming, "the reader may hold it already"
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()} == {0o600}
    keys.promote(1)
    assert (keys.current(1), keys.coming(1)) == (coming, None)
    keys.prepare(1)
    keys.forget_coming(1)
    assert (keys.current(1), keys.coming(1)) == (coming, None)
    (tmp_path / "keys" / "reader-1.key").write_text("nonsense")
    with pytest.raises(Garbled):
        keys.current(1)


class Rig:
    """A reader in a thread at the far end of a line, and what the panel told."""

    def __init__(self, wire: Line, folder: Path, key: bytes | None) -> None:
        self.wire = wire
        self.folder = folder
        self.words: queue.Queue[Word] = queue.Queue()
        self.heard: list[Word] = []
        self._over = threading.Event()
        self._port = serial.Serial(wire.far, 115_200, timeout=0)
        self.reader = Reader(Bus(self._port), ADDRESS, key)
        self._do: queue.Queue[Callable[[], None]] = queue.Queue()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._over.is_set():
            with contextlib.suppress(queue.Empty):
                while True:
                    self._do.get_nowait()()
            self.reader.turn()
            time.sleep(0.005)

    def show(self, badge: Badge = BADGE) -> None:
        """A badge, in the reader's own thread."""
        self._do.put(lambda: self.reader.show(badge))

    def tamper(self) -> None:
        """The case is opened."""
        self._do.put(lambda: self.reader.tamper(on=True))

    def until(self, wanted: Callable[[Word], bool], seconds: float = 40.0) -> Word:
        """The next word that is wanted; the others are kept in `heard`."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                word = self.words.get(timeout=left)
                self.heard.append(word)
                if wanted(word):
                    return word
        raise AssertionError(f"not heard in {seconds} s: {self.heard[-10:]}")

    def secure(self, seconds: float = 40.0) -> None:
        """Waits for the channel."""
        self.until(lambda word: word.say is Say.LINE and bool(word.facts["secure"]), seconds)

    def result(self, order: Order, seconds: float = 20.0) -> Word:
        """Waits for an order's result."""
        return self.until(lambda word: word.say is Say.DONE and word.facts["id"] == order.id, seconds)

    def done(self, process: PanelProcess, order: Order) -> Word:
        """An order carried out; on a busy machine it may need more than one try."""
        for number in range(8):
            again = replace(order, id=f"{order.id}.{number}")
            process.send(again)
            word = self.result(again)
            if word.facts["ok"]:
                return word
            time.sleep(0.5)
        raise AssertionError(f"never done: {self.heard[-10:]}")

    def close(self) -> None:
        """Ends the reader."""
        self._over.set()
        self._thread.join(2)
        self._port.close()


@contextlib.contextmanager
def rig(folder: Path, *, faults: Faults | None = None, key: bytes | None = None) -> Iterator[Rig]:
    """A reader on a line; its key is also the panel's, unless the reader is in install mode."""
    if key is not None:
        keys = KeyRing(folder)
        keys.install(ADDRESS)
        (folder / f"reader-{ADDRESS}.key").write_text(key.hex())
    with line(faults) as wire:
        made = Rig(wire, folder, key)
        try:
            yield made
        finally:
            made.close()


@contextlib.contextmanager
def panel_process(made: Rig, *, installing: bool = False) -> Iterator[PanelProcess]:
    """The real process at the near end."""
    process = PanelProcess(
        made.wire.near, [ADDRESS], made.folder, made.words.put, baud=115_200, installing=installing
    )
    process.start()
    try:
        yield process
    finally:
        process.stop()


def opening(number: int) -> Order:
    """Three seconds, as by a gate."""
    return Order(Act.OPEN, f"w{number}", ADDRESS, output=0, tenths=30)


def test_a_card_opens_the_door(tmp_path: Path) -> None:
    with rig(tmp_path / "k", key=new_key()) as made, panel_process(made) as process:
        made.secure()
        made.show()
        card = made.until(lambda word: word.say is Say.CARD)
        assert (card.address, card.facts["badge"]) == (ADDRESS, "188,24910")
        assert made.done(process, opening(1)).facts["ms"] < 500
        assert {(output, tenths) for _at, output, tenths in made.reader.relays} == {(0, 30)}
        for order in (
            Order(Act.LED, "w2", ADDRESS, colour="green", tenths=10),
            Order(Act.BUZZER, "w3", ADDRESS, tenths=2, count=2),
        ):
            made.done(process, order)
        made.tamper()
        assert made.until(lambda word: word.say is Say.TAMPER).facts["tamper"] is True
        stranger = Order(Act.LED, "w4", 7, colour="red")
        process.send(stranger)
        assert made.result(stranger).facts["why"] == "unknown reader"


def test_on_a_cut_line_an_order_fails_in_time_and_no_door_opens_later(tmp_path: Path) -> None:
    with rig(tmp_path / "k", key=new_key()) as made, panel_process(made) as process:
        made.secure()
        made.wire.faults.cut = True
        began = time.monotonic()
        process.send(opening(1))
        done = made.result(opening(1))
        assert (done.facts["ok"], done.facts["why"]) == (False, "timeout")
        assert time.monotonic() - began < 5.0
        made.show()
        made.until(lambda word: word.say is Say.NUDGE)
        made.wire.faults.cut = False
        made.secure()
        assert made.until(lambda word: word.say is Say.CARD).facts["badge"] == "188,24910", (
            "kept by the reader"
        )
        assert made.reader.relays == []
        made.done(process, opening(2))
        assert made.reader.relays


def test_a_bad_line_is_nudged_and_no_card_comes_twice(tmp_path: Path) -> None:
    with rig(tmp_path / "k", key=new_key()) as made, panel_process(made):
        made.secure()
        made.wire.faults.corrupt = 0.02
        for number in range(15):
            made.show(Badge(number + 1, 24))
            time.sleep(0.3)
        made.wire.faults.corrupt = 0.0
        assert made.wire.damaged > 0
        last = Badge(999, 24)
        made.show(last)
        seen = [word.facts.get("badge") for word in made.heard if word.say is Say.CARD]
        tries = 0
        while last.key not in seen:
            try:
                seen.append(made.until(lambda word: word.say is Say.CARD, 8.0).facts.get("badge"))
            except AssertionError:
                tries += 1
                assert tries < 5, made.heard[-10:]
                made.show(last)  # a read may be lost with the channel; people show the card again
        first = [badge for badge in seen if badge != last.key]
        assert len(first) == len(set(first)), "none came twice"
        assert set(first) <= {f"000,{number + 1:05d}" for number in range(15)}
        assert len(first) >= 8


def test_a_reader_gets_its_first_key_at_the_bench_and_is_then_held_to_it(tmp_path: Path) -> None:
    with rig(tmp_path / "k") as made:
        with panel_process(made, installing=True):
            made.secure()
            deadline = time.monotonic() + 10
            while made.reader.key is None and time.monotonic() < deadline:
                time.sleep(0.05)
            assert made.reader.key == KeyRing(tmp_path / "k").current(ADDRESS)
        made.words = queue.Queue()
        with panel_process(made) as process:
            made.secure()
            order = Order(Act.NEW_KEY, "w1", ADDRESS)
            before = made.reader.key
            made.done(process, order)
            made.secure()
            assert made.reader.key == KeyRing(tmp_path / "k").current(ADDRESS) != before
            assert KeyRing(tmp_path / "k").coming(ADDRESS) is None


def test_a_reader_that_took_a_key_whose_answer_was_lost_is_found_with_it(tmp_path: Path) -> None:
    taken = new_key()
    with rig(tmp_path / "k", key=taken) as made:
        (tmp_path / "k" / f"reader-{ADDRESS}.key").write_text(new_key().hex())
        (tmp_path / "k" / f"reader-{ADDRESS}.next").write_text(taken.hex())
        with panel_process(made):
            made.secure()
            made.until(lambda word: word.say is Say.KEY)
        assert (KeyRing(tmp_path / "k").current(ADDRESS), KeyRing(tmp_path / "k").coming(ADDRESS)) == (
            taken,
            None,
        )


def test_a_change_of_key_whose_answer_is_lost_locks_nobody_out(tmp_path: Path) -> None:
    with rig(tmp_path / "k", key=new_key()) as made, panel_process(made) as process:
        made.secure()
        made.wire.faults.deaf = True
        order = Order(Act.NEW_KEY, "w1", ADDRESS)
        process.send(order)
        assert made.result(order).facts["ok"] is False
        time.sleep(1)
        made.wire.faults.deaf = False
        made.secure()
        made.done(process, opening(2))
        keys = KeyRing(tmp_path / "k")
        until = time.monotonic() + 10
        while keys.coming(ADDRESS) is not None and time.monotonic() < until:
            time.sleep(0.1)
        assert (keys.current(ADDRESS), keys.coming(ADDRESS)) == (made.reader.key, None)


def test_a_reader_with_another_key_is_never_believed(tmp_path: Path) -> None:
    with rig(tmp_path / "k", key=new_key()) as made:
        (tmp_path / "k" / f"reader-{ADDRESS}.key").write_text(new_key().hex())
        with panel_process(made) as process:
            made.until(lambda word: word.say is Say.NUDGE)
            process.send(opening(1))
            assert made.result(opening(1)).facts == {"id": "w1", "ok": False, "why": "offline"}
            assert not any(word.facts.get("secure") for word in made.heard)
            assert made.reader.relays == []


def test_a_killed_panel_comes_back(tmp_path: Path) -> None:
    with rig(tmp_path / "k", key=new_key()) as made, panel_process(made) as process:
        made.secure()
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        deadline = time.monotonic() + 5
        while process.pid is not None and process.starts == 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send(opening(1))
        assert made.result(opening(1)).facts["ok"] is False
        made.secure()
        made.done(process, opening(2))
        assert process.starts == 2


def test_a_panel_that_hangs_is_ended_and_comes_back(tmp_path: Path) -> None:
    with rig(tmp_path / "k", key=new_key()) as made, panel_process(made) as process:
        made.secure()
        assert process.pid is not None
        os.kill(process.pid, signal.SIGSTOP)
        for number in range(3):
            process.send(opening(number))
            assert made.result(opening(number)).facts["why"] in ("timeout", "panel away")
        made.secure()
        made.done(process, opening(9))
        assert process.starts == 2


def launch(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    """The process alone, with an input that ends at once."""
    argv = [sys.executable, "-m", "devices.protocols.osdp_panel", *arguments]
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=90, check=False)


def test_it_ends_with_its_agent_and_says_what_is_missing(tmp_path: Path) -> None:
    with line() as wire:
        alone = ("--port", wire.near, "--reader", "101", "--keys", str(tmp_path / "k"))
        ended = launch(*alone)
        assert ended.returncode == NOT_SET_UP
        assert Word.from_bytes(ended.stdout).facts["why"] == "keys"
        assert launch(*alone, "--install").returncode == STOPPED
    gone = launch("--port", "/dev/serial/by-id/none", "--reader", "101", "--keys", str(tmp_path / "k"))
    assert gone.returncode == PORT_GONE


def test_without_libosdp_the_reason_is_told(tmp_path: Path) -> None:
    hide = "import sys; sys.modules['osdp_sys'] = None; from devices.protocols.osdp_panel import main; sys.exit(main())"
    with line() as wire:
        argv = [
            sys.executable,
            "-c",
            hide,
            "--port",
            wire.near,
            "--reader",
            "1",
            "--keys",
            str(tmp_path / "k"),
            "--install",
        ]
        ended = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=90, check=False)
    assert ended.returncode == NOT_SET_UP
    assert "pip install libosdp" in Word.from_bytes(ended.stdout).facts["detail"]


def test_it_asks_for_a_restart_before_the_leak_hurts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(osdp_panel, "LEAK_LIMIT", 3 * osdp_panel.LEAK_BYTES)
    with line() as wire, serial.Serial(wire.near, 115_200, timeout=0) as port:
        told: list[Word] = []
        panel = Panel(
            Bus(port), [ADDRESS], KeyRing(tmp_path), told.append, installing=True, now=lambda: clock[0]
        )
        assert not panel.is_stale
        panel._events = 3
        assert panel.is_stale
        panel._events = 0
        clock[0] = osdp_panel.LIFETIME_SECONDS
        assert panel.is_stale


def test_a_cable_pulled_out_ends_the_process(tmp_path: Path) -> None:
    wire = Line(Faults())
    argv = [sys.executable, "-m", "devices.protocols.osdp_panel", "--port", wire.near, "--reader", "101"]
    child = subprocess.Popen(
        [*argv, "--keys", str(tmp_path), "--install"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    assert Word.from_bytes(child.stdout.readline()).say is Say.READY
    wire.close()
    assert child.wait(60) == PORT_GONE
    child.communicate()


def test_the_limits_are_those_that_were_measured() -> None:
    assert osdp_panel.ORDER_SECONDS == 0.5
    assert osdp_panel.LOOP_SECONDS <= 0.005
    assert osdp.KEY_BYTES == 16
