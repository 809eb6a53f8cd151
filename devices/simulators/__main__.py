"""`python -m devices.simulators <kind> …`: the same as `manage.py simulate`, without Django and its settings."""

import argparse
import sys
from importlib import import_module

from devices.simulators import KINDS


def main(argv: list[str] | None = None) -> int:
    """Runs one kind until it is told to stop."""
    parser = argparse.ArgumentParser(prog="python -m devices.simulators")
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="kind")
    for word, path in KINDS.items():
        module = import_module(path)
        module.add_arguments(kinds.add_parser(word, help=module.HELP))
    options = parser.parse_args(argv)
    return int(import_module(KINDS[options.kind]).run(options))


if __name__ == "__main__":
    sys.exit(main())
