"""An OSDP reader on a pty; the protocol is libosdp's own peripheral side."""

import argparse
import os
import time
from collections import deque
from pathlib import Path
from typing import Any

from devices.protocols.errors import WrongValue
from devices.protocols.osdp import bits_of
from devices.protocols.osdp_panel import MISSING
from devices.protocols.wiegand import Badge
from devices.simulators.ptys import Commands, pty, say

HELP = "an OSDP reader on a pty (needs libosdp)"


class Reader:
    """One reader. Without a key it is in install mode. Raises ImportError without libosdp."""

    def __init__(self, bus: Any, address: int, key: bytes | None) -> None:
        import osdp_sys

        self._lib = osdp_sys
        self.key = key
        self.commands: deque[dict[str, Any]] = deque(maxlen=1000)
        self.relays: list[tuple[float, int, int]] = []
        osdp_sys.set_loglevel(osdp_sys.LOG_CRIT)
        lib = osdp_sys
        capable = (
            (lib.CAP_OUTPUT_CONTROL, 1, 4),
            (lib.CAP_READER_LED_CONTROL, 1, 1),
            (lib.CAP_READER_AUDIBLE_OUTPUT, 1, 1),
            (lib.CAP_READERS, 1, 1),
            (lib.CAP_COMMUNICATION_SECURITY, 1, 1),
            (lib.CAP_CONTACT_STATUS_MONITORING, 1, 1),
        )
        self._ctx = lib.PeripheralDevice(
            {
                "name": f"reader-{address}",
                "address": address,
                "flags": 0 if key else lib.FLAG_INSTALL_MODE,
                "scbk": key,
                "channel": bus,
                "version": 1,
                "model": 1,
                "vendor_code": 0xCAFEBA,
                "serial_number": 1,
                "firmware_version": 1,
            },
            capabilities=[
                {"function_code": code, "compliance_level": level, "num_items": items}
                for code, level, items in capable
            ],
        )
        self._ctx.set_command_callback(self._obey)

    def _obey(self, command: dict[str, Any]) -> tuple[int, None]:
        self.commands.append(dict(command))
        if command["command"] == self._lib.CMD_OUTPUT:
            self.relays.append((time.monotonic(), command["output_no"], command["timer_count"]))
        if command["command"] == self._lib.CMD_KEYSET:
            self.key = bytes(command["data"])
        return 0, None

    def turn(self) -> None:
        """One round."""
        self._ctx.refresh()

    def show(self, badge: Badge) -> None:
        """Somebody holds a badge to it; kept by the reader until the panel hears."""
        data, length = bits_of(badge)
        self._submit(
            {
                "event": self._lib.EVENT_CARDREAD,
                "reader_no": 0,
                "format": 1,
                "direction": 0,
                "length": length,
                "data": data,
            }
        )

    def tamper(self, *, on: bool) -> None:
        """Somebody opens its case, or closes it."""
        report = bytes((on, 0))
        event = {"event": self._lib.EVENT_STATUS, "type": self._lib.STATUS_REPORT_LOCAL, "report": report}
        self._submit(event)

    def _submit(self, event: dict[str, Any]) -> None:
        self._ctx.submit_event(event)

    @property
    def is_secure(self) -> bool:
        """Whether the panel has proved its key."""
        return bool(self._ctx.is_sc_active())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line."""
    parser.add_argument("--link", type=Path, help="a name for the port, e.g. /tmp/osdp")
    parser.add_argument("--address", type=int, default=101)
    parser.add_argument("--key", help="32 hexadecimal digits (default: install mode)")
    parser.add_argument("--badge", default="188,24910")
    parser.add_argument(
        "--every", type=float, default=0.0, help="seconds between badges (default: when typed)"
    )


def run(options: argparse.Namespace) -> int:
    """Until Ctrl-C. Typed lines: a badge, tamper, or nothing for the default badge."""
    typed = Commands()
    usual = Badge.printed(options.badge)
    with pty(options.link) as end:
        # libosdp reads this end of the pty; the panel opens the other.
        bus = PtyBus(end.fd)
        try:
            reader = Reader(bus, options.address, bytes.fromhex(options.key) if options.key else None)
        except ImportError:
            say(MISSING)
            return 1
        say(
            f"OSDP reader {options.address} at {options.link or end.path}, {'key' if options.key else 'install mode'}"
        )
        due, secure = time.monotonic() + options.every, False
        try:
            while True:
                reader.turn()
                time.sleep(0.005)
                if reader.is_secure != secure:
                    secure = reader.is_secure
                    say(f"secure channel {'up' if secure else 'down'}")
                while reader.commands:
                    say(f"command {_public(reader.commands.popleft())}")
                for line in typed.lines():
                    _typed(reader, line, usual)
                if options.every and time.monotonic() >= due:
                    reader.show(usual)
                    due += options.every
        except KeyboardInterrupt:
            return 0


def _typed(reader: Reader, line: str, usual: Badge) -> None:
    if line == "tamper":
        reader.tamper(on=True)
        return
    try:
        reader.show(Badge.printed(line) if line else usual)
    except WrongValue:
        say("type a badge (188,24910), tamper, or nothing")


def _public(command: dict[str, Any]) -> dict[str, Any]:
    """A command without the key it may carry."""
    return {name: value for name, value in command.items() if not isinstance(value, bytes)}


class PtyBus:
    """The near end of a pty as libosdp wants it."""

    def __init__(self, descriptor: int) -> None:
        self.id = 0
        self._descriptor = descriptor

    def read(self, most: int) -> bytes:
        """What is there."""
        try:
            return os.read(self._descriptor, most)
        except OSError:
            return b""

    def write(self, data: bytes) -> int:
        """Writes it."""
        try:
            return os.write(self._descriptor, bytes(data))
        except OSError:
            return 0

    def flush(self) -> None:
        """Nothing is kept."""
