"""`manage.py simulate <kind> …`: devices of a building site as programs, for trying things out by hand."""

import sys
from importlib import import_module
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from devices.simulators import KINDS


class Command(BaseCommand):
    help = "A simulated device of a building site."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """One sub-command for each module in devices.simulators.KINDS."""
        kinds = parser.add_subparsers(dest="kind", required=True, metavar="kind")
        for word, path in KINDS.items():
            module = import_module(path)
            module.add_arguments(kinds.add_parser(word, help=module.HELP))

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the device until it is told to stop."""
        import argparse

        sys.exit(import_module(KINDS[options["kind"]]).run(argparse.Namespace(**options)))
