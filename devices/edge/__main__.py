"""python -m devices.edge --config site.toml"""

import argparse
import logging
import signal
import sqlite3
import sys
from pathlib import Path

from devices.edge import drivers
from devices.edge.agent import Agent
from devices.edge.config import BadConfig, read_config
from devices.edge.enrolling import NotEnrolled, enrol
from devices.edge.lock import AlreadyRunning

BAD_CONFIG, ALREADY_RUNNING, NO_QUEUE, NOT_ENROLLED = 2, 3, 4, 5
"""Exit codes: 2 and 3 want a person, so a service manager should not start the agent again at once."""


def main(argv: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; 0 after a clean end."""
    parser = argparse.ArgumentParser(
        prog="python -m devices.edge", description="The agent of a building site."
    )
    parser.add_argument("--config", required=True, type=Path, help="site.toml")
    parser.add_argument("--check", action="store_true", help="read the configuration, then end")
    parser.add_argument("--enrol", metavar="CODE", help="get a key for a code from the site's page, then end")
    parser.add_argument("--gate", default="", metavar="SERIAL", help="with --enrol: for this [[gate]]")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args(argv)
    logging.basicConfig(
        level=logging.DEBUG if options.verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
        stream=sys.stderr,
    )
    log = logging.getLogger("devices.edge")
    try:
        if options.enrol:
            enrol(options.config, options.enrol, gate=options.gate)
            return 0
        config = read_config(options.config)
        devices = [drivers.build(*one) for one in config.devices]
        drivers.check_gates(devices, (gate.serial for gate in config.gates))
        if options.check:
            log.info("the configuration is good: %d devices, %d gates", len(devices), len(config.gates))
            return 0
        agent = Agent(config, devices)
    except BadConfig as problem:
        log.error("%s", problem)
        return BAD_CONFIG
    except NotEnrolled as problem:
        log.error("not enrolled: %s", problem)
        return NOT_ENROLLED
    except AlreadyRunning as problem:
        log.error("%s", problem)
        return ALREADY_RUNNING
    except (OSError, sqlite3.Error) as problem:
        log.error("the queue cannot be opened: %s", problem)
        return NO_QUEUE
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: agent.stop())
    agent.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
