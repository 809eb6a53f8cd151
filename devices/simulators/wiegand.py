"""A badge reader behind a Wiegand-to-serial converter, on a pty."""

import argparse
import random
import time
from pathlib import Path

from devices.protocols.errors import WrongValue
from devices.protocols.wiegand import Badge, LineFormat
from devices.simulators.ptys import Commands, pty, say

HELP = "a badge reader that writes hex6, dec10 or stx lines"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line."""
    parser.add_argument("--link", type=Path, help="a name for the port, e.g. /tmp/reader")
    parser.add_argument("--format", choices=[form.value for form in LineFormat], default="hex6")
    parser.add_argument("--badge", action="append", help="188,24910; may be given several times")
    parser.add_argument(
        "--every", type=float, default=0.0, help="seconds between badges (default: when typed)"
    )
    parser.add_argument("--noise", type=float, default=0.0, help="chance of garbage before a line")
    parser.add_argument("--count", type=int, default=0, help="end after so many badges")


def run(options: argparse.Namespace) -> int:
    """Until Ctrl-C. A typed badge (188,24910) or an empty line shows one."""
    form = LineFormat(options.format)
    badges = [Badge.printed(text) for text in options.badge or ["188,24910"]]
    typed = Commands()
    shown, due = 0, time.monotonic() + options.every
    with pty(options.link) as port:
        say(f"{form.value} reader at {options.link or port.path}")
        try:
            while not options.count or shown < options.count:
                port.read(0.05)  # what a driver writes to a reader is lost
                wanted = [_badge(line, badges) for line in typed.lines()]
                if options.every and time.monotonic() >= due:
                    wanted.append(random.choice(badges))
                    due += options.every
                for badge in wanted:
                    if badge is None:
                        continue
                    if random.random() < options.noise:
                        port.write(random.randbytes(random.randrange(1, 20)) + b"\r\n")
                    port.write(badge.to_bytes(form))
                    shown += 1
                    say(f"{badge.key}")
        except KeyboardInterrupt:
            pass
    return 0


def _badge(line: str, badges: list[Badge]) -> Badge | None:
    if not line:
        return badges[0]
    try:
        return Badge.printed(line)
    except WrongValue:
        say("a badge is written 188,24910")
        return None
