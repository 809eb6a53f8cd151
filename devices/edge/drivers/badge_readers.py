"""Badge readers of a turnstile: Wiegand lines on a port of ours, OSDP in a process of its own."""

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from devices.edge.health import State
from devices.edge.ports import Port, PortLost, reopening
from devices.edge.site import Site
from devices.protocols.osdp import Act, Order, Say, Word
from devices.protocols.osdp_process import PanelProcess
from devices.protocols.records import Direction
from devices.protocols.wiegand import INTER_BYTE, Badge, LineFormat, LineReader

OPEN_TENTHS = 5
ORDER_SECONDS = 1.5
"""An OSDP order is answered for in 0.5 s, and by the process's keeper after 1 s at the latest."""


@dataclass(frozen=True)
class Read:
    """A badge was held to a reader; `at` since boot, `moment` since 1970."""

    way: Direction
    badge: str
    raw: str
    at: float
    moment: float
    reader: "WiegandReader | OsdpReader"


Took = Callable[[Read], None]
Tell = Callable[[str, State, str], None]


class WiegandReader:
    """A converter that writes lines. It has no lamp that a program can light."""

    def __init__(self, port: str, baud: int, way: Direction, lines: LineReader) -> None:
        self._device, self._baud, self.way, self._lines = port, baud, way, lines
        self.label = f"reader {way.value}"

    @classmethod
    def of(cls, port: str, baud: int, way: Direction, form: str, *, reversed_bytes: bool) -> "WiegandReader":
        """From settings."""
        return cls(port, baud, way, LineReader(LineFormat(form), reversed_bytes=reversed_bytes))

    def run(self, site: Site, took: Took, tell: Tell, over: threading.Event) -> None:
        """Open the port again and again until it is over."""
        backoff = reopening()
        while not over.is_set():
            try:
                port = Port(self._device, self._baud)
            except PortLost as lost:
                tell(self.label, "lost", str(lost))
                over.wait(backoff.pause())
                continue
            backoff.reset()
            tell(self.label, "ready", "")
            try:
                while not over.is_set():
                    data = port.read(INTER_BYTE)
                    if not data:
                        self._lines.idle()
                    for badge in self._lines.feed(data):
                        took(self._read(badge, site))
            except PortLost as lost:
                tell(self.label, "lost", str(lost))
            finally:
                port.close()

    def _read(self, badge: Badge, site: Site) -> Read:
        clock = site.clock
        return Read(self.way, badge.key, badge.raw.hex(), clock.boot(), clock.now(), self)

    def signal(self, *, admitted: bool) -> None:
        """Nothing: lamps hang on the board."""


class OsdpReader:
    """One reader on a line of its own; the panel process holds the port, restarts, and keeps the keys."""

    def __init__(
        self, port: str, baud: int, way: Direction, *, address: int, keys: Path, output: int, installing: bool
    ) -> None:
        self.way, self._address, self._output = way, address, output
        self.label = f"reader {way.value}"
        self._settings = (port, baud, keys, installing)
        self._panel: PanelProcess | None = None
        self._results: dict[str, bool | None] = {}
        self._settled = threading.Condition()

    def run(self, site: Site, took: Took, tell: Tell, over: threading.Event) -> None:
        """Start the process and watch it until it is over."""
        port, baud, keys, installing = self._settings
        tell(self.label, "starting", "")

        def hear(word: Word) -> None:
            self._hear(word, site, took, tell)

        self._panel = PanelProcess(port, [self._address], keys, hear, baud=baud, installing=installing)
        self._panel.start()
        try:
            over.wait()
        finally:
            self._panel.stop()

    def _hear(self, word: Word, site: Site, took: Took, tell: Tell) -> None:
        if word.say is Say.CARD and isinstance(word.facts.get("badge"), str):
            clock = site.clock
            raw = str(word.facts.get("data", ""))
            took(Read(self.way, word.facts["badge"], raw, clock.boot(), clock.now(), self))
        elif word.say is Say.LINE:
            secure = bool(word.facts.get("secure"))
            tell(self.label, "ready" if secure else "silent", "" if secure else "no secure channel")
        elif word.say is Say.TAMPER and word.facts.get("tamper"):
            tell(self.label, "broken", "somebody opened the reader's case")
        elif word.say is Say.TAMPER:
            tell(self.label, "ready", "")
        elif word.say is Say.TROUBLE:
            lost = word.facts.get("why") == "port"
            tell(self.label, "lost" if lost else "broken", str(word.facts.get("detail", ""))[:200])
        elif word.say is Say.DONE:
            with self._settled:
                name = str(word.facts.get("id", ""))
                if name in self._results:
                    self._results[name] = bool(word.facts.get("ok"))
                    self._settled.notify_all()

    def open(self) -> bool:
        """The reader's own relay for half a second; whether the reader confirmed it in time."""
        if self._panel is None:
            return False
        name = uuid.uuid4().hex
        with self._settled:
            self._results[name] = None
        self._panel.send(Order(Act.OPEN, name, self._address, output=self._output, tenths=OPEN_TENTHS))
        with self._settled:
            self._settled.wait_for(lambda: self._results[name] is not None, timeout=ORDER_SECONDS)
            return self._results.pop(name) is True

    def signal(self, *, admitted: bool) -> None:
        """Green and one beep, or red and three."""
        if self._panel is None:
            return
        colour, beeps = ("green", 1) if admitted else ("red", 3)
        self._panel.send(Order(Act.LED, uuid.uuid4().hex, self._address, tenths=10, colour=colour))
        self._panel.send(Order(Act.BUZZER, uuid.uuid4().hex, self._address, tenths=1, count=beeps))
