"""manage.py seed: fill regions, calendar, parameters, contract wordings and initials; run it after an upgrade."""

from typing import Any

from django.core.management.base import BaseCommand

from registration.services.initials import fill_initials
from registration.services.seeding import seed


class Command(BaseCommand):
    help = "Fill regions, calendar, parameters, contract wordings, people's initials; edited rows stay as they are."

    def handle(self, *args: Any, **options: Any) -> None:
        done = seed()
        initials = fill_initials()
        self.stdout.write(
            f"seed: {done.regions} regions, {done.days} days, {done.parameters} parameters,"
            f" {done.templates} contract wordings and {done.bulletins} helping numbers added, initials of {initials} people"
        )
