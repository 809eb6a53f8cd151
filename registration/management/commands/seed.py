"""manage.py seed: fill regions, calendar and regional parameters, contract wordings; run again after an upgrade."""

from typing import Any

from django.core.management.base import BaseCommand

from registration.services.seeding import seed


class Command(BaseCommand):
    help = "Fill regions, working calendar, regional parameters and contract wordings; edited rows stay as they are."

    def handle(self, *args: Any, **options: Any) -> None:
        done = seed()
        self.stdout.write(
            f"seed: {done.regions} regions, {done.days} days, {done.parameters} parameters,"
            f" {done.templates} contract wordings added"
        )
