"""manage.py seed: fill regions, calendar, regional parameters and what upgrades added; run it again after one."""

from typing import Any

from django.core.management.base import BaseCommand

from registration.services.initials import fill_initials
from registration.services.seeding import seed


class Command(BaseCommand):
    help = "Fill regions, calendar, regional parameters and people's initials; edited rows stay as they are."

    def handle(self, *args: Any, **options: Any) -> None:
        done = seed()
        initials = fill_initials()
        self.stdout.write(
            f"seed: {done.regions} regions, {done.days} days, {done.parameters} parameters added,"
            f" initials of {initials} people"
        )
