"""An identity-card reader on a serial port: the machine of devices.protocols.idcard with a port and a clock.

[[device]]
kind = "idcard"
name = "Registration desk"            # what the clerk's page calls it
port = "/dev/serial/by-id/…"          # or socket://10.0.0.7:4001 for a serial gateway
baud = 115200                         # 0: try the five speeds in turn
newest_address = true                 # ask for the address written to the card after it was issued
photo_command = ["wlt2jpeg"]          # a program that turns the compressed photo on its input into a JPEG or PNG
"""

import logging
import sqlite3
import subprocess
from dataclasses import asdict
from datetime import date
from itertools import cycle
from typing import Any

from devices.edge.config import BadConfig, Options
from devices.edge.ports import Port, PortLost, reopening
from devices.edge.site import CARD_READ_SECONDS, Site
from devices.protocols.idcard.cards import Card
from devices.protocols.idcard.codes import BAUD_RATES
from devices.protocols.idcard.machine import Broken, CardRead, Machine, Opened, Send, Silent, Step, Trouble
from devices.protocols.idcard.replies import Reading

log = logging.getLogger(__name__)
LOOK_EVERY = 0.2
"""Seconds after which a waiting driver looks whether the agent stops."""
PHOTO_SECONDS = 1.0
PHOTO_BYTES = 200_000
PICTURES = {b"\xff\xd8\xff": "jpeg", b"\x89PNG": "png"}


class IdCardReader:
    """One reader. It opens the port, follows the machine, and keeps every card that is read."""

    kind = "idcard"

    def __init__(
        self,
        name: str,
        port: str,
        bauds: list[int],
        *,
        ask_address: bool = True,
        photo_command: list[str] | None = None,
    ) -> None:
        self.name, self._device = name, port
        self._bauds = cycle(bauds)
        self._baud = next(self._bauds)
        self._machine = Machine(ask_address=ask_address)
        self._photo_command = photo_command or []
        self._waiting: tuple[Reading, float] | None = None
        """A card that the disk did not take, and since when."""

    def run(self, site: Site) -> None:
        """Open the port again and again until the agent stops."""
        backoff = reopening()
        while not site.stopping.is_set():
            try:
                port = Port(self._device, self._baud)
            except PortLost as lost:
                site.health.tell(self.name, self.kind, "lost", str(lost))
                site.wait(backoff.pause())
                continue
            backoff.reset()
            try:
                self._converse(port, site)
            except PortLost as lost:
                site.health.tell(self.name, self.kind, "lost", str(lost))
            finally:
                port.close()

    def _converse(self, port: Port, site: Site) -> None:
        """Until the agent stops, the reader falls silent, or the port is lost (PortLost)."""
        machine = self._machine
        going = self._follow(machine.start(site.clock.boot()), port, site)
        while going and not site.stopping.is_set():
            now = site.clock.boot()
            data = port.read(min(machine.wake_at - now, LOOK_EVERY))
            now = site.clock.boot()
            steps = machine.receive(data, now) if data else []
            going = self._follow([*steps, *machine.tick(now)], port, site)
            self._try_again(site)

    def _follow(self, steps: list[Step], port: Port, site: Site) -> bool:
        """Do what the machine says; False when the port is to be opened anew."""
        for step in steps:
            match step:
                case Send(data):
                    port.send(data, flush=True)
                case Opened(sam):
                    site.health.heard(self.name, sam=str(sam or ""), baud=str(self._baud))
                    site.health.tell(self.name, self.kind, "ready")
                case CardRead(reading):
                    site.health.tell(self.name, self.kind, "ready")
                    site.health.heard(self.name)
                    self._keep(reading, site)
                case Trouble(command, words):
                    site.health.heard(self.name)
                    log.info("%s: %s: %s", self.name, command, words)
                case Silent():
                    site.health.tell(self.name, self.kind, "silent", "the reader does not answer: is it on?")
                    self._baud = next(self._bauds)
                    return False
                case Broken(words):
                    site.health.tell(self.name, self.kind, "broken", words)
                    self._wait_for_repair(port, site)
                    return False
        return True

    def _wait_for_repair(self, port: Port, site: Site) -> None:
        """Send nothing more until somebody takes the reader off (PortLost) or the agent stops."""
        while not site.stopping.is_set():
            port.read(LOOK_EVERY)

    def _keep(self, reading: Reading, site: Site) -> None:
        photo, kind = self._picture(reading.photo)
        try:
            site.keep_read(self.name, card_fields(reading.card), photo, kind)
        except sqlite3.Error:  # said by the site; tried again while the card still means something
            self._waiting = (reading, site.clock.boot())
        else:
            self._waiting = None
            log.info("%s: a card was read", self.name)

    def _try_again(self, site: Site) -> None:
        if self._waiting is None:
            return
        reading, since = self._waiting
        if site.clock.boot() - since > CARD_READ_SECONDS:
            self._waiting = None
        else:
            self._keep(reading, site)
            if self._waiting is not None:
                self._waiting = (reading, since)

    def _picture(self, photo: bytes) -> tuple[bytes, str]:
        """A picture that a browser shows, if a program makes one of the card's.

        The card's own compressed bytes do not leave the site: nobody could show them there either.
        """
        if not photo or not self._photo_command:
            return b"", "wlt" if photo else ""
        try:
            done = subprocess.run(
                self._photo_command, input=photo, capture_output=True, timeout=PHOTO_SECONDS, check=True
            )
        except (OSError, subprocess.SubprocessError) as problem:
            log.warning("%s: the photo was not decoded: %s", self.name, type(problem).__name__)
            return b"", "wlt"
        for start, kind in PICTURES.items():
            if done.stdout.startswith(start) and len(done.stdout) <= PHOTO_BYTES:
                return done.stdout, kind
        log.warning("%s: what decodes photos made no JPEG or PNG below %d bytes", self.name, PHOTO_BYTES)
        return b"", "wlt"


def card_fields(card: Card) -> dict[str, Any]:
    """A card as it goes to the server: dates as text, what is empty left out."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in asdict(card).items()
        if value not in (None, "", False, 0)
    }


def build(name: str, options: Options) -> IdCardReader:
    """The driver of one [[device]] of kind idcard. Raises BadConfig."""
    baud = int(options.number("baud", BAUD_RATES[0]))
    if baud and baud not in BAUD_RATES:
        raise BadConfig(f"{options.where}: baud must be 0 or one of {', '.join(map(str, BAUD_RATES))}")
    return IdCardReader(
        name,
        options.text("port"),
        [baud] if baud else list(BAUD_RATES),
        ask_address=options.flag("newest_address", default=True),
        photo_command=options.words("photo_command"),
    )
