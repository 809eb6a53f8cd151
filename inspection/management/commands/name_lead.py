"""manage.py name_lead USERNAME [--end]: who gives alarms to the other inspectors of an office."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from inspection.services.life import name_lead
from wagewatch.lib.errors import WagewatchError


class Command(BaseCommand):
    help = "Name an inspector lead of the own office (only leads then give alarms to others), or end it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--end", action="store_true", help="no longer a lead")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            offices = name_lead(options["username"], leads=not options["end"], now=timezone.now())
        except WagewatchError as refusal:
            raise CommandError(refusal.message) from None
        for office in offices:
            self.stdout.write(f"{options['username']}: {'-' if options['end'] else '+'} {office}")
