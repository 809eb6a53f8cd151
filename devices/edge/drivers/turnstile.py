"""A turnstile: badge readers, the allow-list, and a relay board that opens.

[[device]]
kind = "turnstile"
name = "East gate"
gate = "G1-0001"                      # the [[gate]] whose passages these are
board = "/dev/serial/by-id/…"         # the relay board; without it the reader's own relay opens (OSDP)
unit = 1
baud = 9600
opener = "flash_coil"                 # flash_register, or release for gates that close by themselves
coils = { in = 0, out = 1 }
inputs = { fire = 0, arm = 1 }        # or beam_in and beam_out; without them every opening counts as a passage
normally_closed = ["fire"]
lamps = { green = 2, red = 3 }        # coils
[[device.reader]]
kind = "wiegand"                      # or osdp: address, keys (a folder), output
port = "/dev/serial/by-id/…"
way = "in"
format = "hex6"

The order of work: decide, commit the passage, pulse. Where contacts tell whether somebody walked through, the passage
is held until they do: a turn sends it, eight seconds without one set it aside. After a kill nobody knows, and a held
passage is sent: who was let in and had no turn seen is owed the day rather than the reverse. Nobody is locked in: on
the way out everybody passes and is recorded. Fire opens in hardware; meanwhile nothing is sent.
"""

import logging
import queue
import sqlite3
import threading
import uuid
from datetime import UTC, datetime
from typing import Any

from devices.edge.allowed import TEXTS, Decision
from devices.edge.config import BadConfig, Options
from devices.edge.drivers.badge_readers import OsdpReader, Read, WiegandReader
from devices.edge.drivers.relay_board import BoardLine, BoardSilent, Wiring
from devices.edge.health import State
from devices.edge.ports import Port, PortLost, reopening
from devices.edge.site import Site
from devices.protocols.errors import DeviceRefused, WrongValue
from devices.protocols.records import Direction, Verify
from devices.protocols.turnstile import POLL_SECONDS, Board, Notice, Opener
from devices.protocols.wiegand import LineFormat

log = logging.getLogger(__name__)
REPEAT_SECONDS = 3.0
"""A badge that is held to a reader is written again and again; within this it is one read."""
STALE_SECONDS = 8.0
"""A read that waited longer behind somebody who did not walk is dropped: nobody may be let in late."""
RANK: list[State] = ["ready", "starting", "silent", "lost", "broken"]


class Turnstile:
    """One gate. Readers run in threads of their own; `run` decides, commits and opens."""

    kind = "turnstile"

    def __init__(
        self, name: str, gate: str, wiring: Wiring | None, readers: list[WiegandReader | OsdpReader]
    ) -> None:
        self.name, self._gate, self._wiring, self._readers = name, gate, wiring, readers
        self.serials = (gate,)
        self._reads: queue.Queue[Read] = queue.Queue()
        self._lock = threading.Lock()
        self._states: dict[str, tuple[State, str]] = {}
        self._last: dict[tuple[str, Direction], float] = {}
        self._held: tuple[str, Direction] | None = None
        """The passage that waits for a turn."""
        self._in_doubt = True
        """Whether the held one counts if the contacts go away: not after an opening that nobody confirmed."""

    def run(self, site: Site) -> None:
        """Until the agent stops."""
        self._held = None
        if freed := site.spool.release(self._gate):
            log.info("%s: %d openings before the restart count as passages", self.name, freed)
            site.has_event.set()
        over = threading.Event()
        threads = [
            threading.Thread(target=self._keep_reading, args=(one, site, over), name=one.label, daemon=True)
            for one in self._readers
        ]
        for thread in threads:
            thread.start()
        try:
            while not site.stopping.is_set():
                self._with_board(site) if self._wiring else self._without_board(site)
        finally:
            over.set()
            for thread in threads:
                thread.join(4.0)

    def _keep_reading(self, reader: WiegandReader | OsdpReader, site: Site, over: threading.Event) -> None:
        def tell(part: str, state: State, words: str) -> None:
            self._tell(site, part, state, words)

        while not over.is_set():
            try:
                reader.run(site, self._reads.put, tell, over)
            except Exception:  # the other readers and the board go on
                log.exception("%s: %s broke", self.name, reader.label)
                tell(reader.label, "broken", "see the log")
            over.wait(1.0)

    def _tell(self, site: Site, part: str, state: State, words: str = "") -> None:
        """The device is as well as its worst part."""
        with self._lock:
            self._states[part] = (state, words)
            worst, (state, words) = max(self._states.items(), key=lambda one: RANK.index(one[1][0]))
        site.health.tell(self.name, self.kind, state, f"{worst}: {words}" if words else "")
        if state == "ready":
            site.health.heard(self.name)

    def _with_board(self, site: Site) -> None:
        """Open the board's port and work with it until it is lost."""
        assert self._wiring is not None  # noqa: S101 only called with one
        backoff = reopening()
        while not site.stopping.is_set():
            port = None
            try:
                port = Port(self._wiring.port, self._wiring.baud)
                line = BoardLine(self._wiring, port, site.clock)
                self._tell(site, "board", "ready")
                backoff.reset()
                self._work(line, site)
            except PortLost as lost:
                self._tell(site, "board", "lost", str(lost))
            except BoardSilent as silent:
                self._tell(site, "board", "silent", str(silent))
            except DeviceRefused as refusal:
                self._tell(site, "board", "broken", f"the board refuses {refusal}: is it the right model?")
            finally:
                if port is not None:
                    port.close()
            self._settle(site, passed=self._in_doubt)  # opened, and the contacts went away: for the worker
            self._turn_away(site, backoff.pause())

    def _work(self, line: BoardLine, site: Site) -> None:
        next_look = site.clock.boot()
        while not site.stopping.is_set():
            now = site.clock.boot()
            if now >= next_look:
                for notice in line.look():
                    self._noticed(notice, site)
                next_look = site.clock.boot() + POLL_SECONDS
            if self._held is not None:
                # One at a time: whoever comes next waits until this one is through.
                site.wait(max(0.0, next_look - site.clock.boot()))
                continue
            read = self._next_read(site, next_look - site.clock.boot())
            if read is not None:
                self._pass(read, site, line)

    def _without_board(self, site: Site) -> None:
        read = self._next_read(site, 0.5)
        if read is not None:
            self._pass(read, site, None)

    def _turn_away(self, site: Site, seconds: float) -> None:
        """Who comes while there is no board sees red; nothing is recorded, for nothing happened."""
        until = site.clock.boot() + seconds
        while (left := until - site.clock.boot()) > 0 and not site.stopping.is_set():
            if (read := self._next_read(site, min(left, 0.5))) is not None:
                self._last.pop((read.badge, read.way), None)
                read.reader.signal(admitted=False)
                log.warning("%s: %s, but the board is away", self.name, read.way.value)

    def _next_read(self, site: Site, wait: float) -> Read | None:
        """A badge that is not just the last one again, and not one who left meanwhile."""
        try:
            read = self._reads.get(timeout=max(0.001, wait))
        except queue.Empty:
            return None
        key, before = (read.badge, read.way), self._last.get((read.badge, read.way))
        if len(self._last) > 1000:
            self._last.clear()
        self._last[key] = read.at
        if before is not None and read.at - before < REPEAT_SECONDS:
            return None
        if site.clock.boot() - read.at > STALE_SECONDS:
            self._last.pop(key, None)
            return None
        site.health.heard(self.name)
        return read

    def _decide(self, read: Read, site: Site) -> tuple[int | None, Decision]:
        pin, found = site.allowed.judge(read.badge, now=read.moment)
        if read.way is Direction.OUT and not found.admit:
            return pin, Decision(True, found.reason, TEXTS["ok.out"], flagged=True)
        return pin, found

    def _pass(self, read: Read, site: Site, line: BoardLine | None) -> None:
        """Decide, commit, open: in this order."""
        pin, found = self._decide(read, site)
        name = uuid.uuid4().hex
        event: dict[str, Any] = {
            "id": name,
            "at": datetime.fromtimestamp(read.moment, UTC).isoformat(),
            **({"pin": pin, "badge": read.badge} if pin is not None else {"card": read.badge}),
            "direction": read.way.value,
            "type": int(Verify.CARD),
            "admitted": found.admit,
            "raw": read.raw,
        }
        if found.flagged or not found.admit:
            event["reason"] = found.reason
        # Without contacts it is held until the relay has confirmed: an opening that failed is no passage.
        held = found.admit and (line is None or line.watch.may_send)
        try:
            site.keep_events(self._gate, [event], held=held)
        except sqlite3.Error:  # said by the site; nothing opens that is not on the disk
            self._last.pop((read.badge, read.way), None)
            self._show(read, line, admitted=False)
            return
        if not found.admit:
            log.info("%s: %s, refused: %s (%s)", self.name, read.way.value, found.reason, found.text)
            self._show(read, line, admitted=False)
            return
        if not held:
            return  # fire: the gate stands open, whoever shows a badge is recorded
        self._held, self._in_doubt = (name, read.way), True
        opened = self._in_doubt = self._open(read, line)
        took = site.clock.boot() - read.at
        log.info(
            "%s: %s, %s after %.0f ms",
            self.name,
            read.way.value,
            "open" if opened else "NOT open",
            took * 1000,
        )
        self._show(read, line, admitted=opened)
        if not opened:
            self._last.pop((read.badge, read.way), None)
        if line is None or not line.sees_passages:
            self._settle(site, passed=opened)

    def _open(self, read: Read, line: BoardLine | None) -> bool:
        if line is not None:
            return line.open(read.way)
        return isinstance(read.reader, OsdpReader) and read.reader.open()

    def _show(self, read: Read, line: BoardLine | None, *, admitted: bool) -> None:
        read.reader.signal(admitted=admitted)
        if line is not None:
            line.lamp("green" if admitted else "red")

    def _noticed(self, notice: Notice, site: Site) -> None:
        """What the contacts told."""
        if notice.kind == "passed" and self._held is not None:
            self._settle(site, passed=True)
        elif notice.kind == "not_used":
            self._settle(site, passed=False)
        elif notice.kind == "fire":
            log.error("%s: FIRE input is on; the gate is open by hardware", self.name)
            self._settle(site, passed=True)
            self._tell(site, "fire", "broken", "the fire input is on: the gate is open")
        elif notice.kind == "fire_over":
            self._tell(site, "fire", "ready")
        elif notice.kind == "held":
            log.warning("%s: something stands in the beams", self.name)
        elif notice.kind == "forced":
            log.warning("%s: somebody passed without an opening", self.name)

    def _settle(self, site: Site, *, passed: bool) -> None:
        """Send the held passage, or set it aside; a full disk leaves it held, to be sent at the next start."""
        if self._held is None:
            return
        (name, way), self._held = self._held, None
        if not passed:
            log.info("%s: %s, nobody walked through", self.name, way.value)
            self._last.clear()
        try:
            site.settle_event(self._gate, name, passed=passed)
        except sqlite3.Error as problem:
            log.error("%s: the queue: %s", self.name, problem)


def build(name: str, options: Options) -> Turnstile:
    """From site.toml. Raises BadConfig."""
    gate = options.text("gate")
    port = options.text("board", "")
    wiring = _wiring(port, options) if port else None
    tables = options.anything("reader", [])
    if not isinstance(tables, list) or not tables:
        raise BadConfig(f"{options.where}: a turnstile needs a [[device.reader]]")
    readers = [_reader(Options(f"{options.where}, reader", t, base=options.base)) for t in tables]
    if wiring is None and not all(isinstance(reader, OsdpReader) for reader in readers):
        raise BadConfig(f"{options.where}: a Wiegand reader opens nothing; name the relay board")
    if wiring is not None and (missing := {reader.way for reader in readers} - set(wiring.board.coils)):
        raise BadConfig(f"{options.where}: no coil opens {missing.pop().value}")
    return Turnstile(name, gate, wiring, readers)


def _wiring(port: str, options: Options) -> Wiring:
    try:
        coils = {Direction(way): n for way, n in _numbers(options, "coils", {"in": 0}).items()}
        board = Board(
            unit=int(options.number("unit", 1, least=1)),
            coils=coils,
            inputs=_numbers(options, "inputs", {}),
            normally_closed=frozenset(options.words("normally_closed")),
            opener=Opener(options.text("opener", "flash_coil")),
            flash_registers={n: 3 + 5 * n for n in coils.values()}
            | {int(k): v for k, v in _numbers(options, "flash_registers", {}).items()},
            gate_closes_by_itself=options.flag("gate_closes_by_itself", default=False),
            tenths=round(options.number("pulse", 0.5, least=0.1) * 10),
        )
    except (WrongValue, ValueError) as problem:
        raise BadConfig(f"{options.where}: {problem}") from None
    lamps = _numbers(options, "lamps", {})
    if set(lamps) - {"green", "red"} or (lamps and board.opener is not Opener.FLASH_COIL):
        raise BadConfig(f"{options.where}: lamps are green and red, on a board that flashes coils")
    if set(lamps.values()) & set(coils.values()):
        raise BadConfig(f"{options.where}: a lamp on the coil that opens")
    return Wiring(port, int(options.number("baud", 9600, least=1200)), board, lamps)


def _numbers(options: Options, name: str, default: dict[str, int]) -> dict[str, int]:
    table = options.anything(name, default)
    if not isinstance(table, dict) or not all(type(n) is int and 0 <= n <= 255 for n in table.values()):
        raise BadConfig(f"{options.where}: {name} is a table of numbers from 0 to 255")
    return dict(table)


def _reader(options: Options) -> WiegandReader | OsdpReader:
    kind, port = options.text("kind"), options.text("port")
    baud = int(options.number("baud", 9600, least=1200))
    made: WiegandReader | OsdpReader
    try:
        way = Direction(options.text("way"))
        if kind == "wiegand":
            form, reversed_bytes = options.text("format", "hex6"), options.flag("reversed", default=False)
            made = WiegandReader.of(port, baud, way, LineFormat(form), reversed_bytes=reversed_bytes)
        elif kind == "osdp":
            made = OsdpReader(
                port,
                baud,
                way,
                address=int(options.number("address", 101)),
                keys=options.path("keys", "osdp-keys"),
                output=int(options.number("output", 0)),
                installing=options.flag("install", default=False),
            )
        else:
            raise BadConfig(f"{options.where}: kind is wiegand or osdp")
    except ValueError as problem:
        raise BadConfig(f"{options.where}: {problem}") from None
    options.done()
    return made
