"""The panel process of OSDP readers on one RS-485 line: `python -m devices.protocols.osdp_panel --port … --keys …`.

Orders come as JSON lines on standard input, words go out on standard output (`osdp`). One thread: libosdp's
callbacks only put things into queues, and everything is sent outside of them; its own wrapper would deadlock.
The end of standard input ends the process, so that it never outlives its agent.

What was measured with libosdp 3.2.9 and is answered here: after a lost channel the library waits 300 s, so a
watchdog switches the reader off and on; on a cut line it says for 8 s that all is well, so every order has a
time-out of its own and is then flushed, lest a door open seconds later; every event leaks some 315 bytes, so
the process asks to be restarted.
"""

import argparse
import os
import select
import sys
import termios
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import serial

from devices.protocols.errors import Garbled, ProtocolError
from devices.protocols.osdp import COLOURS, LONGEST_LINE, Act, Order, Say, Word, badge_of
from devices.protocols.osdp_keys import KeyRing

LOOP_SECONDS = 0.005
"""Between two looks at line and orders: median 77 ms from card to relay; the wrapper's 20 ms doubles it."""
ORDER_SECONDS = 0.5
"""An order not confirmed by then has failed. On a good line confirmation takes 20 to 60 ms."""
GRACE_SECONDS = 1.0
"""A reader may be without channel this long (start-up takes 0.1 to 0.6 s) before it is nudged."""
NUDGE_SECONDS = 2.0
"""Between two nudges; a reader that hears again is secure 0.4 s after the next one."""
NUDGE_PAUSE = 0.05
"""Between switching a reader off and on."""
KEY_TRIAL_SECONDS = 6.0
"""How long one of two possible keys is tried."""
WRITE_SECONDS = 0.2
"""An adapter that takes no bytes for this long (flow control, a stuck driver) must not stop the loop."""
LEAK_BYTES = 315
LEAK_LIMIT = 32 * 1024 * 1024
"""Restart after some 100,000 events …"""
LIFETIME_SECONDS = 7 * 86_400.0
"""… or a week, whichever is first."""
STOPPED, PORT_GONE, RESTART, NOT_SET_UP = 0, 69, 75, 78
"""Exit codes, as in sysexits.h: 69 unavailable, 75 try again, 78 configuration."""
MISSING = "libosdp is not installed; OSDP readers need it: pip install libosdp"


GONE = (OSError, termios.error)  # pyserial's own error is an OSError, termios' is not


class Bus:
    """The serial line as libosdp wants it. `gone` is set when the adapter was pulled out."""

    def __init__(self, port: serial.Serial) -> None:
        self.id = 0
        self._port = port
        self.gone = False

    def read(self, most: int) -> bytes:
        """What is there, without waiting."""
        try:
            return bytes(self._port.read(most))
        except GONE:
            self.gone = True
            return b""

    def write(self, data: bytes) -> int:
        """Writes all of it."""
        try:
            return int(self._port.write(bytes(data)) or 0)
        except serial.SerialTimeoutException:
            return 0
        except GONE:
            self.gone = True
            return 0

    def flush(self) -> None:
        """Drops what came in."""
        try:
            self._port.reset_input_buffer()
        except GONE:
            self.gone = True


@dataclass
class Sent:
    """An order on its way."""

    order: Order
    command: int
    at: float


@dataclass
class Reader:
    """One reader's state."""

    address: int
    key: bytes
    down_since: float
    trying_next: bool = False
    trial_since: float = 0.0
    nudged: float = 0.0
    enable_at: float | None = None
    told: tuple[bool, bool] | None = None
    sent: deque[Sent] = field(default_factory=deque)


class Panel:
    """All readers of a line. `tell` takes the words, `now` is a steady clock in seconds.

    Raises ImportError without libosdp.
    """

    def __init__(
        self,
        bus: Bus,
        addresses: list[int],
        keys: KeyRing,
        tell: Callable[[Word], None],
        *,
        installing: bool = False,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        import osdp_sys

        self._lib = osdp_sys
        self._bus = bus
        self._keys = keys
        self._tell = tell
        self._installing = installing
        self._now = now
        self._inbox: deque[tuple[str, int, dict[str, Any], int]] = deque()
        self._events = 0
        self._born = now()
        self.readers = [Reader(address, self._first_key(address), self._born) for address in addresses]
        self._build()

    def _first_key(self, address: int) -> bytes:
        key = self._keys.install(address) if self._installing else self._keys.current(address)
        if key is None:
            raise Garbled("osdp.key", f"reader {address} has none; install it at the bench with --install")
        return key

    def _build(self) -> None:
        """A fresh context of the library with the keys to be used."""
        flags = 0 if self._installing else self._lib.FLAG_ENFORCE_SECURE
        self._lib.set_loglevel(self._lib.LOG_CRIT)
        self._ctx = self._lib.ControlPanel(
            [
                {
                    "name": f"reader-{reader.address}",
                    "address": reader.address,
                    "flags": flags,
                    "scbk": reader.key,
                    "channel": self._bus,
                    "version": 1,
                    "model": 1,
                    "vendor_code": 0,
                    "serial_number": 0,
                    "firmware_version": 0,
                }
                for reader in self.readers
            ]
        )
        self._ctx.set_event_callback(self._on_event)
        self._ctx.set_command_completion_callback(self._on_done)
        for reader in self.readers:
            reader.down_since = reader.trial_since = self._now()
            reader.enable_at = None
            self._fail_all(reader, "restarted")

    def _on_event(self, number: int, event: dict[str, Any]) -> int:
        self._inbox.append(("event", number, dict(event), 0))
        return 0

    def _on_done(self, number: int, command: dict[str, Any], status: int) -> None:
        self._inbox.append(("done", number, dict(command), int(status)))

    def turn(self) -> None:
        """One round: the library, what it told, time-outs, the watchdog."""
        self._ctx.refresh()
        while self._inbox:
            kind, number, facts, status = self._inbox.popleft()
            if number >= len(self.readers):
                continue
            reader = self.readers[number]
            if kind == "event":
                self._events += 1
                self._event(reader, facts)
            else:
                self._done(reader, facts, status)
        now = self._now()
        for number, reader in enumerate(self.readers):
            self._time_out(number, reader, now)
            self._watch(number, reader, now)

    @property
    def is_stale(self) -> bool:
        """Whether the process has leaked or lived long enough, and nothing is on its way."""
        busy = any(reader.sent for reader in self.readers)
        worn = self._events * LEAK_BYTES >= LEAK_LIMIT or self._now() - self._born >= LIFETIME_SECONDS
        return worn and not busy

    def obey(self, order: Order) -> None:
        """Sends an order; its result is told as a word."""
        found = [(n, r) for n, r in enumerate(self.readers) if r.address == order.address]
        if not found:
            self._result(order, ok=False, why="unknown reader")
            return
        number, reader = found[0]
        online, secure = self._state(number)
        if not online or not (secure or self._installing):
            self._result(order, ok=False, why="offline")
            return
        command = self._command(order)
        if not self._ctx.submit_command(number, command):
            self._result(order, ok=False, why="refused")
            return
        reader.sent.append(Sent(order, command["command"], self._now()))

    def _command(self, order: Order) -> dict[str, Any]:
        lib = self._lib
        if order.act is Act.OPEN:  # control code 5: on for a time, then off by itself
            return {
                "command": lib.CMD_OUTPUT,
                "output_no": order.output,
                "control_code": 5,
                "timer_count": order.tenths,
            }
        if order.act is Act.LED:
            return {
                "command": lib.CMD_LED,
                "reader": 0,
                "led_number": 0,
                "control_code": 2,
                "on_count": 1,
                "off_count": 0,
                "on_color": COLOURS[order.colour],
                "off_color": COLOURS["off"],
                "timer_count": max(1, order.tenths),
                "temporary": True,
            }
        if order.act is Act.BUZZER:
            return {
                "command": lib.CMD_BUZZER,
                "reader": 0,
                "control_code": 2,
                "on_count": max(1, order.tenths),
                "off_count": 1,
                "rep_count": order.count,
            }
        return {"command": lib.CMD_KEYSET, "type": 1, "data": self._keys.prepare(order.address)}

    def _event(self, reader: Reader, event: dict[str, Any]) -> None:
        kind = event.get("event")
        if kind == self._lib.EVENT_CARDREAD:
            data, length, form = bytes(event["data"]), int(event["length"]), int(event["format"])
            facts: dict[str, Any] = {"data": data.hex(), "bits": length, "format": form}
            try:
                facts["badge"] = badge_of(data, length, form=form).key
            except ProtocolError as error:
                facts["bad"] = error.code
            self._tell(Word(Say.CARD, reader.address, facts))
        elif kind == self._lib.EVENT_KEYPRESS:
            self._tell(Word(Say.KEYPAD, reader.address, {"keys": bytes(event["data"]).hex()}))
        elif kind == self._lib.EVENT_STATUS and event.get("type") == self._lib.STATUS_REPORT_LOCAL:
            report = bytes(event.get("report", b""))
            facts = {"tamper": bool(report[:1].strip(b"\0")), "power": bool(report[1:2].strip(b"\0"))}
            self._tell(Word(Say.TAMPER, reader.address, facts))

    def _done(self, reader: Reader, command: dict[str, Any], status: int) -> None:
        sent = next((sent for sent in reader.sent if sent.command == command.get("command")), None)
        if sent is None:
            return  # timed out before, or the library's own
        reader.sent.remove(sent)
        ok = status == 0
        if sent.order.act is Act.NEW_KEY and ok:
            self._keys.promote(reader.address)
            reader.key = self._keys.current(reader.address) or reader.key
            self._tell(Word(Say.KEY, reader.address, {"changed": True}))
            self._result(sent.order, ok=True, after=self._now() - sent.at)
            self._build()
            return
        self._result(sent.order, ok=ok, why="" if ok else "refused", after=self._now() - sent.at)
        if sent.order.act is Act.NEW_KEY:
            self._build()  # only a new session shows which key the reader holds

    def _time_out(self, number: int, reader: Reader, now: float) -> None:
        if not any(now - sent.at >= ORDER_SECONDS for sent in reader.sent):
            return
        rekeying = any(sent.order.act is Act.NEW_KEY for sent in reader.sent)
        self._fail_all(reader, "timeout")
        self._ctx.flush_commands(number)  # it must not open a door when the line comes back
        if rekeying:
            self._build()  # the reader may have taken the key; only a new session shows

    def _fail_all(self, reader: Reader, why: str) -> None:
        while reader.sent:
            self._result(reader.sent.popleft().order, ok=False, why=why)

    def _state(self, number: int) -> tuple[bool, bool]:
        bit = 1 << number
        return bool(self._ctx.status() & bit), bool(self._ctx.sc_status() & bit)

    def _watch(self, number: int, reader: Reader, now: float) -> None:
        online, secure = self._state(number)
        if (online, secure) != reader.told:
            reader.told = (online, secure)
            self._tell(Word(Say.LINE, reader.address, {"online": online, "secure": secure}))
        if online and (secure or self._installing):
            reader.down_since = reader.trial_since = now
            self._settle_key(reader, secure=secure)
            return
        if reader.enable_at is not None:
            if now >= reader.enable_at:
                reader.enable_at = None
                self._ctx.enable_pd(number)
            return
        if self._keys.coming(reader.address) and now - reader.trial_since >= KEY_TRIAL_SECONDS:
            self._try_other_key(reader)
            return
        if now - reader.down_since >= GRACE_SECONDS and now - reader.nudged >= NUDGE_SECONDS:
            reader.nudged = now
            reader.enable_at = now + NUDGE_PAUSE
            self._ctx.disable_pd(number)
            self._tell(Word(Say.NUDGE, reader.address, {"down": round(now - reader.down_since, 1)}))

    def _settle_key(self, reader: Reader, *, secure: bool) -> None:
        """Secure with one of two keys: that one is the reader's."""
        changing = any(sent.order.act is Act.NEW_KEY for sent in reader.sent)
        if not secure or changing or self._keys.coming(reader.address) is None:
            return
        if reader.trying_next:
            self._keys.promote(reader.address)
            reader.trying_next = False
            self._tell(Word(Say.KEY, reader.address, {"changed": True}))
        else:
            self._keys.forget_coming(reader.address)

    def _try_other_key(self, reader: Reader) -> None:
        reader.trying_next = not reader.trying_next
        key = self._keys.coming(reader.address) if reader.trying_next else self._keys.current(reader.address)
        reader.key = key or reader.key
        self._build()

    def _result(self, order: Order, *, ok: bool, why: str = "", after: float | None = None) -> None:
        facts: dict[str, Any] = {"id": order.id, "ok": ok}
        if why:
            facts["why"] = why
        if after is not None:
            facts["ms"] = round(after * 1000)
        self._tell(Word(Say.DONE, order.address, facts))


class Orders:
    """Orders on standard input. `open` becomes false at its end."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._buffer = b""
        self.open = True

    def wait(self, seconds: float) -> list[Order | ProtocolError]:
        """The orders that came; errors for lines that are none."""
        if not select.select([self._descriptor], [], [], seconds)[0]:
            return []
        data = os.read(self._descriptor, 65_536)
        self.open = bool(data)
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        self._buffer = self._buffer[-LONGEST_LINE:]
        found: list[Order | ProtocolError] = []
        for line in lines:
            try:
                found.append(Order.from_bytes(line))
            except ProtocolError as error:
                found.append(error)
        return found


def read_arguments(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m devices.protocols.osdp_panel")
    parser.add_argument("--port", required=True, help="by its stable name: /dev/serial/by-id/…")
    parser.add_argument("--baud", type=int, default=9600)
    parser.add_argument("--reader", type=int, action="append", required=True, help="address, 0 to 126")
    parser.add_argument("--keys", type=Path, required=True, help="a folder only the agent can read")
    parser.add_argument(
        "--install", action="store_true", help="at the bench: give readers in install mode a key"
    )
    return parser.parse_args(argv)


def say(word: Word) -> None:
    """One line out; the agent reads it."""
    sys.stdout.buffer.write(word.to_bytes())
    sys.stdout.buffer.flush()


def main(argv: list[str] | None = None) -> int:
    """Until told to stop; see the exit codes."""
    options = read_arguments(argv)
    try:
        port = serial.Serial(
            options.port, options.baud, timeout=0, write_timeout=WRITE_SECONDS, exclusive=True
        )
    except GONE as error:
        say(Word(Say.TROUBLE, facts={"why": "port", "detail": type(error).__name__}))
        return PORT_GONE
    try:
        bus = Bus(port)
        try:
            panel = Panel(bus, options.reader, KeyRing(options.keys), say, installing=options.install)
        except ImportError:
            say(Word(Say.TROUBLE, facts={"why": "libosdp", "detail": MISSING}))
            return NOT_SET_UP
        except (Garbled, OSError) as error:
            detail = str(error) if isinstance(error, Garbled) else type(error).__name__
            say(Word(Say.TROUBLE, facts={"why": "keys", "detail": detail}))
            return NOT_SET_UP
        say(Word(Say.READY))
        return loop(panel, bus, Orders(sys.stdin.fileno()))
    except (BrokenPipeError, KeyboardInterrupt):
        return STOPPED
    finally:
        port.close()


def loop(panel: Panel, bus: Bus, orders: Orders) -> int:
    """The exit code, once there is one."""
    while True:
        for order in orders.wait(LOOP_SECONDS):
            if isinstance(order, ProtocolError):
                say(Word(Say.TROUBLE, facts={"why": "order", "detail": str(order)}))
            elif order.act is Act.STOP:
                return STOPPED
            else:
                panel.obey(order)
        if not orders.open:
            return STOPPED
        panel.turn()
        if bus.gone:
            say(Word(Say.TROUBLE, facts={"why": "port", "detail": "unplugged"}))
            return PORT_GONE
        if panel.is_stale:
            say(Word(Say.RESTART, facts={"why": "leak"}))
            return RESTART


if __name__ == "__main__":
    sys.exit(main())
