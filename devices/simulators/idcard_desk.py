"""`manage.py simulate idcard`: an identity-card reader to play with, by typed words or by the clock."""

import argparse
import select
import sys
import time
from dataclasses import fields
from pathlib import Path

from devices.simulators.idcard import Faults, PtyReader, SimulatedReader
from devices.simulators.persons import KINDS, person

HELP = "an identity-card reader on a pty"
WORDS = """\
  citizen | permit | foreigner_2017 | foreigner_2023 [number]   lay the card of an invented person
  away                       lift the card
  fault <name> <value>       split, delay, drop, corrupt, echo, extra_aa, late, silent, times_out, wrong_sam, state
  sound                      no faults any more
  unplug | plug              pull the cable, put it back
  quit"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this kind of device."""
    parser.add_argument(
        "--link", type=Path, required=True, help="where the port is found, for instance var/idcard"
    )
    parser.add_argument("--chip", type=float, default=0.8, help="seconds that the chip takes to be read")
    parser.add_argument("--keeps-finding", action="store_true", help="finds a card again that was not lifted")
    parser.add_argument(
        "--card", choices=KINDS, default="citizen", help="kind of the cards that --every lays"
    )
    parser.add_argument(
        "--every", type=float, default=0.0, metavar="S", help="lay another card every S seconds"
    )
    parser.add_argument(
        "--first", type=int, default=1, metavar="N", help="number of the first invented person"
    )
    parser.add_argument(
        "--fault", action="append", default=[], metavar="NAME=VALUE", help="a fault from the start"
    )


def run(options: argparse.Namespace) -> int:
    """Serve until `quit`, the end of the input (unless --every is given) or Ctrl-C."""
    reader = SimulatedReader(chip_seconds=options.chip, must_lift=not options.keeps_finding)
    for fault in options.fault:
        name, _, value = fault.partition("=")
        set_fault(reader.faults, name, value)
    options.link.parent.mkdir(parents=True, exist_ok=True)
    port = PtyReader(reader, options.link)
    port.plug()
    print(f"{HELP}: {options.link}\n{WORDS}", flush=True)
    try:
        return _serve(port, options)
    except KeyboardInterrupt:
        return 0
    finally:
        port.unplug()


def _serve(port: PtyReader, options: argparse.Namespace) -> int:
    number, listening = options.first, True
    lay_at = time.monotonic() + 1.0 if options.every else float("inf")
    while True:
        if time.monotonic() >= lay_at:
            port.lift()
            time.sleep(0.6)
            port.lay(person(number, options.card))
            print(f"laid down: {options.card} {number}", flush=True)
            number, lay_at = number + 1, time.monotonic() + options.every
        if not listening:
            time.sleep(0.2)
        elif select.select([sys.stdin], [], [], 0.2)[0]:
            line = sys.stdin.readline()
            if line and not obey(port, line.split()):
                return 0
            listening = bool(line)
            if not line and not options.every:
                return 0


def obey(port: PtyReader, words: list[str]) -> bool:
    """Do what a typed line says; False at `quit`."""
    match words:
        case []:
            pass
        case ["quit"]:
            return False
        case ["away"]:
            port.lift()
        case ["sound"]:
            port.reader.faults = Faults()
        case ["unplug"]:
            port.unplug()
        case ["plug"]:
            port.plug()
        case ["fault", name, value]:
            try:
                set_fault(port.reader.faults, name, value)
            except ValueError as problem:
                print(problem, flush=True)
        case [kind, *rest] if kind in KINDS:
            number = int(rest[0]) if rest and rest[0].isdecimal() else 1
            port.lay(person(number, kind))
        case _:
            print(WORDS, flush=True)
    return True


def set_fault(faults: Faults, name: str, value: str) -> None:
    """Switch a fault on or off by words. Raises ValueError for a name or value that is none."""
    kinds = {f.name: f.type for f in fields(Faults)}
    if name not in kinds:
        raise ValueError(f"no such fault: {name}; there are {', '.join(kinds)}")
    if kinds[name] is bool:
        setattr(faults, name, value.lower() in {"1", "on", "yes", "true"})
    elif name == "state":
        faults.state = int(value, 16) if value != "off" else None
    else:
        setattr(faults, name, float(value) if kinds[name] is float else int(value))
