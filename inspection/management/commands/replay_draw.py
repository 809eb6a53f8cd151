"""manage.py replay_draw FILE: repeat a published draw and compare."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inspection.draw import replay


class Command(BaseCommand):
    help = "Repeat a published draw of a random check from its seed and lists, and compare the outcome."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            published = json.loads(options["file"].read_text(encoding="utf-8"))
            found = [{"code": d.code, "inspectors": list(d.inspectors)} for d in replay(published)]
            said = published["outcome"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CommandError(f"This file holds no published draw: {error}") from error
        if found != said:
            raise CommandError(
                "The outcome is another one: the file was changed, or the draw was not made by it."
            )
        self.stdout.write(
            f"The same {len(found)} projects with the same inspectors, from seed {published['seed']}."
        )
